"""Six engines of different styles, and what each needs to be used: nothing, or an adapter of a few lines."""

import weakref

from gradlib.conformance import Adapter

from .engines import arrays, closures, function_classes, histories, tape, variables


def closures_adapter():
    return closures.Value


def arrays_adapter():
    return arrays.Tensor


def function_classes_adapter():
    return function_classes.Tensor


def variables_adapter():
    return variables.Variable


def histories_adapter():
    return Adapter(histories.Scalar, backward=lambda z: histories.backpropagate(z, 1.0))


def tape_adapter():
    found = weakref.WeakKeyDictionary()

    def backward(y):
        found.clear()
        found.update(tape.gradients(y))

    return Adapter(tape.Var, backward=backward, grad=found.get, zero=lambda x: found.pop(x, None))


STYLES = [
    closures_adapter, arrays_adapter, function_classes_adapter, variables_adapter, histories_adapter, tape_adapter
]  # fmt: skip
