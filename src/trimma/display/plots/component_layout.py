"""What pictures with a row for each component share: labels, axes, the legend and the shaded band."""

import math
from collections.abc import Sequence

from trimma.ablation.findings import EffectRow, Findings
from trimma.display.ablation_design_words import plan_words
from trimma.display.ablation_findings_words import meaning_of_signs
from trimma.display.intervals_and_p_values import confidence_text
from trimma.display.numbers_and_durations import count
from trimma.display.plots.picture import Axis, Panel, Picture
from trimma.display.plots.picture_marks import Band, Mark, Tick
from trimma.display.short_text import one_line, squeeze
from trimma.display.top_and_bottom import not_shown_words

ROW = 2.0  # lines of text for each component
LABEL = 34  # the greatest width of a component's name
BAND = "#009E73"


def component_picture(
    found: Findings,
    title: str,
    note: str,
    rows: Sequence[EffectRow],
    marks: Sequence[Mark],
    *,
    more: Sequence[float] = (),
    row_height: float = ROW,
) -> Picture:
    """A picture with a row for each component, from top to bottom, and differences along the panel.

    The axis of differences holds zero, all intervals and the values ``more``. What is too small to matter is shaded.
    """
    smallest = found.analysis.smallest
    band = [] if smallest is None else [Band(low=-smallest, high=smallest, colour=BAND)]
    left, right = meaning_of_signs(found)
    panel = Panel(
        x=_difference_axis(found, rows, more),
        y=_component_axis(rows),
        marks=(*band, *marks),
        sides=(f"◂ {left}", f"{right} ▸"),
    )
    return Picture(title=title, note=note, panels=(panel,), rows=len(rows), row_height=row_height)


def interval_note(found: Findings) -> str:
    """The note below the title: the plan, and what the lines are."""
    plan = "; ".join(filter(None, [plan_words(found), not_shown_words(found)]))
    if any(row.low is not None for row in found.rows):
        return f"{plan}; lines are simultaneous {confidence_text(found.analysis.confidence)} intervals"
    return f"{plan}; too few repeats for intervals"


def failed_words(found: Findings) -> list[str]:
    """How many trainings gave no value; none where all did. It is for pictures without a row for each component."""
    failed = sum(cell.value is None or not math.isfinite(cell.value) for cell in found.cells)
    return [f"{count(failed, 'training')} failed"] if failed else []


def _component_axis(rows: Sequence[EffectRow]) -> Axis:
    """The axis on which the components stand from top to bottom."""
    ticks = tuple(
        Tick(value=place, text=squeeze(one_line(row.component), LABEL), note=f"({_counts(row)})")
        for place, row in enumerate(rows)
    )
    return Axis(scale="category", ticks=ticks, range=(len(rows) - 0.4, -0.6), grid=False)


def _counts(row: EffectRow) -> str:
    """The number of comparisons, of failed trainings and of trainings that were stopped early."""
    parts = [f"n = {row.repeats}"]
    parts += [f"{row.failures} failed"] if row.failures else []
    parts += [f"{row.censored} stopped early"] if row.censored else []
    return ", ".join(parts)


def _difference_axis(found: Findings, rows: Sequence[EffectRow], more: Sequence[float]) -> Axis:
    """The axis of differences. It holds zero, all intervals, and the band of what is too small to matter."""
    band = [found.analysis.smallest or 0.0, -(found.analysis.smallest or 0.0)]
    values = [value for row in rows for value in (row.low, row.difference, row.high) if value is not None]
    low, high = min([*band, *values, *more]), max([*band, *values, *more])
    margin = 0.06 * (high - low) or 1.0
    return Axis(label=f"difference in {found.metric.name}", range=(low - margin, high + margin), zero=True)
