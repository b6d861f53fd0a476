"""Reports of ablations: Markdown, LaTeX, a complete HTML page, and data frames.

Nothing is imported here: import the module that you need.
"""
