"""How verdicts look in the pictures of ablations: a colour and a shape for each, and the hover text."""

from collections.abc import Iterable
from typing import NamedTuple

from trimma.ablation.findings import EffectRow, Findings
from trimma.display.intervals_and_p_values import Precision, p_text
from trimma.display.numbers_and_durations import NOTHING, percent
from trimma.display.plots.picture_marks import Symbol
from trimma.display.short_text import one_line, shorten
from trimma.effects import Conclusion


class VerdictLook(NamedTuple):
    """The colour of a verdict, and a shape by which it can be told without colours."""

    colour: str
    symbol: Symbol


VERDICT_LOOKS = {
    Conclusion.HELPS: VerdictLook("#0072B2", "circle"),
    Conclusion.HURTS: VerdictLook("#D55E00", "diamond"),
    Conclusion.EQUIVALENT: VerdictLook("#009E73", "square"),
    Conclusion.UNDECIDED: VerdictLook("#7F7F7F", "circle-open"),
}


def by_verdict(found: Findings, rows: Iterable[EffectRow]) -> list[tuple[Conclusion, str, list[tuple[int, EffectRow]]]]:
    """The rows grouped by their verdicts.

    Each group is the verdict, its name in the legend, and its rows, each with its place among all rows.
    """
    every = list(enumerate(rows))
    smallest = found.analysis.smallest
    names = {Conclusion.EQUIVALENT: f"equivalent within {smallest:g}"} if smallest is not None else {}
    parts = (
        (conclusion, [(place, row) for place, row in every if row.conclusion is conclusion])
        for conclusion in Conclusion
    )
    return [(conclusion, names.get(conclusion, conclusion.value), group) for conclusion, group in parts if group]


def component_hover(row: EffectRow, digits: Precision) -> str:
    """The text that shows when the mouse points at a component: everything that is known of it."""
    lines = [f"{one_line(row.component)}: {row.words}"]
    lines.append(f"difference {digits.signed(row.difference)} {digits.interval(row.low, row.high)}")
    lines.append(f"adjusted p {p_text(row.p)}, repeats {row.repeats}")
    if row.probability is not None:
        lines.append(f"the whole beats the part in {percent(row.probability)} of the comparisons")
    if row.failures or row.censored:
        lines.append(f"failed {row.failures}, stopped early {row.censored}")
    if len(row.members) > 1:
        lines.append(shorten(", ".join(map(one_line, row.members)), 80))
    return "\n".join(lines)


def why_no_difference(row: EffectRow) -> str:
    """Why a component has no difference, in words."""
    if row.worth is not None:
        return "every training failed"
    return "no comparison yet" if not row.failures else NOTHING
