"""HTML that needs no network: for `jupyter nbconvert --to html`, and for JupyterLab's menu."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))  # where offline.py is, which is imported with the first page

c = get_config()  # noqa: F821
c.HTMLExporter.filters = {"markdown2html": "offline.markdown2html"}
c.HTMLExporter.preprocessors = ["offline.StandAlone"]
c.HTMLExporter.mathjax_url = c.HTMLExporter.require_js_url = c.HTMLExporter.jquery_url = ""
