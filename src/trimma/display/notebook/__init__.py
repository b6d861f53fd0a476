"""A study in a notebook: HTML fragments that bring their own style.

Nothing is imported here: import the module that you need.
"""
