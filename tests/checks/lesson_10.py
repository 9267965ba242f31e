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


@ball.wrong()
def last_place_only(slope, x, lr, mu, steps):
    return heavy_ball(slope, x, lr, mu, steps)[-1:]


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


@first.wrong("in place of its root")
def rootless(x, g, m, v, t, lr, b1, b2, eps):
    m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
    return x - lr * m / (1 - b1**t) / (v / (1 - b2**t) + eps), m, v


@first.wrong()
def sign_alone(x, g, m, v, t, lr, b1, b2, eps):
    return x - lr * np.sign(g), m, v


@first.wrong()
def corrected_and_kept(x, g, m, v, t, lr, b1, b2, eps):
    place, m, v = by_the_formula(x, g, m, v, t, lr, b1, b2, eps)
    return place, m / (1 - b1**t), v / (1 - b2**t)


decay = answers_to(check.adamw)


@decay.right
def shrink_then_step(x, d, lr, decay):
    x = x * (1 - lr * decay)
    return x - lr * d


@decay.right
def in_one(x, d, lr, decay):
    return x - lr * (d + decay * x)


@decay.wrong("a hundred times too fast")
def without_the_rate(x, d, lr, decay):
    return x - decay * x - lr * d


@decay.wrong("without any decay")
def plain_adam(x, d, lr, decay):
    return x - lr * d


@decay.wrong("by a share of itself")
def by_sign(x, d, lr, decay):
    return x - lr * (d + decay * np.sign(x))


@decay.wrong("The weights grow")
def grows(x, d, lr, decay):
    return x + lr * decay * x - lr * d


@decay.wrong()
def step_then_shrink(x, d, lr, decay):
    return (x - lr * d) * (1 - lr * decay)


@decay.wrong()
def only_shrinks(x, d, lr, decay):
    return (1 - lr * decay) * x


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


@move.wrong("Nothing has moved")
def a_new_name(params, lr):
    for p in params:
        if p.grad is not None:
            p = p - p.grad * lr
    return params


@move.wrong("each new one has the whole")
def new_list(params, lr):
    for i in range(len(params)):
        if params[i].grad is not None:
            params[i] = params[i] - lr * params[i].grad
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
