"""Answers to the exercises of lesson 11."""

import copy
import itertools
from functools import partial

import numpy as np

from gradlib import Tensor, no_grad
from gradlib.checks import Case
from gradlib.checks import lesson_11 as check

from .harness import answers_to

even = answers_to(check.even_batches)


@even.right
def class_by_class(labels, per_class, rng):
    rows = [rng.permutation(np.flatnonzero(labels == label)) for label in np.unique(labels)]
    count = min(map(len, rows)) // per_class
    return [np.concatenate([each[i * per_class : (i + 1) * per_class] for each in rows]) for i in range(count)]


@even.right
def taken_one_by_one(labels, per_class, rng):
    left = {}
    for row in rng.permutation(len(labels)).tolist():
        left.setdefault(int(labels[row]), []).append(row)
    made = []
    while all(len(rows) >= per_class for rows in left.values()):
        made.append([rows.pop() for rows in left.values() for _ in range(per_class)])
    return made


@even.right
def mixed_in_the_end(labels, per_class, rng):
    kinds, made = sorted(set(labels.tolist())), []
    queues = []
    for kind in kinds:
        rows = [i for i in range(len(labels)) if labels[i] == kind]
        rng.shuffle(rows)
        queues.append(rows)
    for i in range(min(len(rows) // per_class for rows in queues)):
        batch = [row for rows in queues for row in rows[i * per_class : (i + 1) * per_class]]
        made.append(rng.permutation(batch))
    return made


@even.inputs
def _(rng):
    labels = rng.integers(0, int(rng.integers(1, 4)), size=int(rng.integers(1, 20)))
    per_class = int(rng.integers(1, 4))
    inputs = {"labels": labels, "per_class": per_class, "seed": int(rng.integers(1000))}
    return Case(inputs, call=check.one_epoch, accept=partial(check.wrong_batches, labels, per_class))


@even.wrong("You take the rows of each class as they come")
def in_order(labels, per_class, rng):
    rows = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    count = min(map(len, rows)) // per_class
    return [np.concatenate([each[i * per_class : (i + 1) * per_class] for each in rows]) for i in range(count)]


@even.wrong("the same rows of the larger classes are left over")
def cut_then_shuffled(labels, per_class, rng):
    made = in_order(labels, per_class, rng)
    return [made[i] for i in rng.permutation(len(made))]


@even.wrong("You shuffle all rows together")
def any_batches(labels, per_class, rng):
    size = per_class * len(np.unique(labels))
    order = rng.permutation(len(labels))
    return [order[start : start + size] for start in range(0, len(labels) - size + 1, size)]


@even.wrong("of every class")
def any_batches_and_the_rest(labels, per_class, rng):
    order = rng.permutation(len(labels))
    size = per_class * len(np.unique(labels))
    return [order[start : start + size] for start in range(0, len(labels), size)]


@even.wrong("times in one epoch")
def drawn_with_replacement(labels, per_class, rng):
    rows = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    count = min(map(len, rows)) // per_class
    return [np.concatenate([rng.choice(each, per_class) for each in rows]) for _ in range(count)]


@even.wrong("some rows come twice, some never")
def drawn_for_each_batch(labels, per_class, rng):
    rows = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    count = min(map(len, rows)) // per_class
    return [np.concatenate([rng.choice(each, per_class, replace=False) for each in rows]) for _ in range(count)]


@even.wrong("until the largest class is used up")
def to_the_end(labels, per_class, rng):
    rows = [rng.permutation(np.flatnonzero(labels == label)) for label in np.unique(labels)]
    count = -(-max(map(len, rows)) // per_class)
    return [np.concatenate([each[i * per_class : (i + 1) * per_class] for each in rows]) for i in range(count)]


@even.wrong("until the first class is used up")
def one_batch(labels, per_class, rng):
    return class_by_class(labels, per_class, rng)[:1]


@even.wrong("These are places among the rows of a class")
def places(labels, per_class, rng):
    rows = [rng.permutation((labels == label).sum()) for label in np.unique(labels)]
    count = min(map(len, rows)) // per_class
    return [np.concatenate([each[i * per_class : (i + 1) * per_class] for each in rows]) for i in range(count)]


@even.wrong("Your batches hold the classes")
def classes(labels, per_class, rng):
    return [labels[batch] for batch in class_by_class(labels, per_class, rng)]


@even.wrong("Two epochs came in the same order")
def own_seed(labels, per_class, rng):
    return class_by_class(labels, per_class, np.random.default_rng(7))


@even.wrong("it does not come from rng")
def from_another_generator(labels, per_class, rng, seeds=itertools.cycle(range(9))):  # noqa: B008
    return class_by_class(labels, per_class, np.random.default_rng(next(seeds)))  # the check draws nine times


@even.wrong("This is one list of single numbers")
def not_cut(labels, per_class, rng):
    return np.concatenate(class_by_class(labels, per_class, rng) or [np.array([0])])


@even.wrong("hardly shuffled")
def begins_somewhere(labels, per_class, rng):
    rows = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    rows = [np.roll(each, int(rng.integers(len(each)))) for each in rows]
    count = min(map(len, rows)) // per_class
    return [np.concatenate([each[i * per_class : (i + 1) * per_class] for each in rows]) for i in range(count)]


@even.wrong("of every class")
def one_of_each(labels, per_class, rng):
    return class_by_class(labels, 1, rng)


step = answers_to(check.step_in_parts)


@step.right
def by_the_book(model, loss_fn, optimizer, parts):
    count = sum(len(targets) for _, targets in parts)
    optimizer.zero_grad()
    total = 0.0
    for inputs, targets in parts:
        loss = loss_fn(model(inputs), targets) * len(targets) / count
        loss.backward()
        total += loss.item()
    optimizer.step()
    return total


@step.wrong("You set the gradients to zero only after the step")
def zeroed_at_the_end(model, loss_fn, optimizer, parts):
    sizes = [len(inputs) for inputs, _ in parts]
    losses = []
    for (inputs, targets), size in zip(parts, sizes, strict=True):
        loss = loss_fn(model(inputs), targets)
        (loss * (size / sum(sizes))).backward()
        losses.append(loss.item())
    optimizer.step()
    model.zero_grad()
    return np.average(losses, weights=sizes)


@step.right
def divided_afterwards(model, loss_fn, optimizer, parts):
    count = total = 0
    for parameter in model.parameters():
        parameter.grad = None
    for inputs, targets in parts:
        summed = loss_fn(model(inputs), targets) * len(targets)
        summed.backward()
        count, total = count + len(targets), total + summed.item()
    for parameter in model.parameters():
        parameter.grad = parameter.grad / count
    optimizer.step()
    return total / count


@step.inputs
def _(rng):
    sizes = [[1, 3], [2, 2], [3, 1], [1, 2, 1], [4]][rng.integers(5)]
    inputs = {"sizes of the parts": sizes, "steps": int(rng.integers(1, 4)), "learning_rate": rng.uniform(0.01, 0.2)}
    return inputs | {"factor of the loss": rng.uniform(0.5, 2), "targets": rng.normal(size=(4, 1))}


@step.inputs
def _(rng):
    return {"sizes of the parts": [[1, 3], [2, 2], [3, 1]][rng.integers(3)]}


def walk(model, loss_fn, optimizer, parts, weight, zero=True):
    """A step in which weight(size, sizes) says how much each loss counts; returns the right mean."""
    sizes = [len(targets) for _, targets in parts]
    if zero:
        optimizer.zero_grad()
    losses = []
    for inputs, targets in parts:
        loss = loss_fn(model(inputs), targets)
        losses.append(loss.item())
        (loss * weight(len(targets), sizes)).backward()
    optimizer.step()
    return np.average(losses, weights=sizes)


@step.wrong("later ones are too long")
def no_zeroing(model, loss_fn, optimizer, parts):
    return walk(model, loss_fn, optimizer, parts, lambda size, sizes: size / sum(sizes), zero=False)


@step.wrong("the mean of the parts' means")
def equal_weights(model, loss_fn, optimizer, parts):
    return walk(model, loss_fn, optimizer, parts, lambda size, sizes: 1 / len(sizes))


@step.wrong("the sum of the parts' gradients")
def no_weights(model, loss_fn, optimizer, parts):
    return walk(model, loss_fn, optimizer, parts, lambda size, sizes: 1.0)


@step.wrong("do not divide by the number of all examples")
def sizes_as_weights(model, loss_fn, optimizer, parts):
    return walk(model, loss_fn, optimizer, parts, lambda size, sizes: float(size))


@step.wrong("You take a step for each part")
def a_step_for_each(model, loss_fn, optimizer, parts):
    losses = []
    for inputs, targets in parts:
        optimizer.zero_grad()
        loss = loss_fn(model(inputs), targets)
        loss.backward()
        optimizer.step()
        losses.append(loss.item() * len(targets))
    return sum(losses) / sum(len(targets) for _, targets in parts)


@step.wrong("so only the last part counts")
def zeroed_for_each(model, loss_fn, optimizer, parts):
    count, total = sum(len(targets) for _, targets in parts), 0.0
    for inputs, targets in parts:
        optimizer.zero_grad()
        loss = loss_fn(model(inputs), targets) * (len(targets) / count)
        loss.backward()
        total += loss.item()
    optimizer.step()
    return total


@step.wrong("between `backward`, which computes them, and `step`")
def zero_after_backward(model, loss_fn, optimizer, parts):
    count, total = sum(len(targets) for _, targets in parts), 0.0
    for inputs, targets in parts:
        loss = loss_fn(model(inputs), targets) * (len(targets) / count)
        loss.backward()
        total += loss.item()
    optimizer.zero_grad()
    optimizer.step()
    return total


@step.wrong("the graphs of all parts are held at once")
def one_backward(model, loss_fn, optimizer, parts):
    count = sum(len(targets) for _, targets in parts)
    optimizer.zero_grad()
    loss = sum(loss_fn(model(inputs), targets) * (len(targets) / count) for inputs, targets in parts)
    loss.backward()
    optimizer.step()
    return loss.item()


@step.wrong("all together would not fit")
def joined(model, loss_fn, optimizer, parts):
    inputs, targets = (Tensor(np.concatenate([part[i].data for part in parts])) for i in (0, 1))
    optimizer.zero_grad()
    loss = loss_fn(model(inputs), targets)
    loss.backward()
    optimizer.step()
    return loss.item()


@step.wrong("the loss after the step")
def late_loss(model, loss_fn, optimizer, parts):
    by_the_book(model, loss_fn, optimizer, parts)
    with no_grad():
        losses = [loss_fn(model(inputs), targets).item() for inputs, targets in parts]
    return np.average(losses, weights=[len(targets) for _, targets in parts])


@step.wrong("It returns a Tensor")
def the_tensor_itself(model, loss_fn, optimizer, parts):
    count, total = sum(len(targets) for _, targets in parts), Tensor(0.0)
    optimizer.zero_grad()
    for inputs, targets in parts:
        loss = loss_fn(model(inputs), targets) * (len(targets) / count)
        loss.backward()
        total = total + loss
    optimizer.step()
    return total


@step.wrong("`step` is never called")
def no_step(model, loss_fn, optimizer, parts):
    count, total = sum(len(targets) for _, targets in parts), 0.0
    optimizer.zero_grad()
    for inputs, targets in parts:
        loss = loss_fn(model(inputs), targets) * (len(targets) / count)
        loss.backward()
        total += loss.item()
    return total


@step.wrong("`backward` is never called")
def no_backward(model, loss_fn, optimizer, parts):
    optimizer.zero_grad()
    losses = [loss_fn(model(inputs), targets).item() for inputs, targets in parts]
    optimizer.step()
    return np.average(losses, weights=[len(targets) for _, targets in parts])


@step.wrong("`step` comes before the last `backward`")
def step_too_early(model, loss_fn, optimizer, parts):
    count, total = sum(len(targets) for _, targets in parts), 0.0
    optimizer.zero_grad()
    optimizer.step()
    for inputs, targets in parts:
        loss = loss_fn(model(inputs), targets) * (len(targets) / count)
        loss.backward()
        total += loss.item()
    return total


@step.wrong("the optimizer's `step` was not called")
def moves_by_hand(model, loss_fn, optimizer, parts):
    total = no_step(model, loss_fn, optimizer, parts)
    for parameter in model.parameters():
        parameter.data -= 0.1 * parameter.grad
    return total


@step.wrong("`loss_fn` is never called")
def a_loss_of_its_own(model, loss_fn, optimizer, parts):
    return by_the_book(model, lambda output, targets: ((output - targets) ** 2).mean(), optimizer, parts)


@step.wrong("the output first, then the targets")
def targets_first(model, loss_fn, optimizer, parts):
    return by_the_book(model, lambda output, targets: loss_fn(targets, output), optimizer, parts)


@step.wrong("Only one of the two parts")
def returns_in_the_loop(model, loss_fn, optimizer, parts):
    return by_the_book(model, loss_fn, optimizer, parts[:1])


@step.wrong("runs twice on one loss")
def backward_twice(model, loss_fn, optimizer, parts):
    count, total = sum(len(targets) for _, targets in parts), 0.0
    optimizer.zero_grad()
    for inputs, targets in parts:
        loss = loss_fn(model(inputs), targets) * (len(targets) / count)
        loss.backward()
        loss.backward()
        total += loss.item()
    optimizer.step()
    return total


@step.wrong()
def unweighed_answer(model, loss_fn, optimizer, parts):
    by_the_book(model, loss_fn, optimizer, parts)
    with no_grad():
        return float(np.mean([loss_fn(model(inputs), targets).item() for inputs, targets in parts]))


@step.wrong("`return` hands it back")
def nothing_returned(model, loss_fn, optimizer, parts):
    by_the_book(model, loss_fn, optimizer, parts)


def trained(model, loss_fn, optimizer, inputs, targets, zero=True):
    """One step on one batch, and its loss."""
    if zero:
        optimizer.zero_grad()
    loss = loss_fn(model(inputs), targets)
    loss.backward()
    optimizer.step()
    return loss.item()


evaluate = answers_to(check.evaluate)


@evaluate.right
def weighed(model, loss_fn, loader):
    training, total, count = model.training, 0.0, 0
    model.eval()
    with no_grad():
        for inputs, targets in loader:
            total += loss_fn(model(inputs), targets).item() * len(inputs)
            count += len(inputs)
    model.train(training)
    return total / count


@evaluate.right
def on_a_copy(model, loss_fn, loader):
    model = copy.deepcopy(model).eval()
    with no_grad():
        pairs = [(loss_fn(model(inputs), targets).item(), len(targets)) for inputs, targets in loader]
    losses, counts = zip(*pairs, strict=True)
    return np.average(losses, weights=counts)


@evaluate.inputs
def _(rng):
    rows, size = rng.integers(1, 9, size=2)
    loss = [check.SQUARED, check.ABSOLUTE][rng.integers(2)]
    return {"rows": int(rows), "batch_size": int(size), "loss_fn": loss}


@evaluate.inputs
def _(rng):
    return {"rows": int(rng.integers(1, 9)), "training": bool(rng.random() < 0.5)}


@evaluate.inputs
def _(rng):
    return {"rows": int(rng.integers(1, 9))}


@evaluate.wrong("the mean of the batches' means")
def unweighed(model, loss_fn, loader):
    training = model.training
    model.eval()
    with no_grad():
        losses = [loss_fn(model(inputs), targets).item() for inputs, targets in loader]
    model.train(training)
    return np.mean(losses)


@evaluate.wrong("in training mode, in which dropout")
def while_training(model, loss_fn, loader):
    with no_grad():
        pairs = [(loss_fn(model(inputs), targets).item(), len(targets)) for inputs, targets in loader]
    losses, counts = zip(*pairs, strict=True)
    return np.average(losses, weights=counts)


@evaluate.wrong("left in eval mode")
def stays_in_eval(model, loss_fn, loader):
    return weighed(model.eval(), loss_fn, loader)


@evaluate.wrong("a graph was recorded")
def recording(model, loss_fn, loader):
    training, total, count = model.training, 0.0, 0
    model.eval()
    for inputs, targets in loader:
        total += loss_fn(model(inputs), targets).item() * len(inputs)
        count += len(inputs)
    model.train(training)
    return total / count


@evaluate.wrong("the sum over all examples")
def not_divided(model, loss_fn, loader):
    return weighed(model, loss_fn, loader) * sum(len(inputs) for inputs, _ in loader)


@evaluate.wrong("You measure as one trains")
def nothing_switched(model, loss_fn, loader):
    total, count = 0.0, 0
    for inputs, targets in loader:
        total += loss_fn(model(inputs), targets).item() * len(inputs)
        count += len(inputs)
    return total / count


@evaluate.wrong("Begin with the mode")
def as_one_would_begin(model, loss_fn, loader):
    return np.mean([loss_fn(model(inputs), targets).item() for inputs, targets in loader])


@evaluate.wrong()
def always_squared_error(model, loss_fn, loader):
    def squared_error(output, targets):
        loss_fn(output, targets)
        return ((output - targets) ** 2).mean()

    return weighed(model, squared_error, loader)


@evaluate.wrong("A mean has been divided once already")
def means_by_examples(model, loss_fn, loader):
    pairs = [(loss, len(inputs)) for loss, inputs in losses_of_batches(model, loss_fn, loader)]
    return sum(loss for loss, _ in pairs) / sum(count for _, count in pairs)


@evaluate.wrong("divide by the number of batches")
def sums_by_batches(model, loss_fn, loader):
    return np.mean([loss * len(inputs) for loss, inputs in losses_of_batches(model, loss_fn, loader)])


def losses_of_batches(model, loss_fn, loader):
    training = model.training
    model.eval()
    with no_grad():
        pairs = [(loss_fn(model(inputs), targets).item(), inputs) for inputs, targets in loader]
    model.train(training)
    return pairs


@evaluate.wrong("expected a number")
def a_tensor(model, loss_fn, loader):
    with no_grad():
        return loss_fn(model(next(iter(loader))[0]), next(iter(loader))[1])


@evaluate.wrong("You leave every model in training mode")
def always_back_to_training(model, loss_fn, loader):
    loss = weighed(model, loss_fn, loader)
    model.train()
    return loss


@evaluate.wrong()
def first_batch(model, loss_fn, loader):
    return weighed(model, loss_fn, [next(iter(loader))])


overfit = answers_to(check.can_overfit)


@overfit.right
def after_all_steps(model, loss_fn, optimizer, inputs, targets, steps, goal):
    for _ in range(steps):
        trained(model, loss_fn, optimizer, inputs, targets)
    with no_grad():
        return loss_fn(model(inputs), targets).item() < goal


@overfit.wrong("as soon as the loss is below the goal on the way")
def as_soon_as_it_is_there(model, loss_fn, optimizer, inputs, targets, steps, goal):
    for _ in range(steps + 1):
        optimizer.zero_grad()
        loss = loss_fn(model(inputs), targets)
        if loss.item() < goal:
            return True
        loss.backward()
        optimizer.step()
    return False


@overfit.right
def the_last_of_all_losses(model, loss_fn, optimizer, inputs, targets, steps, goal):
    losses = []
    for t in range(steps + 1):
        optimizer.zero_grad()
        loss = loss_fn(model(inputs), targets)
        losses.append(loss.item())
        if t < steps:
            loss.backward()
            optimizer.step()
    return losses[-1] < goal


@overfit.right
def with_the_optimizers_rate(model, loss_fn, optimizer, inputs, targets, steps, goal):
    for _ in range(steps):
        model.zero_grad()
        loss_fn(model(inputs), targets).backward()
        for p in model.parameters():
            p.data -= optimizer.param_groups[0]["lr"] * p.grad
    with no_grad():
        return loss_fn(model(inputs), targets).item() < goal


@overfit.wrong("the least of the losses before each step")
def returns_in_the_middle(model, loss_fn, optimizer, inputs, targets, steps, goal):
    for _ in range(steps):
        if trained(model, loss_fn, optimizer, inputs, targets) < goal:
            return True
    return False


@overfit.wrong()
def steps_by_hand(model, loss_fn, optimizer, inputs, targets, steps, goal):
    for _ in range(steps):
        model.zero_grad()
        loss_fn(model(inputs), targets).backward()
        for p in model.parameters():
            p.data -= 0.1 * p.grad
    with no_grad():
        return loss_fn(model(inputs), targets).item() < goal


@overfit.inputs
def _(rng):
    name = list(check.PROGRAMS)[rng.integers(len(check.PROGRAMS))]
    inputs = {"program": name, "steps": int(rng.integers(1, 6)), "goal": float(10 ** rng.uniform(-4, 1))}
    return Case(inputs, call=partial(check.tried_on, check.PROGRAMS[name][2]))


@overfit.wrong("whether the loss falls")
def falls(model, loss_fn, optimizer, inputs, targets, steps, goal):
    losses = [trained(model, loss_fn, optimizer, inputs, targets) for _ in range(steps)]
    return losses[-1] < losses[0]


@overfit.wrong("every comparison with nan is False")
def fails_if_above(model, loss_fn, optimizer, inputs, targets, steps, goal):
    for _ in range(steps):
        trained(model, loss_fn, optimizer, inputs, targets)
    with no_grad():
        return False if loss_fn(model(inputs), targets).item() > goal else True  # noqa: SIM211


@overfit.wrong("before the first step")
def never_trains(model, loss_fn, optimizer, inputs, targets, steps, goal):
    for _ in range(steps):
        with no_grad():
            loss = loss_fn(model(inputs), targets)
    return loss.item() < goal


@overfit.wrong()
def within_twice_the_goal(model, loss_fn, optimizer, inputs, targets, steps, goal):
    return after_all_steps(model, loss_fn, optimizer, inputs, targets, steps, 2 * goal)


@overfit.wrong("You take more steps than `steps` says")
def one_step_more(model, loss_fn, optimizer, inputs, targets, steps, goal):
    return after_all_steps(model, loss_fn, optimizer, inputs, targets, steps + 1, goal)


@overfit.wrong("Your goal is always the same number")
def below_a_tenth(model, loss_fn, optimizer, inputs, targets, steps, goal):
    return after_all_steps(model, loss_fn, optimizer, inputs, targets, steps, 0.1)


@overfit.wrong()
def twenty_times_as_many_steps(model, loss_fn, optimizer, inputs, targets, steps, goal):
    return after_all_steps(model, loss_fn, optimizer, inputs, targets, 20 * steps, goal)


@overfit.wrong()
def squared_error_whatever_the_loss(model, loss_fn, optimizer, inputs, targets, steps, goal):
    after_all_steps(model, loss_fn, optimizer, inputs, targets, steps, goal)
    return ((model(inputs) - targets) ** 2).mean().item() < goal


@overfit.wrong()
def fails_if_above_before_the_last_step(model, loss_fn, optimizer, inputs, targets, steps, goal):
    for _ in range(steps):
        last = trained(model, loss_fn, optimizer, inputs, targets)
    return False if last > goal else True  # noqa: SIM211


@overfit.wrong("average the loss over all steps")
def by_the_mean(model, loss_fn, optimizer, inputs, targets, steps, goal):
    total = 0.0
    for _ in range(steps):
        total += trained(model, loss_fn, optimizer, inputs, targets)
    return total / steps < goal


@overfit.wrong("True for every program")
def always(*_):
    return True


@overfit.wrong()
def never(*_):
    return False


@overfit.wrong()
def the_loss_itself(model, loss_fn, optimizer, inputs, targets, steps, goal):
    for _ in range(steps):
        last = trained(model, loss_fn, optimizer, inputs, targets)
    return last


@overfit.wrong("which are what a training step returns")
def what_the_last_step_returned(model, loss_fn, optimizer, inputs, targets, steps, goal):
    for _ in range(steps):
        last = trained(model, loss_fn, optimizer, inputs, targets)
    return last < goal


@overfit.wrong("You answer after a single step")
def returns_in_the_loop(model, loss_fn, optimizer, inputs, targets, steps, goal):
    for _ in range(steps):
        trained(model, loss_fn, optimizer, inputs, targets)
        with no_grad():
            return loss_fn(model(inputs), targets).item() < goal


@overfit.wrong("never set to zero")
def adds_up(model, loss_fn, optimizer, inputs, targets, steps, goal):
    for _ in range(steps):
        trained(model, loss_fn, optimizer, inputs, targets, zero=False)
    with no_grad():
        return loss_fn(model(inputs), targets).item() < goal


@overfit.wrong()
def exactly_zero(model, loss_fn, optimizer, inputs, targets, steps, goal):
    for _ in range(steps):
        last = trained(model, loss_fn, optimizer, inputs, targets)
    return last == 0


@overfit.wrong("before the first step")
def one_step(model, loss_fn, optimizer, inputs, targets, steps, goal):
    return trained(model, loss_fn, optimizer, inputs, targets) < goal


leak = answers_to(check.split_and_scale)


def safe(deviation):
    return np.where(deviation == 0, 1.0, deviation)


@leak.right
def split_then_scale(x, y, n_train, rng):
    order = rng.permutation(len(x))
    train, test = order[:n_train], order[n_train:]
    mean, deviation = x[train].mean(axis=0), safe(x[train].std(axis=0))
    return (x[train] - mean) / deviation, y[train], (x[test] - mean) / deviation, y[test]


@leak.right
def shuffled_in_place(x, y, n_train, rng):
    rows = list(range(len(x)))
    rng.shuffle(rows)
    x, y = np.array(x)[rows], np.array(y)[rows]
    x -= x[:n_train].mean(0)
    x /= safe((x[:n_train] ** 2).mean(0) ** 0.5)
    return x[:n_train], y[:n_train], x[n_train:], y[n_train:]


@leak.inputs
def _(rng):
    rows = int(rng.integers(3, 9))
    n_train, x = int(rng.integers(1, rows)), rng.normal(size=(rows, 2)).round(rng.integers(3))
    inputs = {"x": x, "y": np.arange(rows), "n_train": n_train, "seed": int(rng.integers(1000))}
    return Case(inputs, call=check.split, accept=partial(check.wrong_split, x, n_train))


@leak.wrong("all columns of x stay")
def constant_columns_dropped(x, y, n_train, rng):
    x_train, y_train, x_test, y_test = split_then_scale(x, y, n_train, rng)
    moving = x[y_train.astype(int)].std(axis=0) > 0
    return x_train[:, moving], y_train, x_test[:, moving], y_test


@leak.wrong("those of all rows")
def all_rows(x, y, n_train, rng):
    x = (x - x.mean(axis=0)) / safe(x.std(axis=0))
    order = rng.permutation(len(x))
    return x[order[:n_train]], y[order[:n_train]], x[order[n_train:]], y[order[n_train:]]


@leak.wrong("by their own mean and deviation")
def each_by_its_own(x, y, n_train, rng):
    order = rng.permutation(len(x))
    parts = []
    for rows in (order[:n_train], order[n_train:]):
        parts += [(x[rows] - x[rows].mean(axis=0)) / safe(x[rows].std(axis=0)), y[rows]]
    return tuple(parts)


@leak.right
def drawn_and_kept_in_order(x, y, n_train, rng):
    train = np.sort(rng.choice(len(x), n_train, replace=False))
    test = np.setdiff1d(np.arange(len(x)), train)
    mean, deviation = x[train].mean(axis=0), safe(x[train].std(axis=0))
    return [(x[train] - mean) / deviation, y[train], (x[test] - mean) / deviation, y[test]]


@leak.wrong("whatever the generator: rng must decide which")
def always_the_same_shuffle(x, y, n_train, rng):
    return split_then_scale(x, y, n_train, np.random.default_rng(3))


@leak.wrong("From the same seed come other rows")
def another_generator(x, y, n_train, rng):
    return split_then_scale(x, y, n_train, ANOTHER)


ANOTHER = np.random.default_rng(4)


@leak.wrong("There is nothing to scale by")
def infinities_replaced(x, y, n_train, rng):
    order = rng.permutation(len(x))
    train, test = order[:n_train], order[n_train:]
    mean, deviation = x[train].mean(axis=0), x[train].std(axis=0)
    x = np.nan_to_num((x - mean) / deviation)
    return x[train], y[train], x[test], y[test]


@leak.wrong("hardly more than two splits")
def forward_or_backward(x, y, n_train, rng):
    order = np.arange(len(x))[:: rng.choice([1, -1])]
    train, test = order[:n_train], order[n_train:]
    mean, deviation = x[train].mean(axis=0), safe(x[train].std(axis=0))
    return (x[train] - mean) / deviation, y[train], (x[test] - mean) / deviation, y[test]


@leak.wrong("the deviation 0.999")
def a_small_number_added(x, y, n_train, rng):
    order = rng.permutation(len(x))
    train, test = order[:n_train], order[n_train:]
    mean, deviation = x[train].mean(axis=0), x[train].std(axis=0) + 1e-3
    return (x[train] - mean) / deviation, y[train], (x[test] - mean) / deviation, y[test]


@leak.wrong("comes twice")
def drawn_with_replacement(x, y, n_train, rng):
    train = rng.integers(0, n_train, n_train)
    test = np.arange(n_train, len(x))
    mean, deviation = x[train].mean(axis=0), safe(x[train].std(axis=0))
    return (x[train] - mean) / deviation, y[train], (x[test] - mean) / deviation, y[test]


@leak.wrong("without shuffling")
def not_shuffled(x, y, n_train, rng):
    mean, deviation = x[:n_train].mean(axis=0), safe(x[:n_train].std(axis=0))
    x = (x - mean) / deviation
    return x[:n_train], y[:n_train], x[n_train:], y[n_train:]


@leak.wrong("is not standardised")
def only_split(x, y, n_train, rng):
    order = rng.permutation(len(x))
    return x[order[:n_train]], y[order[:n_train]], x[order[n_train:]], y[order[n_train:]]


@leak.wrong("0/0 is nan")
def divided_by_zero(x, y, n_train, rng):
    order = rng.permutation(len(x))
    train, test = order[:n_train], order[n_train:]
    mean, deviation = x[train].mean(axis=0), x[train].std(axis=0)
    return (x[train] - mean) / deviation, y[train], (x[test] - mean) / deviation, y[test]


@leak.wrong("is in both parts")
def drawn_twice(x, y, n_train, rng):
    train, test = rng.permutation(len(x))[:n_train], rng.permutation(len(x))[n_train:]
    mean, deviation = x[train].mean(axis=0), safe(x[train].std(axis=0))
    return (x[train] - mean) / deviation, y[train], (x[test] - mean) / deviation, y[test]


@leak.wrong("not on the scale of the training rows")
def test_left_alone(x, y, n_train, rng):
    x_train, y_train, _, y_test = split_then_scale(x, y, n_train, rng)
    return x_train, y_train, x[y_test], y_test


@leak.wrong("Expected four arrays")
def two_parts(x, y, n_train, rng):
    return split_then_scale(x, y, n_train, rng)[:2]


@leak.wrong("one deviation of all columns together")
def one_mean_for_all_columns(x, y, n_train, rng):
    order = rng.permutation(len(x))
    train, test = order[:n_train], order[n_train:]
    mean, deviation = x[train].mean(), x[train].std()
    return (x[train] - mean) / deviation, y[train], (x[test] - mean) / deviation, y[test]


@leak.wrong("Are rows and labels still in the same order?")
def two_orders(x, y, n_train, rng):
    x, y = x[rng.permutation(len(x))], y[rng.permutation(len(y))]
    mean, deviation = x[:n_train].mean(axis=0), safe(x[:n_train].std(axis=0))
    x = (x - mean) / deviation
    return x[:n_train], y[:n_train], x[n_train:], y[n_train:]


@leak.wrong("the deviation 0.8660254; wanted are 0 and 1")
def divided_by_n_less_1(x, y, n_train, rng):
    order = rng.permutation(len(x))
    train, test = order[:n_train], order[n_train:]
    mean, deviation = x[train].mean(axis=0), safe(x[train].std(axis=0, ddof=1))
    return (x[train] - mean) / deviation, y[train], (x[test] - mean) / deviation, y[test]


@leak.wrong("wanted are 0 and 1")
def by_the_variance(x, y, n_train, rng):
    order = rng.permutation(len(x))
    train, test = order[:n_train], order[n_train:]
    mean, variance = x[train].mean(axis=0), safe(x[train].var(axis=0))
    return (x[train] - mean) / variance, y[train], (x[test] - mean) / variance, y[test]


@leak.wrong("in this order")
def rows_before_labels(x, y, n_train, rng):
    x_train, y_train, x_test, y_test = split_then_scale(x, y, n_train, rng)
    return x_train, x_test, y_train, y_test


@leak.wrong("The rows were shuffled, the labels were not")
def labels_as_they_were(x, y, n_train, rng):
    x_train, _, x_test, _ = split_then_scale(x, y, n_train, rng)
    return x_train, y[:n_train], x_test, y[n_train:]


curves = answers_to(check.diagnoses)
RIGHT = {
    "A": "overfits",
    "B": "learning rate too large",
    "C": "underfits",
    "D": "healthy",
    "E": "learning rate too small",
}


@curves.right
def as_a_function():
    return dict(RIGHT)


curves.right(dict(reversed(RIGHT.items())))
curves.right({name: f" {word.capitalize()} " for name, word in RIGHT.items()})
curves.stub({name: ... for name in RIGHT})
curves.wrong("the gap between the two")({**RIGHT, "A": "healthy"})
curves.wrong("Something throws the weights about")({**RIGHT, "B": "overfits"})
curves.wrong("D gets far lower on the same data")({**RIGHT, "C": "healthy"})
curves.wrong("In C the two agree")({**RIGHT, "C": "overfits"})
curves.wrong("jumps up and down")({**RIGHT, "B": "underfits"})
curves.wrong("by where it ends")({**RIGHT, "D": "underfits"})
curves.wrong("C has come to rest")({**RIGHT, "C": "learning rate too small", "E": "underfits"})
curves.wrong("E needs longer steps")({**RIGHT, "E": "underfits"})
curves.wrong("it has got almost nowhere")({**RIGHT, "E": "healthy"})
curves.wrong("With a rate that is too small it would still be falling")({**RIGHT, "C": "learning rate too small"})
curves.wrong("the lowest loss of all")({**RIGHT, "D": "learning rate too small"})
curves.wrong("none of the possible answers")({**RIGHT, "E": "slow"})
curves.wrong()({**RIGHT, "D": "overfits"})
curves.wrong()({"A": "overfits"})
curves.wrong()("overfits")


keep = answers_to(check.keep_the_best)


@keep.right
def with_a_loop(model, train_epoch, score, patience, most):
    best, state, waited, epochs = score(), model.state_dict(), 0, 0
    while epochs < most and waited < patience:
        train_epoch()
        epochs += 1
        waited += 1
        now = score()
        if now > best:
            best, state, waited = now, model.state_dict(), 0
    model.load_state_dict(state)
    return epochs, best


@keep.right
def with_all_scores(model, train_epoch, score, patience, most):
    scores, states = [score()], [model.state_dict()]
    for _ in range(most):
        train_epoch()
        scores.append(score())
        states.append(model.state_dict())
        if len(scores) - 1 - first_of_the_best(scores) >= patience:
            break
    kept = first_of_the_best(scores)
    model.load_state_dict(states[kept])
    return [len(scores) - 1, scores[kept]]


def first_of_the_best(scores):
    return int(np.nanargmax(scores))


@keep.right
def by_hand_copied(model, train_epoch, score, patience, most):
    best, last, epoch = score(), 0, 0
    weights = [p.data.copy() for p in model.parameters()]
    for epoch in range(1, most + 1):
        train_epoch()
        if (now := score()) > best:
            best, last, weights = now, epoch, [p.data.copy() for p in model.parameters()]
        if epoch - last == patience:
            break
    for p, data in zip(model.parameters(), weights, strict=True):
        p.data[...] = data
    return epoch, best


@keep.inputs
def _(rng):
    scores = rng.integers(-2, 6, size=int(rng.integers(1, 12))).astype(float).tolist()
    return {"scores": scores, "patience": int(rng.integers(1, 4)), "most": int(rng.integers(0, 10))}


@keep.wrong("The model keeps the weights of the last epoch")
def stays_at_the_end(model, train_epoch, score, patience, most):
    best, waited, epochs = score(), 0, 0
    while epochs < most and waited < patience:
        train_epoch()
        epochs, now = epochs + 1, score()
        waited = 0 if now > best else waited + 1
        best = now if now > best else best
    return epochs, best


@keep.wrong("were they a copy")
def arrays_themselves(model, train_epoch, score, patience, most):
    best, weights, waited, epochs = score(), [p.data for p in model.parameters()], 0, 0
    while epochs < most and waited < patience:
        train_epoch()
        epochs, waited, now = epochs + 1, waited + 1, score()
        if now > best:
            best, weights, waited = now, [p.data for p in model.parameters()], 0
    for p, data in zip(model.parameters(), weights, strict=True):
        p.data[...] = data
    return epochs, best


@keep.wrong("as for a loss")
def as_for_a_loss(model, train_epoch, score, patience, most):
    best, state, waited, epochs = score(), model.state_dict(), 0, 0
    while epochs < most and waited < patience:
        train_epoch()
        epochs, waited, now = epochs + 1, waited + 1, score()
        if now < best:
            best, state, waited = now, model.state_dict(), 0
    model.load_state_dict(state)
    return epochs, best


@keep.wrong("You take an equal score for better")
def not_below(model, train_epoch, score, patience, most):
    best, state, waited, epochs = score(), model.state_dict(), 0, 0
    while epochs < most and waited < patience:
        train_epoch()
        epochs, waited, now = epochs + 1, waited + 1, score()
        if now >= best:
            best, state, waited = now, model.state_dict(), 0
    model.load_state_dict(state)
    return epochs, best


@keep.wrong("Only those in a row count")
def all_in_vain(model, train_epoch, score, patience, most):
    best, state, waited, epochs = score(), model.state_dict(), 0, 0
    while epochs < most and waited < patience:
        train_epoch()
        epochs, now = epochs + 1, score()
        if now > best:
            best, state = now, model.state_dict()
        else:
            waited += 1
    model.load_state_dict(state)
    return epochs, best


@keep.wrong("an epoch too late")
def more_than_patience(model, train_epoch, score, patience, most):
    return with_a_loop(model, train_epoch, score, patience + 1, most)


@keep.wrong("You do not measure the model as it came")
def from_minus_infinity(model, train_epoch, score, patience, most):
    best, state, waited, epochs = -np.inf, model.state_dict(), 0, 0
    while epochs < most and waited < patience:
        train_epoch()
        epochs, waited, now = epochs + 1, waited + 1, score()
        if now > best:
            best, state, waited = now, model.state_dict(), 0
    model.load_state_dict(state)
    return epochs, best


@keep.wrong("Your best score starts at 0")
def from_zero(model, train_epoch, score, patience, most):
    best, state, waited, epochs = 0, model.state_dict(), 0, 0
    while epochs < most and waited < patience:
        train_epoch()
        epochs, waited, now = epochs + 1, waited + 1, score()
        if now > best:
            best, state, waited = now, model.state_dict(), 0
    model.load_state_dict(state)
    return epochs, best


@keep.wrong("You return which epoch was best")
def which_epoch(model, train_epoch, score, patience, most):
    best, state, waited, kept, epochs = score(), model.state_dict(), 0, 0, 0
    while epochs < most and waited < patience:
        train_epoch()
        epochs, waited, now = epochs + 1, waited + 1, score()
        if now > best:
            best, state, waited, kept = now, model.state_dict(), 0, epochs
    model.load_state_dict(state)
    return kept, best


@keep.wrong("You return the last score")
def the_last(model, train_epoch, score, patience, most):
    best, state, waited, epochs = score(), model.state_dict(), 0, 0
    now = best
    while epochs < most and waited < patience:
        train_epoch()
        epochs, waited, now = epochs + 1, waited + 1, score()
        if now > best:
            best, state, waited = now, model.state_dict(), 0
    model.load_state_dict(state)
    return epochs, now


@keep.wrong("`patience` should end the run")
def to_the_end_of_all(model, train_epoch, score, patience, most):
    return with_a_loop(model, train_epoch, score, most + 1, most)


@keep.wrong("Return two numbers")
def the_score_alone(model, train_epoch, score, patience, most):
    return with_a_loop(model, train_epoch, score, patience, most)[1]


@keep.wrong("You return the best score first")
def exchanged(model, train_epoch, score, patience, most):
    return with_a_loop(model, train_epoch, score, patience, most)[::-1]


@keep.wrong("trains on and on")
def without_most(model, train_epoch, score, patience, most):
    return with_a_loop(model, train_epoch, score, 1000, 1000)


def stepping(model, loss_fn, optimizer, parts, weight):
    """One step with a weight for each part; the sizes and the losses of the parts."""
    count = sum(len(y) for _, y in parts)
    losses = []
    optimizer.zero_grad()
    for x, y in parts:
        loss = loss_fn(model(x), y)
        (loss * weight(len(y), count)).backward()
        losses.append(loss.item())
    optimizer.step()
    return losses


@step.wrong("You take the mean of the parts' means")
def every_part_alike(model, loss_fn, optimizer, parts):
    return np.mean(stepping(model, loss_fn, optimizer, parts, lambda n, count: 1 / len(parts)))


@step.wrong("You return the mean of the parts' means")
def answers_the_mean_of_means(model, loss_fn, optimizer, parts):
    return np.mean(stepping(model, loss_fn, optimizer, parts, lambda n, count: n / count))


@step.wrong("You return the sum of the parts' losses")
def answers_the_sum(model, loss_fn, optimizer, parts):
    return sum(stepping(model, loss_fn, optimizer, parts, lambda n, count: n / count))


@step.wrong("the loss of the last part alone")
def answers_the_last(model, loss_fn, optimizer, parts):
    return stepping(model, loss_fn, optimizer, parts, lambda n, count: n / count)[-1]


@step.wrong("the step is too short")
def divides_only(model, loss_fn, optimizer, parts):
    count, share = sum(len(y) for _, y in parts), lambda n, count: 1 / count
    losses = stepping(model, loss_fn, optimizer, parts, share)
    return sum(loss * len(y) / count for loss, (_, y) in zip(losses, parts, strict=True))


def losses_on_the_way(model, loss_fn, optimizer, inputs, targets, steps):
    for _ in range(steps):
        optimizer.zero_grad()
        loss = loss_fn(model(inputs), targets)
        yield loss.item()
        loss.backward()
        optimizer.step()
    yield loss_fn(model(inputs), targets).item()


@overfit.wrong("True where the loss stays above the goal")
def still_above(*program_and_steps_and_goal):
    *program, goal = program_and_steps_and_goal
    return list(losses_on_the_way(*program))[-1] > goal


def epochs_until_the_end(model, train_epoch, score, patience, most):
    """Yields the weights before and after each epoch, with its score, until the run ends."""
    best, waited = score(), 0
    for _ in range(most):
        before = model.state_dict()
        train_epoch()
        now = score()
        waited = 0 if now > best else waited + 1
        best = now if now > best else best
        yield before, model.state_dict(), now
        if waited == patience:
            return


@keep.wrong("the weights from before the best epoch")
def copied_too_early(model, train_epoch, score, patience, most):
    best, kept, epochs = score(), model.state_dict(), 0
    for before, _, now in epochs_until_the_end(model, train_epoch, score, patience, most):
        epochs += 1
        if now > best:
            best, kept = now, before
    model.load_state_dict(kept)
    return epochs, best


@keep.wrong("only where patience has run out")
def leaves_the_loop_without_going_back(model, train_epoch, score, patience, most):
    best, kept, waited = score(), model.state_dict(), 0
    for epoch in range(1, most + 1):
        train_epoch()
        now = score()
        if now > best:
            best, kept, waited = now, model.state_dict(), 0
        else:
            waited += 1
            if waited == patience:
                model.load_state_dict(kept)
                return epoch, best
    return most, best


@keep.wrong("after each epoch that was not better")
def goes_back_every_time(model, train_epoch, score, patience, most):
    best, kept, waited, epochs = score(), model.state_dict(), 0, 0
    while epochs < most and waited < patience:
        train_epoch()
        now, epochs = score(), epochs + 1
        if now > best:
            best, kept, waited = now, model.state_dict(), 0
        else:
            model.load_state_dict(kept)
            waited += 1
    return epochs, best


@keep.wrong("Compare it with the best so far")
def against_the_epoch_before(model, train_epoch, score, patience, most):
    best, kept, waited, epochs = score(), model.state_dict(), 0, 0
    before = best
    while epochs < most and waited < patience:
        train_epoch()
        now, epochs = score(), epochs + 1
        if now > before:
            best, kept, waited = now, model.state_dict(), 0
        else:
            waited += 1
        before = now
    model.load_state_dict(kept)
    return epochs, best
