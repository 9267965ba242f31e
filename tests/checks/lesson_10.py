"""Answers to the exercises of lesson 10."""

import numpy as np

from gradlib import Tensor, no_grad, optim
from gradlib.checks import Case
from gradlib.checks import lesson_10 as check

from .harness import answers_to

longest = answers_to(check.longest_step)


@longest.right
def slope_again_and_again(slope, n, rng):
    x = rng.normal(size=n)
    for _ in range(100):
        x = slope(x)
        length = np.linalg.norm(x)
        x = x / length
    return 2 / length


@longest.right
def from_the_matrix(slope, n, rng):
    matrix = np.array([slope(row) for row in np.eye(n)])
    return 2 / np.linalg.eigvalsh(matrix)[-1]


@longest.right
def with_two_ends(slope, n, rng):
    """The quotient of x · slope(x) and x · x, along the way."""
    x = 1 + np.arange(n) ** 2 * 0.37
    for _ in range(300):
        g = slope(x)
        curvature = (x * g).sum() / (x * x).sum()
        x = g / np.abs(g).max()
    return 2.0 / curvature


@longest.inputs
def _(rng):
    n = int(rng.integers(1, 4))
    turned = np.linalg.qr(rng.normal(size=(n, n)))[0]
    found = np.sort(rng.uniform(0.1, 3.0, size=n))
    found[-1] *= 2
    return {"slope": check.bowl(turned @ np.diag(found) @ turned.T), "n": n, "seed": int(rng.integers(1000))}


@longest.wrong("The longest stable step is twice as long")
def one_step_there(slope, n, rng):
    return slope_again_and_again(slope, n, rng) / 2


@longest.wrong("The longest stable learning rate is 2/c")
def curvature_returned(slope, n, rng):
    return 2 / slope_again_and_again(slope, n, rng)


@longest.wrong("You look at the axes only")
def diagonal(slope, n, rng):
    return 2 / max(slope(np.eye(n)[i])[i] for i in range(n))


@longest.wrong("You ask in the direction (1, 1, …) alone")
def from_ones(slope, n, rng):
    x = np.ones(n)
    return 2 / (np.linalg.norm(slope(x)) / np.linalg.norm(x))


@longest.wrong("You take the flattest direction")
def by_the_smallest(slope, n, rng):
    return np.float64(2) / np.linalg.eigvalsh(np.array([slope(row) for row in np.eye(n)]))[0]


@longest.wrong("the rate that brings both errors down fastest")
def best_rate(slope, n, rng):
    found = np.linalg.eigvalsh(np.array([slope(row) for row in np.eye(n)]))
    return 2 / (found[0] + found[-1])


@longest.wrong("Such a slope points elsewhere")
def longest_slope_of_an_axis(slope, n, rng):
    return 2 / max(np.linalg.norm(slope(row)) for row in np.eye(n))


@longest.wrong("You add up the curvatures")
def by_the_trace(slope, n, rng):
    return 2 / sum(slope(row) @ row for row in np.eye(n))


@longest.wrong("or at single entries")
def by_the_largest_entry(slope, n, rng):
    return 2 / max(np.abs(slope(row)).max() for row in np.eye(n))


@longest.wrong()
def a_single_round(slope, n, rng):
    x = rng.normal(size=n)
    return 2 / (np.linalg.norm(slope(x)) / np.linalg.norm(x))


@longest.wrong()
def two_rounds(slope, n, rng):
    x = np.eye(n)[0] + 0.1
    for _ in range(2):
        x = slope(x) / np.linalg.norm(slope(x))
    return 2 / np.linalg.norm(slope(x))


@longest.wrong()
def momentums_limit(slope, n, rng):
    return 1.9 * slope_again_and_again(slope, n, rng)


def in_rounds(slope, x, rounds=60):
    for _ in range(rounds):
        x = slope(x / np.linalg.norm(x))
    return 2 / np.linalg.norm(x)


@longest.right
def by_trying(slope, n, rng):
    """Halves the interval in which descent stops coming down."""

    def comes_down(lr):
        x = start
        for _ in range(4000):
            x = x - lr * slope(x)
            if not 1e-9 < np.linalg.norm(x) < 1e9:
                break
        return np.linalg.norm(x) < 1

    start, low, high = rng.normal(size=n), 1e-3, 1e3
    while high > 1.004 * low:
        middle = (low * high) ** 0.5
        low, high = (middle, high) if comes_down(middle) else (low, middle)
    return low


@longest.wrong("the mean of the curvatures")
def mean_curvature(slope, n, rng):
    return 2 / np.mean([slope(row) @ row for row in np.eye(n)])


@longest.wrong("the curvatures of all directions are mixed")
def norm_of_the_matrix(slope, n, rng):
    return 2 / np.sqrt(sum((slope(row) ** 2).sum() for row in np.eye(n)))


@longest.wrong("You start at (1, 1, …)")
def rounds_from_ones(slope, n, rng):
    return in_rounds(slope, np.ones(n))


@longest.wrong("You start at (1, 0, …)")
def rounds_from_an_axis(slope, n, rng):
    return in_rounds(slope, np.eye(n)[0])


@longest.wrong()
def best_of_random_places(slope, n, rng):
    places = rng.normal(size=(1000, n))
    return 2 / max(np.linalg.norm(slope(x)) / np.linalg.norm(x) for x in places)


ahead = answers_to(check.look_ahead)


@ahead.right
def nesterov(slope, x, lr, mu, steps):
    places, v = [], np.zeros_like(x)
    for _ in range(steps):
        v = mu * v + slope(x - lr * mu * v)
        x = x - lr * v
        places.append(x)
    return places


@ahead.right
def from_the_places_looked_at(slope, x, lr, mu, steps):
    seen, v, places = x, 0.0, []
    for _ in range(steps):
        g = slope(seen)
        v = mu * v + g
        seen = seen - lr * (g + mu * v)
        places.append(seen + lr * mu * v)
    return places


@ahead.right
class VelocityOfPlaces:
    """An object that is called, and the velocity as the last change of x."""

    def __new__(cls, slope, x, lr, mu, steps):
        before, places = x, []
        for _ in range(steps):
            carried = x + mu * (x - before)
            before, x = x, carried - lr * slope(carried)
            places.append(x)
        return tuple(places)


@ahead.right
def by_the_library(slope, x, lr, mu, steps):
    place = Tensor(x, requires_grad=True)
    optimizer, places = optim.SGD([place], lr, momentum=mu, nesterov=True) if mu else optim.SGD([place], lr), []
    for _ in range(steps):
        place.grad = slope(place.data)
        optimizer.step()
        v = optimizer.state[place]["momentum_buffer"] if mu else 0.0
        places.append(place.data + lr * mu * v)
    return places


@ahead.inputs
def _(rng):
    shape = (2,) if rng.random() < 0.7 else (2, 1)
    slope = [lambda x: x - 1, lambda x: 3 * x, lambda x: np.sin(2 * x), lambda x: x**3][rng.integers(4)]
    settings = {"lr": rng.uniform(0.01, 0.5), "mu": rng.uniform(0, 1), "steps": int(rng.integers(1, 5))}
    return {"slope": slope, "x": rng.normal(size=shape), **settings}


def walked(slope, x, lr, mu, steps, seen, velocity, move=lambda x, lr, mu, old, v: x - lr * v):
    """The places for a rule of where to look, of the new velocity, and of the step."""
    places, v = [], 0.0
    for _ in range(steps):
        old, v = v, velocity(v, slope(seen(x, v)))
        x = move(x, lr, mu, old, v)
        places.append(x)
    return places


@ahead.wrong("That is plain momentum")
def heavy_ball(slope, x, lr, mu, steps):
    return walked(slope, x, lr, mu, steps, lambda x, v: x, lambda v, g: mu * v + g)


@ahead.wrong("These are the places that it looks at")
def as_in_the_lesson(slope, x, lr, mu, steps):
    v, places = 0.0, []
    for _ in range(steps):
        g = slope(x)
        v = mu * v + g
        x = x - lr * (g + mu * v)
        places.append(x)
    return places


@ahead.wrong("You look ahead by mu · v")
def without_the_rate(slope, x, lr, mu, steps):
    return walked(slope, x, lr, mu, steps, lambda x, v: x - mu * v, lambda v, g: mu * v + g)


@ahead.wrong("You look back")
def backward(slope, x, lr, mu, steps):
    return walked(slope, x, lr, mu, steps, lambda x, v: x + lr * mu * v, lambda v, g: mu * v + g)


@ahead.wrong("You look ahead by lr · v")
def without_mu(slope, x, lr, mu, steps):
    return walked(slope, x, lr, mu, steps, lambda x, v: x - lr * v, lambda v, g: mu * v + g)


@ahead.wrong("the step begins at x")
def twice_carried(slope, x, lr, mu, steps):
    def move(x, lr, mu, old, v):
        return x - lr * mu * old - lr * v

    return walked(slope, x, lr, mu, steps, lambda x, v: x - lr * mu * v, lambda v, g: mu * v + g, move)


@ahead.wrong("the step begins at x")
def x_is_overwritten(slope, x, lr, mu, steps):
    v, places = 0.0, []
    for _ in range(steps):
        x = x - lr * mu * v
        v = mu * v + slope(x)
        x = x - lr * v
        places.append(x)
    return places


@ahead.wrong("You do not keep the velocity")
def velocity_lost(slope, x, lr, mu, steps):
    return walked(slope, x, lr, mu, steps, lambda x, v: x - lr * mu * v, lambda v, g: g)


@ahead.wrong("a moving average")
def averaged(slope, x, lr, mu, steps):
    return walked(slope, x, lr, mu, steps, lambda x, v: x - lr * mu * v, lambda v, g: mu * v + (1 - mu) * g)


@ahead.wrong("The learning rate is in your step twice")
def rate_in_both(slope, x, lr, mu, steps):
    return walked(slope, x, lr, mu, steps, lambda x, v: x - lr * mu * v, lambda v, g: mu * v + lr * g)


@ahead.wrong("You take the slope once")
def one_slope(slope, x, lr, mu, steps):
    g = slope(x)
    return walked(slope, x, lr, mu, steps, lambda x, v: x, lambda v, _: mu * v + g)


@ahead.wrong("the start is among them")
def with_the_start(slope, x, lr, mu, steps):
    return [x, *nesterov(slope, x, lr, mu, steps)]


@ahead.wrong("the place before the step")
def before_the_step(slope, x, lr, mu, steps):
    return [x, *nesterov(slope, x, lr, mu, steps)][:-1]


@ahead.wrong("the last place alone")
def last_place_only(slope, x, lr, mu, steps):
    return nesterov(slope, x, lr, mu, steps)[-1]


@ahead.wrong("Your list ends after the first step")
def returns_in_the_loop(slope, x, lr, mu, steps):
    return nesterov(slope, x, lr, mu, 1)


@ahead.wrong("listed several times, and each step overwrites it")
def overwritten(slope, x, lr, mu, steps):
    places, v, x = [], np.zeros_like(x), x.copy()
    for _ in range(steps):
        v = mu * v + slope(x - lr * mu * v)
        x -= lr * v
        places.append(x)
    return places


@ahead.wrong("Your code changed x")
def the_callers_array(slope, x, lr, mu, steps):
    places, v = [], 0.0
    for _ in range(steps):
        v = mu * v + slope(x - lr * mu * v)
        x -= lr * v
        places.append(x.copy())
    return places


@ahead.wrong("You go up")
def climbing(slope, x, lr, mu, steps):
    return nesterov(slope, x, -lr, mu, steps)


@ahead.wrong("`return` hands it back")
def printed(slope, x, lr, mu, steps):
    nesterov(slope, x, lr, mu, steps)


@ahead.wrong()
def new_velocity_ahead(slope, x, lr, mu, steps):
    def seen(x, v):
        return x - lr * (mu * v + slope(x))

    return walked(slope, x, lr, mu, steps, seen, lambda v, g: mu * v + g)


@ahead.wrong("Does v = 0 stand before the loop?")
def velocity_in_the_loop(slope, x, lr, mu, steps):
    places = []
    for _ in range(steps):
        v = 0 * x
        v = mu * v + slope(x - lr * mu * v)
        x = x - lr * v
        places.append(x)
    return places


@ahead.wrong("You move x before v")
def moved_too_early(slope, x, lr, mu, steps):
    places, v = [], 0.0
    for _ in range(steps):
        g = slope(x - lr * mu * v)
        x, v = x - lr * v, mu * v + g
        places.append(x)
    return places


@ahead.wrong("where you take the slope")
def list_of_looks(slope, x, lr, mu, steps):
    places, v = [], 0.0
    for _ in range(steps):
        look = x - lr * mu * v
        v = mu * v + slope(look)
        x = x - lr * v
        places.append(look)
    return places


@ahead.wrong("You add the step to x")
def step_added(slope, x, lr, mu, steps):
    return walked(
        slope,
        x,
        lr,
        mu,
        steps,
        lambda x, v: x - lr * mu * v,
        lambda v, g: mu * v + g,
        lambda x, lr, mu, old, v: x + lr * v,
    )


scaled = answers_to(check.rmsprop)


@scaled.right
def by_the_product(gradients, betas, lr, eps):
    v, product, found = np.zeros_like(gradients[0], dtype=float), 1.0, []
    for g, beta in zip(gradients, betas, strict=True):
        v, product = beta * v + (1 - beta) * g**2, product * beta
        found.append(-lr * g / (np.sqrt(v / (1 - product)) + eps))
    return found


@scaled.right
def by_an_average_of_ones(gradients, betas, lr, eps):
    v = weight = 0.0
    found = []
    for g, beta in zip(gradients, betas, strict=True):
        v, weight = beta * v + (1 - beta) * g**2, beta * weight + 1 - beta
        found.append(-lr * g / (eps + (v / weight) ** 0.5))
    return found


@scaled.right
def by_all_weights(gradients, betas, lr, eps):
    found = []
    for t in range(1, len(betas) + 1):
        weights = [(1 - betas[s]) * np.prod(betas[s + 1 : t]) for s in range(t)]
        mean = sum(w * g * g for w, g in zip(weights, gradients[:t], strict=True)) / sum(weights)
        found.append(-lr * gradients[t - 1] / (np.sqrt(mean) + eps))
    return np.array(found)


@scaled.inputs
def _(rng):
    steps = int(rng.integers(1, 5))
    gradients = list(rng.normal(size=(steps, 2)))
    betas = rng.uniform(0, 0.99, size=steps).tolist()
    return {"gradients": gradients, "betas": betas, "lr": rng.uniform(0.01, 1), "eps": rng.uniform(0, 0.5)}


def corrected_by(gradients, betas, lr, eps, weight):
    """RMSprop with any correction: weight(betas so far) divides v."""
    v, found = 0.0, []
    for t, (g, beta) in enumerate(zip(gradients, betas, strict=True), 1):
        v = beta * v + (1 - beta) * g**2
        found.append(-lr * g / (np.sqrt(v / weight(betas[:t])) + eps))
    return found


@scaled.wrong("v is not corrected")
def as_in_the_lesson_too(gradients, betas, lr, eps):
    return corrected_by(gradients, betas, lr, eps, lambda betas: 1.0)


@scaled.wrong("with the beta of this step")
def last_beta(gradients, betas, lr, eps):
    return corrected_by(gradients, betas, lr, eps, lambda betas: 1 - betas[-1] ** len(betas))


@scaled.wrong("with the first beta")
def first_beta(gradients, betas, lr, eps):
    return corrected_by(gradients, betas, lr, eps, lambda betas: 1 - betas[0] ** len(betas))


@scaled.wrong("right in the first step only")
def always_first(gradients, betas, lr, eps):
    return corrected_by(gradients, betas, lr, eps, lambda betas: 1 - betas[-1])


@scaled.wrong("by the sum of 1 - beta")
def sum_of_shares(gradients, betas, lr, eps):
    return corrected_by(gradients, betas, lr, eps, lambda betas: sum(1 - beta for beta in betas))


@scaled.wrong("one beta too many")
def product_from_a_beta(gradients, betas, lr, eps):
    return corrected_by(gradients, betas, lr, eps, lambda seen: 1 - betas[0] * np.prod(seen))


@scaled.wrong("corrected before the root is taken")
def root_first(gradients, betas, lr, eps):
    return corrected_by(gradients, betas, lr, eps, lambda betas: (1 - np.prod(betas)) ** 2)


@scaled.wrong("makes it smaller still")
def times_the_correction(gradients, betas, lr, eps):
    return corrected_by(gradients, betas, lr, eps, lambda betas: 1 / (1 - np.prod(betas)))


@scaled.wrong("which corrects it again")
def fed_back(gradients, betas, lr, eps):
    v, product, found = 0.0, 1.0, []
    for g, beta in zip(gradients, betas, strict=True):
        product *= beta
        v = (beta * v + (1 - beta) * g**2) / (1 - product)
        found.append(-lr * g / (np.sqrt(v) + eps))
    return found


def average_of(gradients, betas, of):
    """The corrected average of of(g), in each step."""
    v, product, found = 0.0, 1.0, []
    for g, beta in zip(gradients, betas, strict=True):
        v, product = beta * v + (1 - beta) * of(g), product * beta
        found.append(v / (1 - product))
    return found


@scaled.wrong("instead of its root")
def rootless(gradients, betas, lr, eps):
    return [-lr * g / (v + eps) for g, v in zip(gradients, average_of(gradients, betas, np.square), strict=True)]


@scaled.wrong("You average |g|")
def sizes(gradients, betas, lr, eps):
    return [-lr * g / (v + eps) for g, v in zip(gradients, average_of(gradients, betas, np.abs), strict=True)]


@scaled.wrong("Each entry has its own")
def length_of_g(gradients, betas, lr, eps):
    averages = average_of(gradients, betas, lambda g: (g**2).sum())
    return [-lr * g / (np.sqrt(v) + eps) for g, v in zip(gradients, averages, strict=True)]


@scaled.wrong("The shares are swapped")
def other_share(gradients, betas, lr, eps):
    return by_the_product(gradients, [1 - beta for beta in betas], lr, eps)


@scaled.wrong("eps is missing")
def no_eps(gradients, betas, lr, eps):
    averages = average_of(gradients, betas, np.square)
    return [-lr * g / np.sqrt(v) for g, v in zip(gradients, averages, strict=True)]


@scaled.wrong("You add eps under the root")
def all_under_the_root(gradients, betas, lr, eps):
    averages = average_of(gradients, betas, np.square)
    return [-lr * g / np.sqrt(v + eps) for g, v in zip(gradients, averages, strict=True)]


@scaled.wrong("These are the places")
def places(gradients, betas, lr, eps):
    return np.cumsum(by_the_product(gradients, betas, lr, eps), axis=0)


@scaled.wrong("The sign is missing")
def upward(gradients, betas, lr, eps):
    return [-change for change in by_the_product(gradients, betas, lr, eps)]


@scaled.wrong("the last change alone")
def at_the_end(gradients, betas, lr, eps):
    return by_the_product(gradients, betas, lr, eps)[-1]


@scaled.wrong("only the sign of the gradient is left")
def sign_alone(gradients, betas, lr, eps):
    return [-lr * np.sign(g) for g in gradients]


@scaled.wrong("The learning rate is missing")
def rate_forgotten_too(gradients, betas, lr, eps):
    return by_the_product(gradients, betas, 1.0, eps)


@scaled.wrong("The shares in v are swapped")
def other_share_in_v(gradients, betas, lr, eps):
    v, product, found = 0.0, 1.0, []
    for g, beta in zip(gradients, betas, strict=True):
        v, product = (1 - beta) * v + beta * g**2, product * beta
        found.append(-lr * g / (np.sqrt(v / (1 - product)) + eps))
    return found


@scaled.wrong("by the product of 1 - beta")
def product_of_shares(gradients, betas, lr, eps):
    return corrected_by(gradients, betas, lr, eps, lambda betas: np.prod(1 - np.array(betas)))


@scaled.wrong("v is the average of g in your answer")
def not_squared(gradients, betas, lr, eps):
    averages = average_of(gradients, betas, lambda g: g)
    return [-lr * g / (np.sqrt(np.abs(v)) + eps) for g, v in zip(gradients, averages, strict=True)]


@scaled.wrong()
def mean_beta(gradients, betas, lr, eps):
    return corrected_by(gradients, betas, lr, eps, lambda betas: 1 - np.mean(betas) ** len(betas))


decay = answers_to(check.l2_and_adamw)


@decay.right
def by_signs(x, g, lr, decay):
    return x - lr * np.sign(g + decay * x), (1 - lr * decay) * x - lr * np.sign(g)


@decay.right
def by_the_optimizers(x, g, lr, decay):
    places = []
    for make in (optim.Adam, optim.AdamW):
        place = Tensor(x, requires_grad=True)
        place.grad = g
        make([place], lr=lr, weight_decay=decay).step()
        places.append(place.data)
    return places


@decay.right
def by_adams_formula(x, g, lr, decay):
    places = []
    for start, gradient in ((x, g + decay * x), (x - lr * decay * x, g)):
        m, v = 0.1 * gradient, 0.001 * gradient**2
        places.append(start - lr * (m / 0.1) / (np.sqrt(v / 0.001) + 1e-9))
    return tuple(places)


@decay.inputs
def _(rng):
    decay = rng.uniform(0, 1)
    while True:
        x, g = rng.normal(size=(2, 3))
        if np.abs([g, g + decay * x]).min() > 0.05:  # eps, which the statement leaves out, is 0 beside it
            return {"x": x, "g": g, "lr": rng.uniform(0.01, 0.5), "decay": decay}


@decay.wrong("Both of your answers are AdamW's")
def decay_after_the_sign(x, g, lr, decay):
    l2 = x - lr * (np.sign(g) + decay * x)
    return l2, (1 - lr * decay) * x - lr * np.sign(g)


@decay.wrong("Both of your answers are L2's")
def decay_in_both_gradients(x, g, lr, decay):
    g = g + decay * x
    return x - lr * np.sign(g), x - lr * np.sign(g)


@decay.wrong("in the wrong order")
def reversed_pair(x, g, lr, decay):
    return by_signs(x, g, lr, decay)[::-1]


@decay.wrong("You step along the gradient")
def as_sgd(x, g, lr, decay):
    return x - lr * (g + decay * x), (1 - lr * decay) * x - lr * g


@decay.wrong("a hundred times too fast")
def without_the_rate(x, g, lr, decay):
    return by_signs(x, g, lr, decay)[0], (1 - decay) * x - lr * np.sign(g)


@decay.wrong("without the learning rate")
def rate_too_early(x, g, lr, decay):
    return x - lr * np.sign(g + lr * decay * x), by_signs(x, g, lr, decay)[1]


@decay.wrong("the slope of decay · x²")
def slope_of_the_square(x, g, lr, decay):
    return x - lr * np.sign(g + 2 * decay * x), by_signs(x, g, lr, decay)[1]


@decay.wrong("Your L2 subtracts decay")
def l2_subtracts(x, g, lr, decay):
    return x - lr * np.sign(g - decay * x), by_signs(x, g, lr, decay)[1]


@decay.wrong("Your L2 has no decay in it")
def l2_forgotten(x, g, lr, decay):
    return x - lr * np.sign(g), by_signs(x, g, lr, decay)[1]


@decay.wrong("that is plain Adam")
def adamw_forgotten(x, g, lr, decay):
    return by_signs(x, g, lr, decay)[0], x - lr * np.sign(g)


@decay.wrong("The weights of your AdamW grow")
def grows(x, g, lr, decay):
    return x - lr * np.sign(g - decay * x), x + lr * decay * x - lr * np.sign(g)


@decay.wrong("The weights of your AdamW grow")
def adamw_grows(x, g, lr, decay):
    return by_signs(x, g, lr, decay)[0], (1 + lr * decay) * x - lr * np.sign(g)


@decay.wrong("by a share of itself")
def by_sign_of_the_weight(x, g, lr, decay):
    return by_signs(x, g, lr, decay)[0], x - lr * (np.sign(g) + decay * np.sign(x))


@decay.wrong("shrinks the step, too")
def step_then_shrink(x, g, lr, decay):
    return by_signs(x, g, lr, decay)[0], (x - lr * np.sign(g)) * (1 - lr * decay)


@decay.wrong("expected a tuple of length 2")
def adamw_alone(x, g, lr, decay):
    return by_signs(x, g, lr, decay)[1]


@decay.wrong("Adam's step is missing")
def only_shrinks(x, g, lr, decay):
    return by_signs(x, g, lr, decay)[0], (1 - lr * decay) * x


@decay.wrong("It leaves the gradient alone")
def decay_in_both(x, g, lr, decay):
    step = lr * np.sign(g + decay * x)
    return x - step, (1 - lr * decay) * x - step


@decay.wrong("takes L2's step from there")
def l2_of_the_shrunk(x, g, lr, decay):
    smaller = (1 - lr * decay) * x
    return by_signs(x, g, lr, decay)[0], smaller - lr * np.sign(g + decay * smaller)


@decay.wrong("You add Adam's step")
def upward_steps(x, g, lr, decay):
    return x + lr * np.sign(g + decay * x), (1 - lr * decay) * x + lr * np.sign(g)


@decay.wrong("These are the changes of x")
def changes_alone(x, g, lr, decay):
    return -lr * np.sign(g + decay * x), -lr * decay * x - lr * np.sign(g)


@decay.wrong("adds decay · x² to the gradient")
def square_added(x, g, lr, decay):
    return x - lr * np.sign(g + decay * x**2), by_signs(x, g, lr, decay)[1]


@decay.wrong("lr long, up")
def two_signs(x, g, lr, decay):
    def sign(g):
        return np.where(g > 0, 1, -1)

    return x - lr * sign(g + decay * x), (1 - lr * decay) * x - lr * sign(g)


@decay.wrong("lr long, down")
def two_signs_with_zero(x, g, lr, decay):
    def sign(g):
        return np.where(g < 0, -1, 1)

    return x - lr * sign(g + decay * x), (1 - lr * decay) * x - lr * sign(g)


@decay.wrong("You divide the gradient by its norm")
def unit_gradient(x, g, lr, decay):
    both = g + decay * x
    return x - lr * both / np.linalg.norm(both), (1 - lr * decay) * x - lr * g / np.linalg.norm(g)


@decay.wrong()
def one_sign_for_all(x, g, lr, decay):
    sign = 1 if g.sum() > 0 else -1
    return x - lr * sign, (1 - lr * decay) * x - lr * sign


each = answers_to(check.clip_examples)


@each.right
def example_by_example(gradients, max_norm):
    clipped = []
    for i in range(len(gradients[0])):
        parts = [g[i] for g in gradients]
        norm = np.sqrt(sum(float((part**2).sum()) for part in parts))
        if norm > max_norm:
            parts = [part * max_norm / norm for part in parts]
        clipped.append(parts)
    return [np.mean(same, axis=0) for same in zip(*clipped, strict=True)]


@each.right
def by_factors(gradients, max_norm):
    rows = np.concatenate([g.reshape(len(g), -1) for g in gradients], axis=1)
    factors = np.minimum(1.0, max_norm / np.maximum(np.linalg.norm(rows, axis=1), 1e-12))
    return [np.einsum("n,n...->...", factors, g) / len(g) for g in gradients]


@each.right
def with_a_small_number(gradients, max_norm):
    """Divides by the norm plus a tiny number, as libraries do."""
    squares = sum((g**2).reshape(len(g), -1).sum(axis=1) for g in gradients)
    factors = np.minimum(1.0, max_norm / (np.sqrt(squares) + 1e-9))
    return tuple((factors.reshape(-1, *[1] * (g.ndim - 1)) * g).mean(0) for g in gradients)


@each.inputs
def _(rng):
    n = int(rng.integers(1, 5))
    gradients = [rng.normal(size=(n, 2)), rng.normal(size=(n, 1, 2))]
    return {"gradients": gradients, "max_norm": rng.uniform(0.1, 4)}


def norms(gradients):
    return [np.sqrt(sum((g[i] ** 2).sum() for g in gradients)) for i in range(len(gradients[0]))]


def mean_of(gradients, factors):
    return [sum(f * part for f, part in zip(factors, g, strict=True)) / len(g) for g in gradients]


@each.wrong("You take the mean first")
def mean_first(gradients, max_norm):
    means = [g.mean(axis=0) for g in gradients]
    norm = np.sqrt(sum((mean**2).sum() for mean in means))
    return [mean * min(1.0, max_norm / max(norm, 1e-12)) for mean in means]


@each.wrong("one norm of all examples together")
def one_norm(gradients, max_norm):
    norm = np.sqrt(sum((g**2).sum() for g in gradients))
    return [g.mean(axis=0) * min(1.0, max_norm / norm) for g in gradients]


@each.wrong("each parameter of an example by itself")
def by_parameters(gradients, max_norm):
    return [example_by_example([g], max_norm)[0] for g in gradients]


@each.wrong("You cut every entry")
def by_entries(gradients, max_norm):
    return [np.minimum(np.maximum(g, -max_norm), max_norm).mean(0) for g in gradients]


@each.wrong("you scale each to max_norm")
def always_to_the_norm(gradients, max_norm):
    return mean_of(gradients, [max_norm / norm if norm else 1.0 for norm in norms(gradients)])


@each.wrong("to a length of 1")
def normalised(gradients, max_norm):
    return mean_of(gradients, [1 / norm if norm > max_norm else 1.0 for norm in norms(gradients)])


@each.wrong("the fraction is upside down")
def longer(gradients, max_norm):
    return mean_of(gradients, [norm / max_norm if norm > max_norm else 1.0 for norm in norms(gradients)])


@each.wrong("You add them up")
def summed(gradients, max_norm):
    return [len(gradients[0]) * mean for mean in example_by_example(gradients, max_norm)]


@each.wrong("The root is missing")
def squared(gradients, max_norm):
    return mean_of(gradients, [max_norm / max(norm**2, max_norm) for norm in norms(gradients)])


@each.wrong("the sizes of the entries")
def taxicab(gradients, max_norm):
    lengths = [sum(np.abs(g[i]).sum() for g in gradients) for i in range(len(gradients[0]))]
    return mean_of(gradients, [max_norm / max(length, max_norm) for length in lengths])


@each.wrong("Nothing is clipped")
def plain_mean(gradients, max_norm):
    return [g.mean(axis=0) for g in gradients]


@each.wrong("You leave the long examples out")
def outliers_dropped(gradients, max_norm):
    return mean_of(gradients, [float(norm <= max_norm) for norm in norms(gradients)])


@each.wrong("Your code changed gradients")
def in_place(gradients, max_norm):
    for i, norm in enumerate(norms(gradients)):
        for g in gradients:
            g[i] *= min(1.0, max_norm / max(norm, 1e-12))
    return [g.mean(axis=0) for g in gradients]


@each.wrong()
def the_first_parameter(gradients, max_norm):
    return example_by_example(gradients[:1], max_norm)


@each.wrong()
def not_averaged(gradients, max_norm):
    return [g * max_norm / max(norms(gradients)) for g in gradients]


@each.wrong("You add up the norms")
def norms_of_parameters_added(gradients, max_norm):
    lengths = [sum(np.linalg.norm(g[i]) for g in gradients) for i in range(len(gradients[0]))]
    return mean_of(gradients, [min(1.0, max_norm / max(length, 1e-12)) for length in lengths])


@each.wrong("with the largest entry")
def by_the_largest_entry_of_each(gradients, max_norm):
    sizes = [max(np.abs(g[i]).max() for g in gradients) for i in range(len(gradients[0]))]
    return mean_of(gradients, [min(1.0, max_norm / max(size, 1e-12)) for size in sizes])


@each.wrong("the larger of 1 and max_norm / norm")
def max_for_min(gradients, max_norm):
    return mean_of(gradients, [max(1.0, max_norm / norm) if norm else 1.0 for norm in norms(gradients)])


@each.wrong("by the number of parameters")
def over_parameters(gradients, max_norm):
    n = len(gradients[0])
    return [n * mean / len(gradients) for mean in example_by_example(gradients, max_norm)]


rising = answers_to(check.warm_up)


@rising.right
def smallest_of_three(lr, steps, warm, cool):
    found = []
    for t in range(1, steps + 1):
        up = t / warm if warm else 1.0
        down = (steps + 1 - t) / cool if cool else 1.0
        found.append(lr * min(1.0, up, down))
    return found


@rising.right
def by_arrays(lr, steps, warm, cool):
    t = np.arange(1, steps + 1)
    rise = np.minimum(t / max(warm, 1e-9), 1)
    return lr * np.minimum(rise, np.minimum(t[::-1] / max(cool, 1e-9), 1))


@rising.right
def two_lists(lr, steps, warm, cool):
    def climb(n):
        return [lr * (i + 1) / n if i < n else lr for i in range(steps)]

    return tuple(map(min, zip(climb(warm), reversed(climb(cool)), strict=True)))


@rising.inputs
def _(rng):
    steps, warm, cool = rng.integers(1, 8, size=3)
    return {"lr": rng.uniform(0.1, 2), "steps": int(steps), "warm": int(warm), "cool": int(cool) - 1}


def risen(lr, steps, warm, cool, up=0, down=1, join=min):
    """The rates, with the steps of rise and fall counted otherwise."""
    found = []
    for t in range(1, steps + 1):
        factors = [1.0, (t + up) / warm if warm else 1.0, (steps + down - t) / cool if cool else 1.0]
        found.append(lr * join(factors))
    return found


@rising.wrong("Your first rate is 0")
def from_zero(lr, steps, warm, cool):
    return risen(lr, steps, warm, cool, up=-1)


@rising.wrong("Your last rate is 0")
def to_zero(lr, steps, warm, cool):
    return risen(lr, steps, warm, cool, down=0)


@rising.wrong("two steps are wasted")
def from_zero_to_zero(lr, steps, warm, cool):
    return risen(lr, steps, warm, cool, up=-1, down=0)


@rising.wrong("does not come down")
def stays_up(lr, steps, warm, cool):
    return risen(lr, steps, warm, 0)


@rising.wrong("The rate does not rise")
def at_once(lr, steps, warm, cool):
    return risen(lr, steps, 0, cool)


@rising.wrong("These are the factors")
def factors(lr, steps, warm, cool):
    return risen(1.0, steps, warm, cool)


@rising.wrong("goes on rising")
def without_a_top(lr, steps, warm, cool):
    found = []
    for t in range(1, steps + 1):
        rate = lr * t / warm if warm else lr
        if cool and steps + 1 - t < cool:
            rate = lr * min(t / warm if warm else 1, (steps + 1 - t) / cool)
        found.append(rate)
    return found


@rising.wrong("you multiply the two factors")
def product(lr, steps, warm, cool):
    return [up * down / lr for up, down in zip(risen(lr, steps, warm, 0), risen(lr, steps, 0, cool), strict=True)]


@rising.wrong("You take the larger")
def largest(lr, steps, warm, cool):
    return list(map(max, risen(lr, steps, warm, 0), risen(lr, steps, 0, cool)))


@rising.wrong("falls along a cosine")
def cosine(lr, steps, warm, cool):
    shares = [rate / lr for rate in risen(lr, steps, 0, cool)]
    falls = [lr * (1 - np.cos(np.pi * share)) / 2 for share in shares]
    return list(map(min, risen(lr, steps, warm, 0), falls))


@rising.wrong("Your list ends after the first step")
def one_rate(lr, steps, warm, cool):
    return risen(lr, steps, warm, cool)[:1]


@rising.wrong()
def falls_from_the_start(lr, steps, warm, cool):
    return [lr * (steps - t) / steps for t in range(steps)]


@rising.wrong()
def zero_forgotten(lr, steps, warm, cool):
    return [lr * min(1.0, t / warm, (steps + 1 - t) / cool) for t in range(1, steps + 1)]


@rising.wrong("you take the rise")
def rise_before_fall(lr, steps, warm, cool):
    found = []
    for t in range(1, steps + 1):
        if t <= warm:
            found.append(lr * t / warm)
        elif t > steps - cool:
            found.append(lr * (steps + 1 - t) / cool)
        else:
            found.append(lr)
    return found


@rising.wrong("you take the fall")
def fall_before_rise(lr, steps, warm, cool):
    found = [lr * min(1, t / warm) if warm else lr for t in range(1, steps + 1)]
    for t in range(max(1, steps + 1 - cool), steps + 1):
        found[t - 1] = lr * (steps + 1 - t) / cool
    return found


@rising.wrong("lr itself is the most")
def two_factors_only(lr, steps, warm, cool):
    return [lr * min(t / warm if warm else 1, (steps + 1 - t) / cool if cool else 1) for t in range(1, steps + 1)]


@rising.wrong("Your rise is one step early")
def early(lr, steps, warm, cool):
    return risen(lr, steps, warm, cool, up=1)


@rising.wrong("Your parts are lr/(warm + 1)")
def more_parts(lr, steps, warm, cool):
    return risen(lr, steps, warm + 1 if warm else 0, cool + 1 if cool else 0)


@rising.wrong("`//` drops what is behind the point")
def whole_shares(lr, steps, warm, cool):
    found = []
    for t in range(1, steps + 1):
        factors = [1, t // warm if warm else 1, (steps + 1 - t) // cool if cool else 1]
        found.append(lr * min(factors))
    return found


@rising.wrong("The last rate is missing")
def range_too_short(lr, steps, warm, cool):
    return risen(lr, steps, warm, cool)[: steps - 1]


@rising.wrong("all your rates are 0")
def no_rule_is_zero(lr, steps, warm, cool):
    return [lr * min(1, t / warm if warm else 0, (steps + 1 - t) / cool if cool else 0) for t in range(1, steps + 1)]


races = answers_to(check.winner)


class Racer:
    """What all racers share."""

    def __init__(self, params):
        self.params, self.t = list(params), 0
        self.m, self.v = ([np.zeros_like(p.data) for p in self.params] for _ in range(2))

    def adams(self, i, b1=0.9, b2=0.999):
        """Adam's direction for parameter i."""
        g = self.params[i].grad
        self.m[i] = b1 * self.m[i] + (1 - b1) * g
        self.v[i] = b2 * self.v[i] + (1 - b2) * g**2
        return self.m[i] / (1 - b1**self.t) / (np.sqrt(self.v[i] / (1 - b2**self.t)) + 1e-12)


@races.right
class PlainAdam(Racer):
    def step(self):
        self.t += 1
        for i, p in enumerate(self.params):
            p.data -= 0.2 * self.adams(i)


@races.right
class TheLibrarys:
    def __init__(self, params):
        self.adam = optim.Adam(params, lr=0.3)

    def step(self):
        self.adam.step()


@races.right
class LengthOfBoth(Racer):
    """One size for all parameters, and an update that is not recorded."""

    def step(self):
        self.t += 1
        with no_grad():
            for i, p in enumerate(self.params):
                p -= 0.3 * max(0.02, 1 - self.t / 90) * self.adams(i)


@races.inputs
def _(rng):
    name = list(check.HILLS)[rng.integers(4)]
    target = tuple(rng.uniform(-3, 3, size=2).tolist())
    return Case({"hill": name, "target": target}, call=check.race, accept=check.why_it_lost)


@races.stub
class Unwritten:
    def __init__(self, params):
        raise NotImplementedError

    def step(self):
        raise NotImplementedError


@races.wrong("away")
class PlainDescent(Racer):
    def step(self):
        for p in self.params:
            p.data -= 0.05 * p.grad


@races.wrong("It diverges")
class TooFast(Racer):
    def step(self):
        for p in self.params:
            p.data -= 0.3 * p.grad


@races.wrong("After step 1 a parameter is nan")
class StepsNotCounted(Racer):
    def step(self):
        for i, p in enumerate(self.params):
            p.data -= 0.2 * self.adams(i)


@races.wrong("Nothing has moved")
class AnotherTensor(Racer):
    def step(self):
        self.t += 1
        for i, p in enumerate(self.params):
            p = p - 0.2 * self.adams(i)


@races.wrong("Only the first parameter moves")
class ReturnsInTheLoop(Racer):
    def step(self):
        self.t += 1
        for i, p in enumerate(self.params):
            p.data -= 0.2 * self.adams(i)
            return


@races.wrong("does not stay")
class Swings(Racer):
    def step(self):
        for i, p in enumerate(self.params):
            self.v[i] = 0.9 * self.v[i] + p.grad
            p.data -= 0.1 * self.v[i]


@races.wrong("moves away")
class Climbs(Racer):
    def step(self):
        self.t += 1
        for i, p in enumerate(self.params):
            p.data += 0.2 * self.adams(i)


@races.wrong("does not stay")
class SignsAlone(Racer):
    def step(self):
        for p in self.params:
            p.data -= 0.2 * np.sign(p.grad)


@races.wrong("where the slope is faint")
class TooSlow(Racer):
    def step(self):
        self.t += 1
        for i, p in enumerate(self.params):
            p.data -= 0.01 * self.adams(i)


@races.wrong()
class InsideTheGraph(Racer):
    def step(self):
        self.t += 1
        for i, p in enumerate(self.params):
            p -= 0.2 * self.adams(i)


@races.wrong("Only the second parameter moves")
class OneSizeTooFew(Racer):
    def step(self):
        self.t += 1
        self.params[-1].data -= 0.2 * self.adams(-1)


@races.wrong()
class ReadsTheGradientTooEarly(Racer):
    def __init__(self, params):
        super().__init__(params)
        self.g = [p.grad * 1.0 for p in params]

    def step(self):
        pass


@races.wrong("it turns to and fro")
class FirstStepsTooLong(Racer):
    def step(self):
        self.t += 1
        for i, p in enumerate(self.params):
            p.data -= 3.0 * self.adams(i)
