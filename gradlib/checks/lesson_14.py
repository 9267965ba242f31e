"""The checks of lesson 14."""

import math

import numpy as np

from gradlib import Tensor, nn
from gradlib.checks.cases import Case, Refused
from gradlib.checks.exercises import exercise

TITLE = "Convolutions"


# --- 1 -----------------------------------------------------------------------------------------


@exercise("Sizes on the way", points=2)
def sizes():
    """Return the sizes of a side of n pixels after each of some layers, as a list of integers.

    A layer is a triple (kernel, stride, padding), and each works on what the one before it gives. Every window fits.
    For n = 8 and layers [(3, 1, 0), (2, 2, 0)] the answer is [6, 3].
    """
    for n, layers, about in [
        (5, [(3, 1, 0)], ""),
        (6, [(2, 2, 0)], ""),
        (5, [(3, 1, 1)], "a padding"),
        (8, [(3, 1, 0), (2, 2, 0)], ""),
        (7, [(2, 2, 0)], "a window that would hang over the end"),
        (9, [(2, 4, 0), (2, 1, 0)], "a window that would hang over the end"),
        (8, [(3, 1, 1), (2, 2, 0), (3, 1, 1), (2, 2, 0)], "a padding"),
        (28, [(5, 1, 2), (2, 2, 0), (5, 2, 0), (3, 1, 2)], "a padding"),
        (11, [(4, 3, 1), (1, 1, 0)], "a padding"),
        (4, [(4, 1, 0)], ""),
        (9, [], "no layer"),
    ]:
        yield Case({"n": n, "layers": layers}, sized(n, layers), about=about)


def sized(n, layers, *, padded=2, one=1, inside=0, steps=lambda room, stride: room // stride, chained=True, kernel=1):
    """A right answer, with switches that make it wrong."""
    found, start = [], n
    for k, stride, padding in layers:
        room = (n if chained else start) + padded * padding - kernel * k
        n = steps(room + inside, stride) + one
        found.append(n)
    return found


@sizes.mistake
def no_first_window(n, layers):
    """You count the steps of the window. One more window fits than it makes steps: the first one is there already."""
    return sized(n, layers, one=0)


@sizes.mistake
def padded_once(n, layers):
    """You add the padding once. It is added at both ends."""
    return sized(n, layers, padded=1)


@sizes.mistake
def unpadded(n, layers):
    """The padding is missing: it makes the side longer, at both ends."""
    return sized(n, layers, padded=0)


@sizes.mistake
def rounded_up(n, layers):
    """You round up. A window that would hang over the end is left out."""
    return sized(n, layers, steps=lambda room, stride: -(-room // stride))


@sizes.mistake
def rounded_to_the_nearest(n, layers):
    """You round to the nearest integer, which may be up. A window that would hang over the end is left out."""
    return sized(n, layers, steps=lambda room, stride: round(room / stride))


@sizes.mistake
def stride_left_out(n, layers):
    """The stride is missing. The window starts at every stride-th pixel only."""
    return sized(n, layers, steps=lambda room, stride: room)


@sizes.mistake
def one_before_the_division(n, layers):
    """You add the 1 before you divide. It stands for the first window, and is added to the number of steps."""
    return sized(n, layers, inside=1, one=0)


@sizes.mistake
def padding_taken_away(n, layers):
    """You subtract the padding. It makes the side longer, at both ends."""
    return sized(n, layers, padded=-2)


@sizes.mistake
def kernel_added(n, layers):
    """You add the kernel. The last window starts a kernel before the end, so subtract it."""
    return sized(n, layers, kernel=-1)


@sizes.mistake
def not_rounded(n, layers):
    """Your sizes are not integers. A window fits or it does not: round down with //."""
    found = []
    for k, stride, padding in layers:
        n = (n + 2 * padding - k) / stride + 1
        found.append(n)
    return found


@sizes.mistake
def each_alone(n, layers):
    """Every layer of yours takes the original side. Each works on what the one before it gives."""
    return sized(n, layers, chained=False)


@sizes.mistake
def kernel_ignored(n, layers):
    """Your sizes ignore the kernel. The last window starts a kernel before the end."""
    return sized(n, layers, kernel=0, one=0)


@sizes.mistake
def with_the_start(n, layers):
    """Your list starts with n itself. The answer has one size for each layer."""
    return [n, *sized(n, layers)]


@sizes.mistake
def the_last_alone(n, layers):
    """You return the last size alone. The answer is a list with the size after each layer."""
    return sized(n, layers)[-1] if layers else n


# --- 2 -----------------------------------------------------------------------------------------


@exercise("How far does it see?", points=2)
def receptive_field():
    """Return how many pixels across one entry of the last output sees, an integer: from the first pixel that it depends
    on to the last.

    layers is a list of pairs (kernel, stride), the first layer first. Pixels in between that no kernel reads count,
    too. For [(3, 1), (3, 1)] the answer is 5, and for [(2, 2), (3, 1)] it is 6.
    """
    for layers, about in [
        ([(3, 1)], ""),
        ([(3, 1), (3, 1)], ""),
        ([(2, 2), (3, 1)], ""),
        ([(3, 2), (2, 1)], ""),
        ([(3, 1), (3, 1), (2, 2), (3, 1)], ""),
        ([(5, 2), (3, 2), (3, 2)], ""),
        ([(1, 3), (2, 1), (4, 2), (2, 5)], "a kernel of one pixel"),
        ([(2, 2), (2, 2), (2, 2)], ""),
        ([], "no layer"),
    ]:
        yield Case({"layers": layers}, field(layers), about=about)


def field(layers, *, before=False, strided=True, less=1, added=False):
    """A right answer, with switches that make it wrong."""
    seen, step = 1, 1
    for kernel, stride in layers:
        if before:
            step *= stride
        seen += (kernel - less) * step
        if not before:
            step = (step + stride - 1 if added else step * stride) if strided else 1
    return seen


@receptive_field.mistake
def strides_ignored(layers):
    """You ignore the strides. After a layer with stride 2 neighbours stand two pixels apart, so the next kernel reaches
    twice as far."""
    return field(layers, strided=False)


@receptive_field.mistake
def stride_too_early(layers):
    """You use the stride of a layer for its own kernel. Its window reads neighbours of the layer *before*; the stride
    counts from the next layer on."""
    return field(layers, before=True)


@receptive_field.mistake
def whole_kernels(layers):
    """You add the whole kernel each time. A kernel of k reaches over k - 1 steps, from its first entry to its last."""
    return field(layers, less=0)


@receptive_field.mistake
def whole_kernels_from_nothing(layers):
    """You add up the kernels. The first entry of a kernel is seen already: each adds k - 1 steps."""
    return field(layers, less=0) - 1


@receptive_field.mistake
def last_stride_only(layers):
    """You use the stride of the layer just before alone. All strides before it count: steps of 2 of steps of 2 are
    steps of 4."""
    seen, step = 1, 1
    for kernel, stride in layers:
        seen += (kernel - 1) * step
        step = stride
    return seen


@receptive_field.mistake
def strides_added(layers):
    """You add the strides up. Steps of 2 of steps of 2 are steps of 4, so they multiply: three of them make 8."""
    return field(layers, added=True)


@receptive_field.mistake
def from_the_end(layers):
    """A kernel is widened by the strides of the layers *before* it, and yours by those of the layers after it. Going
    from the first layer on, multiply only the step by the stride. What is seen is multiplied by it only when you go
    from the last layer on."""
    return field(layers[::-1])


@receptive_field.mistake
def without_gaps(layers):
    """You count only the pixels that some kernel reads. Those that are skipped in between count, too."""
    pixels = {0}
    for kernel, stride in reversed(layers):
        pixels = {stride * place + i for place in pixels for i in range(kernel)}
    return len(pixels)


@receptive_field.mistake
def kernels_multiplied(layers):
    """You multiply the kernels. A kernel of k adds k - 1 steps to what is seen."""
    return math.prod(kernel for kernel, _ in layers)


@receptive_field.mistake
def own_stride_alone(layers):
    """You multiply each kernel's steps by the stride of its own layer. What counts are the strides of all layers before
    it."""
    return 1 + sum((kernel - 1) * stride for kernel, stride in layers)


@receptive_field.mistake
def strides_summed(layers):
    """You add each stride to the step. Steps of 2 of steps of 2 are steps of 4, so multiply the step by it."""
    seen, step = 1, 1
    for kernel, stride in layers:
        seen += (kernel - 1) * step
        step += stride
    return seen


@receptive_field.mistake
def seen_multiplied(layers):
    """You multiply what is seen by the stride. Going from the first layer on, only the step is multiplied by it."""
    seen = 1
    for kernel, stride in layers:
        seen = seen * stride + kernel - 1
    return seen


@receptive_field.mistake
def kernels_added(layers):
    """Your answer is the sum of the kernels. Each adds k - 1 steps only, and a step grows with the strides."""
    return sum(kernel for kernel, _ in layers)


@receptive_field.mistake
def from_zero(layers):
    """You are one off: with no layer an entry is one pixel and sees 1."""
    return field(layers) - 1


# --- 3 -----------------------------------------------------------------------------------------


def integers(rng, *shape):
    """Small integers, none of them 0."""
    return rng.choice([-3.0, -2.0, -1.0, 1.0, 2.0, 3.0, 4.0], size=shape)


@exercise("The kernel's gradient, with a stride", points=3)
def kernel_vjp():
    """Return the gradient of a kernel that moves by `stride` pixels, down and across, an array of the given shape.

    g is the gradient that arrives at the outputs, x the image. Output (r, c) is the sum of the kernel times the window
    that starts at row stride · r and column stride · c. x may have rows and columns that no window reaches.

    For x = [[1, 2, 3, 4, 5]], g = [[1, 10]], stride 2 and shape (1, 2) the answer is [[31, 42]].
    """
    rng = np.random.default_rng(0)
    for size, stride, shape, about in [
        ((1, 5), 2, (1, 2), ""),
        ((3, 3), 1, (2, 2), ""),
        ((5, 1), 2, (3, 1), ""),
        ((5, 5), 2, (3, 3), ""),
        ((6, 9), 3, (2, 3), ""),
        ((7, 8), 2, (2, 3), "columns that no window reaches"),
        ((4, 4), 2, (1, 1), ""),
    ]:
        x = np.arange(1.0, 6.0).reshape(1, 5) if size == (1, 5) else integers(rng, *size)
        outputs = [(n - k) // stride + 1 for n, k in zip(size, shape, strict=True)]
        g = np.array([[1.0, 10.0]]) if size == (1, 5) else integers(rng, *outputs)
        yield Case({"g": g, "x": x, "stride": stride, "shape": shape}, by_kernel(g, x, stride, shape), about=about)
    inputs = {"g": integers(rng, 2, 3) / 2, "x": integers(rng, 5, 6) / 7, "stride": 2, "shape": (3, 2)}
    yield Case(inputs, by_kernel(**inputs), about="numbers that are not integers")


def by_kernel(g, x, stride, shape, weigh=lambda g: g):
    total = np.zeros(shape)
    for r, c in np.ndindex(g.shape):
        total += weigh(g[r, c]) * x[stride * r :, stride * c :][: shape[0], : shape[1]]
    return total


@kernel_vjp.mistake
def stride_ignored(g, x, stride, shape):
    """Your windows stand next to each other by one pixel. Output (r, c) read the window that starts at row stride · r
    and column stride · c."""
    return by_kernel(g, x, 1, shape)


@kernel_vjp.mistake
def across_only(g, x, stride, shape):
    """Your window moves by the stride across, and by one pixel down. It moves by the stride both ways."""
    return _moved(g, x, (1, stride), shape)


@kernel_vjp.mistake
def down_only(g, x, stride, shape):
    """Your window moves by the stride down, and by one pixel across. It moves by the stride both ways."""
    return _moved(g, x, (stride, 1), shape)


def _moved(g, x, strides, shape):
    total = np.zeros(shape)
    for r, c in np.ndindex(g.shape):
        total += g[r, c] * x[strides[0] * r :, strides[1] * c :][: shape[0], : shape[1]]
    return total


@kernel_vjp.mistake
def g_left_out(g, x, stride, shape):
    """g is missing: you add up the windows as they are. Each output sends its own g times its window."""
    return by_kernel(g, x, stride, shape, weigh=lambda g: 1.0)


@kernel_vjp.mistake
def flipped(g, x, stride, shape):
    """Your gradient is flipped. Entry (0, 0) of the kernel was multiplied by the first pixel of each window."""
    return by_kernel(g, x, stride, shape)[::-1, ::-1]


@kernel_vjp.mistake
def averaged(g, x, stride, shape):
    """You take the mean over the outputs. Contributions of several users are added."""
    return by_kernel(g, x, stride, shape) / g.size


@kernel_vjp.mistake
def the_last_output(g, x, stride, shape):
    """Only the last output counts in your answer: you assign where you should add."""
    r, c = g.shape[0] - 1, g.shape[1] - 1
    return g[r, c] * x[stride * r :, stride * c :][: shape[0], : shape[1]]


@kernel_vjp.mistake
def the_first_output(g, x, stride, shape):
    """Only the first output counts in your answer. Every output used the kernel, so return after the loops."""
    return by_kernel(g[:1, :1], x, stride, shape)


@kernel_vjp.mistake
def stride_inside(g, x, stride, shape):
    """You move by the stride from one entry of the kernel to the next. The windows are a stride apart; the pixels in a
    window are neighbours."""
    x, total = np.pad(x, [(0, stride * n) for n in shape]), np.zeros(shape)
    for i, j in np.ndindex(*shape):
        total[i, j] = (g * x[stride * i :, stride * j :][: g.shape[0], : g.shape[1]]).sum()
    return total


@kernel_vjp.mistake
def g_squared(g, x, stride, shape):
    """You multiply by g twice. Each output sends its g once, times its window."""
    return by_kernel(g, x, stride, shape, weigh=lambda g: g**2)


@kernel_vjp.mistake
def divided_by_stride(g, x, stride, shape):
    """You divide by the stride. It says where a window starts, and changes no contribution."""
    return by_kernel(g, x, stride, shape) / stride


@kernel_vjp.mistake
def total_g(g, x, stride, shape):
    """You multiply the sum of g by the sum of the windows. Each window has a g of its own."""
    return by_kernel(g, x, stride, shape, weigh=lambda g: 1.0) * g.sum()


# --- 4 -----------------------------------------------------------------------------------------


@exercise("Windows added back", points=2)
def overlap_add():
    """Return the signal that windows make which are added where they belong: hop · (count - 1) + size numbers.

    windows is an array (count, size); window k belongs at the places from hop · k on. hop is at most size. For windows
    [[1, 2, 3], [10, 20, 30]] and hop 2 the answer is [1, 2, 13, 20, 30].
    """
    rng = np.random.default_rng(0)
    for windows, hop, about in [
        (np.array([[1.0, 2.0, 3.0], [10.0, 20.0, 30.0]]), 2, ""),
        (np.array([[1.0, 2.0], [10.0, 20.0], [100.0, 200.0]]), 1, ""),
        (np.array([[1.0, 2.0], [3.0, 4.0]]), 2, "windows that do not overlap"),
        (integers(rng, 4, 5), 2, "windows that overlap with two others"),
        (integers(rng, 5, 4), 1, "windows that overlap with two others"),
        (integers(rng, 1, 3), 2, "one window"),
        (integers(rng, 3, 1), 1, "windows that do not overlap"),
        (integers(rng, 3, 4) / 7, 3, "numbers that are not integers"),
    ]:
        yield Case({"windows": windows, "hop": hop}, added(windows, hop), about=about)


def added(windows, hop):
    count, size = windows.shape
    signal = np.zeros(hop * (count - 1) + size)
    for k in range(count):
        signal[hop * k :][:size] += windows[k]
    return signal


@overlap_add.mistake
def the_later_wins(windows, hop):
    """Where windows overlap, your signal holds the later one alone. What arrives at an entry is added: += and not =."""
    signal = np.zeros(hop * (len(windows) - 1) + windows.shape[1])
    for k, window in enumerate(windows):
        signal[hop * k :][: len(window)] = window
    return signal


@overlap_add.mistake
def side_by_side(windows, hop):
    """Your windows stand side by side. They overlap: window k begins at hop · k."""
    return windows.ravel()


@overlap_add.mistake
def a_mean(windows, hop):
    """Where windows overlap you take the mean of them. They are added."""
    return added(windows, hop) / added(np.ones(windows.shape), hop)


@overlap_add.mistake
def by_one(windows, hop):
    """Window k begins at place k in your signal. It begins at hop · k."""
    signal = np.zeros(hop * (len(windows) - 1) + windows.shape[1])
    signal[: len(windows) + windows.shape[1] - 1] = added(windows, 1)[: len(signal)]
    return signal


@overlap_add.mistake
def hops_exchanged(windows, hop):
    """Your windows move on by size - hop, which is how much they overlap. They move on by hop."""
    return added(windows, max(windows.shape[1] - hop, 0)) if windows.shape[1] > hop else windows.sum(axis=0)


@overlap_add.mistake
def the_earlier_wins(windows, hop):
    """Where windows overlap, your signal holds the earlier one alone. They are added there."""
    later = windows[1:, windows.shape[1] - hop :]
    return np.concatenate([windows[0], later.ravel()])


@overlap_add.mistake
def the_larger_wins(windows, hop):
    """Where windows overlap, your signal holds the larger entry. The entries are added."""
    signal = np.zeros(hop * (len(windows) - 1) + windows.shape[1])
    for k, window in enumerate(windows):
        signal[hop * k :][: len(window)] = np.maximum(signal[hop * k :][: len(window)], window)
    return signal


@overlap_add.mistake
def first_left_out(windows, hop):
    """The first window is missing in your signal. Windows are counted from 0."""
    signal = added(windows, hop)
    signal[: windows.shape[1]] -= windows[0]
    return signal


@overlap_add.mistake
def in_reverse(windows, hop):
    """Your windows stand in the reverse order. Window 0 comes first."""
    return added(windows[::-1], hop)


@overlap_add.mistake
def too_long(windows, hop):
    """Your signal is too long: zeros stand after the last window. It ends where that window ends."""
    signal = added(windows, hop)
    return np.concatenate([signal, np.zeros(hop * len(windows) + windows.shape[1] - len(signal))])


@overlap_add.mistake
def last_left_out(windows, hop):
    """The last window is missing in your signal."""
    signal = added(windows, hop)
    signal[hop * (len(windows) - 1) :] -= windows[-1]
    return signal


@overlap_add.mistake
def all_at_the_start(windows, hop):
    """You add the windows on top of each other. Window k begins at hop · k."""
    return windows.sum(axis=0)


# --- 5 -----------------------------------------------------------------------------------------


@exercise("The first one wins", points=3)
def first_wins():
    """Return the gradient of a signal x under a pooling to the largest entry, where the first wins at a tie.

    Window k holds the entries from stride · k to stride · k + size - 1, one window for each entry of g. Each sends its
    g to its largest entry. An entry that wins in several windows collects from each.

    For x = [1, 3, 3, 0], size 2, stride 1 and g = [1, 10, 100] the answer is [0, 11, 100, 0].
    """
    for x, size, stride, g, about in [
        ([1.0, 2.0, 4.0, 3.0], 2, 2, [1.0, 10.0], ""),
        ([1.0, 5.0, 2.0, 4.0], 2, 1, [1.0, 10.0, 100.0], "windows that overlap"),
        ([1.0, 3.0, 3.0, 0.0], 2, 1, [1.0, 10.0, 100.0], "ties"),
        ([2.0, 2.0, 2.0, 0.0, 0.0, 0.0], 3, 3, [1.0, 10.0], "ties"),
        ([-1.0, -2.0, -3.0, -3.0, -5.0], 2, 1, [2.0, -3.0, 5.0, 7.0], "negative entries"),
        ([0.0, 7.0, 1.0, 7.0, 7.0, 2.0, 3.0], 3, 2, [1.0, 10.0, -100.0], "ties"),
        ([-3.0, 2.0, -4.0, 1.0], 2, 1, [1.0, 10.0, 100.0], "negative entries"),
        ([4.0, 1.0, 3.0], 1, 2, [3.0, -2.0], "windows of one entry"),
        ([0.0, 1.0, 2.0, 1.0, 0.0], 3, 1, [1 / 7, 0.25, -2.0], "windows that overlap"),
    ]:
        inputs = {"g": np.array(g), "x": np.array(x), "size": size, "stride": stride}
        yield Case(inputs, pooled(**inputs), about=about)


def pooled(g, x, size, stride, *, which=np.argmax, add=True, sent=lambda g, window: g):
    """A right answer, with switches that make it wrong."""
    by_x = np.zeros(len(x))
    for k in range(len(g)):
        window = x[stride * k : stride * k + size]
        place = stride * k + which(window)
        by_x[place] = add * by_x[place] + sent(g[k], window)
    return by_x


@first_wins.mistake
def shared(g, x, size, stride):
    """You share g among the entries that tie. Here the first of them gets all of it."""
    return _among_the_largest(g, x, size, stride, lambda won: won / won.sum())


@first_wins.mistake
def all_that_tie(g, x, size, stride):
    """Every entry that ties gets all of g in your answer, so that more is sent back than arrived. The first gets it."""
    return _among_the_largest(g, x, size, stride, lambda won: won)


def _among_the_largest(g, x, size, stride, share):
    by_x = np.zeros(len(x))
    for k in range(len(g)):
        window = x[stride * k : stride * k + size]
        by_x[stride * k : stride * k + size] += g[k] * share((window == window.max()).astype(float))
    return by_x


@first_wins.mistake
def last_wins(g, x, size, stride):
    """At a tie your last entry wins. Here the first does."""
    return pooled(g, x, size, stride, which=lambda window: len(window) - 1 - np.argmax(window[::-1]))


@first_wins.mistake
def overwritten(g, x, size, stride):
    """An entry that wins in two windows keeps the later g alone in your answer. It collects from both: += and not =."""
    return pooled(g, x, size, stride, add=False)


@first_wins.mistake
def smallest(g, x, size, stride):
    """You send g to the smallest entry of each window. The largest one made the output."""
    return pooled(g, x, size, stride, which=np.argmin)


@first_wins.mistake
def times_the_value(g, x, size, stride):
    """You multiply g by the winning entry. The output *is* that entry, so the derivative is 1."""
    return pooled(g, x, size, stride, sent=lambda g, window: g * window.max())


@first_wins.mistake
def counted(g, x, size, stride):
    """You count how often each entry wins. Each window sends its g."""
    return pooled(g, x, size, stride, sent=lambda g, window: 1.0)


@first_wins.mistake
def place_in_the_window(g, x, size, stride):
    """`np.argmax` of a window counts from the window's beginning. Add stride · k to get a place in x."""
    by_x = np.zeros(len(x))
    for k in range(len(g)):
        by_x[np.argmax(x[stride * k : stride * k + size])] += g[k]
    return by_x


@first_wins.mistake
def k_added(g, x, size, stride):
    """You add k to the place in the window. Window k begins at stride · k."""
    by_x = np.zeros(len(x))
    for k in range(len(g)):
        by_x[k + np.argmax(x[stride * k : stride * k + size])] += g[k]
    return by_x


@first_wins.mistake
def moved_by_one(g, x, size, stride):
    """Your windows move on by one entry. Window k begins at stride · k."""
    return pooled(g, x, size, 1)


@first_wins.mistake
def searched_everywhere(g, x, size, stride):
    """You look for the window's largest value in all of x, and may find an equal one before the window. Look in the
    window alone."""
    by_x = np.zeros(len(x))
    for k in range(len(g)):
        by_x[np.argmax(x == x[stride * k : stride * k + size].max())] += g[k]
    return by_x


@first_wins.mistake
def everywhere(g, x, size, stride):
    """Every entry of x that equals the largest one of a window gets its g, even outside the window. The first one in
    the window gets it."""
    return sum(g[k] * (x == x[stride * k : stride * k + size].max()) for k in range(len(g)))


@first_wins.mistake
def without_signs(g, x, size, stride):
    """You compare entries without their signs. -2 is larger than -3."""
    return pooled(g, x, size, stride, which=lambda window: np.argmax(abs(window)))


@first_wins.mistake
def to_whole_windows(g, x, size, stride):
    """Every entry of a window gets all of its g. Only the largest entry made the output."""
    return _among_the_largest(g, x, size, stride, np.ones_like)


@first_wins.mistake
def one_too_short(g, x, size, stride):
    """Your windows are one entry too short. A slice leaves out its end: it has to go up to stride · k + size."""
    return pooled(g, x, size - 1, stride)


@first_wins.mistake
def equal_parts(g, x, size, stride):
    """Every entry of a window gets an equal part of g: this is the pooling to the mean."""
    return _among_the_largest(g, x, size, stride, lambda won: np.full(len(won), 1 / len(won)))


# --- 6 -----------------------------------------------------------------------------------------


@exercise("What commutes with a shift?", points=2)
def commutes():
    """Return for each of eight operations whether it commutes with a shift on a ring, as a dictionary from "A" to "H"
    to the texts "yes" and "no".

    A: a ReLU of each pixel. B: add an array of numbers that are all different. C: a convolution on the ring.
    D: exchange left and right. E: subtract the mean of the whole picture. F: every pixel becomes the largest of the
    3 × 3 around it on the ring. G: every pixel becomes the largest of its block of 2 × 2. H: a linear layer with
    random weights.
    """
    yield Case(
        expected={"A": "yes", "B": "no", "C": "yes", "D": "no", "E": "yes", "F": "yes", "G": "no", "H": "no"},
        words=("yes", "no"),
    )


@commutes.mistake
def as_truth_values():
    """Write the texts "yes" and "no" instead of True and False."""
    return {name: answer == "yes" for name, answer in next(iter(commutes.cases())).expected.items()}


@commutes.mistake
def relu_not():
    """A ReLU is not linear, but it treats every pixel alike. Where does a pixel stand after A, and what is in it?"""
    return {"A": "no"}


@commutes.mistake
def biases_too():
    """B adds a number of its own at each place. The pixel that was shifted meets another number."""
    return {"B": "yes"}


@commutes.mistake
def convolution_not():
    """The kernel is the same at every place, and on the ring no place is an edge. So what can C tell of a shift?"""
    return {"C": "no"}


@commutes.mistake
def exchange_too():
    """Exchanging left and right turns a shift to the right into a shift to the left. Follow one pixel in D."""
    return {"D": "yes"}


@commutes.mistake
def mean_not():
    """The mean of the whole picture does not change when the picture is shifted on a ring. So what about E?"""
    return {"E": "no"}


@commutes.mistake
def neighbours_not():
    """F looks at the 3 × 3 pixels around each pixel, wherever that is. Where does a bright pixel's square of nine go
    when the picture is shifted?"""
    return {"F": "no"}


@commutes.mistake
def blocks_too():
    """Blocks are cut between fixed columns. Shift a bright pixel by one, out of its block: what changes in G?"""
    return {"G": "yes"}


@commutes.mistake
def every_linear_layer():
    """In H every place has a row of weights of its own. A pixel that was shifted meets other weights."""
    return {"H": "yes"}


# --- 7 -----------------------------------------------------------------------------------------


NAMES = ("scores", "gradient of kernels", "gradient of biases", "gradient of weights")


@exercise("A network at 10 %", points=4)
def network():
    """Return the scores of a small network, a Tensor (N, 10), through which gradients reach its parameters.

    A convolution with biases, a ReLU, a pooling by 2 to the largest entry, all numbers of an example in a row, and a
    linear layer without biases. x is a Tensor (N, 1, H, W), kernels (C, 1, 3, 3), biases (C,), weights (features, 10).
    """
    rng = np.random.default_rng(0)
    for count, size, channels, about in [
        (1, (6, 4), 1, ""),
        (2, (6, 4), 1, ""),
        (2, (4, 6), 2, "two channels"),
        (3, (8, 8), 4, "four channels"),
    ]:
        features = channels * ((size[0] - 2) // 2) * ((size[1] - 2) // 2)
        inputs = {
            "x": rng.normal(size=(count, 1, *size)),
            "kernels": rng.normal(size=(channels, 1, 3, 3)),
            "biases": rng.normal(size=channels),
            "weights": rng.normal(size=(features, 10)),
        }
        yield Case(inputs, with_gradients(scores, **inputs), call=with_gradients, names=NAMES, about=about, rtol=1e-6)


def with_gradients(network, x, kernels, biases, weights):
    """The scores, and the gradients of a fixed loss of them with respect to the parameters."""
    parameters = [Tensor(each, requires_grad=True) for each in (kernels, biases, weights)]
    z = network(Tensor(x), *parameters)
    if not isinstance(z, Tensor):
        raise Refused(f"Your network returned {type(z).__name__}. The answer is a Tensor of shape ({len(x)}, 10).")
    if z.shape != (len(x), 10):
        raise Refused(f"Your network returned shape {z.shape}. The answer has a row for each example: ({len(x)}, 10).")
    if z.requires_grad:
        (z * np.random.default_rng(1).normal(size=z.shape)).sum().backward()
    found = [np.zeros(p.shape) if p.grad is None else np.asarray(getattr(p.grad, "data", p.grad)) for p in parameters]
    return (z.data, *found)


def scores(
    x, kernels, biases, weights, *, cut=False, mixed=False, clipped=False, relu=True, pool="max", late=None, last=None
):
    """A right network, with switches that make it wrong."""
    h = nn.functional.conv2d(x, kernels, biases)
    h = Tensor(h.data) if cut else h
    h = h.relu() if relu else h
    h = h + late.reshape(1, -1, 1, 1) if late is not None else h
    h = nn.functional.max_pool2d(h, 2) if pool == "max" else nn.functional.avg_pool2d(h, 2)
    h = h.reshape(weights.shape[0], -1).transpose(1, 0) if mixed else h.reshape(len(h), -1)
    z = h @ weights
    z = z.relu() if clipped else z
    return last(z) if last else z


@network.mistake(whole=True)
def as_it_was(x, kernels, biases, weights):
    """This is the broken network, with all of its three mistakes."""
    return scores(x, kernels, biases, weights, cut=True, mixed=True, clipped=True)


@network.mistake
def cut_off(x, kernels, biases, weights):
    """No gradient reaches the kernels and the biases: `Tensor(h.data)` is a tensor without a history."""
    return scores(x, kernels, biases, weights, cut=True)


@network.mistake
def examples_mixed(x, kernels, biases, weights):
    """Your rows mix numbers of different examples. A reshape keeps the order in which numbers are stored, so N has to
    stay in front."""
    return scores(x, kernels, biases, weights, mixed=True)


@network.mistake
def clipped(x, kernels, biases, weights):
    """Your scores are never below 0, since a ReLU is the last operation. A wrong digit must be able to get a low score,
    and where a score is 0 no gradient comes back."""
    return scores(x, kernels, biases, weights, clipped=True)


@network.mistake(whole=True)
def mixed_and_clipped(x, kernels, biases, weights):
    """Gradients go through now; two mistakes are left. What stands in row 0 before the matrix product, and which scores
    can you never get?"""
    return scores(x, kernels, biases, weights, mixed=True, clipped=True)


@network.mistake
def without_relu(x, kernels, biases, weights):
    """The ReLU after the convolution is missing."""
    return scores(x, kernels, biases, weights, relu=False)


@network.mistake
def mean_pooling(x, kernels, biases, weights):
    """You pool to the mean. The pooling takes the largest entry of each block."""
    return scores(x, kernels, biases, weights, pool="mean")


@network.mistake
def with_a_softmax(x, kernels, biases, weights):
    """You return probabilities. The cross-entropy of lesson 09 has the softmax in it and takes scores."""
    return scores(x, kernels, biases, weights, last=lambda z: nn.functional.softmax(z, -1))


@network.mistake
def without_biases(x, kernels, biases, weights):
    """The biases of the convolution are missing."""
    return scores(x, kernels, np.zeros(biases.shape), weights)


@network.mistake(whole=True)
def biases_after_the_relu(x, kernels, biases, weights):
    """You add the biases after the ReLU. They belong to the convolution, before it."""
    return scores(x, kernels, np.zeros(biases.shape), weights, late=biases)


@network.mistake
def biases_cut_off(x, kernels, biases, weights):
    """No gradient reaches the biases: give the convolution the tensor itself, and not its data."""
    return scores(x, kernels, biases.detach(), weights)


@network.mistake(whole=True)
def relu_moved(x, kernels, biases, weights):
    """Your ReLU is the last operation. It belongs between the convolution and the linear layer, and the scores stay as
    they are."""
    return scores(x, kernels, biases, weights, relu=False, clipped=True)


@network.mistake(whole=True)
def all_cut_off(x, kernels, biases, weights):
    """No gradient reaches any parameter: your scores have no history. `Tensor(z.data)` has none, and under `no_grad`
    nothing is recorded."""
    return scores(x, kernels, biases, weights).detach()


@network.mistake
def with_a_log_softmax(x, kernels, biases, weights):
    """You return logarithms of probabilities. The cross-entropy of lesson 09 takes the scores themselves."""
    return scores(x, kernels, biases, weights, last=lambda z: nn.functional.log_softmax(z, -1))


@network.mistake
def with_a_sigmoid(x, kernels, biases, weights):
    """There is a sigmoid at the end. The cross-entropy of lesson 09 takes the scores themselves."""
    return scores(x, kernels, biases, weights, last=lambda z: z.sigmoid())
