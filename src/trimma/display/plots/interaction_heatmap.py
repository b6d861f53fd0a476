"""The interactions of pairs of components as a heat map."""

from html import escape
from typing import Any

from trimma.ablation.findings import Findings
from trimma.display.ablation_design_words import design_words
from trimma.display.ablation_findings_words import interaction_words
from trimma.display.intervals_and_p_values import MINUS, Precision, p_text, precision
from trimma.display.numbers_and_durations import count
from trimma.display.plots.theme import Figure, empty_figure, figure, graph_objects
from trimma.display.short_text import one_line, squeeze
from trimma.effects import Conclusion, Effect
from trimma.errors import StudyError

CELL = 46  # pixels a component
LABEL = 20
NUMBERS = 12  # with more components than this, cells hold no numbers
# from Okabe and Ito's vermillion over white to their blue
COLOURS = [[0.0, "#D55E00"], [0.25, "#EFBF99"], [0.5, "#FFFFFF"], [0.75, "#99C7E0"], [1.0, "#0072B2"]]


def interactions(found: Findings) -> Figure:
    """What leaving out two components together changes, beyond the sum of what each changes by itself.

    Blue pairs stand in for each other: losing both costs more than the sum. Red pairs need each other: losing both
    costs less than the sum. Decided pairs have bold numbers with a star. Raises `StudyError` where the design leaves
    out no pairs.
    """
    if found.joint is None:
        raise StudyError(
            f"study {found.name!r} shows no interactions, for its design ({design_words(found.asked)}) leaves out no "
            "pairs: run an ablation with design='pairwise'"
        )
    title = "interactions: what leaving out both changes beyond the sum"
    pairs = found.pairs
    known = [abs(effect.difference) for _, effect in pairs if effect.difference is not None]
    if not known:
        return empty_figure(title, "no pair can be compared yet")
    names = [component.name for component in found.asked.components]
    digits = precision(found.pair_rows)
    cells = dict(pairs) | {(b, a): effect for (a, b), effect in pairs}
    labels = [escape(squeeze(one_line(name), LABEL), quote=False) for name in names]
    size = max(420, 170 + CELL * len(names))
    result = figure(title, _note(found), height=size, xaxis=_axis(labels), yaxis=_axis(labels))
    result.update_layout(
        plot_bgcolor="#E2E2E2", yaxis={"autorange": "reversed"}, xaxis={"side": "bottom", "tickangle": -40}
    )
    worse = -1.0 if found.metric.maximize else 1.0
    result.add_trace(_heat(found, names, cells, digits, worse, max(known)))
    return result


def _heat(
    found: Findings,
    names: list[str],
    cells: dict[tuple[str, str], Effect],
    digits: Precision,
    worse: float,
    greatest: float,
) -> Any:
    """The heat map. A cell is blue where losing both components is worse than the sum."""

    def of(row: str, column: str) -> Effect | None:
        return cells.get((row, column))

    grid = [[of(row, column) for column in names] for row in names]
    shown = len(names) <= NUMBERS
    return graph_objects().Heatmap(
        z=[
            [None if each is None or each.difference is None else worse * each.difference for each in line]
            for line in grid
        ],
        x=list(range(len(names))),
        y=list(range(len(names))),
        zmin=-greatest or -1.0,
        zmax=greatest or 1.0,
        colorscale=COLOURS,
        text=[[_number(each, digits) if shown else _star(each) for each in line] for line in grid],
        texttemplate="%{text}",
        textfont={"size": 11},
        customdata=[[_hover(row, column, of(row, column), digits) for column in names] for row in names],
        hovertemplate="%{customdata}<extra></extra>",
        hoverongaps=False,
        xgap=2,
        ygap=2,
        colorbar={
            "tickvals": [-greatest, 0, greatest],
            "ticktext": [
                f"{digits.signed(-worse * greatest)}<br>need each other".replace("-", MINUS),
                "0",
                f"{digits.signed(worse * greatest)}<br>stand in for<br>each other".replace("-", MINUS),
            ],
            "thickness": 12,
            "len": 0.9,
        },
    )


def _note(found: Findings) -> str:
    pairs = found.pairs
    decided = sum(effect.conclusion in (Conclusion.HELPS, Conclusion.HURTS) for _, effect in pairs)
    return f"{count(len(pairs), 'pair')}, {decided} decided (with a star)"


def _axis(labels: list[str]) -> dict[str, Any]:
    return {
        "tickvals": list(range(len(labels))),
        "ticktext": labels,
        "showgrid": False,
        "zeroline": False,
        "automargin": True,
        "constrain": "domain",
    }


def _number(effect: Effect | None, digits: Precision) -> str:
    if effect is None or effect.difference is None:
        return ""
    text = digits.signed(effect.difference).replace("-", MINUS)
    return f"<b>{text}*</b>" if _star(effect) else text


def _star(effect: Effect | None) -> str:
    return "*" if effect is not None and effect.conclusion in (Conclusion.HELPS, Conclusion.HURTS) else ""


def _hover(row: str, column: str, effect: Effect | None, digits: Precision) -> str:
    if effect is None:
        return ""
    names = f"{escape(one_line(row), quote=False)} and {escape(one_line(column), quote=False)}"
    size = f"{digits.signed(effect.difference)} {digits.interval(effect.low, effect.high)}"
    return f"<b>{names}</b>: {interaction_words(effect.conclusion)}<br>{size}<br>adjusted p {p_text(effect.p)}"
