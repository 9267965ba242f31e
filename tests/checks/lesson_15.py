"""Answers to the exercises of lesson 15."""

import numpy as np

from gradlib import Tensor
from gradlib.checks import lesson_15 as check

from .harness import answers_to

# --- 1 -----------------------------------------------------------------------------------------

shared_table = answers_to(check.shared_table)


@shared_table.right
def place_by_place(g, ids, E):
    gradient = np.zeros(E.shape)
    for t, row in enumerate(ids):
        for v in range(len(E)):
            gradient[v] += g[t, v] * E[row]
            gradient[row] += g[t, v] * E[v]
    return gradient


@shared_table.right
def by_the_library(g, ids, E):
    table = Tensor(E, requires_grad=True)
    (table[ids] @ table.transpose(0, 1) * g).sum().backward()
    return table.grad


@shared_table.inputs
def _(rng):
    V, d, T = rng.integers(1, 5, size=3)
    return {"g": rng.normal(size=(T, V)), "ids": rng.integers(V, size=T), "E": rng.normal(size=(V, d))}


@shared_table.stub
def shared_table_untouched(g, ids, E):
    raise NotImplementedError


@shared_table.wrong("E[ids] also reads it")
def product_alone(g, ids, E):
    return (E[ids].T @ g).T


@shared_table.wrong("E.T also gives the scores")
def look_up_alone(g, ids, E):
    gradient = np.zeros_like(E)
    for row, arriving in zip(ids, g @ E, strict=True):
        gradient[row] += arriving
    return gradient


@shared_table.wrong("the others are lost")
def added_at_once(g, ids, E):
    gradient = g.T @ E[ids]
    gradient[ids] = gradient[ids] + g @ E
    return gradient


@shared_table.wrong("Two things are missing")
def written_once(g, ids, E):
    gradient = np.zeros_like(E)
    gradient[ids] = g @ E
    return gradient


@shared_table.wrong("has lost what it got for the scores")
def assigned(g, ids, E):
    gradient = g.T @ E[ids]
    for row, arriving in zip(ids, g @ E, strict=True):
        gradient[row] = arriving
    return gradient


@shared_table.wrong("wrong sign")
def difference_of_uses(g, ids, E):
    return 2 * product_alone(g, ids, E) - place_by_place(g, ids, E)


@shared_table.wrong("You double the gradient of one use")
def symmetric_product(g, ids, E):
    return 2 * g.T @ E[ids]


@shared_table.wrong("You double the gradient of the rows")
def symmetric_reading(g, ids, E):
    return 2 * look_up_alone(g, ids, E)


@shared_table.wrong("does not depend on g")
def with_ones(g, ids, E):
    return place_by_place(np.ones(g.shape), ids, E)


@shared_table.wrong("mean of the two parts")
def half_of_each(g, ids, E):
    return (product_alone(g, ids, E) + look_up_alone(g, ids, E)) / 2


@shared_table.wrong("divide by the number of places")
def mean_of_places(g, ids, E):
    return place_by_place(g, ids, E) / g.shape[0]


@shared_table.wrong("mean over its places")
def mean_of_a_row(g, ids, E):
    gradient, arriving = product_alone(g, ids, E), g @ E
    for row in set(ids.tolist()):
        gradient[row] += arriving[ids == row].mean(axis=0)
    return gradient


@shared_table.wrong()
def first_place_only(g, ids, E):
    rows, first = np.unique(ids, return_index=True)
    gradient = product_alone(g, ids, E)
    gradient[rows] += (g @ E)[first]
    return gradient


@shared_table.wrong()
def without_the_table(g, ids, E):
    return np.repeat(g.sum(axis=0)[:, None], E.shape[1], axis=1)


@shared_table.wrong()
def in_place(g, ids, E):
    E += place_by_place(g, ids, E)
    return E


# --- 2 -----------------------------------------------------------------------------------------

last_states = answers_to(check.last_states)


@last_states.right
def text_by_text(x, lengths, W_x, W_h, b):
    found = []
    for text, length in zip(x, lengths, strict=True):
        h = np.zeros(W_h.shape[0])
        for row in text[:length]:
            h = np.tanh(row @ W_x + h @ W_h + b)
        found.append(h)
    return np.array(found)


@last_states.right
def all_and_then_chosen(x, lengths, W_x, W_h, b):
    h, states = np.zeros((x.shape[0], W_h.shape[0])), []
    for t in range(lengths.max()):
        h = np.tanh(x[:, t] @ W_x + h @ W_h + b)
        states.append(h)
    return np.stack(states, axis=1)[np.arange(len(x)), lengths - 1]


@last_states.inputs
def _(rng):
    N, T, inputs, H = rng.integers(1, 5, size=4)
    shapes = {"W_x": (inputs, H), "W_h": (H, H), "b": H}
    weights = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    return {"x": rng.normal(size=(N, T, inputs)), "lengths": rng.integers(1, T + 1, size=N)} | weights


@last_states.stub
def last_states_untouched(x, lengths, W_x, W_h, b):
    raise NotImplementedError


def run_over(x, W_x, W_h, b, bend=np.tanh):
    """All states of all texts, (N, T + 1, H)."""
    states = [np.zeros((len(x), len(b)))]
    for t in range(x.shape[1]):
        states.append(bend(x[:, t] @ W_x + states[-1] @ W_h + b))
    return np.stack(states, axis=1)


@last_states.wrong("its padding has changed the state")
def the_very_last(x, lengths, W_x, W_h, b):
    return run_over(x, W_x, W_h, b)[:, -1]


@last_states.wrong("one step too early")
def before_the_last(x, lengths, W_x, W_h, b):
    return run_over(x, W_x, W_h, b)[np.arange(len(x)), lengths - 1]


@last_states.wrong("counts from the end")
def index_below_0(x, lengths, W_x, W_h, b):
    return run_over(x, W_x, W_h, b)[:, 1:][np.arange(len(x)), lengths - 2]


@last_states.wrong("You use σ")
def another_bend(x, lengths, W_x, W_h, b):
    return run_over(x, W_x, W_h, b, lambda a: 1 / (1 + np.exp(-a)))[np.arange(len(x)), lengths]


@last_states.wrong("sum of the states")
def added_states(x, lengths, W_x, W_h, b):
    states = run_over(x, W_x, W_h, b)
    return np.array([row[1 : n + 1].sum(axis=0) for row, n in zip(states, lengths, strict=True)])


@last_states.wrong("one step too late")
def with_one_filled(x, lengths, W_x, W_h, b):
    return run_over(x, W_x, W_h, b)[np.arange(len(x)), np.minimum(lengths + 1, x.shape[1])]


@last_states.wrong("even if its input is 0")
def zeros_behind(x, lengths, W_x, W_h, b):
    x = np.where((np.arange(x.shape[1])[None] < lengths[:, None])[:, :, None], x, 0)
    return run_over(x, W_x, W_h, b)[:, -1]


@last_states.wrong("has to stay what it was")
def masked_product(x, lengths, W_x, W_h, b):
    h = np.zeros((len(x), len(b)))
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ W_x + h @ W_h + b) * (t < lengths)[:, None]
    return h


@last_states.wrong("Each text starts with the state 0")
def never_reset(x, lengths, W_x, W_h, b):
    h, found = np.zeros(len(b)), []
    for text, length in zip(x, lengths, strict=True):
        for row in text[:length]:
            h = np.tanh(row @ W_x + h @ W_h + b)
        found.append(h)
    return np.array(found)


@last_states.wrong("tanh is missing")
def straight(x, lengths, W_x, W_h, b):
    return run_over(x, W_x, W_h, b, lambda a: a)[np.arange(len(x)), lengths]


@last_states.wrong("Every step applies it")
def tanh_last(x, lengths, W_x, W_h, b):
    return np.tanh(straight(x, lengths, W_x, W_h, b))


@last_states.wrong("b is missing")
def no_bias(x, lengths, W_x, W_h, b):
    return text_by_text(x, lengths, W_x, W_h, np.zeros(len(b)))


@last_states.wrong("depends on the last input alone")
def last_letter(x, lengths, W_x, W_h, b):
    return np.tanh(x[np.arange(len(x)), lengths - 1] @ W_x + b)


@last_states.wrong("W_h is transposed")
def state_on_the_right(x, lengths, W_x, W_h, b):
    return text_by_text(x, lengths, W_x, W_h.T, b)


@last_states.wrong("from their ends")
def backward_in_time(x, lengths, W_x, W_h, b):
    turned = x.copy()
    for text, length in zip(turned, lengths, strict=True):
        text[:length] = text[:length][::-1].copy()
    return text_by_text(turned, lengths, W_x, W_h, b)


@last_states.wrong("length of the longest one")
def to_the_longest(x, lengths, W_x, W_h, b):
    return run_over(x, W_x, W_h, b)[:, max(lengths)]


@last_states.wrong("length of the shortest one")
def to_the_shortest(x, lengths, W_x, W_h, b):
    return run_over(x, W_x, W_h, b)[:, min(lengths)]


@last_states.wrong("mean of the states")
def averaged(x, lengths, W_x, W_h, b):
    states = run_over(x, W_x, W_h, b)
    return np.array([row[1 : n + 1].mean(axis=0) for row, n in zip(states, lengths, strict=True)])


@last_states.wrong("padding stands at the end")
def from_the_right(x, lengths, W_x, W_h, b):
    T = x.shape[1]
    moved = np.array([np.roll(text, n - T, axis=0) for text, n in zip(x, lengths, strict=True)])
    return text_by_text(moved, lengths, W_x, W_h, b)


@last_states.wrong()
def mean_of_all_columns(x, lengths, W_x, W_h, b):
    return run_over(x, W_x, W_h, b).mean(axis=1)


@last_states.wrong()
def two_too_late(x, lengths, W_x, W_h, b):
    return run_over(x, W_x, W_h, b)[np.arange(len(x)), np.minimum(lengths + 2, x.shape[1])]


# --- 3 -----------------------------------------------------------------------------------------

truncated = answers_to(check.truncated)


@truncated.right
def piece_by_piece(g, x, a, k):
    of_a, of_x, state = 0.0, np.zeros(len(x)), 0.0
    for start in range(0, len(x), k):
        states = [state]
        for value in x[start : start + k]:
            states.append(a * states[-1] + value)
        arriving = 0.0
        for t in range(len(states) - 2, -1, -1):
            arriving = a * arriving + g[start + t]
            of_x[start + t] = arriving
            of_a += arriving * states[t]
        state = states[-1]
    return of_a, of_x


@truncated.right
def detached(g, x, a, k):
    inputs = [Tensor(float(value), requires_grad=True) for value in x]
    weight, state, total = Tensor(float(a), requires_grad=True), Tensor(0.0), Tensor(0.0)
    for t, value in enumerate(inputs):
        state = weight * (state.detach() if t % k == 0 else state) + value
        total = total + float(g[t]) * state
    total.backward()
    return weight.grad.item(), np.array([value.grad.item() for value in inputs])


@truncated.inputs
def _(rng):
    T = rng.integers(1, 9)
    g, x = rng.normal(size=(2, T))
    return {"g": g, "x": x, "a": float(rng.normal()), "k": int(rng.integers(1, 6))}


@truncated.stub
def truncated_untouched(g, x, a, k):
    raise NotImplementedError


def through(g, x, a, cut, states=None, one_back=None):
    """The two gradients; cut(t): nothing goes back from step t to the one before."""
    states = states or [0.0]
    while len(states) <= len(x):
        states.append(a * states[-1] + x[len(states) - 1])
    of_x = np.array(g, dtype=float)
    for t in range(len(x) - 1, 0, -1):
        if not cut(t):
            of_x[t - 1] += (a if one_back is None else one_back) * of_x[t]
    return sum(arriving * state for arriving, state in zip(of_x, states, strict=False)), of_x


@truncated.wrong("back through the whole text")
def whole_text(g, x, a, k):
    return through(g, x, a, lambda t: False)


@truncated.wrong("starts from 0 in every piece")
def reset_at_cuts(g, x, a, k):
    pieces = [through(g[s : s + k], x[s : s + k], a, lambda t: False) for s in range(0, len(x), k)]
    return sum(of_a for of_a, _ in pieces), np.concatenate([of_x for _, of_x in pieces])


@truncated.wrong("never goes back from one step")
def no_way_back(g, x, a, k):
    return through(g, x, a, lambda t: True)


@truncated.wrong("Only the g of the next step")
def nearest_only(g, x, a, k):
    of_x = [g[t] + (a * g[t + 1] if t + 1 < len(x) and (t + 1) % k else 0) for t in range(len(x))]
    states = [0.0]
    for value in x:
        states.append(a * states[-1] + value)
    return sum(arriving * state for arriving, state in zip(of_x, states, strict=False)), np.array(of_x)


@truncated.wrong("one step too late")
def late(g, x, a, k):
    return through(g, x, a, lambda t: (t - 1) % k == 0)


@truncated.wrong("one step too early")
def early(g, x, a, k):
    return through(g, x, a, lambda t: (t + 1) % k == 0)


@truncated.wrong("from the end of the text")
def from_behind(g, x, a, k):
    return through(g, x, a, lambda t: (len(x) - t) % k == 0)


@truncated.wrong("the last step first")
def not_turned(g, x, a, k):
    of_a, of_x = through(g, x, a, lambda t: t % k == 0)
    return of_a, np.flip(of_x)


@truncated.wrong("multiplied by a once more")
def also_through_a(g, x, a, k):
    of_a, of_x = through(g, x, a, lambda t: t % k == 0)
    return of_a, of_x * a


@truncated.wrong("shorter than k")
def whole_pieces_only(g, x, a, k):
    kept = len(x) - len(x) % k
    of_a, of_x = through(g[:kept], x[:kept], a, lambda t: t % k == 0)
    return of_a, np.append(of_x, np.zeros(len(x) - kept))


@truncated.wrong("at the end of each piece alone")
def one_g_a_piece(g, x, a, k):
    last = [g[t] if t == len(x) - 1 or (t + 1) % k == 0 else 0.0 for t in range(len(x))]
    return through(last, x, a, lambda t: t % k == 0)


@truncated.wrong("goes back k steps, wherever")
def sliding(g, x, a, k):
    total_a, total_x = 0.0, np.zeros(len(x))
    for t in range(len(x)):
        alone = np.zeros(t + 1)
        alone[t] = g[t]
        of_a, of_x = through(alone, x[: t + 1], a, lambda s, t=t: s == t - k + 1)
        total_a, total_x[: t + 1] = total_a + of_a, total_x[: t + 1] + of_x
    return total_a, total_x


@truncated.wrong("You use the one after it")
def states_after(g, x, a, k):
    _, of_x = piece_by_piece(g, x, a, k)
    h, of_a = 0.0, 0.0
    for value, arriving in zip(x, of_x, strict=True):
        h = a * h + value
        of_a += arriving * h
    return of_a, of_x


@truncated.wrong("has the inputs x instead")
def with_inputs(g, x, a, k):
    _, of_x = piece_by_piece(g, x, a, k)
    return sum(of_x[t] * x[t - 1] for t in range(1, len(x))), of_x


@truncated.wrong("One step back multiplies by a")
def passed_on(g, x, a, k):
    return through(g, x, a, lambda t: t % k == 0, one_back=1.0)


@truncated.wrong("mean over the pieces")
def mean_over_pieces(g, x, a, k):
    of_a, of_x = piece_by_piece(g, x, a, k)
    return of_a / len(range(0, len(x), k)), of_x


@truncated.wrong("last piece alone")
def only_the_last(g, x, a, k):
    g = g.copy()
    g[: range(0, len(x), k)[-1]] = 0
    return piece_by_piece(g, x, a, k)


@truncated.wrong("first piece alone")
def only_the_first(g, x, a, k):
    g = g.copy()
    g[k:] = 0
    return piece_by_piece(g, x, a, k)


@truncated.wrong("adds up what arrives")
def summed(g, x, a, k):
    _, of_x = piece_by_piece(g, x, a, k)
    return of_x.sum(), of_x


@truncated.wrong()
def squared_weight(g, x, a, k):
    return through(g, x, a, lambda t: t % k == 0, one_back=a * a)


@truncated.wrong()
def doubled(g, x, a, k):
    return 0.0, 2 * g


# --- 4 -----------------------------------------------------------------------------------------

descend = answers_to(check.descend)


@descend.right
def forward_sums(w, u, T, y, lr, limit, count):
    for _ in range(count):
        h, dw, du = 0.0, 0.0, 0.0
        for _ in range(T):
            h, dw, du = w * h + u, h + w * dw, 1 + w * du
        g = np.array([dw, du]) * (h - y)
        length = np.sqrt((g**2).sum())
        if length > limit:
            g = g / length * limit
        w, u = w - lr * g[0], u - lr * g[1]
    return w, u


@descend.right
def recorded(w, u, T, y, lr, limit, count):
    for _ in range(count):
        weights = [Tensor(float(w), requires_grad=True), Tensor(float(u), requires_grad=True)]
        h = 0.0
        for _ in range(T):
            h = weights[0] * h + weights[1]
        ((h - y) ** 2 / 2).backward()
        of_w, of_u = (weight.grad.item() for weight in weights)
        factor = min(1.0, limit / max(np.hypot(of_w, of_u), 1e-300))
        w, u = w - lr * factor * of_w, u - lr * factor * of_u
    return w, u


@descend.inputs
def _(rng):
    w, u, y = rng.normal(size=3)
    numbers = {"lr": rng.uniform(0.01, 0.3), "limit": rng.uniform(0.1, 3)}
    return {"w": w, "u": u, "T": int(rng.integers(1, 6)), "y": y} | numbers | {"count": int(rng.integers(1, 5))}


@descend.stub
def descend_untouched(w, u, T, y, lr, limit, count):
    raise NotImplementedError


def going_down(clip, of_w=None, of_u=None, half=1.0, loss_back=False):
    """A wrong answer: how it clips, and which gradients it takes."""

    def answer(w, u, T, y, lr, limit, count):
        for _ in range(count):
            states = [0.0]
            for _ in range(T):
                states.append(w * states[-1] + u)
            d = half * (states[-1] - y) if half else 1.0
            d *= (states[-1] - y) / 2 if loss_back else 1.0
            g = np.array([
                d * (of_w or every_w)(w, states),
                d * (of_u or every_u)(w, states),
            ])  # fmt: skip
            w, u = np.array([w, u]) - lr * clip(g, limit, lr)
        return w, u

    return answer


def every_w(w, states):
    return sum(w**k * state for k, state in enumerate(states[-2::-1]))


def every_u(w, states):
    return sum(w**k for k in range(len(states) - 1))


def one_state_late(w, states):
    return sum(w**k * state for k, state in enumerate(states[:0:-1]))


def last_w(w, states):
    return states[-2]


def last_u(w, states):
    return 1.0


def clip_right(g, limit, lr):
    return g * min(1, limit / max(np.linalg.norm(g), 1e-300))


def by_size(size):
    return lambda g, limit, lr: g * min(1, limit / max(size(g), 1e-300))


for words, answer in [
    ("not clipped", going_down(lambda g, limit, lr: g)),
    ("each gradient by itself", going_down(lambda g, limit, lr: np.maximum(np.minimum(g, limit), -limit))),
    ("long negative one stays", going_down(lambda g, limit, lr: np.where(g > limit, limit, g))),
    ("length of 1", going_down(lambda g, limit, lr: g / max(1.0, np.linalg.norm(g)))),
    ("There are count of them", lambda w, u, T, y, lr, limit, count: forward_sums(w, u, T, y, lr, limit, 1)),
    ("one step fewer than T", lambda w, u, T, y, lr, limit, count: forward_sums(w, u, T - 1, y, lr, limit, count)),
    ("always has the length", going_down(lambda g, limit, lr: limit * g / max(np.linalg.norm(g), 1e-300))),
    ("square of the length", going_down(by_size(lambda g: g @ g))),
    ("sum of the two sizes", going_down(by_size(lambda g: abs(g).sum()))),
    ("larger of the two sizes", going_down(by_size(lambda g: abs(g).max()))),
    ("You clip the step", going_down(lambda g, limit, lr: clip_right(lr * g, limit, lr) / lr)),
    ("gradient of w counts its last use", going_down(clip_right, of_w=last_w)),
    ("gradient of u counts its last use", going_down(clip_right, of_u=last_u)),
    ("count the last step alone", going_down(clip_right, of_w=last_w, of_u=last_u)),
    ("so the loss rises", going_down(lambda g, limit, lr: -clip_right(g, limit, lr))),
    ("The loss has a ½", going_down(clip_right, half=2.0)),
    ("not of the loss", going_down(clip_right, half=None)),
    ("one step fewer than count", lambda w, u, T, y, lr, limit, count: forward_sums(w, u, T, y, lr, limit, count - 1)),
    ("one step more", lambda w, u, T, y, lr, limit, count: forward_sums(w, u, T, y, lr, limit, count + 1)),
    ("use the one after it", going_down(clip_right, of_w=one_state_late)),
    ("send the loss itself back", going_down(clip_right, loss_back=True)),
    ("multiplied by lr first", going_down(lambda g, limit, lr: clip_right(g, limit, lr) / lr)),
    ("Your u stays", going_down(lambda g, limit, lr: clip_right(g, limit, lr) * [1, 0])),
    ("Your w stays", going_down(lambda g, limit, lr: clip_right(g, limit, lr) * [0, 1])),
    ("have changed places", lambda *question: tuple(reversed(forward_sums(*question)))),
    ("must never be above 1", going_down(lambda g, limit, lr: g * max(1, limit / max(np.linalg.norm(g), 1e-300)))),
    ("", going_down(lambda g, limit, lr: limit * np.sign(g))),
    ("", going_down(clip_right, of_w=lambda w, states: sum(states[:-1]))),
    ("", going_down(clip_right, of_w=lambda w, states: (len(states) - 1) * states[-2])),
]:
    descend.wrong(words)(answer)


@descend.wrong("with the new w")
def one_after_the_other(w, u, T, y, lr, limit, count):
    for _ in range(count):
        weights, factor = [w, u], 1.0
        for place in range(2):
            h, slopes = 0.0, [0.0, 0.0]
            for _ in range(T):
                h, slopes = weights[0] * h + weights[1], [h + weights[0] * slopes[0], 1 + weights[0] * slopes[1]]
            if place == 0:
                factor = min(1.0, limit / max(abs(h - y) * np.hypot(*slopes), 1e-300))
            weights[place] -= lr * factor * (h - y) * slopes[place]
        w, u = weights
    return w, u


# --- 5 -----------------------------------------------------------------------------------------

forget_bias = answers_to(check.forget_bias)


@forget_bias.right
def by_logarithms(steps, share):
    return -np.log(np.exp(-np.log(share) / steps) - 1)


@forget_bias.right
def by_halving(steps, share):
    low, high = -100.0, 100.0
    for _ in range(80):
        middle = (low + high) / 2
        if (1 + np.exp(-middle)) ** -steps < share:
            low = middle
        else:
            high = middle
    return low


@forget_bias.inputs
def _(rng):
    return {"steps": int(rng.integers(1, 30)), "share": rng.uniform(0.01, 0.99)}


@forget_bias.stub
def forget_bias_untouched(steps, share):
    raise NotImplementedError


def inverse(f):
    return -np.log(1 / f - 1)


for words, answer in [
    ("After the first step", lambda steps, share: inverse(share)),
    ("This is f itself", lambda steps, share: np.exp(np.log(share) / steps)),
    ("divide the share by the number", lambda steps, share: inverse(share / steps)),
    ("to the power of steps. It is f", lambda steps, share: inverse(share**steps)),
    ("wrong sign", lambda steps, share: np.log(share ** (-1 / steps) - 1)),
    ("This is ln f", lambda steps, share: np.log(share ** (1 / steps))),
    ("You apply σ to f", lambda steps, share: 1 / (1 + np.exp(-np.exp(np.log(share) / steps)))),
    ("inverse of tanh", lambda steps, share: np.arctanh(np.exp(np.log(share) / steps))),
    ("Its logarithm is the bias", lambda steps, share: 1 / (share ** (-1 / steps) - 1)),
    ("another base", lambda steps, share: -np.log10(share ** (-1 / steps) - 1)),
    ("lose the same amount", lambda steps, share: inverse(1 - (1 - share) / steps)),
    ("what is kept, not what is lost", lambda steps, share: inverse((1 - share) ** (1 / steps))),
    ("", lambda steps, share: inverse(share ** (1 / (steps + 1)))),
    ("", lambda steps, share: inverse(share ** (1 / steps)) / steps),
    ("bias of a single step by", lambda steps, share: inverse(share) / steps),
    ("share that a step loses", lambda steps, share: 1 - np.exp(np.log(share) / steps)),
    ("rate at which the gradient fades", lambda steps, share: -np.log(share ** (1 / steps))),
    ("", lambda steps, share: inverse(share**0.5)),
]:
    forget_bias.wrong(words)(answer)


# --- 6 -----------------------------------------------------------------------------------------

gate_vjp = answers_to(check.gate_vjp)


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


@gate_vjp.right
def regrouped(g, a_z, a_n, h):
    z, n = sigmoid(a_z), np.tanh(a_n)
    kept, written = z * h, (1 - z) * n
    return g * ((1 - z) * kept - z * written), g * (1 - z) * (1 - n) * (1 + n), z * g


@gate_vjp.right
def recorded_gate(g, a_z, a_n, h):
    inputs = [Tensor(each, requires_grad=True) for each in (a_z, a_n, h)]
    z, n = inputs[0].sigmoid(), inputs[1].tanh()
    ((n + z * (inputs[2] - n)) * g).sum().backward()
    return tuple(each.grad for each in inputs)


@gate_vjp.inputs
def _(rng):
    shape = tuple(rng.integers(1, 4, size=rng.integers(1, 3)))
    return dict(zip(("g", "a_z", "a_n", "h"), rng.normal(size=(4, *shape)), strict=True))


@gate_vjp.stub
def gate_vjp_untouched(g, a_z, a_n, h):
    raise NotImplementedError


def gates(of_z=None, of_n=None, of_h=None):
    """A wrong answer: what replaces a gradient, as a function of g, z, n, h, a_z and a_n."""

    def answer(g, a_z, a_n, h):
        found = list(regrouped(g, a_z, a_n, h))
        for place, other in enumerate((of_z, of_n, of_h)):
            if other is not None:
                found[place] = other(g, sigmoid(a_z), np.tanh(a_n), h, a_z, a_n)
        return tuple(found)

    return answer


for words, answer in [
    ("This is the gradient of z.", gates(lambda g, z, n, h, *_: g * h - g * n)),
    ("This is the gradient of n.", gates(of_n=lambda g, z, n, h, *_: g - g * z)),
    (
        "These are the gradients of z and n",
        gates(lambda g, z, n, h, *_: g * (h - n), lambda g, z, n, h, *_: g * (1 - z)),
    ),
    ("You count the first use alone", gates(lambda g, z, n, h, *_: g * h * (z - z**2))),
    ("You count the second use alone", gates(lambda g, z, n, h, *_: g * n * (z**2 - z))),
    ("opposite signs", gates(lambda g, z, n, h, *_: (g * h + g * n) * (z - z**2))),
    ("toward h, away from n", gates(lambda g, z, n, h, *_: g * (n - h) * (z - z**2))),
    (
        "z and 1 - z have changed places",
        gates(
            lambda g, z, n, h, *_: g * (n - h) * (z - z**2),
            lambda g, z, n, h, *_: g * z * (1 - n**2),
            lambda g, z, n, h, *_: g - g * z,
        ),
    ),
    ("n is let in by 1 - z", gates(of_n=lambda g, z, n, h, *_: g * z * (1 - n * n))),
    ("h is kept by z", gates(of_h=lambda g, z, n, h, *_: g - g * z)),
    ("as a residual block would", gates(of_h=lambda g, z, n, h, *_: +g)),
    ("whole g on to n", gates(of_n=lambda g, z, n, h, *_: g - g * n * n)),
    ("as a_z (1 - a_z)", gates(lambda g, z, n, h, a_z, a_n: g * (h - n) * (a_z - a_z**2))),
    ("as 1 - a_n²", gates(of_n=lambda g, z, n, h, a_z, a_n: g * (1 - z) * (1 - a_n * a_n))),
    ("slope of tanh for the gate", gates(lambda g, z, n, h, *_: g * (h - n) * (1 - z * z))),
    ("You subtract a_n from h", gates(lambda g, z, n, h, a_z, a_n: g * (h - a_n) * (z - z * z))),
    ("You multiply by a_z", gates(of_h=lambda g, z, n, h, a_z, a_n: a_z * g)),
    ("", gates(of_h=lambda g, z, n, h, *_: g * z * (1 - z))),
    ("", gates(of_n=lambda g, z, n, h, *_: g * (1 - z) * (1 - n))),
    ("so their difference belongs", gates(lambda g, z, n, h, *_: g * z * (1 - z))),
    ("You apply σ to z", gates(lambda g, z, n, h, *_: g * (h - n) * sigmoid(z) * (1 - sigmoid(z)))),
    ("You apply tanh to n", gates(of_n=lambda g, z, n, h, *_: g * (1 - z) * (1 - np.tanh(n) ** 2))),
    ("slope of a σ. n is a tanh", gates(of_n=lambda g, z, n, h, *_: g * (1 - z) * (n - n**2))),
    ("since 1 - z is above 0", gates(of_n=lambda g, z, n, h, *_: g * (z - 1) * (1 - n**2))),
    ("is z alone", gates(of_h=lambda g, z, n, h, *_: g * z * h)),
    ("g is missing in all three", lambda g, a_z, a_n, h: regrouped(1 + 0 * g, a_z, a_n, h)),
    ("have changed places in what", lambda g, a_z, a_n, h: tuple(regrouped(g, a_z, a_n, h)[i] for i in (1, 0, 2))),
    ("a_z and h have changed places", lambda *question: tuple(reversed(regrouped(*question)))),
    ("missing in the gradient of h", gates(of_h=lambda g, z, n, h, *_: z)),
    ("", gates(lambda g, z, n, h, *_: g * n * h * z * (1 - z))),
]:
    gate_vjp.wrong(words)(answer)


# --- 7 -----------------------------------------------------------------------------------------

fill_in = answers_to(check.fill_in)
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def softmax(scores):
    powers = np.exp(scores - scores.max())
    return powers / powers.sum()


@fill_in.right
def read_from_the_beginning(step, pattern, temperature, rng):
    """Reads all again for every letter."""
    name = ""
    for character in pattern:
        scores, state = step(".", None)
        for letter in name:
            scores, state = step(letter, state)
        if character == "?":
            character = LETTERS[rng.choice(26, p=softmax(scores[1:] / temperature))]
        name += character
    return name


@fill_in.right
def minus_infinity_for_the_dot(step, pattern, temperature, rng):
    state, letters, unread = None, list(pattern), "."
    for place in range(len(pattern)):
        scores, state = step(unread, state)
        if letters[place] == "?":
            hidden = np.where(np.arange(27) > 0, scores, -np.inf)
            letters[place] = LETTERS[rng.choice(26, p=softmax(hidden / temperature)[1:])]
        unread = letters[place]
    return "".join(letters)


@fill_in.inputs
def _(rng):
    characters = rng.choice([*"abz", "?"], size=rng.integers(1, 7), p=[0.15, 0.15, 0.1, 0.6])
    inputs = {"step": rng.choice([check.ABOUT_LAST, check.ABOUT_ALL]), "pattern": "".join(characters)}
    return inputs | {"temperature": rng.uniform(0.3, 3.0), "seed": int(rng.integers(1000))}


@fill_in.stub
def fill_in_untouched(step, pattern, temperature, rng):
    raise NotImplementedError


def drawn(scores, temperature, rng):
    return LETTERS[rng.choice(26, p=softmax(scores[1:] / temperature))]


def filling(draw=drawn, read=lambda character, given: True, state_of=lambda state: state, start="."):
    """A wrong answer: how it draws, which letters it lets the network read, which state it passes on."""

    def answer(step, pattern, temperature, rng):
        scores, state = step(start, None) if start else (np.zeros(27), None)
        name = ""
        for character in pattern:
            given = character != "?"
            name += character if given else draw(scores, temperature, rng)
            if read(name[-1], given):
                scores, state = step(name[-1], state_of(state))
        return name

    return answer


def too_large(scores):
    return np.exp(scores) / np.exp(scores).sum()


def with_dot(scores, temperature, rng):
    return check.LETTERS[rng.choice(27, p=softmax(scores / temperature))]


def shifted(scores, temperature, rng):
    return check.LETTERS[rng.choice(26, p=softmax(scores[1:] / temperature))]


def chances_divided(scores, temperature, rng):
    divided = softmax(scores[1:]) / temperature
    return LETTERS[rng.choice(26, p=divided / divided.sum())]


@fill_in.wrong("draw for the given letters as well")
def always_drawing(step, pattern, temperature, rng):
    scores, state = step(".", None)
    name = ""
    for character in pattern:
        letter = drawn(scores, temperature, rng)
        name += letter if character == "?" else character
        scores, state = step(name[-1], state)
    return name


@fill_in.wrong("pass the first state on")
def first_state(step, pattern, temperature, rng):
    scores, state = step(".", None)
    name = ""
    for character in pattern:
        name += drawn(scores, temperature, rng) if character == "?" else character
        scores, _ = step(name[-1], state)
    return name


@fill_in.wrong("The given ones belong in the name")
def gaps_only(step, pattern, temperature, rng):
    name = read_from_the_beginning(step, pattern, temperature, rng)
    return "".join(letter for letter, character in zip(name, pattern, strict=True) if character == "?")


@fill_in.wrong("still has the dot")
def dotted(step, pattern, temperature, rng):
    return "." + read_from_the_beginning(step, pattern, temperature, rng)


for words, answer in [
    ("letters that the pattern gives", filling(read=lambda character, given: not given)),
    ("letters that you have drawn", filling(read=lambda character, given: given)),
    ("gets None as the state", filling(state_of=lambda state: None)),
    ("does not read a dot first", filling(start="")),
    ("dot takes part in your draws", filling(with_dot)),
    ("You multiply the scores", filling(lambda scores, T, rng: drawn(scores, 1 / T, rng))),
    ("temperature changes nothing", filling(lambda scores, T, rng: drawn(scores, 1.0, rng))),
    ("temperature changes nothing", filling(chances_divided)),
    ("one character at a time", lambda step, pattern, temperature, rng: step(pattern, step(".", None)[1])),
    ("one character at a time", lambda step, pattern, temperature, rng: step(0, None)),
    ("highest score each time", filling(lambda scores, T, rng: LETTERS[scores[1:].argmax()])),
    ("same chance", filling(lambda scores, T, rng: LETTERS[rng.choice(26)])),
    ("one place too early", filling(shifted)),
    ("last score, that of z", filling(lambda s, T, rng: check.LETTERS[rng.choice(26, p=softmax(s[:-1] / T))])),
    ("and call them a to z", filling(lambda s, T, rng: LETTERS[rng.choice(26, p=softmax(s[:-1] / T))])),
    ("You drew nothing from rng", filling(lambda scores, T, rng: drawn(scores, T, np.random.default_rng(0)))),
    ("You drew nothing from rng", filling(lambda scores, T, rng: drawn(scores, T, np.random.RandomState(7)))),
    ("You drew nothing from rng", lambda step, pattern, temperature, rng: pattern),
    ("large scores", filling(lambda scores, T, rng: LETTERS[rng.choice(26, p=too_large(scores[1:] / T))])),
    ("", lambda step, pattern, temperature, rng: list(read_from_the_beginning(step, pattern, temperature, rng))[:1]),
]:
    fill_in.wrong(words)(answer)
