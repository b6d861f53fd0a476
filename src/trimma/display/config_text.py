"""Configs and their values as short text."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from trimma.display.short_text import one_line
from trimma.ports import History
from trimma.space import Dimension
from trimma.trial import Trial
from trimma.views import hyperparameters, settings


def setting(value: Any) -> str:
    """One value of a config. Numbers are written with four digits, and texts that read as other values are quoted."""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, tuple):
        return f"({', '.join(map(setting, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, list):
        return f"[{', '.join(map(setting, value))}]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {setting(part)}" for key, part in value.items()) + "}"
    if isinstance(value, str):
        return repr(value) if _reads_as_another_value(value) else one_line(value)
    return str(value)


def _reads_as_another_value(text: str) -> bool:
    """Whether the text, without quotation marks, would be taken for a number, a boolean, None, a list or a dict."""
    try:
        return text in ("None", "True", "False") or not isinstance(json.loads(text), str)
    except ValueError:
        return False


def config_text(values: Mapping[str, Any]) -> str:
    """A flat config on one line: ``lr=0.01 width=64``."""
    return " ".join(f"{one_line(name)}={setting(value)}" for name, value in values.items())


def varying(history: History, trial: Trial, scales: Iterable[Dimension] | None = None) -> dict[str, Any]:
    """The part of the trial's config that varies between trials, or all of it where nothing varies."""
    values = settings(history, trial)
    names = [scale.name for scale in (hyperparameters(history) if scales is None else scales)]
    return {name: values[name] for name in names if name in values} or values
