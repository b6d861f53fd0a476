"""Flattens nested configs: each place has one name, which is the name that the space gives it."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any


def flatten(config: Mapping[str, Any], names: Collection[str] | None = None) -> dict[str, Any]:
    """The config's values by dotted name, in the config's order.

    Without ``names``, dicts and lists are taken apart down to the last value. ``names`` are those of the space. With
    them, the value at such a name stays whole, even if it is a dict, and a list is taken apart only if a name lies
    inside it.

    >>> flatten({"opt": {"lr": 0.1}, "layers": [64, 32]})
    {'opt.lr': 0.1, 'layers[0]': 64, 'layers[1]': 32}
    >>> flatten({"opt": {"lr": 0.1}, "layers": [64, 32]}, {"opt.lr", "layers"})
    {'opt.lr': 0.1, 'layers': [64, 32]}
    """
    return dict(_walk(config, "", names))


def names_in(space: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """The names of all places of a space, from its description."""
    return frozenset(name for part in space for name in part)


def _walk(node: Any, name: str, names: Collection[str] | None) -> Iterator[tuple[str, Any]]:
    if names is not None and name in names:
        yield name, node
    elif isinstance(node, Mapping) and (node or not name):
        for key, part in node.items():
            yield from _walk(part, f"{name}.{key}" if name else str(key), names)
    elif isinstance(node, list | tuple) and node and (names is None or _inside(name, names)):
        for place, part in enumerate(node):
            yield from _walk(part, f"{name}[{place}]", names)
    else:
        yield name, node


def _inside(name: str, names: Collection[str]) -> bool:
    return any(other.startswith(f"{name}[") for other in names)
