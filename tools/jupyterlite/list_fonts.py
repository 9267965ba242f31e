"""Write matplotlib's list of the fonts that it brings along into a file. Pyodide's own list is that of another version,
so that matplotlib would look at every font when it is first imported, for half a minute."""

import sys
from pathlib import Path

import matplotlib
from matplotlib import font_manager

fonts = font_manager.FontManager()
own = Path(matplotlib.get_data_path())
fonts.ttflist = [font for font in fonts.ttflist if own in Path(font.fname).parents]
fonts.afmlist = [font for font in fonts.afmlist if own in Path(font.fname).parents]
font_manager.json_dump(fonts, Path(sys.argv[1]))
