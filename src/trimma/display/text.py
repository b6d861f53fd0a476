"""Numbers, times and configs as short text."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from trimma.history import History
from trimma.space import Dimension
from trimma.study import Metric
from trimma.trial import Trial
from trimma.views import hyperparameters, settings

NOTHING = "-"
_UNITS = ((86400.0, "d", 3600.0, "h"), (3600.0, "h", 60.0, "min"), (60.0, "min", 1.0, "s"))


def number(value: float | None, digits: int = 5) -> str:
    """A metric's value; a dash for None.

    >>> number(0.0123456), number(float("nan")), number(None)
    ('0.012346', 'nan', '-')
    """
    return NOTHING if value is None else f"{value:.{digits}g}"


def aim(metric: Metric) -> str:
    """The metric with its direction: ``minimize loss``."""
    return f"{'maximize' if metric.maximize else 'minimize'} {metric.name}"


def percent(share: float | None) -> str:
    """A share from 0 to 1; "100%" is only said of the whole.

    >>> percent(0.9996), percent(1.0)
    ('99%', '100%')
    """
    if share is None:
        return NOTHING
    return f"{math.floor(100 * share + 1e-9) if share > 0.99 else round(100 * share)}%"


def duration(seconds: float | None) -> str:
    """Seconds in the two units that say most.

    >>> duration(0.25), duration(42), duration(185), duration(7500), duration(200000)
    ('0.2 s', '42 s', '3 min 05 s', '2 h 05 min', '2 d 08 h')
    """
    if seconds is None:
        return NOTHING
    if seconds < 59.5:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"
    for unit, name, part, part_name in _UNITS:
        whole = round(seconds / part)
        if whole * part >= unit:
            large, small = divmod(whole, round(unit / part))
            return f"{large} {name} {small:02d} {part_name}"
    return f"{seconds:.0f} s"


def count(number: int, noun: str) -> str:
    """A number of things: ``1 trial``, ``2 trials``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def one_line(text: str) -> str:
    """The first line that says something, without control characters."""
    line = next((line for line in text.splitlines() if line.strip()), "")
    return " ".join("".join(sign if sign.isprintable() else " " for sign in line).split())


def shorten(text: str, width: int) -> str:
    """At most ``width`` signs, the last of them an ellipsis where something is left out."""
    return text if len(text) <= width else text[: max(0, width - 1)].rstrip() + "…"


def squeeze(text: str, width: int) -> str:
    """At most ``width`` signs: of a longer text its beginning and its end, which often is what tells it from others.

    >>> squeeze("embedding of the second language", 16)
    'embeddi…language'
    """
    if len(text) <= width or width < 3:
        return shorten(text, width)
    tail = width // 2
    return f"{text[: width - tail - 1].rstrip()}…{text[-tail:].lstrip()}"


def setting(value: Any) -> str:
    """One value of a config: numbers to four digits."""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(setting, value))}]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {setting(part)}" for key, part in value.items()) + "}"
    return one_line(value) if isinstance(value, str) else str(value)


def config_text(values: Mapping[str, Any]) -> str:
    """A flat config on one line: ``lr=0.01 width=64``."""
    return " ".join(f"{one_line(name)}={setting(value)}" for name, value in values.items())


def varying(history: History, trial: Trial, scales: Iterable[Dimension] | None = None) -> dict[str, Any]:
    """What of the trial's config varies between trials; all of it where nothing does."""
    values = settings(history, trial)
    names = [scale.name for scale in (hyperparameters(history) if scales is None else scales)]
    return {name: values[name] for name in names if name in values} or values
