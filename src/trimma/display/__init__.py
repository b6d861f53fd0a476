"""A study for people: in the terminal, in a notebook, as plots, as reports and as files.

``terminal``, ``notebook``, ``plots`` and ``report`` each show a study in one way. The modules beside them are what
several of these share: how numbers, configs, metrics and findings are put into words.

Nothing is imported here, because rich, plotly, matplotlib, pandas and pyarrow take long to import: import the module
that you need.
"""
