"""The closing summary of an ablation."""

from rich.console import Group, RenderableType
from rich.text import Text

from trimma.ablation.findings import Findings, findings
from trimma.display.ablation_findings_words import (
    change_sentence,
    decided_sentence,
    method_sentences,
    plan_sentences,
)
from trimma.display.best_and_worst_arms import best_and_worst_lines
from trimma.display.terminal.closing_failures import failure_lines
from trimma.display.terminal.closing_outcome import outcome_headline, outcome_notes, state_counts
from trimma.display.terminal.effects_table import effects_table
from trimma.display.terminal.interaction_lines import interaction_lines
from trimma.display.terminal.trailing_blanks import WithoutTrailingBlanks
from trimma.display.top_and_bottom import not_shown_sentences
from trimma.display.worker_utilisation import worker_lines
from trimma.ports import History
from trimma.views import summary


def ablation_closing(history: History, kept: str | None, width: int, *, lost: bool, again: str) -> RenderableType:
    """How the ablation went: what its components are worth, its best and worst arm, its method, and its failures.

    The arguments are those of `trimma.display.terminal.closing_summary.closing`.
    """
    state, found, workers = summary(history, lost=lost), findings(history), worker_lines(history)
    parts: list[RenderableType] = [outcome_headline(state), state_counts(state, busy=not workers)]
    parts += [Text(), *component_findings(found, width), *outcome_notes(history, state)]
    parts += [Text(), *map(Text, workers)] if workers else []
    parts += failure_lines(history)
    if kept:
        parts += [Text(), Text(f"Kept in {kept}. Look again with {again}.")]
    return WithoutTrailingBlanks(Group(*parts))


def component_findings(found: Findings, width: int) -> list[RenderableType]:
    """The plan, the table of components for ``width`` columns, and what is to be said about them."""
    parts: list[RenderableType] = [Text(plan_sentences(found))]
    if not found.cells:
        return [*parts, Text(), Text("No training has ended yet, so nothing is known of the components.")]
    parts += [
        Text(),
        Text(change_sentence(found), "dim"),
        effects_table(found, width),
        *(Text(line, "dim") for line in not_shown_sentences(found)),
        Text(),
        Text(decided_sentence(found)),
    ]
    for lines, style in (
        (interaction_lines(found), ""),
        (best_and_worst_lines(found), ""),
        (method_sentences(found), "dim"),
    ):
        parts += [Text(), *(Text(line, style) for line in lines)] if lines else []
    return parts
