"""Ablation: what can be left out, which arms are run, and in which order."""
