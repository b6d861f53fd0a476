"""The timeline of the workers: a row for each worker, a bar for each attempt."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from trimma.display.numbers_and_durations import count, duration, percent
from trimma.display.plots.picture import Axis, Panel, Picture
from trimma.display.plots.picture_marks import Bars, Hatch, Tick
from trimma.display.plots.theme import COLOURS
from trimma.display.plots.trial_hover import trial_hovers
from trimma.display.worker_utilisation import waste_text
from trimma.ports import History
from trimma.views import Attempt, Elapsed, Idle, attempts, idle, stays, utilisation

OUTCOMES = ("done", "stopped", "failed", "paused", "lost", "running", "pausing", "stopping")
IDLE = {"start-up": "#CDBF9F", "dispatch": "#4A4A4A", "tail": "#E6E6E6"}
IDLE_NAMES = {"tail": "waiting for the last trials"}
# hatching tells attempts that counted for nothing, and those that are about to end, from the others without colours
HATCHES: dict[str, Hatch] = {"lost": "/", "stopping": "x", "pausing": "x"}
ROW = 1.7  # lines of text for a worker
MOST = 95  # lines of text for all workers
PALETTE = COLOURS | {IDLE_NAMES.get(kind, kind): colour for kind, colour in IDLE.items()}


def timeline(history: History, now: float | None = None) -> Picture:
    """Which worker ran which trial when. Bars are coloured by outcome, and idle time by its kind.

    Where a row is white, the worker wasn't there and wasn't missed; `trimma.views.utilisation` says how that is told.
    Time is the study's own in seconds, without the gaps between sessions. ``now`` is as in the views.
    """
    rows, workers = attempts(history, now), list(dict.fromkeys(stay.worker for stay in stays(history, now)))
    if not workers:
        return Picture(title="workers", message="no worker has joined yet")
    found, end = utilisation(history, now), Elapsed(history, now).end
    notes = [waste_text(found), f"{count(len(workers), 'worker')}, {count(len(rows), 'attempt')} in {duration(end)}"]
    lanes = {worker: place for place, worker in enumerate(workers)}
    texts = trial_hovers(history, {row.trial for row in rows})
    groups = dict(_idle_groups(idle(history, now)))
    for outcome in OUTCOMES:
        groups[outcome] = [
            _Stretch(row.worker, row.start, row.end, _text(row, texts)) for row in rows if row.outcome == outcome
        ]
    height = min(ROW, MOST / len(workers))
    panel = Panel(
        x=Axis(label="seconds", range=(0, end or 1)),
        y=_axis(workers, height),
        marks=tuple(_bars(group, name, lanes) for name, group in groups.items() if group),
    )
    return Picture(
        title=f"workers {percent(found.busy / found.available if found.available else None)} busy",
        note="; ".join(filter(None, notes)),
        panels=(panel,),
        rows=len(workers),
        row_height=height,
    )


def _axis(workers: Sequence[str], height: float) -> Axis:
    """The workers from top to bottom. As many of them are named as there is room for."""
    every = max(1, round(1 / height))
    ticks = tuple(Tick(value=place, text=workers[place]) for place in range(0, len(workers), every))
    return Axis(scale="category", ticks=ticks, range=(len(workers) - 0.4, -0.6), grid=False)


class _Stretch(NamedTuple):
    """A stretch of a worker's time, as it is drawn."""

    worker: str
    start: float
    end: float
    text: str


def _idle_groups(rows: Sequence[Idle]) -> Mapping[str, Sequence[_Stretch]]:
    groups = {}
    for kind in IDLE:
        name = IDLE_NAMES.get(kind, kind)
        group = [
            _Stretch(row.worker, row.start, row.end, f"{row.worker}: {name}, {duration(row.end - row.start)}")
            for row in rows
            if row.kind == kind
        ]
        if group:
            groups[name] = group
    return groups


def _bars(rows: Sequence[_Stretch], name: str, lanes: Mapping[str, int]) -> Bars:
    return Bars(
        name=name,
        direction="x",
        places=tuple(lanes[row.worker] for row in rows),
        starts=tuple(row.start for row in rows),
        ends=tuple(row.end for row in rows),
        colours=(PALETTE[name],) * len(rows),
        thickness=0.86,
        hatch=HATCHES.get(name, ""),
        hover=tuple(row.text for row in rows),
    )


def _text(row: Attempt, texts: Mapping[int, str]) -> str:
    what = f"{row.worker}, attempt {row.attempt}: {row.outcome} after {duration(row.end - row.start)}"
    return f"{what}\n{texts[row.trial]}"
