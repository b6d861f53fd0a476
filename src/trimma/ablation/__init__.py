"""Ablation studies: which components can be left out, which arms are run, and in which order."""
