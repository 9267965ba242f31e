"""Answers to the exercises of lesson 19."""

import json
import struct

import numpy as np

from gradlib.checks import lesson_19 as check
from gradlib.checks.cases import Case

from .harness import answers_to

conv_cost = answers_to(check.conv_cost)


@conv_cost.right
def from_the_results(images, kernel, first):
    N, C, H, W = images
    kernels, _, k, w = kernel
    results = N * kernels * (H - k + 1) * (W - w + 1)
    forward = results * 2 * C * k * w
    return (forward, forward) if first else (forward, 2 * forward)


@conv_cost.right
def as_a_product_of_matrices(images, kernel, first):
    windows = images[0] * (images[2] + 1 - kernel[2]) * (images[3] + 1 - kernel[3])
    forward = 2 * windows * int(np.prod(kernel))
    return [forward, forward * (2 - first)]


@conv_cost.wrong("You count the products alone")
def one_each(images, kernel, first):
    return tuple(n // 2 for n in from_the_results(images, kernel, first))


@conv_cost.wrong("You take as many results as there are pixels")
def padded(images, kernel, first):
    N, C, H, W = images
    return from_the_results((N, C, H + kernel[2] - 1, W + kernel[3] - 1), kernel, first)


@conv_cost.wrong("You take H - k places")
def off_by_one(images, kernel, first):
    N, C, H, W = images
    return from_the_results((N, C, H - 1, W - 1), kernel, first)


@conv_cost.wrong("The channels C are missing")
def one_channel(images, kernel, first):
    N, C, H, W = images
    return from_the_results((N, 1, H, W), kernel, first)


@conv_cost.wrong("O is missing")
def one_kernel(images, kernel, first):
    return from_the_results(images, (1, *kernel[1:]), first)


@conv_cost.wrong("This is the cost of one image")
def one_image(images, kernel, first):
    return from_the_results((1, *images[1:]), kernel, first)


@conv_cost.wrong("always twice")
def twice(images, kernel, first):
    return from_the_results(images, kernel, False)


@conv_cost.wrong("always costs as much as")
def the_same(images, kernel, first):
    return from_the_results(images, kernel, True)


@conv_cost.wrong("the wrong way round")
def turned(images, kernel, first):
    return from_the_results(images, kernel, not first)


@conv_cost.wrong("includes the forward pass")
def a_whole_step(images, kernel, first):
    forward, backward = from_the_results(images, kernel, first)
    return forward, forward + backward


@conv_cost.wrong("k by k")
def square(images, kernel, first):
    return from_the_results(images, (*kernel[:3], kernel[2]), first)


@conv_cost.wrong("You sum k · k products")
def square_windows(images, kernel, first):
    forward, backward = from_the_results(images, kernel, first)
    return forward // kernel[3] * kernel[2], backward // kernel[3] * kernel[2]


@conv_cost.wrong("one product for each result")
def one_product(images, kernel, first):
    N, C, H, W = images
    forward = 2 * N * C * kernel[0] * (H - kernel[2] + 1) * (W - kernel[3] + 1)
    return forward, forward * (1 if first else 2)


@conv_cost.wrong("costs nothing backward")
def free(images, kernel, first):
    forward, backward = from_the_results(images, kernel, first)
    return forward, 0 if first else backward


@conv_cost.wrong("You return one number")
def in_sum(images, kernel, first):
    return sum(from_the_results(images, kernel, first))


@conv_cost.wrong()
def forward_only(images, kernel, first):
    return from_the_results(images, kernel, first)[0]


@conv_cost.wrong("have changed places")
def exchanged(images, kernel, first):
    return from_the_results(images, kernel, first)[::-1]


@conv_cost.wrong("one addition less than products")
def without_the_first_addition(images, kernel, first):
    forward = from_the_results(images, kernel, first)[0]
    products = images[1] * kernel[2] * kernel[3]
    forward = forward // (2 * products) * (2 * products - 1)
    return forward, forward if first else 2 * forward


@conv_cost.wrong("Your backward pass is twice as long")
def two_times_two(images, kernel, first):
    forward, backward = from_the_results(images, kernel, first)
    return forward, 2 * backward


@conv_cost.wrong("You count the channels C twice")
def all_factors(images, kernel, first):
    forward = (
        2 * images[1] * (images[2] - kernel[2] + 1) * (images[3] - kernel[3] + 1) * images[0] * int(np.prod(kernel))
    )
    return forward, forward if first else 2 * forward


@conv_cost.wrong("the gradient of the images alone")
def only_the_images(images, kernel, first):
    forward = from_the_results(images, kernel, first)[0]
    return forward, 0 if first else forward


@conv_cost.inputs
def _(rng):
    k, w = (int(n) for n in rng.integers(1, 4, size=2))
    images = (*(int(n) for n in rng.integers(1, 4, size=2)), k + int(rng.integers(0, 4)), w + int(rng.integers(0, 4)))
    return {"images": images, "kernel": (int(rng.integers(1, 4)), images[1], k, w), "first": bool(rng.integers(2))}


peak = answers_to(check.peak)


@peak.right
def by_simulating(sizes, lengths):
    starts = [sum(lengths[:j]) for j in range(len(lengths))]
    most = 0
    for j in reversed(range(len(lengths))):
        held = set(starts[: j + 1]) | set(range(starts[j], starts[j] + lengths[j] + 1))
        most = max(most, sum(sizes[i] for i in held))
    return most


@peak.right
def as_an_array(sizes, lengths):
    sizes, ends = np.array(sizes), np.cumsum(lengths)
    starts = ends - lengths
    own = np.array([sizes[a + 1 : b + 1].sum() for a, b in zip(starts, ends, strict=True)])
    return int((np.cumsum(sizes[starts]) + own).max())


@peak.wrong("without checkpoints: all its results")
def everything(sizes, lengths):
    return sum(sizes)


@peak.wrong("the checkpoints of all segments in every moment")
def never_freed(sizes, lengths):
    starts = [sum(lengths[:j]) for j in range(len(lengths))]
    kept = sum(sizes[i] for i in starts)
    return kept + max(sum(sizes[a + 1 : a + n + 1]) for a, n in zip(starts, lengths, strict=True))


@peak.wrong("the last segment alone")
def at_the_turn(sizes, lengths):
    n = lengths[-1]
    return sum(sizes[sum(lengths[:j])] for j in range(len(lengths))) + sum(sizes[-n:])


@peak.wrong("the first segment alone")
def at_the_end(sizes, lengths):
    return sum(sizes[: lengths[0] + 1])


@peak.wrong("but not those of the segments before it")
def one_checkpoint(sizes, lengths):
    starts = [sum(lengths[:j]) for j in range(len(lengths))]
    return max(sum(sizes[a : a + n + 1]) for a, n in zip(starts, lengths, strict=True))


@peak.wrong("The checkpoints are missing")
def no_checkpoint(sizes, lengths):
    starts = [sum(lengths[:j]) for j in range(len(lengths))]
    return max(sum(sizes[a + 1 : a + n + 1]) for a, n in zip(starts, lengths, strict=True))


@peak.wrong("You count the checkpoints alone")
def nothing_else(sizes, lengths):
    return sum(sizes[sum(lengths[:j])] for j in range(len(lengths)))


@peak.wrong("The input of the chain, sizes[0], is missing")
def without_the_input(sizes, lengths):
    return by_simulating([0, *sizes[1:]], lengths)


@peak.wrong("You count the input of a segment twice")
def doubled(sizes, lengths):
    start = kept = most = 0
    for n in lengths:
        kept += sizes[start]
        most = max(most, kept + sum(sizes[start : start + n + 1]))
        start += n
    return most


@peak.wrong("The last result of each segment is missing")
def without_the_end(sizes, lengths):
    start = kept = most = 0
    for n in lengths:
        kept += sizes[start]
        most = max(most, kept + sum(sizes[start + 1 : start + n]))
        start += n
    return most


@peak.wrong("You add up all the moments")
def in_all(sizes, lengths):
    start = kept = total = 0
    for n in lengths:
        kept += sizes[start]
        total += kept + sum(sizes[start + 1 : start + n + 1])
        start += n
    return total


@peak.wrong("The checkpoint of the segment itself is missing")
def too_late(sizes, lengths):
    start = kept = most = 0
    for n in lengths:
        most = max(most, kept + sum(sizes[start + 1 : start + n + 1]))
        kept += sizes[start]
        start += n
    return most


@peak.wrong("the checkpoints of the *later* segments")
def from_the_end(sizes, lengths):
    start = sum(lengths)
    kept = most = 0
    for n in reversed(lengths):
        start -= n
        kept += sizes[start]
        most = max(most, kept + sum(sizes[start + 1 : start + n + 1]))
    return most


@peak.wrong("how many results are held")
def how_many(sizes, lengths):
    return by_simulating([1] * len(sizes), lengths)


@peak.wrong("as n/k + k does")
def by_the_formula(sizes, lengths):
    return max(lengths) + len(lengths)


@peak.wrong("segment j to start at sizes[j]")
def by_the_number(sizes, lengths):
    kept = most = 0
    for start, n in enumerate(lengths):
        kept += sizes[start]
        most = max(most, kept + sum(sizes[start + 1 : start + n + 1]))
    return most


@peak.wrong("you count the largest alone")
def one_result_at_a_time(sizes, lengths):
    start = kept = most = 0
    for n in lengths:
        kept += sizes[start]
        most = max(most, *(kept + size for size in sizes[start + 1 : start + n + 1]))
        start += n
    return most


@peak.wrong()
def the_largest_result(sizes, lengths):
    return max(sizes)


@peak.wrong("the result at the end of a segment twice")
def next_checkpoint_too(sizes, lengths):
    starts = [0, *np.cumsum(lengths).tolist()]
    return max(
        sum(sizes[s] for s in starts[: j + 2]) + sum(sizes[starts[j] + 1 : starts[j + 1] + 1])
        for j in range(len(lengths))
    )


@peak.wrong("at the end of the forward pass")
def when_forward_ends(sizes, lengths):
    return sum(sizes[sum(lengths[:j])] for j in range(len(lengths) + 1))


@peak.inputs
def _(rng):
    lengths = rng.integers(1, 4, size=int(rng.integers(1, 5))).tolist()
    return {"sizes": rng.integers(1, 20, size=sum(lengths) + 1).tolist(), "lengths": lengths}


in_half = answers_to(check.in_half)
RIGHT = check.HALF


@in_half.right
def as_a_dictionary():
    return dict(RIGHT)


in_half.right({name: f" {word.title()} " for name, word in RIGHT.items()})
in_half.stub({name: ... for name in RIGHT})
in_half.wrong("float32 holds that")({**RIGHT, "A": "exact"})
in_half.wrong("their product is 0.00000001")({**RIGHT, "B": "exact"})
in_half.wrong("so nothing is swallowed")({**RIGHT, "B": "swallowed"})
in_half.wrong("it has 13 binary digits")({**RIGHT, "C": "exact"})
in_half.wrong("so nothing overflows")({**RIGHT, "C": "overflows"})
in_half.wrong("eleven of them")({**RIGHT, "D": "swallowed"})
in_half.wrong("the numbers are 0.0005 apart")({**RIGHT, "E": "exact"})
in_half.wrong("so it does not underflow")({**RIGHT, "E": "underflows"})
in_half.wrong("the sum on the way is 100,000")({**RIGHT, "F": "exact"})
in_half.wrong("the squares on the way")({**RIGHT, "G": "exact"})
in_half.wrong("neither swallows the other")({**RIGHT, "G": "swallowed"})
in_half.wrong("the least number above 0. It is held")({**RIGHT, "H": "underflows"})
in_half.wrong("have changed places")(
    {**RIGHT, "A": "underflows", "B": "overflows", "F": "underflows", "G": "overflows"}
)
in_half.wrong()({**RIGHT, "D": "overflows"})
in_half.wrong()({**RIGHT, "H": "swallowed"})
in_half.wrong()(list(RIGHT.values()))


def test_numpy_says_the_same():
    half = np.float16
    with np.errstate(all="ignore"):
        assert np.isinf(half(1000) * half(70)) and half(0.001) * half(0.00001) == 0
        assert half(4096) + half(1) == 4096 and half(1024) + half(1) == 1025 and half(1) - half(0.0001) == 1
        assert np.isinf(np.full(100, 1000, dtype=half).sum() / half(100)) and half(0.0001) ** 2 == 0
        assert float(half(2.0**-24)) == 2.0**-24


parts = answers_to(check.parts)


@parts.right
class WithAverages:
    def gradient(gradients, rows):
        return np.average(gradients, axis=0, weights=rows)

    def moments(means, variances, rows):
        mean = np.average(means, axis=0, weights=rows)
        return mean, np.average(np.array(variances) + (np.array(means) - mean) ** 2, axis=0, weights=rows)


@parts.right
class BySquares:
    def gradient(self, gradients, rows):
        total = np.zeros_like(gradients[0])
        for g, n in zip(gradients, rows, strict=True):
            total = total + n * g
        return total / sum(rows)

    def moments(self, means, variances, rows):
        count = sum(rows)
        mean = sum(n * m for n, m in zip(rows, means, strict=True)) / count
        squares = sum(n * (v + m * m) for n, m, v in zip(rows, means, variances, strict=True)) / count
        return [mean, squares - mean * mean]


@parts.stub
class Untouched:
    def gradient(gradients, rows):
        raise NotImplementedError

    def moments(means, variances, rows):
        raise NotImplementedError


@parts.wrong("as if all parts had equally many rows")
class Plain(WithAverages):
    def gradient(gradients, rows):
        return np.mean(gradients, axis=0)


@parts.wrong("You add the gradients up")
class Sum(WithAverages):
    def gradient(gradients, rows):
        return np.sum(gradients, axis=0)


@parts.wrong("the gradient of the sum over all rows")
class Undivided(WithAverages):
    def gradient(gradients, rows):
        return sum(n * g for n, g in zip(rows, gradients, strict=True))


@parts.wrong("by the number of parts. The weights add up to all rows")
class ByParts(WithAverages):
    def gradient(gradients, rows):
        return sum(n * g for n, g in zip(rows, gradients, strict=True)) / len(rows)


@parts.wrong("the weighted sum is complete")
class MeanOfShares(WithAverages):
    def gradient(gradients, rows):
        return np.mean([n / sum(rows) * g for n, g in zip(rows, gradients, strict=True)], axis=0)


@parts.wrong("for gradients")
class SumOfWeighted(WithAverages):
    def gradient(gradients, rows):
        return sum(n * len(rows) / sum(rows) * g for n, g in zip(rows, gradients, strict=True))


@parts.wrong("A part with few rows counts most")
class Inverse(WithAverages):
    def gradient(gradients, rows):
        return np.average(gradients, axis=0, weights=[1 / n for n in rows])


@parts.wrong("the plain mean of the parts' means")
class PlainMean(WithAverages):
    def moments(means, variances, rows):
        mean = sum(means) / len(means)
        return mean, sum(n * (v + (m - mean) ** 2) for n, m, v in zip(rows, means, variances, strict=True)) / sum(rows)


@parts.wrong("neither the means nor the variances")
class NoRows(WithAverages):
    def moments(means, variances, rows):
        return np.mean(means, axis=0), np.mean(variances, axis=0) + np.var(means, axis=0)


@parts.wrong("is the mean of the parts' variances")
class Within(WithAverages):
    def moments(means, variances, rows):
        return tuple(np.average(each, axis=0, weights=rows) for each in (means, variances))


@parts.wrong("is that of the parts' means alone")
class Between(WithAverages):
    def moments(means, variances, rows):
        mean = np.average(means, axis=0, weights=rows)
        return mean, np.average((np.array(means) - mean) ** 2, axis=0, weights=rows)


@parts.wrong("not squared")
class Distances(WithAverages):
    def moments(means, variances, rows):
        mean = np.average(means, axis=0, weights=rows)
        return mean, np.average(np.array(variances) + abs(np.array(means) - mean), axis=0, weights=rows)


@parts.wrong("You subtract the squared deviations")
class Minus(WithAverages):
    def moments(means, variances, rows):
        mean = np.average(means, axis=0, weights=rows)
        return mean, np.average(np.array(variances) - (np.array(means) - mean) ** 2, axis=0, weights=rows)


@parts.wrong("those from the plain mean")
class FromThePlainMean(WithAverages):
    def moments(means, variances, rows):
        plain, within = np.mean(means, axis=0), np.average(variances, axis=0, weights=rows)
        return np.average(means, axis=0, weights=rows), within + np.average(
            (np.array(means) - plain) ** 2, axis=0, weights=rows
        )


@parts.wrong("your variance is not")
class PlainInTheVariance(WithAverages):
    def moments(means, variances, rows):
        mean = np.average(means, axis=0, weights=rows)
        return mean, np.mean(np.array(variances) + (np.array(means) - mean) ** 2, axis=0)


@parts.wrong("have changed places")
class VarianceFirst(WithAverages):
    def moments(means, variances, rows):
        mean, variance = WithAverages.moments(means, variances, rows)
        return variance, mean


@parts.wrong("the root of the variance")
class Root(WithAverages):
    def moments(means, variances, rows):
        mean, variance = WithAverages.moments(means, variances, rows)
        return mean, variance**0.5


@parts.wrong("the rows minus 1")
class Corrected(WithAverages):
    def moments(means, variances, rows):
        mean, variance = WithAverages.moments(means, variances, rows)
        return mean, variance * sum(rows) / (sum(rows) - 1)


@parts.wrong()
class MeanAlone(WithAverages):
    def moments(means, variances, rows):
        return np.average(means, axis=0, weights=rows)


@parts.wrong("gradients that you have divided by their rows")
class Quotients(WithAverages):
    def gradient(gradients, rows):
        return np.sum([g / n for n, g in zip(rows, gradients, strict=True)], axis=0)


@parts.wrong("the mean of the squares of all rows")
class SecondMoment(WithAverages):
    def moments(means, variances, rows):
        mean = np.average(means, axis=0, weights=rows)
        return mean, np.average(np.array(variances) + np.square(means), axis=0, weights=rows)


@parts.wrong("the sum of the parts' variances")
class SumOfVariances(WithAverages):
    def moments(means, variances, rows):
        return np.average(means, axis=0, weights=rows), sum(variances)


@parts.wrong("the plain variance of the parts' means")
class PlainVariance(WithAverages):
    def moments(means, variances, rows):
        mean, within = (np.average(each, axis=0, weights=rows) for each in (means, variances))
        return mean, within + np.var(means, axis=0)


@parts.inputs
def _(rng):
    count = int(rng.integers(1, 5))
    return {"gradients": list(rng.normal(size=(count, 3))), "rows": rng.integers(1, 9, size=count).tolist()}


@parts.inputs
def _(rng):
    count = int(rng.integers(1, 5))
    return {
        "means": list(rng.normal(size=(count, 2))),
        "variances": list(rng.uniform(size=(count, 2))),
        "rows": rng.integers(1, 9, size=count).tolist(),
    }


read = answers_to(check.read)


@read.wrong()
def after_the_last_brace(content, name, linear):
    """The header is taken to end where its JSON does."""
    end = content.index(b"}}") + 2
    entry = json.loads(content[8:end])[name]
    first, last = entry["data_offsets"]
    array = np.frombuffer(content[end + first : end + last], check.KINDS[entry["dtype"]]).reshape(entry["shape"])
    return array.T if linear else array


@read.right
def with_struct(content, name, linear):
    (length,) = struct.unpack("<Q", content[:8])
    entry = json.loads(content[8 : 8 + length].decode())[name]
    first, last = entry["data_offsets"]
    body = content[8 + length :]
    kind = {"F16": "<f2", "F32": "<f4", "F64": "<f8"}[entry["dtype"]]
    array = np.frombuffer(body[first:last], kind).reshape(entry["shape"])
    return array.transpose() if linear else array


@read.right
def by_bits(content, name, linear):
    end = 8 + int.from_bytes(content[:8], "little")
    entry = json.loads(content[8:end])[name]
    kind = np.dtype(f"float{entry['dtype'][1:]}")
    count = int(np.prod(entry["shape"]))
    array = np.frombuffer(content, kind, count, end + entry["data_offsets"][0]).reshape(entry["shape"]).copy()
    return np.swapaxes(array, 0, 1) if linear else array


@read.wrong("still as PyTorch has it")
def as_it_lies(content, name, linear):
    return with_struct(content, name, False)


@read.wrong("You also transpose what is not")
def always(content, name, linear):
    return with_struct(content, name, True)


@read.wrong("You also transpose what is not")
def every_matrix(content, name, linear):
    array = with_struct(content, name, False)
    return array.T if array.ndim == 2 else array


@read.wrong("`linear` the wrong way round")
def contrary(content, name, linear):
    return with_struct(content, name, not linear)


@read.wrong("Giving the numbers the reversed shape")
def reversed_shape(content, name, linear):
    array = with_struct(content, name, False)
    return array.reshape(array.shape[::-1]) if linear else array


@read.wrong("You transpose only if the shape shows it")
def not_square(content, name, linear):
    array = with_struct(content, name, False)
    return array.T if linear and len(set(array.shape)) > 1 else array


@read.wrong("in the order of the names")
def one_after_the_other(content, name, linear):
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:end])
    header.pop("__metadata__")
    kinds = {"F16": np.float16, "F32": np.float32, "F64": np.float64}
    for each, entry in header.items():
        size = int(np.prod(entry["shape"])) * np.dtype(kinds[entry["dtype"]]).itemsize
        if each == name:
            array = np.frombuffer(content[end : end + size], kinds[entry["dtype"]]).reshape(entry["shape"])
            return array.T if linear else array
        end += size


@read.wrong("Your array has one axis")
def unshaped(content, name, linear):
    return with_struct(content, name, linear).flatten()


@read.wrong("You return float32 throughout")
def single(content, name, linear):
    return with_struct(content, name, linear).astype(np.float32)


@read.wrong("You return float64 throughout")
def double(content, name, linear):
    return np.array(with_struct(content, name, linear).tolist())


@read.wrong("what the header says of the array")
def entry_alone(content, name, linear):
    return json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])[name]


@read.wrong("You return the bytes of the array")
def raw(content, name, linear):
    return with_struct(content, name, False).tobytes()


@read.wrong("eight bytes too early")
def no_eight(content, name, linear):
    length = int.from_bytes(content[:8], "little")
    entry = json.loads(content[8 : 8 + length])[name]
    first, last = entry["data_offsets"]
    kind = {"F16": np.float16, "F32": np.float32, "F64": np.float64}[entry["dtype"]]
    array = np.frombuffer(content[length + first : length + last], kind).reshape(entry["shape"])
    return array.T if linear else array


@read.wrong()
def highest_byte_first(content, name, linear):
    end = 8 + int.from_bytes(content[:8], "big")
    return json.loads(content[8:end])[name]


@read.wrong()
def one_byte_of_the_length(content, name, linear):
    return by_bits(content[:1] + bytes(7) + content[8:], name, linear)


@read.wrong()
def zeros(content, name, linear):
    return np.zeros_like(with_struct(content, name, linear))


@read.wrong("You take the first bytes after the header")
def no_offsets(content, name, linear):
    end = 8 + int.from_bytes(content[:8], "little")
    entry = json.loads(content[8:end])[name]
    kind = {"F16": np.float16, "F32": np.float32, "F64": np.float64}[entry["dtype"]]
    array = np.frombuffer(content, kind, int(np.prod(entry["shape"])), end).reshape(entry["shape"])
    return array.T if linear else array


@read.wrong("from the start of the file")
def whole_file(content, name, linear):
    entry = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])[name]
    kind = {"F16": np.float16, "F32": np.float32, "F64": np.float64}[entry["dtype"]]
    array = np.frombuffer(content[slice(*entry["data_offsets"])], kind).reshape(entry["shape"])
    return array.T if linear else array


@read.inputs
def _(rng):
    kinds = rng.choice([np.float16, np.float32, np.float64], size=3)
    arrays = {
        name: rng.normal(size=rng.integers(1, 5, size=2)).astype(kind) for name, kind in zip("abc", kinds, strict=True)
    }
    order, linear = rng.permutation(list(arrays)).tolist(), bool(rng.integers(2))
    inputs = {"content": check.file_of(order, **arrays), "name": order[0], "linear": linear}
    expected = arrays[order[0]].T if linear else arrays[order[0]]
    return Case(inputs, expected, dtype=expected.dtype)


train = answers_to(check.train)


@train.right
def in_a_loop(gradient, weights, rows, steps, rate, factor):
    for _ in range(steps):
        average = 0
        for k, n in enumerate(rows):
            average = average + gradient(k, weights, factor * n * len(rows) / sum(rows)).astype(np.float32)
        average = average / len(rows)
        if np.all(np.isfinite(average)):
            weights = (weights - rate * average / factor).astype(np.float32)
        else:
            factor *= 0.5
    return weights, factor


@train.right
def at_once(gradient, weights, rows, steps, rate, factor):
    shares = np.array(rows) * len(rows) / np.sum(rows)
    for _ in range(steps):
        each = [np.float32(gradient(k, weights, factor * share)) for k, share in enumerate(shares)]
        if np.isfinite(each).all():
            weights = weights - np.float32(rate) * (np.mean(each, axis=0) / np.float32(factor))
        else:
            factor = factor / 2
    return [weights, factor]


@train.right
def with_doubles(gradient, weights, rows, steps, rate, factor):
    for _ in range(steps):
        scales = [factor * n * len(rows) / sum(rows) for n in rows]
        average = np.mean([gradient(k, weights, scale).astype(float) for k, scale in enumerate(scales)], axis=0)
        if np.isinf(average).any() or np.isnan(average).any():
            factor = factor / 2
        else:
            weights = np.float32(weights - rate / factor * average)
    return weights, factor


@train.wrong("The workers are not weighted")
def unweighted(gradient, weights, rows, steps, rate, factor):
    return in_a_loop(gradient, weights, [1] * len(rows), steps, rate, factor)


@train.wrong("the step is too short by the number of workers")
def shares_only(gradient, weights, rows, steps, rate, factor):
    for _ in range(steps):
        each = [gradient(k, weights, factor * n / sum(rows)).astype(np.float32) for k, n in enumerate(rows)]
        average = np.mean(each, axis=0)
        if np.isfinite(average).all():
            weights = weights - np.float32(rate / factor) * average
        else:
            factor = factor / 2
    return weights, factor


@train.wrong("You add the gradients up")
def added(gradient, weights, rows, steps, rate, factor):
    return in_a_loop(gradient, weights, rows, steps, rate * len(rows), factor)


@train.wrong("The average is not divided by the factor")
def long_steps(gradient, weights, rows, steps, rate, factor):
    for _ in range(steps):
        each = [gradient(k, weights, factor * n * len(rows) / sum(rows)) for k, n in enumerate(rows)]
        average = np.mean([g.astype(np.float32) for g in each], axis=0)
        if np.isfinite(average).all():
            weights = weights - np.float32(rate) * average
        else:
            factor = factor / 2
    return weights, factor


@train.wrong("The weights go up")
def ascending(gradient, weights, rows, steps, rate, factor):
    return in_a_loop(gradient, weights, rows, steps, -rate, factor)


@train.wrong("the weights are lost")
def careless(gradient, weights, rows, steps, rate, factor):
    for _ in range(steps):
        each = [gradient(k, weights, factor * n * len(rows) / sum(rows)) for k, n in enumerate(rows)]
        weights = weights - np.float32(rate / factor) * np.mean([g.astype(np.float32) for g in each], axis=0)
    return weights, factor


@train.wrong("the factor stays")
def stubborn(gradient, weights, rows, steps, rate, factor):
    for _ in range(steps):
        after, now = in_a_loop(gradient, weights, rows, 1, rate, factor)
        weights = after if now == factor else weights
    return weights, factor


@train.wrong("The factor grows where something overflowed")
def growing(gradient, weights, rows, steps, rate, factor):
    for _ in range(steps):
        weights, now = in_a_loop(gradient, weights, rows, 1, rate, factor)
        factor = factor if now == factor else 2 * factor
    return weights, factor


@train.wrong("You repeat a step until nothing overflows")
def insisting(gradient, weights, rows, steps, rate, factor):
    done = 0
    while done < steps:
        weights, now = in_a_loop(gradient, weights, rows, 1, rate, factor)
        done, factor = done + (now == factor), now
    return weights, factor


@train.wrong("You look at the first worker's gradient")
def one_judge(gradient, weights, rows, steps, rate, factor):
    for _ in range(steps):
        each = [gradient(k, weights, factor * n * len(rows) / sum(rows)) for k, n in enumerate(rows)]
        if np.isfinite(each[0]).all():
            weights = weights - np.float32(rate / factor) * np.mean([g.astype(np.float32) for g in each], axis=0)
        else:
            factor = factor / 2
    return weights, factor


@train.wrong("not scaled with the factor")
def unscaled(gradient, weights, rows, steps, rate, factor):
    for _ in range(steps):
        each = [gradient(k, weights, n * len(rows) / sum(rows)).astype(np.float32) for k, n in enumerate(rows)]
        weights = weights - np.float32(rate) * np.mean(each, axis=0)
    return weights, factor


@train.wrong("You return the factor as it was at the start")
def forgetful(gradient, weights, rows, steps, rate, factor):
    return in_a_loop(gradient, weights, rows, steps, rate, factor)[0], factor


@train.wrong("and yet you make the step before")
def both(gradient, weights, rows, steps, rate, factor):
    for _ in range(steps):
        after = careless(gradient, weights, rows, 1, rate, factor)[0]
        factor = in_a_loop(gradient, weights, rows, 1, rate, factor)[1]
        weights = after
    return weights, factor


@train.wrong("The factor is missing in the scale")
def divided_alone(gradient, weights, rows, steps, rate, factor):
    for _ in range(steps):
        each = [gradient(k, weights, n * len(rows) / sum(rows)).astype(np.float32) for k, n in enumerate(rows)]
        weights = weights - np.float32(rate / factor) * np.mean(each, axis=0)
    return weights, factor


@train.wrong("Their scale has done that")
def weights_of_the_rows_twice(gradient, weights, rows, steps, rate, factor):
    for _ in range(steps):
        scales = [factor * n * len(rows) / sum(rows) for n in rows]
        each = [
            n * gradient(k, weights, scale).astype(np.float32)
            for k, (n, scale) in enumerate(zip(rows, scales, strict=True))
        ]
        average = sum(each) / np.float32(sum(rows))
        if np.isfinite(average).all():
            weights = weights - np.float32(rate / factor) * average
        else:
            factor = factor / 2
    return weights, factor


@train.wrong("You keep the weights in float16")
def half_weights(gradient, weights, rows, steps, rate, factor):
    weights = weights.astype(np.float16)
    for _ in range(steps):
        weights, factor = in_a_loop(gradient, weights, rows, 1, rate, factor)
        weights = weights.astype(np.float16)
    return weights, factor


def looking_for(is_bad):
    """A training that leaves out a step where an entry of the mean gradient is bad."""

    def answer(gradient, weights, rows, steps, rate, factor):
        for _ in range(steps):
            each = [gradient(k, weights, factor * n * len(rows) / sum(rows)) for k, n in enumerate(rows)]
            average = np.mean([g.astype(np.float32) for g in each], axis=0)
            if is_bad(average).any():
                factor = factor / 2
            else:
                weights = weights - np.float32(rate / factor) * average
        return weights, factor

    return answer


train.wrong("You look for infinities alone")(looking_for(np.isinf))
train.wrong("You look for nan alone")(looking_for(np.isnan))


@train.wrong("Your factor doubles after every step")
def optimistic(gradient, weights, rows, steps, rate, factor):
    for _ in range(steps):
        weights, now = in_a_loop(gradient, weights, rows, 1, rate, factor)
        factor = 2 * factor if now == factor else now
    return weights, factor


@train.wrong("Your average is rounded to float16")
def mean_of_halves(gradient, weights, rows, steps, rate, factor):
    for _ in range(steps):
        each = [gradient(k, weights, factor * n * len(rows) / sum(rows)) for k, n in enumerate(rows)]
        average = np.mean(each, axis=0)
        if np.isfinite(average).all():
            weights = weights - np.float32(rate / factor) * average.astype(np.float32)
        else:
            factor = factor / 2
    return weights, factor


@train.wrong("You add the gradients up in float16")
def sum_of_halves(gradient, weights, rows, steps, rate, factor):
    for _ in range(steps):
        each = [gradient(k, weights, factor * n * len(rows) / sum(rows)) for k, n in enumerate(rows)]
        average = np.sum(each, axis=0).astype(np.float32) / len(rows)
        if np.isfinite(average).all():
            weights = weights - np.float32(rate / factor) * average
        else:
            factor = factor / 2
    return weights, factor


@train.wrong("come back in float64")
def into_zeros(gradient, weights, rows, steps, rate, factor):
    for _ in range(steps):
        average = np.zeros(len(weights))
        for k, n in enumerate(rows):
            average += gradient(k, weights, factor * n * len(rows) / sum(rows)) / np.float32(len(rows))
        if np.isfinite(average).all():
            weights = weights - rate / factor * average
        else:
            factor = factor / 2
    return weights, factor


@train.wrong()
def weights_alone(gradient, weights, rows, steps, rate, factor):
    return in_a_loop(gradient, weights, rows, steps, rate, factor)[0]


@train.wrong()
def one_step(gradient, weights, rows, steps, rate, factor):
    return in_a_loop(gradient, weights, rows, min(steps, 1), rate, factor)


@train.wrong("You average in float16")
def halves(gradient, weights, rows, steps, rate, factor):
    for _ in range(steps):
        average = sum(gradient(k, weights, factor * n * len(rows) / sum(rows)) for k, n in enumerate(rows)) / len(rows)
        if np.isfinite(average).all():
            weights = weights - np.float32(rate / factor) * average
        else:
            factor = factor / 2
    return weights, factor


@train.wrong("make the step all the same")
def no_else(gradient, weights, rows, steps, rate, factor):
    for _ in range(steps):
        each = [gradient(k, weights, factor * n * len(rows) / sum(rows)) for k, n in enumerate(rows)]
        average = np.mean([g.astype(np.float32) for g in each], axis=0)
        if not np.isfinite(average).all():
            factor = factor / 2
        weights = weights - np.float32(rate / factor) * average
    return weights, factor


@train.wrong("A single infinity is enough")
def any_entry(gradient, weights, rows, steps, rate, factor):
    for _ in range(steps):
        each = [gradient(k, weights, factor * n * len(rows) / sum(rows)) for k, n in enumerate(rows)]
        average = np.mean([g.astype(np.float32) for g in each], axis=0)
        if np.isfinite(average).any():
            weights = weights - np.float32(rate / factor) * average
        else:
            factor = factor / 2
    return weights, factor


@train.wrong("You stop after the first step that overflows")
def breaks(gradient, weights, rows, steps, rate, factor):
    for _ in range(steps):
        weights, now = in_a_loop(gradient, weights, rows, 1, rate, factor)
        if now < factor:
            return weights, now
    return weights, factor


@train.wrong("All start a step from the same weights")
def in_turn(gradient, weights, rows, steps, rate, factor):
    for _ in range(steps):
        for k, n in enumerate(rows):
            g = gradient(k, weights, factor * n * len(rows) / sum(rows)).astype(np.float32) / len(rows)
            if np.isfinite(g).all():
                weights = weights - np.float32(rate / factor) * g
            else:
                factor = factor / 2
    return weights, factor


@train.inputs
def _(rng):
    count = int(rng.integers(1, 4))
    goals = rng.integers(-8, 9, size=(count, 2)).tolist()
    return {
        "gradient": check.pulled_to(*goals),
        "weights": rng.integers(-8, 9, size=2).astype(np.float32),
        "rows": rng.integers(1, 5, size=count).tolist(),
        "steps": int(rng.integers(0, 5)),
        "rate": 0.25,
        "factor": 2.0 ** int(rng.integers(0, 18)),
    }
