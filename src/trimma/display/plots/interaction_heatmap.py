"""The interactions of pairs of components as a heat map."""

from collections.abc import Mapping, Sequence

from trimma.ablation.findings import Findings
from trimma.display.ablation_design_words import design_words
from trimma.display.ablation_findings_words import interaction_words
from trimma.display.intervals_and_p_values import MINUS, Precision, p_text, precision
from trimma.display.numbers_and_durations import count
from trimma.display.plots.component_layout import failed_words
from trimma.display.plots.picture import Axis, Panel, Picture
from trimma.display.plots.picture_marks import Cells, Tick
from trimma.display.short_text import one_line, squeeze
from trimma.effects import Conclusion, Effect
from trimma.errors import StudyError

CELL = 3.5  # lines of text for a component
LABEL = 20
NUMBERS = 12  # with more components than this, cells hold no numbers
# from Okabe and Ito's vermillion over white to their blue
COLOURS = ("#D55E00", "#EFBF99", "#FFFFFF", "#99C7E0", "#0072B2")


def interactions(found: Findings) -> Picture:
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
        return Picture(title=title, message="no pair can be compared yet")
    names = [component.name for component in found.asked.components]
    cells = dict(pairs) | {(b, a): effect for (a, b), effect in pairs}
    ticks = tuple(Tick(value=place, text=squeeze(one_line(name), LABEL)) for place, name in enumerate(names))
    last = len(names) - 0.5
    panel = Panel(
        x=Axis(scale="category", ticks=ticks, range=(-0.5, last), grid=False),
        y=Axis(scale="category", ticks=ticks, range=(last, -0.5), grid=False),
        marks=(_cells(found, names, cells, max(known)),),
    )
    return Picture(title=title, note=_note(found), panels=(panel,), rows=len(names), row_height=CELL)


def _cells(found: Findings, names: Sequence[str], cells: Mapping[tuple[str, str], Effect], greatest: float) -> Cells:
    """The cells, blue where losing both components is worse than the sum."""
    worse = -1.0 if found.metric.maximize else 1.0
    digits = precision(found.pair_rows)
    grid = [[cells.get((row, column)) for column in names] for row in names]
    shown = len(names) <= NUMBERS
    texts = (
        f"{digits.signed(-worse * greatest)}\nneed each other".replace("-", MINUS, 1),
        "0",
        f"{digits.signed(worse * greatest)}\nstand in for\neach other".replace("-", MINUS, 1),
    )
    return Cells(
        values=tuple(
            tuple(None if each is None or each.difference is None else worse * each.difference for each in line)
            for line in grid
        ),
        texts=tuple(tuple(_number(each, digits) if shown else _star(each) for each in line) for line in grid),
        strong=tuple(tuple(bool(_star(each)) for each in line) for line in grid),
        hover=tuple(
            tuple(_hover(row, column, each, digits) for column, each in zip(names, line, strict=True))
            for row, line in zip(names, grid, strict=True)
        ),
        greatest=greatest or 1.0,
        colours=COLOURS,
        ticks=tuple(
            Tick(value=value, text=text) for value, text in zip((-greatest, 0.0, greatest), texts, strict=True)
        ),
    )


def _note(found: Findings) -> str:
    pairs = found.pairs
    decided = sum(effect.conclusion in (Conclusion.HELPS, Conclusion.HURTS) for _, effect in pairs)
    return ", ".join([f"{count(len(pairs), 'pair')}, {decided} decided (with a star)", *failed_words(found)])


def _number(effect: Effect | None, digits: Precision) -> str:
    if effect is None or effect.difference is None:
        return ""
    text = digits.signed(effect.difference).replace("-", MINUS)
    return text + _star(effect)


def _star(effect: Effect | None) -> str:
    return "*" if effect is not None and effect.conclusion in (Conclusion.HELPS, Conclusion.HURTS) else ""


def _hover(row: str, column: str, effect: Effect | None, digits: Precision) -> str:
    if effect is None:
        return ""
    size = f"{digits.signed(effect.difference)} {digits.interval(effect.low, effect.high)}"
    names = f"{one_line(row)} and {one_line(column)}"
    return f"{names}: {interaction_words(effect.conclusion)}\n{size}\nadjusted p {p_text(effect.p)}"
