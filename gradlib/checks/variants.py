"""Other numbers for each learner of a class, in the exercises that ask for a few fixed numbers.

A class that was made with VARIANTS=1 hands out notebooks whose learners write their name into LEARNER. The numbers
follow from a hash of this name, so that the answer of another learner is wrong. Everywhere else nothing of this is
used. A check marks every entry of such an answer, and names no mistakes: their sentences speak of the usual numbers.
"""

from __future__ import annotations

import hashlib
import os
import unicodedata
from dataclasses import dataclass
from typing import Any

NO_NAME = "Your numbers follow from your name. Write it into LEARNER, at the top of this notebook, and run that cell."


@dataclass(frozen=True)
class Variant:
    """text : the numbers, as the statement gives them. expected, rtol : as in a Case."""

    text: str
    expected: Any
    rtol: float = 1e-7

    def _repr_markdown_(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self.text


class Choice:
    """choose(2, 3, 4) is one of these, and always the same one for the same learner, exercise and place in it."""

    def __init__(self, name: str, key: str):
        self.word, self.count = f"{name}/{key}", 0

    def __call__(self, *values: Any) -> Any:
        self.count += 1
        digest = hashlib.sha256(f"{self.word}/{self.count}".encode()).digest()
        return values[int.from_bytes(digest[:8], "big") % len(values)]


def plain_name(learner: str) -> str:
    """The letters of a name, sorted, since systems write the family name first or last; then its digits.

    >>> plain_name("Zoë Ann") == plain_name("ann, zoë"), plain_name("s12") == plain_name("s21")
    (True, False)
    """
    name = str(learner).strip() or os.environ.get("JUPYTERHUB_USER", "")  # a hub knows it
    parts = [each for each in unicodedata.normalize("NFKD", name).casefold() if each.isalnum()]
    return "".join([*sorted(each for each in parts if not each.isdigit()), *filter(str.isdigit, parts)])
