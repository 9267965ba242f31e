"""Answers to the exercises of lesson 11."""

import copy
import itertools
from functools import partial

import numpy as np

from gradlib import no_grad
from gradlib.checks import Case
from gradlib.checks import lesson_11 as check

from .harness import answers_to

batches = answers_to(check.batches)


@batches.right
def cut_by_slices(n, batch_size, rng):
    order = rng.permutation(n)
    return [order[start : start + batch_size] for start in range(0, n, batch_size)]


@batches.right
def cut_by_split(n, batch_size, rng):
    order = np.arange(n)
    rng.shuffle(order)
    return np.split(order, range(batch_size, n, batch_size))


@batches.right
def taken_one_by_one(n, batch_size, rng):
    left, made = list(rng.choice(n, size=n, replace=False)), []
    while left:
        made.append([left.pop() for _ in range(min(batch_size, len(left)))])
    return made


@batches.inputs
def _(rng):
    n, size = int(rng.integers(1, 30)), int(rng.integers(1, 8))
    inputs = {"n": n, "batch_size": size, "seed": int(rng.integers(1000))}
    return Case(inputs, call=check.one_epoch, accept=partial(check.wrong_batches, n, size))


@batches.wrong("the examples that do not fill a batch are left out".capitalize())
def drops_the_rest(n, batch_size, rng):
    order = rng.permutation(n)
    return [order[start : start + batch_size] for start in range(0, n - batch_size + 1, batch_size)]


@batches.wrong("some come twice, some never")
def draws_with_replacement(n, batch_size, rng):
    return [rng.choice(n, size=min(batch_size, n - start)) for start in range(0, n, batch_size)]


@batches.wrong("You cut the numbers as they come")
def sorted_batches(n, batch_size, rng):
    return np.split(np.arange(n), range(batch_size, n, batch_size))


@batches.wrong("Two epochs came in the same order")
def own_seed(n, batch_size, rng):
    order = np.random.default_rng(7).permutation(n)
    return [order[start : start + batch_size] for start in range(0, n, batch_size)]


@batches.wrong("all full but the last")
def even_batches(n, batch_size, rng):
    return np.array_split(rng.permutation(n), -(-n // batch_size))


@batches.wrong("the numbers go from 0 to")
def counts_from_one(n, batch_size, rng):
    order = rng.permutation(n)
    return [*np.split(order, range(batch_size, n, batch_size)), [n]]


@batches.wrong("the same examples stand together")
def cuts_then_shuffles(n, batch_size, rng):
    return [rng.permutation(piece) for piece in np.split(np.arange(n), range(batch_size, n, batch_size))]


@batches.wrong("it does not come from rng")
def from_another_generator(n, batch_size, rng, seeds=itertools.cycle(range(8))):  # noqa: B008
    order = np.random.default_rng(next(seeds)).permutation(n)  # the check draws eight times: each report is the same
    return [order[start : start + batch_size] for start in range(0, n, batch_size)]


@batches.wrong("You cut the numbers as they come")
def drawn_and_not_used(n, batch_size, rng):
    rng.permutation(n)
    return sorted_batches(n, batch_size, rng)


@batches.wrong("the batches must follow it")
def drawn_and_added_to_an_order_of_its_own(n, batch_size, rng):
    rng.permutation(n)
    return own_seed(n, batch_size, rng)


@batches.wrong("the order is hardly shuffled")
def begins_somewhere(n, batch_size, rng):
    order = np.roll(np.arange(n), int(rng.integers(n)))
    return np.split(order, range(batch_size, n, batch_size))


@batches.wrong("This is one order of single numbers")
def not_cut(n, batch_size, rng):
    return rng.permutation(n)


@batches.wrong("`return` hands it back")
def what_shuffle_returns(n, batch_size, rng):
    return rng.shuffle(np.arange(n))


@batches.wrong("times in one epoch")
def overlapping(n, batch_size, rng):
    order = rng.permutation(n)
    return [order[start : start + batch_size] for start in range(n)]


@batches.wrong("are in no batch")
def one_batch(n, batch_size, rng):
    return [rng.permutation(n)[:batch_size]]


step = answers_to(check.train_step)


@step.right
def by_the_book(model, loss_fn, optimizer, inputs, targets):
    optimizer.zero_grad()
    loss = loss_fn(model(inputs), targets)
    loss.backward()
    optimizer.step()
    return loss.item()


@step.right
def zeroed_at_the_end(model, loss_fn, optimizer, inputs, targets):
    loss = loss_fn(model(inputs), targets)
    loss.backward()
    optimizer.step()
    model.zero_grad()
    return float(loss)


@step.right
def zeroed_in_between(model, loss_fn, optimizer, inputs, targets):
    loss = loss_fn(model(inputs), targets)
    for parameter in model.parameters():
        parameter.grad = None
    loss.backward()
    optimizer.step()
    return loss.data.item()


@step.inputs
def _(rng):
    rate, factor, targets = rng.uniform(0.01, 0.2), rng.uniform(0.5, 2), rng.normal(size=(4, 1))
    return {"steps": int(rng.integers(1, 4)), "learning_rate": rate, "factor of the loss": factor, "targets": targets}


@step.inputs
def _(rng):
    return {"calls": 1}


@step.wrong("later ones are too long")
def no_zeroing(model, loss_fn, optimizer, inputs, targets):
    loss = loss_fn(model(inputs), targets)
    loss.backward()
    optimizer.step()
    return float(loss.data)


@step.wrong("The loss never changes")
def zero_after_backward(model, loss_fn, optimizer, inputs, targets):
    loss = loss_fn(model(inputs), targets)
    loss.backward()
    model.zero_grad()
    optimizer.step()
    return loss.item()


@step.wrong("the loss after the step")
def late_loss(model, loss_fn, optimizer, inputs, targets):
    by_the_book(model, loss_fn, optimizer, inputs, targets)
    with no_grad():
        return loss_fn(model(inputs), targets).item()


@step.wrong("The first call moves nothing")
def step_first(model, loss_fn, optimizer, inputs, targets):
    optimizer.step()
    optimizer.zero_grad()
    loss = loss_fn(model(inputs), targets)
    loss.backward()
    return loss.item()


@step.wrong("It returns a Tensor")
def the_tensor_itself(model, loss_fn, optimizer, inputs, targets):
    optimizer.zero_grad()
    loss = loss_fn(model(inputs), targets)
    loss.backward()
    optimizer.step()
    return loss


@step.wrong("`step` is never called")
def no_step(model, loss_fn, optimizer, inputs, targets):
    optimizer.zero_grad()
    loss = loss_fn(model(inputs), targets)
    loss.backward()
    return loss.item()


@step.wrong("`backward` is never called")
def no_backward(model, loss_fn, optimizer, inputs, targets):
    optimizer.zero_grad()
    loss = loss_fn(model(inputs), targets)
    optimizer.step()
    return loss.item()


@step.wrong("`step` comes before `backward`")
def step_between(model, loss_fn, optimizer, inputs, targets):
    optimizer.zero_grad()
    loss = loss_fn(model(inputs), targets)
    optimizer.step()
    loss.backward()
    return loss.item()


@step.wrong("the optimizer's `step` was not called")
def moves_by_hand(model, loss_fn, optimizer, inputs, targets):
    optimizer.zero_grad()
    loss = loss_fn(model(inputs), targets)
    loss.backward()
    for parameter in model.parameters():
        parameter.data -= 0.1 * parameter.grad
    return loss.item()


@step.wrong("`loss_fn` is never called")
def a_loss_of_its_own(model, loss_fn, optimizer, inputs, targets):
    optimizer.zero_grad()
    loss = ((model(inputs) - targets) ** 2).mean()
    loss.backward()
    optimizer.step()
    return loss.item()


@step.wrong("You set the gradients to zero between")
def none_after_backward(model, loss_fn, optimizer, inputs, targets):
    loss = loss_fn(model(inputs), targets)
    loss.backward()
    for parameter in model.parameters():
        parameter.grad = None
    optimizer.step()
    return loss.item()


@step.wrong("runs twice on one loss")
def backward_twice(model, loss_fn, optimizer, inputs, targets):
    optimizer.zero_grad()
    loss = loss_fn(model(inputs), targets)
    loss.backward()
    loss.backward()
    optimizer.step()
    return loss.item()


@step.wrong("the output first, then the targets")
def targets_first(model, loss_fn, optimizer, inputs, targets):
    return by_the_book(model, lambda output, target: loss_fn(target, output), optimizer, inputs, targets)


@step.wrong("a value of type ndarray")
def an_array(model, loss_fn, optimizer, inputs, targets):
    return np.array(by_the_book(model, loss_fn, optimizer, inputs, targets))


@step.wrong("The object before the dot")
def a_number_too_early(model, loss_fn, optimizer, inputs, targets):
    optimizer.zero_grad()
    loss = loss_fn(model(inputs), targets).item()
    loss.backward()
    optimizer.step()
    return loss


@step.wrong("later ones are too long")
def zero_grad_not_called(model, loss_fn, optimizer, inputs, targets):
    optimizer.zero_grad  # noqa: B018
    return no_zeroing(model, loss_fn, optimizer, inputs, targets)


@step.wrong("One call takes 2 steps")
def two_steps(model, loss_fn, optimizer, inputs, targets):
    first = by_the_book(model, loss_fn, optimizer, inputs, targets)
    by_the_book(model, loss_fn, optimizer, inputs, targets)
    return first


@step.wrong()
def nothing_returned(model, loss_fn, optimizer, inputs, targets):
    by_the_book(model, loss_fn, optimizer, inputs, targets)


@step.wrong()
def swapped_loss(model, loss_fn, optimizer, inputs, targets):
    return by_the_book(model, lambda output, target: loss_fn(output, target).sqrt(), optimizer, inputs, targets)


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
        by_the_book(model, loss_fn, optimizer, inputs, targets)
    with no_grad():
        return loss_fn(model(inputs), targets).item() < goal


@overfit.right
def as_soon_as_it_is_there(model, loss_fn, optimizer, inputs, targets, steps, goal):
    for _ in range(steps + 1):
        optimizer.zero_grad()
        loss = loss_fn(model(inputs), targets)
        if loss.item() < goal:
            return True
        loss.backward()
        optimizer.step()
    return False


@overfit.inputs
def _(rng):
    name = list(check.PROGRAMS)[rng.integers(len(check.PROGRAMS))]
    inputs = {"program": name, "steps": int(rng.integers(1, 6)), "goal": float(10 ** rng.uniform(-4, 1))}
    return Case(inputs, call=partial(check.tried_on, check.PROGRAMS[name][2]))


@overfit.wrong("whether the loss falls")
def falls(model, loss_fn, optimizer, inputs, targets, steps, goal):
    losses = [by_the_book(model, loss_fn, optimizer, inputs, targets) for _ in range(steps)]
    return losses[-1] < losses[0]


@overfit.wrong("every comparison with nan is False")
def fails_if_above(model, loss_fn, optimizer, inputs, targets, steps, goal):
    for _ in range(steps):
        by_the_book(model, loss_fn, optimizer, inputs, targets)
    with no_grad():
        return False if loss_fn(model(inputs), targets).item() > goal else True  # noqa: SIM211


@overfit.wrong("as it is before the first step")
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
        last = by_the_book(model, loss_fn, optimizer, inputs, targets)
    return False if last > goal else True  # noqa: SIM211


@overfit.wrong("average the loss over all steps")
def by_the_mean(model, loss_fn, optimizer, inputs, targets, steps, goal):
    total = 0.0
    for _ in range(steps):
        total += by_the_book(model, loss_fn, optimizer, inputs, targets)
    return total / steps < goal


@overfit.wrong()
def always(*_):
    return True


@overfit.wrong()
def never(*_):
    return False


@overfit.wrong()
def the_loss_itself(model, loss_fn, optimizer, inputs, targets, steps, goal):
    for _ in range(steps):
        last = by_the_book(model, loss_fn, optimizer, inputs, targets)
    return last


@overfit.wrong("before the last step")
def what_the_last_step_returned(model, loss_fn, optimizer, inputs, targets, steps, goal):
    for _ in range(steps):
        last = by_the_book(model, loss_fn, optimizer, inputs, targets)
    return last < goal


@overfit.wrong("You answer after a single step")
def returns_in_the_loop(model, loss_fn, optimizer, inputs, targets, steps, goal):
    for _ in range(steps):
        by_the_book(model, loss_fn, optimizer, inputs, targets)
        with no_grad():
            return loss_fn(model(inputs), targets).item() < goal


@overfit.wrong("never set to zero")
def adds_up(model, loss_fn, optimizer, inputs, targets, steps, goal):
    for _ in range(steps):
        no_zeroing(model, loss_fn, optimizer, inputs, targets)
    with no_grad():
        return loss_fn(model(inputs), targets).item() < goal


@overfit.wrong()
def exactly_zero(model, loss_fn, optimizer, inputs, targets, steps, goal):
    for _ in range(steps):
        last = by_the_book(model, loss_fn, optimizer, inputs, targets)
    return last == 0


@overfit.wrong("as it is before the first step")
def one_step(model, loss_fn, optimizer, inputs, targets, steps, goal):
    return by_the_book(model, loss_fn, optimizer, inputs, targets) < goal


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
RIGHT = {"A": "overfits", "B": "learning rate too large", "C": "underfits", "D": "healthy"}


@curves.right
def as_a_function():
    return dict(RIGHT)


curves.right(dict(reversed(RIGHT.items())))
curves.stub({name: ... for name in RIGHT})
curves.wrong("the gap between the two")({**RIGHT, "A": "healthy"})
curves.wrong("Something throws the weights about")({**RIGHT, "B": "overfits"})
curves.wrong("D gets far lower on the same data")({**RIGHT, "C": "healthy"})
curves.wrong("In C the two agree")({**RIGHT, "C": "overfits"})
curves.wrong("jumps up and down")({**RIGHT, "B": "underfits"})
curves.wrong("by where it ends")({**RIGHT, "D": "underfits"})
curves.wrong()({**RIGHT, "D": "overfits"})
curves.wrong()({"A": "overfits"})
curves.wrong()("overfits")
