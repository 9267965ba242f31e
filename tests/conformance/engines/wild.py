"""Engines that hang, print, crash, recurse, sleep or take all memory. Each is right until then."""

import ctypes
import itertools
import os
import sys
import time

from ..mutants import load


def _wild(act, where="backward"):
    """The class of a right engine, of which one method does something wild first."""
    cls = load("closures").Value
    right = getattr(cls, where)

    def method(self, *arguments):
        act()
        return right(self, *arguments)

    setattr(cls, where, method)
    return cls


def _loop():
    while True:
        pass


def _compiled_loop():
    sum(itertools.count())


def _print():
    print("y" * 10**5)
    print("n" * 10**5, file=sys.stderr)


def _raise():
    raise RuntimeError("no gradients today")


def _recurse():
    _recurse()


def _take_all():
    kept = []
    while True:
        kept.append(bytes(10**9))  # over the limit at once


Loops = _wild(_loop)
LoopsInTanh = _wild(_loop, "tanh")
LoopsInCompiledCode = _wild(_compiled_loop, "tanh")
Sleeps = _wild(lambda: time.sleep(1000), "tanh")
Prints = _wild(_print)
Raises = _wild(_raise)
RaisesInTanh = _wild(_raise, "tanh")
Recurses = _wild(_recurse, "tanh")
Crashes = _wild(lambda: ctypes.string_at(0), "tanh")
CrashesAtOnce = _wild(lambda: ctypes.string_at(0), "__init__")
Exits = _wild(lambda: os._exit(0), "tanh")
SaysExit = _wild(sys.exit, "tanh")
TakesAll = _wild(_take_all, "tanh")
