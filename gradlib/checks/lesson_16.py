"""The checks of lesson 16."""

import numpy as np
from numpy import isclose

from gradlib.checks.cases import Case
from gradlib.checks.exercises import exercise
from gradlib.checks.values import named

TITLE = "Attention"


def softmax(scores):
    powers = np.exp(scores - scores.max())
    return powers / powers.sum()


# --- 1 -----------------------------------------------------------------------------------------


@exercise("One row of softmax's Jacobian", points=2)
def jacobian_row():
    """Return row i of the Jacobian of softmax: an array (n,), the derivatives of weight i with respect to each score.

    scores is an array (n,), and the weights are its softmax. Scores may be as large as 1000. For scores [0, 0] and
    i = 0 the weights are 1/2 and 1/2, and the answer is [1/4, -1/4].
    """
    for scores, i, about in [
        ([0, 0, 0], 1, ""),
        ([0, 0], 0, ""),
        ([0, 1, 2], 0, ""),
        ([3, -1, 0.5, 1], 3, ""),
        ([-2, -2, 1, 0, 0], 2, ""),
        ([1000, 1001, 999], 1, "large scores"),
        ([4], 0, "a single score"),
    ]:
        scores = np.array(scores, dtype=float)
        odd = scores[0] > 100 or len(scores) == 1
        yield Case({"scores": scores, "i": i}, row_of(scores, i), about=about, odd=odd)


def row_of(scores, i):
    p = softmax(scores)
    return p[i] * (at(i, p) - p)


def at(i, p):
    """An array that is 1 at i, 0 elsewhere."""
    return (np.arange(len(p)) == i).astype(float)


@jacobian_row.mistake
def diagonal_only(scores, i):
    """Only your entry i is not 0. A higher score j takes weight from all others, so it lowers weight i."""
    p = softmax(scores)
    return p[i] * (1 - p[i]) * at(i, p)


@jacobian_row.mistake
def without_diagonal(scores, i):
    """Entry i has the form of the others. Score i also raises the numerator of its own weight."""
    p = softmax(scores)
    return -p[i] * p


@jacobian_row.mistake
def ones_everywhere(scores, i):
    """You take 1 - p at every entry. The 1 belongs to entry i alone; elsewhere there is a 0."""
    p = softmax(scores)
    return p[i] * (1 - p)


@jacobian_row.mistake
def logarithm(scores, i):
    """This is the row of the logarithm of softmax. For softmax itself multiply by weight i."""
    p = softmax(scores)
    return at(i, p) - p


@jacobian_row.mistake
def sign_turned(scores, i):
    """All signs are turned. A higher score i raises weight i."""
    return -row_of(scores, i)


@jacobian_row.mistake
def by_each_weight(scores, i):
    """You multiply by the weight of each entry. The factor in front is weight i, for the whole row."""
    p = softmax(scores)
    return p * (at(i, p) - p)


@jacobian_row.mistake
def scores_for_weights(scores, i):
    """You use the scores where the formula has the weights. Take softmax of the scores first."""
    return scores[i] * (at(i, scores) - scores)


@jacobian_row.mistake
def weights_only(scores, i):
    """These are the weights themselves, not derivatives of one of them."""
    return softmax(scores)


@jacobian_row.mistake
def of_cross_entropy(scores, i):
    """This is the gradient of the cross-entropy for class i (lesson 09). Here weight i itself is asked for, not
    minus its logarithm."""
    p = softmax(scores)
    return p - at(i, p)


@jacobian_row.mistake
def whole_diagonal(scores, i):
    """This is the diagonal of the Jacobian: each weight with respect to its own score. Keep weight i, and change
    the score."""
    p = softmax(scores)
    return p * (1 - p)


@jacobian_row.mistake
def others_raised(scores, i):
    """Entry i is right. The others have the wrong sign: a higher score j takes weight from all others."""
    return np.abs(row_of(scores, i))


@jacobian_row.mistake
def one_added(scores, i):
    """You add 1 at place i. The factor pᵢ in front belongs to the 1, too."""
    p = softmax(scores)
    return at(i, p) - p[i] * p


@jacobian_row.mistake
def replaced(scores, i):
    """Your entry i is pᵢ alone. Its own product, -pᵢ pᵢ, is missing."""
    p = softmax(scores)
    return np.where(at(i, p) == 1, p[i], -p[i] * p)


# --- 2 -----------------------------------------------------------------------------------------


@exercise("Who sees whom?", points=3)
def sees():
    """Return which result depends on which token, an array (T, T) of bool: a row for each result, a column for each
    token.

    f takes an array (T, E) of tokens and returns an array (T, F) of results. Entry [t, s] is True if any entry of
    result t changes, however little, when one entry of token s is raised by 1. Try each entry of each token, one at a
    time. x stays as it is.

    For f that returns the running sum of two tokens, the answer is [[True, False], [True, True]].
    """
    two = np.array([[1.0, 2.0], [3.0, 5.0]])
    three = np.array([[1.0, 2.0], [0.0, 4.0], [-3.0, 1.0]])
    four = np.array([[2.0, 0.0, 1.0], [1.0, 1.0, 5.0], [0.0, -2.0, 2.0], [4.0, 3.0, 0.0]])
    below = np.array([[-0.75, -2.0], [-1.5, -1.25], [0.5, -3.0]])  # raised by 1, the second row still counts as 0
    for f, x, about in [
        (RUNNING, two, ""),
        (BEFORE, three, ""),
        (RUNNING, four, ""),
        (NEXT, three, ""),
        (LAST_FEATURE, four, "a result that reads the last feature alone"),
        (FIRST_FEATURE, four, "a result that reads the first feature alone"),
        (DIFFERENCE, three, "a result that reads the difference of two features"),
        (SECOND, four, "a result whose second entry alone reads other tokens"),
        (OPPOSITE, three, "a result whose entries move by opposite amounts"),
        (ONLY_FIRST, four, "all read the first token alone"),
        (FALLING, three, "results that fall"),
        (PRODUCTS, four[:3] + 3, "a result that multiplies two tokens"),
        (MILLION, two, "large results that change by little"),
        (QUARTER, two + 0.3, "numbers that are not integers"),
        (CUT_OFF, below, "numbers below 0 that count as 0"),
    ]:
        T = len(x)
        yield Case({"f": f, "x": x}, seen(f, x), about=about, odd=T == 1)


def previous(x):
    """Each token's neighbour on the left; zeros for the first."""
    return np.concatenate([np.zeros_like(x[:1]), x[:-1]])


RUNNING = named("running sum", lambda x: np.cumsum(x, axis=0))
BEFORE = named("the token before", previous)
NEXT = named("the token after", lambda x: np.concatenate([x[1:], x[:1] * 0]))
LAST_FEATURE = named("running sum of the last feature", lambda x: np.cumsum(x[:, -1:], axis=0))
FIRST_FEATURE = named("running sum of the first feature", lambda x: np.cumsum(x[:, :1], axis=0))
DIFFERENCE = named("first minus second feature, running", lambda x: np.cumsum(x[:, :1] - x[:, 1:2], axis=0))
SECOND = named("own first feature, running sum of all", lambda x: np.stack([x[:, 0], x.sum(1).cumsum()], axis=1))
OPPOSITE = named("sum of the tokens, and minus it", lambda x: np.stack([x.sum(1).cumsum(), -x.sum(1).cumsum()], axis=1))
ONLY_FIRST = named("the first token", lambda x: np.repeat(x[:1], len(x), axis=0))
FALLING = named("minus the running sum", lambda x: -np.cumsum(x, axis=0))
PRODUCTS = named("the token times the token before", lambda x: x * previous(x))
QUARTER = named("a quarter of the running sum", lambda x: np.cumsum(x, axis=0) / 4)
CUT_OFF = named("running sum of the ReLU", lambda x: np.cumsum(np.maximum(x, 0), axis=0))
MILLION = named("the running sum, plus a million", lambda x: 1e6 + np.cumsum(x, axis=0))


def seen(f, x, *, entries=None, together=False, kept=False, compare=None, step=1):
    """A right answer, with switches that make it wrong."""
    compare = compare or (lambda a, b: (a != b).any(axis=1))
    T, E = x.shape
    before, found, changed = f(x), np.zeros((T, T), dtype=bool), x.copy()
    for s in range(T):
        for e in [slice(None)] if together else range(E)[entries or slice(None)]:
            changed = changed if kept else x.copy()
            changed[s, e] += step
            found[:, s] |= compare(f(changed), before)
    return found


@sees.mistake
def raised_a_little(f, x):
    """You raise each entry by less than 1, or you lower it. Raise it by 1: a ReLU, for example, shows nothing of a
    change that stays below 0."""
    return seen(f, x, step=0.01)


@sees.mistake
def turned_over(f, x):
    """Rows and columns have changed places. A row is for a result, a column for the token that was raised."""
    return seen(f, x).T


@sees.mistake
def first_entry_only(f, x):
    """You raise the first entry of each token only. A result may read another one."""
    return seen(f, x, entries=slice(0, 1))


@sees.mistake
def last_entry_only(f, x):
    """You raise the last entry of each token only. A result may read another one."""
    return seen(f, x, entries=slice(-1, None))


@sees.mistake
def all_at_once(f, x):
    """You raise all entries of a token at once. In a result that reads a difference of two of them the changes cancel.
    Raise one at a time."""
    return seen(f, x, together=True)


@sees.mistake
def not_put_back(f, x):
    """Earlier tokens are still raised when you try the next. Begin each trial with a fresh copy of x."""
    return seen(f, x, kept=True)


@sees.mistake
def first_of_result(f, x):
    """You look at the first entry of each result only. Another entry may have changed."""
    return seen(f, x, compare=lambda a, b: a[:, 0] != b[:, 0])


@sees.mistake
def all_of_result(f, x):
    """You ask whether all entries of a result have changed. One is enough."""
    return seen(f, x, compare=lambda a, b: (a != b).all(axis=1))


@sees.mistake
def sums_compared(f, x):
    """You compare sums over a result. Two entries that move by opposite amounts leave the sum as it was."""
    return seen(f, x, compare=lambda a, b: a.sum(axis=1) != b.sum(axis=1))


@sees.mistake
def unchanged_marked(f, x):
    """True and False have changed places. True is for a result that has changed."""
    return ~seen(f, x)


@sees.mistake
def leaks_only(f, x):
    """You mark the future only. Tokens before, and the token itself, are seen as well."""
    return np.triu(seen(f, x), 1)


@sees.mistake
def rise_only(f, x):
    """You ask whether a result has risen. One that falls has changed as well."""
    return seen(f, x, compare=lambda a, b: (a > b).any(axis=1))


@sees.mistake
def with_tolerance(f, x):
    """You allow a tolerance. A change counts however small it is, so compare exactly."""
    return seen(f, x, compare=lambda a, b: ~isclose(a, b).all(axis=1))


@sees.mistake
def from_zeros(f, x):
    """You try f on zeros with a single 1. What a result depends on may show only at x. Raise the entries of x."""
    return seen(f, np.zeros_like(x))


@sees.mistake
def one_triangle(f, x):
    """Your answer is the same lower triangle for every f. Call f, and see what changes."""
    return np.tril(np.ones((len(x), len(x)), dtype=bool))


@sees.mistake
def never_true(f, x):
    """Nothing is ever True in your answer. Begin with False everywhere. An entry becomes True when a trial changes its
    result, and stays True."""
    return np.zeros((len(x), len(x)), dtype=bool)


@sees.mistake
def whole_rows(f, x):
    """Your rows belong to the token that was raised, and each is the same from end to end. A trial fills in one column:
    only the results that have changed are True in it."""
    return np.repeat(seen(f, x).any(axis=0)[:, None], len(x), axis=1)


# --- 3 -----------------------------------------------------------------------------------------


@exercise("What to divide by", points=1)
def divisor():
    """Return the number that a score has to be divided by, so that its variance is 1.

    A score is the dot product of a query and a key of length d. Their entries are independent, with mean 0. Those of
    the query have the standard deviation q, those of the key k. For d = 16, q = 1 and k = 3 the answer is 12.
    """
    for d, q, k in [(4, 1, 2), (16, 1, 3), (9, 2, 1), (25, 3, 4), (64, 0.5, 2), (1, 2, 3), (2, 1.5, 0.25)]:
        yield Case({"d": d, "q": q, "k": k}, d**0.5 * q * k)


@divisor.mistake
def root_only(d, q, k):
    """You divide by √d alone, as for entries of deviation 1. Here a product of two entries has the deviation q · k."""
    return d**0.5


@divisor.mistake
def no_root(d, q, k):
    """d products add up their variances, not their deviations. Take the root of d."""
    return d * q * k


@divisor.mistake
def variance(d, q, k):
    """This is the variance of the score. Divided by its standard deviation, the root of that, the variance is 1."""
    return d * q**2 * k**2


@divisor.mistake
def squares_outside(d, q, k):
    """You have the root of d, but the squares of q and k. The root is taken of the whole variance, d q² k²."""
    return d**0.5 * q**2 * k**2


@divisor.mistake
def root_of_all(d, q, k):
    """You take q and k for variances. They are standard deviations, so they are squared below the root."""
    return (d * q * k) ** 0.5


@divisor.mistake
def without_d(d, q, k):
    """This is the deviation of a single product. A score is the sum of d of them."""
    return q * k


@divisor.mistake
def deviations_added(d, q, k):
    """You add q and k. The deviation of a product of independent entries with mean 0 is the product of the two."""
    return d**0.5 * (q + k)


@divisor.mistake
def turned_under(d, q, k):
    """This is 1 over the answer. The score is to be divided by what you return, not multiplied."""
    return 1 / (d**0.5 * q * k)


@divisor.mistake
def variances_added(d, q, k):
    """You add q² and k². The variances of a sum add up. Those of a product of independent entries with mean 0 are
    multiplied."""
    return (d * (q**2 + k**2)) ** 0.5


@divisor.mistake
def keys_only(d, q, k):
    """q is missing. A product grows with the entries of the query as well."""
    return d**0.5 * k


@divisor.mistake
def queries_only(d, q, k):
    """k is missing. A product grows with the entries of the key as well."""
    return d**0.5 * q


# --- 4 -----------------------------------------------------------------------------------------


@exercise("Another order", points=2)
def reordered():
    """Return the weights and the results of attention after the tokens have been put into another order, as a pair.

    There are no positions and no mask. For the tokens x attention had the weights, an array (T, T), and the results, an
    array (T, E). Now the tokens are x[order]. For the weights [[0.9, 0.1], [0.6, 0.4]], the results [[5], [7]] and the
    order [1, 0] the answer is [[0.4, 0.6], [0.1, 0.9]] and [[7], [5]].
    """
    rng = np.random.default_rng(16)
    yield reorder_case([[0.9, 0.1], [0.6, 0.4]], [[5.0], [7.0]], [1, 0])
    for order in ([1, 2, 0], [2, 0, 1], [3, 0, 1, 2], [2, 0, 3, 1], [1, 3, 4, 0, 2]):
        T = len(order)
        weights = rng.integers(1, 10, size=(T, T)).astype(float)
        results = rng.integers(-9, 10, size=(T, 2)) / 2
        yield reorder_case(weights / weights.sum(axis=1, keepdims=True), results, order)
    yield reorder_case([[0.9, 0.1], [0.6, 0.4]], [[5.0], [7.0]], [0, 1], "the same order", odd=True)


def reorder_case(weights, results, order, about="", odd=False):
    weights, results, order = np.array(weights), np.array(results), np.array(order)
    answer = (weights[order][:, order], results[order])
    inputs = {"weights": weights, "results": results, "order": order}
    return Case(inputs, answer, names=("weights", "results"), about=about, odd=odd)


@reordered.mistake
def rows_only(weights, results, order):
    """You reorder the rows of the weights only. The keys have a new order as well, and they are the columns."""
    return weights[order], results[order]


@reordered.mistake
def columns_only(weights, results, order):
    """You reorder the columns of the weights only. The queries have a new order as well, and they are the rows."""
    return weights[:, order], results[order]


@reordered.mistake
def backward(weights, results, order):
    """You put the tokens back where they came from. In x[order] the new token 0 is the old token order[0]."""
    back = np.argsort(order)
    return weights[back][:, back], results[back]


@reordered.mistake
def results_kept(weights, results, order):
    """The results are in the old order. Each token takes its result along."""
    return weights[order][:, order], results


@reordered.mistake
def nothing_moves(weights, results, order):
    """You return both as they were. Attention treats all tokens alike, but rows and columns follow their tokens."""
    return weights, results


@reordered.mistake
def weights_kept(weights, results, order):
    """The weights are as they were. Row t belongs to query t and column s to key s, and both have a new order."""
    return weights, results[order]


@reordered.mistake
def turned(weights, results, order):
    """Your weights are turned over: queries are the rows, keys the columns, after the reordering as before."""
    return weights[order][:, order].T, results[order]


@reordered.mistake
def pairs_only(weights, results, order):
    """`weights[order, order]` pairs the two lists, and gives the diagonal. Index twice, first rows and then columns."""
    return weights[order, order], results[order]


@reordered.mistake
def rows_twice(weights, results, order):
    """You reorder the rows of the weights twice. The second time it has to be the columns."""
    return weights[order][order], results[order]


@reordered.mistake
def averaged_again(weights, results, order):
    """You multiply by the weights once more. A result is a weighted mean already, and only moves with its token."""
    return weights[order][:, order], weights[order][:, order] @ results[order]


# --- 5 -----------------------------------------------------------------------------------------


@exercise("One token, with a cache", points=3)
def step():
    """Return the attention of one new token, and the cache with it: result (m,), keys (t + 1, d), values (t + 1, m).

    q and k are arrays (d,), v is an array (m,), all of the new token. keys (t, d) and values (t, m) are those of the t
    tokens before, which may be none. The new token sees all of them and itself. The scores are divided by √d. The
    arrays that come in stay as they are.

    For q = k = [0], v = [4], keys [[1]] and values [[2]] the answer is [3], [[1], [0]] and [[2], [4]].
    """
    rng = np.random.default_rng(5)
    yield step_case([0.0], [0.0], [4.0], [[1.0]], [[2.0]])
    for t, d, m in [(1, 2, 1), (2, 4, 3), (3, 2, 2), (5, 9, 4), (4, 1, 2)]:
        q, k, v = (rng.integers(-3, 4, size=n).astype(float) for n in (d, d, m))
        keys, values = (rng.integers(-3, 4, size=(t, n)).astype(float) for n in (d, m))
        yield step_case(q + 0.5, k / 2, v / 2, keys / 2, values / 2)
    yield step_case([1.0, 2.0], [2.0, 0.0], [3.0], np.zeros((0, 2)), np.zeros((0, 1)), "the first token", odd=True)


def step_case(q, k, v, keys, values, about="", odd=False):
    inputs = {"q": q, "k": k, "v": v, "keys": keys, "values": values}
    inputs = {name: np.array(value) for name, value in inputs.items()}
    return Case(inputs, stepped(**inputs), names=("result", "keys", "values"), about=about, odd=odd)


def stepped(q, k, v, keys, values, *, first=0, last=None, by=None, first_in=False):
    """A right answer, with switches that make it wrong."""
    keys, values = (
        np.concatenate([new[None], old] if first_in else [old, new[None]]) for old, new in ((keys, k), (values, v))
    )
    by = len(q) ** 0.5 if by is None else by
    return softmax(keys[first:last] @ q / by) @ values[first:last], keys, values


@step.mistake
def not_itself(q, k, v, keys, values):
    """Your result leaves out the new token. It sees itself, so add its key and value to the cache first."""
    return stepped(q, k, v, keys, values, last=-1) if len(keys) else (v * np.nan, k[None], v[None])


@step.mistake
def only_itself(q, k, v, keys, values):
    """Your result is the value of the new token alone. It sees the tokens of the cache as well."""
    return stepped(q, k, v, keys, values, first=-1)


@step.mistake
def undivided(q, k, v, keys, values):
    """The scores are not divided. Divide them by √d, where d is the length of a key."""
    return stepped(q, k, v, keys, values, by=1.0)


@step.mistake
def divided_by_d(q, k, v, keys, values):
    """You divide the scores by d. It has to be the root of d."""
    return stepped(q, k, v, keys, values, by=float(len(q)))


@step.mistake
def divided_by_tokens(q, k, v, keys, values):
    """You divide by the root of the number of tokens. d is the length of a key, which does not grow."""
    return stepped(q, k, v, keys, values, by=(len(keys) + 1) ** 0.5)


@step.mistake
def divided_by_values(q, k, v, keys, values):
    """You divide by the root of the length of a value. d is the length of a key."""
    return stepped(q, k, v, keys, values, by=len(v) ** 0.5)


@step.mistake
def at_the_front(q, k, v, keys, values):
    """The new token stands before the others in your cache. Put it at the end, in the order of the text."""
    return stepped(q, k, v, keys, values, first_in=True)


@step.mistake
def cache_kept(q, k, v, keys, values):
    """The result is right, but you return the old cache. Return the keys and values with those of the new token."""
    return stepped(q, k, v, keys, values)[0], keys, values


@step.mistake
def key_for_query(q, k, v, keys, values):
    """You use the new key as the query. A token asks with its query, and answers with its key."""
    return stepped(k, k, v, keys, values)


@step.mistake
def query_kept(q, k, v, keys, values):
    """You put the query into the cache. What later tokens need is the key."""
    return stepped(q, q, v, keys, values)


@step.mistake
def weights_equal(q, k, v, keys, values):
    """Your result is the plain mean of the values. Weigh them by the softmax of the scores."""
    keys, values = np.concatenate([keys, k[None]]), np.concatenate([values, v[None]])
    return values.mean(axis=0), keys, values


def weighed(q, k, v, keys, values, weigh):
    """The cache is right; weigh(scores, keys, values) is the result."""
    keys, values = np.concatenate([keys, k[None]]), np.concatenate([values, v[None]])
    return weigh(keys @ q / len(q) ** 0.5, keys, values), keys, values


@step.mistake
def scores_as_weights(q, k, v, keys, values):
    """You take the scores themselves for weights. Weights are the softmax of the scores."""
    return weighed(q, k, v, keys, values, lambda scores, keys, values: scores @ values)


@step.mistake
def powers_as_weights(q, k, v, keys, values):
    """Your weights do not add up to 1. Divide the powers by their sum."""
    return weighed(q, k, v, keys, values, lambda scores, keys, values: np.exp(scores) @ values)


@step.mistake
def weights_returned(q, k, v, keys, values):
    """Your result is the weights. Take the mean of the values with them."""
    return weighed(q, k, v, keys, values, lambda scores, keys, values: softmax(scores))


@step.mistake
def mean_of_keys(q, k, v, keys, values):
    """Your result is a mean of the keys. The keys only decide the weights. What is averaged are the values."""
    return weighed(q, k, v, keys, values, lambda scores, keys, values: softmax(scores) @ keys)


@step.mistake
def largest_only(q, k, v, keys, values):
    """Your result is the value with the largest score. All values count, by their weights."""
    return weighed(q, k, v, keys, values, lambda scores, keys, values: values[scores.argmax()])


@step.mistake
def exchanged(q, k, v, keys, values):
    """Keys and values have changed places in what you return. The keys come before the values."""
    result, keys, values = stepped(q, k, v, keys, values)
    return result, values, keys


# --- 6 -----------------------------------------------------------------------------------------


@exercise("Held out, and exact", points=3)
def judged():
    """Return which sums a network writes without an error, an array (N,) of bool, and its share among the unseen ones.

    next_token takes tokens (N, T) and returns the token that the network would write next in each row, an array (N,).
    A row is a sum as in the lesson: two digits, the symbol 10 for a plus, two digits, the symbol 11 for an equals sign,
    and the three digits of the sum, ones first. rows (N, 9) are to be written: give the network the first six tokens
    and let it write three. A sum is right if all three digits are. It is unseen if neither a + b nor b + a is among
    learned (M, 9). rows holds at least one such sum.

    For a network that always writes 0, the sums 00+00 and 12+00 and no learned one but 30+03, the answer is
    [True, False] and 1/2.
    """
    for next_token, sums, learned, about in [
        (ZEROS, [(0, 0), (12, 0)], [(30, 3)], ""),
        (FORGETS, [(12, 34), (18, 34), (55, 55), (40, 30)], [(11, 11)], ""),
        (
            FORGETS,
            [(12, 43), (18, 34), (43, 12), (20, 31), (20, 3), (99, 1)],
            [(12, 43), (31, 20)],
            "a sum that was learned as b + a",
        ),
        (FORGETS, [(30, 40), (19, 2), (10, 20), (91, 10)], [(30, 40)], "a sum that was learned"),
        (NINES, [(12, 34), (95, 4), (81, 11), (15, 4), (70, 29)], [(34, 12), (70, 29)], "an error in the first digit"),
        (ADDS, [(58, 67), (99, 99), (0, 0), (7, 5)], [(58, 67)], ""),
        (FORGETS, [(21, 13), (12, 31), (45, 5), (60, 17)], [(12, 13), (54, 5)], "sums with the same digits"),
        (FORGETS, [(10, 33), (20, 23), (37, 5), (40, 44)], [(13, 30)], "two sums with the same result"),
        (TOO_MANY, [(12, 34), (58, 67), (3, 4)], [(12, 43)], "tens that are too large"),
        (ZEROS, [(99, 99), (0, 0), (12, 34), (72, 61)], [(24, 17)], "sums without a right digit"),
    ]:
        rows, learned = as_rows(sums), as_rows(learned)
        inputs = {"next_token": next_token, "rows": rows, "learned": learned}
        yield Case(inputs, judge(**inputs), names=("right", "share"), about=about)


def as_rows(sums):
    return np.array(
        [[a // 10, a % 10, 10, b // 10, b % 10, 11, (a + b) % 10, (a + b) // 10 % 10, (a + b) // 100] for a, b in sums]
    )


def numbers(rows):
    return 10 * rows[:, 0] + rows[:, 1], 10 * rows[:, 3] + rows[:, 4]


def adding(tokens):
    a, b = numbers(tokens)
    return (a + b) // 10 ** (tokens.shape[1] - 6) % 10


def forgetting(tokens):
    T = tokens.shape[1]
    return (tokens[:, 7 - T] + tokens[:, 10 - T]) % 10 if T < 8 else np.zeros(len(tokens), dtype=int)


def nines(tokens):
    """A carry is read off the ones that were written; a 9 is written as an 8."""
    T = tokens.shape[1]
    if T == 6:
        return np.minimum((tokens[:, 1] + tokens[:, 4]) % 10, 8)
    tens = tokens[:, 0] + tokens[:, 3] + (tokens[:, 6] < tokens[:, 1])
    return tens % 10 if T == 7 else tens // 10


ADDS = named("adds", adding)
FORGETS = named("forgets the carry", forgetting)
NINES = named("writes 8 for 9 in the ones", nines)
TOO_MANY = named("writes the tens plus 1", lambda tokens: (adding(tokens) + (tokens.shape[1] == 7)) % 10)
ZEROS = named("writes 0", lambda tokens: np.zeros(len(tokens), dtype=int))


def unordered(rows):
    a, b = numbers(rows)
    return 100 * np.minimum(a, b) + np.maximum(a, b)


def judge(next_token, rows, learned, *, which=None, key=unordered, right_if=None, reads=None):
    """A right answer, with switches that make it wrong."""
    tokens = rows[:, :6]
    for _ in range(3):
        tokens = np.concatenate([tokens, next_token(tokens[:, :reads])[:, None]], axis=1)
    same = tokens[:, 6:] == rows[:, 6:]
    right = right_if(same) if right_if else same.all(axis=1)
    unseen = which(rows) if which else ~np.isin(key(rows), key(learned))
    return right, right[unseen].mean() if unseen.any() else 0.0


@judged.mistake
def share_of_all(next_token, rows, learned):
    """Your share is that of all sums. Leave out those that were learned."""
    return judge(next_token, rows, learned, which=lambda rows: np.ones(len(rows), dtype=bool))


@judged.mistake
def one_order(next_token, rows, learned):
    """You leave out a + b where it was learned, but not b + a. The two are one sum."""
    return judge(next_token, rows, learned, key=lambda rows: 100 * numbers(rows)[0] + numbers(rows)[1])


@judged.mistake
def share_of_learned(next_token, rows, learned):
    """Your share is that of the sums that were learned. The question is how it does on the others."""
    return judge(next_token, rows, learned, which=lambda rows: np.isin(unordered(rows), unordered(learned)))


@judged.mistake
def any_digit(next_token, rows, learned):
    """You call a sum right if one of its digits is. All three have to be."""
    return judge(next_token, rows, learned, right_if=lambda same: same.any(axis=1))


@judged.mistake
def last_digit(next_token, rows, learned):
    """You compare the last digit only. All three have to be right."""
    return judge(next_token, rows, learned, right_if=lambda same: same[:, -1])


@judged.mistake
def first_digit(next_token, rows, learned):
    """You compare the first digit only, the ones. All three have to be right."""
    return judge(next_token, rows, learned, right_if=lambda same: same[:, 0])


@judged.mistake
def by_result(next_token, rows, learned):
    """You take a sum for learned if its *result* was. 10+33 and 13+30 are two sums."""
    return judge(next_token, rows, learned, key=lambda rows: sum(numbers(rows)))


@judged.mistake
def by_digits(next_token, rows, learned):
    """You take a sum for learned if its four digits were, in any order. Compare the two numbers."""
    return judge(next_token, rows, learned, key=lambda rows: np.sort(rows[:, [0, 1, 3, 4]]) @ [1000, 100, 10, 1])


@judged.mistake
def share_of_errors(next_token, rows, learned):
    """Your share counts the wrong ones."""
    right, share = judge(next_token, rows, learned)
    return right, 1 - share


@judged.mistake
def same_six(next_token, rows, learned):
    """The network gets the same six tokens each time. It has to read what it has written: append that first."""
    return judge(next_token, rows, learned, reads=6)


@judged.mistake
def two_digits(next_token, rows, learned):
    """You compare two digits only. The hundreds have to be right as well."""
    return judge(next_token, rows, learned, right_if=lambda same: same[:, :2].all(axis=1))


@judged.mistake
def every_sum(next_token, rows, learned):
    """Every sum is right in your answer. Compare what the network writes with the digits in `rows`, and leave `rows` as
    it is."""
    return judge(next_token, rows, learned, right_if=lambda same: np.ones(len(same), dtype=bool))


def unseen_and_right(next_token, rows, learned):
    right, _ = judge(next_token, rows, learned)
    unseen = ~np.isin(unordered(rows), unordered(learned))
    return right, unseen, right & unseen


@judged.mistake
def divided_by_all(next_token, rows, learned):
    """You divide by the number of all sums. Divide by the number of unseen ones."""
    right, _, both = unseen_and_right(next_token, rows, learned)
    return right, both.mean()


@judged.mistake
def counted(next_token, rows, learned):
    """Your share is a count. Divide it by the number of unseen sums."""
    right, _, both = unseen_and_right(next_token, rows, learned)
    return right, float(both.sum())


@judged.mistake
def in_percent(next_token, rows, learned):
    """Your share is in percent. Return a number from 0 to 1."""
    right, share = judge(next_token, rows, learned)
    return right, 100 * share


@judged.mistake
def share_of_digits(next_token, rows, learned):
    """Your share counts single digits. Count the sums of which all three digits are right."""
    _, unseen, _ = unseen_and_right(next_token, rows, learned)
    digits = []
    judge(next_token, rows, learned, right_if=lambda same: digits.append(same) or same.all(axis=1))
    return digits[0].all(axis=1), digits[0][unseen].mean()


@judged.mistake
def one_number_learned(next_token, rows, learned):
    """You leave out a sum if one of its numbers was learned in another sum. Leave it out only if the two were learned
    together."""
    (a, b), (c, d) = numbers(rows), numbers(learned)
    return judge(next_token, rows, learned, which=lambda rows: ~(np.isin(a, c) | np.isin(b, d)))
