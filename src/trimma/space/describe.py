"""Describes spaces as plain JSON, and says in words what changed between two of them."""

from typing import Any

from trimma.space.encoding import dimension_from
from trimma.space.expressions import Choice, Derived, Grid
from trimma.space.numeric import Float, Int
from trimma.space.plain import Expression, call_text, fresh, identity
from trimma.space.template import Template

SHOWN = 8  # so many values of a long list are shown in a label


def describe(template: Template) -> dict[str, dict[str, Any]]:
    """A description of every place of a template. Places that only a Derived uses come last."""
    sampled = {
        expression: [fresh(row[place]) for row in draws.rows]
        for draws in template.samples
        for place, expression in enumerate(draws.expressions)
    }
    places: dict[str, dict[str, Any]] = {}
    for _, name, node in template.leaves:
        if isinstance(node, Expression) and template.names[node] != name:
            places[name] = {"kind": "linked", "to": template.names[node]}
        else:
            places[name] = _describe_one(node, template, sampled)
    for node, name in template.names.items():
        if name not in places:
            places[name] = _describe_one(node, template, sampled)
    for node, _ in template.derived:
        for name, argument in zip(_arguments(node, template), node.arguments, strict=True):
            if not isinstance(argument, Expression):
                places[name] = _describe_one(argument, template, sampled)
    return places


def label(description: dict[str, Any]) -> str:
    """The description of one place, written as in Python.

    >>> label({"kind": "int", "low": 1, "high": 9, "log": False, "step": 2})
    'Int(1, 9, step=2)'
    """
    match description:
        case {"kind": "float" | "int" | "choice"}:
            return str(dimension_from("", description))
        case {"kind": "grid", "values": values}:
            return call_text("Grid", *values)
        case {"kind": "sampled", "values": values}:
            shown = [*map(repr, values[:SHOWN]), *(["..."] if len(values) > SHOWN else [])]
            return f"{len(values)} sampled values ({', '.join(shown)})"
        case {"kind": "derived", "function": function, "of": names}:
            return f"Derived({', '.join([function, *names])})"
        case {"kind": "linked", "to": name}:
            return f"linked to {name}"
        case {"kind": "constant", "value": value}:
            return repr(value)
        case _:
            return repr(description)


def differences(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[str]:
    """What changed from one ``Space.describe()`` to another, in words. Empty when nothing did.

    The order of grids counts, because it determines the numbers of branches.

    >>> differences(Space(lr=Float(0, 1)).describe(), Space(lr=Float(0, 2)).describe())
    ['lr was Float(0.0, 1.0), is Float(0.0, 2.0)']
    """
    if len(old) == len(new) == 1:
        return _part_differences(old[0], new[0])
    said = [
        f"part {number} of the union: {difference}"
        for number, (before, after) in enumerate(zip(old, new, strict=False), 1)
        for difference in _part_differences(before, after)
    ]
    said += [f"part {number} of the union is gone" for number in range(len(new) + 1, len(old) + 1)]
    said += [f"part {number} of the union is new" for number in range(len(old) + 1, len(new) + 1)]
    return said


def _part_differences(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    said = []
    for name, before in old.items():
        if name not in new:
            said.append(f"{name} is gone")
        elif identity(before) != identity(new[name]):
            was, now = label(before), label(new[name])
            said.append(f"{name} was {was}, is {now}" if was != now else f"{name} has changed within {was}")
    said += [f"{name} is new" for name in new if name not in old]
    if not said and _expansions(old) != _expansions(new):
        was, now = ", ".join(_expansions(old)), ", ".join(_expansions(new))
        said.append(f"the order of grids was {was}, is {now}")
    return said


def _expansions(places: dict[str, Any]) -> list[str]:
    return [name for name, place in places.items() if place["kind"] in ("grid", "sampled")]


def _describe_one(node: Any, template: Template, sampled: dict[Expression, list[Any]]) -> dict[str, Any]:
    if isinstance(node, Expression) and node in sampled:
        return {"kind": "sampled", "values": sampled[node]}
    match node:
        case Float():
            return {"kind": "float", "low": node.low, "high": node.high, "log": node.log, "step": node.step}
        case Int():
            return {"kind": "int", "low": node.low, "high": node.high, "log": node.log, "step": node.step}
        case Choice():
            return {"kind": "choice", "options": fresh([*node.options]), "ordered": node.ordered}
        case Grid():
            return {"kind": "grid", "values": fresh([*node.values])}
        case Derived():
            return {"kind": "derived", "function": node.label, "of": _arguments(node, template)}
        case constant:
            return {"kind": "constant", "value": fresh(constant)}


def _arguments(node: Derived, template: Template) -> list[str]:
    """The names of a Derived's arguments. Constants are named after their place among them, too."""
    return [
        template.names[argument] if isinstance(argument, Expression) else f"{template.names[node]}~{position}"
        for position, argument in enumerate(node.arguments)
    ]
