"""Schedulers, which say how far each trial runs."""

from trimma.schedule.asha import Asha
from trimma.schedule.median import MedianRule
from trimma.schedule.run_all import RunAll

__all__ = ["Asha", "MedianRule", "RunAll"]
