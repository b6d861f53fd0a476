"""Makes components of the names that a user gives: single members, groups, and prefixes of names."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trimma.ablation.question import Component
from trimma.errors import UnknownName, UsageError, nearest

LONGEST = 40
"""The greatest number of characters in the name of a group; a longer name is shortened in its middle."""

_FEW = 20

Group = tuple[str | None, tuple[str, ...]]
"""The name of a group (None if it was given none) and its members."""


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What a user wants to be left out.

    Each of ``names`` is left out by itself, the members of each of ``groups`` together, and all members whose names
    begin with one of ``prefixes`` together. An empty selection stands for every member by itself.
    """

    names: tuple[str, ...] = ()
    groups: tuple[Group, ...] = ()
    prefixes: tuple[str, ...] = ()

    @classmethod
    def of(cls, names: Iterable[Any] = (), *, group: Any = None, groups: Any = None, prefix: Any = None) -> "Selection":
        """The selection of these arguments.

        ``group`` is one group, a list of names. ``groups`` is several groups, a list of such lists. Either may be a
        dict of lists, whose keys are the names of the groups. ``prefix`` is one or more beginnings of names. Names that
        aren't text are converted to text.

        Raises `UsageError` for arguments of another form, for empty groups, and for groups of one.
        """
        singles = tuple(names)
        for name in singles:
            if isinstance(name, list | set | dict):
                raise UsageError(f"{name!r} stands where a name should: a group is given as group={name!r}")
        one = group.items() if isinstance(group, Mapping) else () if group is None else [(None, group)]
        return cls(
            names=tuple(map(str, singles)),
            groups=(*_groups("group", one), *_groups("groups", _items(groups))),
            prefixes=_prefixes(prefix),
        )

    @property
    def is_empty(self) -> bool:
        """Whether nothing is named."""
        return not (self.names or self.groups or self.prefixes)

    def components(
        self, kind: str, known: Sequence[str], refused: Mapping[str, str] | None = None
    ) -> tuple[Component, ...]:
        """The components that the selection means, in the order of its arguments.

        ``known`` are the names of all members. ``kind`` says in one word what a member is, such as "column".
        ``refused`` maps some of the members to a sentence that says why they can't be left out. These are not listed as
        components and fit no prefix, and a user who names one gets the sentence as an error.

        Raises `UnknownName` for a name that isn't known, and `UsageError` for a refused member, a prefix that fits no
        member or only one, a component that is given twice, and two components of one name.
        """
        refused = refused or {}
        free = [member for member in dict.fromkeys(known) if member not in refused]
        if self.is_empty:
            if not free:
                raise UsageError(f"there is no {kind} that could be left out")
            return tuple(Component(name=member, kind=kind, members=(member,)) for member in free)
        there = set(free)
        for member in (*self.names, *(member for _, members in self.groups for member in members)):
            if member in refused:
                raise UsageError(refused[member])
            if member not in there:
                raise unknown(kind, member, free)
        chosen: list[tuple[str, tuple[str, ...]]] = [(name, (name,)) for name in self.names]
        chosen += [(name or joined(members), members) for name, members in self.groups]
        chosen += [(f"{prefix}*", _fitting(prefix, kind, free)) for prefix in self.prefixes]
        _refuse_doubles(chosen)
        return tuple(Component(name=name, kind=kind, members=members) for name, members in chosen)

    def arguments(self) -> list[str]:
        """The arguments of the selection, as one would type them."""
        unnamed = [list(members) for name, members in self.groups if name is None]
        named = {name: list(members) for name, members in self.groups if name is not None}
        shown = [repr(name) for name in self.names]
        if unnamed:
            shown.append(f"group={unnamed[0]!r}" if len(unnamed) == 1 else f"groups={unnamed!r}")
        if named:
            shown.append(f"{'group' if len(unnamed) > 1 else 'groups'}={named!r}")
        if self.prefixes:
            shown.append(f"prefix={self.prefixes[0] if len(self.prefixes) == 1 else list(self.prefixes)!r}")
        return shown


def joined(members: Sequence[str]) -> str:
    """A name for a group that was given none: ``a+b+c``. If that is too long, the middle is left out."""
    whole = "+".join(members)
    if len(whole) <= LONGEST:
        return whole
    kept, last = [members[0]], members[-1]
    for member in members[1:-1]:
        if len("+".join([*kept, member, "...", last])) > LONGEST:
            break
        kept.append(member)
    return "+".join([*kept, "...", last])


def unknown(kind: str, name: str, known: Iterable[str]) -> UsageError:
    """The error for a name that isn't known. It lists the known names only if they are few."""
    known = list(known)
    if len(known) <= _FEW:
        return UnknownName(kind, name, known)
    near = nearest(name, known, 3)
    hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else "."
    return UsageError(
        f"there is no {kind} named {name!r}{hint} There are {len(known):,}, from {known[0]!r} to {known[-1]!r}."
    )


def _items(groups: Any) -> Iterable[tuple[Any, Any]]:
    if groups is None:
        return ()
    if isinstance(groups, Mapping):
        return groups.items()
    if isinstance(groups, str) or not isinstance(groups, Iterable):
        raise UsageError(f"groups={groups!r}: give a list of groups, each a list of names, or a dict of them by name")
    return [(None, members) for members in groups]


def _groups(argument: str, items: Iterable[tuple[Any, Any]]) -> Iterable[Group]:
    for name, members in items:
        if isinstance(members, str | Mapping) or not isinstance(members, Iterable):
            raise UsageError(f"{argument}=: a group is a list of names, not {members!r}")
        group = tuple(map(str, _ordered(members)))
        if not group:
            raise UsageError(f"{argument}=: {f'the group {name!r}' if name else 'a group'} is empty: name its members")
        if len(group) == 1:
            raise UsageError(f"{argument}=: a group of one, {group[0]!r}: name it by itself, or give it company")
        if twice := [member for member in group if group.count(member) > 1]:
            raise UsageError(f"{argument}=: {twice[0]!r} is in one group twice: leave one out")
        yield (None if name is None else str(name)), group


def _ordered(values: Iterable[Any]) -> Iterable[Any]:
    """The values in an order that is the same in every process, since that of a set may differ."""
    return sorted(values, key=str) if isinstance(values, set | frozenset) else values


def _prefixes(prefix: Any) -> tuple[str, ...]:
    if prefix is None:
        return ()
    prefixes = (prefix,) if isinstance(prefix, str) else prefix
    if not isinstance(prefixes, Iterable):
        raise UsageError(f"prefix={prefix!r}: give a text, or a list of texts")
    found = tuple(_ordered(prefixes))
    if not found or not all(isinstance(part, str) and part for part in found):
        raise UsageError(f"prefix={prefix!r}: give a text that isn't empty, or a list of such texts")
    return found


def _fitting(prefix: str, kind: str, known: Sequence[str]) -> tuple[str, ...]:
    fitting = tuple(member for member in known if member.startswith(prefix))
    if not fitting:
        beginnings = {member[: len(prefix)] for member in known}
        nearest = difflib.get_close_matches(prefix, sorted(beginnings), n=1)
        hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
        raise UsageError(f"prefix={prefix!r} fits no {kind}{hint}")
    if len(fitting) == 1:
        raise UsageError(f"prefix={prefix!r} fits only {fitting[0]!r}, a group of one: name it by itself")
    return fitting


def _refuse_doubles(chosen: Sequence[tuple[str, tuple[str, ...]]]) -> None:
    names: dict[str, tuple[str, ...]] = {}
    seen: dict[frozenset[str], str] = {}
    for name, members in chosen:
        before = seen.setdefault(frozenset(members), name)
        if name in names and names[name] != members:
            raise UsageError(
                f"two components are named {name!r}: give groups names of their own, as in groups={{'name': [...]}}"
            )
        if name in names or before != name:
            raise UsageError(
                f"{name!r} is named twice" if before == name else f"{before!r} and {name!r} are the same component"
            )
        names[name] = members
