"""The path from the bare baseline to the whole, as a waterfall."""

from collections.abc import Sequence

from trimma.ablation.findings import EffectRow, Findings, arm_means
from trimma.display.ablation_design_words import design_words, plan_words
from trimma.display.intervals_and_p_values import MINUS, confidence_text, precision, value_precision
from trimma.display.plots.component_layout import failed_words
from trimma.display.plots.picture import Axis, Panel, Picture
from trimma.display.plots.picture_marks import Bars, Intervals, Line, Lines, Mark, Points, Texts, Tick
from trimma.display.plots.theme import DARK, GREY
from trimma.display.plots.verdict_looks import VERDICT_LOOKS, component_hover
from trimma.display.short_text import one_line, squeeze
from trimma.errors import StudyError

LABEL = 22


def path(found: Findings) -> Picture:
    """What each step from the bare baseline to the whole brought, and the value that it led to.

    A bar goes from the value before a component was put in to the value after it. The line on the bar is the interval
    of the step. Bars of steps that aren't decided are pale. Raises `StudyError` where the design follows no path.
    """
    if "path" not in found.plan.pictures:
        raise StudyError(
            f"study {found.name!r} follows no path, for its design is {design_words(found.asked)}: run an ablation "
            "with design='path'"
        )
    title = f"{found.metric.name} from the bare baseline to the whole"
    rows = [row for row in found.ordered if row.difference is not None]
    means = {frozenset(each.arm): each.mean for each in arm_means(found.cells)}
    start = means.get(frozenset(component.name for component in found.asked.components))
    if start is None:
        return Picture(title=title, message="the bare baseline has no value yet")
    if not rows:
        return Picture(title=title, message="no step has been decided on yet")
    levels = [start]
    for row in rows:
        levels.append(levels[-1] - (row.difference or 0.0))
    left = len(found.asked.components) - len(rows)
    last = "the whole" if not left else f"{left} still out"
    names = ["nothing", *(f"+ {squeeze(one_line(row.component), LABEL)}" for row in rows), last]
    ticks = tuple(Tick(value=place, text=name) for place, name in enumerate(names))
    panel = Panel(
        x=Axis(scale="category", ticks=ticks, range=(-0.6, len(names) - 0.4), grid=False),
        y=_scale(found, rows, levels),
        marks=(*_ends(found, levels), *_steps(rows, levels)),
    )
    return Picture(title=title, note=_note(found), panels=(panel,))


def _note(found: Findings) -> str:
    known = any(row.low is not None for row in found.rows)
    lines = f"lines are simultaneous {confidence_text(found.analysis.confidence)} intervals of the steps"
    return "; ".join([plan_words(found), *([lines] if known else []), *failed_words(found)])


def _scale(found: Findings, rows: Sequence[EffectRow], levels: Sequence[float]) -> Axis:
    """The axis of values, which holds the steps and their intervals. Since bars float, it needn't begin at zero."""
    reached = list(levels)
    for row, before in zip(rows, levels, strict=False):
        reached += [before - bound for bound in (row.low, row.high) if bound is not None]
    margin = 0.12 * (max(reached) - min(reached)) or 0.1 * abs(reached[0]) or 1.0
    return Axis(label=found.metric.name, range=(min(reached) - margin, max(reached) + margin))


def _ends(found: Findings, levels: Sequence[float]) -> list[Mark]:
    """The values at both ends, and thin lines from each bar to the next."""
    digits = value_precision(levels[0], found.analysis.residual_sd or found.analysis.baseline_sd)
    ends = ((0, levels[0]), (len(levels), levels[-1]))
    thin = tuple(Line(x=(place - 0.4, place + 1.4), y=(level, level)) for place, level in enumerate(levels[:-1]))
    thick = tuple(Line(x=(place - 0.4, place + 0.4), y=(level, level)) for place, level in ends)
    return [
        Lines(lines=thin, colour=GREY, width=1, dotted=True, listed=False),
        Lines(lines=thick, colour=DARK, width=4, listed=False),
        Texts(
            x=tuple(float(place) for place, _ in ends),
            y=tuple(level for _, level in ends),
            texts=tuple(digits.plain(level) for _, level in ends),
            bold=True,
        ),
    ]


def _steps(rows: Sequence[EffectRow], levels: Sequence[float]) -> list[Mark]:
    """A bar for each step, its interval, and what it brought above it."""
    digits = precision(rows)
    places = tuple(map(float, range(1, len(rows) + 1)))
    before, after = tuple(levels[:-1]), tuple(levels[1:])
    bars = Bars(
        direction="y",
        places=places,
        starts=before,
        ends=after,
        colours=tuple(VERDICT_LOOKS[row.conclusion].colour for row in rows),
        pale=tuple(not row.decided for row in rows),
        thickness=0.75,
        hover=tuple(component_hover(row, digits) for row in rows),
        listed=False,
    )
    reached = [
        (place, start, end, *(end if bound is None else start - bound for bound in (row.high, row.low)))
        for place, start, end, row in zip(places, before, after, rows, strict=True)
    ]
    return [
        bars,
        Intervals(
            direction="y",
            places=places,
            lows=tuple(low for *_, low, _ in reached),
            highs=tuple(high for *_, high in reached),
            colour=DARK,
            width=1.5,
        ),
        Points(x=places, y=after, colour=DARK, size=5, listed=False),
        Texts(
            x=places,
            y=tuple(max(start, end, high) for _, start, end, _, high in reached),
            texts=tuple(digits.signed(-(row.difference or 0.0)).replace("-", MINUS) for row in rows),
        ),
    ]
