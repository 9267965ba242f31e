"""The attention and the block that lesson 16 builds, beside PyTorch's: values and gradients."""

import numpy as np
import pytest

from gradlib import Tensor, nn
from notebooks import ROOT, read

torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def lesson():
    """The names that the lesson's own cells define."""
    names = {"np": np, "nn": nn, "Tensor": Tensor}
    for cell in read(ROOT / "notebooks" / "16_attention.ipynb").cells:
        first = ("def softmax", "def attend_vjp", "def split", "class Block", "def attention")
        if cell.cell_type == "code" and cell.source.startswith(first):
            exec(cell.source, names)
    return names


def test_the_three_gradients_are_pytorchs(lesson):
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=shape) for shape in ((3, 4), (5, 4), (5, 2))]
    g = rng.normal(size=(3, 2))
    theirs = [torch.tensor(array, requires_grad=True) for array in arrays]
    result = torch.nn.functional.scaled_dot_product_attention(*theirs)
    result.backward(torch.tensor(g))
    np.testing.assert_allclose(lesson["attend"](*arrays), result.detach().numpy(), rtol=1e-9)
    for ours, other in zip(lesson["attend_vjp"](g, *arrays), theirs, strict=True):
        np.testing.assert_allclose(ours, other.grad.numpy(), rtol=1e-9, atol=1e-12)


def test_the_block_is_pytorchs_encoder_layer(lesson):
    width, heads = 8, 2
    ours = lesson["Block"](width, heads).double()
    theirs = torch.nn.TransformerEncoderLayer(
        width, heads, 4 * width, dropout=0.0, batch_first=True, norm_first=True, dtype=torch.float64
    )
    inward = (ours.query, ours.key, ours.value)
    pairs = [
        (theirs.self_attn.in_proj_weight, np.concatenate([part.weight.data.T for part in inward])),
        (theirs.self_attn.in_proj_bias, np.concatenate([part.bias.data for part in inward])),
    ]
    for other, part in (
        (theirs.self_attn.out_proj, ours.out),
        (theirs.linear1, ours.mlp[0]),
        (theirs.linear2, ours.mlp[2]),
    ):
        pairs += [(other.weight, part.weight.data.T), (other.bias, part.bias.data)]
    with torch.no_grad():
        for other, array in pairs:
            other.copy_(torch.tensor(array))
    x, g = np.random.default_rng(1).normal(size=(2, 3, 5, width))
    mine, other = Tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    result = ours(mine)
    (result * g).sum().backward()
    mask = torch.nn.Transformer.generate_square_subsequent_mask(5, dtype=torch.float64)
    expected = theirs(other, src_mask=mask, is_causal=True)
    (expected * torch.tensor(g)).sum().backward()
    np.testing.assert_allclose(result.data, expected.detach().numpy(), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(mine.grad, other.grad.numpy(), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(
        ours.query.weight.grad.T, theirs.self_attn.in_proj_weight.grad[:width].numpy(), rtol=1e-9, atol=1e-12
    )
