"""Trimma: asynchronous hyperparameter tuning, ablation and distributed training with one training function."""

__version__ = "0.1.0"
