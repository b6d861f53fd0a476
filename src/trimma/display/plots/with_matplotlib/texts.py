"""Texts and upright axes of a panel."""

from typing import Any

from trimma.display.plots.picture_marks import RowTexts, Texts, Upright
from trimma.display.plots.theme import DARK
from trimma.display.plots.with_matplotlib.sizes import is_narrow


def draw_texts(axes: Any, mark: Texts) -> None:
    """Draw texts at their points; those above them stand upright in a narrow picture."""
    upright = is_narrow(axes.figure.get_figwidth()) and mark.side == "above"  # there is no room side by side
    look: dict[str, Any] = {"ha": "center", "va": "bottom", "rotation": 90 if upright else 0}
    if mark.side == "right":
        look = {"ha": "left", "va": "center"}
    shift = (5, 0) if mark.side == "right" else (0, 4)
    for x, y, text in zip(mark.x, mark.y, mark.texts, strict=True):
        weight = "bold" if mark.bold else "normal"
        axes.annotate(text, (x, y), shift, textcoords="offset points", weight=weight, annotation_clip=False, **look)


def draw_row_texts(axes: Any, mark: RowTexts) -> None:
    """Draw texts to the right of the panel, on two lines each in a narrow picture."""
    narrow = is_narrow(axes.figure.get_figwidth())
    beside = {"xycoords": axes.get_yaxis_transform(), "textcoords": "offset points", "annotation_clip": False}
    for place, text in zip(mark.places, mark.texts, strict=True):
        shown = text.replace(" [", "\n[") if narrow else text
        axes.annotate(shown, (1.0, place), (8, 0), ha="left", va="center", **beside)


def draw_upright(axes: Any, mark: Upright) -> None:
    """Draw an upright axis with its ticks."""
    axes.plot([mark.place, mark.place], [0.0, 1.0], color=DARK, linewidth=0.7, zorder=6)
    look = {"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 0.5}
    for tick in mark.ticks:
        where = (mark.place, tick.value)
        axes.annotate(
            tick.text,
            where,
            (2, 0),
            textcoords="offset points",
            va="center",
            zorder=7,
            bbox=look,
            annotation_clip=False,
        )
