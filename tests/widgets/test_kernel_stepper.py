"""The kernel stepper: what it computes and adds back, what lights up with what, what it refuses."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from gradlib import Tensor, grad, nn
from gradlib.errors import ShapeError
from gradlib.widgets import KernelStepper
from gradlib.widgets.base import Words
from tests.widgets.samples.kernel_stepper import CROSS, IMAGE


@pytest.mark.parametrize(("stride", "padding"), [(1, 0), (1, 1), (1, 2), (2, 1), (3, 1)])
def test_it_computes_and_differentiates_as_the_library_does(stride, padding):
    view = KernelStepper(IMAGE, CROSS)
    view.place(stride, padding)
    model = view.model
    x = Tensor(IMAGE[None, None].astype(float), requires_grad=True)
    weight = Tensor(CROSS[None, None].astype(float), requires_grad=True)
    z = nn.functional.conv2d(x, weight, stride=stride, padding=padding)
    assert np.allclose(z.data[0, 0], model.output.reshape(model.shape))
    by_image, by_kernel = grad((z * model.g.reshape(z.shape)).sum(), [x, weight])
    view.go(model.length - 1)
    assert np.allclose(model._inner(model.input_so_far()), by_image.data[0, 0])
    assert np.allclose(model.kernel_so_far(), by_kernel.data[0, 0])


def cells(view, caption):
    """(data-link, data-lights, text) of the cells of a grid, as lists of names."""
    for svg in ElementTree.fromstring(view.model.picture()).iter("svg"):
        if svg.attrib["aria-label"].startswith(caption):
            found = svg.findall("g")
            return [
                (g.attrib["data-link"].split(), g.attrib["data-lights"].split(), g.find("text").text) for g in found
            ]
    raise AssertionError(f"no grid {caption}")


def lit(view, pointed, at, looked):
    """The cells of grid `looked` that light up when cell `at` of grid `pointed` is pointed at."""
    names = cells(view, pointed)[at][1]
    return [i for i, (links, _, _) in enumerate(cells(view, looked)) if set(links) & set(names)]


def test_an_output_lights_its_window_and_an_input_the_outputs_that_used_it():
    view = KernelStepper(IMAGE, CROSS)  # outputs 2 × 2
    assert lit(view, "output", 1, "image") == [1, 2, 3, 5, 6, 7, 9, 10, 11] and lit(view, "output", 1, "output") == [1]
    assert lit(view, "image", 0, "output") == [0] and lit(view, "image", 5, "output") == [0, 1, 2, 3]
    assert lit(view, "kernel", 0, "image") == [0, 1, 4, 5]
    view.go(view.model.length - 1)
    assert lit(view, "g", 1, "gradient of the image") == [1, 2, 3, 5, 6, 7, 9, 10, 11]


def test_outputs_appear_one_by_one_and_gradients_add_up():
    view = KernelStepper(np.ones((2, 3)), [[1.0, 2.0]], g=[[1, 10], [100, 1000]])
    shown = []
    for step in range(5):
        view.go(step)
        shown.append([text for _, _, text in cells(view, "output")])
    assert shown[0] == [None] * 4 and shown[2] == ["3", "3", None, None] and shown[4] == ["3"] * 4
    view.go(6)  # two gradients are back: 1 · [1, 2] and 10 · [1, 2], and they overlap
    assert view.model.input_so_far().tolist() == [[1, 12, 20], [0, 0, 0]]
    view.go(8)
    assert view.model.input_so_far().tolist() == [[1, 12, 20], [100, 1200, 2000]]
    assert view.model.kernel_so_far().tolist() == [[1111, 1111]]


def test_the_goal_is_reached_by_full_padding_and_by_steps_as_long_as_the_kernel():
    view = KernelStepper(IMAGE, CROSS)
    reached = set()
    for stride in (1, 2, 3):
        for padding in (0, 1, 2):
            view.place(stride, padding)
            if view.model.goal().reached:
                reached.add((stride, padding))
    assert reached == {(1, 2), (3, 1), (3, 2)}
    assert KernelStepper(IMAGE, [[1]]).model.goal() is None  # every entry is used once from the start


def test_nothing_grows_when_a_stride_or_a_padding_is_chosen():
    view = KernelStepper(IMAGE, CROSS, input_gradient=lambda g, kernel, shape: np.zeros(shape))
    model, room = view.model, Words.covering(view.model.possible_words())
    size = re.search("width: .*px; min-height: .*px", model.picture())[0]
    for stride in (1, 2, 3):
        for padding in (0, 1, 2):
            view.place(stride, padding)
            for step in range(model.length):
                view.go(step)
                assert size in model.picture() and all(map(int.__le__, model._space(), model._room))
                words = model.words()
                assert len(words.title) <= len(room.title) and len(words.remark) <= len(room.remark)
                assert all(len(a) <= len(b) for (_, a), (_, b) in zip(words.rows, room.rows, strict=False))


def right():
    g = KernelStepper(IMAGE, CROSS).model.g.reshape(2, 2)
    padded = np.pad(g, 2)
    return [[(padded[r : r + 3, c : c + 3] * CROSS[::-1, ::-1]).sum() for c in range(4)] for r in range(4)]


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda g, kernel, shape: np.zeros(shape), "Your numbers differ"),
        (lambda g, kernel, shape: g, r"gave shape \(2, 2\) instead of \(4, 4\)"),
        (lambda g, kernel, shape: [][0], "raised IndexError"),
        (lambda g, kernel, shape: right(), "gives the same"),
    ],
)
def test_it_tries_the_learners_gradient(function, said):
    view = KernelStepper(IMAGE, CROSS, input_gradient=function)
    view.go(view.model.length - 1)
    assert re.search(said, view.model.words().remark)
    view.place(2, 0)
    view.go(view.model.length - 1)
    assert "stride is 1" in view.model.words().remark


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"image": [1.0, 2.0]}, "image must be a matrix"),
        ({"kernel": [[np.nan]]}, "kernel must be a matrix of finite numbers"),
        ({"image": np.zeros((7, 7))}, "up to 6 rows"),
        ({"kernel": np.ones((5, 1))}, r"must fit into image \(4, 4\), got shape \(5, 1\)"),
        ({"g": np.ones((3, 3))}, r"shape of the output, \(2, 2\), got \(3, 3\)"),
    ],
)
def test_it_refuses_what_it_cannot_draw(arguments, words):
    with pytest.raises(ShapeError, match=words):
        KernelStepper(**({"image": IMAGE, "kernel": CROSS} | arguments))
