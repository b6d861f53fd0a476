"""The columns of tables: listing them, and removing some of them."""

from trimma.ablation.tables.list_columns import ColumnList, list_columns
from trimma.ablation.tables.remove_columns import ColumnRemoval, How, without_columns

__all__ = ["ColumnList", "ColumnRemoval", "How", "list_columns", "without_columns"]
