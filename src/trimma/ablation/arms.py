"""Arms: an arm is a set of components that an ablation leaves out together."""

Arm = tuple[str, ...]
"""The names of the components that are left out together, in the study's order of components."""

BASELINE: Arm = ()
"""The arm that leaves nothing out, which is the whole."""
