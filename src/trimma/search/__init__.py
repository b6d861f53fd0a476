"""Searchers, which say what to try next."""

from trimma.search.grid import GridSearch
from trimma.search.quasi_random import QuasiRandomSearch
from trimma.search.random import RandomSearch

__all__ = ["GridSearch", "QuasiRandomSearch", "RandomSearch"]
