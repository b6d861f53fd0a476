"""The data that an objective gets where columns are taken out."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from trimma.ablation.selection import unknown
from trimma.ablation.tables.kinds import changed, is_factory, leaves, table_of
from trimma.ablation.tables.removal import Removal, Shuffle, Table
from trimma.errors import UsageError


def lacking(data: Any, removal: Removal) -> Any:
    """``data`` without what ``removal`` takes out of each table that has it, in the form in which it was given.

    A column's mean is that of the first table of a kind that has the column, and stands in all of them: train and
    test sets stay alike. Of a factory a function is left that makes the tables without the columns.

    Raises `UsageError` where no table has one of the columns, and where no column would be left of a table.
    """
    if is_factory(data, alone=True):
        return Lacking(data, removal)
    if not any(is_factory(leaf, alone=False) for leaf in leaves(data)):
        present = {name: None for leaf in leaves(data) if (table := table_of(leaf)) for name in table.names(leaf)}
        for member in removal.members:
            if member not in present:
                raise unknown("column", member, present)
    means: dict[tuple[type, str], Any] = {}

    def change(leaf: Any) -> Any:
        if is_factory(leaf, alone=False):
            return Lacking(leaf, removal, alone=False)
        table = table_of(leaf)
        return leaf if table is None else _without(leaf, table, removal, means)

    return changed(data, change)


@dataclass(frozen=True)
class Lacking:
    """A factory of tables, less some of their columns; ``alone`` where there are no tables beside them."""

    factory: Callable[..., Any]
    removal: Removal
    alone: bool = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        made = self.factory(*args, **kwargs)
        if self.alone:
            return lacking(made, self.removal)
        there = {name for leaf in leaves(made) if (table := table_of(leaf)) for name in table.names(leaf)}
        rest = _only(self.removal, there)
        return lacking(made, rest) if rest.groups else made


def _only(removal: Removal, there: Collection[str]) -> Removal:
    groups = ((name, tuple(member for member in members if member in there)) for name, members in removal.groups)
    return Removal(
        how=removal.how, seed=removal.seed, groups=tuple((name, members) for name, members in groups if members)
    )


def _without(data: Any, table: Table, removal: Removal, means: dict[tuple[type, str], Any]) -> Any:
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
        raise UsageError(
            f"without {', '.join(here.members[:5])}{', ...' if len(here.members) > 5 else ''} a table has no columns "
            "left: take how='mean' or how='permute'"
        )
    return table.dropped(data, here.members)
