"""Sphinx configuration; `make docs` builds."""

import trimma

project = "Trimma"
author = "The Trimma maintainers"
copyright = f"{author}, Apache License 2.0"
version = release = trimma.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
python_maximum_signature_line_length = 100
default_role = "code"  # what stands in single backticks in docstrings

html_theme = "furo"
html_title = f"Trimma {release}"
