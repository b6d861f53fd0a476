"""The fold of a study's events, and what is known by it."""

from trimma.ledger.fold import Ledger

__all__ = ["Ledger"]
