"""The timeline of the workers: a row for each worker, a bar for each attempt."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

from trimma.display.numbers_and_durations import count, duration, percent
from trimma.display.plots.theme import COLOURS, Figure, empty_figure, figure, graph_objects
from trimma.display.plots.trial_hover import trial_hovers
from trimma.display.worker_utilisation import waste_text
from trimma.ports import History
from trimma.views import Attempt, Elapsed, Idle, attempts, idle, stays, utilisation

MAX_BARS = 3000  # beyond so many attempts they are drawn as lines by WebGL
OUTCOMES = ("done", "stopped", "failed", "paused", "lost", "running", "pausing", "stopping")
IDLE = {"start-up": "#CDBF9F", "dispatch": "#858585", "tail": "#E6E6E6"}
IDLE_NAMES = {"tail": "waiting for the last trials"}
ROW = 22  # pixels a worker
PALETTE = COLOURS | {IDLE_NAMES.get(kind, kind): colour for kind, colour in IDLE.items()}


def timeline(history: History, now: float | None = None) -> Figure:
    """Which worker ran which trial when. Bars are coloured by outcome, and idle time by its kind.

    Where a row is white, the worker wasn't there and wasn't missed; `trimma.views.utilisation` says how that is told.
    Time is the study's own in seconds, without the gaps between sessions. ``now`` is as in the views.
    """
    rows, workers = attempts(history, now), list(dict.fromkeys(stay.worker for stay in stays(history, now)))
    if not workers:
        return empty_figure("workers", "no worker has joined yet")
    found, end = utilisation(history, now), Elapsed(history, now).end
    title = f"workers {percent(found.busy / found.available if found.available else None)} busy"
    note = [waste_text(found), f"{count(len(workers), 'worker')}, {count(len(rows), 'attempt')} in {duration(end)}"]
    lanes = {worker: place for place, worker in enumerate(workers)}
    height = min(1400, max(320, 170 + ROW * len(workers)))
    result = figure(title, "; ".join(filter(None, note)), height=height, barmode="overlay", hovermode="closest")
    result.update_layout(xaxis={"title": "seconds", "range": [0, end or 1]}, yaxis=_axis(workers, height), bargap=0.0)
    draw = _bars if len(rows) <= MAX_BARS else _lines
    for name, group in _idle_groups(idle(history, now)).items():
        result.add_trace(draw(group, name, lanes, height))
    texts = trial_hovers(history, {row.trial for row in rows})
    for outcome in OUTCOMES:
        group = [_Stretch(row.worker, row.start, row.end, _text(row, texts)) for row in rows if row.outcome == outcome]
        if group:
            result.add_trace(draw(group, outcome, lanes, height))
    return result


def _axis(workers: Sequence[str], height: int) -> dict[str, Any]:
    """The workers from top to bottom. As many of them are named as there is room for."""
    every = max(1, round(14 * len(workers) / (height - 150)))
    places = list(range(0, len(workers), every))
    return {
        "tickvals": places,
        "ticktext": [escape(workers[place]) for place in places],
        "range": [len(workers) - 0.4, -0.6],
        "showgrid": False,
        "zeroline": False,
        "automargin": True,
    }


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
            _Stretch(row.worker, row.start, row.end, f"{escape(row.worker)}: {name}, {duration(row.end - row.start)}")
            for row in rows
            if row.kind == kind
        ]
        if group:
            groups[name] = group
    return groups


def _bars(rows: Sequence[_Stretch], name: str, lanes: Mapping[str, int], _: int) -> Any:
    # hatching tells attempts that counted for nothing from the others without colours
    pattern = {"shape": "/", "size": 6, "solidity": 0.35, "fgcolor": "white"} if name == "lost" else {}
    return graph_objects().Bar(
        orientation="h",
        base=[row.start for row in rows],
        x=[row.end - row.start for row in rows],
        y=[lanes[row.worker] for row in rows],
        width=0.86,
        text=[row.text for row in rows],
        textposition="none",
        marker={"color": PALETTE[name], "line": {"width": 0.7, "color": "white"}, "pattern": pattern},
        name=name,
        hovertemplate="%{text}<extra></extra>",
    )


def _lines(rows: Sequence[_Stretch], name: str, lanes: Mapping[str, int], height: int) -> Any:
    x: list[float | None] = []
    y: list[int | None] = []
    hover: list[str] = []
    for row in rows:
        x += [row.start, row.end, None]
        y += [lanes[row.worker], lanes[row.worker], None]
        hover += [row.text, row.text, ""]
    return graph_objects().Scattergl(
        x=x,
        y=y,
        text=hover,
        mode="lines",
        line={"color": PALETTE[name], "width": max(1, min(18, 0.8 * (height - 150) / len(lanes)))},
        name=name,
        hovertemplate="%{text}<extra></extra>",
    )


def _text(row: Attempt, texts: Mapping[int, str]) -> str:
    what = f"{row.worker}, attempt {row.attempt}: {row.outcome} after {duration(row.end - row.start)}"
    return f"{escape(what, quote=False)}<br>{texts[row.trial]}"
