"""Lesson 19 shows a line computed with PyTorch where PyTorch is not installed: it is what its cells compute."""

import re

import pytest

from gradlib import data
from notebooks import ROOT, read

torch = pytest.importorskip("torch")


def test_the_net_goes_to_pytorch_and_back_as_the_lesson_says(tmp_path, monkeypatch):
    cells = [cell.source for cell in read(ROOT / "notebooks" / "19_cost_and_scale.ipynb").cells]
    images, labels = data.load_digits()
    names = {"flat": images, "labels": labels}
    monkeypatch.chdir(tmp_path)
    for first in ("import matplotlib", "from gradlib import serialization", "def continue_in_pytorch"):
        exec(next(cell for cell in cells if cell.startswith(first)), names)
    last = next(cell for cell in cells if cell.startswith("def there_and_back"))
    exec(last.partition("\ntry:")[0], names)
    said = names["there_and_back"]("model.safetensors")
    (stored,) = re.findall(r'print\("(there .*)"\)', last)
    assert said == stored
