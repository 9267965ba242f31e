"""The checks of lesson 20."""

import numpy as np

from gradlib import data
from gradlib.autograd import unbroadcast
from gradlib.checks.cases import Case, Refused
from gradlib.checks.exercises import exercise
from gradlib.checks.limits import Limits
from gradlib.checks.values import describe, difference

TITLE = "Capstone"
A_MINUTE = Limits(seconds=60.0, steps=50_000_000)


# --- 1 -----------------------------------------------------------------------------------------


@exercise("The products that the suite asks for", points=3)
def products():
    """Return the gradients of x and y for z = x @ y, as a pair of arrays of their shapes.

    x and y are what np.matmul takes: vectors, matrices, stacks whose front axes broadcast. g has the shape of z. For
    x = [1, 2], y = [3, 4] and g = 10 the answer is ([30, 40], [10, 20]).
    """
    for x, y, about in [
        ((2,), (2,), "two vectors"),
        ((2, 3), (3,), "a vector on the right"),
        ((3,), (3, 2), "a vector on the left"),
        ((2, 2), (2, 2), ""),
        ((1, 2), (2, 3), ""),
        ((2, 2, 2), (2, 2, 2), "stacks"),
        ((2, 1, 3), (2, 3, 2), "stacks"),
        ((2, 2, 2), (2, 2), "one matrix for a stack"),
        ((2, 2), (3, 2, 2), "one matrix for a stack"),
        ((2, 1, 2, 2), (3, 2, 2), "stacks that broadcast"),
        ((3, 2, 2), (2,), "a vector for a stack"),
        ((2,), (3, 2, 2), "a vector for a stack"),
    ]:
        rng = np.random.default_rng([*x, 7, *y])
        between = 1 / 7 if about else 0.5  # no entry is 0
        x, y = (rng.integers(-3, 4, size=shape) + between for shape in (x, y))
        g = rng.integers(-3, 4, size=np.shape(x @ y)) + 0.5
        inputs = {"g": np.asarray(g), "x": x, "y": y}
        odd = about == "a vector for a stack"  # rules for stacks alone do anything with a vector
        yield Case(inputs, gradients(**inputs), names=("x", "y"), about=about, odd=odd)


def gradients(g, x, y, *, turned=(True, True), summed=unbroadcast, back=True):
    """A right answer, with switches that make it wrong."""
    a = x[None, :] if x.ndim == 1 else x
    b = y[:, None] if y.ndim == 1 else y
    g = np.expand_dims(g, -1) if y.ndim == 1 else g
    g = np.expand_dims(g, -2) if x.ndim == 1 else g
    of_x = g @ (np.swapaxes(b, -1, -2) if turned[0] else b)
    of_y = (np.swapaxes(a, -1, -2) if turned[1] else a) @ g
    of_x, of_y = summed(of_x, a.shape), summed(of_y, b.shape)
    return (of_x.reshape(x.shape), of_y.reshape(y.shape)) if back else (of_x, of_y)


@products.mistake
def as_in_lesson_06(g, x, y):
    """These are the rules of lesson 06, which hold for matrices alone. `.T` leaves a vector as it is, and of a stack
    it reverses all axes."""
    return g @ y.T, x.T @ g


@products.mistake
def not_summed(g, x, y):
    """An input that served a whole stack gets a gradient for each use. They must be added up."""
    return gradients(g, x, y, summed=lambda a, shape: a, back=max(x.ndim, y.ndim) < 3)


@products.mistake
def stacks_turned_over(g, x, y):
    """Vectors are right. Of a stack `.T` reverses all axes; only the last two must be exchanged."""
    a = x[None, :] if x.ndim == 1 else x
    b = y[:, None] if y.ndim == 1 else y
    g = np.reshape(g, (a @ b).shape)
    return unbroadcast(g @ b.T, a.shape).reshape(x.shape), unbroadcast(a.T @ g, b.shape).reshape(y.shape)


@products.mistake
def entry_by_entry(g, x, y):
    """You multiply entry by entry, as for the product of two numbers. That is right for two vectors alone."""
    return g * y, g * x


@products.mistake
def mean_of_the_stack(g, x, y):
    """You take the mean over the stack. Each use of the one matrix adds its share, so take the sum."""
    return gradients(g, x, y, summed=lambda a, shape: unbroadcast(a, shape) * (np.prod(shape) / a.size))


@products.mistake
def first_of_the_stack(g, x, y):
    """You take the first matrix of the stack alone. Every use of an input counts."""

    def first(a, shape):
        while a.ndim > len(shape):
            a = a[0]
        return a[tuple(slice(0, size) for size in shape)]

    return gradients(g, x, y, summed=first)


@products.mistake
def axis_kept(g, x, y):
    """A vector comes back with the second axis that it got for the product. Its gradient has the shape of the
    vector."""
    return gradients(g, x, y, back=False)


@products.mistake(whole=True)
def exchanged(g, x, y):
    """The two gradients have changed places: that of x comes first."""
    return gradients(g, x, y)[::-1]


@products.mistake
def arriving_forgotten(g, x, y):
    """g is missing. The gradient that arrives must go through the product as well."""
    return gradients(np.ones_like(g), x, y)


@products.mistake
def negative(g, x, y):
    """The signs are turned."""
    return tuple(-each for each in gradients(g, x, y))


# --- 2 -----------------------------------------------------------------------------------------


@exercise("A swing that comes to rest", points=4, limits=A_MINUTE, one_of="projects")
def swing():
    """Return the places u at the times, where u'' + d u' + k u = 0, u(0) = start and u'(0) = 0.

    The times are between 0 and 6, d from 0 to 1, k from 1 to 9. No place may be off by more than 0.01. For d = 0,
    k = 1 and start = 1 the answer is cos t.
    """
    for d, k, start, times, about in [
        (0, 1, 1, np.linspace(0, 6, 4), "no friction"),
        (0.5, 4, 1, np.linspace(0, 6, 4), ""),
        (1, 9, -1.5, np.linspace(0, 6, 7), ""),
        (0.2, 2, 3, np.array([5.5, 0.25, 6.0, 3.0, 0.0, 1.75, 4.25]), "times in no order"),
        (1, 1.5, 3, np.array([[0.5, 1.25, 2.0], [3.75, 4.0, 6.0]]), "times with two axes"),
        (0, 9, 1, np.linspace(0, 6, 8), "a stiff spring without friction"),
    ]:
        inputs = {"d": float(d), "k": float(k), "start": float(start), "times": times}
        yield Places(inputs, motion(d, k, start, times), rtol=0.0, atol=0.01, about=about)


class Places(Case):
    """A case in which two answers count as the same if they agree within 2 %, as two wrong ones that were computed in
    different ways do."""

    def agree(self, first, second):
        return difference(first, second, 0.02, 0.01) is None


def cosine(d, k, start, times, *, decay=0.5, frequency=np.sqrt):
    return start * np.exp(-decay * d * times) * np.cos(frequency(k) * times)


def motion(d, k, start, times, speed=0.0):
    """The solution in closed form, for any d and k but d² = 4k."""
    root = np.sqrt(complex(d * d - 4 * k))
    r, s = (-d + root) / 2, (-d - root) / 2
    a = (speed - s * start) / (r - s)
    return (a * np.exp(r * times) + (start - a) * np.exp(s * times)).real


@swing.mistake
def no_friction(d, k, start, times):
    """There is no friction in your swing. The term d u' is missing."""
    return motion(0, k, start, times)


@swing.mistake
def pushed(d, k, start, times):
    """Your swing grows. The friction has the wrong sign."""
    return motion(-d, k, start, times)


@swing.mistake
def half_the_friction(d, k, start, times):
    """The friction is half of what it should be."""
    return motion(d / 2, k, start, times)


@swing.mistake
def twice_the_friction(d, k, start, times):
    """The friction is twice what it should be."""
    return motion(2 * d, k, start, times)


@swing.mistake
def frequency(d, k, start, times):
    """You take k for the frequency. The frequency is about √k."""
    return motion(d, k * k, start, times)


@swing.mistake
def falls(d, k, start, times):
    """The place runs away. The spring pulls back, so k u stands on the same side as u'', with a plus."""
    return motion(d, -k, start, times)


@swing.mistake
def decays(d, k, start, times):
    """This has one derivative too few: it solves u' + k u = 0, which never swings."""
    return start * np.exp(-k * times)


@swing.mistake
def moving_at_first(d, k, start, times):
    """Your swing has a speed at time 0: it is a cosine under a sinking curve. At rest, u'(0) = 0, it needs a sine as
    well."""
    return start * np.exp(-d * times / 2) * np.cos(np.sqrt(k - d * d / 4) * times)


@swing.mistake
def frequency_without_friction(d, k, start, times):
    """This is a cosine under a sinking curve. With friction the frequency is a little below √k, and at rest, u'(0) = 0,
    a swing needs a sine as well."""
    return cosine(d, k, start, times)


@swing.mistake
def cosine_of_k(d, k, start, times):
    """You take k for the frequency of a cosine. The frequency is about √k."""
    return cosine(d, k, start, times, frequency=lambda k: k)


@swing.mistake
def sinks_too_fast(d, k, start, times):
    """Your swing sinks like e^(-d t), which is too fast: it is e^(-d t / 2). And a cosine alone does not begin at
    rest."""
    return cosine(d, k, start, times, decay=1.0)


@swing.mistake
def envelope(d, k, start, times):
    """Your place sinks and never swings: this is the curve that the heights follow."""
    return start * np.exp(-d * np.asarray(times) / 2)


@swing.mistake
def letters_exchanged(d, k, start, times):
    """d and k are exchanged. d belongs to the speed, k to the place."""
    return motion(k, d, start, times)


@swing.mistake
def sine(d, k, start, times):
    """Your swing begins at 0. A sine does, and a cosine begins at the start."""
    return start * np.exp(-d * np.asarray(times) / 2) * np.sin(np.sqrt(k - d * d / 4) * np.asarray(times))


@swing.mistake
def friction_of_the_place(d, k, start, times):
    """The friction acts on the place. It belongs to the speed: d u', not d u."""
    return motion(0, k + d, start, times)


@swing.mistake
def from_one(d, k, start, times):
    """Your swing begins at 1, whatever the start is."""
    return motion(d, k, 1, times)


@swing.mistake
def from_the_middle(d, k, start, times):
    """Start and speed are exchanged. It begins at the start, at rest."""
    return motion(d, k, 0, times, speed=start)


@swing.mistake
def at_rest(d, k, start, times):
    """Your swing stays where it starts. That has no speed, but the spring pulls."""
    return np.full(np.shape(times), float(start))


# --- 3 -----------------------------------------------------------------------------------------

MOVES = {"as they are": (0, 0), "moved up": (1, 0), "moved down": (-1, 0), "moved to the left": (0, 1),
         "moved to the right": (0, -1)}  # fmt: skip


@exercise("A reader of your handwriting", points=5, limits=A_MINUTE, one_of="projects")
def reader():
    """Return a function that reads images (M, 64) and returns their labels (M,), learned from images and labels.

    On images that it has not seen, at least 93 % must be right as they are, and 90 % after a move by one pixel in any
    of the four directions.
    """
    yield Case({}, expected=True, call=reads)


def moved(images, down, right):
    """Images whose window was moved by so many pixels."""
    framed = np.pad(images.reshape(-1, 8, 8), ((0, 0), (1, 1), (1, 1)))
    return framed[:, 1 + down : 9 + down, 1 + right : 9 + right].reshape(-1, 64)


def reads(answer, seed=20, less=0.0):
    """Return True, or raise Refused with a sentence. The seed chooses the images that the answer learns from.

    less : by how much the bar is lower.
    """
    images, labels = data.load_digits()
    order = np.random.default_rng(seed).permutation(len(images))
    learned, unseen = order[360:], order[:360]
    read = answer(images[learned].copy(), labels[learned].copy())
    if not callable(read) or isinstance(read, type):
        raise Refused(
            f"reader must return a function, which takes images and returns their labels. It returned {describe(read)}."
        )
    shares, different = {}, set()
    for place, (name, move) in enumerate(MOVES.items()):
        asked = np.roll(unseen, 7 * place)  # in another order each time, so that each answer is to its own images
        found = getattr(found := read(moved(images[asked], *move)), "data", found)
        found = np.asarray(found)
        if found.shape == (360, 10):
            raise Refused("Your function returns ten numbers for each image. The label is the place of the largest.")
        if found.shape == (10,):
            raise Refused(
                "Your function returns ten numbers for 360 images. If these are the places of the largest scores, look "
                "for the largest along the other axis."
            )
        if found.shape != (360,):
            raise Refused(f"Your function must return a label for each image, shape (360,), got shape {found.shape}.")
        if found.dtype.kind not in "iuf":
            raise Refused("The labels must be numbers from 0 to 9.")
        shares[name] = float((found == labels[asked]).mean())
        different |= set(found.tolist())
    if problem := why_not_read(shares, len(different), less):
        raise Refused(problem)
    return True


def why_not_read(shares, different, less):
    plain = shares["as they are"]
    low = [name for name, share in shares.items() if share < 0.9 - less and name != "as they are"]
    measured = ", ".join(f"{share:.0%} {name}" for name, share in shares.items())
    if different == 1:
        return "It gives the same label to every image."
    if plain >= 0.93 - less and not low:
        return None
    if plain < 0.2:
        return f"This is no better than guessing: {measured}. Do labels and images still belong together?"
    if plain < 0.93 - less and len(low) < 4:
        return f"It loses too many of the images as they are: {measured}. Were these among those it learned from?"
    if plain < 0.93 - less:
        return f"It reads too few, moved or not: {measured}. First get above 93 % for images as they are."
    if len(low) == 4:
        return f"It reads images where they stand, and loses them when they move: {measured}. Let it learn moved ones."
    return f"It does not read what is {' or '.join(low)}: {measured}. Let it learn images moved in all directions."


# --- 4 -----------------------------------------------------------------------------------------


@exercise("A small language model", points=5, limits=A_MINUTE, one_of="projects")
def speller():
    """Return a function from the beginning of a name to the probabilities (27,) of the next symbol.

    At 0 is the end of the name, at 1 to 26 are the letters a to z. All are above 0, and they add up to 1. On names
    that it has not seen, the mean of -ln p must be at most 2.2.
    """
    yield Case({}, expected=True, call=spells)


def spells(answer, seed=20, less=0.0):
    """Return True, or raise Refused with a sentence. The seed chooses the names that the answer learns from.

    less : by how much the bar is lower.
    """
    names = data.person_names()
    order = np.random.default_rng(seed).permutation(len(names))
    following = answer([names[i] for i in order[300:]])
    if not callable(following) or isinstance(following, type):
        raise Refused(
            f"speller must return a function, which takes the beginning of a name. It returned {describe(following)}."
        )
    unseen = [names[i] for i in order[:300]]
    asked = {name[:place]: None for name in unseen for place in range(len(name) + 1)}  # each beginning once
    for begun in asked:
        asked[begun] = probabilities(following(begun), begun)
    pairs = [(asked[name[:place]], symbol) for name in unseen for place, symbol in enumerate(symbols_of(name))]
    if problem := why_not_spelled(np.array([p for p, _ in pairs]), np.array([symbol for _, symbol in pairs]), less):
        raise Refused(problem)
    return True


def symbols_of(name):
    """The numbers of a name's letters, and 0 for its end."""
    return [ord(letter) - 96 for letter in name] + [0]


def probabilities(given, begun):
    p = np.asarray(getattr(given, "data", given))
    if p.dtype.kind == "O":
        raise Refused(f"After {begun!r} there must be an array of 27 probabilities, got {describe(given)}.")
    if p.shape != (27,):
        sizes = {26: "The end of the name has a place, too: 0.", 27: "Its numbers have one axis too many."}
        shape = f"After {begun!r} there must be 27 probabilities, shape (27,), got shape {p.shape}."
        raise Refused(f"{shape} {sizes.get(p.size, '')}".rstrip())
    if p.dtype.kind not in "iuf" or not np.isfinite(p).all():
        raise Refused(f"After {begun!r} there must be 27 numbers, all of them finite.")
    p = p.astype(float)
    if abs(np.exp(p).sum() - 1) < 1e-3 and (p < 0).all():
        raise Refused("These are logarithms of probabilities. Take exp of them.")
    if (p < 0).any():
        raise Refused(f"After {begun!r} a probability is below 0. Scores become probabilities by a softmax.")
    if abs(p.sum() - 1) > 1e-3:
        raise Refused(f"After {begun!r} the probabilities add up to {p.sum():.4g}, not to 1.")
    if (p == 0).any():
        raise Refused(
            f"After {begun!r} a probability is 0. What was never seen may still come, and -ln 0 is infinite: give "
            "every symbol a little."
        )
    return p


def why_not_spelled(p, symbols, less):
    """None, or a sentence. p : the probabilities (N, 27); symbols : those that came, (N,)."""
    each = -np.log(p[np.arange(len(p)), symbols])
    ends, letters = each[symbols == 0].mean(), each[symbols > 0].mean()
    loss = each.mean()
    measured = f"The mean of -ln p is {loss:.2f}, and at most 2.2 is asked for."
    if loss <= 2.2 + less:
        return None
    if any(-np.log(p[np.arange(len(p)), (symbols + shift) % 27]).mean() <= min(2.7, loss - 0.5) for shift in (1, -1)):
        return f"{measured} The symbols stand one place off: at 0 is the end of the name, at 1 the letter a."
    if ends > 4 and letters < 2.6:
        return f"{measured} It hardly expects a name to end ({ends:.1f} at the ends). Learn the ends, too, as 0."
    if loss > 2.3 and (right := (p.argmax(axis=1) == symbols).mean()) > 0.28:
        return f"{measured} Its first guess is right often ({right:.0%}), but it leaves too little for all others."
    if loss > 3.31:
        return f"{measured} That is worse than all 27 alike. Does it look at the letters that came last?"
    if loss > 3.2:
        return f"{measured} That is as good as all 27 alike, which give 3.30."
    if loss > 2.7:
        return f"{measured} That is about what the share of each letter in all names gives. Look at the letters before."
    if loss > 2.3:
        return f"{measured} That is about what one letter before gives. Look at more of them."
    return f"{measured} It is close. Look at more letters, learn for longer, or give unseen cases more."
