"""The ledger: what is known of a study, folded from its events."""

from trimma.ledger.fold import Ledger

__all__ = ["Ledger"]
