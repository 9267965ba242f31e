"""What the judge refuses to read: messages that an answer's process could send instead of values."""

import base64
import json
import socket
import threading
from fractions import Fraction

import numpy as np
import pytest

from gradlib.grading import released
from gradlib.grading.wire import LARGEST, LONGEST, Broken, Session
from gradlib.scalar import Value

KNOWN = released.known_classes({})
OBJECTS = {"t": "objects", "s": [2], "v": [1, 2]}
EIGHT = {"t": "array", "d": "<f8", "s": [1], "f": "C", "v": base64.b64encode(bytes(8)).decode(), "w": True}


def view(of, shape, start=0, strides=(8,)):
    return {"t": "in", "v": {"t": "view", "of": {"t": "in", "v": of}, "s": shape, "o": start, "d": strides, "w": True}}


def generator(name, **changed):
    state = json.loads(json.dumps(getattr(np.random, name)(0).state, default=lambda each: np.asarray(each).tolist()))
    return {"t": "in", "v": {"t": "generator", "v": state | changed}}


def thing(kind, *state):
    entry = {"c": kind, "s": state, "new": [name for name, _ in state]}
    return {"value": {"t": "object", "v": "X"}, "objects": {"X": entry}}


FUNCTION = {"t": "function", "n": 1, "name": "f", "stub": False, "takes": None}
REFUSED = {
    "addresses of objects as bytes": {"value": view(OBJECTS, [1], start=4)},
    "a place before an array": {"value": view(EIGHT, [1], start=-8)},
    "a place behind an array": {"value": view(EIGHT, [2])},
    "a small array as a large one": {"value": view(EIGHT, [LARGEST], strides=[0])},
    "objects without their number": {"value": {"t": "in", "v": {"t": "objects", "s": [10**8], "v": [1]}}},
    "an array of objects as bytes": {"value": {"t": "in", "v": EIGHT | {"d": "|O"}}},
    "an array of records": {"value": {"t": "in", "v": EIGHT | {"d": "i4,i4"}}},
    "a number of a record": {"value": {"t": "number", "d": "V8", "v": EIGHT["v"]}},
    "a place behind a table of random numbers": {"value": generator("MT19937")},
    "a place behind a buffer of random numbers": {"value": generator("Philox", buffer_pos=10**6)},
    "a generator that is none": {"value": {"t": "in", "v": {"t": "generator", "v": {"bit_generator": "seterr"}}}},
    "a fraction without end": {"value": {"t": "Fraction", "v": ["1e1000000000"]}},
    "a function by its name": {"value": {"t": "name", "m": "os", "v": "system"}},
    "a class by its name": {"value": {"t": "known", "v": "subprocess.Popen"}},
    "a class that is not copied": thing("subprocess.Popen"),
    "a class instead of another": thing("gradlib.scalar.Value", ["__class__", 1]),
    "a method instead of another": thing("gradlib.nn.losses.MSELoss", ["forward", FUNCTION]),
    "an object of the judge that is none": {"value": {"t": "yours", "n": 10**6}},
    "more writes than can be": {"value": 1, "writes": 10**100},
    "an error that is none": {"error": {"names": ["Other"], "text": "", "args": [], "line": "", "file": "", "n": 1}},
    "a list without its kind": {"value": [1]},
    "no answer": {},
    "a change of what was not given": {"value": 1, "changed": [[0, {"t": "list", "v": []}]]},
}


class Ends:
    """A judge's session, and its other end, which says what a test tells it."""

    def __init__(self):
        here, self.there = socket.socketpair()
        self.judge = Session(here, KNOWN, strict=True, given=lambda kind: kind.__module__.startswith("gradlib."))
        self.channel = Session(self.there, KNOWN).channel

    def asked(self, *answers):
        """What the judge gets for a question that is answered so."""

        def say():
            for answer in answers:
                self.channel.receive()
                self.channel.send(answer)

        other = threading.Thread(target=say)
        other.start()
        try:
            return self.judge.ask("root", 0, "")
        finally:
            other.join()

    def close(self):
        self.there.close()
        self.judge.channel.socket.close()


@pytest.fixture
def ends():
    made = Ends()
    yield made
    made.close()


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_value_is_refused(name, ends):
    with pytest.raises(Broken):
        ends.asked(REFUSED[name])


def test_values_are_read(ends):
    """The forms above are refused for what is wrong with them alone."""
    assert ends.asked({"value": view(EIGHT, [3], strides=[0])}).tolist() == [0, 0, 0]
    assert ends.asked({"value": {"t": "in", "v": OBJECTS}}).tolist() == [1, 2]
    assert ends.asked({"value": generator("PCG64")}).random() == np.random.Generator(np.random.PCG64(0)).random()
    assert ends.asked({"value": {"t": "Fraction", "v": [1, 2]}}) == Fraction(1, 2)
    assert isinstance(ends.asked(thing("gradlib.scalar.Value", ["data", 1.0])), Value)


def instance(*special):
    return {"t": "instance", "n": 2, "k": 3, "name": "dictionary", "special": special, "stub": False, "known": None}


def test_no_object_of_the_runner_calls_itself_equal(ends):
    liar = ends.asked({"value": instance("__eq__", "__lt__", "__ge__", "__ne__", "__hash__", "__len__")})
    assert not liar == {} and liar != {}  # it is not asked: nobody is there to answer
    with pytest.raises(TypeError):
        assert liar < 1


def test_an_interrupt_of_an_answer_is_no_interrupt_of_the_judge(ends):
    names = ["KeyboardInterrupt", "BaseException", "object"]
    error = {"names": names, "text": "x" * 10**6, "args": ["x" * 10**6], "line": "", "file": "", "n": 1}
    with pytest.raises(BaseException) as raised:
        ends.asked({"error": error})
    assert not isinstance(raised.value, KeyboardInterrupt) and type(raised.value).__name__ == "KeyboardInterrupt"
    assert len(str(raised.value)) == LONGEST


class Given:
    """An object of the judge's, as the checks hand them to answers."""

    __module__ = "gradlib.checks.lesson_99"
    limit = 3


@pytest.mark.parametrize("do, on_class", [("set", True), ("delete", True), ("set", False), ("get", True)])
def test_the_runner_changes_objects_of_the_judge_and_none_of_its_classes(do, on_class, ends):
    given = Given()
    given.limit = 4
    number = ends.judge.number_of(Given if on_class else given)
    request = {"do": do, "n": number, "name": "limit", "a": [5] * (do == "set"), "k": []}
    answered = []

    def say():
        ends.channel.receive()
        ends.channel.send(request)
        answered.append(ends.channel.receive())
        ends.channel.send({"value": 1})

    other = threading.Thread(target=say)
    other.start()
    ends.judge.ask("root", 0, "")
    other.join()
    assert ("error" in answered[0]) == (on_class and do != "get")
    assert Given.limit == 3 and given.limit == (4 if on_class else 5)
