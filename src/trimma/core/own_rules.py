"""Asks the stopping rules that are functions of the user's."""

from collections.abc import Callable, Mapping
from typing import Any

from trimma.core.draft import Draft
from trimma.events import Outcome, RuleAnswered
from trimma.objective import failure_of
from trimma.ports import History
from trimma.stopping import own_rules

OwnRules = Mapping[str, Callable[[History], Any]]
"""The functions of the user's own stopping rules, by their names."""


def ask_own_rules(draft: Draft, functions: OwnRules) -> bool:
    """Ask each own rule whether the study has had enough, and record answers that have changed.

    Nothing is asked any more when the study has had enough already. A rule that raises an exception closes the study.
    Returns whether the study is still open.
    """
    history = draft.history
    until = history.spec.until
    if until is None or until.met(history, draft.now):
        return True
    for rule in own_rules(until):
        try:
            reason = _reason(rule.name, functions[rule.name](history))
        except Exception as error:  # noqa: BLE001 - the user's code may raise anything
            draft.record(RuleAnswered(at=draft.now, rule=rule.name, failure=failure_of(error, __file__)))
            draft.close(Outcome.FAILED, f"its rule until={rule.name} raised {type(error).__name__}")
            return False
        if reason != history.own_rules.get(rule.name, ""):
            draft.record(RuleAnswered(at=draft.now, rule=rule.name, reason=reason))
    return True


def _reason(name: str, answer: Any) -> str:
    """Why the study is to end, empty when it is to go on. A rule may give the reason as a text."""
    if isinstance(answer, str):
        return answer
    return f"the rule {name} was met" if answer else ""
