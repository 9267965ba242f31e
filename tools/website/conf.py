"""Sphinx's settings for the site of the course; tools/make_site.py copies them to build/site-source."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

from docutils.nodes import SkipNode  # noqa: E402

import gradlib  # noqa: E402
from offline import mathml  # noqa: E402
from reference import as_rst  # noqa: E402

project = "gradlib"
author = "the gradlib contributors"
copyright = "2026, the gradlib contributors. Code: MIT License. Text: CC BY 4.0"
release = gradlib.__version__
language = "en"

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.viewcode"]
exclude_patterns = ["**/images/**"]
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # the stored outputs are shown
nb_merge_streams = True
nb_ipywidgets_js = {}  # else a page asks a CDN for them
suppress_warnings = ["misc.highlighting_failure"]  # the last line of a message may hold what is no Python

autodoc_member_order = "bysource"
autodoc_typehints = "none"
autodoc_inherit_docstrings = False
autodoc_class_signature = "mixed"
toc_object_entries = False
add_module_names = False
default_role = "literal"

html_theme = "sphinx_book_theme"
html_title = "gradlib"
html_static_path = ["static"]
html_css_files = ["gradlib.css", "course.css"]
html_context = {"default_mode": "auto"}  # the theme of the reader's machine
html_js_files = ["course.js"]
html_math_renderer = "mathml"
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_permalinks_icon = "#"
html_theme_options = {
    "use_download_button": False,
    "use_fullscreen_button": False,
    "footer_content_items": ["copyright.html"],
    "show_navbar_depth": 1,
    "show_toc_level": 2,
    "home_page_in_toc": True,
    "navbar_start": [],  # there is no bar above the page: the search stands above the contents
    "navbar_center": [],
    "navbar_end": [],
    "navbar_persistent": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
pygments_style = "a11y-high-contrast-light"


def visit_inline(translator, node):
    translator.body.append(f'<span class="math">{mathml(node.astext(), "inline")}</span>')
    raise SkipNode


def visit_block(translator, node):
    translator.body.append(f'<div class="math">{mathml(node.astext(), "block")}</div>')
    raise SkipNode


def read_docstring(app, what, name, thing, options, lines):
    lines[:] = as_rst("\n".join(lines)).split("\n")


def without_links_back(app, name, template, context, doctree):
    """Take the links to the reference out of a source page: for a name that two modules offer they lead nowhere."""
    if name.startswith("_modules/"):
        context["body"] = re.sub(r'<a class="viewcode-back"[^>]*>.*?</a>', "", context["body"])


def setup(app):
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    app.connect("autodoc-process-docstring", read_docstring)
    app.connect("html-page-context", without_links_back)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
