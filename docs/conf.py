"""The settings of Sphinx, which builds a site from these pages (`make docs`). Nothing is fetched while it builds."""

from __future__ import annotations

import sys
from pathlib import Path

import schemalm

sys.path.insert(0, str(Path(__file__).parent))

project = "SchemaLM"
author = "The SchemaLM authors"
release = version = schemalm.__version__
language = "en"

extensions = ["myst_parser", "sphinx.ext.autodoc", "docstrings", "generated_pages"]
exclude_patterns = ["_build"]

# Pages are Markdown as GitHub shows it; `#heading` links work for headings of the first four levels.
myst_heading_anchors = 4
myst_disable_syntax = ["footnote_ref"]  # `[^a]` is a part of a regular expression

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
autodoc_type_aliases = {"JSONValue": "JSONValue"}  # not spelled out in every signature
python_use_unqualified_type_names = True
add_module_names = False
toc_object_entries = False

html_theme = "furo"
html_title = f"SchemaLM {release}"
html_copy_source = False
html_show_sphinx = False
