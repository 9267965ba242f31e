"""The checks of lesson 11."""

from functools import cache, partial

import numpy as np
from numpy import allclose, array_equal

from gradlib import Tensor, nn, no_grad, optim
from gradlib.checks.cases import Case, Refused
from gradlib.checks.exercises import exercise
from gradlib.checks.values import named
from gradlib.data import DataLoader, TensorDataset, make_moons

TITLE = "Training"


# --- 1 -----------------------------------------------------------------------------------------


@exercise("Even batches", points=3)
def even_batches():
    """Return the batches of one epoch, each with per_class rows of every class, as a list of arrays of row numbers.

    labels holds the class of each row. Rows are drawn at random by rng, and none comes twice. The epoch ends when some
    class has fewer than per_class rows left. For labels [7, 7, 7, 3, 3] and per_class 1 there are two batches, for
    example [array([2, 4]), array([0, 3])].
    """
    for labels, per_class, about in [
        ([7, 7, 7, 3, 3], 1, ""),
        ([0, 1, 0, 1, 0, 1, 0, 1], 2, ""),
        ([0, 0, 0, 0, 0, 1, 1, 1], 2, ""),
        ([2, 0, 1, 2, 2, 1, 0, 2, 1], 1, "three classes"),
        ([4, 4, 4, 9], 2, "a class too small for one batch"),
        ([5, 5, 5], 2, "a single class"),
    ]:
        labels = np.array(labels)
        inputs = {"labels": labels, "per_class": per_class, "seed": 3}
        yield Case(inputs, call=one_epoch, accept=partial(wrong_batches, labels, per_class), about=about)
    labels = np.repeat([0, 1, 2], [30, 20, 24])
    yield Case(
        {"labels": labels, "per_class": 2, "seed": 0},
        call=three_epochs,
        accept=partial(wrong_epochs, labels),
        about="two epochs with one generator, and the first again with the same seed",
    )


def one_epoch(even_batches, labels, per_class, seed):
    return listed(even_batches(labels, per_class, np.random.default_rng(seed)))


def three_epochs(even_batches, labels, per_class, seed):
    rng, again = np.random.default_rng(seed), np.random.default_rng(seed)
    epochs = [listed(even_batches(labels, per_class, generator)) for generator in (rng, rng, again)]
    return None if None in epochs else epochs


def listed(batches):
    return batches if batches is None or batches is ... else [np.asarray(batch).tolist() for batch in batches]


def wrong_epochs(labels, epochs):
    """A sentence on an error in two epochs and the first again, or None."""
    first, second, again = epochs
    if problem := wrong_batches(labels, 2, first):
        return problem
    if first == second:
        return (
            "Two epochs came in the same order. What rng draws is another order each time: the batches must follow it."
        )
    if set(sum(first, [])) == set(sum(second, [])):
        return (
            "In both epochs the same rows of the larger classes are left over, so some examples are never shown. "
            "Shuffle a class before you cut it."
        )
    if first != again:
        return (
            "With the same seed the order was another one: it does not come from rng, and nobody could repeat your run."
        )
    together = [sorted(row for row in batch if row < 30) for batch in first]
    if sum(b - a == 1 for a, b in together) > len(together) / 2:
        return "Neighbours in the data stand together in most of the batches: the rows of a class are hardly shuffled."
    return None


def wrong_batches(labels, per_class, given):
    """A sentence on the first error in the batches, or None."""
    if not all(isinstance(batch, list) for batch in given):
        return "This is one list of single numbers. The answer is a list of arrays, each of them a batch."
    flat = [i for batch in given for i in batch]
    if not all(isinstance(i, int) for i in flat):
        return "A batch holds something else than row numbers. Row numbers are integers, from 0 on."
    if strange := sorted(set(flat) - set(range(len(labels)))):
        return f"There is no row {strange[0]}: the rows go from 0 to {len(labels) - 1}."
    if repeated := sorted({i for i in flat if flat.count(i) > 1}):
        return f"Row {repeated[0]} comes {flat.count(repeated[0])} times in one epoch. Each may come once."
    classes = np.unique(labels).tolist()
    for number, batch in enumerate(given):
        counts = {label: int((labels[batch] == label).sum()) for label in classes} if batch else {}
        if wrong := [label for label in classes if counts.get(label, 0) != per_class]:
            return (
                f"Batch {number} has {counts.get(wrong[0], 0)} of class {wrong[0]}. It should have {per_class} of "
                "every class."
            )
    wanted = min(int((labels == label).sum()) for label in classes) // per_class
    if len(given) != wanted:
        return f"The number of batches is {len(given)}, expected {wanted}, until the first class is used up."
    return None


def rows_by_class(labels):
    return [np.flatnonzero(labels == label) for label in np.unique(labels)]


def cut(rows, per_class):
    """Batches of the rows of each class, in their order."""
    count = min(map(len, rows)) // per_class
    return [np.concatenate([each[i * per_class : (i + 1) * per_class] for each in rows]) for i in range(count)]


@even_batches.mistake
def not_shuffled(labels, per_class, rng):
    """You take the rows of each class as they come. Every epoch then has the same batches, and the last rows of the
    larger classes are never shown: shuffle each class first."""
    return cut(rows_by_class(labels), per_class)


@even_batches.mistake
def classes_forgotten(labels, per_class, rng):
    """You shuffle all rows together and cut. The classes then come as they like: shuffle the rows of each class
    separately."""
    size = per_class * len(np.unique(labels))
    order = rng.permutation(len(labels))
    return [order[i : i + size] for i in range(0, len(order) - size + 1, size)]


@even_batches.mistake
def drawn_for_each_batch(labels, per_class, rng):
    """You draw every batch from all rows of a class: some rows come twice, some never. Draw one order of each class for
    the epoch, and cut it."""
    rows = rows_by_class(labels)
    count = min(map(len, rows)) // per_class
    return [np.concatenate([rng.choice(each, per_class, replace=False) for each in rows]) for _ in range(count)]


@even_batches.mistake
def until_the_largest_ends(labels, per_class, rng):
    """You go on until the largest class is used up, with batches that lack the others. The epoch ends with the class
    that is used up first."""
    rows = [rng.permutation(each) for each in rows_by_class(labels)]
    count = -(-max(map(len, rows)) // per_class)
    return [np.concatenate([each[i * per_class : (i + 1) * per_class] for each in rows]) for i in range(count)]


@even_batches.mistake
def places_in_the_class(labels, per_class, rng):
    """These are places among the rows of a class. The numbers of the rows in the data were asked for."""
    return cut([rng.permutation(len(each)) for each in rows_by_class(labels)], per_class)


@even_batches.mistake
def labels_instead_of_rows(labels, per_class, rng):
    """Your batches hold the classes. The numbers of the rows were asked for."""
    return [labels[batch] for batch in cut([rng.permutation(each) for each in rows_by_class(labels)], per_class)]


# --- 2 -----------------------------------------------------------------------------------------

X = np.array([[1.0, -0.5], [0.5, 2.0], [-1.0, 1.0], [2.0, 0.5]])
Y = np.array([[1.0], [-0.5], [2.0], [0.0]])
WEIGHT, BIAS = np.array([[0.3], [-0.2]]), np.array([0.1])


@exercise("One step in parts", points=3)
def step_in_parts():
    """Return the mean loss of all examples before the step, as a number, and leave the model one step further.

    parts is a list of pairs (inputs, targets) of perhaps different sizes. The step is the one that all parts together
    would give as one batch, whatever gradients the parameters hold from before. loss_fn gives the mean over a part;
    `backward` is called for each part before the next is computed. Parts of 3 and 1 examples with mean losses 1 and 5
    have the mean 2.
    """
    yield Case({"sizes of the parts": [1, 3]}, call=order_of_one_call, accept=wrong_order)
    for sizes, steps, learning_rate, factor, targets, about in [
        ([1, 3], 1, 0.1, 1.0, Y, ""),
        ([2, 2], 1, 0.1, 1.0, Y, ""),
        ([2, 1, 1], 2, 0.1, 1.0, Y, ""),
        ([3, 1], 3, 0.02, 5.0, Y, "another loss, five times the squared error"),
        ([1, 1, 2], 2, 0.1, 1.0, 1 - Y, "other targets"),
        ([4], 2, 0.1, 1.0, Y, "a single part"),
    ]:
        inputs = {"sizes of the parts": sizes, "steps": steps, "learning_rate": learning_rate}
        inputs |= {"factor of the loss": factor, "targets": targets}
        yield Case(inputs, by_hand(*inputs.values()), call=losses_of, rtol=1e-5, about=about)
    inputs = {"sizes of the parts": [1, 3], "steps": 2, "learning_rate": 0.1}
    inputs |= {"factor of the loss": 1.0, "targets": Y, "grad before": 2.0}
    yield Case(inputs, by_hand(*inputs.values()), call=losses_of, rtol=1e-5, about="gradients from before")
    yield Case({"steps": 1}, call=kind_of_answer, accept=wrong_kind, about="what it returns")


def in_parts(sizes, targets=Y):
    """The examples, cut into parts."""
    ends = np.cumsum(sizes)[:-1]
    return [(Tensor(x), Tensor(y)) for x, y in zip(np.split(X, ends), np.split(targets, ends), strict=True)]


def line(kind=nn.Linear):
    """A linear model with known weights, in float64."""
    model = kind(2, 1)
    model.weight, model.bias = nn.Parameter(WEIGHT), nn.Parameter(BIAS)
    return model


def order_of_one_call(step_in_parts, sizes):
    """The calls on model, loss and optimizer, in order."""
    called = []

    class Line(nn.Linear):
        def zero_grad(self, *args, **kwargs):
            called.append("zero_grad")
            super().zero_grad(*args, **kwargs)

    class Optimizer(optim.SGD):
        def zero_grad(self, *args, **kwargs):
            called.append("zero_grad")
            super().zero_grad(*args, **kwargs)

        def step(self, *args, **kwargs):
            called.append("step")
            return super().step(*args, **kwargs)

    def loss_fn(output, targets):
        ours = any(targets is y for _, y in parts)
        if any(output is y for _, y in parts):
            called.append("loss of (targets, output)")
        else:
            called.append("loss" if ours else "loss of other targets")
        loss = nn.functional.mse_loss(output, targets)
        if loss.requires_grad:
            loss.register_hook(lambda gradient: called.append("backward"))
        return loss

    model, parts = line(Line), in_parts(sizes)
    answer = step_in_parts(model, loss_fn, Optimizer(model.parameters(), lr=0.1), list(parts))
    if answer is None or answer is ...:
        return answer
    if "step" not in called and not array_equal(model.weight.data, WEIGHT):
        called.append("moved by hand")
    return called


def wrong_order(called):
    """A sentence on an error in the order of the calls for two parts, or None."""
    losses, backwards = called.count("loss"), called.count("backward")
    if "loss of (targets, output)" in called:
        return "loss_fn takes the output first, then the targets. Squared error forgives it, other losses do not."
    if "loss of other targets" in called:
        return (
            "`loss_fn` was given other targets than those of a part. Give it the targets of one part as they are: all "
            "together would not fit into the memory."
        )
    if not losses:
        return "`loss_fn` is never called. Which loss it is, the caller decides: squared error is only one of many."
    if "moved by hand" in called:
        return (
            "The parameters moved, but the optimizer's `step` was not called. It decides which step is taken: Adam's, "
            "for example, is not -lr times the gradient."
        )
    if not backwards:
        return "`backward` is never called, so there are no gradients to step along."
    if "step" not in called:
        return "The loss never changes: `step` is never called. The gradients are computed, and nothing moves."
    if called.count("step") > 1:
        return "You take a step for each part. The parts are one batch: take one step, after all of them."
    if losses == 1 or backwards == 1 and losses == 2:
        return "Only one of the two parts has an effect on the step. Does something end after the first?"
    step, first, last = called.index("step"), called.index("backward"), len(called) - called[::-1].index("backward") - 1
    if step < last:
        return (
            "`step` comes before the last `backward`. It uses what `backward` has computed, and finds only a part of "
            "it, or nothing."
        )
    between = called[first:step]
    if "zero_grad" in between:
        if "backward" in between[between.index("zero_grad") :]:
            return (
                "You set the gradients to zero between the parts, so only the last part counts. Set them to "
                "zero once, before the first."
            )
        return (
            "The loss never changes. You set the gradients to zero between `backward`, which computes them, and "
            "`step`, which needs them."
        )
    order = [name for name in called if name in ("loss", "backward")]
    if order[:2] == ["loss", "loss"] and losses == backwards:
        return (
            "Both losses are computed before the first `backward`, so the graphs of all parts are held at once. Call "
            "`backward` for a part before you compute the next."
        )
    if backwards > losses:
        return "`backward` runs twice on one loss. It adds to the gradients, so they become twice as large."
    return None


def wrong_kind(kind):
    if kind in ("float", "float32", "float64"):
        return None
    if kind == "Tensor":
        return "It returns a Tensor, which keeps the graph of its step for as long as you keep it; .item() is a number."
    return f"It returns a value of type {kind}; .item() gives the loss as a plain number."


def kind_of_answer(step_in_parts, steps):
    model = line()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    answer = step_in_parts(model, nn.functional.mse_loss, optimizer, in_parts([1, 3]))
    return answer if answer is None or answer is ... else type(answer).__name__


def losses_of(step_in_parts, sizes, steps, learning_rate, factor, targets, old=None):
    """The losses of the steps, and the loss after the last. old : the gradients before the first step."""
    model = line()
    for parameter in model.parameters() if old is not None else ():
        parameter.grad = np.full_like(parameter.data, old)
    optimizer = optim.SGD(model.parameters(), lr=learning_rate)
    losses = []

    def loss_fn(output, targets):
        return factor * nn.functional.mse_loss(output, targets)

    for _ in range(steps):
        loss = step_in_parts(model, loss_fn, optimizer, in_parts(sizes, targets))
        if loss is None or loss is ...:
            return loss
        losses.append(float(loss))
    with no_grad():
        return [*losses, loss_fn(model(Tensor(X)), Tensor(targets)).item()]


def by_hand(sizes, steps, learning_rate, factor, targets, old=None):
    """The same in plain NumPy."""
    weight, bias, losses = WEIGHT.copy(), BIAS.copy(), []
    for _ in range(steps + 1):
        error = X @ weight + bias - targets
        losses.append(factor * float((error**2).mean()))
        weight -= learning_rate * factor * X.T @ error * 2 / len(X)
        bias -= learning_rate * factor * error.sum(axis=0) * 2 / len(X)
    return losses


def stepped(model, loss_fn, optimizer, parts, weight=None, zero=True, said=sum):
    """A right answer, with switches that make it wrong. said : the answer, from the weighed losses."""
    sizes = [len(targets) for _, targets in parts]
    weights = [size / sum(sizes) for size in sizes] if weight is None else [weight(size, sizes) for size in sizes]
    if zero:
        optimizer.zero_grad()
    losses = []
    for (inputs, targets), w in zip(parts, weights, strict=True):
        loss = loss_fn(model(inputs), targets)
        (loss * w).backward()
        losses.append(loss.item())
    optimizer.step()
    return said(loss * size / sum(sizes) for loss, size in zip(losses, sizes, strict=True))


@step_in_parts.mistake
def never_zeroed(model, loss_fn, optimizer, parts):
    """The first step is right, later ones are too long: `backward` adds to the gradients of the steps before. Set them
    to zero once, before the first part."""
    return stepped(model, loss_fn, optimizer, parts, zero=False)


@step_in_parts.mistake
def zeroed_after_the_step(model, loss_fn, optimizer, parts):
    """You set the gradients to zero only after the step. Before the first call they may hold something, too, which is
    added to the gradients of this batch: set them to zero before the first part."""
    loss = stepped(model, loss_fn, optimizer, parts, zero=False)
    optimizer.zero_grad()
    return loss


@step_in_parts.mistake
def all_weights_equal(model, loss_fn, optimizer, parts):
    """The step is along the mean of the parts' means. The examples of a small part then count for more than the others:
    weigh each loss by its share of the examples, before `backward`."""
    return stepped(model, loss_fn, optimizer, parts, weight=lambda size, sizes: 1 / len(sizes))


@step_in_parts.mistake
def all_weights_equal_twice(model, loss_fn, optimizer, parts):
    """You take the mean of the parts' means, for the step and for the answer. The examples of a small part then count
    for more than the others: weigh each loss by its share of the examples, before `backward`."""
    losses = []
    stepped(model, noting(loss_fn, losses), optimizer, parts, weight=lambda size, sizes: 1 / len(sizes))
    return sum(losses) / len(losses)


def noting(loss_fn, losses):
    def noted(output, targets):
        loss = loss_fn(output, targets)
        losses.append(loss.item())
        return loss

    return noted


@step_in_parts.mistake
def mean_of_means_returned(model, loss_fn, optimizer, parts):
    """The step is right. You return the mean of the parts' means, in which the examples of a small part count for more
    than the others: add up the shares instead."""
    losses = []
    stepped(model, noting(loss_fn, losses), optimizer, parts)
    return sum(losses) / len(losses)


@step_in_parts.mistake
def sum_of_means_returned(model, loss_fn, optimizer, parts):
    """The step is right. You return the sum of the parts' losses: each must first be multiplied by its share of the
    examples, as for `backward`."""
    losses = []
    stepped(model, noting(loss_fn, losses), optimizer, parts)
    return sum(losses)


@step_in_parts.mistake
def last_loss_returned(model, loss_fn, optimizer, parts):
    """The step is right. You return the loss of the last part alone; the mean over all examples was asked for."""
    losses = []
    stepped(model, noting(loss_fn, losses), optimizer, parts)
    return losses[-1]


@step_in_parts.mistake
def only_divided(model, loss_fn, optimizer, parts):
    """You divide each loss by the number of all examples, and do not multiply it by the size of its part: the step is
    too short. A loss is a mean already, over its part."""
    return stepped(model, loss_fn, optimizer, parts, weight=lambda size, sizes: 1 / sum(sizes))


@step_in_parts.mistake
def gradients_added_up(model, loss_fn, optimizer, parts):
    """The step is along the sum of the parts' gradients, which is too long. Each loss counts with its share of the
    examples: multiply it before `backward`."""
    return stepped(model, loss_fn, optimizer, parts, weight=lambda size, sizes: 1.0)


@step_in_parts.mistake
def sizes_not_divided(model, loss_fn, optimizer, parts):
    """You multiply each loss by the size of its part, and do not divide by the number of all examples: the step is too
    long."""
    return stepped(model, loss_fn, optimizer, parts, weight=lambda size, sizes: float(size))


@step_in_parts.mistake
def loss_after_the_step(model, loss_fn, optimizer, parts):
    """You return the loss after the step. The one before it has been computed already, and costs nothing more."""
    stepped(model, loss_fn, optimizer, parts)
    with no_grad():
        count = sum(len(targets) for _, targets in parts)
        return sum(loss_fn(model(inputs), targets).item() * len(targets) / count for inputs, targets in parts)


# --- 3 -----------------------------------------------------------------------------------------


@exercise("Can it learn one batch by heart?", points=2)
def can_overfit():
    """Return whether the loss is below goal after the model was trained for so many steps on this one batch.

    model, loss_fn, optimizer, inputs and targets are given. A program without a bug can: it has more parameters than
    examples. For a net whose last layer is cut off by a ReLU it is False.
    """
    for name, (goal, steps, changes, expected) in PROGRAMS.items():
        inputs = {"program": name, "steps": steps, "goal": goal}
        about = "" if name in PLAIN else name
        yield Case(inputs, call=partial(tried_on, changes), expected=expected, about=about)


# program -> goal, steps, how it differs from the first, whether the loss gets below the goal. Each step of the first
# divides the loss by four, from 4 on: 4, 1, 0.25, 0.0625, ...
PROGRAMS = {
    "right": (0.1, 6, {}, True),
    "right, with a stricter goal": (1e-6, 6, {}, False),
    "right, with fewer steps": (0.1, 2, {}, False),
    "right, with fewer steps, near the goal": (0.2, 2, {}, False),
    "right, with two steps, which are enough": (0.5, 2, {}, True),
    "right, with a goal that one step reaches": (1.5, 2, {}, True),
    "right, and below the goal with the very last step": (0.1, 3, {}, True),
    "right, with a goal that is soon reached": (2.0, 3, {}, True),
    "labels that mean nothing": (0.1, 6, {"targets": [[-3.0], [0.5], [2.0]]}, True),
    "a ReLU after the last layer": (0.1, 6, {"relu": True, "targets": [[-2.0], [-1.0], [-2.5]]}, False),
    "the same example with two labels": (0.1, 6, {"twice": True}, False),
    "a learning rate of a millionth": (0.1, 6, {"rate": 1e-6}, False),
    "a loss that grows": (0.1, 6, {"rate": 1.5}, False),
    "a loss that starts below the goal and grows": (0.1, 4, {"weight": [1.9, 1.9, 1.9, 0.0], "rate": 1.5}, False),
    "a loss that becomes nan": (0.1, 8, {"rate": 1e100}, False),
    "a model that knows the batch already": (0.1, 4, {"weight": [1.99, 1.99, 1.99, 0.0], "rate": 1e-3}, True),
    "a loss with a factor of 100": (0.1, 4, {"factor": 100.0, "rate": 0.0025}, False),
    "a loss with a factor of 100, and a goal to suit": (3.0, 4, {"factor": 100.0, "rate": 0.0025}, True),
}
PLAIN = [name for name in PROGRAMS if name.startswith("right")]


def program(targets=((2.0,), (2.0,), (2.0,)), weight=(0.0,) * 4, relu=False, twice=False, rate=0.25, factor=1.0):
    """A model with four weights, its loss, its optimizer and a batch of three examples; most have a bug."""
    inputs = np.sqrt(3) * np.eye(3, 4)
    if twice:
        inputs[1], targets = inputs[0], [(2.0,), (-2.0,), (2.0,)]
    layer = nn.Linear(4, 1, bias=False)
    layer.weight = nn.Parameter(np.array(weight)[:, None] / np.sqrt(3))
    model = nn.Sequential(layer, nn.ReLU()) if relu else layer

    def loss_fn(output, targets):
        return factor * nn.functional.mse_loss(output, targets)

    return (
        model,
        loss_fn,
        optim.SGD(model.parameters(), lr=rate),
        Tensor(inputs),
        Tensor(np.array(targets)),
    )


def tried_on(changes, can_overfit, name, steps, goal):
    answer = can_overfit(*program(**changes), steps, goal)
    return bool(answer) if isinstance(answer, np.bool_) else answer


def losses_while_learning(model, loss_fn, optimizer, inputs, targets, steps, zero=True):
    losses = []
    for _ in range(steps):
        if zero:
            optimizer.zero_grad()
        loss = loss_fn(model(inputs), targets)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    with no_grad():
        return [*losses, loss_fn(model(inputs), targets).item()]


@can_overfit.mistake
def never_trained(model, loss_fn, optimizer, inputs, targets, steps, goal):
    """Your answers fit the loss before the first step. Take all steps with the optimizer that is given, then ask."""
    return losses_while_learning(model, loss_fn, optimizer, inputs, targets, 0)[-1] < goal


@can_overfit.mistake
def more_steps(model, loss_fn, optimizer, inputs, targets, steps, goal):
    """You take more steps than `steps` says. How far a program gets in so many steps is the question."""
    return losses_while_learning(model, loss_fn, optimizer, inputs, targets, steps + 1)[-1] < goal


@can_overfit.mistake
def goal_of_its_own(model, loss_fn, optimizer, inputs, targets, steps, goal):
    """Your goal is always the same number, whatever `goal` says."""
    return losses_while_learning(model, loss_fn, optimizer, inputs, targets, steps)[-1] < 0.1


@can_overfit.mistake
def falls_at_all(model, loss_fn, optimizer, inputs, targets, steps, goal):
    """You ask whether the loss falls. It falls in most broken programs, too, and then stays where it is: the question
    is whether it gets below the goal."""
    losses = losses_while_learning(model, loss_fn, optimizer, inputs, targets, steps)
    return losses[-1] < losses[0]


@can_overfit.mistake
def before_the_last_step(model, loss_fn, optimizer, inputs, targets, steps, goal):
    """Your answers fit the losses before each step, which are what a training step returns. Look once more after the
    last one."""
    return losses_while_learning(model, loss_fn, optimizer, inputs, targets, steps)[-2] < goal


@can_overfit.mistake
def on_the_way(model, loss_fn, optimizer, inputs, targets, steps, goal):
    """You answer True as soon as the loss is below the goal on the way. With a learning rate that is too large it may
    rise again: what counts is the loss after the last step."""
    return min(losses_while_learning(model, loss_fn, optimizer, inputs, targets, steps)) < goal


@can_overfit.mistake
def on_the_way_before_each_step(model, loss_fn, optimizer, inputs, targets, steps, goal):
    """Your answers fit the least of the losses before each step. It may rise again later, and the loss after the last
    step is not among them: look once, at the end."""
    return min(losses_while_learning(model, loss_fn, optimizer, inputs, targets, steps)[:-1]) < goal


@can_overfit.mistake
def after_one_step(model, loss_fn, optimizer, inputs, targets, steps, goal):
    """You answer after a single step. Does it return inside the loop?"""
    return losses_while_learning(model, loss_fn, optimizer, inputs, targets, 1)[-1] < goal


@can_overfit.mistake
def never_zeroed_here(model, loss_fn, optimizer, inputs, targets, steps, goal):
    """The gradients are never set to zero, so each step is along the sum of all before it."""
    return losses_while_learning(model, loss_fn, optimizer, inputs, targets, steps, zero=False)[-1] < goal


@can_overfit.mistake
def not_above(model, loss_fn, optimizer, inputs, targets, steps, goal):
    """A loss that is nan is not above the goal either: every comparison with nan is False. Ask whether it is
    below."""
    losses = losses_while_learning(model, loss_fn, optimizer, inputs, targets, steps)
    return not losses[-1] > goal


@can_overfit.mistake
def above(model, loss_fn, optimizer, inputs, targets, steps, goal):
    """Your answer is True where the loss stays above the goal. True must mean that it got below."""
    return losses_while_learning(model, loss_fn, optimizer, inputs, targets, steps)[-1] > goal


@can_overfit.mistake
def always_true(model, loss_fn, optimizer, inputs, targets, steps, goal):
    """You answer True for every program. Compare the loss after the last step with the goal."""
    return True


@can_overfit.mistake
def mean_over_steps(model, loss_fn, optimizer, inputs, targets, steps, goal):
    """You average the loss over all steps, with the large ones of the beginning in it. What counts is where it
    ends."""
    return bool(np.mean(losses_while_learning(model, loss_fn, optimizer, inputs, targets, steps)) < goal)


# --- 4 -----------------------------------------------------------------------------------------


@exercise("Measuring", points=3)
def evaluate():
    """Return the mean loss of an example over the whole data, taken in batches.

    In eval mode, without a graph, and with the model in the end in the mode in which it came. loss_fn gives the mean
    over its batch. Two batches, of 3 examples with loss 1 and of 1 example with loss 5: (3 · 1 + 1 · 5) / 4 = 2.
    """
    for rows, batch_size, loss, about in [
        (6, 3, SQUARED, ""),
        (7, 3, SQUARED, "a last batch that is smaller"),
        (5, 4, SQUARED, "a last batch that is smaller"),
        (4, 9, SQUARED, "a single batch"),
        (5, 2, ABSOLUTE, "another loss"),
    ]:
        inputs = {"rows": rows, "batch_size": batch_size, "loss_fn": loss}
        yield Case(inputs, call=mean_loss, expected=true_mean(rows, loss), rtol=1e-5, about=about)
    for training in (True, False):
        yield Case(
            {"rows": 4, "training": training},
            call=mode_afterwards,
            expected=training,
            about="whether the model is in training mode afterwards",
        )
    yield Case({"rows": 4}, call=records_a_graph, expected=False, about="whether a graph was recorded")


def with_dropout():
    """A model whose output differs from call to call in training mode."""
    weights = [np.array([[0.6, -0.4, 0.2], [0.1, 0.5, -0.3]]), np.array([[1.0], [-0.7], [0.4]])]
    first, last = nn.Linear(2, 3), nn.Linear(3, 1)
    for layer, weight in zip((first, last), weights, strict=True):
        layer.weight, layer.bias = nn.Parameter(weight), nn.Parameter(np.zeros(weight.shape[1]))
    return nn.Sequential(first, nn.Dropout(0.5, rng=np.random.default_rng(0)), last)


def some_rows(rows):
    rng = np.random.default_rng(rows)
    return rng.normal(size=(rows, 2)), rng.normal(size=(rows, 1))


def loader_of(rows, batch_size):
    return DataLoader(TensorDataset(*some_rows(rows)), batch_size=batch_size)


SQUARED = named("mean of (output - target)²", nn.functional.mse_loss)
ABSOLUTE = named("mean of |output - target|", nn.functional.l1_loss)


def mean_loss(evaluate, rows, batch_size, loss_fn):
    return evaluate(with_dropout(), loss_fn, loader_of(rows, batch_size))


def true_mean(rows, loss_fn):
    x, y = some_rows(rows)
    weights = [parameter.data for name, parameter in with_dropout().named_parameters() if "weight" in name]
    error = x @ weights[0] @ weights[1] - y
    return float((error**2 if loss_fn is SQUARED else np.abs(error)).mean())


def mode_afterwards(evaluate, rows, training):
    model = with_dropout().train(training)
    answer = evaluate(model, nn.functional.mse_loss, loader_of(rows, 3))
    return answer if answer is None or answer is ... else model.training


def records_a_graph(evaluate, rows):
    recorded = []

    def loss_fn(output, targets):
        recorded.append(output.requires_grad)
        return nn.functional.mse_loss(output, targets)

    answer = evaluate(with_dropout(), loss_fn, loader_of(rows, 3))
    return answer if answer is None or answer is ... else any(recorded)


def measured(model, loss_fn, loader, evaluating=True, back=True, graph=False, weigh=True, divide=sum):
    """A right answer, with switches that make it wrong. divide : function of the batches' sizes, gives the divisor."""
    mode = model.training
    if evaluating:
        model.eval()
    losses, counts = [], []
    for inputs, targets in loader:
        if graph:
            loss = loss_fn(model(inputs), targets)
        else:
            with no_grad():
                loss = loss_fn(model(inputs), targets)
        losses.append(loss.item())
        counts.append(len(inputs))
    if back:
        model.train(mode if back is True else back == "training")
    return float(np.dot(losses, counts if weigh else np.ones(len(counts)))) / divide(counts)


@evaluate.mistake
def mean_of_means(model, loss_fn, loader):
    """You take the mean of the batches' means. The examples of a small last batch then count for more than the others:
    weigh each batch by its size."""
    return measured(model, loss_fn, loader, weigh=False, divide=len)


@evaluate.mistake
def means_over_examples(model, loss_fn, loader):
    """You add up the means of the batches and divide by the number of examples. A mean has been divided once already:
    multiply it by the size of its batch first."""
    return measured(model, loss_fn, loader, weigh=False)


@evaluate.mistake
def sums_over_batches(model, loss_fn, loader):
    """You add up over the examples and divide by the number of batches. Divide by the number of examples."""
    return measured(model, loss_fn, loader, divide=len)


@evaluate.mistake
def not_in_eval_mode(model, loss_fn, loader):
    """The model was measured in training mode, in which dropout switches units off at random: the same model gives
    another number each time."""
    return measured(model, loss_fn, loader, evaluating=False)


@evaluate.mistake
def as_in_training(model, loss_fn, loader):
    """You measure as one trains: dropout switches units off at random, and a graph is recorded for gradients that
    nobody will ask for. Measuring needs eval mode, and `no_grad`."""
    return measured(model, loss_fn, loader, evaluating=False, graph=True)


@evaluate.mistake
def mean_of_means_as_in_training(model, loss_fn, loader):
    """Three things: dropout is at work, because the model is not in eval mode; a graph is recorded; and a small last
    batch counts as much as the others. Begin with the mode."""
    return measured(model, loss_fn, loader, evaluating=False, graph=True, weigh=False, divide=len)


@evaluate.mistake
def left_in_eval_mode(model, loss_fn, loader):
    """The model is left in eval mode: the training that goes on afterwards would be without dropout. Put back the mode
    in which it came."""
    return measured(model, loss_fn, loader, back=False)


@evaluate.mistake
def put_into_training_mode(model, loss_fn, loader):
    """You leave every model in training mode, also one that came in eval mode. Remember the mode in which it came."""
    return measured(model, loss_fn, loader, back="training")


@evaluate.mistake
def with_a_graph(model, loss_fn, loader):
    """The number is right, but a graph was recorded for gradients that nobody will ask for: time and memory for
    nothing."""
    return measured(model, loss_fn, loader, graph=True)


@evaluate.mistake
def added_up(model, loss_fn, loader):
    """That is the sum over all examples. Divide by how many there are, or data sets of two sizes cannot be compared."""
    return measured(model, loss_fn, loader, divide=lambda counts: 1)


# --- 5 -----------------------------------------------------------------------------------------


@exercise("Find the leak", points=3)
def split_and_scale():
    """Return x_train, y_train, x_test, y_test: split by chance, and standardised without a leak.

    n_train rows drawn by rng are for training. Every column then has mean 0 and standard deviation 1 over the
    *training* rows, and the test rows are moved and scaled by the same numbers; a column that is constant among the
    training rows is only moved. For a column with training rows 1 and 3 (mean 2, deviation 1), a test row 5 becomes 3.
    """
    for rows, columns, n_train, about in [
        (6, 2, 4, ""),
        (9, 3, 5, ""),
        (12, 1, 9, "a single column"),
        (8, 2, 6, "a column that is constant"),
        (9, 2, 4, "a column with a single other number"),
        (7, 2, 4, "a narrow column, far below 0"),
        (4, 2, 1, "a single row to train on, where every column is constant"),
    ]:
        x = np.random.default_rng(rows).normal(loc=3.0, scale=2.0, size=(rows, columns)) ** 3
        if "constant" in about and n_train > 1:
            x[:, 1] = 4.0
        if "narrow" in about:
            x[:, 0] = x[:, 0] / 1000 - 5
        if "other" in about:
            x[:, 1] = [4.0] * (rows - 1) + [9.0]
        yield Case(
            {"x": x, "y": np.arange(rows), "n_train": n_train, "seed": 1},
            call=split,
            accept=partial(wrong_split, x, n_train),
            about=about,
        )
    x = np.random.default_rng(0).normal(size=(14, 1))
    inputs = {"x": x, "y": np.arange(14), "n_train": 7, "seeds": [1, 2, 3, 4, 5, 6, 1]}
    yield Case(
        inputs, call=rows_drawn, accept=wrong_draws, about="which rows are drawn for training, by six generators"
    )


def split(split_and_scale, x, y, n_train, seed):
    return split_and_scale(x, y, n_train, np.random.default_rng(seed))


def rows_drawn(split_and_scale, x, y, n_train, seeds):
    """The numbers of the rows to train on, in order, once for each seed."""
    answers = [split(split_and_scale, x, y, n_train, seed) for seed in seeds]
    if any(answer is None or answer is ... for answer in answers):
        return None
    return [sorted(np.asarray(answer[1]).tolist()) for answer in answers]


def wrong_draws(drawn):
    """A sentence on the rows that are drawn, or None."""
    first, *others, again = drawn
    if all(rows == first for rows in others):
        if first == list(range(len(first))):
            return (
                "The first rows are always those to train on. Data is often sorted by class, and then the test part "
                "would be of one class: which rows are for training, rng must decide."
            )
        return "The same rows are for training, whatever the generator: rng must decide which."
    if len(set(map(tuple, others))) < 4:
        return "Six generators give hardly more than two splits. Any rows may be drawn for training, one by one."
    if first != again:
        return (
            "From the same seed come other rows: they are drawn from something else than rng, and nobody can repeat it."
        )
    return None


def wrong_split(x, n_train, parts):
    """A sentence on the first error in the parts, or None. The label of a row is its number, to trace it."""
    if not isinstance(parts, (tuple, list)) or len(parts) != 4:
        return "Expected four arrays: x_train, y_train, x_test, y_test."
    x_train, y_train, x_test, y_test = map(np.asarray, parts)
    if x_train.ndim == y_train.ndim:
        return "Expected x_train, y_train, x_test, y_test, in this order: rows, their labels, rows, their labels."
    if (len(x_train), len(y_train), len(x_test), len(y_test)) != (n_train, n_train, len(x) - n_train, len(x) - n_train):
        return f"Expected {n_train} rows to train and {len(x) - n_train} to test, got {len(x_train)} and {len(x_test)}."
    if both := set(y_train.tolist()) & set(y_test.tolist()):
        return f"Row {min(both)} is in both parts: the model would be asked what it was told."
    numbers = [*y_train.tolist(), *y_test.tolist()]
    if sorted(numbers) != list(range(len(x))):
        twice = [number for number in numbers if numbers.count(number) > 1]
        return f"Row {twice[0]} comes twice." if twice else "The labels are not those that came in."
    rows, others = x[y_train.astype(int)], x[y_test.astype(int)]
    if agree(x_train, scaled(rows, rows)) and agree(x_test, scaled(others, rows)):
        return None
    if agree(x_train, scaled(x, x)[y_train]) and not agree(scaled(x, x)[y_train], scaled(rows, rows)):
        return (
            "The mean and the deviation are those of all rows, the test rows among them: so the training data knows "
            "something of the test. Move one test row far away, and your x_train changes."
        )
    if x_train.shape != rows.shape:
        return f"x_train has the shape {x_train.shape}, expected {rows.shape}: all columns of x stay."
    if agree(x_train, rows):
        return "x_train is not standardised: its columns have another mean than 0, or another deviation than 1."
    constant = rows.std(axis=0) == 0
    if not np.isfinite(x_train).all():
        reason = ": a column that is constant has the deviation 0, and 0/0 is nan" if constant.any() else ""
        return f"x_train holds numbers that are not finite{reason}."
    if rows.shape[1] > 1 and agree(x_train, (rows - rows.mean()) / rows.std()):
        return "You took one mean and one deviation of all columns together. Each column has its own."
    if wrong := wrong_column(x_train, rows):
        return wrong
    if not agree(x_train, scaled(rows, rows)):
        return (
            "Every column of x_train has mean 0 and deviation 1, but its rows are not those that y_train names, "
            "standardised. Are rows and labels still in the same order?"
        )
    if constant.any() and not agree(x_test[:, constant], scaled(others, rows)[:, constant]):
        return (
            f"Column {constant.argmax()} is constant among the training rows, but not in x. There is nothing to scale "
            "by: x_test has the distance from that constant there, as if the deviation were 1."
        )
    if agree(x_test, scaled(others, others)):
        return (
            "The test rows were standardised by their own mean and deviation. A single new example would have no such "
            "thing, and the model expects the scale of the training rows."
        )
    return "x_test is not on the scale of the training rows: move and divide it by *their* mean and deviation."


def wrong_column(x_train, rows):
    """A sentence on the mean or the deviation of the first wrong column, or None."""
    for column, (mean, deviation) in enumerate(zip(x_train.mean(axis=0), x_train.std(axis=0), strict=True)):
        wanted = 1.0 if rows[:, column].std() > 0 else 0.0
        if abs(mean) > 1e-6 or abs(deviation - wanted) > 1e-6:
            return (
                f"Column {column} of x_train has the mean {mean:.2g} and the deviation {deviation:.7g}; wanted are 0 "
                f"and {wanted:.0f}. Deviation is here what x.std gives, the root of the mean of the squares."
            )
    return None


def agree(a, b):
    return a.shape == b.shape and allclose(a, b, rtol=1e-6, atol=1e-9)


def scaled(x, by):
    """x, moved and divided by the mean and the deviation of other rows."""
    deviation = by.std(axis=0)
    return (x - by.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0)


@split_and_scale.mistake
def scaled_before_the_split(x, y, n_train, rng):
    """You standardise first and split then: the mean and the deviation are those of all rows, the test rows among them.
    Move one test row far away, and your x_train changes. So the training data knows something of the test."""
    order = rng.permutation(len(x))
    x, y = scaled(x, x)[order], y[order]
    return x[:n_train], y[:n_train], x[n_train:], y[n_train:]


@split_and_scale.mistake
def scaled_apart(x, y, n_train, rng):
    """The test rows are standardised by their own mean and deviation. A single new example would have no such thing,
    and the model expects the scale of the training rows."""
    order = rng.permutation(len(x))
    x, y = x[order], y[order]
    return scaled(x[:n_train], x[:n_train]), y[:n_train], scaled(x[n_train:], x[n_train:]), y[n_train:]


@split_and_scale.mistake
def split_in_order(x, y, n_train, rng):
    """You split without shuffling. Data is often sorted by class, and the test part would be of one class."""
    return scaled(x[:n_train], x[:n_train]), y[:n_train], scaled(x[n_train:], x[:n_train]), y[n_train:]


@split_and_scale.mistake
def labels_left_behind(x, y, n_train, rng):
    """The rows were shuffled, the labels were not: from now on each row has the label of another."""
    order = rng.permutation(len(x))
    x = x[order]
    return scaled(x[:n_train], x[:n_train]), y[:n_train], scaled(x[n_train:], x[:n_train]), y[n_train:]


# --- 6 -----------------------------------------------------------------------------------------


@exercise("Reading curves", points=2)
def diagnoses():
    """Return for each of the five runs what its curves show, as a dictionary from "A" to "E".

    Each is one of "healthy", "overfits", "underfits", "learning rate too large" and "learning rate too small".
    """
    yield Case(expected=RIGHT, words=tuple(RIGHT.values()))


RIGHT = {
    "A": "overfits",
    "B": "learning rate too large",
    "C": "underfits",
    "D": "healthy",
    "E": "learning rate too small",
}


@cache
def curves():
    """Five training runs: {"A": {"train": losses, "validation": losses}, …}, 60 epochs each."""
    return {
        "A": losses_of_run([2, 64, 64, 2], rate=0.02, rows=24, noise=0.35),
        "B": losses_of_run([2, 16, 16, 2], rate=1.0, rows=200, noise=0.15),
        "C": losses_of_run([2, 2], rate=0.02, rows=200, noise=0.15),
        "D": losses_of_run([2, 16, 16, 2], rate=0.005, rows=200, noise=0.15),
        "E": losses_of_run([2, 16, 16, 2], rate=0.00002, rows=200, noise=0.15),
    }


def losses_of_run(sizes, rate, rows, noise):
    x, y = make_moons(rows + 200, noise=noise, rng=np.random.default_rng(4))
    model = nn.MLP(sizes, activation="tanh", rng=np.random.default_rng(0))
    optimizer = optim.Adam(model.parameters(), lr=rate)
    loader = DataLoader(TensorDataset(x[:rows], y[:rows]), batch_size=16, shuffle=True, seed=0)
    run = {"train": [], "validation": []}
    for _ in range(60):
        for inputs, labels in loader:
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(inputs), labels).backward()
            optimizer.step()
        with no_grad():
            for name, part in (("train", slice(0, rows)), ("validation", slice(rows, None))):
                run[name].append(nn.functional.cross_entropy(model(x[part]), y[part]).item())
    return run


@diagnoses.mistake
def overfitting_missed():
    """In A the training loss falls towards 0 while the validation loss rises: the gap between the two is what to look
    at. A run is judged by its validation loss."""
    return RIGHT | {"A": "healthy"}


@diagnoses.mistake
def jumping_taken_for_overfitting():
    """Both curves of B are high, and they jump from one epoch to the next: the training loss, too, does not get down.
    Something throws the weights about."""
    return RIGHT | {"B": "overfits"}


@diagnoses.mistake
def too_simple_taken_for_healthy():
    """C is smooth, and training and validation agree, but at a loss at which much is still wrong; D gets far lower on
    the same data. More epochs will not help: the curve is flat."""
    return RIGHT | {"C": "healthy"}


@diagnoses.mistake
def flat_taken_for_a_large_rate():
    """C is flat from early on, and smooth. A learning rate that is too large makes a curve jump. What keeps C from
    getting lower is something else."""
    return RIGHT | {"C": "learning rate too large"}


@diagnoses.mistake
def flat_taken_for_overfitting():
    """Where a model overfits, the training loss falls and the validation loss does not. In C the two agree."""
    return RIGHT | {"C": "overfits"}


@diagnoses.mistake
def jumping_taken_for_underfitting():
    """The training loss of B is high, but it is not flat: it jumps up and down from one epoch to the next. A model that
    is too simple rests at its best; this one is thrown away from it again and again."""
    return RIGHT | {"B": "underfits"}


@diagnoses.mistake
def resting_taken_for_underfitting():
    """D hardly falls for some ten epochs, and then both curves fall to a fifth of what C reaches on the same data.
    Judge a run by where it ends."""
    return RIGHT | {"D": "underfits"}


@diagnoses.mistake
def slow_taken_for_too_simple():
    """C and E are both smooth, and high at the end. C has come to rest; E is still falling as fast as at the start, and
    has only not arrived."""
    return RIGHT | {"C": "learning rate too small", "E": "underfits"}


@diagnoses.mistake
def all_high_ones_too_simple():
    """E is high at the end, but it is still falling as fast as at the start. A model that is too simple comes to rest:
    E needs longer steps, or more epochs."""
    return RIGHT | {"E": "underfits"}


@diagnoses.mistake
def slow_taken_for_healthy():
    """Both curves of E fall together, so nothing is learned by heart. But after all its epochs it has got almost
    nowhere: D, on the same data, is twenty times lower."""
    return RIGHT | {"E": "healthy"}


@diagnoses.mistake
def resting_taken_for_slow():
    """D hardly falls for some ten epochs, and then goes to the lowest loss of all. With a rate that is too small, a
    curve never gets there."""
    return RIGHT | {"D": "learning rate too small"}


@diagnoses.mistake
def flat_taken_for_slow():
    """C falls fast and then comes to rest. With a rate that is too small it would still be falling."""
    return RIGHT | {"C": "learning rate too small"}


# --- 7 -----------------------------------------------------------------------------------------


@exercise("The best weights, and back", points=3)
def keep_the_best():
    """Return how many epochs were trained and the best score, and leave the model with the weights that scored best.

    Higher scores are better. The model as it came is measured first and counts, too. An equal score is not better. The
    run ends after `patience` epochs in a row that were not better, or after `most` epochs. For scores 0.1 at the start
    and then 0.5, 0.7, 0.6, 0.65, with patience 2: (4, 0.7), and the weights of the second epoch.
    """
    for scores, patience, most, about in [
        ([0.1, 0.5, 0.7, 0.6, 0.65, 0.9], 2, 10, ""),
        ([0.2, 0.4, 0.3, 0.5, 0.4, 0.6, 0.1, 0.2, 0.3], 3, 8, ""),
        ([0.1, 0.3, 0.2, 0.5, 0.4, 0.6, 0.5, 0.55, 0.7, 0.8], 2, 9, ""),
        ([0.3, 0.6, 0.2, 0.7, 0.1], 1, 4, "a patience of 1"),
        ([0.1, 0.2, 0.3, 0.4, 0.5], 2, 3, "scores that rise to the end"),
        ([0.9, 0.5, 0.4, 0.95], 2, 5, "a model that was best as it came"),
        ([0.2, 0.5, 0.6, 0.4, 0.7], 3, 3, "`most` ends it while patience is left"),
        ([0.5, 0.7, 0.7, 0.7, 0.8], 2, 5, "equal scores"),
        ([-3.0, -2.0, -4.0, -5.0], 2, 5, "scores below 0"),
        ([0.4, 0.6], 2, 0, "no epoch at all"),
        ([0.4, float("nan"), 0.6, 0.5, 0.5], 2, 4, "a score that is nan"),
    ]:
        inputs = {"scores": scores, "patience": patience, "most": most}
        expected = run_of(**inputs)
        names = ("epochs", "best score", "weights afterwards")
        yield Case(inputs, expected, call=epochs_and_weight, names=names, about=about)


def epochs_and_weight(keep_the_best, scores, patience, most):
    """The two numbers that it returns, and the epoch whose weights the model has in the end."""
    model = nn.Linear(1, 1, bias=False)
    model.weight.data[:] = 0

    def train_epoch():
        model.weight.data += 1
        if model.weight.item() > max(most, len(scores)) + 3:
            raise Refused("Your loop trains on and on: neither `patience` nor `most` ends it.")

    def score():
        return scores[min(round(model.weight.item()), len(scores) - 1)]

    answer = keep_the_best(model, train_epoch, score, patience, most)
    if answer is None or answer is ...:
        return answer
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        raise Refused("Return two numbers: how many epochs were trained, and the best score.")
    return (*answer, f"of epoch {round(model.weight.item())}")


def run_of(scores, patience, most):
    """The number of epochs, the best score, and the epoch whose weights are kept."""
    best, kept, epoch = scores[0], 0, 0
    while epoch < most and epoch - kept < patience:
        epoch += 1
        now = scores[min(epoch, len(scores) - 1)]
        if now > best:
            best, kept = now, epoch
    return epoch, best, f"of epoch {kept}"


def acting(better=lambda new, best: new > best, row=True, allowed=0, start=None, back=True):
    """A right answer, with switches that make it wrong."""

    def keep_the_best(model, train_epoch, score, patience, most):
        best, weights, waited, epoch = score(), model.state_dict(), 0, 0
        best = best if start is None else start
        while epoch < most and waited < patience + allowed:
            train_epoch()
            epoch += 1
            now = score()
            if better(now, best):
                best, weights, waited = now, model.state_dict(), (0 if row else waited)
            else:
                waited += 1
        if back:
            model.load_state_dict(weights)
        return epoch, best

    return keep_the_best


@keep_the_best.mistake
def not_gone_back(model, train_epoch, score, patience, most):
    """The model keeps the weights of the last epoch. Go back to those that scored best. If you did, were they a copy?
    Arrays that are kept without a copy are overwritten by the next epoch."""
    return acting(back=False)(model, train_epoch, score, patience, most)


@keep_the_best.mistake
def lower_is_better(model, train_epoch, score, patience, most):
    """You keep the lowest score, as for a loss. Here higher is better."""
    return acting(better=lambda new, best: new < best)(model, train_epoch, score, patience, most)


@keep_the_best.mistake
def equal_is_better(model, train_epoch, score, patience, most):
    """You take an equal score for better. Only one above the best so far is."""
    return acting(better=lambda new, best: new >= best)(model, train_epoch, score, patience, most)


@keep_the_best.mistake
def not_in_a_row(model, train_epoch, score, patience, most):
    """You count all epochs that were not better. Only those in a row count: after a better one the count begins again
    at 0."""
    return acting(row=False)(model, train_epoch, score, patience, most)


@keep_the_best.mistake
def one_epoch_too_long(model, train_epoch, score, patience, most):
    """Your run ends an epoch too late. With a patience of 1 the first epoch that is not better ends it."""
    return acting(allowed=1)(model, train_epoch, score, patience, most)


@keep_the_best.mistake
def start_ignored(model, train_epoch, score, patience, most):
    """You do not measure the model as it came. It counts, too: training may have made it worse."""
    return acting(start=-np.inf)(model, train_epoch, score, patience, most)


@keep_the_best.mistake
def best_starts_at_zero(model, train_epoch, score, patience, most):
    """Your best score starts at 0. It starts with the score of the model as it came, which may be above 0, or below."""
    return acting(start=0)(model, train_epoch, score, patience, most)


@keep_the_best.mistake
def number_of_the_best_epoch(model, train_epoch, score, patience, most):
    """You return which epoch was best. How many were trained in all was asked for."""
    _, best = acting()(model, train_epoch, score, patience, most)
    return round(model.weight.item()), best


@keep_the_best.mistake
def last_score(model, train_epoch, score, patience, most):
    """You return the last score. The best one was asked for."""
    last = []

    def noted():
        last.append(score())
        return last[-1]

    epochs, _ = acting()(model, train_epoch, noted, patience, most)
    return epochs, last[-1]


@keep_the_best.mistake
def patience_ignored(model, train_epoch, score, patience, most):
    """You train all `most` epochs. `patience` should end the run before."""
    return acting(allowed=most)(model, train_epoch, score, patience, most)


@keep_the_best.mistake
def score_first(model, train_epoch, score, patience, most):
    """You return the best score first. Return the number of epochs, then the best score."""
    return acting()(model, train_epoch, score, patience, most)[::-1]


@keep_the_best.mistake
def weights_before_the_epoch(model, train_epoch, score, patience, most):
    """You keep the weights from before the best epoch. Copy them after `train_epoch`, as they were when they scored."""
    before = [model.state_dict()]

    def noted():
        before.append(model.state_dict())
        train_epoch()

    scores = []

    def measured():
        scores.append(score())
        return scores[-1]

    epochs, best = acting(back=False)(model, noted, measured, patience, most)
    model.load_state_dict(before[scores.index(best)])
    return epochs, best


@keep_the_best.mistake
def better_than_the_one_before(model, train_epoch, score, patience, most):
    """You compare each score with the one of the epoch before. Compare it with the best so far."""
    latest = [score(), score()]

    def now():
        latest.append(score())
        return latest[-1]

    return acting(better=lambda new, best: new > latest[-2])(model, train_epoch, now, patience, most)


@keep_the_best.mistake
def back_only_out_of_patience(model, train_epoch, score, patience, most):
    """You go back to the best weights only where patience has run out. Go back, too, where `most` ends the run."""
    scores = []

    def measured():
        scores.append(score())
        return scores[-1]

    epochs, best = acting(back=False)(model, train_epoch, measured, patience, most)
    if epochs - scores.index(best) == patience:
        model.weight.data[:] = scores.index(best)
    return epochs, best


@keep_the_best.mistake
def back_after_each_worse_epoch(model, train_epoch, score, patience, most):
    """You go back to the best weights after each epoch that was not better, so the next one starts there again. Go back
    once, after the loop."""
    best, weights, waited, epoch = score(), model.state_dict(), 0, 0
    while epoch < most and waited < patience:
        train_epoch()
        epoch, now = epoch + 1, score()
        if now > best:
            best, weights, waited = now, model.state_dict(), 0
        else:
            waited += 1
            model.load_state_dict(weights)
    return epoch, best
