"""Removes columns from ``data=``: they are dropped, shuffled over the rows, or replaced by their mean."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Literal

from trimma.ablation.selection import unknown
from trimma.ablation.tables.nested_data import is_table_factory, leaves, map_leaves
from trimma.ablation.tables.table import Group, Shuffle, Table
from trimma.ablation.tables.table_kinds import table_of
from trimma.errors import UsageError

How = Literal["drop", "permute", "mean"]


@dataclass(frozen=True, kw_only=True)
class ColumnRemoval:
    """Which columns are removed, in groups, and how: they are dropped, shuffled, or replaced by their mean."""

    how: How
    groups: tuple[Group, ...]
    seed: int

    @property
    def members(self) -> tuple[str, ...]:
        """All columns, each once."""
        return tuple(dict.fromkeys(member for _, members in self.groups for member in members))


def without_columns(data: Any, removal: ColumnRemoval) -> Any:
    """``data`` in the form in which it was given, with columns removed from each table that has them.

    A column is replaced by the same mean in all tables of a kind: that of the first table which has the column. So
    training and test sets stay alike. For a function that makes tables, a function is returned that calls it and
    removes the columns from what it returns.

    Raises `UsageError` where no table has one of the columns, and where no column would be left of a table.
    """
    if is_table_factory(data, alone=True):
        return FactoryWithoutColumns(data, removal)
    if not any(is_table_factory(leaf, alone=False) for leaf in leaves(data)):
        present = {name: None for leaf in leaves(data) if (table := table_of(leaf)) for name in table.names(leaf)}
        for member in removal.members:
            if member not in present:
                raise unknown("column", member, present)
    means: dict[tuple[type, str], Any] = {}

    def change(leaf: Any) -> Any:
        if is_table_factory(leaf, alone=False):
            return FactoryWithoutColumns(leaf, removal, alone=False)
        table = table_of(leaf)
        return leaf if table is None else _without(leaf, table, removal, means)

    return map_leaves(data, change)


@dataclass(frozen=True)
class FactoryWithoutColumns:
    """A function that calls ``factory`` and removes columns from the tables that it returns.

    ``alone`` says that the factory is all of ``data=``, and that therefore its tables must have all the columns.
    """

    factory: Callable[..., Any]
    removal: ColumnRemoval
    alone: bool = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        made = self.factory(*args, **kwargs)
        if self.alone:
            return without_columns(made, self.removal)
        there = {name for leaf in leaves(made) if (table := table_of(leaf)) for name in table.names(leaf)}
        rest = _only(self.removal, there)
        return without_columns(made, rest) if rest.groups else made


def _only(removal: ColumnRemoval, there: Collection[str]) -> ColumnRemoval:
    groups = ((name, tuple(member for member in members if member in there)) for name, members in removal.groups)
    return ColumnRemoval(
        how=removal.how, seed=removal.seed, groups=tuple((name, members) for name, members in groups if members)
    )


def _without(data: Any, table: Table, removal: ColumnRemoval, means: dict[tuple[type, str], Any]) -> Any:
    names = table.names(data)
    here = _only(removal, set(names))
    if not here.groups:
        return data
    if here.how == "permute":
        return table.permuted(data, here.groups, Shuffle(here.seed))
    if here.how == "mean":
        kinds = {member: (type(table), member) for member in here.members}
        if new := [member for member, kind in kinds.items() if kind not in means]:
            means |= {kinds[member]: value for member, value in table.typical(data, new).items()}
        return table.filled(data, {member: means[kind] for member, kind in kinds.items()})
    if set(names) <= set(here.members):
        raise no_columns_left(here.members)
    return table.dropped(data, here.members)


def no_columns_left(members: Collection[str], *, label: bool = False) -> UsageError:
    """The error where these are all the columns of a table, or all but its ``label``."""
    some = sorted(members)[:5]
    return UsageError(
        f"without {', '.join(some)}{', ...' if len(members) > 5 else ''} a table has no columns "
        f"{'but the label ' if label else ''}left: take how='mean' or how='permute'"
    )
