"""Calls, values and objects between two processes, of which one does not trust the other.

A Session joins the two ends of a socket. Each end can ask the other to call a function, to read or set an attribute of
an object, or to apply an operator, and while it waits it answers what the other asks.

- Numbers, texts, arrays, lists, tuples, dictionaries, sets and random generators are copied. What a call changes in the
  lists and arrays that it was given is changed in the caller's, too.
- Objects of the known classes, such as Tensor, are copied with all that they hold, and the two copies stay alike: each
  message brings what has changed since the last one. So a graph that one end has made can be walked on the other.
- Everything else stays where it is. The other end gets a stand-in: a function, a class or an object that passes on
  calls, attributes and operators.

A message is JSON. It is decoded by the code below alone, which makes nothing but the values above: no pickle, no name
of a function. The judge's end is `strict`: it lets the runner call the functions that it was sent, and read the
attributes of objects that are meant for learners. Names with two underscores are not among them.
"""

from __future__ import annotations

import base64
import builtins
import contextlib
import gc
import inspect
import json
import math
import operator
import os
import socket
import struct
import sys
import time
import types
import weakref
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from .. import errors, primitives
from ..autograd import writes
from ..checks.limits import Stopped
from ..checks.running import _does_nothing, _message, where_it_broke

LARGEST = 64 * 2**20  # bytes of a message, and of an array in it
LONGEST = 2_000  # characters of a name, and of an error's message, which a check searches and shows
MOST_PARAMETERS = 50
DEEPEST = 60  # calls from one end to the other and back that wait for each other

_BINARY = "add sub mul truediv floordiv mod divmod pow matmul lshift rshift and or xor".split()
_OPERATORS = (
    "neg pos abs invert bool float int index complex round len iter next reversed getitem setitem delitem contains "
    "call enter exit repr str format lt le gt ge eq ne array"
).split()
SPECIAL = frozenset(
    f"__{name}__"
    for name in (*_OPERATORS, *_BINARY, *(f"r{each}" for each in _BINARY), *(f"i{each}" for each in _BINARY))
)
COMPARISONS = frozenset(f"__{name}__" for name in "lt le gt ge eq ne".split())  # an answer could call itself right
_BUILTIN_TYPES = (int, float, complex, bool, str, bytes, list, tuple, dict, set, frozenset, object, type, slice, range)
_TYPES = {t.__name__: t for t in _BUILTIN_TYPES}
_ERRORS = {
    name: each for name, each in vars(builtins).items() if isinstance(each, type) and issubclass(each, BaseException)
}
_ERRORS |= {
    each.__name__: each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, BaseException)
}
del _ERRORS["KeyboardInterrupt"]  # a check takes it for one of whoever grades
_ERRORS["LinAlgError"] = np.linalg.LinAlgError
_ERRORS["AxisError"] = np.exceptions.AxisError
_NUMPY_TYPES = {
    name: each for name, each in vars(np).items() if isinstance(each, type) and issubclass(each, np.generic)
}
KINDS = "?biufcSU"  # of arrays whose bytes are sent. Those of object arrays are addresses, which would be followed
_NO_STATE = ("__weakref__", "__dict__")
_NAMED = ("numpy", "math", "gradlib", "builtins", "operator")  # packages whose functions the runner finds by name


_LIBRARY = os.path.join(Path(__file__).parents[1], "")


class Broken(ConnectionError):
    """The other end is gone, or sends what cannot be understood."""


class Elsewhere:
    """The place of an error in the other process: the learner's line, and in whose file it was raised."""

    def __init__(self, line: str, file: str):
        self.line, self.file = line, file


# --- the socket ----------------------------------------------------------------------------------


class Channel:
    """Messages over a socket, each with its length before it. deadline: on time.monotonic(), for the next ones."""

    def __init__(self, end: socket.socket):
        self.socket, self.deadline = end, None

    def send(self, message: Any) -> None:
        data = json.dumps(message).encode()
        if len(data) > LARGEST:
            raise ValueError(f"A value of {len(data):,} bytes is too large to be sent to the judge.")
        self._until_the_deadline()
        try:
            self.socket.sendall(struct.pack(">Q", len(data)) + data)
        except OSError as error:
            raise Broken(str(error)) from None

    def receive(self) -> Any:
        size = struct.unpack(">Q", self._read(8))[0]
        if size > LARGEST:
            raise Broken("a message is too long")
        try:
            return json.loads(self._read(size))
        except (ValueError, RecursionError) as error:
            raise Broken(f"a message cannot be read: {error}") from None

    def _read(self, count: int) -> bytes:
        pieces, left = [], count
        while left:
            self._until_the_deadline()
            try:
                piece = self.socket.recv(min(left, 2**20))
            except OSError as error:
                raise Broken(str(error)) from None
            if not piece:
                raise Broken("the other end is closed")
            pieces.append(piece)
            left -= len(piece)
        return b"".join(pieces)

    def _until_the_deadline(self) -> None:
        if self.deadline is not None:
            self.socket.settimeout(max(1e-3, self.deadline - time.monotonic()))


# --- stand-ins -----------------------------------------------------------------------------------


class _Forward:
    """An operator of a stand-in. A descriptor and not a function, so that a class of these holds no function."""

    def __init__(self, name: str):
        self.name = name

    def __get__(self, thing: Any, owner: type | None = None) -> Any:
        if thing is None:
            return self

        def forward(*arguments, **keywords):
            session, number = _of(thing)
            return session.ask("special", number, self.name, arguments, keywords)

        return forward


class RemoteClass(type):
    """The class of stand-ins for classes."""

    def __call__(cls, *arguments, **keywords):
        session, number = cls.__dict__["_remote"]
        return session.ask("call", number, "", arguments, keywords)

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        session, number = cls.__dict__["_remote"]
        return session.ask("get", number, name)

    def __setattr__(cls, name: str, value: Any) -> None:
        session, number = cls.__dict__["_remote"]
        session.ask("set", number, name, (value,))

    def __delattr__(cls, name: str) -> None:
        session, number = cls.__dict__["_remote"]
        session.ask("delete", number, name)


class Remote:
    """A stand-in for an object of the other process."""

    __slots__ = ("_at", "__weakref__")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        session, number = _of(self)
        return session.ask("get", number, name)

    def __setattr__(self, name: str, value: Any) -> None:
        session, number = _of(self)
        session.ask("set", number, name, (value,))

    def __delattr__(self, name: str) -> None:
        session, number = _of(self)
        session.ask("delete", number, name)

    @property
    def __dict__(self) -> dict[str, Any]:
        session, number = _of(self)
        return session.ask("vars", number, "")

    @property
    def __class__(self) -> type:  # `isinstance(layer, nn.Module)` asks for it, too
        return type(self).__dict__["_known"] or type(self)


def _of(thing: Any) -> tuple[Session, int]:
    return object.__getattribute__(thing, "_at")


def remote_of(value: Any) -> tuple[Session, int] | None:
    """The session and the number of a stand-in, or None."""
    kind = type(value)
    if kind is types.FunctionType:
        return value.__dict__.get("_remote")
    if issubclass(kind, RemoteClass):
        return value.__dict__.get("_remote")
    if issubclass(kind, Remote):
        return _of(value)
    if isinstance(value, BaseException):
        return value.__dict__.get("_remote")
    return None


# --- a session -----------------------------------------------------------------------------------


class Session:
    """One end of a conversation.

    known : "module.name" -> class, of the objects that are copied. given : on the strict end, the classes whose objects
    let the other end read their attributes. watch : on the runner's end, limits the learner's code.
    """

    def __init__(
        self,
        end: socket.socket,
        known: Mapping[str, type],
        strict: bool = False,
        given: Callable[[type], bool] = lambda _: True,
        watch: Any = None,
    ):
        self.channel = Channel(end)
        self.known, self.names = dict(known), {kind: name for name, kind in known.items()}
        self.strict, self.given, self.watch = strict, given, watch
        self.side = "J" if strict else "R"
        self.depth = 0
        self.own: dict[int, Any] = {}  # objects that the other end has a stand-in for
        self.numbers: dict[int, int] = {}  # id -> number
        self.forgotten: dict[int, weakref.ref] = {}
        self.next = 0
        self.root: Callable[[], Any] = lambda: None  # the learner's answer
        self.ended: Callable[[], BaseException] | None = None  # what to raise where the other end is gone
        self.theirs: dict[int, Any] = {}  # weak references to stand-ins, and classes themselves, by number
        self.released: set[int] = set()  # numbers of stand-ins that nobody uses any more
        self.shared = weakref.WeakValueDictionary()  # copied objects by name
        self.held: dict[str, Any] = {}  # those that live as long as the session, since the other end may
        self.kept: list[Any] = []  # those of the last message
        self.tuples: dict[int, tuple[int, tuple]] = {}  # id -> number and tuple, of those that hold functions
        self.names_of: dict[int, str] = {}  # id -> name
        self.last: dict[str, str] = {}  # name -> what the other end knows of it
        self.parts: dict[str, dict[str, int]] = {}  # name -> attribute -> id, to tell a new array from a changed one

    # Asking ------------------------------------------------------------------------------------

    def ask(
        self, do: str, number: int, name: str, arguments: tuple = (), keywords: Mapping[str, Any] | None = None
    ) -> Any:
        """Ask the other end to do something with one of its objects."""
        try:
            return self._ask(do, number, name, arguments, keywords)
        except Broken:
            if self.ended is None:
                raise
            raise self.ended() from None

    def _ask(self, do: str, number: int, name: str, arguments: tuple, keywords: Mapping[str, Any] | None) -> Any:
        if self.depth > DEEPEST:
            raise RecursionError("maximum recursion depth exceeded between the answer and the check")
        out = _Encoder(self)
        message: dict[str, Any] = {"do": do, "n": number, "name": name, "a": out.all(arguments)}
        message["k"] = [[key, out.encode(value)] for key, value in (keywords or {}).items()]
        self._send(message, out)
        self.depth += 1
        try:
            while True:
                answer = self.channel.receive()
                if isinstance(answer, dict) and "do" in answer:
                    self._answer(answer)
                    continue
                return self._read_answer(answer, out.containers)
        finally:
            self.depth -= 1

    def _read_answer(self, answer: Any, given: list[Any]) -> Any:
        try:
            self.let_go(answer)
            read = _Decoder(self, answer.get("objects", {}), given)
            for i, content in answer.get("changed", []):
                read.refill(given[i], content)
            if "error" in answer:
                error = read.error(answer["error"])
            else:
                return read.decode(answer["value"])
        except Broken:
            raise
        except Exception as wrong:
            raise Broken(f"an answer cannot be read: {type(wrong).__name__}: {wrong}") from None
        raise error

    def serve(self) -> None:
        """Answer until the other end closes."""
        with contextlib.suppress(Broken):
            while True:
                self._answer(self.channel.receive())

    def _answer(self, message: dict) -> None:
        try:
            self.let_go(message)
            read = _Decoder(self, message.get("objects", {}))
            arguments = read.all(message["a"])
            keywords = {str(key): read.decode(value) for key, value in message["k"]}
            what = message["do"], message["n"], message["name"]
            before = [json.dumps(_Encoder(self, plain=True).content(each)) for each in read.containers]
        except Exception as wrong:
            raise Broken(f"a request cannot be read: {type(wrong).__name__}: {wrong}") from None
        out = _Encoder(self, read.containers)
        try:
            self.depth += 1
            with self.watch if self.depth == 1 and self.watch else contextlib.nullcontext():
                value = self._do(*what, arguments, keywords)
            answer = {"value": out.encode(value)}
        except (Broken, Stopped):
            raise
        except BaseException as error:
            answer = {"error": out.error(error)}
        finally:
            self.depth -= 1
        changed = []
        for i, each in enumerate(read.containers):
            if json.dumps(_Encoder(self, plain=True).content(each)) != before[i]:
                changed.append([i, out.content(each)])
        if changed:
            answer["changed"] = changed
        self._send(answer, out)

    def _do(self, do: str, number: int, name: str, arguments: list, keywords: dict) -> Any:
        if do == "root" and not self.strict:
            return self.root()
        if do == "collector" and not self.strict:
            return gc.enable() if number else gc.disable()
        if do == "forget" and not self.strict:
            return self._forget(number)
        if do == "alive" and not self.strict:
            return self.forgotten[number]() is not None
        thing = self.own[number]
        if do == "vars" and not self.strict:
            return dict(vars(thing))
        if do == "call":
            return thing(*arguments, **keywords)
        if self.strict and not (name in SPECIAL if do == "special" else self._may_reach(do, thing, name)):
            raise AttributeError(f"{type(thing).__name__!r} object has no attribute {name!r}")
        if do == "special":
            return _special(thing, name, arguments, keywords)
        if do == "get":
            return getattr(thing, name)
        if do == "set":
            return setattr(thing, name, arguments[0])
        if do == "delete":
            return delattr(thing, name)
        raise ValueError(do)

    def _may_reach(self, do: str, thing: Any, name: str) -> bool:
        """Return True if the runner may read an attribute, or change it. The judge's classes stay as they are."""
        if isinstance(thing, type) and do != "get":
            return False
        kind = thing if isinstance(thing, type) else type(thing)
        return isinstance(name, str) and not name.startswith("__") and self.given(kind)

    def _forget(self, number: int) -> None:
        """Hold an object no longer, so that its own code alone decides how long it lives."""
        thing = self.own.pop(number)
        self.numbers.pop(id(thing), None)
        self.forgotten[number] = weakref.ref(thing)

    # Sending -----------------------------------------------------------------------------------

    def _send(self, message: dict, out: _Encoder) -> None:
        objects, done = {}, set()
        waiting = [(name, False) for name in self.shared]
        asked, out.found = out.found, []
        waiting += [(name, True) for name in asked]
        while waiting:
            name, is_needed = waiting.pop()  # the other end may have dropped its copy of one that the message names
            thing = self.shared.get(name)
            if name in objects or (name, is_needed) in done or thing is None:
                continue
            done.add((name, is_needed))
            state = _state(thing)
            content = [[key, out.inner(value)] for key, value in state.items()]
            found, out.found = out.found, []
            text = json.dumps(content)
            if is_needed or self.last.get(name) != text:
                parts, old = {key: id(value) for key, value in state.items()}, self.parts.get(name, {})
                new = [key for key in parts if parts[key] != old.get(key)]
                objects[name] = {"c": self.names[type(thing)], "s": content, "new": new}
                self.last[name], self.parts[name] = text, parts
                waiting += [(each, True) for each in found]
        if objects:
            message["objects"] = objects
        message["writes"] = writes.count  # so that both ends agree on what was overwritten before what
        if self.released:
            message["released"], self.released = sorted(self.released), set()
        self.channel.send(message)
        self.kept.clear()

    def name_of(self, thing: Any) -> str:
        """The name under which both ends know a copied object."""
        name = self.names_of.get(id(thing))
        if name is None or self.shared.get(name) is not thing:
            self.next += 1
            name = f"{self.side}{self.next}"
            self.shared[name] = thing
            self.names_of[id(thing)] = name
        return name

    def number_of(self, thing: Any) -> int:
        number = self.numbers.get(id(thing))
        if number is None:
            self.next += 1
            number = self.numbers[id(thing)] = self.next
            self.own[number] = thing
        return number

    # Stand-ins ---------------------------------------------------------------------------------

    def stand_in(self, number: int, make: Callable[[], Any]) -> Any:
        known = self.theirs.get(number)
        thing = known() if isinstance(known, weakref.ref) else known
        self.released.discard(number)
        if thing is None:
            thing = make()
            kept = isinstance(thing, type)
            self.theirs[number] = thing if kept else weakref.ref(thing, lambda _: self.released.add(number))
        return thing

    def let_go(self, message: Mapping[str, Any]) -> None:
        """Hold no longer what the other end has no stand-in for any more."""
        count = _index(message.get("writes", 0))
        if count > 2**60:
            raise ValueError("more writes than can be")
        writes.count = max(writes.count, count)
        for number in message.get("released", ()):
            self.numbers.pop(id(self.own.pop(number, None)), None)

    def hold(self, name: str, thing: Any) -> None:
        """Keep a copied object: until the next message, or for good, if what is done to it later must be sent."""
        self.kept.append(thing)
        made = getattr(thing, "_op", None)
        if not made and getattr(thing, "requires_grad", True):
            self.held[name] = thing


def _special(thing: Any, name: str, arguments: list, keywords: dict) -> Any:
    if name == "__next__":
        return next(thing)
    if name == "__iter__":
        return iter(thing)
    if name == "__call__":
        return thing(*arguments, **keywords)
    return getattr(type(thing), name)(thing, *arguments, **keywords)


def _state(thing: Any) -> dict[str, Any]:
    """The attributes of an object: those in its dictionary, and those in slots."""
    slots = []
    for kind in type(thing).__mro__:
        names = kind.__dict__.get("__slots__", ())
        slots += [names] if isinstance(names, str) else [name for name in names if name not in _NO_STATE]
    found = {name: object.__getattribute__(thing, name) for name in slots if _has(thing, name)}
    return {**found, **getattr(thing, "__dict__", {})}


def _has(thing: Any, name: str) -> bool:
    try:
        object.__getattribute__(thing, name)
    except AttributeError:
        return False
    return True


# --- to JSON -------------------------------------------------------------------------------------


class _Encoder:
    """Values as JSON, for one message.

    containers : lists, arrays and the like that the message holds, or those of the request that it answers. plain :
    only to compare, nothing is given a number.
    """

    def __init__(self, session: Session, answering: list[Any] | None = None, plain: bool = False):
        self.session, self.plain = session, plain
        self.containers: list[Any] = []
        self.places: dict[int, int] = {}
        self.of_the_request = {id(each): i for i, each in enumerate(answering or [])}
        self.keep = answering
        self.found: list[str] = []
        self.within = False  # inside a copied object, whose containers have no places

    def all(self, values: Iterable[Any]) -> list:
        return [self.encode(value) for value in values]

    def inner(self, value: Any) -> Any:
        self.within = True
        try:
            return self.encode(value)
        finally:
            self.within = False

    def encode(self, value: Any) -> Any:
        kind = type(value)
        if value is None or kind in (bool, int, str, float):
            return value
        if value is ...:
            return {"t": "..."}
        if value is NotImplemented:
            return {"t": "NotImplemented"}
        if kind is tuple and not self.plain and any(map(callable, value)):
            number, known = self.session.tuples.get(id(value), (0, None))
            if known is value:
                return {"t": "yours", "n": number}
            return {"t": "tuple", "v": self.all(value), "n": self.session.number_of(value)}
        if kind in (tuple, frozenset):
            return {"t": kind.__name__, "v": self.all(sorted(value, key=repr) if kind is frozenset else value)}
        if kind in (list, dict, set, np.ndarray) or isinstance(value, np.random.Generator):
            return self._container(value)
        if kind in (complex, bytes, slice, range, Fraction) or isinstance(value, np.generic | np.dtype):
            return _simple(value, self.encode)
        at = remote_of(value)
        if at is not None and at[0] is self.session:
            return {"t": "yours", "n": at[1]}
        if isinstance(value, primitives.Primitive):
            for name, entry in primitives.TABLE.items():
                if entry is value:
                    return {"t": "operation", "v": name}
        if isinstance(value, type) and (named := self._type(value)):
            return named
        if kind in self.session.names:
            name = self.session.name_of(value)
            self.found.append(name)
            return {"t": "object", "v": name}
        if self.session.strict and (named := _named(value)):
            return named
        if not self.session.strict and at is None:
            for base in (bool, int, float, str, list, tuple, dict, set, np.ndarray):  # a namedtuple is a tuple
                if isinstance(value, base) and not isinstance(value, type):
                    return self.encode(np.asarray(value) if base is np.ndarray else base(value))
        if isinstance(value, types.TracebackType):
            return None
        return self._stays(value)

    def _container(self, value: Any) -> dict:
        if self.within or self.plain:
            return {"t": "in", "v": self.content(value)}
        if id(value) in self.of_the_request:
            return {"t": "given", "i": self.of_the_request[id(value)]}
        if id(value) in self.places:
            return {"t": "again", "i": self.places[id(value)]}
        place = self.places[id(value)] = len(self.containers)
        self.containers.append(value)
        return {"t": "new", "i": place, "v": self.content(value)}

    def content(self, value: Any) -> Any:
        """Return what a container holds."""
        if isinstance(value, np.ndarray):
            return self._array(value)
        if isinstance(value, np.random.Generator):
            return {"t": "generator", "v": self.encode_plain(value.bit_generator.state)}
        if isinstance(value, dict):
            return {"t": "dict", "v": [[self.encode(key), self.encode(item)] for key, item in value.items()]}
        if isinstance(value, set):
            return {"t": "set", "v": self.all(value)}
        return {"t": "list", "v": self.all(value)}

    def encode_plain(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self.encode_plain(item) for key, item in value.items()}
        return int(value) if isinstance(value, np.integer) else value

    def _array(self, array: np.ndarray) -> dict:
        base = array.base
        while isinstance(base, np.ndarray) and isinstance(base.base, np.ndarray):
            base = base.base
        if array.dtype.kind == "O":
            return {"t": "objects", "s": array.shape, "v": self.all(array.ravel().tolist())}
        if array.dtype.kind not in KINDS:
            raise TypeError(f"An array of {array.dtype} cannot be judged.")
        view = (
            not (self.within or self.plain)
            and type(base) is np.ndarray
            and base.dtype == array.dtype
            and base.nbytes <= 64 * max(array.nbytes, 64)
            and (base.flags.c_contiguous or base.flags.f_contiguous)
        )
        if view:  # two views of one array share its memory on the other side, too
            start = array.__array_interface__["data"][0] - base.__array_interface__["data"][0]
            return {
                "t": "view",
                "of": self._container(base),
                "s": array.shape,
                "o": start,
                "d": array.strides,
                "w": array.flags.writeable,
            }
        order = "F" if array.flags.f_contiguous and not array.flags.c_contiguous else "C"
        data = base64.b64encode(array.tobytes(order)).decode()
        return {"t": "array", "d": array.dtype.str, "s": array.shape, "f": order, "v": data, "w": array.flags.writeable}

    def _type(self, kind: type) -> dict | None:
        if _TYPES.get(kind.__name__) is kind or _NUMPY_TYPES.get(kind.__name__) is kind:
            return {"t": "type", "v": kind.__name__}
        if _ERRORS.get(kind.__name__) is kind:
            return {"t": "type", "v": kind.__name__}
        if kind in self.session.names:
            return {"t": "known", "v": self.session.names[kind]}
        return None

    def _stays(self, value: Any) -> dict:
        if self.plain:
            return {"t": "id", "v": id(value)}
        number = self.session.number_of(value)
        if isinstance(value, type):
            return {"t": "class", "n": number, **_described(value, self.session)}
        if isinstance(value, types.FunctionType | types.MethodType | types.BuiltinFunctionType):
            about = {"name": str(getattr(value, "__name__", "")), "stub": _does_nothing(value)}
            return {"t": "function", "n": number, **about, "takes": _parameters(value)}
        if callable(value) and type(value).__module__ in ("functools", "builtins", "numpy"):
            return {
                "t": "function",
                "n": number,
                "name": str(getattr(value, "__name__", "")),
                "takes": None,
                "stub": False,
            }
        kind = type(value)
        return {"t": "instance", "n": number, "k": self.session.number_of(kind), **_described(kind, self.session)}

    def error(self, error: BaseException) -> dict:
        at = remote_of(error)
        if at is not None and at[0] is self.session:
            return {"yours": at[1]}
        names = [kind.__name__ for kind in type(error).__mro__]
        text = _message(error)
        arguments = [each for each in error.args if type(each) in (str, int, float, bool)]
        found = {"n": self.session.number_of(error), "names": names, "text": text, "args": arguments}
        step = error.__traceback__
        while step is not None and step.tb_next is not None:
            step = step.tb_next
        found["line"] = where_it_broke(error)
        found["file"] = step.tb_frame.f_code.co_filename.replace(_LIBRARY, "gradlib:") if step is not None else ""
        return found


def _simple(value: Any, encode: Callable[[Any], Any]) -> dict:
    if isinstance(value, np.dtype):
        return {"t": "dtype", "v": value.str}
    if isinstance(value, np.generic):
        return {"t": "number", "d": value.dtype.str, "v": base64.b64encode(value.tobytes()).decode()}
    if isinstance(value, complex):
        return {"t": "complex", "v": [value.real, value.imag]}
    if isinstance(value, bytes):
        return {"t": "bytes", "v": base64.b64encode(value).decode()}
    if isinstance(value, Fraction):
        return {"t": "Fraction", "v": [value.numerator, value.denominator]}
    return {"t": type(value).__name__, "v": [encode(each) for each in (value.start, value.stop, value.step)]}


def _named(value: Any) -> dict | None:
    """The name of a function or class of NumPy or the library, which the runner has, too."""
    module = getattr(value, "__module__", None) or ("numpy" if isinstance(value, np.ufunc) else "")
    name = getattr(value, "__qualname__", None) or getattr(value, "__name__", "")
    package = str(module).partition(".")[0]
    if (
        package not in _NAMED
        or str(module).startswith(("gradlib.checks", "gradlib.grading"))
        or not isinstance(name, str)
    ):
        return None
    found = _find(module, name)
    return {"t": "name", "m": module, "v": name} if found is value else None


def _find(module: str, name: str) -> Any:
    try:
        thing = sys.modules[module]
        for part in name.split("."):
            thing = getattr(thing, part)
    except (KeyError, AttributeError):
        return None
    return thing


def _described(kind: type, session: Session) -> dict:
    """Describe a class, as its stand-in needs it."""
    special = sorted(name for name in SPECIAL if any(name in vars(each) for each in kind.__mro__ if each is not object))
    known = next((session.names[each] for each in kind.__mro__ if each in session.names), None)
    if known is None and session.strict and kind.__module__.startswith("gradlib."):
        known = f"{kind.__module__}.{kind.__name__}"
    return {"name": kind.__name__, "special": special, "stub": _does_nothing(kind), "known": known}


def _parameters(function: Any) -> list | None:
    try:
        return [[each.name, int(each.kind)] for each in inspect.signature(function).parameters.values()]
    except (TypeError, ValueError):
        return None


# --- from JSON -----------------------------------------------------------------------------------


class _Decoder:
    """The values of one message. given : the containers of the request that it answers."""

    def __init__(self, session: Session, objects: Mapping[str, Any], given: list[Any] | None = None):
        self.session, self.given = session, given or []
        self.containers: list[Any] = []
        self._objects(objects)

    def _objects(self, objects: Mapping[str, Any]) -> None:
        """Make the copied objects that are new, and bring the others up to date."""
        shared, session = {}, self.session
        for name, entry in objects.items():
            thing = session.shared.get(name)
            if thing is None:
                kind = session.known[entry["c"]]
                thing = kind.__new__(kind) if kind.__new__ is object.__new__ else object.__new__(kind)
                session.shared[name] = thing
                session.names_of[id(thing)] = name
            shared[name] = thing
        for name, entry in objects.items():
            thing, old, new = shared[name], _state(shared[name]), set(entry["new"])
            state = {str(key): self.decode(value) for key, value in entry["s"]}
            if session.strict and any(_is_method(type(thing), key) for key in state):
                raise ValueError("a method instead of that of its class")  # the judge would ask it for a verdict
            for key, value in state.items():
                if not (key not in new and key in old and _refilled(old[key], value)):
                    object.__setattr__(thing, key, value)
            for key in old.keys() - state.keys():
                object.__delattr__(thing, key)
            session.last[name] = json.dumps(entry["s"])
            session.parts[name] = {key: id(value) for key, value in _state(thing).items()}
            session.hold(name, thing)

    def all(self, values: Iterable[Any]) -> list:
        return [self.decode(value) for value in values]

    def decode(self, code: Any) -> Any:
        if not isinstance(code, dict):
            if isinstance(code, list):
                raise ValueError("a list without its kind")
            return code
        kind, value = code["t"], code.get("v")
        if kind == "...":
            return ...
        if kind == "NotImplemented":
            return NotImplemented
        if kind == "tuple":
            made = tuple(self.all(value))
            if "n" in code:  # it comes back as the same object
                self.session.tuples[id(made)] = code["n"], made
            return made
        if kind == "frozenset":
            return frozenset(self.all(value))
        if kind == "new":
            return self._container(value, place=True)
        if kind == "in":
            return self._container(value)
        if kind == "again":
            return self.containers[_index(code["i"])]
        if kind == "given":
            return self.given[_index(code["i"])]
        if kind == "object":
            return self.session.shared[value]
        if kind == "operation":
            return primitives.TABLE[value]
        if kind == "yours":
            return self.session.own[code["n"]]
        if kind == "type":
            return _TYPES.get(value) or _NUMPY_TYPES.get(value) or _ERRORS[value]
        if kind == "known":
            return self.session.known[value]
        if kind == "name" and not self.session.strict:
            __import__(code["m"])
            return _find(code["m"], value)
        if kind in ("function", "class", "instance"):
            return self._stand_in(kind, code)
        return _made(kind, code, self.decode)

    def _container(self, content: dict, place: bool = False) -> Any:
        kind, value = content["t"], content.get("v")
        if kind == "list":
            made: Any = []
        elif kind in ("dict", "set"):
            made = {} if kind == "dict" else set()
        elif kind == "generator":
            made = np.random.Generator(getattr(np.random, _bits(value["bit_generator"]))())
            made.bit_generator.state = value
        elif kind == "view":  # its memory comes first
            index = len(self.containers)
            if place:
                self.containers.append(None)
            base, shape = self.decode(content["of"]), tuple(map(_index, content["s"]))
            if base.dtype.kind not in KINDS or math.prod(shape) * base.itemsize > LARGEST:
                raise ValueError(f"a view of {base.dtype}, of shape {shape}")
            memory = base if base.flags.c_contiguous else base.T
            made = np.ndarray(shape, base.dtype, memory, int(content["o"]), tuple(content["d"]))
            made.flags.writeable = bool(content["w"]) and made.flags.writeable
            if place:
                self.containers[index] = made
            return made
        else:
            made = self._array(kind, content)
        if place:
            self.containers.append(made)
        if kind in ("list", "dict", "set"):
            self.refill(made, content)
        return made

    def _array(self, kind: str, content: dict) -> np.ndarray:
        shape = tuple(map(_index, content["s"]))
        if kind == "objects":
            values = self.all(content["v"])
            if len(values) != math.prod(shape):
                raise ValueError(f"{len(values)} objects in an array of shape {shape}")
            made = np.empty(shape, dtype=object)
            made.flat = values
            return made
        dtype = np.dtype(content["d"])
        if dtype.kind not in KINDS or kind != "array":
            raise ValueError(f"an array of {dtype}")
        flat = np.frombuffer(base64.b64decode(content["v"]), dtype)
        made = np.array(flat.reshape(shape, order="F" if content["f"] == "F" else "C"), order="K")
        made.flags.writeable = bool(content["w"])
        return made

    def refill(self, thing: Any, content: dict) -> None:
        """Give a container what it holds in the message."""
        value = content.get("v")
        if isinstance(thing, list):
            thing[:] = self.all(value)
        elif isinstance(thing, dict):
            items = [(self.decode(key), self.decode(item)) for key, item in value]
            thing.clear()
            thing.update(items)
        elif isinstance(thing, set):
            items = self.all(value)
            thing.clear()
            thing.update(items)
        elif isinstance(thing, np.random.Generator):
            thing.bit_generator.state = value
        elif isinstance(thing, np.ndarray):
            new = self._container(content)
            if thing.shape == new.shape and thing.dtype == new.dtype and not np.array_equal(thing, new):
                thing[...] = new

    def _stand_in(self, kind: str, code: dict) -> Any:
        session, number = self.session, code["n"]
        if kind == "function":
            return session.stand_in(number, lambda: _function(session, number, code))
        if kind == "class":
            return session.stand_in(number, lambda: _class(session, number, code))
        owner = session.stand_in(code["k"], lambda: _class(session, code["k"], code))

        def make() -> Remote:
            made = object.__new__(owner)
            object.__setattr__(made, "_at", (session, number))
            return made

        return session.stand_in(number, make)

    def error(self, code: dict) -> BaseException:
        if "yours" in code:
            return self.session.own[code["yours"]]
        name, text = _short(code["names"][0]), _short(code["text"])
        base = next(_ERRORS[each] for each in code["names"] if each in _ERRORS)
        kind = base if base.__name__ == name else type(name, (base,), {})
        try:
            made = kind(*code["args"])
            made = made if str(made) == text else kind(text)
        except Exception:  # a kind that wants other arguments, as UnicodeDecodeError does
            made = RuntimeError(text)
        made._remote = self.session, code["n"]
        made.elsewhere = Elsewhere(_short(code["line"]), _short(code["file"]).replace("gradlib:", _LIBRARY))
        return made


def _refilled(old: Any, new: Any) -> bool:
    """Change an array or a container in place, since others may hold it. Returns False where that cannot be."""
    if type(old) is not type(new):
        return False
    if isinstance(old, np.ndarray):
        if old.shape != new.shape or old.dtype != new.dtype or not old.flags.writeable:
            return False
        old[...] = new
    elif type(old) is list:
        old[:] = new
    elif type(old) in (dict, set):
        old.clear()
        old.update(new)
    else:
        return False
    return True


def _is_method(kind: type, name: str) -> bool:
    return isinstance(getattr(kind, name, None), types.FunctionType)


def _short(text: Any) -> str:
    return str(text)[:LONGEST]


def _index(value: Any) -> int:
    return operator.index(value)


def _bits(name: str) -> str:
    if name not in ("PCG64", "PCG64DXSM"):  # NumPy takes any place in the tables of others, and reads there
        raise ValueError(name)
    return name


def _made(kind: str, code: dict, decode: Callable[[Any], Any]) -> Any:
    value = code["v"]
    if kind == "dtype":
        return np.dtype(value)
    if kind == "number":
        dtype = np.dtype(code["d"])
        if dtype.kind not in KINDS:
            raise ValueError(f"a number of {dtype}")
        return np.frombuffer(base64.b64decode(value), dtype)[0]
    if kind == "complex":
        return complex(*value)
    if kind == "bytes":
        return base64.b64decode(value)
    if kind == "Fraction":
        return Fraction(*map(_index, value))  # not a text, which may be "1e1000000000"
    if kind == "slice":
        return slice(*map(decode, value))
    if kind == "range":
        start, stop, step = value
        return range(start, stop, step)
    raise ValueError(f"a value of an unknown kind {kind!r}")


def _function(session: Session, number: int, code: dict) -> Callable[..., Any]:
    if code["stub"]:

        def function(*_, **__):
            """A function that does nothing, like the one it stands for."""

    else:

        def function(*arguments, **keywords):
            return session.ask("call", number, "", arguments, keywords)

    function.__name__ = function.__qualname__ = _short(code["name"]) or "function"
    if isinstance(code["takes"], list) and len(code["takes"]) <= MOST_PARAMETERS:
        with contextlib.suppress(TypeError, ValueError):
            kinds = {int(kind): kind for kind in inspect._ParameterKind}
            function.__signature__ = inspect.Signature(
                [inspect.Parameter(str(name), kinds[kind]) for name, kind in code["takes"]]
            )
    function._remote = session, number
    return function


def _class(session: Session, number: int, code: dict) -> type:
    special = SPECIAL - COMPARISONS if session.strict else SPECIAL
    held: dict[str, Any] = {str(name): _Forward(name) for name in code["special"] if name in special}
    known = session.known.get(code["known"])
    if known is None and not session.strict and code["known"]:
        module, _, name = code["known"].rpartition(".")
        known = _find(module, name)
        known = known if isinstance(known, type) else None
    held |= {"_remote": (session, number), "_known": known, "__slots__": ()}
    if "__eq__" in held:
        held["__hash__"] = object.__hash__
    if not code["stub"]:
        held["_does_something"] = lambda self: self
    return RemoteClass(_short(code["name"]), (Remote,), held)
