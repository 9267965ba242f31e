"""The checks of lesson 15."""

import numpy as np

from gradlib.checks.cases import Case, Refused
from gradlib.checks.exercises import exercise
from gradlib.checks.values import named

TITLE = "Sequences"


# --- 1 -----------------------------------------------------------------------------------------


@exercise("One table, used twice", points=2)
def shared_table():
    """Return the gradient of E (V, d), where the scores are E[ids] @ E.T, from what arrives at the scores.

    g is an array (T, V), ids an array (T,) of integers, in which an id may stand several times. E stays as it is. For
    g = [[1, 0]], ids = [1] and E = [[1], [2]] the answer is [[2], [1]].
    """
    rng = np.random.default_rng(15)
    yield table_case([[1, 0]], [1], [[1], [2]])
    yield table_case([[0, 1], [2, 0]], [0, 0], [[1], [3]])
    for ids, V, d in [([2, 0, 2], 4, 2), ([1, 1, 1, 0], 3, 1), ([0, 3, 1, 3, 3], 5, 3), ([4, 2], 5, 2)]:
        yield table_case(rng.integers(-4, 5, size=(len(ids), V)), ids, rng.integers(-4, 5, size=(V, d)))
    yield table_case(rng.normal(size=(6, 3)), [2, 2, 0, 2, 0, 0], rng.normal(size=(3, 3)), "numbers that are not whole")


def table_case(g, ids, E, about=""):
    g, E, ids = np.array(g, dtype=float), np.array(E, dtype=float), np.array(ids)
    return Case({"g": g, "ids": ids, "E": E}, table_gradient(g, ids, E), about=about)


def table_gradient(g, ids, E, *, reading=1.0, scoring=1.0):
    """A right answer, with the shares of both uses, which make it wrong."""
    gradient = scoring * g.T @ E[ids]
    np.add.at(gradient, ids, reading * g @ E)
    return gradient


@shared_table.mistake
def scoring_only(g, ids, E):
    """Your gradient is that of one use, in which the table gives the scores. E[ids] also reads it, and the rows that it
    reads get a gradient for that, too."""
    return table_gradient(g, ids, E, reading=0.0)


@shared_table.mistake
def reading_only(g, ids, E):
    """Your gradient is that of one use, in which E[ids] reads the table. E.T also gives the scores."""
    return table_gradient(g, ids, E, scoring=0.0)


@shared_table.mistake
def last_id_wins(g, ids, E):
    """Where an id stands several times, one of its places is counted and the others are lost. Each place adds to the
    row that it reads."""
    gradient = g.T @ E[ids]
    gradient[ids] += g @ E
    return gradient


@shared_table.mistake
def last_id_of_reading_only(g, ids, E):
    """Two things are missing: the use of the table in which it gives the scores, and all but one of the places where an
    id is repeated."""
    gradient = np.zeros(E.shape)
    gradient[ids] += g @ E
    return gradient


@shared_table.mistake
def overwritten(g, ids, E):
    """A row that was read has lost what it got for the scores. Add the two, do not assign."""
    gradient = g.T @ E[ids]
    gradient[ids] = g @ E
    return gradient


@shared_table.mistake
def subtracted(g, ids, E):
    """One of the two parts has the wrong sign. A row that is used twice gets the sum of both."""
    return table_gradient(g, ids, E, reading=-1.0)


@shared_table.mistake
def scoring_twice(g, ids, E):
    """You double the gradient of one use. The two uses are different: one reads the rows of ids, the other one uses
    all rows."""
    return table_gradient(g, ids, E, reading=0.0, scoring=2.0)


@shared_table.mistake
def reading_twice(g, ids, E):
    """You double the gradient of the rows that are read. The other use, as E.T, has a gradient of its own."""
    return table_gradient(g, ids, E, reading=2.0, scoring=0.0)


@shared_table.mistake
def without_g(g, ids, E):
    """Your answer does not depend on g. It is right only where every number of g is 1."""
    return table_gradient(np.ones(g.shape), ids, E)


@shared_table.mistake
def halved(g, ids, E):
    """You take the mean of the two parts. Gradients of two uses are added."""
    return table_gradient(g, ids, E) / 2


@shared_table.mistake
def mean_over_places(g, ids, E):
    """You divide by the number of places. Nothing in the scores is a mean, so what comes back is a sum."""
    return table_gradient(g, ids, E) / len(ids)


@shared_table.mistake
def mean_of_repeated(g, ids, E):
    """Where an id stands several times, you take the mean over its places. Their gradients are added."""
    gradient = np.zeros(E.shape)
    np.add.at(gradient, ids, g @ E)
    counts = np.bincount(np.asarray(ids, dtype=np.intp), minlength=len(E))
    return g.T @ E[ids] + gradient / np.maximum(counts, 1)[:, None]


# --- 2 -----------------------------------------------------------------------------------------


@exercise("Texts of different lengths", points=2)
def last_states():
    """Return the state of each text after its own last step, an array (N, H).

    x (N, T, I) holds N texts, padded at the end to the same length T, and lengths (N,) their own lengths, from 1 to
    T. The cell is that of the lesson, h = tanh(x W_x + h W_h + b), and each text starts with the state 0.

    For x = [[[1], [2]], [[1], [2]]], lengths = [1, 2], W_x = [[1]], W_h = [[0]] and b = [0] the answer is
    [[tanh 1], [tanh 2]].
    """
    rng = np.random.default_rng(2)
    yield texts_case([[[1], [2]], [[1], [2]]], [1, 2], [[1]], [[0]], [0])
    yield texts_case([[[1], [0], [3]]], [2], [[1]], [[1]], [0])
    for N, T, inputs, H, lengths in [
        (2, 3, 1, 1, [1, 2]),
        (3, 4, 2, 2, [3, 1, 4]),
        (4, 5, 1, 3, [2, 4, 1, 3]),
        (3, 3, 2, 2, [2, 3, 2]),
    ]:
        x = rng.integers(-2, 3, size=(N, T, inputs)) / 2 + 0.25
        yield texts_case(x, lengths, *(rng.normal(size=shape) for shape in ((inputs, H), (H, H), H)))
    weights = [rng.normal(size=shape) for shape in ((2, 2), (2, 2), 2)]
    yield texts_case(rng.normal(size=(2, 1, 2)), [1, 1], *weights, "texts of a single step")


def texts_case(x, lengths, W_x, W_h, b, about=""):
    x, W_x, W_h, b = (np.array(each, dtype=float) for each in (x, W_x, W_h, b))
    inputs = {"x": x, "lengths": np.array(lengths), "W_x": W_x, "W_h": W_h, "b": b}
    return Case(inputs, ends(**inputs), about=about)


def states_of(x, W_x, W_h, b, bend=np.tanh, start=None):
    """All states of one text, the first one included: (T + 1, H)."""
    states = [np.zeros(len(b)) if start is None else start]
    for row in x:
        states.append(bend(row @ W_x + states[-1] @ W_h + b))
    return np.array(states)


def ends(x, lengths, W_x, W_h, b, *, at=lambda n, T: n, **how):
    """A right answer, with switches that make it wrong."""
    T = x.shape[1]
    return np.array([states_of(text, W_x, W_h, b, **how)[at(n, T)] for text, n in zip(x, lengths, strict=True)])


@last_states.mistake
def last_column(x, lengths, W_x, W_h, b):
    """You return the state after all T steps. A shorter text ends earlier, and its padding has changed the state."""
    return ends(x, lengths, W_x, W_h, b, at=lambda n, T: T)


@last_states.mistake
def one_too_early(x, lengths, W_x, W_h, b):
    """You are one step too early. A text of length n has its last state after n steps, and before the first it has a
    state, too, which is 0."""
    return ends(x, lengths, W_x, W_h, b, at=lambda n, T: n - 1)


@last_states.mistake
def one_too_early_by_index(x, lengths, W_x, W_h, b):
    """You are one step too early, and for a text of length 1 your index is below 0, which counts from the end. After n
    steps a list that holds no first state of 0 has its last one at index n - 1."""
    return ends(x, lengths, W_x, W_h, b, at=lambda n, T: n - 1 if n > 1 else T)


@last_states.mistake
def one_too_late(x, lengths, W_x, W_h, b):
    """You are one step too late: you read the first place of the padding as well."""
    return ends(x, lengths, W_x, W_h, b, at=lambda n, T: min(n + 1, T))


@last_states.mistake
def padded_with_zeros(x, lengths, W_x, W_h, b):
    """You set the padding to 0 and read on. The cell changes the state even if its input is 0."""
    x = x * (np.arange(x.shape[1]) < lengths[:, None])[..., None]
    return ends(x, lengths, W_x, W_h, b, at=lambda n, T: T)


@last_states.mistake
def erased(x, lengths, W_x, W_h, b):
    """The state of a shorter text is 0 when you return it. It has to stay what it was at the end of the text."""
    T = x.shape[1]
    return ends(x, lengths, W_x, W_h, b) * (lengths == T)[:, None]


@last_states.mistake
def handed_over(x, lengths, W_x, W_h, b):
    """A text goes on from the state of the one before. Each text starts with the state 0."""
    found, state = [], None
    for text, n in zip(x, lengths, strict=True):
        state = states_of(text[:n], W_x, W_h, b, start=state)[-1]
        found.append(state)
    return np.array(found)


@last_states.mistake
def not_bent(x, lengths, W_x, W_h, b):
    """The tanh is missing."""
    return ends(x, lengths, W_x, W_h, b, bend=lambda a: a)


@last_states.mistake
def bent_by_sigma(x, lengths, W_x, W_h, b):
    """You use σ. The cell of the lesson has a tanh."""
    return ends(x, lengths, W_x, W_h, b, bend=lambda a: 1 / (1 + np.exp(-a)))


@last_states.mistake
def bent_at_the_end(x, lengths, W_x, W_h, b):
    """You apply tanh to the last state alone. Every step applies it."""
    return np.tanh(ends(x, lengths, W_x, W_h, b, bend=lambda a: a))


@last_states.mistake
def without_b(x, lengths, W_x, W_h, b):
    """b is missing."""
    return ends(x, lengths, W_x, W_h, 0 * b)


@last_states.mistake
def without_memory(x, lengths, W_x, W_h, b):
    """Your state depends on the last input alone. The old state takes part in every step, through W_h."""
    return ends(x, lengths, W_x, 0 * W_h, b)


@last_states.mistake
def transposed(x, lengths, W_x, W_h, b):
    """W_h is transposed. The state is a row, and stands to the left of W_h."""
    return ends(x, lengths, W_x, W_h.T, b)


@last_states.mistake
def from_the_end(x, lengths, W_x, W_h, b):
    """You read the texts from their ends to their beginnings."""
    return np.array([states_of(text[:n][::-1], W_x, W_h, b)[-1] for text, n in zip(x, lengths, strict=True)])


@last_states.mistake
def longest_for_all(x, lengths, W_x, W_h, b):
    """All your texts stop at the length of the longest one. Each has a length of its own."""
    return ends(x, np.full(len(x), lengths.max()), W_x, W_h, b)


@last_states.mistake
def shortest_for_all(x, lengths, W_x, W_h, b):
    """All your texts stop at the length of the shortest one. Each has a length of its own."""
    return ends(x, np.full(len(x), lengths.min()), W_x, W_h, b)


@last_states.mistake
def sum_of_states(x, lengths, W_x, W_h, b):
    """You return the sum of the states. The answer is the last one of each text."""
    return np.array([states_of(text[:n], W_x, W_h, b).sum(axis=0) for text, n in zip(x, lengths, strict=True)])


@last_states.mistake
def mean_of_states(x, lengths, W_x, W_h, b):
    """You return the mean of the states. The answer is the last one of each text."""
    return np.array([states_of(text[:n], W_x, W_h, b)[1:].mean(axis=0) for text, n in zip(x, lengths, strict=True)])


@last_states.mistake
def last_places(x, lengths, W_x, W_h, b):
    """You read the last places of a shorter text, and skip its first ones. The padding stands at the end."""
    texts = zip(x, lengths, strict=True)
    return np.array([states_of(text[len(text) - n :], W_x, W_h, b)[-1] for text, n in texts])


# --- 3 -----------------------------------------------------------------------------------------


@exercise("Back through pieces", points=3)
def truncated():
    """Return the gradients of a, a number, and of x (T,), where the gradient ends at the beginning of each piece.

    The states are numbers: h_t = a h_{t-1} + x_t, and the state before the first step is 0. g (T,) arrives at the T
    states. The steps are cut into pieces of k, from the first step on; the last piece may be shorter. The state goes on
    from piece to piece as a number, detached.

    For g = [0, 0, 1], x = [1, 0, 0], a = 2 and k = 2 the answer is 2 and [0, 0, 1].
    """
    for g, x, a, k, about in [
        ([0, 0, 1], [1, 0, 0], 2, 2, ""),
        ([0, 1], [1, 0], 3, 2, ""),
        ([1, 2, 1, 3], [1, 1, 2, 1], 2, 2, ""),
        ([1, 0, 2, 1, 1], [2, 1, 0, 1, 3], 2, 3, ""),
        ([1, -1, 2, 1, 0, 3, 1], [1, 2, -1, 1, 1, 0, 2], -2, 3, ""),
        ([2, 1, -1, 1, 2, 1, 1, 2], [1, 0.5, 2, 1, -1, 1, 1, 2], 0.5, 4, ""),
        ([1 / 7, 1.25, -0.75, 1.5, 0.25], [0.5, 1, -1, 1.5, 1], 1.5, 2, ""),
        ([3, 1, 2], [1, 2, 1], 2, 1, "pieces of one step"),
        ([1.5], [2], 3, 2, "a single step"),
        ([1, 2, 1, 2], [2, 1, 1, 1], -1, 6, "a piece that is longer than the text"),
        ([1, 2, 3], [2, 0, 1], 0, 2, "a = 0"),
    ]:
        inputs = {"g": np.array(g, dtype=float), "x": np.array(x, dtype=float), "a": a, "k": k}
        yield Case(inputs, back(**inputs), names=("a", "x"), about=about, rtol=1e-5)


def values_of(x, a, ends_at=lambda t: False):
    """The states, the first one, which is 0, included."""
    states = [0.0]
    for t, x_t in enumerate(x):
        states.append((0.0 if ends_at(t) else a * states[-1]) + x_t)
    return states


def back(g, x, a, k, *, starts=None, forget=False, used=0, passed=None):
    """A right answer, with switches that make it wrong.

    starts : starts(t) is True if a piece starts with step t.
    """
    starts = starts or (lambda t: t % k == 0)
    states = values_of(x, a, starts if forget else lambda t: False)
    of_a, of_x, later = 0.0, np.zeros(len(x)), 0.0
    for t in reversed(range(len(x))):
        of_x[t] = g[t] + later
        of_a += of_x[t] * (0.0 if forget and starts(t) else states[t + used])
        later = 0.0 if starts(t) else of_x[t] * (a if passed is None else passed)
    return of_a, of_x


@truncated.mistake
def not_cut(g, x, a, k):
    """The gradient goes back through the whole text. It ends where a piece begins."""
    return back(g, x, a, k, starts=lambda t: False)


@truncated.mistake
def state_lost(g, x, a, k):
    """Your state starts from 0 in every piece. Only its gradient ends there; its value goes on."""
    return back(g, x, a, k, forget=True)


@truncated.mistake
def one_step(g, x, a, k):
    """Your gradient never goes back from one step to the one before. Inside a piece it does."""
    return back(g, x, a, k, starts=lambda t: True)


@truncated.mistake
def one_step_back(g, x, a, k):
    """Only the g of the next step comes back to a step. It should be all that arrives there, also what comes from
    further steps."""
    of_x = np.array(g)
    for t in range(len(x) - 1):
        of_x[t] += 0.0 if (t + 1) % k == 0 else a * g[t + 1]
    return of_x @ values_of(x, a)[:-1], of_x


@truncated.mistake
def cut_a_step_late(g, x, a, k):
    """Your cuts are one step too late: the first step of a piece is cut off from the rest of it."""
    return back(g, x, a, k, starts=lambda t: t % k == 1 % k)


@truncated.mistake
def cut_a_step_early(g, x, a, k):
    """Your cuts are one step too early: the last step of a piece is cut off from the rest of it."""
    return back(g, x, a, k, starts=lambda t: t % k == k - 1)


@truncated.mistake
def cut_from_the_end(g, x, a, k):
    """You count the pieces from the end of the text. They start with the first step, and the last one may be
    shorter."""
    return back(g, x, a, k, starts=lambda t: (len(x) - t) % k == 0)


@truncated.mistake
def window(g, x, a, k):
    """Each g of yours goes back k steps, wherever it starts. It ends at the beginning of its own piece."""
    of_a, of_x, states = 0.0, np.zeros(len(x)), values_of(x, a)
    for t in range(len(x)):
        for s in range(max(0, t - k + 1), t + 1):
            of_x[s] += g[t] * a ** (t - s)
            of_a += g[t] * a ** (t - s) * states[s]
    return of_a, of_x


@truncated.mistake
def new_state(g, x, a, k):
    """a multiplies the state before the step, so that state belongs in its gradient. You use the one after it."""
    return back(g, x, a, k, used=1)


@truncated.mistake
def inputs_for_states(g, x, a, k):
    """a multiplies states, and your gradient of a has the inputs x instead."""
    of_x = back(g, x, a, k)[1]
    return of_x[1:] @ x[:-1], of_x


@truncated.mistake
def not_multiplied(g, x, a, k):
    """One step back multiplies by a. Yours passes the gradient on as it is."""
    return back(g, x, a, k, passed=1.0)


@truncated.mistake
def mean_of_pieces(g, x, a, k):
    """You take the mean over the pieces. a is used in all of them, so its gradients are added."""
    of_a, of_x = back(g, x, a, k)
    return of_a / -(-len(x) // k), of_x


@truncated.mistake
def last_piece_only(g, x, a, k):
    """You return the gradients of the last piece alone. Every piece has its own g."""
    first = (len(x) - 1) // k * k
    return back(g * (np.arange(len(x)) >= first), x, a, k)


@truncated.mistake
def first_piece_only(g, x, a, k):
    """You return the gradients of the first piece alone. Every piece has its own g."""
    return back(g * (np.arange(len(x)) < k), x, a, k)


@truncated.mistake
def sum_of_gradients(g, x, a, k):
    """Your gradient of a adds up what arrives at the states. At each step it is multiplied by the state that a
    multiplies there."""
    of_x = back(g, x, a, k)[1]
    return of_x.sum(), of_x


@truncated.mistake
def order_of_the_way_back(g, x, a, k):
    """The gradients of x stand in the order in which the way back meets them, the last step first."""
    of_a, of_x = back(g, x, a, k)
    return of_a, of_x[::-1]


@truncated.mistake
def passed_once_more(g, x, a, k):
    """x is added to the state as it is, so it gets what arrives at the state. Yours is multiplied by a once more."""
    of_a, of_x = back(g, x, a, k)
    return of_a, a * of_x


@truncated.mistake
def shorter_piece_left_out(g, x, a, k):
    """You leave out the last piece where it is shorter than k. It counts like the others."""
    return back(g * (np.arange(len(x)) < len(x) // k * k), x, a, k)


@truncated.mistake
def last_g_of_each_piece(g, x, a, k):
    """You use g at the end of each piece alone. It arrives at every state."""
    steps = np.arange(len(x))
    return back(g * (((steps + 1) % k == 0) | (steps == len(x) - 1)), x, a, k)


# --- 4 -----------------------------------------------------------------------------------------


@exercise("Steps that are not too long", points=3)
def descend():
    """Return w and u after some steps of gradient descent with clipped gradients, as a pair.

    The network is h_t = w h_{t-1} + u with the state 0 before the first step. After T steps the loss is ½ (h_T - y)².
    Each step of descent computes both gradients, scales them by min(1, limit / √(g_w² + g_u²)), and subtracts them
    times lr. There are count steps.

    For w = 1, u = 3, T = 1, y = 1, lr = 0.5, limit = 1 and count = 1 the answer is 1 and 2.5.
    """
    for w, u, T, y, lr, limit, count, about in [
        (1, 3, 1, 1, 0.5, 1, 1, ""),
        (1, 1, 2, 1, 0.5, 100, 1, ""),
        (1, 1, 2, 1, 0.5, 1, 1, ""),
        (2, 1, 3, 5, 0.1, 5, 1, ""),
        (0.5, 2, 4, 1, 0.1, 2, 3, ""),
        (-1.5, 1, 3, 4, 0.2, 3, 2, ""),
        (1.25, -1, 5, 2, 0.05, 0.5, 4, "a gradient that explodes"),
        (1.5, 1, 20, 2, 0.01, 1, 30, "a gradient that explodes"),
        (0.25, 1, 20, 2, 0.1, 1, 20, ""),
        (-2, 1, 4, -1, 0.1, 1.5, 2, ""),
        (1, 3.125, 1, 1, 0.5, 2.25, 1, ""),
        (-1.25, -2, 3, -3, 0.1, 2.75, 2, ""),
        (0.5, 1, 2, 1.5, 0.1, 1, 2, "a gradient of 0"),
    ]:
        inputs = {"w": w, "u": u, "T": T, "y": y, "lr": lr, "limit": limit, "count": count}
        yield Case(
            inputs,
            descended(**inputs),
            names=("w", "u"),
            about=about,
            odd=bool(
                about
            ),  # where a gradient of 0 or one that overflows leads differs from one wrong answer to another
            rtol=1e-4,
            atol=1e-6,
        )


def slopes(w, u, T, y, *, last_w=False, last_u=False):
    """The gradients of w and u; with the switches, of their last use alone."""
    h, by_w, by_u = 0.0, 0.0, 0.0
    for _ in range(T):
        by_w = h + (0.0 if last_w else w * by_w)
        by_u = 1.0 + (0.0 if last_u else w * by_u)
        h = w * h + u
    return (h - y) * by_w, (h - y) * by_u


def together(of_w, of_u, limit):
    factor = limit / max(limit, np.hypot(of_w, of_u))
    return of_w * factor, of_u * factor


def descended(w, u, T, y, lr, limit, count, *, clip=together, factor=1.0, skip=0, moves_w=1.0, moves_u=1.0, **how):
    """A right answer, with switches that make it wrong."""
    for _ in range(count - skip):
        of_w, of_u = clip(*(factor * slope for slope in slopes(w, u, T, y, **how)), limit)
        w, u = w - lr * moves_w * of_w, u - lr * moves_u * of_u
    return w, u


@descend.mistake(whole=True)
def unclipped(w, u, T, y, lr, limit, count):
    """Your steps are not clipped. Where the gradient is longer than the limit, scale it down."""
    return descended(w, u, T, y, lr, limit, count, clip=lambda of_w, of_u, limit: (of_w, of_u))


@descend.mistake(whole=True)
def each_by_itself(w, u, T, y, lr, limit, count):
    """You clip each gradient by itself, so the step changes its direction. Both are scaled by the same factor, from
    their common length."""
    return descended(w, u, T, y, lr, limit, count, clip=lambda *slopes: np.clip(slopes[:2], -slopes[2], slopes[2]))


@descend.mistake(whole=True)
def cut_from_above(w, u, T, y, lr, limit, count):
    """You cut each gradient from above, so a long negative one stays as it is. Both are scaled by the same factor, from
    their common length."""
    return descended(w, u, T, y, lr, limit, count, clip=lambda *slopes: np.minimum(slopes[:2], slopes[2]))


@descend.mistake(whole=True)
def limit_of_one(w, u, T, y, lr, limit, count):
    """You clip to a length of 1, whatever the limit is."""
    return descended(w, u, T, y, lr, 1.0, count)


@descend.mistake(whole=True)
def first_step_only(w, u, T, y, lr, limit, count):
    """You take one step. There are count of them."""
    return descended(w, u, T, y, lr, limit, 1)


@descend.mistake(whole=True)
def network_too_short(w, u, T, y, lr, limit, count):
    """Your network has one step fewer than T."""
    return descended(w, u, T - 1, y, lr, limit, count)


@descend.mistake(whole=True)
def always_scaled(w, u, T, y, lr, limit, count):
    """Your gradient always has the length of the limit. One that is shorter stays as it is."""

    def clip(of_w, of_u, limit):
        length = np.hypot(of_w, of_u) or 1.0
        return of_w * limit / length, of_u * limit / length

    return descended(w, u, T, y, lr, limit, count, clip=clip)


@descend.mistake(whole=True)
def length_squared(w, u, T, y, lr, limit, count):
    """You compare the limit with the square of the length. The root is missing."""

    def clip(of_w, of_u, limit):
        factor = limit / max(limit, of_w**2 + of_u**2)
        return of_w * factor, of_u * factor

    return descended(w, u, T, y, lr, limit, count, clip=clip)


@descend.mistake(whole=True)
def added_up(w, u, T, y, lr, limit, count):
    """You compare the limit with the sum of the two sizes. The length is √(g_w² + g_u²)."""

    def clip(of_w, of_u, limit):
        factor = limit / max(limit, abs(of_w) + abs(of_u))
        return of_w * factor, of_u * factor

    return descended(w, u, T, y, lr, limit, count, clip=clip)


@descend.mistake(whole=True)
def larger_one(w, u, T, y, lr, limit, count):
    """You compare the limit with the larger of the two sizes. The length is √(g_w² + g_u²)."""

    def clip(of_w, of_u, limit):
        factor = limit / max(limit, abs(of_w), abs(of_u))
        return of_w * factor, of_u * factor

    return descended(w, u, T, y, lr, limit, count, clip=clip)


@descend.mistake(whole=True)
def step_clipped(w, u, T, y, lr, limit, count):
    """You clip the step, after the multiplication by lr. The limit is for the gradient."""
    return descended(w, u, T, y, lr, limit / lr, count)


@descend.mistake(whole=True)
def last_use_of_w(w, u, T, y, lr, limit, count):
    """Your gradient of w counts its last use alone. w is used at every step, and each use adds its part."""
    return descended(w, u, T, y, lr, limit, count, last_w=True)


@descend.mistake(whole=True)
def last_use_of_u(w, u, T, y, lr, limit, count):
    """Your gradient of u counts its last use alone. u is added at every step, and each use adds its part."""
    return descended(w, u, T, y, lr, limit, count, last_u=True)


@descend.mistake(whole=True)
def last_use_of_both(w, u, T, y, lr, limit, count):
    """Your gradients count the last step alone. Both weights are used at every step, and each use adds its part."""
    return descended(w, u, T, y, lr, limit, count, last_w=True, last_u=True)


@descend.mistake(whole=True)
def uphill(w, u, T, y, lr, limit, count):
    """You add the gradient, so the loss rises. Descent subtracts it."""
    return descended(w, u, T, y, -lr, limit, count)


@descend.mistake(whole=True)
def doubled(w, u, T, y, lr, limit, count):
    """Before they are clipped, your gradients are twice as large as they should be. The loss has a ½."""
    return descended(w, u, T, y, lr, limit, count, factor=2.0)


@descend.mistake(whole=True)
def of_the_state(w, u, T, y, lr, limit, count):
    """These are steps along the gradients of h_T, not of the loss. What arrives at h_T is h_T - y."""
    for _ in range(count):
        h, by_w, by_u = 0.0, 0.0, 0.0
        for _ in range(T):
            h, by_w, by_u = w * h + u, h + w * by_w, 1.0 + w * by_u
        by_w, by_u = together(by_w, by_u, limit)
        w, u = w - lr * by_w, u - lr * by_u
    return w, u


@descend.mistake(whole=True)
def one_step_less(w, u, T, y, lr, limit, count):
    """You take one step fewer than count."""
    return descended(w, u, T, y, lr, limit, count, skip=1)


@descend.mistake(whole=True)
def one_step_more(w, u, T, y, lr, limit, count):
    """You take one step more than count."""
    return descended(w, u, T, y, lr, limit, count, skip=-1)


@descend.mistake(whole=True)
def in_turn(w, u, T, y, lr, limit, count):
    """You change w first, and compute the gradient of u with the new w. Both gradients are taken at the same point."""
    for _ in range(count):
        factor = limit / max(limit, np.hypot(*slopes(w, u, T, y)))
        w -= lr * factor * slopes(w, u, T, y)[0]
        u -= lr * factor * slopes(w, u, T, y)[1]
    return w, u


@descend.mistake(whole=True)
def new_states(w, u, T, y, lr, limit, count):
    """w multiplies the state before the step, so that state belongs in its gradient. You use the one after it."""
    for _ in range(count):
        states = [0.0]
        for _ in range(T):
            states.append(w * states[-1] + u)
        arriving = [(states[-1] - y) * w ** (T - 1 - t) for t in range(T)]
        of_w, of_u = together(np.dot(arriving, states[1:]), sum(arriving), limit)
        w, u = w - lr * of_w, u - lr * of_u
    return w, u


@descend.mistake(whole=True)
def loss_sent_back(w, u, T, y, lr, limit, count):
    """You send the loss itself back. What arrives at h_T is its derivative, h_T - y."""
    for _ in range(count):
        h = 0.0
        for _ in range(T):
            h = w * h + u
        of_w, of_u = together(*(slope * (h - y) / 2 for slope in slopes(w, u, T, y)), limit)
        w, u = w - lr * of_w, u - lr * of_u
    return w, u


@descend.mistake(whole=True)
def without_lr(w, u, T, y, lr, limit, count):
    """You subtract the whole gradient. It is multiplied by lr first."""
    return descended(w, u, T, y, 1.0, limit, count)


@descend.mistake(whole=True)
def u_stays(w, u, T, y, lr, limit, count):
    """Your u stays as it was. Every step changes both weights."""
    return descended(w, u, T, y, lr, limit, count, moves_u=0.0)


@descend.mistake(whole=True)
def w_stays(w, u, T, y, lr, limit, count):
    """Your w stays as it was. Every step changes both weights."""
    return descended(w, u, T, y, lr, limit, count, moves_w=0.0)


@descend.mistake(whole=True)
def weights_exchanged(w, u, T, y, lr, limit, count):
    """The two weights have changed places in what you return. w comes first."""
    return descended(w, u, T, y, lr, limit, count)[::-1]


@descend.mistake(whole=True)
def larger_factor(w, u, T, y, lr, limit, count):
    """Your factor is the larger one of 1 and limit divided by the length. It must never be above 1."""

    def clip(of_w, of_u, limit):
        factor = max(1.0, limit / (np.hypot(of_w, of_u) or limit))
        return of_w * factor, of_u * factor

    return descended(w, u, T, y, lr, limit, count, clip=clip)


# --- 5 -----------------------------------------------------------------------------------------


@exercise("The forget gate's bias", points=1)
def forget_bias():
    """Return the bias with which a share of the gradient is left along the memory of an LSTM after some steps.

    What else goes into the forget gate is 0, so f = σ(bias) at every step. share lies between 0 and 1. For steps = 1
    and share = ½ the answer is 0, and for steps = 2 and share = 0.64 it is ln 4, about 1.39.
    """
    for steps, share, about in [
        (1, 0.5, ""),
        (2, 0.64, ""),
        (1, 0.8, ""),
        (3, 0.125, ""),
        (2, 0.01, ""),
        (20, 0.5, ""),
        (100, 0.25, ""),
        (1, 0.2, "a bias below 0"),
        (4, 0.0001, "a bias below 0"),
    ]:
        yield Case({"steps": steps, "share": share}, logit(share ** (1 / steps)), about=about)


def logit(f):
    return np.log(f / (1 - f))


@forget_bias.mistake
def one_step_alone(steps, share):
    """After the first step your share is left. Each further step multiplies by f again."""
    return logit(share)


@forget_bias.mistake
def the_gate(steps, share):
    """This is f itself, the gate. The bias is the number whose σ is f."""
    return share ** (1 / steps)


@forget_bias.mistake
def divided(steps, share):
    """You divide the share by the number of steps. The steps multiply: f to the power of steps is the share."""
    return logit(share / steps)


@forget_bias.mistake
def a_power(steps, share):
    """You raise the share to the power of steps. It is f that is multiplied by itself so many times, and the share is
    what comes out."""
    return logit(share**steps)


@forget_bias.mistake
def sign_turned(steps, share):
    """Your bias has the wrong sign. The larger it is, the more is kept."""
    return -logit(share ** (1 / steps))


@forget_bias.mistake
def logarithm(steps, share):
    """This is ln f. It is the bias if the gate is exp. The inverse of σ is ln(f / (1 - f))."""
    return np.log(share) / steps


@forget_bias.mistake
def sigma_again(steps, share):
    """You apply σ to f. The bias is what σ is applied to, so its inverse is needed."""
    return 1 / (1 + np.exp(-(share ** (1 / steps))))


@forget_bias.mistake
def bias_divided(steps, share):
    """You divide the bias of a single step by the number of steps. It is f that is a root of the share."""
    return logit(share) / steps


@forget_bias.mistake
def loss_of_a_step(steps, share):
    """This is 1 - f, the share that a step loses. The bias is the number whose σ is f."""
    return 1 - share ** (1 / steps)


@forget_bias.mistake
def rate(steps, share):
    """This is -ln f, the rate at which the gradient fades. The bias is the number whose σ is f."""
    return -np.log(share) / steps


@forget_bias.mistake
def of_tanh(steps, share):
    """You use the inverse of tanh. A gate is a σ."""
    return np.arctanh(share ** (1 / steps))


@forget_bias.mistake
def ratio(steps, share):
    """This is f / (1 - f). Its logarithm is the bias."""
    f = share ** (1 / steps)
    return f / (1 - f)


@forget_bias.mistake
def base_ten(steps, share):
    """Your logarithm has another base. σ is made of e to a power, so the natural one belongs here."""
    return logit(share ** (1 / steps)) / np.log(10)


@forget_bias.mistake
def linear_loss(steps, share):
    """You let each step lose the same amount, (1 - share) / steps. Each step keeps the same factor."""
    return logit(1 - (1 - share) / steps)


@forget_bias.mistake
def lost_share(steps, share):
    """After your steps 1 - share is left. The share is what is kept, not what is lost."""
    return logit((1 - share) ** (1 / steps))


# --- 6 -----------------------------------------------------------------------------------------


@exercise("Back through a GRU's gate", points=2)
def gate_vjp():
    """Return the gradients of a_z, a_n and h, three arrays, from what arrives at the new state of a GRU.

    The new state is (1 - z) n + z h with z = σ(a_z) and n = tanh(a_n). All are arrays of the same shape, and h has no
    other way into the new state here.

    For g = [16], a_z = a_n = [ln 3] and h = [2.8] the answer is [6], [1.44] and [12].
    """
    rng = np.random.default_rng(6)
    yield gate_case([16], [np.log(3)], [np.log(3)], [2.8])
    yield gate_case([1, 1], [1, -1], [0, 0.5], [2, -1])
    for shape in ((3,), (2, 2), (4,), (2, 3)):
        g, h = rng.integers(-4, 5, size=(2, *shape))
        a_z, a_n = rng.normal(size=(2, *shape))
        yield gate_case(g + 0.25, a_z, a_n, h)
    yield gate_case([2, 2], [-30, 30], [1, 1], [3, 3], "a gate that is shut and one that is open")
    yield gate_case([0, 1], [1, 1], [1, 1], [1, np.tanh(1)], "h that equals n, and a g of 0")


def gate_case(g, a_z, a_n, h, about=""):
    inputs = {
        name: np.array(value, dtype=float)
        for name, value in zip(("g", "a_z", "a_n", "h"), (g, a_z, a_n, h), strict=True)
    }
    return Case(inputs, gate(**inputs), names=("a_z", "a_n", "h"), about=about)


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def gate(g, a_z, a_n, h):
    z, n = sigmoid(a_z), np.tanh(a_n)
    return g * (h - n) * z * (1 - z), g * (1 - z) * (1 - n**2), g * z


@gate_vjp.mistake
def no_slope_of_gate(g, a_z, a_n, h):
    """This is the gradient of z. For a_z multiply by the slope of σ."""
    return g * (h - np.tanh(a_n)), *gate(g, a_z, a_n, h)[1:]


@gate_vjp.mistake
def no_slope_of_tanh(g, a_z, a_n, h):
    """This is the gradient of n. For a_n multiply by the slope of tanh."""
    of_gate, _, of_h = gate(g, a_z, a_n, h)
    return of_gate, g * (1 - sigmoid(a_z)), of_h


@gate_vjp.mistake
def no_slopes(g, a_z, a_n, h):
    """These are the gradients of z and n. For a_z multiply by the slope of σ, for a_n by the slope of tanh."""
    return g * (h - np.tanh(a_n)), g * (1 - sigmoid(a_z)), g * sigmoid(a_z)


@gate_vjp.mistake
def kept_only(g, a_z, a_n, h):
    """z is used twice: it multiplies h, and 1 - z multiplies n. You count the first use alone."""
    z = sigmoid(a_z)
    return g * h * z * (1 - z), *gate(g, a_z, a_n, h)[1:]


@gate_vjp.mistake
def written_only(g, a_z, a_n, h):
    """z is used twice: it multiplies h, and 1 - z multiplies n. You count the second use alone."""
    z = sigmoid(a_z)
    return -g * np.tanh(a_n) * z * (1 - z), *gate(g, a_z, a_n, h)[1:]


@gate_vjp.mistake
def signs_of_uses_equal(g, a_z, a_n, h):
    """The two uses of z have opposite signs: a larger z keeps more of h, and writes less of n."""
    z = sigmoid(a_z)
    return g * (h + np.tanh(a_n)) * z * (1 - z), *gate(g, a_z, a_n, h)[1:]


@gate_vjp.mistake
def no_difference(g, a_z, a_n, h):
    """The gate chooses between h and n, so their difference belongs in its gradient."""
    z = sigmoid(a_z)
    return g * z * (1 - z), *gate(g, a_z, a_n, h)[1:]


@gate_vjp.mistake
def sigma_twice(g, a_z, a_n, h):
    """You apply σ to z when you take its slope. It is z (1 - z), with z as it is."""
    s = sigmoid(sigmoid(a_z))
    return g * (h - np.tanh(a_n)) * s * (1 - s), *gate(g, a_z, a_n, h)[1:]


@gate_vjp.mistake
def tanh_twice(g, a_z, a_n, h):
    """You apply tanh to n when you take its slope. It is 1 - n², with n as it is."""
    of_gate, _, of_h = gate(g, a_z, a_n, h)
    return of_gate, g * (1 - sigmoid(a_z)) * (1 - np.tanh(np.tanh(a_n)) ** 2), of_h


@gate_vjp.mistake
def sigma_for_tanh(g, a_z, a_n, h):
    """n (1 - n) is the slope of a σ. n is a tanh, with the slope 1 - n²."""
    of_gate, _, of_h = gate(g, a_z, a_n, h)
    n = np.tanh(a_n)
    return of_gate, g * (1 - sigmoid(a_z)) * n * (1 - n), of_h


@gate_vjp.mistake
def let_in_with_a_minus(g, a_z, a_n, h):
    """The sign is wrong. A larger n makes the new state larger, since 1 - z is above 0."""
    of_gate, of_n, of_h = gate(g, a_z, a_n, h)
    return of_gate, -of_n, of_h


@gate_vjp.mistake
def value_kept(g, a_z, a_n, h):
    """z h is a part of the new state. Its derivative with respect to h is z alone."""
    return *gate(g, a_z, a_n, h)[:2], g * sigmoid(a_z) * h


@gate_vjp.mistake(whole=True)
def all_without_g(g, a_z, a_n, h):
    """g is missing in all three. They are right only where every number of g is 1."""
    return gate(np.ones(g.shape), a_z, a_n, h)


@gate_vjp.mistake(whole=True)
def order_changed(g, a_z, a_n, h):
    """The gradients of a_z and a_n have changed places in what you return."""
    of_gate, of_n, of_h = gate(g, a_z, a_n, h)
    return of_n, of_gate, of_h


@gate_vjp.mistake(whole=True)
def order_reversed(g, a_z, a_n, h):
    """The gradients of a_z and h have changed places in what you return."""
    return gate(g, a_z, a_n, h)[::-1]


@gate_vjp.mistake
def kept_without_g(g, a_z, a_n, h):
    """g is missing in the gradient of h."""
    return *gate(g, a_z, a_n, h)[:2], sigmoid(a_z)


@gate_vjp.mistake
def gate_sign_turned(g, a_z, a_n, h):
    """The sign is wrong. A larger z moves the new state toward h, away from n."""
    of_gate, *others = gate(g, a_z, a_n, h)
    return -of_gate, *others


@gate_vjp.mistake(whole=True)
def gates_exchanged(g, a_z, a_n, h):
    """z and 1 - z have changed places: here z keeps h, and 1 - z lets n in."""
    z, n = sigmoid(a_z), np.tanh(a_n)
    return g * (n - h) * z * (1 - z), g * z * (1 - n**2), g * (1 - z)


@gate_vjp.mistake
def let_in_by_z(g, a_z, a_n, h):
    """n is let in by 1 - z, so that is its factor. Yours is z."""
    of_gate, _, of_h = gate(g, a_z, a_n, h)
    return of_gate, g * sigmoid(a_z) * (1 - np.tanh(a_n) ** 2), of_h


@gate_vjp.mistake
def kept_by_the_rest(g, a_z, a_n, h):
    """h is kept by z, so that is its factor. Yours is 1 - z."""
    return *gate(g, a_z, a_n, h)[:2], g * (1 - sigmoid(a_z))


@gate_vjp.mistake
def straight_through(g, a_z, a_n, h):
    """You pass the whole g on to h, as a residual block would. The gate lets z times g through."""
    return *gate(g, a_z, a_n, h)[:2], g


@gate_vjp.mistake
def ungated(g, a_z, a_n, h):
    """You pass the whole g on to n, and only the slope of tanh is there. The gate lets (1 - z) times g through."""
    of_gate, _, of_h = gate(g, a_z, a_n, h)
    return of_gate, g * (1 - np.tanh(a_n) ** 2), of_h


@gate_vjp.mistake
def slope_at_a_z(g, a_z, a_n, h):
    """You write the slope of σ as a_z (1 - a_z). It is z (1 - z), with z itself."""
    return g * (h - np.tanh(a_n)) * a_z * (1 - a_z), *gate(g, a_z, a_n, h)[1:]


@gate_vjp.mistake
def slope_at_a_n(g, a_z, a_n, h):
    """You write the slope of tanh as 1 - a_n². It is 1 - n², with n itself."""
    of_gate, _, of_h = gate(g, a_z, a_n, h)
    return of_gate, g * (1 - sigmoid(a_z)) * (1 - a_n**2), of_h


@gate_vjp.mistake
def gate_of_tanh(g, a_z, a_n, h):
    """You use the slope of tanh for the gate. z is a σ, with the slope z (1 - z)."""
    z = sigmoid(a_z)
    return g * (h - np.tanh(a_n)) * (1 - z**2), *gate(g, a_z, a_n, h)[1:]


@gate_vjp.mistake
def a_n_for_n(g, a_z, a_n, h):
    """You subtract a_n from h. What the gate lets in is n, the tanh of it."""
    z = sigmoid(a_z)
    return g * (h - a_n) * z * (1 - z), *gate(g, a_z, a_n, h)[1:]


@gate_vjp.mistake
def a_z_for_z(g, a_z, a_n, h):
    """You multiply by a_z. What keeps h is z, the σ of it."""
    return *gate(g, a_z, a_n, h)[:2], g * a_z


# --- 7 -----------------------------------------------------------------------------------------

LETTERS = ".abcdefghijklmnopqrstuvwxyz"


@exercise("A name with gaps", points=3)
def fill_in():
    """Return a name that fits a pattern such as "m?r??", as a text: a letter stands for itself, a ? is a gap.

    step(character, state) lets a network read one more character, a text of length 1. It returns scores (27,) for the
    character that follows, in the order .abcdefghijklmnopqrstuvwxyz, and the new state. The first state is None. The
    network reads a dot first, and then all letters of the name, given or drawn.

    A gap is filled with a letter from a to z. Its chances are the softmax of the 26 scores of the letters, without the
    score of the dot, divided by the temperature. `rng.choice(26, p=chances)` draws it, once for each gap.

    For a network that is sure that the next letter of the alphabet follows, "c??" gives "cde".
    """
    for step, pattern, temperature, seed, about in [
        (SURE, "a?", 1.0, 0, ""),
        (SURE, "c??x?", 1.0, 1, ""),
        (ABOUT_LAST, "m?r??", 1.0, 2, ""),
        (ABOUT_ALL, "a?b?c?", 1.0, 3, ""),
        (ABOUT_ALL, "m????", 0.5, 4, ""),
        (ABOUT_ALL, "t?n??a?", 2.0, 5, ""),
        (ABOUT_LAST, "k????e", 3.0, 6, ""),
        (ENDING, "an??", 1.0, 7, "a network that would rather end"),
        (ABOUT_ALL, "????", 1.0, 8, "a gap at the beginning"),
        (SURE, "?b?", 1.0, 9, "a gap at the beginning"),
        (ABOUT_ALL, "anna", 1.0, 10, "no gap"),
        (LARGE, "b?t?", 4.0, 11, "large scores"),
    ]:
        inputs = {"step": step, "pattern": pattern, "temperature": temperature, "seed": seed}
        yield Case(inputs, filled(**inputs), call=with_generator, about=about)


def with_generator(answer, step, pattern, temperature, seed):
    rng, untouched = np.random.default_rng(seed), np.random.default_rng(seed)
    name = answer(step, pattern, temperature, rng)
    if isinstance(name, str) and "?" in pattern and rng.bit_generator.state == untouched.bit_generator.state:
        if name.lower() != filled(step, pattern, temperature, seed, greedy=True):
            raise Refused("You drew nothing from rng. Each gap needs one draw from it, not from another generator.")
    return name


def code_of(character):
    if not isinstance(character, str) or len(character) != 1 or character not in LETTERS:
        raise Refused(
            f"step reads one character at a time, a dot or a letter from a to z. Yours gave it {character!r}."
        )
    return LETTERS.index(character)


def sure(character, state):
    """The next letter of the alphabet follows."""
    scores = np.zeros(27)
    scores[code_of(character) % 26 + 1] = 100.0
    return scores, character


def about_last(character, state):
    """Scores that depend on the last character alone."""
    return (7.0 * code_of(character) + 5 * np.arange(27)) % 9 / 3, character


def about_all(character, state):
    """Scores that depend on all characters read, and on their order. The state is what was read."""
    read = (state or "") + character
    total = sum((place + 1) * code_of(each) for place, each in enumerate(read))
    return (5.0 * total + 7 * np.arange(27)) % 11 / 3, read


def ending(character, state):
    scores, state = about_all(character, state)
    return scores + 50.0 * (np.arange(27) == 0), state


def large(character, state):
    scores, state = about_all(character, state)
    return 4000 + 4 * scores, state


SURE = named("sure of the next letter of the alphabet", sure)
ABOUT_LAST = named("scores from the last character", about_last)
ABOUT_ALL = named("scores from all characters read", about_all)
ENDING = named("a high score for the dot", ending)
LARGE = named("scores about 4000", large)


def chances_of(scores, temperature):
    powers = np.exp((scores - scores.max()) / temperature)
    return powers / powers.sum()


def filled(
    step, pattern, temperature, seed, *, start=".", reads_given=True, reads_drawn=True, keeps=True, dot=False,
    greedy=False, every=False, equal=False, shift=0,
):  # fmt: skip
    """A right answer, with switches that make it wrong."""
    rng = np.random.default_rng(seed) if isinstance(seed, int) else seed
    scores, state = step(start, None) if start else (np.zeros(27), None)
    text = ""
    for character in pattern:
        gap = character == "?"
        if gap or every:
            left = scores if dot else scores[1:]
            chances = chances_of(left, temperature)
            number = int(chances.argmax()) if greedy else rng.choice(len(left), p=None if equal else chances)
            drawn = LETTERS[number + (not dot) - shift]
        text += drawn if gap else character
        if reads_drawn if gap else reads_given:
            scores, state = step(text[-1], state if keeps else None)
    return text


@fill_in.mistake
def given_not_read(step, pattern, temperature, seed):
    """The network does not read the letters that the pattern gives. It has to read every letter of the name."""
    return filled(step, pattern, temperature, seed, reads_given=False)


@fill_in.mistake
def drawn_not_read(step, pattern, temperature, seed):
    """The network does not read the letters that you have drawn. It has to read every letter of the name."""
    return filled(step, pattern, temperature, seed, reads_drawn=False)


@fill_in.mistake
def state_forgotten(step, pattern, temperature, seed):
    """Every call of step gets None as the state, so the network knows the last letter alone. Pass on the state that the
    call before has returned."""
    return filled(step, pattern, temperature, seed, keeps=False)


@fill_in.mistake
def first_state_kept(step, pattern, temperature, seed):
    """Your state comes from the dot alone: you pass the first state on, not the one that each call returns."""
    scores, first = step(".", None)
    rng, text = np.random.default_rng(seed), ""
    for character in pattern:
        text += LETTERS[rng.choice(26, p=chances_of(scores[1:], temperature)) + 1] if character == "?" else character
        scores = step(text[-1], first)[0]
    return text


@fill_in.mistake
def no_dot_read(step, pattern, temperature, seed):
    """Your network does not read a dot first, so it does not know that a name begins."""
    return filled(step, pattern, temperature, seed, start="")


@fill_in.mistake
def dot_drawn(step, pattern, temperature, seed):
    """The dot takes part in your draws. A gap is filled with a letter, so leave the dot's score out before the
    softmax."""
    return filled(step, pattern, temperature, seed, dot=True)


@fill_in.mistake
def multiplied(step, pattern, temperature, seed):
    """You multiply the scores by the temperature. Divide them: a high temperature makes the chances more equal."""
    return filled(step, pattern, 1 / temperature, seed)


@fill_in.mistake
def no_effect(step, pattern, temperature, seed):
    """Your temperature changes nothing. Divide the scores by it, before the softmax."""
    return filled(step, pattern, 1.0, seed)


@fill_in.mistake
def most_likely(step, pattern, temperature, seed):
    """You take the letter with the highest score each time. Draw it by its chance."""
    return filled(step, pattern, temperature, seed, greedy=True)


@fill_in.mistake
def all_equal(step, pattern, temperature, seed):
    """All letters have the same chance in your draws. Pass `p=chances` to the draw."""
    return filled(step, pattern, temperature, seed, equal=True)


@fill_in.mistake
def drawn_for_all(step, pattern, temperature, seed):
    """You draw for the given letters as well, and throw that away. Draw once for each gap."""
    return filled(step, pattern, temperature, seed, every=True)


@fill_in.mistake
def one_letter_early(step, pattern, temperature, seed):
    """Your letters stand one place too early in the alphabet. The draw 0 means a, since the dot does not take part."""
    return filled(step, pattern, temperature, seed, shift=1)


@fill_in.mistake
def z_left_out(step, pattern, temperature, seed):
    """You leave out the last score, that of z. The dot's score comes first."""
    rng, name = np.random.default_rng(seed), ""
    scores, state = step(".", None)
    for character in pattern:
        drawn = LETTERS[rng.choice(26, p=chances_of(scores[:26], temperature))] if character == "?" else character
        name += drawn
        scores, state = step(drawn, state)
    return name


@fill_in.mistake
def z_left_out_and_shifted(step, pattern, temperature, seed):
    """You draw from the scores of the dot to y, and call them a to z. The dot's score comes first, so each letter gets
    the chance of the one before."""
    rng, name = np.random.default_rng(seed), ""
    scores, state = step(".", None)
    for character in pattern:
        drawn = LETTERS[1 + rng.choice(26, p=chances_of(scores[:26], temperature))] if character == "?" else character
        name += drawn
        scores, state = step(drawn, state)
    return name


@fill_in.mistake
def with_the_dot(step, pattern, temperature, seed):
    """Your name still has the dot that was read first."""
    return "." + filled(step, pattern, temperature, seed)


@fill_in.mistake
def drawn_alone(step, pattern, temperature, seed):
    """You return the drawn letters alone. The given ones belong in the name, too."""
    name = filled(step, pattern, temperature, seed)
    return "".join(letter for letter, character in zip(name, pattern, strict=True) if character == "?")
