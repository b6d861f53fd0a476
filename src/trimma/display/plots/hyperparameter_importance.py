"""How important each hyperparameter is, as bars."""

from html import escape

from trimma.display.numbers_and_durations import percent
from trimma.display.plots.theme import COLOURS, Figure, empty_figure, figure, graph_objects
from trimma.display.short_text import shorten
from trimma.errors import StudyError
from trimma.ports import History
from trimma.views import importance as importance_rows

MAX_BARS = 20


def importance(history: History, *, top: float = 0.1) -> Figure:
    """The shares of `trimma.views.importance` as bars, the greatest first and at most 20.

    Where there are no shares yet, the figure says why.
    """
    title = f"what decides {history.spec.metric.name}"
    try:
        rows = importance_rows(history, top=top)
    except StudyError as error:
        return empty_figure(title, str(error))
    shown = rows[:MAX_BARS]
    note = f"PED-ANOVA: how much the best {percent(top)} of the trials differ from all in each hyperparameter"
    if len(shown) < len(rows):
        note += f"; {len(shown)} of {len(rows)}"
    shares = [row.share for row in shown]
    axis = {"title": "share of the importance", "tickformat": ".0%", "range": [0, 1.12 * max(shares) or 1]}
    result = figure(title, note, height=170 + 32 * max(4, len(shown)), xaxis=axis, bargap=0.35)
    result.update_layout(yaxis={"autorange": "reversed", "automargin": True, "ticksuffix": "  "})
    result.add_trace(
        graph_objects().Bar(
            orientation="h",
            x=shares,
            y=[escape(shorten(row.name, 32)) for row in shown],
            text=[percent(share) for share in shares],
            textposition="outside",
            marker={"color": COLOURS["done"]},
            hovertemplate="%{y}: %{x:.1%}<extra></extra>",
        )
    )
    return result
