"""Matrix products and what is solved with them."""

from __future__ import annotations

import numpy as np

from .sample import Draw, Sample

draw = Draw(23)

SAMPLES = [
    Sample("matmul", (draw.anywhere(left), draw.anywhere(right)), {})
    for left, right in [
        ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 4)), ((2, 3), (3, 4)), ((1, 3), (3, 1)),
        ((5, 2, 3), (5, 3, 4)), ((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 4)), ((5, 1, 2, 3), (4, 3, 2)),
        ((3,), (5, 3, 4)), ((5, 2, 3), (3,)), ((0, 3), (3, 2)), ((2, 0), (0, 3)), ((1, 2, 3), (5, 3, 2)),
        ((0,), (0,)), ((2, 1, 2, 3), (1, 3, 3, 2)),
    ]
]  # fmt: skip
SAMPLES += [
    Sample("matmul", (draw.anywhere((3, 2)).T, draw.anywhere((4, 3)).T), {}),
    Sample("matmul", (draw.anywhere((4, 3))[::-2], draw.anywhere((6, 2))[::2]), {}),
]
SAMPLES += [
    Sample("linear", (draw.anywhere(x), draw.anywhere(weight), draw.anywhere(bias)), {})
    for x, weight, bias in [
        ((2, 3), (3, 4), (4,)), ((3,), (3, 4), (4,)), ((4, 2, 3), (3, 1), (1,)), ((0, 3), (3, 2), (2,)),
        ((2, 0), (0, 3), (3,)), ((1, 3), (3, 2), (1, 2)), ((2, 3), (3, 2), ()), ((2, 3), (3,), ()),
        ((2, 3), (3, 4), (1,)),
    ]
]  # fmt: skip
SAMPLES.append(Sample("linear", (draw.anywhere((3, 2)).T, draw.anywhere((2, 3)).T, draw.anywhere(4)[::2]), {}))

SAMPLES += [
    Sample("einsum", tuple(map(draw.anywhere, shapes)), {"subscripts": subscripts})
    for subscripts, *shapes in [
        # one operand
        ("i->i", (3,)), ("i->", (3,)), ("ij->ji", (2, 3)), ("ij->i", (2, 3)), ("ij->j", (2, 3)), ("->", ()),
        ("ii->i", (3, 3)), ("ii", (3, 3)), ("ii->", (3, 3)), ("iij->j", (2, 2, 3)), ("iij->ij", (2, 2, 3)),
        ("iii->i", (2, 2, 2)), ("ba", (2, 3)), ("...ij->...ji", (2, 3, 4)), ("...i->...", (2, 3)),
        ("...->...", (2, 3)), ("...ii->...i", (2, 3, 3)), ("i...->...", (2, 3)), ("ij->", (0, 3)),
        # two
        ("i,i->", (3,), (3,)), ("i,j->ij", (2,), (3,)), ("ij,jk->ik", (2, 3), (3, 4)),
        ("ij,jk", (2, 3), (3, 2)), ("ij,kj->ik", (2, 3), (4, 3)), ("ij,j->i", (2, 3), (3,)),
        ("bij,bjk->bik", (2, 2, 3), (2, 3, 2)), ("...ij,...jk->...ik", (2, 2, 3), (3, 2)),
        ("...ij,jk", (2, 2, 3), (3, 2)), ("i...,i...->...", (2, 3), (2, 1)), ("ij,ij->ij", (2, 3), (2, 3)),
        ("ij,ij->", (2, 3), (2, 3)), ("ij,kl->il", (2, 3), (2, 2)), (",i->i", (), (3,)),
        ("ii,i->i", (3, 3), (3,)), ("ij,i->j", (0, 3), (0,)), ("ij,jk->ik", (2, 1), (3, 2)),
        ("i,jj->i", (2,), (3, 3)), ("bhqd,bhkd->bhqk", (1, 2, 2, 3), (1, 2, 3, 3)),
        ("...i,...i->...", (2, 1, 3), (2, 3)), ("i , j -> ji", (2,), (3,)), ("IJ,jI->Ij", (2, 2), (3, 2)),
        ("...ij,...jk->ik", (2, 2, 3), (3, 2)), ("...ij,jk->k", (2, 2, 3), (3, 2)),  # what "..." stands for is summed
        # three and four
        ("ij,jk,kl->il", (2, 3), (3, 2), (2, 2)), ("i,i,i->i", (3,), (3,), (3,)),
        ("i,ij,j->", (2,), (2, 3), (3,)), ("i,j,k->", (2,), (3,), (2,)),
        ("...i,ij,...j->...", (2, 2), (2, 3), (2, 3)), ("ij,j,kk->i", (2, 2), (2,), (2, 2)),
        ("a,b,c,d->dcba", (1,), (2,), (2,), (1,)),
    ]
]  # fmt: skip
SAMPLES.append(Sample("einsum", (draw.anywhere((3, 2)).T, draw.anywhere((4, 3)).T), {"subscripts": "ij,jk->ki"}))


def invertible(*shape):
    """Matrices near the unit matrix: none is close to singular."""
    return 2 * np.eye(shape[-1]) + draw.between(shape, -0.5, 0.5)


SQUARES = [(2, 2), (3, 3), (1, 1), (4, 2, 2), (2, 1, 2, 2), (0, 2, 2), (0, 0), (1, 3, 3)]
for name in ("inv", "det"):
    SAMPLES += [Sample(name, (invertible(*shape),), {}) for shape in SQUARES]
    SAMPLES.append(Sample(name, (invertible(3, 3).T,), {}))

# A determinant is a polynomial: at a singular matrix it is as smooth as elsewhere. (PyTorch says 0 there.)
rank_1 = np.outer([1.0, 2.0, -1.0], [0.5, 1.0, 3.0])
rank_2 = rank_1 + np.outer([1.0, 0.0, 1.0], [2.0, -1.0, 1.0])
SAMPLES += [
    Sample("det", (matrix,), {}, pytorch=False)
    for matrix in (
        rank_2, rank_1, np.zeros((2, 2)), np.zeros((1, 1)), np.array([[1.0, 2.0], [2.0, 4.0]]),
        np.stack([rank_2, np.eye(3), np.zeros((3, 3))]), np.diag([0.0, 2.0, 3.0]), np.diag([0.0, 0.0, 3.0]),
    )
]  # fmt: skip

SAMPLES += [
    Sample("solve", (invertible(*left), draw.anywhere(right)), {})
    for left, right in [
        ((3, 3), (3,)), ((3, 3), (3, 2)), ((1, 1), (1,)), ((2, 2), (2, 1)), ((4, 2, 2), (4, 2, 3)),
        ((2, 2), (4, 2, 3)), ((4, 2, 2), (2, 3)), ((4, 1, 2, 2), (3, 2, 1)), ((0, 2, 2), (0, 2, 1)),
        ((3, 3), (3, 0)), ((4, 2, 2), (2,)),
    ]
]  # fmt: skip
SAMPLES.append(Sample("solve", (invertible(3, 3).T, draw.anywhere((2, 3)).T), {}))
