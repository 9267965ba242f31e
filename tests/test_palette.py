"""The palette: read on light and on dark, told apart by every eye, and the only source of colours."""

import itertools
import re
from pathlib import Path

import numpy as np
import pytest

from gradlib import palette
from gradlib.palette import CATEGORIES, LOOKS
from gradlib.widgets import svg

ROOT = Path(__file__).resolve().parents[1]
GROUNDS = {"white": "#ffffff", "JupyterLab's dark": "#111111", "its dark panels": "#212121"}


def linear(color: str) -> np.ndarray:
    """(3,): linear red, green and blue of an sRGB colour (IEC 61966-2-1)."""
    rgb = np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """(lighter + 0.05) / (darker + 0.05), in relative luminance (WCAG 2.1)."""
    darker, lighter = sorted(float(linear(color) @ [0.2126, 0.7152, 0.0722]) for color in (one, other))
    return (lighter + 0.05) / (darker + 0.05)


# Machado, Oliveira and Fernandes, A Physiologically-based Model for Simulation of Color Vision Deficiency, IEEE
# Transactions on Visualization and Computer Graphics 15 (2009): severity 1.0, on linear RGB.
EYES = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIE L*a*b* (1976) of linear RGB, for the white of sRGB."""
    t = TO_XYZ @ rgb / TO_XYZ.sum(axis=1)
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def difference(one: str, other: str, eye: str) -> float:
    seen = [lab(np.clip(EYES[eye] @ linear(color), 0, 1)) for color in (one, other)]
    return float(np.linalg.norm(seen[0] - seen[1]))


def test_the_measures():
    """Black on white is 21 (WCAG); #777 on white 4.48; L* of white is 100; grey stays grey for every eye."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    np.testing.assert_allclose(lab(np.ones(3)), [100, 0, 0], atol=1e-6)
    np.testing.assert_allclose(lab(linear("#ff0000")), [53.24, 80.09, 67.20], atol=0.02)
    for matrix in EYES.values():
        np.testing.assert_allclose(matrix.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("name", LOOKS)
def test_lines_and_marks_have_a_contrast_of_three(name, ground):
    assert contrast(LOOKS[name].color, GROUNDS[ground]) >= 3
    assert contrast(palette.INK, GROUNDS[ground]) >= 3


@pytest.mark.parametrize("ground", GROUNDS)
def test_text_with_its_light_edge_has_four_and_a_half(ground):
    behind = [
        palette.HALO_OPACITY * int(palette.HALO[i : i + 2], 16)
        + (1 - palette.HALO_OPACITY) * int(GROUNDS[ground][i : i + 2], 16)
        for i in (1, 3, 5)
    ]
    assert contrast(palette.TEXT, "#" + "".join(f"{round(part):02x}" for part in behind)) >= 4.5


PAIRS = [("value", "gradient"), ("training", "validation"), ("right", "wrong")]
TOGETHER = [*PAIRS, ("first", "second", "third", "fourth")]


@pytest.mark.parametrize("eye", EYES)
def test_what_stands_side_by_side_differs_for_every_eye(eye):
    for group in TOGETHER:
        for one, other in itertools.combinations(group, 2):
            assert difference(LOOKS[one].color, LOOKS[other].color, eye) >= 20, (one, other)
    for one, other in itertools.combinations(CATEGORIES, 2):
        assert difference(one.color, other.color, eye) >= 12


def test_no_colour_has_two_meanings():
    """The meanings and the first four categories all differ; the others may come close, and have marks of their own."""
    for one, other in itertools.combinations(list(LOOKS)[:11], 2):
        assert difference(LOOKS[one].color, LOOKS[other].color, "normal") >= 20, (one, other)
    assert len({look.color for look in LOOKS.values()}) == len(LOOKS)


def test_each_meaning_has_dashes_and_a_marker_beside_the_colour():
    for group in [*TOGETHER, tuple(LOOKS)[7:]]:
        assert len({LOOKS[name].dashes for name in group}) == len({LOOKS[name].marker for name in group}) == len(group)


def test_widgets_take_their_colours_from_the_palette_alone():
    """A grey and a shade of the page's own text are no meanings."""
    css = (ROOT / "gradlib/widgets/style.css").read_text(encoding="utf-8")
    colors = re.findall(r"#[0-9a-fA-F]{3,8}\b", re.sub(r"/\*.*?\*/", "", css, flags=re.S))
    assert not [color for color in colors if not re.fullmatch(r"#(\w)\1\1\w?", color)]
    known = set(re.findall(r"(--gradlib-[\w-]+):", svg.style()))
    assert set(re.findall(r"var\((--gradlib-[\w-]+)", svg.style())) <= known == {f"--gradlib-{name}" for name in LOOKS}
    for path in ROOT.glob("gradlib/widgets/*.py"):
        assert not re.findall(r"#[0-9a-fA-F]{6}\b", path.read_text(encoding="utf-8")), path
