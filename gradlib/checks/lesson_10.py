"""The checks of lesson 10."""

import numpy as np

from gradlib import Tensor
from gradlib.autograd import topological_order
from gradlib.checks import Case, exercise

TITLE = "Optimizers"


class Weight:
    """What an optimizer needs of a parameter: its numbers and its gradient."""

    def __init__(self, data, grad=None):
        self.data = np.array(data, dtype=float)
        self.grad = None if grad is None else np.array(grad, dtype=float)


# --- 1 -----------------------------------------------------------------------------------------


@exercise("Momentum", points=2)
def momentum():
    """Return the place after each step of gradient descent with momentum, as a list of arrays.

    The velocity starts at 0. Each step: v ← mu · v + g, then x ← x - lr · v, where g = slope(x). For slope(x) = 1
    everywhere, x = 0, lr = 1, mu = 0.5 and 3 steps the places are -1, -2.5, -4.25.
    """
    for x, lr, mu, steps, about in [
        ([4.0, -1.0], 0.1, 0.9, 4, ""),
        ([1.0], 0.2, 0.5, 3, ""),
        ([2.0, 3.0], 0.05, 0.0, 3, "no momentum, which is plain descent"),
    ]:
        bend = np.array([1.0, 10.0])[: len(x)]
        yield Case(
            {"x": np.array(x), "bend": bend, "lr": lr, "mu": mu, "steps": steps},
            call=lambda momentum, x, bend, lr, mu, steps: list(momentum(lambda place: bend * place, x, lr, mu, steps)),
            expected=rolled(lambda place, bend=bend: bend * place, x, lr, mu, steps),
            about=about,
        )


def rolled(slope, x, lr, mu, steps, share=1.0, rate_inside=False, ahead=False, forget=False):
    """The right way, with switches that turn it wrong."""
    x, v, places = np.array(x, dtype=float), 0.0, []
    for _ in range(steps):
        g = slope(x - lr * mu * v if ahead else x)
        v = (0.0 if forget else mu * v) + share * g * (lr if rate_inside else 1.0)
        x = x - (1.0 if rate_inside else lr) * v
        places.append(x.copy())
    return places


@momentum.mistake
def without_velocity(slope, x, lr, mu, steps):
    """The velocity is lost in each step: that is plain gradient descent. Keep v from one step to the next."""
    return rolled(slope, x, lr, mu, steps, forget=True)


@momentum.mistake
def weighted_average(slope, x, lr, mu, steps):
    """You take v ← mu · v + (1 - mu) · g, a moving average. With this convention the steps are shorter by 1 - mu;
    here, as in PyTorch, g counts fully."""
    return rolled(slope, x, lr, mu, steps, share=1 - mu)


@momentum.mistake
def looking_ahead(slope, x, lr, mu, steps):
    """You take the slope ahead of x, at x - lr · mu · v. That is Nesterov's way; plain momentum takes it where x is."""
    return rolled(slope, x, lr, mu, steps, ahead=True)


@momentum.mistake
def one_step_late(slope, x, lr, mu, steps):
    """The first place is the start: you list the place before the step. Step first, then list."""
    return [np.array(x, dtype=float), *rolled(slope, x, lr, mu, steps)][:-1]


@momentum.mistake
def uphill(slope, x, lr, mu, steps):
    """You go up: the step is x - lr · v, against the slope."""
    return rolled(slope, x, -lr, mu, steps)


# --- 2 -----------------------------------------------------------------------------------------


@exercise("Adam's first steps", points=3)
def adam():
    """Return x after one step of Adam, and the new m and v, as a tuple.

    m ← b1 · m + (1 - b1) g, v ← b2 · v + (1 - b2) g², then m̂ = m/(1 - b1^t), v̂ = v/(1 - b2^t), and x ← x - lr ·
    m̂/(√v̂ + eps). t counts from 1. At t = 1, with m = v = 0, the step is lr · sign(g), whatever the size of g.
    """
    rng = np.random.default_rng(2)
    for t, size, about in [
        (1, 1.0, "the first step"),
        (1, 1e-3, "the first step, a small gradient"),
        (2, 1.0, ""),
        (10, 5.0, ""),
    ]:
        x, g = rng.normal(size=3), rng.normal(size=3) * size
        m, v = (np.zeros(3), np.zeros(3)) if t == 1 else (rng.normal(size=3), rng.uniform(0.1, 1.0, size=3))
        inputs = {"x": x, "g": g, "m": m, "v": v, "t": t, "lr": 0.1, "b1": 0.9, "b2": 0.99, "eps": 1e-8}
        yield Case(inputs, expected=adam_step(**inputs), about=about)


def adam_step(x, g, m, v, t, lr, b1, b2, eps, correct=True, square=True, root=True, shift=0, first=True):
    """The right way, with switches that turn it wrong."""
    m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * (g**2 if square else np.abs(g))
    t = t + shift
    m_hat = m / (1 - b1**t) if correct else m
    v_hat = v / (1 - b2**t) if correct and first else v
    return x - lr * m_hat / ((np.sqrt(v_hat) if root else v_hat) + eps), m, v


@adam.mistake
def uncorrected(x, g, m, v, t, lr, b1, b2, eps):
    """Without the bias correction: m and v start at 0 and are too small at first, v more so than m. At t = 1 the step
    is not lr, but (1 - b1)/√(1 - b2) times it."""
    return adam_step(x, g, m, v, t, lr, b1, b2, eps, correct=False)


@adam.mistake
def counted_from_zero(x, g, m, v, t, lr, b1, b2, eps):
    """The exponent is t itself, which is 1 at the first step. Yours is one more."""
    return adam_step(x, g, m, v, t, lr, b1, b2, eps, shift=1)


@adam.mistake
def only_m_corrected(x, g, m, v, t, lr, b1, b2, eps):
    """You correct m and not v. Both start at 0; left as it is, v is far too small at first, and the step too long."""
    return adam_step(x, g, m, v, t, lr, b1, b2, eps, first=False)


@adam.mistake
def no_root(x, g, m, v, t, lr, b1, b2, eps):
    """You divide by v̂ in place of its root. v is made of squares: its root has the size of a gradient, and the step
    that of lr."""
    return adam_step(x, g, m, v, t, lr, b1, b2, eps, root=False)


@adam.mistake
def absolute_values(x, g, m, v, t, lr, b1, b2, eps):
    """You average |g|. v is the average of g²."""
    return adam_step(x, g, m, v, t, lr, b1, b2, eps, square=False)


# --- 3 -----------------------------------------------------------------------------------------


@exercise("AdamW is not L2", points=2)
def adamw():
    """Return x after one step of AdamW, for x, the direction d = m̂/(√v̂ + eps), lr and the decay.

    The decay does not go through m and v: x ← (1 - lr · decay) x, then x ← x - lr · d. For x = 2, d = 1, lr = 0.1,
    decay = 0.5: 1.8.
    """
    rng = np.random.default_rng(4)
    for lr, decay, about in [
        (0.1, 0.5, ""),
        (0.01, 0.1, ""),
        (0.3, 0.0, "no decay"),
        (0.5, 1.0, "a strong decay"),
    ]:
        x, d = rng.normal(size=3) * 3, rng.normal(size=3)
        yield Case({"x": x, "d": d, "lr": lr, "decay": decay}, expected=(1 - lr * decay) * x - lr * d, about=about)


@adamw.mistake
def rate_forgotten(x, d, lr, decay):
    """The decay is not multiplied by the learning rate: with lr = 0.01 the weights would shrink a hundred times too
    fast."""
    return (1 - decay) * x - lr * d


@adamw.mistake
def no_decay(x, d, lr, decay):
    """That is Adam without any decay."""
    return x - lr * d


@adamw.mistake
def through_the_sign(x, d, lr, decay):
    """You shrink every weight by the same amount. Decay shrinks it by a share of itself."""
    return x - lr * decay * np.sign(x) - lr * d


@adamw.mistake
def growing(x, d, lr, decay):
    """The weights grow: the factor is 1 - lr · decay."""
    return (1 + lr * decay) * x - lr * d


@adamw.mistake
def scaled_by_the_step(x, d, lr, decay):
    """You let the decay go through the direction: that is L2 in Adam, where weights with large gradients hardly
    decay. It acts on x itself."""
    return x - lr * (d + decay * x * np.abs(d))


# --- 4 -----------------------------------------------------------------------------------------


@exercise("Clipping keeps the direction", points=3)
def clip():
    """Return the norm of all gradients together, and shrink each `grad` by the same factor if it is above max_norm.

    The norm is √(Σ g²) over all entries of all parameters. A parameter whose grad is None is passed by. For gradients
    [3] and [4], max_norm 1, it returns 5 and leaves [0.6] and [0.8].
    """
    for gradients, max_norm, about in [
        (([3.0], [4.0]), 1.0, ""),
        (([1.0, -2.0], [2.0]), 1.5, ""),
        (([0.3], [0.4]), 1.0, "already short enough"),
        (([3.0], None, [4.0]), 2.0, "a parameter without a gradient"),
        (([0.0, 0.0],), 1.0, "zero"),
        (([[3.0, 0.0], [0.0, 4.0]], [12.0]), 6.5, "a matrix and a vector"),
    ]:
        yield Case(
            {"gradients": list(gradients), "max_norm": max_norm},
            call=clipped,
            expected=shortened(gradients, max_norm),
            rtol=1e-4,
            atol=1e-6,
            about=about,
        )


def clipped(clip, gradients, max_norm):
    weights = [Weight(np.zeros(np.shape(g if g is not None else 0)), g) for g in gradients]
    norm = clip(weights, max_norm)
    if norm is None or norm is ...:
        return norm
    return float(norm), [None if weight.grad is None else np.asarray(weight.grad).tolist() for weight in weights]


def shortened(gradients, max_norm):
    known = [np.array(g) for g in gradients if g is not None]
    norm = float(np.sqrt(sum((g**2).sum() for g in known)))
    factor = min(1.0, max_norm / norm) if norm else 1.0
    return norm, [None if g is None else (np.array(g) * factor).tolist() for g in gradients]


def clip_by(weights, max_norm, norm_of):
    for weight in weights:
        if weight.grad is not None:
            norm = norm_of(weight, weights)
            if norm > max_norm:
                weight.grad = weight.grad * (max_norm / norm)


def total(weights):
    return float(np.sqrt(sum((w.grad**2).sum() for w in weights if w.grad is not None)))


@clip.mistake
def each_by_itself(weights, max_norm):
    """Each gradient is clipped by itself: the long ones are cut, the short ones are not, and the direction of the
    whole step changes. One factor for all."""
    norm = total(weights)
    clip_by(weights, max_norm, lambda weight, _: float(np.linalg.norm(weight.grad)))
    return norm


@clip.mistake
def entry_by_entry(weights, max_norm):
    """You cut every entry to ±max_norm. That changes the direction: large entries shrink, small ones stay. Multiply
    all by one factor."""
    norm = total(weights)
    for weight in weights:
        if weight.grad is not None:
            weight.grad = np.clip(weight.grad, -max_norm, max_norm)
    return norm


@clip.mistake
def always_scaled(weights, max_norm):
    """Gradients that are short enough are made longer: you scale to max_norm in every case. Only what is above is
    cut."""
    norm = total(weights)
    for weight in weights:
        if weight.grad is not None and norm:
            weight.grad = weight.grad * (max_norm / norm)
    return norm


@clip.mistake
def norms_added(weights, max_norm):
    """You add up the norms of the parameters. The norm of all together is the root of the sum of all squares."""
    norm = float(sum(np.linalg.norm(w.grad) for w in weights if w.grad is not None))
    factor = min(1.0, max_norm / norm) if norm else 1.0
    for weight in weights:
        if weight.grad is not None:
            weight.grad = weight.grad * factor
    return norm


@clip.mistake
def norm_afterwards(weights, max_norm):
    """The gradients are right. Return the norm *before* the clipping: it tells how often and how much is cut."""
    norm = total(weights)
    for weight in weights:
        if weight.grad is not None and norm > max_norm:
            weight.grad = weight.grad * (max_norm / norm)
    return total(weights)


# --- 5 -----------------------------------------------------------------------------------------


@exercise("A step that is not recorded", points=2)
def step():
    """Return params, after each has moved by -lr times its gradient: the same tensors, with no graph.

    params are gradlib's leaves with requires_grad=True. After the step they are leaves still, so that the graph does
    not grow from step to step. A parameter whose grad is None stays where it is.
    """
    for steps, about in [(1, ""), (3, "three steps")]:
        expected = np.array([1.0, -2.0]) * 0.8**steps
        yield Case({"steps": steps, "lr": 0.1}, call=places_after, expected=expected, rtol=1e-5, about=about)
    yield Case(
        {"steps": 3, "lr": 0.1}, call=nodes_after, expected=1, about="how many nodes a parameter's graph has afterwards"
    )
    yield Case({"lr": 0.1}, call=without_a_gradient, expected=np.array([1.0]), about="a parameter without a gradient")


def stepped(step, steps, lr):
    """What step returned the last time, and the tensor that a model would hold."""
    x = Tensor(np.array([1.0, -2.0]), requires_grad=True)
    params, answer = [x], None
    for _ in range(steps):
        params[0].grad = None
        (params[0] * params[0]).sum().backward()
        if params[0].grad is None:  # put into the list, and no leaf
            break
        answer = step(params, lr)
        if answer is None or answer is ...:
            return answer, x
        params = list(answer)
    return params, x


def places_after(step, steps, lr):
    answer, x = stepped(step, steps, lr)
    return answer if answer is None or answer is ... else x.data


def nodes_after(step, steps, lr):
    answer, _ = stepped(step, steps, lr)
    return answer if answer is None or answer is ... else len(topological_order(answer[0]))


def without_a_gradient(step, lr):
    x, y = Tensor(np.array([1.0]), requires_grad=True), Tensor(np.array([1.0]), requires_grad=True)
    (y * y).sum().backward()
    answer = step([x, y], lr)
    return answer if answer is None or answer is ... else x.data


@step.mistake
def another_tensor(params, lr):
    """Nothing has moved: `p = p - lr * p.grad` makes another tensor and gives it the name p. The model still holds the
    old one. Write into p.data."""
    for p in params:
        if p.grad is not None:
            p = p - lr * p.grad
    return params


@step.mistake
def put_into_the_list(params, lr):
    """You put new tensors into the list. The model holds the old ones, which have not moved, and each new one has the
    whole history behind it."""
    return [p if p.grad is None else p - lr * p.grad for p in params]


@step.mistake
def step_upward(params, lr):
    """The parameters go up the slope. The step is *minus* lr times the gradient."""
    for p in params:
        if p.grad is not None:
            p.data += lr * p.grad
    return params


@step.mistake
def rate_left_out(params, lr):
    """The learning rate is left out."""
    for p in params:
        if p.grad is not None:
            p.data -= p.grad
    return params
