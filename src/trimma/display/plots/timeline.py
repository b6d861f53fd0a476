"""The busy picture: a row for each worker, a bar for each attempt."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from trimma.display.plots.theme import COLOURS, Figure, empty, figure, graph_objects, hovers
from trimma.display.text import count, duration, percent
from trimma.history import History
from trimma.views import Attempt, Presence, attempts, busy, stays

MAX_BARS = 3000  # beyond so many attempts they are drawn as lines by WebGL
OUTCOMES = ("done", "stopped", "failed", "lost", "running", "stopping")
PRESENT = "#E4E4E4"
ROW = 22  # pixels a worker


def timeline(history: History, now: float | None = None) -> Figure:
    """Who ran what when: bars by outcome, grey where a worker was there and idle, empty where it wasn't.

    Time is the study's own, in seconds, without the gaps between sessions; ``now`` is as in the views.
    """
    rows, present = attempts(history, now), stays(history, now)
    if not present:
        return empty("workers", "no worker has joined yet")
    workers = list(dict.fromkeys(stay.worker for stay in present))
    share = busy(history, now)
    title = f"workers {percent(share.share)} busy"
    note = f"{count(len(workers), 'worker')}, {count(len(rows), 'attempt')} in {duration(share.end)}; grey is idle"
    lanes = {worker: place for place, worker in enumerate(workers)}
    height = min(1400, max(320, 170 + ROW * len(workers)))
    result = figure(title, note, height=height, barmode="overlay", bargap=0.0, hovermode="closest")
    result.update_layout(xaxis={"title": "seconds", "range": [0, share.end or 1]}, yaxis=_axis(workers, height))
    result.add_trace(_presence(present, lanes))
    texts = hovers(history, {row.trial for row in rows})
    for outcome in OUTCOMES:
        group = [row for row in rows if row.outcome == outcome]
        if group:
            draw = _bars if len(rows) <= MAX_BARS else _lines
            result.add_trace(draw(group, outcome, lanes, texts, height))
    return result


def _axis(workers: Sequence[str], height: int) -> dict[str, Any]:
    """The workers from top to bottom; as many are named as there is room for."""
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


def _presence(present: Sequence[Presence], lanes: Mapping[str, int]) -> Any:
    return graph_objects().Bar(
        orientation="h",
        base=[stay.start for stay in present],
        x=[stay.end - stay.start for stay in present],
        y=[lanes[stay.worker] for stay in present],
        width=0.86,
        marker={"color": PRESENT, "line": {"width": 0}},
        name="idle",
        hoverinfo="skip",
    )


def _bars(rows: Sequence[Attempt], outcome: str, lanes: Mapping[str, int], texts: Mapping[int, str], _: int) -> Any:
    return graph_objects().Bar(
        orientation="h",
        base=[row.start for row in rows],
        x=[row.end - row.start for row in rows],
        y=[lanes[row.worker] for row in rows],
        width=0.86,
        text=[_text(row, texts) for row in rows],
        textposition="none",
        marker={"color": COLOURS[outcome], "line": {"width": 0.7, "color": "white"}},
        name=outcome,
        hovertemplate="%{text}<extra></extra>",
    )


def _lines(
    rows: Sequence[Attempt], outcome: str, lanes: Mapping[str, int], texts: Mapping[int, str], height: int
) -> Any:
    x: list[float | None] = []
    y: list[int | None] = []
    hover: list[str] = []
    for row in rows:
        lane, text = lanes[row.worker], _text(row, texts)
        x += [row.start, row.end, None]
        y += [lane, lane, None]
        hover += [text, text, ""]
    return graph_objects().Scattergl(
        x=x,
        y=y,
        text=hover,
        mode="lines",
        line={"color": COLOURS[outcome], "width": max(1, min(18, 0.8 * (height - 150) / len(lanes)))},
        name=outcome,
        hovertemplate="%{text}<extra></extra>",
    )


def _text(row: Attempt, texts: Mapping[int, str]) -> str:
    what = f"{row.worker}, attempt {row.attempt}: {row.outcome} after {duration(row.end - row.start)}"
    return f"{escape(what, quote=False)}<br>{texts[row.trial]}"
