"""Stores, which keep the events of studies."""

from trimma.stores.memory import MemoryStore
from trimma.stores.sqlite import SQLiteStore

__all__ = ["MemoryStore", "SQLiteStore"]
