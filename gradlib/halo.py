"""Text that reads on any ground: dark letters with a light edge, for figures that have no background of their own.

A hook of Matplotlib (rcParams["figure.hooks"]), which pyplot calls on each new figure in `plots.style()`. This file
imports Matplotlib, so it is imported only when something is drawn.
"""

from __future__ import annotations

from matplotlib import rcParams
from matplotlib.artist import Artist
from matplotlib.colors import same_color, to_rgba
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.text import Text

from .palette import HALO, HALO_OPACITY, TEXT


class Halos(Artist):
    """Nothing to see: when a figure is drawn this comes first, and gives an edge to each text in the palette's colour.

    Texts of other colours, and those with effects of their own, stay as they are.
    """

    zorder = -1e9  # before all others

    def draw(self, renderer) -> None:
        edge = withStroke(linewidth=5, foreground=to_rgba(HALO, HALO_OPACITY))
        for text in self.figure.findobj(Text):
            if same_color(text.get_color(), TEXT) and not text.get_path_effects():
                text.set_path_effects([edge])


def no_ground(figure: Figure) -> None:
    """Let the page shine through the figure, unless it has a colour of its own, and give its texts their edge.

    Left out is the frame, not its colour: JupyterLab puts white behind a figure whose colour is transparent.
    """
    if same_color(figure.get_facecolor(), rcParams["figure.facecolor"]):
        figure.frameon = False
    figure.add_artist(Halos())
