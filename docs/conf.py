"""Sphinx configuration; `make docs` builds."""

import trimma

project = "Trimma"
author = "The Trimma maintainers"
copyright = f"{author}, Apache License 2.0"
version = release = trimma.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_click"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "description"

html_theme = "furo"
html_title = f"Trimma {release}"
