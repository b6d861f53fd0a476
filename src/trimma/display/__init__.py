"""A study for people: in the terminal, in a notebook, as plots and as files.

Nothing is imported here, for rich, plotly, pandas and pyarrow take their time: import the module that you need.
"""
