"""Columns of tables: which there are, and the data without some of them."""

from trimma.ablation.tables.lacking import lacking
from trimma.ablation.tables.listing import Listing, listing
from trimma.ablation.tables.removal import Removal, Way

__all__ = ["Listing", "Removal", "Way", "lacking", "listing"]
