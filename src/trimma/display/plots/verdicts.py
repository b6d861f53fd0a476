"""What the pictures of an ablation share: a colour and a shape for each verdict, and labels of components."""

from collections.abc import Iterable
from html import escape
from typing import Any, NamedTuple

from trimma.display.differences import Precision, p_text
from trimma.display.plots.theme import GREY
from trimma.display.text import NOTHING, one_line, percent, shorten, squeeze
from trimma.effects import Conclusion
from trimma.views import EffectRow, Findings

ROW = 26  # pixels a component
LABEL = 34  # the widest that a component's name may be
BAND = "rgba(0,158,115,0.12)"


class Look(NamedTuple):
    """How a verdict looks: its colour, and a shape that tells it in grey, too."""

    colour: str
    symbol: str


LOOKS = {
    Conclusion.HELPS: Look("#0072B2", "circle"),
    Conclusion.HURTS: Look("#D55E00", "diamond"),
    Conclusion.EQUIVALENT: Look("#009E73", "square"),
    Conclusion.UNDECIDED: Look("#7F7F7F", "circle-open"),
}


def groups(found: Findings, rows: Iterable[EffectRow]) -> list[tuple[Conclusion, str, list[tuple[int, EffectRow]]]]:
    """The rows by verdict, each with its place among all, and the verdict's name in the legend."""
    every = list(enumerate(rows))
    smallest = found.analysis.smallest
    names = {Conclusion.EQUIVALENT: f"equivalent within {smallest:g}"} if smallest is not None else {}
    parts = (
        (conclusion, [(place, row) for place, row in every if row.conclusion is conclusion])
        for conclusion in Conclusion
    )
    return [(conclusion, names.get(conclusion, conclusion.value), group) for conclusion, group in parts if group]


def label(row: EffectRow) -> str:
    """The component's name with how often it was compared, and what of it wasn't."""
    parts = [f"n = {row.repeats}"]
    parts += [f"{row.failures} failed"] if row.failures else []
    parts += [f"{row.censored} stopped early"] if row.censored else []
    name = escape(squeeze(one_line(row.component), LABEL), quote=False)
    return f"{name} <span style='font-size:11px;color:{GREY}'>({', '.join(parts)})</span>"


def component_axis(rows: list[EffectRow], labels: list[str]) -> dict[str, Any]:
    """The components from top to bottom."""
    return {
        "tickvals": list(range(len(rows))),
        "ticktext": labels,
        "range": [len(rows) - 0.4, -0.6],
        "showgrid": False,
        "zeroline": False,
        "automargin": True,
        "ticklabelstandoff": 6,
    }


def hover(row: EffectRow, digits: Precision) -> str:
    """Everything that is known of a component."""
    lines = [f"<b>{escape(one_line(row.component), quote=False)}</b>: {escape(row.words, quote=False)}"]
    lines.append(f"difference {digits.signed(row.difference)} {digits.interval(row.low, row.high)}")
    lines.append(f"adjusted p {p_text(row.p)}, repeats {row.repeats}")
    if row.probability is not None:
        lines.append(f"the whole beats the part in {percent(row.probability)} of the comparisons")
    if row.failures or row.censored:
        lines.append(f"failed {row.failures}, stopped early {row.censored}")
    if len(row.members) > 1:
        lines.append(escape(shorten(", ".join(map(one_line, row.members)), 80), quote=False))
    return "<br>".join(lines)


def gap_text(row: EffectRow) -> str:
    """Why a component has no difference."""
    if row.worth is not None:
        return "every training failed"
    return "no comparison yet" if not row.failures else NOTHING
