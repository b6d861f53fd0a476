"""Stopping rules that are functions of the user's: found in ``until=``, and found again at a resume."""

from collections.abc import Callable, Mapping
from inspect import isclass, signature
from typing import Any

from msgspec.structs import replace

from trimma.core.own_rules import OwnRules
from trimma.errors import StudyError, UsageError
from trimma.objective import describe
from trimma.ports import History
from trimma.stopping import All, Either, OwnRule, Rule, own_rules

StoppingRule = Rule | Callable[[History], Any]
"""What ``until=`` may be: a rule, or a function of the study's history that says whether the study has had enough."""


def functions_in(until: Any) -> OwnRules:
    """The functions in ``until``, by their names. Raises `UsageError` for what can't be a rule."""
    if isinstance(until, All | Either):
        found: dict[str, Callable[[History], Any]] = {}
        for rule in until.rules:
            for name, function in functions_in(rule).items():
                if found.setdefault(name, function) is not function:
                    raise UsageError(f"until= has two rules of the name {name!r}: give each a name of its own, by def")
        return found
    if isinstance(until, Rule):
        return {}
    if not callable(until) or isclass(until):
        raise UsageError(
            f"until={until!r} is no rule: combine tm.Timeout, tm.Target, tm.Patience and tm.TrialCount, or give a "
            "function of the history"
        )
    name = _name(until)
    if not _takes_one(until):
        raise UsageError(f"until={name} must take one argument, the study's history")
    return {name: until}


def as_rule(until: Any) -> Rule:
    """The rule that is stored, in which functions are named."""
    if isinstance(until, All | Either):
        return replace(until, rules=tuple(map(as_rule, until.rules)))
    return until if isinstance(until, Rule) else OwnRule(name=_name(until))


def given_anew(rule: Rule | None) -> Rule | None:
    """The rule, in which functions count as given at a resume."""
    if isinstance(rule, All | Either):
        return replace(rule, rules=tuple(map(given_anew, rule.rules)))
    return replace(rule, anew=True) if isinstance(rule, OwnRule) else rule


def functions_for(name: str, until: Rule | None, kept: Mapping[str, Any], given: OwnRules) -> OwnRules:
    """The functions of the own rules in ``until``: those ``given`` at this resume, and those ``kept`` with the study.

    Raises `StudyError` when one of them was not kept.
    """
    found = {}
    for rule in own_rules(until):
        source = given if rule.anew else kept
        if rule.name not in source:
            raise StudyError(
                f"study {name!r} ends by until={rule.name}, which wasn't kept with it: give it again, as in "
                f"tm.load({name!r}).resume(until=...), or give another limit such as trials="
            )
        found[rule.name] = source[rule.name]
    return found


def _name(function: Any) -> str:
    return str(getattr(function, "__qualname__", "") or describe(function))


def _takes_one(function: Callable[..., Any]) -> bool:
    try:
        parameters = signature(function)
    except ValueError:
        return True  # some functions written in C don't tell their arguments
    try:
        parameters.bind(None)
    except TypeError:
        return False
    return True
