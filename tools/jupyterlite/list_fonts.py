"""Write a list of the fonts in a wheel of matplotlib into a file: list_fonts.py WHEEL FILE.

Pyodide's own list is that of another version, so that matplotlib would look at every font when it is first imported,
for half a minute.
"""

import sys
import zipfile
from pathlib import Path

from matplotlib import font_manager

wheel, out = sys.argv[1:]
with zipfile.ZipFile(wheel) as opened:
    held = {Path(name).name for name in opened.namelist() if "/mpl-data/fonts/" in name}
fonts = font_manager.FontManager()
fonts.ttflist = [font for font in fonts.ttflist if "mpl-data" in font.fname and Path(font.fname).name in held]
fonts.afmlist = [font for font in fonts.afmlist if "mpl-data" in font.fname and Path(font.fname).name in held]
font_manager.json_dump(fonts, out)
