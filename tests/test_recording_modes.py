"""The contexts that change how operations are recorded: nested, shared, as decorators, around generators."""

import threading

import numpy as np
import pytest

from gradlib import Tensor, detect_anomaly, enable_grad, no_grad
from gradlib.amp import autocast
from gradlib.autograd import RecordingMode, recording, unusual

MODES = RecordingMode.__subclasses__()


def state():
    return recording.enabled, recording.watcher, recording.products_in, len(recording.outside), len(unusual)


def inside(mode):
    """The state in the mode, compared by kind: each block of `detect_anomaly` has a watcher of its own."""
    enabled, watcher, products_in, *_ = state()
    return {
        no_grad: not enabled,
        enable_grad: enabled,
        autocast: products_in == np.float16,
        detect_anomaly: watcher is not None,
    }[mode]


def test_every_mode_is_here():
    assert set(MODES) == {no_grad, enable_grad, autocast, detect_anomaly}


@pytest.mark.parametrize("mode", MODES)
def test_one_object_inside_itself(mode):
    with no_grad() if mode is enable_grad else enable_grad():
        before, one = state(), mode()
        with one:
            first = state()
            with one:
                assert inside(mode)
            assert state() == first and inside(mode)
        assert state() == before


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("other", MODES)
def test_two_modes_inside_each_other_by_turns(mode, other):
    one, two, before = mode(), other(), state()
    with one, two, one, two:
        assert inside(other)
    assert state() == before


@pytest.mark.parametrize("mode", MODES)
def test_an_error_ends_it(mode):
    before = state()
    with pytest.raises(ZeroDivisionError), mode():
        raise ZeroDivisionError
    assert state() == before


@pytest.mark.parametrize("mode", MODES)
def test_a_decorated_function_that_calls_itself(mode):
    seen = []

    @mode()
    def descend(n):
        if n:
            descend(n - 1)
        seen.append(inside(mode))

    before = state()
    descend(3)
    assert seen == [True] * 4 and state() == before


@pytest.mark.parametrize("mode", MODES)
def test_one_object_in_two_threads(mode):
    """One thread leaves the block while the other is still inside."""
    one, together, seen = mode(), threading.Barrier(2, timeout=60), []

    def leave_early():
        before = state()[:4]
        with one:
            together.wait()
        seen.append(state()[:4] == before)
        together.wait()

    def stay():
        before = state()[:4]
        with one:
            together.wait()
            together.wait()
            seen.append(inside(mode))
        seen.append(state()[:4] == before)

    threads = [threading.Thread(target=work) for work in (leave_early, stay)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [True, True, True] and not unusual


@pytest.mark.parametrize("mode", [no_grad, autocast, detect_anomaly])
def test_a_generator_function_has_the_mode_in_its_own_lines_only(mode):
    @mode()
    def count(n):
        for i in range(n):
            assert inside(mode)
            yield i
        assert inside(mode)
        return "done"

    def delegate():
        return (yield from count(3))

    before, generator = state(), delegate()
    assert state() == before
    for i in range(3):
        assert next(generator) == i
        assert state() == before and not inside(mode)
    with pytest.raises(StopIteration) as end:
        next(generator)
    assert end.value.value == "done" and state() == before


def test_a_generator_under_no_grad_records_no_graph():
    @no_grad()
    def squares(x):
        yield x * x
        yield x * x * x

    x = Tensor(2.0, requires_grad=True)
    assert [y.requires_grad for y in squares(x)] == [False, False]
    assert (x * x).requires_grad


@pytest.mark.parametrize("opened", [enable_grad, autocast, detect_anomaly])
@pytest.mark.parametrize("mode", [no_grad, autocast, detect_anomaly])
def test_the_blocks_that_a_generator_is_in_while_it_waits_are_its_own(mode, opened):
    @mode()
    def steps():
        with opened():
            yield inside(opened)
            yield inside(opened)
        yield inside(mode)

    before, settings = state(), (recording.enabled, recording.watcher, recording.products_in)
    for own in steps():
        assert own and (recording.enabled, recording.watcher, recording.products_in) == settings
    assert state() == before
    left = steps()
    next(left)
    assert (recording.enabled, recording.watcher, recording.products_in) == settings
    left.close()
    assert state() == before


def test_what_a_caller_sends_throws_and_closes_reaches_the_generator():
    log = []

    @no_grad()
    def talk():
        try:
            while True:
                try:
                    log.append((yield recording.enabled))
                except KeyError as error:
                    log.append(type(error))
        finally:
            log.append(("closed", recording.enabled))

    generator = talk()
    assert next(generator) is False
    generator.send("hello")
    generator.throw(KeyError("x"))
    generator.close()
    assert log == ["hello", KeyError, ("closed", False)] and recording.enabled
    with pytest.raises(StopIteration):
        next(generator)


def test_an_error_in_a_generator_reaches_the_caller():
    @no_grad()
    def broken():
        yield 1
        raise LookupError("lost")

    generator = broken()
    next(generator)
    with pytest.raises(LookupError, match="lost"):
        next(generator)
    assert recording.enabled


@pytest.mark.parametrize("mode", MODES)
def test_a_class_is_refused(mode):
    with pytest.raises(TypeError, match=f"{mode.__name__} decorates functions, not the class Model.*its methods"):

        @mode()
        class Model:
            pass


@pytest.mark.parametrize("mode", MODES)
def test_an_async_function_is_refused(mode):
    with pytest.raises(TypeError, match=f"{mode.__name__} cannot decorate the async function wait"):

        @mode()
        async def wait():
            pass


def recorded():
    return (Tensor([1.0], requires_grad=True) * 2).requires_grad


def two_recorded():
    yield recorded()
    yield recorded()


def test_a_mode_decorates_without_brackets_as_in_pytorch():
    assert no_grad(recorded)() is False and recorded()
    assert list(no_grad(two_recorded)()) == [False, False]
    with no_grad():
        assert enable_grad(recorded)() is True
    assert detect_anomaly(recorded)() is True and recording.watcher is None


@pytest.mark.parametrize("mode", [no_grad, enable_grad, detect_anomaly])
def test_a_mode_refuses_what_it_cannot_decorate(mode):
    with pytest.raises(TypeError, match=f"{mode.__name__} takes no argument but the function that it decorates, got F"):
        mode(False)


@pytest.mark.parametrize("argument", ["cuda", recorded, "bfloat16"])
def test_autocast_names_what_it_takes(argument):
    with pytest.raises(TypeError, match="autocast takes a floating-point dtype, np.float16, got .* It takes no device"):
        autocast(argument)
