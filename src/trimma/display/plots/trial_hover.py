"""The text that shows when the mouse points at a trial in a picture: plain, with a line for each thing."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from trimma.display.config_text import config_text, varying
from trimma.display.numbers_and_durations import number
from trimma.display.short_text import one_line, shorten
from trimma.ports import History
from trimma.space import Dimension
from trimma.views import hyperparameters

HOVER_WIDTH = 60
FULL_HOVERS = 2000  # configs of more trials than these would make a page heavy


def trial_hovers(history: History, trials: Collection[int]) -> dict[int, str]:
    """The hover text of each trial. Where there are very many trials, it leaves out their configs."""
    if len(trials) > FULL_HOVERS:
        return {number_: _brief(history, number_) for number_ in trials}
    scales = hyperparameters(history)
    return {number_: "\n".join([_brief(history, number_), *_rest(history, number_, scales)]) for number_ in trials}


def _brief(history: History, number_: int) -> str:
    trial = history.trials[number_]
    return f"trial {number_}, {trial.state}\n{one_line(history.spec.metric.name)} {number(trial.value)}"


def _rest(history: History, number_: int, scales: Sequence[Dimension]) -> list[str]:
    trial = history.trials[number_]
    why = one_line(str(trial.failure) if trial.failure else trial.reason)
    lines = [shorten(why, HOVER_WIDTH)] if why else []
    return lines + _settings(varying(history, trial, scales))


def _settings(values: Mapping[str, Any]) -> list[str]:
    lines = [shorten(config_text({name: value}), HOVER_WIDTH) for name, value in list(values.items())[:10]]
    return lines + ([f"+{len(values) - 10} more"] if len(values) > 10 else [])
