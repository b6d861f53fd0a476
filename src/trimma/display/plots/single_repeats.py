"""The differences in single repeats, beside the estimates that were made from them."""

from collections.abc import Mapping, Sequence

from trimma.ablation.findings import EffectRow, Findings, paired
from trimma.display.ablation_findings_words import change_words
from trimma.display.intervals_and_p_values import precision
from trimma.display.plots.component_layout import component_picture, interval_note
from trimma.display.plots.forest_plot import estimates
from trimma.display.plots.picture import Picture
from trimma.display.plots.picture_marks import Mark, Points
from trimma.display.plots.verdict_looks import VERDICT_LOOKS, by_verdict
from trimma.display.short_text import one_line
from trimma.display.top_and_bottom import shown_rows
from trimma.effects import Conclusion

ROW = 2.6  # lines of text for a component
BELOW = 0.2  # how far below its points an interval stands
SPREAD = 0.16

Differences = Mapping[str, Sequence[tuple[int, float]]]


def repeats(found: Findings) -> Picture:
    """A point for each repeat of each component and, below the points, the estimate with its interval.

    A point is the difference between two trainings that share a repeat, so the effect of the repeat itself cancels out.
    """
    rows = shown_rows(found)
    title = f"{change_words(found)}, repeat by repeat"
    differences = paired(found.asked, found.cells, found.order)
    every = [difference for row in rows for _, difference in differences.get(row.component, ())]
    if not every:
        return Picture(title=title, message="no repeat has both sides of a comparison yet")
    digits = precision(rows)
    marks: list[Mark] = []
    for conclusion, name, group in by_verdict(found, rows):
        marks.append(_single(conclusion, group, differences, found))
        marks += estimates(conclusion, name, group, digits, BELOW)
    return component_picture(found, title, interval_note(found), rows, marks, more=every, row_height=ROW)


def _single(
    conclusion: Conclusion, group: Sequence[tuple[int, EffectRow]], differences: Differences, found: Findings
) -> Points:
    metric = one_line(found.metric.name)
    flat = [
        (place, row.component, repeat, difference)
        for place, row in group
        for repeat, difference in differences.get(row.component, ())
    ]
    return Points(
        x=tuple(difference for *_, difference in flat),
        y=tuple(place - BELOW / 2 + _aside(repeat) for place, _, repeat, _ in flat),
        colour=VERDICT_LOOKS[conclusion].colour,
        size=6,
        opacity=0.55,
        hover=tuple(
            f"{one_line(name)}, repeat {repeat}\n{metric} {difference:+.4g}" for _, name, repeat, difference in flat
        ),
        listed=False,
    )


def _aside(repeat: int) -> float:
    """A shift that spreads the repeats evenly. It takes multiples of the golden ratio."""
    return SPREAD * (2 * (repeat * 0.6180339887 % 1) - 1)
