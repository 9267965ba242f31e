"""Answers to the exercises of lesson 20."""

from collections import defaultdict

import numpy as np

from gradlib.autograd import unbroadcast
from gradlib.checks import lesson_20 as check
from gradlib.checks.cases import Case

from .harness import answers_to

# --- 1 -----------------------------------------------------------------------------------------

products = answers_to(check.products)


@products.right
def with_more_axes(g, x, y):
    rows = x.reshape(1, -1) if x.ndim == 1 else x
    columns = y.reshape(-1, 1) if y.ndim == 1 else y
    g = np.reshape(g, np.matmul(rows, columns).shape)
    of_x = unbroadcast(g @ columns.swapaxes(-1, -2), rows.shape)
    of_y = unbroadcast(rows.swapaxes(-1, -2) @ g, columns.shape)
    return of_x.reshape(x.shape), of_y.reshape(y.shape)


@products.right
def by_einsum(g, x, y):
    rows = x[np.newaxis] if x.ndim == 1 else x
    columns = y[:, np.newaxis] if y.ndim == 1 else y
    g = np.asarray(g).reshape((rows @ columns).shape)
    of_x = np.einsum("...ij,...kj->...ik", g, columns)
    of_y = np.einsum("...ki,...kj->...ij", rows, g)
    of_x = of_x.reshape(-1, *rows.shape).sum(axis=0) if of_x.ndim > rows.ndim else of_x
    of_y = of_y.reshape(-1, *columns.shape).sum(axis=0) if of_y.ndim > columns.ndim else of_y
    return unbroadcast(of_x, rows.shape).reshape(x.shape), unbroadcast(of_y, columns.shape).reshape(y.shape)


@products.wrong("rules of lesson 06")
def plain_rules(g, x, y):
    return np.matmul(g, np.transpose(y)), np.matmul(np.transpose(x), g)


@products.wrong("must be added up")
def by_kind(g, x, y):
    if x.ndim == y.ndim == 1:
        return g * y, g * x
    if y.ndim == 1:
        return np.outer(g, y), x.T @ g
    if x.ndim == 1:
        return y @ g, np.outer(x, g)
    return g @ y.swapaxes(-1, -2), x.swapaxes(-1, -2) @ g


@products.wrong("Of a stack `.T` reverses all axes")
def with_plain_transposes(g, x, y):
    rows = x.reshape(1, -1) if x.ndim == 1 else x
    columns = y.reshape(-1, 1) if y.ndim == 1 else y
    g = np.reshape(g, np.matmul(rows, columns).shape)
    of_x, of_y = g @ np.transpose(columns), np.transpose(rows) @ g
    return unbroadcast(of_x, rows.shape).reshape(x.shape), unbroadcast(of_y, columns.shape).reshape(y.shape)


@products.wrong("entry by entry")
def of_two_vectors(g, x, y):
    return g * y, g * x


@products.wrong("You take the mean")
def averaged(g, x, y):
    return check.mean_of_the_stack(g, x, y)


@products.wrong("first matrix of the stack")
def first_use(g, x, y):
    return check.first_of_the_stack(g, x, y)


@products.wrong("second axis that it got")
def tables_for_vectors(g, x, y):
    of_x, of_y = with_more_axes(g, x, y)
    return of_x[None, :] if x.ndim == 1 else of_x, of_y[:, None] if y.ndim == 1 else of_y


@products.wrong("have changed places")
def of_y_first(g, x, y):
    of_x, of_y = with_more_axes(g, x, y)
    return of_y, of_x


@products.wrong("g is missing")
def of_the_sum(g, x, y):
    return with_more_axes(np.ones(np.shape(g)), x, y)


@products.wrong("signs are turned")
def downward(g, x, y):
    of_x, of_y = with_more_axes(g, x, y)
    return 0 - of_x, 0 - of_y


@products.wrong()
def zeros(g, x, y):
    return np.zeros(x.shape), np.zeros(y.shape)


@products.wrong()
def doubled(g, x, y):
    of_x, of_y = with_more_axes(g, x, y)
    return 2 * of_x, of_y


@products.inputs
def _(rng):
    shapes = [((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 2), (2, 3)), ((2, 2, 3), (3, 2)), ((2, 3), (2, 3, 1)),
              ((2, 1, 2, 3), (4, 3, 2)), ((4, 2, 3), (3,)), ((3,), (4, 3, 2))]  # fmt: skip
    x, y = (rng.normal(size=shape) for shape in shapes[rng.integers(len(shapes))])
    return {"g": rng.normal(size=np.shape(x @ y)), "x": x, "y": y}


# --- 2 -----------------------------------------------------------------------------------------

swing = answers_to(check.swing)


def stepped(force, start, times, speed=0.0, steps=3000):
    """Runge and Kutta's method for u'' = force(u, u')."""
    h, state, places = 6 / steps, np.array([start, speed], dtype=float), [float(start)]

    def rate(state):
        return np.array([state[1], force(*state)])

    for _ in range(steps):
        a = rate(state)
        b = rate(state + h / 2 * a)
        c = rate(state + h / 2 * b)
        state = state + h / 6 * (a + 2 * b + 2 * c + rate(state + h * c))
        places.append(state[0])
    return np.interp(times, np.linspace(0, 6, steps + 1), places)


@swing.wrong()
def in_short_straight_steps(d, k, start, times, steps=6000):
    """Euler's method: close enough where friction helps, and not on the stiffest spring."""
    places, speed = [start], 0.0
    for _ in range(steps):
        place = places[-1]
        places.append(place + 6 / steps * speed)
        speed -= 6 / steps * (d * speed + k * place)
    return np.interp(times, np.linspace(0, 6, steps + 1), places)


@swing.right
def by_steps(d, k, start, times):
    return stepped(lambda u, v: -d * v - k * u, start, times, steps=600)


@swing.right
def in_closed_form(d, k, start, times):
    w = np.sqrt(k - d**2 / 4)
    return start * np.exp(-d * times / 2) * (np.cos(w * times) + d / (2 * w) * np.sin(w * times))


@swing.right
def by_its_series(d, k, start, times):
    coefficients = [start, 0.0]
    for n in range(80):
        later = d * (n + 1) * coefficients[n + 1] + k * coefficients[n]
        coefficients.append(-later / ((n + 2) * (n + 1)))
    return np.polynomial.polynomial.polyval(np.asarray(times), coefficients)


@swing.wrong()
def at_even_times(d, k, start, times):
    return in_closed_form(d, k, start, np.linspace(np.min(times), np.max(times), np.size(times)).reshape(times.shape))


@swing.wrong()
def at_sorted_times(d, k, start, times):
    return in_closed_form(d, k, start, np.sort(times))


@swing.wrong("shape")
def of_one_axis(d, k, start, times):
    return in_closed_form(d, k, start, np.ravel(times))


@swing.wrong("no friction")
def undamped(d, k, start, times):
    return start * np.cos(np.sqrt(k) * times)


@swing.wrong("Your swing grows")
def growing(d, k, start, times):
    return stepped(lambda u, v: d * v - k * u, start, times, steps=600)


@swing.wrong("half of what it should be")
def halved(d, k, start, times):
    return in_closed_form(d / 2, k, start, times)


@swing.wrong("twice what it should be")
def twice(d, k, start, times):
    return in_closed_form(2 * d, k, start, times)


@swing.wrong("take k for the frequency")
def k_as_frequency(d, k, start, times):
    return in_closed_form(d, k**2, start, times)


@swing.wrong("pulls back")
def runaway(d, k, start, times):
    return check.motion(d, -k, start, times)


@swing.wrong("one derivative too few")
def first_order(d, k, start, times):
    return start / np.exp(k * times)


@swing.wrong("it needs a sine")
def cosine_alone(d, k, start, times):
    return start * np.exp(-d * times / 2) * np.cos(times * (k - d**2 / 4) ** 0.5)


@swing.wrong("a little below √k")
def cosine_with_the_free_frequency(d, k, start, times):
    return start * np.exp(-d * times / 2) * np.cos(k**0.5 * times)


@swing.wrong("for the frequency of a cosine")
def cosine_of_k_times_t(d, k, start, times):
    return start * np.exp(-d * times / 2) * np.cos(k * times)


@swing.wrong("which is too fast")
def sinking_with_d(d, k, start, times):
    return start * np.exp(-d * times) * np.cos(np.sqrt(k) * times)


@swing.wrong("the curve that the heights follow")
def sinking_alone(d, k, start, times):
    return start * np.exp(-d * times / 2)


@swing.wrong("d and k are exchanged")
def k_for_the_speed(d, k, start, times):
    return stepped(lambda u, v: -k * v - d * u, start, times, steps=600)


@swing.wrong("Your swing begins at 0")
def from_zero(d, k, start, times):
    w = np.sqrt(k - d**2 / 4)
    return start * np.exp(-d * times / 2) * np.sin(w * times)


@swing.wrong("pulls back")
def runaway_by_steps(d, k, start, times):
    return stepped(lambda u, v: -d * v + k * u, start, times, steps=600)


@swing.wrong("belongs to the speed")
def stiffer(d, k, start, times):
    return stepped(lambda u, v: -(d + k) * u, start, times, steps=600)


@swing.wrong("begins at 1")
def unit_start(d, k, start, times):
    return in_closed_form(d, k, 1.0, times)


@swing.wrong("exchanged")
def pushed_off(d, k, start, times):
    return stepped(lambda u, v: -d * v - k * u, 0.0, times, speed=start, steps=600)


@swing.wrong("stays where it starts")
def still(d, k, start, times):
    return start + 0 * times


@swing.wrong()
def too_coarse(d, k, start, times):
    return stepped(lambda u, v: -d * v - k * u, start, times, steps=12)


@swing.wrong()
def low_polynomial(d, k, start, times):
    return start * (1 - k * times**2 / 2)


@swing.inputs
def _(rng):
    times = np.sort(rng.uniform(0, 6, size=5))
    d, k, start = rng.uniform(0.1, 1), rng.uniform(1, 9), rng.uniform(0.5, 2)
    return {"d": d, "k": k, "start": start, "times": times}


# --- 3 -----------------------------------------------------------------------------------------

reader = answers_to(check.reader)


def nearest(images, labels):
    squares = (images**2).sum(axis=1)
    return lambda pictures: labels[(squares - 2 * pictures @ images.T).argmin(axis=1)]


def shown_moved(images, labels, moves):
    return np.concatenate([check.moved(images, *move) for move in moves]), np.tile(labels, len(moves))


@reader.right
def nearest_of_all_moves(images, labels):
    return nearest(*shown_moved(images, labels, check.MOVES.values()))


@reader.right
def whichever_way_it_fits_best(images, labels):
    squares = (images**2).sum(axis=1)

    def read(pictures):
        distances = []
        for move in check.MOVES.values():
            at = check.moved(pictures, *move)
            distances.append(squares - 2 * at @ images.T + (at**2).sum(axis=1)[:, None])
        return labels[np.min(distances, axis=0).argmin(axis=1)].tolist()

    return read


@reader.wrong("loses them when they move")
def where_they_stand(images, labels):
    return nearest(images, labels)


@reader.wrong("It does not read what is moved up")
def sideways_only(images, labels):
    return nearest(*shown_moved(images, labels, [(0, 0), (0, 1), (0, -1)]))


@reader.wrong("It does not read what is moved to the right")
def without_one(images, labels):
    return nearest(*shown_moved(images, labels, [(0, 0), (0, 1), (1, 0), (-1, 0)]))


@reader.wrong("same label to every image")
def always_three(images, labels):
    return lambda pictures: np.full(len(pictures), 3)


@reader.wrong("ten numbers for each image")
def scores(images, labels):
    weights = np.linalg.lstsq(images, np.eye(10)[labels], rcond=None)[0]
    return lambda pictures: pictures @ weights


@reader.wrong("no better than guessing")
def shuffled(images, labels):
    return nearest(images, np.random.default_rng(0).permutation(labels))


@reader.wrong("It reads too few")
def by_the_means(images, labels):
    means = np.stack([images[labels == digit].mean(axis=0) for digit in range(10)])
    return nearest(means, np.arange(10))


@reader.wrong("must return a function")
def labels_at_once(images, labels):
    return labels


@reader.wrong("look for the largest along the other axis")
def image_for_each_digit(images, labels):
    weights = np.linalg.lstsq(images, np.eye(10)[labels], rcond=None)[0]
    return lambda pictures: (pictures @ weights).argmax(axis=0)


@reader.wrong("a label for each image")
def one_label(images, labels):
    return lambda pictures: labels[0]


@reader.wrong("numbers from 0 to 9")
def as_texts(images, labels):
    read = nearest_of_all_moves(images, labels)
    return lambda pictures: read(pictures).astype(str)


@reader.inputs
def _(rng):
    """Other images are unseen. Of 360 of them chance moves a share by about 0.02, so the bar is lower by more."""
    seed = int(rng.integers(1000))
    return Case({}, expected=True, call=lambda answer: check.reads(answer, seed, less=0.04))


ONE_TRAINING = "a project is trained once, so what the first call got is what every call gets"
reader.equivalent("parameter", "images", ONE_TRAINING)
reader.equivalent("parameter", "labels", ONE_TRAINING)
reader.equivalent("exchanged", "images ** 2", "another measure, which reads well enough on these images")


# --- 4 -----------------------------------------------------------------------------------------

speller = answers_to(check.speller)


def symbols(name):
    return [ord(letter) - 96 for letter in name]


def counting(names, length, weight=5.0, ends=True):
    """Count what follows the last symbols, of each number up to a length; fewer back up more."""
    tables = [defaultdict(lambda: np.zeros(27)) for _ in range(length + 1)]
    for name in names:
        row = [0] * length + symbols(name) + [0] * ends
        for i in range(length, len(row)):
            for back, table in enumerate(tables):
                table[tuple(row[i - back : i])][row[i]] += 1

    def following(begun):
        row, p = [0] * length + symbols(begun), np.full(27, 1 / 27)
        for back, table in enumerate(tables):
            counts = table[tuple(row[len(row) - back :])]
            p = (counts + weight * p) / (counts.sum() + weight)
        return p

    return following


@speller.right
def two_letters_back(names):
    return counting(names, 2)


@speller.right
def three_letters_back(names):
    return counting(names, 3)


@speller.wrong("what one letter before gives")
def one_letter_back(names):
    return counting(names, 1)


@speller.wrong("share of each letter in all names")
def shares_of_letters(names):
    return counting(names, 0)


@speller.wrong("as good as all 27 alike")
def all_alike(names):
    return lambda begun: np.full(27, 1 / 27)


@speller.wrong("worse than all 27 alike")
def sees_only_the_beginning(names):
    following = counting(names, 2)
    return lambda begun: following(begun[:2])


@speller.wrong("leaves too little for all others")
def too_sure(names):
    following = counting(names, 3)
    return lambda begun: 0.001 + 0.973 * (np.arange(27) == following(begun).argmax())


@speller.wrong("has a place, too")
def without_an_end(names):
    following = counting(names, 2)
    return lambda begun: following(begun)[1:] / following(begun)[1:].sum()


@speller.wrong("one axis too many")
def a_row(names):
    following = counting(names, 2)
    return lambda begun: following(begun).reshape(1, 27)


@speller.wrong("got a dictionary")
def by_letter(names):
    following = counting(names, 2)
    return lambda begun: dict(enumerate(following(begun)))


@speller.wrong("one place off")
def shifted(names):
    following = counting(names, 3)
    return lambda begun: np.roll(following(begun), 1)


@speller.wrong("hardly expects a name to end")
def never_ending(names):
    return counting(names, 3, ends=False)


@speller.wrong("What was never seen may still come")
def unseen_is_impossible(names):
    return counting(names, 2, weight=0.0)


@speller.wrong("add up to")
def not_normalized(names):
    following = counting(names, 2)
    return lambda begun: 2 * following(begun)


@speller.wrong("logarithms of probabilities")
def logarithms(names):
    following = counting(names, 2)
    return lambda begun: np.log(following(begun))


@speller.wrong("Scores become probabilities")
def plain_scores(names):
    following = counting(names, 2)
    return lambda begun: 10 + np.log(following(begun)) * 3


@speller.wrong("27 probabilities")
def letters_only(names):
    following = counting(names, 2)
    return lambda begun: following(begun)[1:]


@speller.wrong("must return a function")
def a_table(names):
    return np.full((27, 27), 1 / 27)


@speller.wrong("all of them finite")
def not_finite(names):
    return lambda begun: np.full(27, np.nan)


@speller.inputs
def _(rng):
    """Other names are unseen. Chance moves the mean of 300 names by about 0.02, so the bar is a little higher."""
    seed = int(rng.integers(1000))
    return Case({}, expected=True, call=lambda answer: check.spells(answer, seed, less=0.05))
