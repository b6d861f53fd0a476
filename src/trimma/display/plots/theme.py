"""What all pictures share: a palette, titles, and how many of many things are shown."""

from collections.abc import Iterable, Sequence

import numpy as np

from trimma.ports import History

# Okabe and Ito's palette, which people with colour blindness can tell apart. What is on its way to another state has
# the colour of the state in which it is, and is hatched or dotted.
COLOURS = {
    "done": "#0072B2",
    "stopped": "#9CC5E0",
    "failed": "#D55E00",
    "lost": "#CC79A7",
    "running": "#009E73",
    "stopping": "#009E73",
    "pausing": "#F0E442",
    "paused": "#F0E442",
    "queued": "#BBBBBB",
}
BEST = "#E69F00"
GREY = "#666666"
DARK = "#444444"
FAILED_OR_NOT_FINITE = "failed or not finite"


def metric_title(history: History) -> str:
    """The metric and its direction, for titles: ``loss (lower is better)``."""
    metric = history.spec.metric
    return f"{metric.name} ({'higher' if metric.maximize else 'lower'} is better)"


def thinned(items: Sequence[int], cap: int, kept: Iterable[int] = ()) -> list[int]:
    """At most ``cap`` of the items, evenly spread and in their order. Those in ``kept`` are always included."""
    if len(items) <= cap:
        return list(items)
    must = set(kept)
    places = np.unique(np.linspace(0, len(items) - 1, max(2, cap - len(must))).round().astype(int))
    chosen = must | {items[place] for place in places}
    return [item for item in items if item in chosen]
