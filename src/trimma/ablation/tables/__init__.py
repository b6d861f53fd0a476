"""The columns of tables: listing them, and removing some of them."""

from trimma.ablation.tables.list_columns import ColumnList, list_columns
from trimma.ablation.tables.remove_columns import ColumnRemoval, How, no_columns_left, without_columns

__all__ = ["ColumnList", "ColumnRemoval", "How", "list_columns", "no_columns_left", "without_columns"]
