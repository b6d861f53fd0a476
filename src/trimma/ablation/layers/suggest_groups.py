"""Suggests which neighbouring layers can be taken out as a group, where one of them can't be taken out alone."""

from collections.abc import Callable, Sequence

from trimma.ablation.layers.layer_remover import Clash

MORE, SHOWN = 5, 3
"""How many neighbours are tried, and how many groups are shown at most."""


def working_groups(
    order: Sequence[str], members: Sequence[str], check: Callable[[Sequence[str]], None]
) -> list[tuple[str, ...]]:
    """The smallest runs of neighbours in ``order`` that contain ``members`` and leave a model that connects.

    ``check`` raises `Clash` for layers that can't be taken out together. Where the members lie far apart, only the
    first of them that can't be taken out by itself is considered.
    """

    def connects(names: Sequence[str]) -> bool:
        try:
            check(names)
        except Clash:
            return False
        return True

    places = [place for place, name in enumerate(order) if name in members]
    if not places:
        return []
    first, last = places[0], places[-1]
    if last - first > MORE:
        alone = (place for place in places if not connects([order[place]]))
        first = last = next(alone, first)
    found: list[range] = []
    for size in range(last - first + 1, last - first + 2 + MORE):
        for start in range(last + 1 - size, first + 1):
            run = range(start, start + size)
            if (
                start < 0
                or run.stop > len(order)
                or any(kept.start >= start and kept.stop <= run.stop for kept in found)
            ):
                continue
            if connects([order[place] for place in run]):
                found.append(run)
        if len(found) >= SHOWN:
            break
    return [tuple(order[place] for place in run) for run in found[:SHOWN]]


def advice(groups: Sequence[tuple[str, ...]], *, adaptable: bool) -> str:
    """What the user can do instead, in whole sentences."""
    adapter = " Or give adapt=True, for an adapter where the shapes differ." if adaptable else ""
    if not groups:
        return f"No group of its neighbours connects either: replace it with tm.Variant(model=...).{adapter}"
    ways = [" + ".join(map(repr, group)) for group in groups]
    named = "; ".join(ways)
    return f"Taken out together these connect: {named}. Name them as a group.{adapter}"
