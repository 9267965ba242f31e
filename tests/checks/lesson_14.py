"""Answers to the exercises of lesson 14."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from gradlib import Tensor, nn, no_grad
from gradlib.checks import lesson_14 as check

from .harness import answers_to

sizes = answers_to(check.sizes)


@sizes.right
def one_after_the_other(n, layers):
    result = []
    for k, s, p in layers:
        n = 1 + (n + 2 * p - k) // s
        result.append(n)
    return result


@sizes.right
def by_counting(n, layers):
    result = []
    for k, s, p in layers:
        n = len(range(0, n + 2 * p - k + 1, s))
        result.append(n)
    return tuple(result)


@sizes.wrong("One more window fits")
def steps_only(n, layers):
    result = []
    for k, s, p in layers:
        n = (n + 2 * p - k) // s
        result.append(n)
    return result


@sizes.wrong("added at both ends")
def one_end(n, layers):
    result = []
    for k, s, p in layers:
        n = (n + p - k) // s + 1
        result.append(n)
    return result


@sizes.wrong("The padding is missing")
def no_padding(n, layers):
    return one_after_the_other(n, [(k, s, 0) for k, s, p in layers])


@sizes.wrong("You round up")
def ceiling(n, layers):
    result = []
    for k, s, p in layers:
        n = int(np.ceil((n + 2 * p - k) / s)) + 1
        result.append(n)
    return result


@sizes.wrong("not integers")
def a_division(n, layers):
    result = []
    for k, s, p in layers:
        n = 1 + (n + 2 * p - k) / s
        result.append(n)
    return result


@sizes.wrong("takes the original side")
def from_the_start(n, layers):
    return [(n + 2 * p - k) // s + 1 for k, s, p in layers]


@sizes.wrong("starts with n itself")
def all_sizes(n, layers):
    return [n] + one_after_the_other(n, layers)


@sizes.wrong("the last size alone")
def the_end(n, layers):
    for k, s, p in layers:
        n = (n + 2 * p - k) // s + 1
    return n


def by_rule(rule):
    def answer(n, layers):
        result = []
        for layer in layers:
            n = rule(n, *layer)
            result.append(n)
        return result

    return answer


for words, rule in [
    ("to the nearest integer", lambda n, k, s, p: round((n + 2 * p - k) / s) + 1),
    ("The stride is missing", lambda n, k, s, p: n + 2 * p - k + 1),
    ("before you divide", lambda n, k, s, p: (n + 2 * p - k + 1) // s),
    ("You subtract the padding", lambda n, k, s, p: (n - 2 * p - k) // s + 1),
    ("You add the kernel", lambda n, k, s, p: (n + 2 * p + k) // s + 1),
    ("", lambda n, k, s, p: -(-n // s)),
]:
    sizes.wrong(words)(by_rule(rule))


@sizes.wrong()
def always_same(n, layers):
    return [n for _ in layers]


@sizes.inputs
def _(rng):
    layers = [(int(rng.integers(1, 4)), int(rng.integers(1, 3)), int(rng.integers(0, 3))) for _ in range(3)]
    return {"n": int(rng.integers(24, 40)), "layers": layers}


sees = answers_to(check.receptive_field)


@sees.right
def with_steps(layers):
    seen = step = 1
    for kernel, stride in layers:
        seen, step = seen + (kernel - 1) * step, step * stride
    return seen


@sees.right
def from_the_end(layers):
    seen = 1
    for kernel, stride in reversed(layers):
        seen = (seen - 1) * stride + kernel
    return seen


@sees.wrong("You ignore the strides")
def kernels_alone(layers):
    return 1 + sum(kernel - 1 for kernel, _ in layers)


@sees.wrong("the stride of a layer for its own kernel")
def own_stride(layers):
    seen = step = 1
    for kernel, stride in layers:
        step = step * stride
        seen = seen + (kernel - 1) * step
    return seen


@sees.wrong("add the whole kernel each time")
def k_steps(layers):
    seen = step = 1
    for kernel, stride in layers:
        seen, step = seen + kernel * step, step * stride
    return seen


@sees.wrong("You add up the kernels")
def k_steps_from_zero(layers):
    seen, step = 0, 1
    for kernel, stride in layers:
        seen, step = seen + kernel * step, step * stride
    return seen


@sees.wrong("the layer just before alone")
def previous_stride(layers):
    seen = step = 1
    for kernel, stride in layers:
        seen, step = seen + (kernel - 1) * step, stride
    return seen


@sees.wrong("You add the strides up")
def sum_of_strides(layers):
    seen = step = 1
    for kernel, stride in layers:
        seen, step = seen + (kernel - 1) * step, step + stride - 1
    return seen


@sees.wrong("and yours by those of the layers after it")
def backwards(layers):
    return with_steps(layers[::-1])


@sees.wrong("and yours by those of the layers after it")
def seen_as_from_the_end(layers):
    seen = 1
    for kernel, stride in layers:
        seen = (seen - 1) * stride + kernel
    return seen


@sees.wrong("with no layer an entry is one pixel")
def zero_based(layers):
    return with_steps(layers) - 1


@sees.right
def first_and_last(layers):
    first = last = 0
    for kernel, stride in reversed(layers):
        first, last = stride * first, stride * last + kernel - 1
    return last - first + 1


@sees.wrong("only the pixels that some kernel reads")
def counted_one_by_one(layers):
    pixels = [0]
    for kernel, stride in reversed(layers):
        pixels = [stride * place + i for place in pixels for i in range(kernel)]
    return len(set(pixels))


def by_steps(seen, grow, move):
    def answer(layers):
        result, step = seen, 1
        for kernel, stride in layers:
            result, step = grow(result, step, kernel, stride), move(step, stride)
        return result

    return answer


for words, answer in [
    ("You multiply the kernels", by_steps(1, lambda seen, step, k, s: seen * k, lambda step, s: step)),
    ("stride of its own layer", by_steps(1, lambda seen, step, k, s: seen + (k - 1) * s, lambda step, s: step)),
    (
        "add each stride to the step",
        by_steps(1, lambda seen, step, k, s: seen + (k - 1) * step, lambda step, s: step + s),
    ),
    ("what is seen by the stride", by_steps(1, lambda seen, step, k, s: seen * s + k - 1, lambda step, s: step)),
    ("sum of the kernels", by_steps(0, lambda seen, step, k, s: seen + k, lambda step, s: step)),
    ("", by_steps(1, lambda seen, step, k, s: seen + 2 * (k // 2) * step, lambda step, s: step * s)),
]:
    sees.wrong(words)(answer)


@sees.wrong()
def product(layers):
    return int(np.prod([kernel * stride for kernel, stride in layers]))


@sees.inputs
def _(rng):
    return {"layers": [(int(rng.integers(1, 5)), int(rng.integers(1, 4))) for _ in range(rng.integers(0, 5))]}


kernel = answers_to(check.kernel_vjp)


@kernel.right
def output_by_output(g, x, stride, shape):
    total = np.zeros(shape)
    for r in range(g.shape[0]):
        for c in range(g.shape[1]):
            total += g[r, c] * x[r * stride : r * stride + shape[0], c * stride : c * stride + shape[1]]
    return total


@kernel.right
def entry_by_entry(g, x, stride, shape):
    total = np.zeros(shape)
    rows, columns = g.shape
    for i, j in np.ndindex(*shape):
        met = x[i : i + stride * (rows - 1) + 1 : stride, j : j + stride * (columns - 1) + 1 : stride]
        total[i, j] = (g * met).sum()
    return total


@kernel.right
def with_windows(g, x, stride, shape):
    windows = sliding_window_view(x, shape)[::stride, ::stride]
    return np.tensordot(g, windows, axes=2)


@kernel.wrong("next to each other by one pixel")
def as_in_the_lesson(g, x, stride, shape):
    total = np.zeros(shape)
    for i, j in np.ndindex(*shape):
        total[i, j] = (g * x[i : i + g.shape[0], j : j + g.shape[1]]).sum()
    return total


@kernel.wrong("by one pixel down")
def stride_across(g, x, stride, shape):
    windows = sliding_window_view(x, shape)[: g.shape[0], ::stride]
    return np.tensordot(g, windows, axes=2)


@kernel.wrong("by one pixel across")
def stride_down(g, x, stride, shape):
    windows = sliding_window_view(x, shape)[::stride, : g.shape[1]]
    return np.tensordot(g, windows, axes=2)


@kernel.wrong("g is missing")
def ones(g, x, stride, shape):
    return output_by_output(np.ones(g.shape), x, stride, shape)


@kernel.wrong("is flipped")
def mirrored(g, x, stride, shape):
    return np.flip(with_windows(g, x, stride, shape))


@kernel.wrong("You take the mean")
def mean(g, x, stride, shape):
    return with_windows(g, x, stride, shape) / (g.shape[0] * g.shape[1])


@kernel.wrong("assign where you should add")
def assigned(g, x, stride, shape):
    for r, c in np.ndindex(g.shape):
        total = g[r, c] * x[r * stride : r * stride + shape[0], c * stride : c * stride + shape[1]]
    return total


@kernel.wrong("a g of its own")
def sum_of_g(g, x, stride, shape):
    return g.sum() * sliding_window_view(x, shape)[::stride, ::stride].sum(axis=(0, 1))


@kernel.wrong()
def zeros(g, x, stride, shape):
    return np.zeros(shape)


for words, answer in [
    ("Only the first output", lambda g, x, stride, shape: g[0, 0] * x[: shape[0], : shape[1]]),
    ("by g twice", lambda g, x, stride, shape: output_by_output(g * g, x, stride, shape)),
    ("You divide by the stride", lambda g, x, stride, shape: with_windows(g, x, stride, shape) / stride),
    ("", lambda g, x, stride, shape: with_windows(g, x[::-1], stride, shape)),
]:
    kernel.wrong(words)(answer)


@kernel.wrong("from one entry of the kernel to the next")
def strided_inside(g, x, stride, shape):
    total = np.zeros(shape)
    for i, j in np.ndindex(*shape):
        total[i, j] = (g * np.pad(x, 20)[20 + stride * i :, 20 + stride * j :][: g.shape[0], : g.shape[1]]).sum()
    return total


@kernel.inputs
def _(rng):
    shape, stride = (int(rng.integers(1, 4)), int(rng.integers(1, 4))), int(rng.integers(1, 4))
    g = rng.normal(size=rng.integers(1, 4, size=2))
    sizes = [stride * (n - 1) + k for n, k in zip(g.shape, shape, strict=True)]
    x = rng.normal(size=[size + int(rng.integers(0, stride)) for size in sizes])
    return {"g": g, "x": x, "stride": stride, "shape": shape}


back = answers_to(check.overlap_add)


@back.right
def window_by_window(windows, hop):
    signal = np.zeros((len(windows) - 1) * hop + windows.shape[1])
    for k in range(len(windows)):
        signal[k * hop : k * hop + windows.shape[1]] += windows[k]
    return signal


@back.right
def with_add_at(windows, hop):
    count, size = windows.shape
    places = hop * np.arange(count)[:, None] + np.arange(size)
    signal = np.zeros(places.max() + 1)
    np.add.at(signal, places, windows)
    return signal


@back.right
def place_by_place(windows, hop):
    count, size = windows.shape
    places = range(hop * (count - 1) + size)
    return np.array([sum(windows[k, i - hop * k] for k in range(count) if 0 <= i - hop * k < size) for i in places])


@back.wrong("holds the later one alone")
def assigned_windows(windows, hop):
    signal = np.zeros((len(windows) - 1) * hop + windows.shape[1])
    for k in range(len(windows)):
        signal[k * hop : k * hop + windows.shape[1]] = windows[k]
    return signal


@back.wrong("holds the later one alone")
def repeated_indices(windows, hop):
    count, size = windows.shape
    places = hop * np.arange(count)[:, None] + np.arange(size)
    signal = np.zeros(places.max() + 1)
    signal[places] += windows
    return signal


@back.wrong("stand side by side")
def concatenated(windows, hop):
    return np.concatenate(list(windows))


@back.wrong("you take the mean of them")
def averaged(windows, hop):
    return window_by_window(windows, hop) / window_by_window(np.ones(windows.shape), hop)


@back.wrong("begins at place k")
def hop_forgotten(windows, hop):
    signal = np.zeros((len(windows) - 1) * hop + windows.shape[1])
    for k in range(len(windows)):
        signal[k : k + windows.shape[1]] += windows[k]
    return signal


@back.wrong("Your signal is too long")
def one_hop_too_long(windows, hop):
    return np.append(window_by_window(windows, hop), np.zeros(hop))


@back.wrong("The last window is missing")
def one_short(windows, hop):
    signal = np.zeros((len(windows) - 1) * hop + windows.shape[1])
    for k in range(len(windows) - 1):
        signal[k * hop : k * hop + windows.shape[1]] += windows[k]
    return signal


@back.wrong("on top of each other")
def summed(windows, hop):
    return np.sum(windows, axis=0)


@back.wrong("holds the earlier one alone")
def earlier_kept(windows, hop):
    signal = np.zeros((len(windows) - 1) * hop + windows.shape[1])
    for k in reversed(range(len(windows))):
        signal[k * hop : k * hop + windows.shape[1]] = windows[k]
    return signal


@back.wrong("holds the larger entry")
def larger_kept(windows, hop):
    signal = np.zeros((len(windows) - 1) * hop + windows.shape[1])
    for k in range(len(windows)):
        place = slice(k * hop, k * hop + windows.shape[1])
        signal[place] = np.where(windows[k] > signal[place], windows[k], signal[place])
    return signal


@back.wrong("The first window is missing")
def from_one(windows, hop):
    signal = np.zeros((len(windows) - 1) * hop + windows.shape[1])
    for k in range(1, len(windows)):
        signal[k * hop : k * hop + windows.shape[1]] += windows[k]
    return signal


@back.wrong()
def divided_by_the_count(windows, hop):
    return window_by_window(windows, hop) / len(windows)


@back.wrong("in the reverse order")
def flipped_windows(windows, hop):
    return window_by_window(windows[::-1], hop)


@back.inputs
def _(rng):
    size = int(rng.integers(1, 6))
    return {"windows": rng.normal(size=(int(rng.integers(1, 5)), size)), "hop": int(rng.integers(1, size + 1))}


first = answers_to(check.first_wins)


@first.right
def by_argmax(g, x, size, stride):
    total = np.zeros(x.shape)
    for k in range(len(g)):
        total[k * stride + x[k * stride : k * stride + size].argmax()] += g[k]
    return total


@first.right
def with_views(g, x, size, stride):
    windows = sliding_window_view(x, size)[::stride][: len(g)]
    total = np.zeros(len(x))
    np.add.at(total, windows.argmax(axis=1) + stride * np.arange(len(g)), g)
    return total


@first.right
def by_comparing(g, x, size, stride):
    total = np.zeros(len(x))
    for k, arrived in enumerate(g):
        best = k * stride
        for i in range(k * stride, k * stride + size):
            if x[i] > x[best]:
                best = i
        total[best] += arrived
    return total


@first.wrong("You share g among")
def evenly(g, x, size, stride):
    total = np.zeros(len(x))
    for k in range(len(g)):
        window = slice(k * stride, k * stride + size)
        won = x[window] == x[window].max()
        total[window] += g[k] * won / won.sum()
    return total


@first.wrong("gets all of g in your answer")
def to_all(g, x, size, stride):
    total = np.zeros(len(x))
    for k in range(len(g)):
        window = slice(k * stride, k * stride + size)
        total[window] += g[k] * (x[window] == max(x[window]))
    return total


@first.wrong("your last entry wins")
def last_one(g, x, size, stride):
    total = np.zeros(len(x))
    for k, arrived in enumerate(g):
        best = k * stride
        for i in range(k * stride, k * stride + size):
            if x[i] >= x[best]:
                best = i
        total[best] += arrived
    return total


@first.wrong("It collects from both")
def kept_alone(g, x, size, stride):
    windows = sliding_window_view(x, size)[::stride][: len(g)]
    total = np.zeros(len(x))
    total[windows.argmax(axis=1) + stride * np.arange(len(g))] += g
    return total


@first.wrong("to the smallest entry")
def argmin(g, x, size, stride):
    return by_argmax(g, -x, size, stride)


@first.wrong("so the derivative is 1")
def times_x(g, x, size, stride):
    return by_argmax(g, x, size, stride) * x


@first.wrong("You count how often")
def g_ignored(g, x, size, stride):
    return by_argmax(np.ones(len(g)), x, size, stride)


@first.wrong("counts from the window's beginning")
def offset_forgotten(g, x, size, stride):
    total = np.zeros(len(x))
    for k in range(len(g)):
        total[np.argmax(x[k * stride : k * stride + size])] += g[k]
    return total


@first.wrong("the pooling to the mean")
def mean_pooled(g, x, size, stride):
    total = np.zeros(len(x))
    for k in range(len(g)):
        total[k * stride : k * stride + size] += g[k] / size
    return total


@first.wrong("You add k to the place")
def offset_k(g, x, size, stride):
    total = np.zeros(len(x))
    for k in range(len(g)):
        total[k + np.argmax(x[k * stride : k * stride + size])] += g[k]
    return total


@first.wrong("move on by one entry")
def all_windows(g, x, size, stride):
    return with_views(g, x, size, 1)


@first.wrong("in all of x, and may find an equal one")
def index_in_x(g, x, size, stride):
    total, values = np.zeros(len(x)), x.tolist()
    for k in range(len(g)):
        total[values.index(max(values[k * stride : k * stride + size]))] += g[k]
    return total


@first.wrong("even outside the window")
def equal_in_x(g, x, size, stride):
    total = np.zeros(len(x))
    for k in range(len(g)):
        total[x == x[k * stride : k * stride + size].max()] += g[k]
    return total


@first.wrong("without their signs")
def of_absolute_values(g, x, size, stride):
    return by_argmax(g, np.abs(x), size, stride)


@first.wrong("gets all of its g")
def to_every_entry(g, x, size, stride):
    return mean_pooled(g, x, size, stride) * size


@first.wrong("one entry too short")
def end_left_out(g, x, size, stride):
    total = np.zeros(len(x))
    for k in range(len(g)):
        start, end = stride * k, stride * k + size - 1
        total[start + np.argmax(x[start:end])] += g[k]
    return total


@first.wrong()
def the_largest_of_all(g, x, size, stride):
    total = np.zeros(len(x))
    total[x.argmax()] = g.sum()
    return total


@first.wrong()
def nothing(g, x, size, stride):
    return np.zeros(len(x))


@first.inputs
def _(rng):
    size, stride, count = (int(each) for each in rng.integers(1, 4, size=3))
    x = rng.integers(-2, 3, size=stride * (count - 1) + size).astype(float)
    return {"g": rng.normal(size=count), "x": x, "size": size, "stride": stride}


shift = answers_to(check.commutes)
RIGHT = {"A": "yes", "B": "no", "C": "yes", "D": "no", "E": "yes", "F": "yes", "G": "no", "H": "no"}


@shift.right
def as_a_dictionary():
    return RIGHT


shift.right({name: f" {text.title()} " for name, text in RIGHT.items()})
shift.stub({name: ... for name in RIGHT})
shift.wrong("A ReLU is not linear")({**RIGHT, "A": "no"})
shift.wrong("meets another number")({**RIGHT, "B": "yes"})
shift.wrong("on the ring no place is an edge")({**RIGHT, "C": "no"})
shift.wrong("Follow one pixel in D")({**RIGHT, "D": "yes"})
shift.wrong("does not change when the picture is shifted")({**RIGHT, "E": "no"})
shift.wrong("F looks at the 3 × 3")({**RIGHT, "F": "no", "H": "yes"})
shift.wrong("Blocks are cut between fixed columns")(dict.fromkeys(RIGHT, "yes"))
shift.wrong("meets other weights")({k: {"yes": "no", "no": "yes"}[v] for k, v in RIGHT.items()})
shift.wrong("instead of True and False")({name: text == "yes" for name, text in RIGHT.items()})
shift.wrong()({**RIGHT, "A": "maybe"})
shift.wrong()(list(RIGHT.values()))

net = answers_to(check.network)


@net.right
def step_by_step(x, kernels, biases, weights):
    h = nn.functional.conv2d(x, kernels, biases).relu()
    h = nn.functional.max_pool2d(h, 2)
    return h.reshape(h.shape[0], -1) @ weights


@net.right
def relu_after_the_pooling(x, kernels, biases, weights):
    h = nn.functional.max_pool2d(nn.functional.conv2d(x, kernels, biases), 2)
    return np.matmul(h.relu().flatten(1), weights)


@net.wrong("with all of its three mistakes")
def broken(x, kernels, biases, weights):
    h = nn.functional.conv2d(x, kernels, biases)
    h = Tensor(h.data)
    h = nn.functional.max_pool2d(h.relu(), 2)
    h = h.reshape(weights.shape[0], -1).transpose(1, 0)
    return (h @ weights).relu()


@net.wrong("without a history")
def no_history(x, kernels, biases, weights):
    return step_by_step(x, kernels.detach(), biases.detach(), weights)


@net.wrong("mix numbers of different examples")
def scrambled(x, kernels, biases, weights):
    h = nn.functional.max_pool2d(nn.functional.conv2d(x, kernels, biases).relu(), 2)
    return h.reshape(weights.shape[0], -1).T @ weights


@net.wrong("never below 0")
def relu_at_the_end(x, kernels, biases, weights):
    return step_by_step(x, kernels, biases, weights).relu()


@net.wrong("without a history")
def two_left(x, kernels, biases, weights):
    return scrambled(x, kernels.detach(), biases.detach(), weights)


@net.wrong("never below 0")
def other_two_left(x, kernels, biases, weights):
    return no_history(x, kernels, biases, weights).relu()


@net.wrong("Gradients go through now")
def last_two_left(x, kernels, biases, weights):
    return scrambled(x, kernels, biases, weights).relu()


@net.wrong("The ReLU after the convolution is missing")
def linear(x, kernels, biases, weights):
    return nn.functional.max_pool2d(nn.functional.conv2d(x, kernels, biases), 2).reshape(len(x), -1) @ weights


@net.wrong("You pool to the mean")
def means(x, kernels, biases, weights):
    h = nn.functional.avg_pool2d(nn.functional.conv2d(x, kernels, biases).relu(), 2)
    return h.reshape(len(x), -1) @ weights


@net.wrong("You return probabilities")
def probabilities(x, kernels, biases, weights):
    return nn.functional.softmax(step_by_step(x, kernels, biases, weights), -1)


@net.wrong("biases of the convolution are missing")
def unbiased(x, kernels, biases, weights):
    h = nn.functional.max_pool2d(nn.functional.conv2d(x, kernels).relu(), 2)
    return h.reshape(len(x), -1) @ weights


@net.wrong("biases after the ReLU")
def biased_late(x, kernels, biases, weights):
    h = nn.functional.conv2d(x, kernels).relu() + biases.reshape(1, -1, 1, 1)
    return nn.functional.max_pool2d(h, 2).flatten(1) @ weights


@net.wrong("No gradient reaches the biases")
def biases_as_an_array(x, kernels, biases, weights):
    return step_by_step(x, kernels, Tensor(biases.data), weights)


@net.wrong("belongs between the convolution and the linear layer")
def relu_late(x, kernels, biases, weights):
    return linear(x, kernels, biases, weights).relu()


@net.wrong("No gradient reaches any parameter")
def under_no_grad(x, kernels, biases, weights):
    with no_grad():
        return step_by_step(x, kernels, biases, weights)


@net.wrong("No gradient reaches any parameter")
def scores_without_history(x, kernels, biases, weights):
    return Tensor(step_by_step(x, kernels, biases, weights).data)


@net.wrong("logarithms of probabilities")
def log_probabilities(x, kernels, biases, weights):
    return nn.functional.log_softmax(step_by_step(x, kernels, biases, weights), -1)


@net.wrong("a sigmoid at the end")
def squashed(x, kernels, biases, weights):
    return 1 / (1 + (-step_by_step(x, kernels, biases, weights)).exp())


@net.wrong()
def channels_last(x, kernels, biases, weights):
    h = nn.functional.max_pool2d(nn.functional.conv2d(x, kernels, biases).relu(), 2)
    return h.transpose(1, 3).reshape(len(x), -1) @ weights


@net.wrong()
def not_pooled(x, kernels, biases, weights):
    return nn.functional.conv2d(x, kernels, biases).relu().reshape(len(x), -1) @ weights


@net.wrong()
def an_array(x, kernels, biases, weights):
    return step_by_step(x, kernels, biases, weights).data


@net.wrong()
def transposed_scores(x, kernels, biases, weights):
    return step_by_step(x, kernels, biases, weights).T


@net.inputs
def _(rng):
    channels = int(rng.integers(1, 4))
    return {
        "x": rng.normal(size=(2, 1, 6, 6)),
        "kernels": rng.normal(size=(channels, 1, 3, 3)),
        "biases": rng.normal(size=channels),
        "weights": rng.normal(size=(4 * channels, 10)),
    }
