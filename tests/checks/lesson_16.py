"""Answers to the exercises of lesson 16."""

import numpy as np

from gradlib.checks import lesson_16 as check

from .harness import answers_to


def softmax(scores):
    powers = np.exp(scores - scores.max())
    return powers / powers.sum()


# --- 1 -----------------------------------------------------------------------------------------

jacobian_row = answers_to(check.jacobian_row)


@jacobian_row.right
def whole_matrix(scores, i):
    p = softmax(scores)
    return (np.diag(p) - np.outer(p, p))[i]


@jacobian_row.right
def entry_by_entry(scores, i):
    p = softmax(scores)
    row = -p[i] * p
    row[i] = p[i] * (1 - p[i])
    return row


@jacobian_row.stub
def jacobian_row_untouched(scores, i):
    raise NotImplementedError


@jacobian_row.wrong("takes weight from all others")
def one_entry(scores, i):
    row = np.zeros(len(scores))
    row[i] = softmax(scores)[i] * (1 - softmax(scores)[i])
    return row


@jacobian_row.wrong("numerator of its own weight")
def outer_alone(scores, i):
    return -np.outer(softmax(scores), softmax(scores))[i]


@jacobian_row.wrong("1 belongs to entry i alone")
def no_delta(scores, i):
    return softmax(scores)[i] * (1 - softmax(scores))


@jacobian_row.wrong("logarithm of softmax")
def of_log(scores, i):
    return np.eye(len(scores))[i] - softmax(scores)


@jacobian_row.wrong("signs are turned")
def turned_sign(scores, i):
    p = softmax(scores)
    return (np.outer(p, p) - np.diag(p))[i]


@jacobian_row.wrong("factor in front is weight i")
def other_factor(scores, i):
    p = softmax(scores)
    return p * (np.eye(len(p))[i] - p)


@jacobian_row.wrong("scores where the formula has the weights")
def raw(scores, i):
    return scores[i] * (np.eye(len(scores))[i] - scores)


@jacobian_row.wrong("weights themselves")
def just_softmax(scores, i):
    return softmax(scores)


@jacobian_row.wrong()
def overflowing(scores, i):
    with np.errstate(all="ignore"):
        p = np.exp(scores) / np.exp(scores).sum()
        return p[i] * (np.eye(len(p))[i] - p)


for words, answer in [
    ("cross-entropy", lambda scores, i: softmax(scores) - np.eye(len(scores))[i]),
    ("diagonal of the Jacobian", lambda scores, i: softmax(scores) - softmax(scores) ** 2),
    ("have the wrong sign", lambda scores, i: np.abs(entry_by_entry(scores, i))),
    ("belongs to the 1, too", lambda scores, i: np.eye(len(scores))[i] - softmax(scores)[i] * softmax(scores)),
    ("-pᵢ pᵢ, is missing", lambda scores, i: entry_by_entry(scores, i) + np.eye(len(scores))[i] * softmax(scores) ** 2),
]:
    jacobian_row.wrong(words)(answer)


@jacobian_row.inputs
def _(rng):
    n = int(rng.integers(1, 6))
    return {"scores": 2 * rng.normal(size=n), "i": int(rng.integers(n))}


# --- 2 -----------------------------------------------------------------------------------------

sees = answers_to(check.sees)


@sees.right
def trial_by_trial(f, x):
    found = np.zeros((len(x), len(x)), dtype=bool)
    for s, e in np.ndindex(*x.shape):
        changed = x.copy()
        changed[s, e] += 1
        for t in range(len(x)):
            if not np.array_equal(f(changed)[t], f(x)[t]):
                found[t, s] = True
    return found


@sees.right
def by_columns(f, x):
    def column(s):
        moved = []
        for e in range(x.shape[1]):
            nudge = np.zeros(x.shape)
            nudge[s, e] = 1
            moved.append(abs(f(x + nudge) - f(x)).max(axis=1))
        return np.max(moved, axis=0) > 0

    return np.stack([column(s) for s in range(len(x))], axis=1)


@sees.stub
def sees_untouched(f, x):
    raise NotImplementedError


def by(step):
    def moved(f, x):
        found = np.zeros((len(x), len(x)), dtype=bool)
        for t, s, e in np.ndindex(len(x), *x.shape):
            other = x.copy()
            other[s, e] += step
            found[t, s] |= (f(other) != f(x))[t].any()
        return found

    return moved


sees.wrong("less than 1, or you lower it")(by(1e-6))
sees.wrong("less than 1, or you lower it")(by(0.5))
sees.wrong("less than 1, or you lower it")(by(-1))
sees.wrong()(by(2))


@sees.wrong("have changed places. A row is for a result")
def by_rows(f, x):
    return by_columns(f, x).T


@sees.wrong("first entry of each token only")
def entry_0(f, x):
    return check.seen(f, x, entries=slice(0, 1))


@sees.wrong("last entry of each token only")
def entry_minus_1(f, x):
    return check.seen(f, x, entries=slice(-1, None))


@sees.wrong("all entries of a token at once")
def whole_token(f, x):
    found = np.zeros((len(x), len(x)), dtype=bool)
    for s in range(len(x)):
        changed = x.copy()
        changed[s] += 1
        found[:, s] = (f(changed) != f(x)).any(axis=1)
    return found


@sees.wrong("Earlier tokens are still raised")
def piled_up(f, x):
    return check.seen(f, x, kept=True)


@sees.wrong("first entry of each result only")
def result_0(f, x):
    return check.seen(f, x, compare=lambda a, b: a[:, 0] != b[:, 0])


@sees.wrong("One is enough")
def whole_result(f, x):
    return check.seen(f, x, compare=lambda a, b: (a != b).all(axis=1))


@sees.wrong("opposite amounts")
def totals(f, x):
    return check.seen(f, x, compare=lambda a, b: a.sum(axis=1) != b.sum(axis=1))


@sees.wrong("True and False have changed places")
def opposite(f, x):
    return np.logical_not(by_columns(f, x))


@sees.wrong("the future only")
def future(f, x):
    return np.triu(by_columns(f, x), 1)


@sees.wrong("same lower triangle")
def a_mask(f, x):
    return np.tril(np.ones((len(x), len(x)), dtype=bool))


@sees.wrong("One that falls")
def risen(f, x):
    return check.seen(f, x, compare=lambda a, b: (a - b).max(axis=1) > 0)


@sees.wrong("allow a tolerance")
def nearly(f, x):
    found = np.zeros((len(x), len(x)), dtype=bool)
    for s, e in np.ndindex(*x.shape):
        changed = x.copy()
        changed[s, e] += 1
        for t in range(len(x)):
            found[t, s] |= not np.allclose(f(changed)[t], f(x)[t])
    return found


@sees.wrong("zeros with a single 1")
def on_zeros(f, x):
    return by_columns(f, 0 * x)


@sees.wrong("Nothing is ever True")
def combined_by_and(f, x):
    found = np.zeros((len(x), len(x)), dtype=bool)
    for s, e in np.ndindex(*x.shape):
        changed = x.copy()
        changed[s, e] += 1
        found[:, s] &= (f(changed) != f(x)).any(axis=1)
    return found


@sees.wrong("same from end to end")
def row_of_token(f, x):
    found = np.zeros((len(x), len(x)), dtype=bool)
    for s, e in np.ndindex(*x.shape):
        changed = x.copy()
        changed[s, e] += 1
        found[s] |= (f(changed) != f(x)).any()
    return found


@sees.wrong()
def set_to_zero(f, x):
    found = np.zeros((len(x), len(x)), dtype=bool)
    for s, e in np.ndindex(*x.shape):
        changed = x.copy()
        changed[s, e] = 0
        found[:, s] |= (f(changed) != f(x)).any(axis=1)
    return found


@sees.inputs
def _(rng):
    T, E, F = (int(each) for each in rng.integers(1, 4, size=3))
    seen, mixed = rng.integers(0, 2, size=(T, T)), rng.integers(-1, 2, size=(E, F))
    return {"f": lambda x: seen @ x**3 @ mixed, "x": rng.normal(size=(T, E)).round(2)}


# --- 3 -----------------------------------------------------------------------------------------

divisor = answers_to(check.divisor)


@divisor.right
def root_of_the_variance(d, q, k):
    return np.sqrt(d * q**2 * k**2)


@divisor.right
def in_turn(d, q, k):
    return q * d**0.5 * k


@divisor.stub
def divisor_untouched(d, q, k):
    raise NotImplementedError


for words, answer in [
    ("by √d alone", lambda d, q, k: np.sqrt(d)),
    ("Take the root of d", lambda d, q, k: q * k * d),
    ("variance of the score", lambda d, q, k: d * (q * k) ** 2),
    ("squares of q and k", lambda d, q, k: np.sqrt(d) * (q * k) ** 2),
    ("for variances", lambda d, q, k: np.sqrt(d * q * k)),
    ("deviation of a single product", lambda d, q, k: q * k),
    ("You add q and k", lambda d, q, k: (q + k) * np.sqrt(d)),
    ("1 over the answer", lambda d, q, k: 1 / np.sqrt(d) / q / k),
    ("k is missing", lambda d, q, k: np.sqrt(d) * q),
    ("q is missing", lambda d, q, k: np.sqrt(d) * k),
    ("You add q² and k²", lambda d, q, k: np.sqrt(d) * np.sqrt(q**2 + k**2)),
    ("", lambda d, q, k: np.sqrt(d) * max(q, k)),
    ("", lambda d, q, k: int(np.sqrt(d) * q * k)),
]:
    divisor.wrong(words)(answer)


@divisor.inputs
def _(rng):
    return {"d": int(rng.integers(1, 100)), "q": rng.uniform(0.1, 4), "k": rng.uniform(0.1, 4)}


# --- 4 -----------------------------------------------------------------------------------------

reordered = answers_to(check.reordered)


@reordered.right
def with_ix(weights, results, order):
    return weights[np.ix_(order, order)], results[order]


@reordered.right
def with_a_matrix(weights, results, order):
    P = np.eye(len(order))[order]
    return P @ weights @ P.T, P @ results


@reordered.stub
def reordered_untouched(weights, results, order):
    raise NotImplementedError


for words, answer in [
    ("rows of the weights only", lambda w, r, o: (w[o], r[o])),
    ("columns of the weights only", lambda w, r, o: (w[:, o], r[o])),
    ("where they came from", lambda w, r, o: (w[np.argsort(o)][:, np.argsort(o)], r[np.argsort(o)])),
    ("takes its result along", lambda w, r, o: (w[o][:, o], r)),
    ("both as they were", lambda w, r, o: (w, r)),
    ("The weights are as they were", lambda w, r, o: (w, r[o])),
    ("turned over", lambda w, r, o: (w.T[o][:, o], r[o])),
    ("gives the diagonal", lambda w, r, o: (w[o, o], r[o])),
    ("rows of the weights twice", lambda w, r, o: (w[o][o], r[o])),
    ("by the weights once more", lambda w, r, o: (w[o][:, o], (w @ r)[o])),
    ("", lambda w, r, o: (w[::-1, ::-1], r[::-1])),
    ("", lambda w, r, o: (np.sort(w, axis=1), r[o])),
]:
    reordered.wrong(words)(answer)


@reordered.inputs
def _(rng):
    T, E = (int(each) for each in rng.integers(1, 6, size=2))
    weights = softmax(rng.normal(size=(T, T)))
    return {"weights": weights, "results": rng.normal(size=(T, E)), "order": rng.permutation(T)}


# --- 5 -----------------------------------------------------------------------------------------

step = answers_to(check.step)


@step.right
def stacked(q, k, v, keys, values):
    keys, values = np.vstack([keys, k]), np.vstack([values, v])
    return softmax(keys @ q / np.sqrt(q.size)) @ values, keys, values


@step.right
def token_by_token(q, k, v, keys, values):
    keys, values = np.array([*keys, k]), np.array([*values, v])
    powers = np.exp([(key * q).sum() / len(key) ** 0.5 for key in keys])
    return sum(power * value for power, value in zip(powers, values, strict=True)) / powers.sum(), keys, values


@step.stub
def step_untouched(q, k, v, keys, values):
    raise NotImplementedError


@step.wrong("leaves out the new token")
def before_it(q, k, v, keys, values):
    result = softmax(keys @ q / len(q) ** 0.5) @ values if len(keys) else 0 * v
    return result, np.vstack([keys, k]), np.vstack([values, v])


@step.wrong("value of the new token alone")
def itself(q, k, v, keys, values):
    return v, np.vstack([keys, k]), np.vstack([values, v])


@step.wrong("scores are not divided")
def large_scores(q, k, v, keys, values):
    keys, values = np.vstack([keys, k]), np.vstack([values, v])
    return softmax(keys @ q) @ values, keys, values


@step.wrong("root of d")
def by_d(q, k, v, keys, values):
    keys, values = np.vstack([keys, k]), np.vstack([values, v])
    return softmax(keys @ q / len(q)) @ values, keys, values


@step.wrong("number of tokens")
def by_count(q, k, v, keys, values):
    keys, values = np.vstack([keys, k]), np.vstack([values, v])
    return softmax(keys @ q / len(keys) ** 0.5) @ values, keys, values


@step.wrong("length of a value")
def by_m(q, k, v, keys, values):
    keys, values = np.vstack([keys, k]), np.vstack([values, v])
    return softmax(keys @ q / len(v) ** 0.5) @ values, keys, values


@step.wrong("before the others")
def in_front(q, k, v, keys, values):
    keys, values = np.vstack([k, keys]), np.vstack([v, values])
    return softmax(keys @ q / len(q) ** 0.5) @ values, keys, values


@step.wrong("return the old cache")
def old_cache(q, k, v, keys, values):
    return stacked(q, k, v, keys, values)[0], keys, values


@step.wrong("new key as the query")
def key_asks(q, k, v, keys, values):
    return stacked(k, k, v, keys, values)


@step.wrong("query into the cache")
def query_in_cache(q, k, v, keys, values):
    return stacked(q, q, v, keys, values)


@step.wrong("plain mean")
def mean(q, k, v, keys, values):
    keys, values = np.vstack([keys, k]), np.vstack([values, v])
    return values.mean(axis=0), keys, values


@step.wrong("largest score")
def hard(q, k, v, keys, values):
    keys, values = np.vstack([keys, k]), np.vstack([values, v])
    return values[(keys @ q).argmax()], keys, values


def cached(weigh):
    def answer(q, k, v, keys, values):
        keys, values = np.vstack([keys, k]), np.vstack([values, v])
        return weigh(keys @ q / np.sqrt(q.size), keys, values), keys, values

    return answer


for words, answer in [
    ("scores themselves for weights", cached(lambda scores, keys, values: values.T @ scores)),
    ("do not add up to 1", cached(lambda scores, keys, values: values.T @ np.exp(scores))),
    ("result is the weights", cached(lambda scores, keys, values: softmax(scores))),
    ("mean of the keys", cached(lambda scores, keys, values: keys.T @ softmax(scores))),
    ("", cached(lambda scores, keys, values: softmax(scores) @ values + values[-1])),
]:
    step.wrong(words)(answer)


@step.wrong("The keys come before the values")
def values_first(q, k, v, keys, values):
    result, keys, values = stacked(q, k, v, keys, values)
    return result, values, keys


@step.inputs
def _(rng):
    t, d, m = int(rng.integers(5)), int(rng.integers(1, 4)), int(rng.integers(1, 4))
    q, k, v = rng.normal(size=d), rng.normal(size=d), rng.normal(size=m)
    return {"q": q, "k": k, "v": v, "keys": rng.normal(size=(t, d)), "values": rng.normal(size=(t, m))}


# --- 6 -----------------------------------------------------------------------------------------

judged = answers_to(check.judged)


@judged.right
def in_parallel(next_token, rows, learned):
    """With the true digits given, all three are right where it writes all three itself."""
    right = np.all([next_token(rows[:, :t]) == rows[:, t] for t in (6, 7, 8)], axis=0)
    seen = [tuple(row[:6]) for row in learned] + [(*row[3:5], 10, *row[:2], 11) for row in learned]
    unseen = np.array([tuple(row[:6]) not in seen for row in rows])
    return right, right[unseen].sum() / unseen.sum()


@judged.right
def row_by_row(next_token, rows, learned):
    right, unseen = [], []
    for row in rows:
        tokens = row[None, :6]
        for _ in range(3):
            tokens = np.append(tokens, next_token(tokens)[None], axis=1)
        right.append(bool((tokens[0] == row).all()))
        numbers = {int(row[0] * 10 + row[1]), int(row[3] * 10 + row[4])}
        if all(numbers != {int(x[0] * 10 + x[1]), int(x[3] * 10 + x[4])} for x in learned):
            unseen.append(right[-1])
    return np.array(right), np.mean(unseen)


@judged.stub
def judged_untouched(next_token, rows, learned):
    raise NotImplementedError


def among(unseen):
    def answer(next_token, rows, learned):
        right = in_parallel(next_token, rows, learned)[0]
        chosen = unseen(rows, learned)
        return right, right[chosen].mean() if chosen.any() else 0.0

    return answer


def right_where(same):
    def answer(next_token, rows, learned):
        digits = np.stack([next_token(rows[:, :t]) == rows[:, t] for t in (6, 7, 8)], axis=1)
        right = same(digits)
        return right, right[~np.isin(check.unordered(rows), check.unordered(learned))].mean()

    return answer


def wrong_ones(next_token, rows, learned):
    right, share = in_parallel(next_token, rows, learned)
    return right, 1 - share


def six_only(next_token, rows, learned):
    right = (np.stack([next_token(rows[:, :6])] * 3, axis=1) == rows[:, 6:]).all(axis=1)
    return right, right[~np.isin(check.unordered(rows), check.unordered(learned))].mean()


def shared(share):
    def answer(next_token, rows, learned):
        digits = np.stack([next_token(rows[:, :t]) == rows[:, t] for t in (6, 7, 8)], axis=1)
        unseen = ~np.isin(check.unordered(rows), check.unordered(learned))
        return in_parallel(next_token, rows, learned)[0], share(digits, unseen)

    return answer


def neither_number(rows, learned):
    (a, b), (c, d) = check.numbers(rows), check.numbers(learned)
    return ~np.isin(a, c) & ~np.isin(b, d)


@judged.wrong("Every sum is right")
def over_the_rows(next_token, rows, learned):
    for place in (6, 7, 8):
        rows[:, place] = next_token(rows[:, :place])
    return in_parallel(next_token, rows, learned)


def first_six(rows):
    return rows[:, [0, 1, 3, 4]] @ [1000, 100, 10, 1]


for words, answer in [
    ("that of all sums", among(lambda rows, learned: np.full(len(rows), True))),
    ("but not b + a", among(lambda rows, learned: ~np.isin(first_six(rows), first_six(learned)))),
    ("were learned. The question", among(lambda rows, x: np.isin(check.unordered(rows), check.unordered(x)))),
    ("if its *result* was", among(lambda rows, x: ~np.isin(rows[:, 6:] @ [1, 10, 100], x[:, 6:] @ [1, 10, 100]))),
    (
        "in any order",
        among(lambda rows, x: ~np.isin(*[np.sort(r[:, [0, 1, 3, 4]]) @ [1000, 100, 10, 1] for r in (rows, x)])),
    ),
    ("one of its digits", right_where(lambda digits: digits.any(axis=1))),
    ("last digit only", right_where(lambda digits: digits[:, 2])),
    ("first digit only", right_where(lambda digits: digits[:, 0])),
    ("counts the wrong ones", wrong_ones),
    ("two digits only", right_where(lambda digits: digits[:, 0] & digits[:, 1])),
    ("Every sum is right", right_where(lambda digits: np.full(len(digits), True))),
    ("same six tokens", six_only),
    ("number of all sums", shared(lambda digits, unseen: digits[unseen].all(axis=1).sum() / len(unseen))),
    ("is a count", shared(lambda digits, unseen: digits[unseen].all(axis=1).sum())),
    ("in percent", shared(lambda digits, unseen: 100 * digits[unseen].all(axis=1).mean())),
    ("single digits", shared(lambda digits, unseen: digits[unseen].mean())),
    ("one of its numbers", among(neither_number)),
    ("", among(lambda rows, x: ~np.isin(*[np.multiply(*check.numbers(r)) for r in (rows, x)]))),
    ("", right_where(lambda digits: digits[:, 1])),
]:
    judged.wrong(words)(answer)


@judged.inputs
def _(rng):
    sums = rng.integers(0, 100, size=(8, 2))
    rows, learned = check.as_rows(sums), check.as_rows(sums[:4, :: rng.choice([1, -1])])

    def now_and_then_wrong(tokens):
        return (check.adding(tokens) + (tokens.sum(axis=1) % 4 == 0)) % 10

    return {"next_token": now_and_then_wrong, "rows": rows, "learned": learned}
