"""How important each hyperparameter is, as bars."""

from trimma.display.numbers_and_durations import count, percent
from trimma.display.plots.picture import Axis, Panel, Picture
from trimma.display.plots.picture_marks import Bars, Tick
from trimma.display.plots.theme import COLOURS
from trimma.display.short_text import shorten
from trimma.errors import StudyError
from trimma.ports import History
from trimma.trial import State
from trimma.views import importance as importance_rows

MAX_BARS = 20
LABEL = 32


def importance(history: History, *, top: float = 0.1) -> Picture:
    """The shares of `trimma.views.importance` as bars, the greatest first and at most 20.

    Where there are no shares yet, the picture says why. Failed trials don't count, and are told.
    """
    title = f"what decides {history.spec.metric.name}"
    try:
        rows = importance_rows(history, top=top)
    except StudyError as error:
        return Picture(title=title, message=str(error))
    shown = rows[:MAX_BARS]
    notes = [f"PED-ANOVA: how much the best {percent(top)} of the trials differ from all in each hyperparameter"]
    if len(shown) < len(rows):
        notes.append(f"{len(shown)} of {len(rows)}")
    if failed := history.counts[State.FAILED]:
        notes.append(f"{count(failed, 'failed trial')} left out")
    shares = tuple(row.share for row in shown)
    bars = Bars(
        direction="x",
        places=tuple(map(float, range(len(shown)))),
        starts=(0.0,) * len(shown),
        ends=shares,
        colours=(COLOURS["done"],) * len(shown),
        thickness=0.65,
        labels=tuple(map(percent, shares)),
        hover=tuple(f"{row.name}: {row.share:.1%}" for row in shown),
        listed=False,
    )
    ticks = tuple(Tick(value=place, text=shorten(row.name, LABEL)) for place, row in enumerate(shown))
    panel = Panel(
        x=Axis(label="share of the importance", numbers="percent", range=(0, 1.12 * max(shares) or 1)),
        y=Axis(scale="category", ticks=ticks, range=(len(shown) - 0.5, -0.5), grid=False),
        marks=(bars,),
    )
    return Picture(title=title, note="; ".join(notes), panels=(panel,), rows=len(shown), row_height=2.5)
