"""Answers to the exercises of lesson 10."""

import numpy as np

from gradlib import Tensor, no_grad, optim
from gradlib.checks import lesson_10 as check

from .harness import answers_to

ball = answers_to(check.momentum)


@ball.right
def heavy_ball(slope, x, lr, mu, steps):
    places, v = [], np.zeros_like(x)
    for _ in range(steps):
        v = mu * v + slope(x)
        x = x - lr * v
        places.append(x)
    return places


@ball.right
def by_the_library(slope, x, lr, mu, steps):
    place = Tensor(x, requires_grad=True)
    optimizer, places = optim.SGD([place], lr, momentum=mu), []
    for _ in range(steps):
        place.grad = slope(place.data)
        optimizer.step()
        places.append(place.data.copy())
    return places


@ball.inputs
def _(rng):
    shape = (2,) if rng.random() < 0.7 else (2, 1)
    slope = [lambda x: x - 1, lambda x: 3 * x, lambda x: np.sin(2 * x), lambda x: -0.5 + 0 * x][rng.integers(4)]
    settings = {"lr": rng.uniform(0.01, 0.5), "mu": rng.uniform(0, 1), "steps": int(rng.integers(1, 5))}
    return {"slope(x)": slope, "x": rng.normal(size=shape), **settings}


@ball.wrong("plain gradient descent")
def plain(slope, x, lr, mu, steps):
    places = []
    for _ in range(steps):
        x = x - lr * slope(x)
        places.append(x)
    return places


@ball.wrong("a moving average")
def averaged(slope, x, lr, mu, steps):
    places, v = [], 0.0
    for _ in range(steps):
        v = mu * v + (1 - mu) * slope(x)
        x = x - lr * v
        places.append(x)
    return places


@ball.wrong("Nesterov's way")
def nesterov(slope, x, lr, mu, steps):
    places, v = [], 0.0
    for _ in range(steps):
        v = mu * v + slope(x - lr * mu * v)
        x = x - lr * v
        places.append(x)
    return places


@ball.wrong("the place before the step")
def before_the_step(slope, x, lr, mu, steps):
    places, v = [], 0.0
    for _ in range(steps):
        places.append(x)
        v = mu * v + slope(x)
        x = x - lr * v
    return places


@ball.wrong("You go up")
def climbing(slope, x, lr, mu, steps):
    return heavy_ball(slope, x, -lr, mu, steps)


@ball.wrong("the last place alone")
def last_place_only(slope, x, lr, mu, steps):
    return heavy_ball(slope, x, lr, mu, steps)[-1]


@ball.wrong("Your list ends after the first step")
def returns_in_the_loop(slope, x, lr, mu, steps):
    places, v = [], 0.0
    for _ in range(steps):
        v = mu * v + slope(x)
        x = x - lr * v
        places.append(x)
        return places


@ball.wrong("the start is among them")
def with_the_start(slope, x, lr, mu, steps):
    return [x, *heavy_ball(slope, x, lr, mu, steps)]


@ball.wrong("listed several times, and each step overwrites it")
def overwritten(slope, x, lr, mu, steps):
    places, v, x = [], np.zeros_like(x), x.copy()
    for _ in range(steps):
        v *= mu
        v += slope(x)
        x -= lr * v
        places.append(x)
    return places


@ball.wrong("Your code changed x")
def the_callers_array(slope, x, lr, mu, steps):
    places, v = [], 0.0
    for _ in range(steps):
        v = mu * v + slope(x)
        x -= lr * v
        places.append(x.copy())
    return places


@ball.wrong("x moves before v has taken in the slope")
def moves_first(slope, x, lr, mu, steps):
    places, v = [], 0.0
    for _ in range(steps):
        x = x - lr * v
        v = mu * v + slope(x)
        places.append(x)
    return places


@ball.wrong("You take the slope once")
def one_slope(slope, x, lr, mu, steps):
    places, v, g = [], 0.0, slope(x)
    for _ in range(steps):
        v = mu * v + g
        x = x - lr * v
        places.append(x)
    return places


@ball.wrong("The learning rate is in your step twice")
def rate_in_both(slope, x, lr, mu, steps):
    places, v = [], 0.0
    for _ in range(steps):
        v = mu * v + lr * slope(x)
        x = x - lr * v
        places.append(x)
    return places


@ball.wrong("You step along g + mu · v")
def nesterov_as_in_the_lesson(slope, x, lr, mu, steps):
    place = Tensor(x, requires_grad=True)
    optimizer, places = optim.SGD([place], lr, momentum=mu or 1e-300, nesterov=True), []
    for _ in range(steps):
        place.grad = slope(place.data)
        optimizer.step()
        places.append(place.data.copy())
    return places


@ball.wrong("`return` hands it back")
def printed(slope, x, lr, mu, steps):
    heavy_ball(slope, x, lr, mu, steps)


@ball.wrong()
def no_old_slopes(slope, x, lr, mu, steps):
    return heavy_ball(slope, x, lr * mu, mu, steps)


@ball.right
def one_array_for_all(slope, x, lr, mu, steps):
    slopes, places = [], np.zeros((steps, *x.shape))
    for t in range(steps):
        slopes.append(slope(x))
        x = x - lr * sum(mu ** (t - s) * g for s, g in enumerate(slopes))
        places[t] = x
    return places


@ball.right
class RateInTheVelocity:
    """An object that is called, and the other way to write it: v ← mu · v - lr · g, x ← x + v."""

    def __new__(cls, slope, x, lr, mu, steps):
        places, v = [], 0.0
        for _ in range(steps):
            v = mu * v - lr * slope(x)
            x = x + v
            places.append(x)
        return tuple(places)


first = answers_to(check.adam)


@first.right
def by_the_formula(x, g, m, v, t, lr, b1, b2, eps):
    m = b1 * m + (1 - b1) * g
    v = b2 * v + (1 - b2) * g * g
    return x - lr * (m / (1 - b1**t)) / (np.sqrt(v / (1 - b2**t)) + eps), m, v


@first.right
def with_moved_corrections(x, g, m, v, t, lr, b1, b2, eps):
    m, v = m + (1 - b1) * (g - m), v + (1 - b2) * (g**2 - v)
    root = np.sqrt(1 - b2**t)
    return x - lr * root / (1 - b1**t) * m / (np.sqrt(v) + eps * root), m, v


@first.inputs
def _(rng):
    x, g, m, v = rng.normal(size=(4, 2))
    settings = dict(zip(("lr", "b1", "b2", "eps"), rng.uniform(0.01, 0.99, size=4), strict=True))
    return {"x": x, "g": g, "m": m, "v": v**2, "t": int(rng.integers(1, 6)), **settings}


@first.wrong("Without the bias correction")
def raw(x, g, m, v, t, lr, b1, b2, eps):
    m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
    return x - lr * m / (np.sqrt(v) + eps), m, v


@first.wrong("Yours is one more")
def from_two(x, g, m, v, t, lr, b1, b2, eps):
    return by_the_formula(x, g, m, v, t + 1, lr, b1, b2, eps)


@first.wrong("You correct m and not v")
def half_corrected(x, g, m, v, t, lr, b1, b2, eps):
    m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
    return x - lr * m / (1 - b1**t) / (np.sqrt(v) + eps), m, v


@first.wrong("instead of its root")
def rootless(x, g, m, v, t, lr, b1, b2, eps):
    m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
    return x - lr * m / (1 - b1**t) / (v / (1 - b2**t) + eps), m, v


@first.wrong()
def sign_alone(x, g, m, v, t, lr, b1, b2, eps):
    return x - lr * np.sign(g), m, v


@first.wrong("You return the corrected averages")
def corrected_and_kept(x, g, m, v, t, lr, b1, b2, eps):
    place, m, v = by_the_formula(x, g, m, v, t, lr, b1, b2, eps)
    return place, m / (1 - b1**t), v / (1 - b2**t)


@first.wrong("in every step")
def without_t(x, g, m, v, t, lr, b1, b2, eps):
    return *by_the_formula(x, g, m, v, 1, lr, b1, b2, eps)[:1], b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2


@first.wrong("t is an exponent")
def times_t(x, g, m, v, t, lr, b1, b2, eps):
    m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
    return x - lr * m / (1 - b1 * t) / (np.sqrt(v / (1 - b2 * t)) + eps), m, v


@first.wrong("makes them smaller still")
def times_the_correction(x, g, m, v, t, lr, b1, b2, eps):
    m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
    return x - lr * m * (1 - b1**t) / (np.sqrt(v * (1 - b2**t)) + eps), m, v


@first.wrong("b1 and b2 have changed places")
def other_betas(x, g, m, v, t, lr, b1, b2, eps):
    return by_the_formula(x, g, m, v, t, lr, b2, b1, eps)


@first.wrong("x moves by the m and v that came in")
def moves_first_averages_later(x, g, m, v, t, lr, b1, b2, eps):
    x = x - lr * m / (1 - b1**t) / (np.sqrt(v / (1 - b2**t)) + eps)
    return x, b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2


@first.wrong("x moves by the m that came in")
def old_m(x, g, m, v, t, lr, b1, b2, eps):
    _, new_m, new_v = by_the_formula(x, g, m, v, t, lr, b1, b2, eps)
    return x - lr * m / (1 - b1**t) / (np.sqrt(new_v / (1 - b2**t)) + eps), new_m, new_v


@first.wrong("x moves along g itself")
def along_the_gradient(x, g, m, v, t, lr, b1, b2, eps):
    _, new_m, new_v = by_the_formula(x, g, m, v, t, lr, b1, b2, eps)
    return x - lr * g / (np.sqrt(new_v / (1 - b2**t)) + eps), new_m, new_v


@first.wrong("eps is missing")
def no_eps(x, g, m, v, t, lr, b1, b2, eps):
    m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
    return x - lr * m / (1 - b1**t) / np.sqrt(v / (1 - b2**t)), m, v


@first.wrong()
def betas_of_the_paper(x, g, m, v, t, lr, b1, b2, eps):
    return by_the_formula(x, g, m, v, t, lr, 0.9, 0.999, eps)


@first.wrong()
def m_before_x(x, g, m, v, t, lr, b1, b2, eps):
    x, m, v = by_the_formula(x, g, m, v, t, lr, b1, b2, eps)
    return m, v, x


@first.wrong("The shares are swapped")
def other_share(x, g, m, v, t, lr, b1, b2, eps):
    m, v = (1 - b1) * m + b1 * g, (1 - b2) * v + b2 * g**2
    return x - lr * m / (1 - b1**t) / (np.sqrt(v / (1 - b2**t)) + eps), m, v


@first.wrong("You add eps under the root")
def all_under_the_root(x, g, m, v, t, lr, b1, b2, eps):
    m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
    return x - lr * m / (1 - b1**t) / np.sqrt(v / (1 - b2**t) + eps), m, v


@first.wrong("the squares of your new m")
def squares_m(x, g, m, v, t, lr, b1, b2, eps):
    m = b1 * m + (1 - b1) * g
    v = b2 * v + (1 - b2) * m**2
    return x - lr * m / (1 - b1**t) / (np.sqrt(v / (1 - b2**t)) + eps), m, v


@first.wrong("the same number for every entry")
def length_of_g(x, g, m, v, t, lr, b1, b2, eps):
    m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * (g @ g)
    return x - lr * m / (1 - b1**t) / (np.sqrt(v / (1 - b2**t)) + eps), m, v


@first.wrong("You go up")
def upward(x, g, m, v, t, lr, b1, b2, eps):
    return by_the_formula(x, g, m, v, t, -lr, b1, b2, eps)


@first.wrong("expected a tuple of length 3")
def x_alone(x, g, m, v, t, lr, b1, b2, eps):
    return by_the_formula(x, g, m, v, t, lr, b1, b2, eps)[0]


@first.wrong("Your code changed m and v")
def averages_in_place(x, g, m, v, t, lr, b1, b2, eps):
    m += (1 - b1) * (g - m)
    v += (1 - b2) * (g**2 - v)
    return x - lr * m / (1 - b1**t) / (np.sqrt(v / (1 - b2**t)) + eps), m, v


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
def by_the_exercise_before(x, g, lr, decay):
    start = np.zeros_like(x)
    l2, *_ = by_the_formula(x, g + decay * x, start, start, 1, lr, 0.9, 0.999, 1e-8)
    adamw, *_ = by_the_formula(x - lr * decay * x, g, start, start, 1, lr, 0.9, 0.999, 1e-8)
    return l2, adamw


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


@decay.wrong()
def only_shrinks(x, g, lr, decay):
    return by_signs(x, g, lr, decay)[0], (1 - lr * decay) * x


cut = answers_to(check.clip)


@cut.right
def one_factor(weights, max_norm):
    norm = np.sqrt(sum(float((w.grad**2).sum()) for w in weights if w.grad is not None))
    if norm > max_norm:
        for w in weights:
            if w.grad is not None:
                w.grad = w.grad * max_norm / norm
    return norm


@cut.right
def in_place(weights, max_norm):
    known = [w.grad for w in weights if w.grad is not None]
    norm = float(np.linalg.norm(np.concatenate([g.ravel() for g in known])))
    for g in known:
        g *= min(1.0, max_norm / (norm + 1e-12))
    return norm


@cut.inputs
def _(rng):
    shapes = [(1,), (2,), (2, 1)]
    gradients = [None if rng.random() < 0.2 else rng.normal(size=shapes[rng.integers(3)]).tolist() for _ in range(3)]
    return {"gradients": [*gradients, [0.0, 1.0]], "max_norm": rng.uniform(0.1, 3)}


@cut.wrong("clipped by itself")
def one_by_one(weights, max_norm):
    norm = np.sqrt(sum(float((w.grad**2).sum()) for w in weights if w.grad is not None))
    for w in weights:
        if w.grad is not None and np.linalg.norm(w.grad) > max_norm:
            w.grad = w.grad * max_norm / np.linalg.norm(w.grad)
    return norm


@cut.wrong("You cut every entry")
def by_entries(weights, max_norm):
    norm = np.sqrt(sum(float((w.grad**2).sum()) for w in weights if w.grad is not None))
    for w in weights:
        if w.grad is not None:
            w.grad = np.minimum(np.maximum(w.grad, -max_norm), max_norm)
    return norm


@cut.wrong("Only what is above is cut")
def to_the_norm(weights, max_norm):
    norm = np.sqrt(sum(float((w.grad**2).sum()) for w in weights if w.grad is not None))
    for w in weights:
        if w.grad is not None and norm > 0:
            w.grad = w.grad * max_norm / norm
    return norm


@cut.wrong("the root of the sum of all squares")
def sum_of_norms(weights, max_norm):
    norm = sum(float(np.linalg.norm(w.grad)) for w in weights if w.grad is not None)
    for w in weights:
        if w.grad is not None and norm > max_norm:
            w.grad = w.grad * max_norm / norm
    return norm


@cut.wrong("before")
def new_norm(weights, max_norm):
    return min(one_factor(weights, max_norm), max_norm)


@cut.wrong("you divide by 0")
def to_the_norm_in_any_case(weights, max_norm):
    norm = np.sqrt(sum(float((w.grad**2).sum()) for w in weights if w.grad is not None))
    for w in weights:
        if w.grad is not None:
            w.grad = w.grad * max_norm / norm
    return norm


@cut.wrong("as long as before")
def a_new_name_for_the_gradient(weights, max_norm):
    norm = np.sqrt(sum(float((w.grad**2).sum()) for w in weights if w.grad is not None))
    for g in [w.grad for w in weights if w.grad is not None]:
        g = g * min(1.0, max_norm / max(norm, 1e-12))
    return norm


@cut.wrong("as long as before")
def shrinks_the_weights(weights, max_norm):
    norm = np.sqrt(sum(float((w.grad**2).sum()) for w in weights if w.grad is not None))
    for w in weights:
        w.data = w.data * min(1.0, max_norm / max(norm, 1e-12))
    return norm


@cut.wrong("The root is missing")
def squared(weights, max_norm):
    norm = sum(float((w.grad**2).sum()) for w in weights if w.grad is not None)
    for w in weights:
        if w.grad is not None and norm > max_norm:
            w.grad = w.grad * max_norm / norm
    return norm


@cut.wrong("the fraction is upside down")
def longer(weights, max_norm):
    norm = np.sqrt(sum(float((w.grad**2).sum()) for w in weights if w.grad is not None))
    for w in weights:
        if w.grad is not None and norm > max_norm:
            w.grad = w.grad * norm / max_norm
    return norm


@cut.wrong("which leaves a length of 1")
def normalised(weights, max_norm):
    norm = np.sqrt(sum(float((w.grad**2).sum()) for w in weights if w.grad is not None))
    for w in weights:
        if w.grad is not None and norm > max_norm:
            w.grad = w.grad / norm
    return norm


@cut.wrong("the sizes of the entries")
def taxicab(weights, max_norm):
    norm = sum(float(np.abs(w.grad).sum()) for w in weights if w.grad is not None)
    for w in weights:
        if w.grad is not None and norm > max_norm:
            w.grad = w.grad * max_norm / norm
    return norm


@cut.wrong("You take the largest entry")
def by_the_largest(weights, max_norm):
    norm = max(float(np.abs(w.grad).max()) for w in weights if w.grad is not None)
    for w in weights:
        if w.grad is not None and norm > max_norm:
            w.grad = w.grad * max_norm / norm
    return norm


@cut.wrong()
def by_the_first_alone(weights, max_norm):
    norm = float(np.linalg.norm(next(w.grad for w in weights if w.grad is not None)))
    for w in weights:
        if w.grad is not None and norm > max_norm:
            w.grad = w.grad * max_norm / norm
    return norm


@cut.wrong()
def returns_more(weights, max_norm):
    return one_factor(weights, max_norm), weights


@cut.wrong()
def none_is_missing(weights, max_norm):
    norm = np.sqrt(sum(float((w.grad**2).sum()) for w in weights))
    for w in weights:
        w.grad = w.grad * min(1.0, max_norm / max(norm, 1e-12))
    return norm


move = answers_to(check.step)


@move.right
def on_data(params, lr):
    for p in params:
        if p.grad is not None:
            p.data -= lr * p.grad
    return params


@move.right
def under_no_grad(params, lr):
    with no_grad():
        for p in params:
            if p.grad is not None:
                p -= lr * p.grad
    return params


@move.right
def by_assignment(params, lr):
    for p in params:
        p.data = p.data - lr * (0.0 if p.grad is None else p.grad)
    return tuple(params)


@move.inputs
def _(rng):
    params = [rng.normal(size=rng.integers(1, 3)) for _ in range(3)]
    grads = [None if rng.random() < 0.2 else rng.normal(size=p.shape) for p in params]
    return {"params": params, "grads": grads, "lr": rng.uniform(0.01, 1)}


@move.inputs
def _(rng):
    return {"params": [rng.normal(size=2)], "steps": int(rng.integers(1, 4)), "lr": rng.uniform(0.01, 0.4)}


@move.wrong("Nothing has moved")
def a_new_name(params, lr):
    for p in params:
        if p.grad is not None:
            p = p - p.grad * lr
    return params


@move.wrong("Only the first parameter moves")
def returns_in_the_loop_too(params, lr):
    for p in params:
        if p.grad is not None:
            p.data -= lr * p.grad
        return params


@move.wrong("ends at the first parameter without a gradient")
def stops_at_none(params, lr):
    for p in params:
        if p.grad is None:
            return params
        p.data -= lr * p.grad
    return params


@move.wrong("these have not moved")
def unrecorded_list(params, lr):
    with no_grad():
        return [p if p.grad is None else p - lr * p.grad for p in params]


@move.wrong("these have not moved")
def list_of_leaves(params, lr):
    return [p if p.grad is None else Tensor(p.data - lr * p.grad, requires_grad=True) for p in params]


@move.wrong("Nothing has moved")
def detached(params, lr):
    for p in params:
        if p.grad is not None:
            p = p.detach() - lr * p.grad
    return params


@move.wrong("`return` hands it back")
def returns_nothing(params, lr):
    on_data(params, lr)


@move.wrong("each new one has the whole")
def new_list(params, lr):
    for i in range(len(params)):
        if params[i].grad is not None:
            params[i] = params[i] - lr * params[i].grad
    return params


@move.wrong("You return only those with a gradient")
def those_that_moved(params, lr):
    moved = [p for p in params if p.grad is not None]
    for p in moved:
        p.data -= lr * p.grad
    return moved


@move.wrong()
def at_a_rate_of_its_own(params, lr):
    return on_data(params, 0.1)


@move.wrong("Your code changed grads")
def gradients_scaled(params, lr):
    for p in params:
        if p.grad is not None:
            p.grad *= lr
            p.data -= p.grad
    return params


@move.wrong("up the slope")
def wrong_way(params, lr):
    for p in params:
        if p.grad is not None:
            p.data += lr * p.grad
    return params


@move.wrong("The learning rate is left out")
def full_step(params, lr):
    for p in params:
        if p.grad is not None:
            p.data -= p.grad
    return params


@move.wrong()
def inside_the_graph(params, lr):
    for p in params:
        p -= lr * p.grad
    return params


@move.wrong()
def none_forgotten(params, lr):
    for p in params:
        p.data -= lr * p.grad
    return params
