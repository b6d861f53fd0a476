"""Where the events of studies live."""

from trimma.stores.memory import MemoryStore
from trimma.stores.sqlite import SQLiteStore

__all__ = ["MemoryStore", "SQLiteStore"]
