"""Studies on real processes, to which everything happens that can happen, and a judge of what they have stored.

``python -m chaos`` in the folder ``tests``, or ``make chaos``. One file for each duty:

- `plan`: what a run is to be, drawn from a seed.
- `behaviours`: what its trials do. `truth`: what they note of it in a file of their own.
- `driver`: the process that runs the study. `engines`: the engine that it has. `clusters`: what stands beside it.
- `faults`: what happens to it, done to the `processes`, the `network` and the `disk`.
- `run`: one run from its start to its end.
- `judge`: the log against the truth. `leftovers`: what is still there afterwards.
- `results`: what was found, kept, and shown as a table.
"""
