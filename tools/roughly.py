"""Numbers of a training, compared with a tolerance: they differ from processor to processor, and in the browser.

A cell with the tag `roughly` agrees with its stored output if the words are the same and every number is within 20 %
of the stored one, or within two units of its last digit.
"""

import re

TAG = "roughly"
_NUMBER = re.compile(r"(?<![\w.])-?\d[\d,]*(\.\d+)?(e[-+]?\d+)?")


def agree(text: str, stored: str) -> bool:
    """Return True if two texts have the same words, and numbers that nearly agree; spaces do not count.

    >>> agree("549 of 597 right, loss 0.31", "551 of 597 right, loss 0.33")
    True
    >>> agree("549 of 597 right", "549 of 597 wrong"), agree("loss 0.31", "loss 0.50"), agree("loss nan", "loss 0.3")
    (False, False, False)
    """
    if not same_words(text, stored):
        return False
    pairs = zip(_NUMBER.finditer(text), _NUMBER.finditer(stored), strict=True)
    return all(_near(found[0], expected[0]) for found, expected in pairs)


def same_words(text: str, stored: str) -> bool:
    """Return True if two texts differ in their numbers at most, and in spaces."""
    return _words(text) == _words(stored)


def _words(text: str) -> str:
    return "".join(_NUMBER.sub("#", text).split())


def _near(found: str, expected: str) -> bool:
    a, b = (float(number.replace(",", "")) for number in (found, expected))
    mantissa, _, exponent = expected.partition("e")
    last = 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))
    return abs(a - b) <= max(0.2 * abs(b), 2 * last)


def as_stored(outputs: list[dict], stored: list[dict]) -> list[dict]:
    """The outputs of a cell, in which each text that nearly agrees with the stored one is the stored one."""
    if len(outputs) != len(stored):
        return outputs
    return [_as_stored(mine, theirs) for mine, theirs in zip(outputs, stored, strict=True)]


def _as_stored(mine, theirs):
    if isinstance(mine, dict) and isinstance(theirs, dict):
        return type(mine)({key: _as_stored(value, theirs.get(key)) for key, value in mine.items()})
    return theirs if isinstance(mine, str) and isinstance(theirs, str) and agree(mine, theirs) else mine
