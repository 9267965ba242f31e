"""The digit canvas: the way of a drawing to 8 × 8 numbers, and what is read there."""

import numpy as np
import pytest

from gradlib import Tensor, data, nn
from gradlib.widgets import DigitCanvas
from gradlib.widgets.digit_canvas import evened, ink_counted, normalized, rasterized, straightened
from tests.widgets.samples.digit_canvas import DIGITS, drawn


def an_l(side=32, line=6, foot=8):
    """An upright L of 20 × 32 pixels in the middle of a square, like those of the data."""
    bitmap = np.zeros((side, side), dtype=bool)
    bitmap[:32, 6 : 6 + line] = bitmap[32 - foot : 32, 6:26] = True
    return bitmap


def on_the_square(shape, top, left, times=1):
    """A shape, each pixel so many times as large, on the square that is drawn on."""
    square = np.zeros((128, 128), dtype=bool)
    rows, columns = np.nonzero(np.kron(shape, np.ones((times, times))))
    square[rows + top, columns + left] = True
    return square


# The recipe ---------------------------------------------------------------------------------------------------


def test_the_ink_of_each_block_is_counted():
    bitmap = np.random.default_rng(0).random((32, 32)) < 0.4
    image = ink_counted(bitmap)
    assert image.shape == (8, 8) and image.dtype == np.float64
    for row, column in np.ndindex(8, 8):
        block = bitmap[4 * row : 4 * row + 4, 4 * column : 4 * column + 4]
        assert image[row, column] == sum(int(pixel) for pixel in block.flat)


@pytest.mark.parametrize(("top", "left", "times"), [(0, 0, 1), (40, 90, 1), (3, 20, 2), (30, 10, 3)])
def test_where_and_how_large_one_draws_makes_no_difference(top, left, times):
    assert np.array_equal(normalized(on_the_square(an_l(), top, left, times)), an_l())


def test_height_and_width_are_stretched_each_for_itself():
    stout = an_l().repeat(2, axis=1)  # 40 pixels wide, 32 high
    assert np.array_equal(normalized(on_the_square(stout, 9, 30)), an_l())


def test_a_plain_vertical_line_does_not_become_a_block():
    line = np.ones((80, 10), dtype=bool)
    assert normalized(on_the_square(line, 20, 60)).any(axis=0).sum() <= 12


@pytest.mark.parametrize(
    ("ink", "way"),
    [((1, 1), 2), ((3, 3), 1), ((5, 5), 1), ((6, 8), 0), ((8, 12), 0), ((10, 12), -1), ((17, 28), -2)],
)
def test_thin_lines_are_thickened_and_thick_ones_thinned(ink, way):
    """Against a loop over pixels and their four neighbours. A pixel beyond the edge is like the one at the edge."""
    bitmap = an_l(line=ink[0], foot=ink[1])
    expected = bitmap
    for _ in range(abs(way)):
        cross = [(0, 0), (0, 1), (0, -1), (1, 0), (-1, 0)]
        near = [
            [[expected[min(max(r + a, 0), 31), min(max(c + b, 0), 31)] for a, b in cross] for c in range(32)]
            for r in range(32)
        ]
        expected = np.array(near).any(axis=2) if way > 0 else np.array(near).all(axis=2)
    assert np.array_equal(evened(bitmap), expected)


@pytest.mark.parametrize("lean", [-0.4, -0.1, 0.1, 0.25, 0.4])
def test_slant_is_taken_out(lean):
    """A leaning bar becomes an upright one."""
    bitmap = np.zeros((32, 32), dtype=bool)
    for row in range(32):
        left = 13 + round((15.5 - row) * lean)
        bitmap[row, left : left + 6] = True
    upright = straightened(bitmap)
    lefts = upright.argmax(axis=1)
    assert np.ptp(lefts) <= 2 < np.ptp(bitmap.argmax(axis=1)), "two roundings"
    assert (upright.sum(axis=1) == 6).all()
    assert np.array_equal(straightened(an_l()), an_l())


def test_the_data_bear_the_marks_of_this_recipe():
    """What would tell if the data came another way."""
    x, _ = data.load_digits()
    images = 16 * x.reshape(-1, 8, 8)
    ink = images.sum(axis=(1, 2))
    assert (images[:, [0, 7]].sum(axis=2) > 0).all(), "as high as the square"
    assert (images[:, :, 0].sum(axis=1) > 0).mean() < 0.02, "20 pixels wide, in the middle"
    assert np.percentile(ink, 3) > 250 and np.percentile(ink, 97) < 412, "neither thin nor thick"
    lefts = (images[:, [0, 7]] > 0).argmax(axis=2)
    assert (lefts[:, 0] == lefts[:, 1]).mean() > 0.8, "straightened"


@pytest.mark.parametrize("digit", DIGITS)
def test_a_drawing_bears_them_too(digit):
    image = drawn(DIGITS[digit]).image
    assert image[0].any() and image[7].any()
    assert 240 < image.sum() < 412
    assert image.min() >= 0 and image.max() <= 16


def test_drawings_are_read_as_the_data_are():
    """By the nearest of the 1,797 digits; the last is a plain vertical line."""
    x, y = data.load_digits()
    drawings = [*DIGITS.items(), (1, [[(64, 20), (64, 108)]])]
    read = [int(y[((x - drawn(strokes).x) ** 2).sum(axis=1).argmin()]) for _, strokes in drawings]
    wrong = [(digit, got) for (digit, _), got in zip(drawings, read, strict=True) if digit != got]
    assert len(wrong) <= 1, wrong


# The pen ------------------------------------------------------------------------------------------------------


def test_the_pen_is_round_and_leaves_no_gaps():
    dot = rasterized([[(64.0, 64.0)]])
    assert dot.sum() == pytest.approx(np.pi * 5.2**2, rel=0.1)
    assert (np.hypot(*(np.argwhere(dot) - 64).T) < 5.3).all()
    line = rasterized([[(10.0, 20.0), (110.0, 90.0)]])
    for share in np.linspace(0, 1, 300):
        assert line[round(20 + 70 * share), round(10 + 100 * share)]
    assert not rasterized([]).any()


def test_ink_beyond_the_edge_is_cut_off():
    corner = rasterized([[(0.0, 0.0), (0.0, 0.0)]])
    assert corner[:6, :6].any() and not corner[7:].any() and not corner[:, 7:].any()


# The canvas ---------------------------------------------------------------------------------------------------


def test_the_image_is_an_array_of_the_datas_shape():
    canvas = DigitCanvas()
    assert canvas.image.shape == (8, 8) and not canvas.image.any()
    canvas.strokes = DIGITS[2]
    x, _ = data.load_digits()
    assert canvas.x.shape == x[:1].shape and canvas.x.dtype == x.dtype
    assert np.array_equal(canvas.image.reshape(1, 64) / 16, canvas.x)
    assert np.array_equal(ink_counted(canvas.bitmap), canvas.image)


def test_undo_clear_and_listeners():
    canvas, seen = DigitCanvas(), []
    canvas.on_change(lambda changed: seen.append((changed is canvas, len(changed.strokes))))
    canvas.strokes = DIGITS[4]
    canvas.undo()
    assert np.array_equal(canvas.image, drawn(DIGITS[4][:1]).image)
    canvas.clear()
    canvas.undo()
    assert not canvas.image.any() and "Nothing is drawn yet" in repr(canvas)
    assert seen == [(True, 2), (True, 1), (True, 0), (True, 0)]


def test_the_square_and_the_canvas_follow_each_other():
    canvas, seen = DigitCanvas(), []
    canvas.on_change(lambda changed: seen.append(len(changed.strokes)))
    left, results = canvas.widget.children
    square, (undo, clear) = left.children[0], left.children[1].children
    before = results.picture
    square.strokes = [[[10.0, 10.0], [90.0, 90.0]], [[50.0, 50.0]]]  # as the browser sends it
    assert len(canvas.strokes) == 2 and canvas.image.any() and results.picture != before
    undo.click()
    assert square.strokes == [[[10.0, 10.0], [90.0, 90.0]]] == canvas.strokes
    clear.click()
    assert square.strokes == [] and results.picture == before
    canvas.strokes = DIGITS[1]
    assert len(square.strokes) == 1
    assert seen == [2, 1, 0, 1]


def test_a_reader_gets_a_row_of_the_data_and_its_scores_become_probabilities():
    seen = []

    def predict(x):
        seen.append(x)
        return np.log([[0.05] * 8 + [0.4, 0.2]])

    canvas = DigitCanvas(predict)
    assert not seen, "nothing is drawn, nothing is read"
    canvas.strokes = DIGITS[8]
    (x,) = seen
    assert (x.shape, x.dtype, x.max() <= 1) == ((1, 64), np.float32, True) and np.array_equal(x, canvas.x)
    assert np.allclose(canvas.model.probabilities, [0.05] * 8 + [0.4, 0.2])
    assert "8, with probability 0.40" in repr(canvas) and "9, with probability 0.20" in repr(canvas)
    assert ">40%<" in canvas.model.picture() and ">5%<" in canvas.model.picture()


def test_a_model_reads_in_eval_mode_and_records_nothing():
    seen = []

    class Reader(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(np.ones((64, 10), dtype=np.float32))

        def forward(self, x):
            scores = Tensor(x) @ self.weight
            seen.append((self.training, scores.requires_grad))
            return scores

    reader = Reader()
    canvas = drawn(DIGITS[5], reader)
    assert seen == [(False, False)] and reader.training
    assert np.allclose(canvas.model.probabilities, 0.1)


@pytest.mark.parametrize(
    ("predict", "words"),
    [
        (lambda x: x @ np.ones((32, 10)), "The reader raised ValueError: matmul"),
        (lambda x: np.ones(3), "predict must return ten scores, one for each digit, got shape (3,)"),
        (lambda x: np.full(10, np.nan), "The reader's scores are not finite"),
    ],
)
def test_a_reader_that_fails_is_said(predict, words):
    canvas = drawn(DIGITS[5], predict)
    assert words in repr(canvas) and canvas.image.any()


def test_the_static_page_holds_the_drawing():
    page = drawn(DIGITS[4]).model.still()
    assert page.count("<polyline") == 2 and page.count('class="pixel"') == 64
