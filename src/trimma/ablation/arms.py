"""Arms: what an ablation leaves out together."""

Arm = tuple[str, ...]
"""The names of the components that are left out together, in the study's order of components."""

BASELINE: Arm = ()
"""Nothing is left out: the whole."""
