"""The forest plot: what each component is worth, with its interval."""

from collections.abc import Sequence

from trimma.ablation.findings import EffectRow, Findings
from trimma.display.ablation_findings_words import change_words
from trimma.display.intervals_and_p_values import MINUS, Precision, precision
from trimma.display.plots.component_layout import component_picture, interval_note
from trimma.display.plots.picture import Picture
from trimma.display.plots.picture_marks import Intervals, Mark, Points, RowTexts
from trimma.display.plots.verdict_looks import VERDICT_LOOKS, by_verdict, component_hover, why_no_difference
from trimma.display.top_and_bottom import shown_rows
from trimma.effects import Conclusion


def forest(found: Findings) -> Picture:
    """A point and an interval for each component, in the order of their worth, with the numbers beside them.

    Of many components those at both ends are shown.

    Verdicts differ in colour and in shape. A line stands at zero. Where the smallest difference that matters is known,
    a band shades the differences that are too small to matter.
    """
    rows, title = shown_rows(found), change_words(found)
    if not any(row.difference is not None or row.worth is not None for row in rows):
        return Picture(title=title, message="no component can be compared with the whole yet")
    digits = precision(rows)
    marks: list[Mark] = []
    for conclusion, name, group in by_verdict(found, rows):
        marks += estimates(conclusion, name, group, digits)
    numbers = tuple(_numbers(row, digits) for row in rows)
    marks.append(RowTexts(places=tuple(map(float, range(len(rows)))), texts=numbers))
    return component_picture(found, title, interval_note(found), rows, marks)


def estimates(
    conclusion: Conclusion, name: str, group: Sequence[tuple[int, EffectRow]], digits: Precision, below: float = 0.0
) -> list[Mark]:
    """Points with their intervals. ``below`` moves them down from the places of the components."""
    look = VERDICT_LOOKS[conclusion]
    known = [(place + below, row, row.difference) for place, row in group if row.difference is not None]
    points = Points(
        name=name,
        x=tuple(difference for _, _, difference in known),
        y=tuple(place for place, _, _ in known),
        colour=look.colour,
        symbol=look.symbol,
        size=10,
        hover=tuple(component_hover(row, digits) for _, row, _ in known),
    )
    return [*intervals(known, look.colour), points]


def intervals(known: Sequence[tuple[float, EffectRow, float]], colour: str, width: float = 1.8) -> list[Mark]:
    """The intervals of rows, each given with its place; none where no row has an interval."""
    bounds = [(place, row.low, row.high) for place, row, _ in known if row.low is not None and row.high is not None]
    if not bounds:
        return []
    places, lows, highs = zip(*bounds, strict=True)
    return [Intervals(direction="x", places=places, lows=lows, highs=highs, colour=colour, width=width)]


def _numbers(row: EffectRow, digits: Precision) -> str:
    if row.difference is None:
        return why_no_difference(row)
    interval = "" if row.low is None else f" {digits.interval(row.low, row.high)}"
    return f"{digits.signed(row.difference)}{interval}".replace("-", MINUS)
