"""Shapley values as bars."""

from trimma.ablation.findings import Findings
from trimma.display.ablation_design_words import design_words
from trimma.display.intervals_and_p_values import precision
from trimma.display.plots.component_layout import component_picture, interval_note
from trimma.display.plots.forest_plot import intervals
from trimma.display.plots.picture import Picture
from trimma.display.plots.picture_marks import Bars, Hatch, Mark
from trimma.display.plots.theme import DARK
from trimma.display.plots.verdict_looks import VERDICT_LOOKS, by_verdict, component_hover
from trimma.display.top_and_bottom import ends
from trimma.effects import Conclusion
from trimma.errors import StudyError

HATCHES: dict[Conclusion, Hatch] = {
    Conclusion.HELPS: "",
    Conclusion.HURTS: "/",
    Conclusion.EQUIVALENT: ".",
    Conclusion.UNDECIDED: "x",
}


def shapley(found: Findings) -> Picture:
    """What leaving out each component changes, averaged over sampled orders, with its error.

    Raises `StudyError` where the design samples no orders.
    """
    if "shapley" not in found.plan.pictures:
        raise StudyError(
            f"study {found.name!r} has no Shapley values, for its design is {design_words(found.asked)}: run an "
            "ablation with design='shapley'"
        )
    title = f"Shapley values: change in {found.metric.name} when left out"
    rows = ends([row for row in found.ordered if row.difference is not None])
    if not rows:
        return Picture(title=title, message="no component can be compared yet")
    digits = precision(rows)
    marks: list[Mark] = []
    for conclusion, name, group in by_verdict(found, rows):
        known = [(float(place), row, row.difference) for place, row in group if row.difference is not None]
        marks.append(
            Bars(
                name=name,
                direction="x",
                places=tuple(place for place, _, _ in known),
                starts=(0.0,) * len(known),
                ends=tuple(difference for _, _, difference in known),
                colours=(VERDICT_LOOKS[conclusion].colour,) * len(known),
                thickness=0.62,
                opacity=0.8,
                hatch=HATCHES[conclusion],
                hover=tuple(component_hover(row, digits) for _, row, _ in known),
            )
        )
        marks += intervals(known, DARK, 1.5)
    return component_picture(found, title, interval_note(found) + _sum(found), rows, marks)


def _sum(found: Findings) -> str:
    """What the values add up to, or nothing where one of them is unknown."""
    known = [row.difference for row in found.rows if row.difference is not None]
    if len(known) < len(found.asked.components):
        return ""
    total = sum(known)
    return f"; they add up to {precision(found.rows).signed(total)} in {found.metric.name}"
