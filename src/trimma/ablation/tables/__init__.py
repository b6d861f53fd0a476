"""Columns of tables: which there are, and the data without some of them."""

from trimma.ablation.tables.lacking import lacking
from trimma.ablation.tables.listing import Listing, listing
from trimma.ablation.tables.removal import How, Removal

__all__ = ["How", "Listing", "Removal", "lacking", "listing"]
