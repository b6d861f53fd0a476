"""A study in the terminal: the live view, the lines of a log, and the closing summary.

Nothing is imported here: import the module that you need.
"""
