"""An ablation for people: its table, its report, and how it stands while it runs.

Nothing is imported here: import the module that you need.
"""
