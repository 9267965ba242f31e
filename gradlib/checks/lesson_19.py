"""The checks of lesson 19."""

import json
from itertools import accumulate

import numpy as np

from gradlib.checks.cases import Case, Refused
from gradlib.checks.exercises import exercise
from gradlib.checks.values import named

TITLE = "Cost and scale"


# --- 1 -----------------------------------------------------------------------------------------


@exercise("What a convolution costs", points=2)
def conv_cost():
    """Return the operations of a convolution, forward and backward: two whole numbers.

    images is the shape (N, C, H, W), kernel the shape (O, C, k, l); stride 1, no padding. Each result is a sum of
    C · k · l products: count a multiplication and an addition for each. Going backward there is one more such
    convolution for the gradient of the kernel, and one for that of the images, unless it is the first layer.

    For images (1, 1, 3, 3) and a kernel (1, 1, 2, 2) the answer is (32, 64), and (32, 32) for a first layer.
    """
    for images, kernel, first, about in [
        ((1, 1, 3, 3), (1, 1, 2, 2), False, ""),
        ((1, 1, 3, 3), (1, 1, 2, 2), True, ""),
        ((2, 1, 3, 4), (1, 1, 2, 2), False, ""),
        ((1, 3, 4, 4), (1, 3, 3, 3), False, ""),
        ((1, 2, 5, 4), (3, 2, 2, 3), True, ""),
        ((4, 3, 8, 6), (5, 3, 1, 4), False, ""),
        ((64, 1, 28, 28), (16, 1, 5, 5), True, ""),
        ((2, 3, 5, 5), (4, 3, 5, 5), False, "a kernel as large as the images"),
    ]:
        yield Case({"images": images, "kernel": kernel, "first": first}, cost(images, kernel, first), about=about)


def cost(images, kernel, first, *, each=2, size=None, back=None, channels=True, outward=True, batch=True, window=None):
    """A right answer, with switches that make it wrong."""
    N, C, H, W = images
    kernels, _, k, m = kernel
    height, width = size(H, W, k, m) if size else (H - k + 1, W - m + 1)
    products = (window(k, m) if window else k * m) * (C if channels else 1)
    forward = each * (N if batch else 1) * (kernels if outward else 1) * height * width * products
    back = back(first) if back else (1 if first else 2)
    return forward, back * forward


@conv_cost.mistake
def products_alone(images, kernel, first):
    """You count the products alone. Each of them is added to a sum as well, so there are twice as many operations."""
    return cost(images, kernel, first, each=1)


@conv_cost.mistake
def as_many_places_as_pixels(images, kernel, first):
    """You take as many results as there are pixels. Without padding a kernel of height k fits at H - k + 1 places."""
    return cost(images, kernel, first, size=lambda H, W, k, m: (H, W))


@conv_cost.mistake
def one_place_too_few(images, kernel, first):
    """You take H - k places. A kernel as high as the image fits once: there are H - k + 1."""
    return cost(images, kernel, first, size=lambda H, W, k, m: (H - k, W - m))


@conv_cost.mistake
def channels_missing(images, kernel, first):
    """The channels C are missing: a window reaches through all of them."""
    return cost(images, kernel, first, channels=False)


@conv_cost.mistake
def kernels_missing(images, kernel, first):
    """O is missing: the kernel makes a picture for each of its O parts."""
    return cost(images, kernel, first, outward=False)


@conv_cost.mistake
def images_missing(images, kernel, first):
    """This is the cost of one image. There are N of them."""
    return cost(images, kernel, first, batch=False)


@conv_cost.mistake
def always_two(images, kernel, first):
    """Your backward pass is always twice the forward pass. In a first layer nobody asks for the gradient of the
    images, so one of the two convolutions is missing."""
    return cost(images, kernel, first, back=lambda first: 2)


@conv_cost.mistake
def always_one(images, kernel, first):
    """Your backward pass always costs as much as the forward pass. Unless it is the first layer, there are two
    gradients, with a convolution each."""
    return cost(images, kernel, first, back=lambda first: 1)


@conv_cost.mistake
def the_other_way(images, kernel, first):
    """You have `first` the wrong way round: a first layer needs *one* convolution backward, the others two."""
    return cost(images, kernel, first, back=lambda first: 2 if first else 1)


@conv_cost.mistake
def forward_counted_in(images, kernel, first):
    """Your second number includes the forward pass. Return the two costs separately."""
    return cost(images, kernel, first, back=lambda first: 2 if first else 3)


@conv_cost.mistake
def square_kernel(images, kernel, first):
    """You take the kernel for a square one, k by k. It has k rows and l columns."""
    return cost(images, kernel, first, window=lambda k, m: k * k, size=lambda H, W, k, m: (H - k + 1, W - k + 1))


@conv_cost.mistake
def square_window(images, kernel, first):
    """You sum k · k products in a window. A window has k rows and l columns: k · l products in every channel."""
    return cost(images, kernel, first, window=lambda k, m: k * k)


@conv_cost.mistake
def exchanged(images, kernel, first):
    """The two numbers have changed places: the operations forward come first."""
    return cost(images, kernel, first)[::-1]


@conv_cost.mistake
def window_missing(images, kernel, first):
    """You count one product for each result. Each result is a sum over a window of k · l entries in every channel."""
    return cost(images, kernel, first, window=lambda k, m: 1)


@conv_cost.mistake
def height_and_width_exchanged(images, kernel, first):
    """You pair the height of the images with the width of the kernel. k belongs to H, and l to W."""
    return cost(images, kernel, first, size=lambda H, W, k, m: (max(H - m + 1, 0), max(W - k + 1, 0)))


@conv_cost.mistake
def nothing_for_the_first(images, kernel, first):
    """Your first layer costs nothing backward. Its kernel learns, too; only the images' gradient is not needed."""
    return cost(images, kernel, first, back=lambda first: 0 if first else 2)


@conv_cost.mistake
def sum_of_both(images, kernel, first):
    """You return one number, the sum. Return the two costs separately, as a pair."""
    return sum(cost(images, kernel, first))


@conv_cost.mistake
def one_addition_less(images, kernel, first):
    """You count one addition less than products in each result. Here a product counts with an addition of its own."""
    forward, backward = cost(images, kernel, first)
    results = forward // (2 * images[1] * kernel[2] * kernel[3])
    return forward - results, backward - results * (backward // forward)


@conv_cost.mistake
def four_times(images, kernel, first):
    """Your backward pass is twice as long as it should be. There are two more convolutions, or one, and each costs
    as much as the forward pass."""
    return cost(images, kernel, first, back=lambda first: 2 if first else 4)


@conv_cost.mistake
def channels_twice(images, kernel, first):
    """You count the channels C twice: those of the images and those of the kernel are the same ones."""
    return cost((images[0] * images[1], *images[1:]), kernel, first)


@conv_cost.mistake
def images_only(images, kernel, first):
    """Your backward pass has the gradient of the images alone. That of the kernel is needed in every layer."""
    return cost(images, kernel, first, back=lambda first: 0 if first else 1)


# --- 2 -----------------------------------------------------------------------------------------


@exercise("The peak of a plan", points=3)
def peak():
    """Return the largest number of bytes that is held while a chain in segments goes backward, a whole number.

    sizes[0] are the bytes of the input of the chain, sizes[i] those of the result of layer i. lengths are the numbers
    of layers in each segment, in order. The checkpoint of a segment is its input. Going backward, each segment in turn
    is run forward again, the last one first. When that is done, the checkpoints of this segment and of all segments
    before it are held, and all results of its own layers. The answer is the largest sum of these moments.

    For sizes [1, 2, 3, 4] and lengths [2, 1] the moments hold 1 + 3 + 4 and 1 + 2 + 3 bytes: the answer is 8.
    """
    for sizes, lengths, about in [
        ([1, 2, 3, 4], [2, 1], ""),
        ([1, 2, 3], [1, 1], ""),
        ([2, 9, 1, 3, 2], [2, 2], ""),
        ([5, 1, 1, 1, 1], [2, 2], ""),
        ([3, 4, 6, 1, 2, 2, 1], [3, 2, 1], ""),
        ([2, 3, 1, 4, 6, 5, 1, 2], [2, 3, 2], ""),
        ([4, 10, 8, 2, 3, 1, 1], [2, 4], ""),
        ([8, 1, 9, 2, 7, 3, 6, 4, 5], [1, 2, 3, 2], ""),
        ([5, 6, 7], [2], "a single segment"),
        ([10] * 10, [3, 3, 3], ""),
    ]:
        yield Case({"sizes": sizes, "lengths": lengths}, max(moments_of(sizes, lengths)), about=about)


def moments_of(sizes, lengths, *, checkpoints=None, start=1, end=1):
    """The bytes held after each segment has been run again, with switches that make it wrong.

    checkpoints(starts, j) gives the numbers of the checkpoints that segment j finds. start, end : move the first and
    the last of its own results.
    """
    starts = [0, *accumulate(lengths)][:-1]
    checkpoints = checkpoints or (lambda starts, j: starts[: j + 1])
    return [
        sum(sizes[i] for i in checkpoints(starts, j)) + sum(sizes[first + start : first + length + end])
        for j, (first, length) in enumerate(zip(starts, lengths, strict=True))
    ]


@peak.mistake
def without_checkpoints(sizes, lengths):
    """This is what the chain holds without checkpoints: all its results. The cuts make no difference to your answer."""
    return sum(sizes)


@peak.mistake
def checkpoints_all_the_time(sizes, lengths):
    """You count the checkpoints of all segments in every moment. Going backward, those of later segments have been
    freed."""
    return max(moments_of(sizes, lengths, checkpoints=lambda starts, j: starts))


@peak.mistake
def last_segment(sizes, lengths):
    """You look at the last segment alone. An earlier one may hold more, if its results are large."""
    return moments_of(sizes, lengths)[-1]


@peak.mistake
def first_segment(sizes, lengths):
    """You look at the first segment alone. Later ones find more checkpoints."""
    return moments_of(sizes, lengths)[0]


@peak.mistake
def own_checkpoint_only(sizes, lengths):
    """You count the checkpoint of the segment itself, but not those of the segments before it. They are held, too."""
    return max(moments_of(sizes, lengths, checkpoints=lambda starts, j: [starts[j]]))


@peak.mistake
def segments_alone(sizes, lengths):
    """The checkpoints are missing. They are held as well: that of the segment and those before it."""
    return max(moments_of(sizes, lengths, checkpoints=lambda starts, j: []))


@peak.mistake
def checkpoints_alone(sizes, lengths):
    """You count the checkpoints alone. When a segment has been run again, all results of its layers are held, too."""
    starts = [0, *accumulate(lengths)][:-1]
    return sum(sizes[i] for i in starts)


@peak.mistake
def input_missing(sizes, lengths):
    """The input of the chain, sizes[0], is missing. It is the checkpoint of the first segment, held until the end."""
    return max(moments_of(sizes, lengths, checkpoints=lambda starts, j: starts[1 : j + 1]))


@peak.mistake
def checkpoint_twice(sizes, lengths):
    """You count the input of a segment twice: as its checkpoint and as one of its results."""
    return max(moments_of(sizes, lengths, start=0))


@peak.mistake
def last_result_missing(sizes, lengths):
    """The last result of each segment is missing. Its layer is run again as well, since its rule needs the result."""
    return max(moments_of(sizes, lengths, end=0))


@peak.mistake
def all_moments_added(sizes, lengths):
    """You add up all the moments. They come one after the other: the answer is the largest."""
    return sum(moments_of(sizes, lengths))


@peak.mistake
def smallest_moment(sizes, lengths):
    """This is the smallest of the moments. The machine has to have room for the largest."""
    return min(moments_of(sizes, lengths))


@peak.mistake
def earlier_checkpoints_only(sizes, lengths):
    """The checkpoint of the segment itself is missing: you count those of the segments before it alone."""
    return max(moments_of(sizes, lengths, checkpoints=lambda starts, j: starts[:j]))


@peak.mistake
def later_checkpoints(sizes, lengths):
    """You count the checkpoints of the *later* segments. Going backward, these are done first, and theirs are freed."""
    return max(moments_of(sizes, lengths, checkpoints=lambda starts, j: starts[j:]))


@peak.mistake
def results_counted(sizes, lengths):
    """You count how many results are held. The answer is their bytes: add up their sizes."""
    return max(moments_of([1] * len(sizes), lengths))


@peak.mistake
def formula_of_the_lesson(sizes, lengths):
    """You count the segments and the layers of the longest one, as n/k + k does. The answer is in bytes, and the
    results differ in size: add up the sizes of what is held."""
    return len(lengths) + max(lengths)


@peak.mistake
def numbers_of_the_segments(sizes, lengths):
    """You take segment j to start at sizes[j]. It starts where the layers of all segments before it end."""
    starts = range(len(lengths))
    return max(
        sum(sizes[: j + 1]) + sum(sizes[j + 1 : j + length + 1]) for j, length in zip(starts, lengths, strict=True)
    )


@peak.mistake
def largest_result_of_a_segment(sizes, lengths):
    """Of each segment's own results you count the largest alone. All of them are held at the same time."""
    starts = [0, *accumulate(lengths)][:-1]
    own = [max(sizes[first + 1 : first + length + 1]) for first, length in zip(starts, lengths, strict=True)]
    return max(sum(sizes[i] for i in starts[: j + 1]) + own[j] for j in range(len(own)))


@peak.mistake
def before_the_first_freed(sizes, lengths):
    """You add the largest segment and all the checkpoints. The two need not come together: each segment finds the
    checkpoints up to its own."""
    starts = [0, *accumulate(lengths)][:-1]
    own = moments_of(sizes, lengths, checkpoints=lambda starts, j: [])
    return sum(sizes[i] for i in starts[:-1]) + max(own)


@peak.mistake
def end_twice(sizes, lengths):
    """You count the result at the end of a segment twice: as one of its own, and as the checkpoint of the next segment,
    which has been freed."""
    ends = list(accumulate(lengths))
    return max(held + sizes[end] for held, end in zip(moments_of(sizes, lengths), ends, strict=True))


@peak.mistake
def after_the_forward_pass(sizes, lengths):
    """This is what is held at the end of the forward pass: the checkpoints and the last result. The peak comes later,
    when a segment has been run again."""
    starts = [0, *accumulate(lengths)][:-1]
    return sum(sizes[i] for i in starts) + sizes[-1]


# --- 3 -----------------------------------------------------------------------------------------

HALF = {
    "A": "overflows", "B": "underflows", "C": "swallowed", "D": "exact",
    "E": "swallowed", "F": "overflows", "G": "underflows", "H": "exact",
}  # fmt: skip


@exercise("What float16 makes of it", points=2)
def in_half():
    """Return what happens in float16, step by step, as a dictionary from "A" to "H".

    A: 1000 · 70. B: 0.001 · 0.00001. C: 4096 + 1. D: 1024 + 1. E: 1 - 0.0001. F: the mean of 100 numbers, each of them
    1000, as their sum divided by 100. G: the length of [0.0001, 0.0001], as the root of the sum of the squares. H: 2 to
    the power of -24.

    Each answer is a text. "overflows": it is infinite. "underflows": it is 0 and should not be. "swallowed": it is the
    first number, as if the second had not been there. "exact": it is right in every digit.
    """
    yield Case(expected=dict(HALF), words=("overflows", "underflows", "swallowed", "exact"))


@in_half.mistake
def range_of_float32():
    """The product is 70,000. float32 holds that. The largest number of float16 is 65,504."""
    return {"A": "exact"}


@in_half.mistake
def two_small_factors():
    """Both factors are held, and their product is 0.00000001. That is less than half of the least number above 0."""
    return {"B": "exact"}


@in_half.mistake
def tiny_by_tiny_swallowed():
    """Nothing is added here, so nothing is swallowed. The product is too small to be held at all."""
    return {"B": "swallowed"}


@in_half.mistake
def thirteen_digits():
    """4097 is a small number for its range, but it has 13 binary digits. float16 has 11."""
    return {"C": "exact"}


@in_half.mistake
def beyond_the_digits_is_not_infinite():
    """4097 lies far below 65,504, so nothing overflows. What is too long is the number of its digits."""
    return {"C": "overflows"}


@in_half.mistake
def eleven_digits():
    """1025 is 10000000001 in binary digits: eleven of them, and float16 has eleven."""
    return {"D": "swallowed"}


@in_half.mistake
def close_to_one():
    """Just below 1 the numbers are 0.0005 apart. A step of 0.0001 is less than half of that."""
    return {"E": "exact"}


@in_half.mistake
def small_term_underflows():
    """0.0001 itself is held, so it does not underflow, and the answer is not 0. It is lost in the subtraction."""
    return {"E": "underflows"}


@in_half.mistake
def only_the_end():
    """The mean is 1000, which is held. But the sum on the way is 100,000, and infinity divided by 100 is infinity."""
    return {"F": "exact"}


@in_half.mistake
def root_comes_too_late():
    """The length, 0.00014, is held. But the squares on the way are 0.00000001 each, which is 0 in float16."""
    return {"G": "exact"}


@in_half.mistake
def squares_swallowed():
    """The two squares are alike, so neither swallows the other. Both are 0 before they are added."""
    return {"G": "swallowed"}


@in_half.mistake
def least_number():
    """2⁻²⁴ is 0.00000006, the least number above 0. It is held, with the one digit that it has."""
    return {"H": "underflows"}


@in_half.mistake(whole=True)
def over_and_under():
    """Overflow and underflow have changed places. Too large overflows, too close to 0 underflows."""
    turned = {"overflows": "underflows", "underflows": "overflows"}
    return {name: turned.get(word, word) for name, word in HALF.items()}


# --- 4 -----------------------------------------------------------------------------------------

STATISTICS = ("mean", "variance")


@exercise("Many parts, one batch", points=3)
def parts():
    """Return what one process would compute, from what several have computed; rows[i] rows are on process i.

    `gradient(gradients, rows)`: gradients[i] is the gradient of the mean loss over the rows of process i; return that
    of the mean loss over all rows. `moments(means, variances, rows)`: those of the rows of each process, numbers or
    arrays; return the mean and the variance of all rows. A variance is the mean of the squared deviations, divided by
    the number of rows.

    For means [0, 4], variances [1, 1] and rows [1, 1] the mean is 2 and the variance 5.
    """
    for gradients, rows in [
        ([[2.0], [4.0]], [1, 1]),
        ([[2.0], [6.0]], [3, 1]),
        ([[1.0, 0.0], [-2.0, 5.0]], [2, 6]),
        ([[0.5, 4.0], [1.5, -4.0], [9.0, 2.0]], [300, 200, 12]),
        ([[7.0, -1.0]], [5]),
        ([[-2.3], [1.6]], [3, 4]),
    ]:
        gradients = [np.array(g) for g in gradients]
        yield Case({"gradients": gradients, "rows": rows}, weighted(gradients, rows), part="gradient")
    for means, variances, rows in [
        ([0.0, 4.0], [1.0, 1.0], [1, 1]),
        ([2.0, 2.0], [1.0, 5.0], [3, 1]),
        ([0.0, 8.0], [3.0, 7.0], [3, 1]),
        ([-1.0, 2.0, 5.0], [2.0, 0.0, 1.0], [2, 5, 1]),
        ([3.0], [4.0], [6]),
        ([-1.7, 0.3], [0.4, 2.6], [3, 4]),
        ([np.array([1.0, 0.5]), np.array([-2.0, 1.0])], [np.array([1.0, 2.0]), np.array([0.0, 1.5])], [2, 2]),
        ([np.array([1.0, 0.0]), np.array([-2.0, 6.0])], [np.array([1.0, 2.0]), np.array([0.0, 4.0])], [1, 3]),
    ]:
        inputs = {"means": means, "variances": variances, "rows": rows}
        about = "arrays, an entry a unit" if isinstance(means[0], np.ndarray) else ""
        yield Case(inputs, together(means, variances, rows), part="moments", names=STATISTICS, about=about)


def weighted(values, rows):
    return sum(n * value for n, value in zip(rows, values, strict=True)) / sum(rows)


def plain_mean(values, rows):
    return sum(values) / len(values)


def together(means, variances, rows, *, mean=weighted, within=weighted, between=weighted, deviation=np.square):
    """A right answer, with switches that make it wrong."""
    common = mean(means, rows)
    return common, within(variances, rows) + between([deviation(m - common) for m in means], rows)


class Right:
    """A right answer, of which each mistake below changes one function."""

    def gradient(gradients, rows):
        return weighted(gradients, rows)

    def moments(means, variances, rows):
        return together(means, variances, rows)


@parts.mistake
class MeanOfMeans(Right):
    """You average the gradients as if all parts had equally many rows. A part with more rows counts more."""

    def gradient(gradients, rows):
        return plain_mean(gradients, rows)


@parts.mistake
class Summed(Right):
    """You add the gradients up. Each is a gradient of a *mean*, so their sum is too long by the number of parts."""

    def gradient(gradients, rows):
        return sum(gradients)


@parts.mistake
class NotDivided(Right):
    """Weighted with the numbers of rows this is the gradient of the sum over all rows. The mean is asked for."""

    def gradient(gradients, rows):
        return weighted(gradients, rows) * sum(rows)


@parts.mistake
class DividedByTheParts(Right):
    """You divide the weighted sum by the number of parts. The weights add up to all rows: divide by their number."""

    def gradient(gradients, rows):
        return weighted(gradients, rows) * sum(rows) / len(rows)


@parts.mistake
class DividedTwice(Right):
    """Your answer is shorter by the number of parts. The weights n / N add up to 1, so the weighted sum is complete."""

    def gradient(gradients, rows):
        return weighted(gradients, rows) / len(rows)


@parts.mistake
class TooLong(Right):
    """Your answer is longer by the number of parts. The factor "own rows · processes / all rows" is for gradients
    that are *averaged* afterwards; you add them up."""

    def gradient(gradients, rows):
        return weighted(gradients, rows) * len(rows)


@parts.mistake
class FewRowsCountMore(Right):
    """A part with few rows counts most in your answer, since you divide by the number of rows. Multiply by it."""

    def gradient(gradients, rows):
        shares = [1 / n for n in rows]
        return sum(share * g for share, g in zip(shares, gradients, strict=True)) / sum(shares)


@parts.mistake
class MeansNotWeighted(Right):
    """Your mean is the plain mean of the parts' means. A part with more rows counts more."""

    def moments(means, variances, rows):
        return together(means, variances, rows, mean=plain_mean)


@parts.mistake
class NothingWeighted(Right):
    """You weight neither the means nor the variances. A part with more rows counts more."""

    def moments(means, variances, rows):
        return together(means, variances, rows, mean=plain_mean, within=plain_mean, between=plain_mean)


@parts.mistake
class WithinOnly(Right):
    """Your variance is the mean of the parts' variances. The parts also lie apart: their means deviate from the common
    mean."""

    def moments(means, variances, rows):
        return weighted(means, rows), weighted(variances, rows)


@parts.mistake
class WithinOnlyNotWeighted(Right):
    """Your variance is the plain mean of the parts' variances. It has to be weighted by the rows. The parts also lie
    apart: their means deviate from the common mean."""

    def moments(means, variances, rows):
        return weighted(means, rows), plain_mean(variances, rows)


@parts.mistake
class BetweenOnly(Right):
    """Your variance is that of the parts' means alone. Within each part the rows differ as well."""

    def moments(means, variances, rows):
        return together(means, variances, rows, within=lambda *_: 0.0)


@parts.mistake
class Subtracted(Right):
    """You subtract the squared deviations of the means. Parts that lie apart make the variance larger."""

    def moments(means, variances, rows):
        return together(means, variances, rows, deviation=lambda x: -np.square(x))


@parts.mistake
class NotSquared(Right):
    """You add the distances of the means, not squared. A variance is made of squares."""

    def moments(means, variances, rows):
        return together(means, variances, rows, deviation=abs)


@parts.mistake
class MeansNotWeightedInTheVariance(Right):
    """The variances within the parts are weighted, the squared deviations of the means are not. Weight both by the
    rows."""

    def moments(means, variances, rows):
        return together(means, variances, rows, between=plain_mean)


@parts.mistake
class DeviationsFromThePlainMean(Right):
    """The deviations in your variance are those from the plain mean of the parts' means. Measure them from the mean
    of all rows, which you return."""

    def moments(means, variances, rows):
        return weighted(means, rows), together(means, variances, rows, mean=plain_mean)[1]


@parts.mistake
class VarianceNotWeighted(Right):
    """Your mean is weighted by the rows, your variance is not. A part with more rows counts more in both."""

    def moments(means, variances, rows):
        return together(means, variances, rows, within=plain_mean, between=plain_mean)


@parts.mistake(whole=True)
class Exchanged(Right):
    """The two results have changed places: the mean comes first."""

    def moments(means, variances, rows):
        return together(means, variances, rows)[::-1]


@parts.mistake
class Deviation(Right):
    """Your second number is the root of the variance. The variance itself is asked for."""

    def moments(means, variances, rows):
        mean, variance = together(means, variances, rows)
        return mean, np.sqrt(variance)


@parts.mistake
class OneRowLess(Right):
    """You divide by the rows minus 1. Here a variance is the plain mean of the squared deviations."""

    def moments(means, variances, rows):
        mean, variance = together(means, variances, rows)
        return mean, variance * sum(rows) / (sum(rows) - 1)


@parts.mistake
class RowsBelow(Right):
    """You add up gradients that you have divided by their rows. Multiply by the rows, and divide by all rows at the
    end."""

    def gradient(gradients, rows):
        return sum(g / n for g, n in zip(gradients, rows, strict=True))


@parts.mistake
class MeanSquare(Right):
    """Your second number is the mean of the squares of all rows. The square of the common mean is still in it."""

    def moments(means, variances, rows):
        mean, variance = together(means, variances, rows)
        return mean, variance + mean * mean


@parts.mistake
class VariancesAdded(Right):
    """Your second number is the sum of the parts' variances. It has to be a weighted mean, and the parts also lie
    apart."""

    def moments(means, variances, rows):
        return weighted(means, rows), sum(variances)


@parts.mistake
class VarianceOfTheMeans(Right):
    """The variances within the parts are weighted. To them you add the plain variance of the parts' means. Weight their
    squared deviations by the rows, too, and measure them from the common mean."""

    def moments(means, variances, rows):
        return weighted(means, rows), weighted(variances, rows) + np.var(means, axis=0)


# --- 5 -----------------------------------------------------------------------------------------

KINDS = {"F16": np.float16, "F32": np.float32, "F64": np.float64}


class Content(bytes):
    """The bytes of a file, shown to learners by what is in it."""

    def __repr__(self):
        header = json.loads(self[8 : 8 + int.from_bytes(self[:8], "little")])
        return f"<{len(self)} bytes, with {', '.join(name for name in header if not name.startswith('_'))}>"


def file_of(order, /, **arrays):
    """The content of a file in which the numbers lie in this order, the names in that of `arrays`."""
    places, end = {}, 0
    for name in order:
        places[name] = [end, end + arrays[name].nbytes]
        end = places[name][1]
    kinds = {np.dtype(kind): text for text, kind in KINDS.items()}
    header = {
        name: {"dtype": kinds[array.dtype], "shape": list(array.shape), "data_offsets": places[name]}
        for name, array in arrays.items()
    }
    text = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    text += b" " * (-len(text) % 8)  # as safetensors does, so that the numbers begin at a multiple of eight
    return Content(len(text).to_bytes(8, "little") + text + b"".join(arrays[name].tobytes() for name in order))


A_LONG_HEADER = "a header of more than 255 bytes"  # its length takes two of the eight bytes
MATRIX = np.array([[1, 2, 3], [4, 5, 6]], dtype=np.float32)
SQUARE = np.array([[1, 2], [3, 4]], dtype=np.float32)
ONE = file_of(["weight"], weight=MATRIX)
TWO = file_of(["bias", "weight"], weight=SQUARE, bias=np.array([5, 6], dtype=np.float32))
MIXED = file_of(
    ["c", "a", "b"],
    a=np.array([[0.5, -1, 2, 8]], dtype=np.float16),
    b=np.array([[0.5, -2], [3, 4], [-5, 1 / 7]], dtype=np.float64),
    c=np.arange(6, dtype=np.float32).reshape(2, 3),
)

LONG = file_of(
    ["layers.2.bias", "layers.0.weight", "layers.2.weight", "layers.0.bias"],
    **{
        "layers.0.weight": MATRIX,
        "layers.0.bias": np.array([7, 8], dtype=np.float32),
        "layers.2.weight": np.array([[1, -1], [0, 2], [4, 3]], dtype=np.float32),
        "layers.2.bias": np.array([9, 1, 5], dtype=np.float32),
    },
)


@exercise("Reading a file", points=3)
def read():
    """Return the array with the given name in a safetensors file that PyTorch wrote, in gradlib's layout.

    content are the bytes: eight with the length of the header, lowest first; the header in JSON, which may end in
    spaces; the numbers. Of each name the header has "dtype" ("F16", "F32" or "F64"), "shape", and "data_offsets", where
    its bytes begin and end, counted from the end of the header; the numbers may lie in another order than the names. If
    linear is True it is the weight of a linear layer, which gradlib stores transposed. Everything else stays as it is.
    The header may also have an entry "__metadata__", which belongs to no array.
    """
    for content, name, linear, array, about in [
        (ONE, "weight", False, MATRIX, ""),
        (ONE, "weight", True, MATRIX.T, ""),
        (TWO, "weight", True, SQUARE.T, ""),
        (TWO, "bias", False, np.array([5, 6], dtype=np.float32), ""),
        (MIXED, "a", False, np.array([[0.5, -1, 2, 8]], dtype=np.float16), ""),
        (MIXED, "b", False, np.array([[0.5, -2], [3, 4], [-5, 1 / 7]]), ""),
        (MIXED, "b", True, np.array([[0.5, 3, -5], [-2, 4, 1 / 7]]), ""),
        (MIXED, "c", True, np.array([[0, 3], [1, 4], [2, 5]], dtype=np.float32), ""),
        (LONG, "layers.2.weight", True, np.array([[1, 0, 4], [-1, 2, 3]], dtype=np.float32), A_LONG_HEADER),
        (LONG, "layers.0.bias", False, np.array([7, 8], dtype=np.float32), A_LONG_HEADER),
    ]:
        inputs = {"content": content, "name": name, "linear": linear}
        yield Case(inputs, array, about=about, dtype=array.dtype)


def parsed(content, name, *, by_order=False, early=0):
    """The array as it lies in the file, with switches that make it wrong."""
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:end])
    entry = header[name]
    first, last = entry["data_offsets"]
    if by_order:  # as if the numbers lay in the order of the names
        names = [each for each in header if each != "__metadata__"]
        lengths = [header[each]["data_offsets"][1] - header[each]["data_offsets"][0] for each in names]
        first = sum(lengths[: names.index(name)])
        last = first + lengths[names.index(name)]
    start = end - early
    return np.frombuffer(content[start + first : start + last], dtype=KINDS[entry["dtype"]]).reshape(entry["shape"])


def read_right(content, name, linear):
    array = parsed(content, name)
    return array.T if linear else array


@read.mistake
def as_pytorch_has_it(content, name, linear):
    """The weight of a linear layer is still as PyTorch has it, a row for each output. In gradlib a row belongs to an
    input."""
    return parsed(content, name)


@read.mistake
def all_transposed(content, name, linear):
    """You also transpose what is not the weight of a linear layer. Only those are stored the other way: `linear` says
    which."""
    return parsed(content, name).T


@read.mistake
def the_others_transposed(content, name, linear):
    """You have `linear` the wrong way round: the weights of linear layers are transposed, everything else is not."""
    array = parsed(content, name)
    return array if linear else array.T


@read.mistake
def reshaped(content, name, linear):
    """Your array has the right shape, and its numbers are in the wrong places. Giving the numbers the reversed shape
    does not transpose them: first give them the shape in the header, then transpose."""
    array = parsed(content, name)
    return array.reshape(array.shape[::-1]) if linear else array


@read.mistake
def only_where_the_shape_changes(content, name, linear):
    """You transpose only if the shape shows it. A square matrix of a linear layer is transposed, too: its shape just
    does not tell."""
    array = parsed(content, name)
    return array.T if linear and array.shape[0] != array.shape[-1] else array


@read.mistake
def in_the_order_of_the_names(content, name, linear):
    """You read the numbers in the order of the names. Where the bytes of an array lie is what "data_offsets" says."""
    array = parsed(content, name, by_order=True)
    return array.T if linear else array


@read.mistake
def flat(content, name, linear):
    """Your array has one axis. Give it the shape that stands in the header."""
    return read_right(content, name, linear).ravel()


@read.mistake
def always_float32(content, name, linear):
    """You return float32 throughout. Here the header names another type, and the array is asked for in that."""
    return read_right(content, name, linear).astype(np.float32)


@read.mistake
def always_float64(content, name, linear):
    """You return float64 throughout. Here the header names another type, and the array is asked for in that."""
    return read_right(content, name, linear).astype(np.float64)


@read.mistake
def whole_entry(content, name, linear):
    """You return what the header says of the array. Its numbers come after the header."""
    return json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])[name]


@read.mistake
def bytes_alone(content, name, linear):
    """You return the bytes of the array. `np.frombuffer` makes numbers of them."""
    return parsed(content, name).tobytes()


@read.mistake
def without_the_eight(content, name, linear):
    """You begin to read eight bytes too early: the header ends at 8 plus its length."""
    array = parsed(content, name, early=8)
    return array.T if linear else array


@read.mistake
def in_columns(content, name, linear):
    """You read the numbers column by column. They lie in the file row after row."""
    array = parsed(content, name)
    array = array.ravel().reshape(array.shape, order="F")
    return array.T if linear else array


@read.mistake
def first_bytes(content, name, linear):
    """You take the first bytes after the header, whichever array is asked for. "data_offsets" says where it begins."""
    end = 8 + int.from_bytes(content[:8], "little")
    entry = json.loads(content[8:end])[name]
    count = entry["data_offsets"][1] - entry["data_offsets"][0]
    array = np.frombuffer(content[end : end + count], dtype=KINDS[entry["dtype"]]).reshape(entry["shape"])
    return array.T if linear else array


@read.mistake
def from_the_start_of_the_file(content, name, linear):
    """You count the offsets from the start of the file. They are counted from the end of the header."""
    entry = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])[name]
    first, last = entry["data_offsets"]
    array = np.frombuffer(content[first:last], dtype=KINDS[entry["dtype"]]).reshape(entry["shape"])
    return array.T if linear else array


# --- 6 -----------------------------------------------------------------------------------------


def pulled_to(*goals):
    """The gradients of losses |w - goal|²/2, one a worker, in float16."""
    goals = [np.array(goal, dtype=np.float32) for goal in goals]

    def gradient(k, weights, scale):
        with np.errstate(all="ignore"):
            return (np.float32(scale) * (np.asarray(weights, dtype=np.float32) - goals[k])).astype(np.float16)

    return gradient


PAIR = named("w - 0 and w - 4", pulled_to([0], [4]))
BELOW = named("w + 6 and w + 2", pulled_to([-6], [-2]))
OPPOSITE = named("w - 0 and w - 200", pulled_to([0], [200]))
THREE = named("w minus [0, 1], [4, 2], [8, 6]", pulled_to([0, 1], [4, 2], [8, 6]))
FAINT = named("a thousandth of w - 0 and w - 4", lambda k, w, scale: pulled_to([0], [4])(k, w, scale / 1000))
ONE_OVERFLOWS = named("w - 0 and 1000 (w - 4)", lambda k, w, scale: pulled_to([0], [4])(k, w, scale * (1, 1000)[k]))


@exercise("Workers with half the digits", points=4)
def train():
    """Return the weights, in float32, and the factor after some steps of several workers.

    gradient(k, weights, scale) is the gradient of scale times the mean loss of worker k, an array in float16; it may
    hold infinities. In each step worker k uses the scale factor · own rows · workers / all rows. The gradients are
    averaged over the workers, in float32. If each entry of the average is finite, the weights go down by rate times the
    average, divided by factor. Otherwise they stay, and factor is halved. A step that stays counts as a step.

    For two workers with one row each, losses w²/2 and (w - 4)²/2, weights [8], rate 0.5, factor 2 and 1 step the
    gradients are [16] and [8], the average is [12], and the answer is [5] and 2.
    """
    for gradient, weights, rows, steps, rate, factor, about in [
        (PAIR, [8.0], [1, 1], 1, 0.5, 2.0, ""),
        (PAIR, [8.0], [3, 1], 1, 0.5, 2.0, ""),
        (PAIR, [8.0], [1, 3], 3, 0.25, 4.0, ""),
        (THREE, [3.0, -2.0], [2, 5, 1], 2, 0.5, 16.0, ""),
        (PAIR, [8.0], [1, 1], 1, 0.5, 2.0**14, "a step that overflows"),
        (PAIR, [8.0], [3, 1], 6, 0.5, 2.0**16, "steps that overflow"),
        (ONE_OVERFLOWS, [8.0], [1, 1], 5, 1 / 1024, 64.0, "one worker that overflows"),
        (THREE, [3000.0, 2.0], [2, 5, 1], 4, 0.5, 64.0, "one entry that overflows"),
        (BELOW, [-8.0], [1, 3], 1, 0.5, 2.0, ""),
        (OPPOSITE, [100.0], [1, 1], 5, 0.5, 2.0**12, "an infinity of each sign"),
        (FAINT, [8.0], [1, 1], 2, 100.0, 2.0**-14, "gradients that vanish"),
        (PAIR, [30000.0], [1, 1], 2, 0.5, 2.0, "a sum beyond float16"),
        (PAIR, [8.0], [2, 1], 0, 0.5, 2.0, "no step"),
    ]:
        inputs = {
            "gradient": gradient,
            "weights": np.array(weights, dtype=np.float32),
            "rows": rows,
            "steps": steps,
            "rate": rate,
            "factor": factor,
        }
        with np.errstate(all="ignore"):
            expected = scaled(**inputs)
        odd = steps == 0 or about == "a sum beyond float16"
        yield Case(
            inputs, expected, call=as_pair, names=("weights", "factor"), about=about, odd=odd, rtol=1e-5, atol=1e-6
        )


def as_pair(train, *inputs):
    answer = train(*inputs)
    if isinstance(answer, tuple | list) and len(answer) == 2:
        if getattr(answer[0], "dtype", None) == np.float64:
            raise Refused(
                "Your weights come back in float64, twice the bytes of float32. They have to stay in float32: "
                "`np.zeros(n)`, for example, makes float64."
            )
        return answer[0], float(answer[1]) if np.ndim(answer[1]) == 0 else answer[1]
    return answer


def by_rows(rows, k):
    return rows[k] * len(rows) / sum(rows)


def scaled(
    gradient, weights, rows, steps, rate, factor, *, share=by_rows, sums=np.float32, combine=np.mean, skips=True,
    halves=True, unscales=True, sign=-1.0, change=0.5, looks=None, growth=1.0, finite=np.isfinite, kept=np.float32,
):  # fmt: skip
    """A right answer, with switches that make it wrong."""
    for _ in range(steps):
        each = np.array([gradient(k, weights, factor * share(rows, k)).astype(sums) for k in range(len(rows))])
        average = combine(each, axis=0)
        good = finite(looks(each) if looks else average).all()
        if good or not skips:
            weights = kept(weights + np.float32(sign * rate / (factor if unscales else 1.0)) * average)
        if good:
            factor = factor * growth
        elif halves:
            factor = factor * change
    return weights, factor


@train.mistake(whole=True)
def not_weighted(gradient, weights, rows, steps, rate, factor):
    """The workers are not weighted by their rows: each uses the same scale. A worker with more rows counts more."""
    return scaled(gradient, weights, rows, steps, rate, factor, share=lambda rows, k: 1.0)


@train.mistake(whole=True)
def share_alone(gradient, weights, rows, steps, rate, factor):
    """You weight by own rows / all rows and then average as well, so the step is too short by the number of workers.
    The scale has the number of workers in it, too."""
    return scaled(gradient, weights, rows, steps, rate, factor, share=lambda rows, k: rows[k] / sum(rows))


@train.mistake(whole=True)
def summed(gradient, weights, rows, steps, rate, factor):
    """You add the gradients up. With this scale they have to be averaged over the workers."""
    return scaled(gradient, weights, rows, steps, rate, factor, combine=np.sum)


@train.mistake(whole=True)
def never_unscaled(gradient, weights, rows, steps, rate, factor):
    """The average is not divided by the factor, so a larger factor makes larger steps. It must not change the step."""
    return scaled(gradient, weights, rows, steps, rate, factor, unscales=False)


@train.mistake(whole=True)
def uphill(gradient, weights, rows, steps, rate, factor):
    """The weights go up, along the gradient. Subtract it."""
    return scaled(gradient, weights, rows, steps, rate, factor, sign=1.0)


@train.mistake(whole=True)
def never_skips(gradient, weights, rows, steps, rate, factor):
    """You make the step although an entry is not finite, and the weights are lost. Look first, with np.isfinite."""
    return scaled(gradient, weights, rows, steps, rate, factor, skips=False, halves=False)


@train.mistake(whole=True)
def made_and_halved(gradient, weights, rows, steps, rate, factor):
    """You halve the factor where an entry is not finite, and yet you make the step before. A step that overflows must
    not be made: the weights are lost."""
    return scaled(gradient, weights, rows, steps, rate, factor, skips=False)


@train.mistake(whole=True)
def scale_without_the_factor(gradient, weights, rows, steps, rate, factor):
    """The factor is missing in the scale, and the average is divided by it all the same. It has to be in both."""
    return scaled(gradient, weights, rows, steps, rate, factor, share=lambda rows, k: by_rows(rows, k) / factor)


@train.mistake(whole=True)
def weighted_twice(gradient, weights, rows, steps, rate, factor):
    """You give the gradients of larger parts more weight when you average them. Their scale has done that: take the
    plain mean."""

    def with_weights(each, axis):
        return np.sum([n * g for n, g in zip(rows, each, strict=True)], axis=0) / np.float32(sum(rows))

    return scaled(gradient, weights, rows, steps, rate, factor, combine=with_weights)


@train.mistake(whole=True)
def weights_in_float16(gradient, weights, rows, steps, rate, factor):
    """You keep the weights in float16, so they lose digits, and small steps change nothing. Keep them in float32."""
    return scaled(gradient, weights.astype(np.float16), rows, steps, rate, factor, kept=np.float16)


@train.mistake(whole=True)
def infinities_alone(gradient, weights, rows, steps, rate, factor):
    """You look for infinities alone. The average of ∞ and -∞ is nan, which is not finite either: `np.isfinite` is
    False for both."""
    return scaled(gradient, weights, rows, steps, rate, factor, finite=lambda a: ~np.isinf(a))


@train.mistake(whole=True)
def nan_alone(gradient, weights, rows, steps, rate, factor):
    """You look for nan alone. An infinity is not finite either: `np.isfinite` is False for both."""
    return scaled(gradient, weights, rows, steps, rate, factor, finite=lambda a: ~np.isnan(a))


@train.mistake(whole=True)
def grows_after_a_good_step(gradient, weights, rows, steps, rate, factor):
    """Your factor doubles after every step that is made. Here it only ever gets smaller, after a step that is not."""
    return scaled(gradient, weights, rows, steps, rate, factor, growth=2.0)


@train.mistake(whole=True)
def rounded_average(gradient, weights, rows, steps, rate, factor):
    """Your average is rounded to float16. `np.mean` of arrays in float16 gives float16: turn each into float32
    first."""
    return scaled(
        gradient, weights, rows, steps, rate, factor, combine=lambda each, axis: np.float16(np.mean(each, axis=axis))
    )


@train.mistake(whole=True)
def summed_in_float16(gradient, weights, rows, steps, rate, factor):
    """You add the gradients up in float16, where the sum may overflow and loses digits. Turn each into float32 before
    you add it."""
    return scaled(
        gradient, weights, rows, steps, rate, factor, sums=np.float16,
        combine=lambda each, axis: np.float32(sum(each)) / np.float32(len(each)),
    )  # fmt: skip


@train.mistake(whole=True)
def never_halved(gradient, weights, rows, steps, rate, factor):
    """You skip the step, but the factor stays, so the next step overflows again. Halve it."""
    return scaled(gradient, weights, rows, steps, rate, factor, halves=False)


@train.mistake(whole=True)
def doubled(gradient, weights, rows, steps, rate, factor):
    """The factor grows where something overflowed. A smaller one helps: halve it."""
    return scaled(gradient, weights, rows, steps, rate, factor, change=2.0)


@train.mistake(whole=True)
def skipped_steps_repeated(gradient, weights, rows, steps, rate, factor):
    """You repeat a step until nothing overflows. A step that stays counts as a step."""
    for _ in range(steps):
        for _ in range(60):
            after = scaled(gradient, weights, rows, 1, rate, factor)
            if after[1] == factor:
                break
            factor = after[1]
        weights = after[0]
    return weights, factor


@train.mistake(whole=True)
def first_worker_judged(gradient, weights, rows, steps, rate, factor):
    """You look at the first worker's gradient to see whether a step is skipped. If another one overflows, all have to
    skip it."""
    return scaled(gradient, weights, rows, steps, rate, factor, looks=lambda each: each[0])


@train.mistake(whole=True)
def without_a_scale(gradient, weights, rows, steps, rate, factor):
    """The gradients are not scaled with the factor when they are computed, so small ones vanish and nothing overflows.
    The factor has to be in the scale."""
    return scaled(
        lambda k, w, scale: gradient(k, w, scale / factor), weights, rows, steps, rate, factor, unscales=False
    )


@train.mistake(whole=True)
def factor_taken_back(gradient, weights, rows, steps, rate, factor):
    """You return the factor as it was at the start. It has been halved on the way."""
    return scaled(gradient, weights, rows, steps, rate, factor)[0], factor


@train.mistake(whole=True)
def divided_after_halving(gradient, weights, rows, steps, rate, factor):
    """After an overflow you go on with a factor that the gradients do not have: each average is divided by the factor
    at the start. Divide it by the factor that it was computed with."""
    first = factor
    for _ in range(steps):
        after, now = scaled(gradient, weights, rows, 1, rate * factor / first, factor)
        weights, factor = after, now
    return weights, factor


@train.mistake(whole=True)
def averaged_in_float16(gradient, weights, rows, steps, rate, factor):
    """You average in float16, which loses digits, and a sum may overflow. Turn each gradient into float32 first."""
    return scaled(
        gradient,
        weights,
        rows,
        steps,
        rate,
        factor,
        sums=np.float16,
        combine=lambda each, axis: sum(each) / len(each),
    )


def average(gradient, weights, rows, factor):
    each = [gradient(k, weights, factor * by_rows(rows, k)).astype(np.float32) for k in range(len(rows))]
    return np.mean(each, axis=0)


@train.mistake(whole=True)
def halved_and_made(gradient, weights, rows, steps, rate, factor):
    """You halve the factor, and then make the step all the same. Either the one or the other."""
    for _ in range(steps):
        mean = average(gradient, weights, rows, factor)
        if not np.isfinite(mean).all():
            factor = factor / 2
        weights = weights - np.float32(rate / factor) * mean
    return weights, factor


@train.mistake(whole=True)
def one_finite_entry_is_enough(gradient, weights, rows, steps, rate, factor):
    """You make the step if *some* entry is finite. A single infinity is enough to skip it: all have to be finite."""
    for _ in range(steps):
        mean = average(gradient, weights, rows, factor)
        if np.isfinite(mean).any():
            weights = weights - np.float32(rate / factor) * mean
        else:
            factor = factor / 2
    return weights, factor


@train.mistake(whole=True)
def stops(gradient, weights, rows, steps, rate, factor):
    """You stop after the first step that overflows. Go on with the smaller factor."""
    for _ in range(steps):
        weights, now = scaled(gradient, weights, rows, 1, rate, factor)
        if now != factor:
            return weights, now
    return weights, factor


@train.mistake(whole=True)
def one_after_the_other(gradient, weights, rows, steps, rate, factor):
    """The second worker gets weights that the first has already moved. All start a step from the same weights."""
    for _ in range(steps):
        for k, own in enumerate(rows):
            g = gradient(k, weights, factor * own * len(rows) / sum(rows)).astype(np.float32) / len(rows)
            if np.isfinite(g).all():
                weights = weights - np.float32(rate / factor) * g
            else:
                factor = factor / 2
    return weights, factor
