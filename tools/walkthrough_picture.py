"""Make the picture at the top of the README (`make pages`): the walkthrough of lesson 02, which moves by itself.

python tools/walkthrough_picture.py            write docs/walkthrough.svg
python tools/walkthrough_picture.py --check    write nothing, say if it differs

The states are those of the widget ChainRuleWalkthrough, one after the other. A hosting site shows the file as an
image, in which no script runs and which does not know the site's theme: so CSS shows the states, and the picture
brings its own white ground. The film runs three times and stays at its end; for a reader who asks the system for less
motion, it is only the end.
"""

import re
import sys
from html import escape

from gradlib import palette
from gradlib.scalar import Value
from gradlib.widgets import stills
from gradlib.widgets.base import filled_in
from gradlib.widgets.chain_rule import ChainRuleModel
from notebooks import ROOT

PATH = ROOT / "docs" / "walkthrough.svg"
SECONDS = 3  # a state
ROUNDS = 3
LINE = 16  # height of a line of words
WORDS = (
    "The chain rule on the graph of z = x · y + x², step by step from z back to the inputs. Each step multiplies the "
    "gradient that arrives by a local derivative. x is used twice, so it collects 4 and 3: the gradient of x is 7, "
    "that of y is 2."
)


def make() -> str:
    x, y = Value(2.0, "x"), Value(3.0, "y")
    z = x * y + x**2
    model = ChainRuleModel(z, {"x": x, "y": y, "z": z})
    states, lines = [], 0
    for step in range(model.length):
        model.go(step)
        drawing = drawn(model)
        words = model.words()
        lines = max(lines, 1 + len(words.rows) + bool(words.remark))
        states.append((drawing, words))
    head = re.match(r"<svg[^>]*>", states[0][0])[0]
    width, height = (round(float(side)) for side in re.search(r'viewBox="\S+ \S+ (\S+) (\S+)"', head).groups())
    groups = [
        f'<g class="state" style="animation-delay: {i * SECONDS}s">{inside(drawing)}{text(words, height)}</g>'
        for i, (drawing, words) in enumerate(states)
    ]
    tall = height + lines * LINE + LINE // 2
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {tall}" width="{1.4 * width:.0f}" \
height="{1.4 * tall:.0f}" color="{stills.INK}" font-family="{stills.FONT}" font-size="11" role="img">
<title>{escape(WORDS)}</title>
<style>
{stills.rules_for("".join(drawing for drawing, _ in states))}
text {{ fill: {palette.TEXT} !important; }}
{film(len(states))}
</style>
<rect width="100%" height="100%" rx="6" fill="#FFFFFF"/>
{chr(10).join(groups)}
</svg>
""".replace("currentColor", stills.INK)


def drawn(model: ChainRuleModel) -> str:
    """The graph of a state, its marks and texts filled in, in whole points."""
    page = filled_in(model.picture(), model.marks(), model.texts())
    start, end = stills.drawings(page)[0]
    return stills.in_whole_points(re.sub(r"<style>.*?</style>", "", page[start:end], flags=re.DOTALL))


def inside(drawing: str) -> str:
    """What stands in a drawing, without what scripts and screen readers need: the image has one name as a whole."""
    drawing = re.sub(r'\s(data-[a-z]+|role|aria-[a-z]+|tabindex|xml:space)="[^"]*"', "", drawing)
    return (
        drawing.partition(">")[2].removesuffix("</svg>").strip().replace('<g class="graph"', '<g class="gradlib-graph"')
    )


def text(words, top: int) -> str:
    """The words of a state below its graph: a title, then names and values in two columns."""
    y = top + LINE
    lines = [f'<text x="4" y="{y}" font-weight="bold">{escape(words.title)}</text>']
    for name, value in words.rows:
        y += LINE
        lines.append(f'<text x="4" y="{y}">{escape(name)}</text><text x="116" y="{y}">{escape(value)}</text>')
    if words.remark:
        lines.append(f'<text x="4" y="{y + LINE}">{escape(words.remark)}</text>')
    return "".join(lines)


def film(count: int) -> str:
    """CSS that shows one state after the other, and in the end the last."""
    share, total = 100 / count, count * SECONDS
    return f"""@keyframes one {{ 0% {{ opacity: 1; }} {share:.3f}%, 100% {{ opacity: 0; }} }}
@keyframes last {{ 0% {{ opacity: 0; }} {100 - share:.3f}%, 100% {{ opacity: 1; }} }}
.state {{ opacity: 0; animation: one {total}s step-end {ROUNDS}; }}
.state:last-of-type {{ opacity: 1; animation: last {total}s step-end {ROUNDS}; animation-delay: 0s !important; }}
@media (prefers-reduced-motion: reduce) {{ .state {{ animation: none !important; }} }}"""


def same(one: str, other: str) -> bool:
    """True if two pictures differ in coordinates at most: these depend on the fonts of the machine."""
    places = r'\b(d|points|x|y|width|height|viewBox|transform)="[^"]*"'
    return re.sub(places, "", one) == re.sub(places, "", other)


def main(arguments: list[str]) -> int:
    made, stored = make(), PATH.read_text(encoding="utf-8") if PATH.exists() else ""
    if same(made, stored):
        return 0
    if arguments == ["--check"]:
        print(f"docs/{PATH.name}: differs from the walkthrough; run `make pages`", file=sys.stderr)
        return 1
    PATH.write_text(made, encoding="utf-8")
    print(f"docs/{PATH.name}: written")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
