"""The objective, which is the user's function: its arguments, how it is called, and what it returns."""

import inspect
import traceback
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trimma.errors import ObjectiveError
from trimma.events import Failure
from trimma.facts import Halted, Paused, Returned
from trimma.program import Inputs

ON_REQUEST = ("report", "trial", "params", "data", "model")
"""What an objective is given when it has a parameter of that name."""

SEEDS = ("seed", "split")
"""What an objective is also given, unless its config has that name: a seed for the trial, and one to split the data
with."""


MESSAGE, TRACEBACK = 10_000, 50_000
"""The most characters that are kept of a failure: of the start of its message, and of the end of its traceback."""


NOTE = 10_000
"""The most characters that are kept of a note."""

LAST_STEP = 2**53
"""The last step that may be reported, and the last whole number that all who read the study know exactly."""

MOST_METRICS = 10_000
"""So many metrics may be reported at once."""

MOST_TEXT = 500_000
"""So many characters the names of metrics, and the notes, may have in all at once."""

Result = tuple[dict[str, float], dict[str, str | None]]
"""What an objective returned: metrics by name, and notes by name."""


class StopTrial(BaseException):
    """Raised by ``report`` to end a trial. An objective that catches it to clean up must raise it again.

    Like KeyboardInterrupt it isn't an `Exception`, so that an objective's own error handling doesn't swallow it. An
    objective may also raise it to end its trial early, as in ``raise StopTrial("the loss is flat")``: the trial keeps
    the reason.
    """

    def __init__(self, why: str = "") -> None:
        super().__init__(why)


class Finished(StopTrial):
    """The trial has run its budget. It counts as if it had returned."""

    def __init__(self) -> None:
        super().__init__("the trial has run its budget")


class MakeRoom(StopTrial):
    """The trial is paused, and may go on later."""

    def __init__(self) -> None:
        super().__init__("the trial was asked to pause")


def fact_of(stop: StopTrial, trial: int, attempt: int, folder: str = "") -> Returned | Paused | Halted:
    """The fact that tells how an attempt ended which the study has ended. ``folder`` is the folder that it used."""
    if isinstance(stop, Finished):
        return Returned(trial=trial, attempt=attempt, metrics={}, folder=folder)
    if isinstance(stop, MakeRoom):
        return Paused(trial=trial, attempt=attempt)
    return Halted(trial=trial, attempt=attempt, reason=_encodable(str(stop)[:MESSAGE]), folder=folder)


@dataclass(frozen=True, slots=True)
class Signature:
    """The names of the arguments that an objective can be called with.

    ``required`` are those of ``accepts`` that have no default. ``open`` says that any other name is accepted, too.
    """

    name: str
    accepts: frozenset[str]
    required: frozenset[str]
    open: bool

    @classmethod
    def of(cls, objective: Callable[..., Any]) -> "Signature":
        """The signature of ``objective``. Raises `ObjectiveError` when it can't be called with arguments by name."""
        name = describe(objective)
        if not callable(objective):
            raise ObjectiveError(f"the objective must be a function, not {type(objective).__name__}: {objective!r}")
        try:
            parameters = inspect.signature(objective).parameters.values()
        except (TypeError, ValueError) as error:
            raise ObjectiveError(f"the arguments of {name} can't be read ({error}): wrap it in a function") from error
        accepts, required, is_open = set(), set(), False
        for parameter in parameters:
            match parameter.kind:
                case parameter.VAR_KEYWORD:
                    is_open = True
                case parameter.POSITIONAL_ONLY if parameter.default is parameter.empty:
                    raise ObjectiveError(
                        f"{name} takes {parameter.name!r} by position only, but hyperparameters are passed by name: "
                        "remove the '/'"
                    )
                case parameter.POSITIONAL_OR_KEYWORD | parameter.KEYWORD_ONLY:
                    accepts.add(parameter.name)
                    if parameter.default is parameter.empty:
                        required.add(parameter.name)
        return cls(name, frozenset(accepts), frozenset(required), is_open)

    def check(self, keys: Iterable[str], provided: Iterable[str], source: str = "the space") -> None:
        """Raise `ObjectiveError` unless the objective can be called with ``keys``, which come from ``source``.

        ``provided`` says which of ``data`` and ``model`` were given.
        """
        keys = set(keys)
        if reserved := sorted(keys & set(ON_REQUEST)):
            raise ObjectiveError(f"{source} uses the name {reserved[0]!r}, which Trimma passes itself: rename that key")
        unwanted = sorted(keys - self.accepts)
        if unwanted and not self.open and "params" not in self.accepts:
            raise ObjectiveError(
                f"{source} has {_listed(unwanted)}, which {self.name} doesn't take"
                + _nearest(unwanted, self.accepts - keys)
                + f": add the argument to {self.name}, take 'params' (all of them as a dict), or remove the key"
            )
        lacking = sorted(self.required - keys - {*ON_REQUEST, *SEEDS})
        if lacking:
            raise ObjectiveError(
                f"{self.name} needs {_listed(lacking)}, which {source} lacks"
                + _nearest(lacking, (keys | {*ON_REQUEST, *SEEDS}) - self.accepts)
                + f": add the key to {source}, or give the argument a default"
            )
        for extra in ("data", "model"):
            if extra in self.required and extra not in provided:
                raise ObjectiveError(f"{self.name} asks for {extra!r}: pass {extra}=... beside the objective")

    def arguments(self, inputs: Inputs, extras: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments to call the objective with. ``extras`` holds ``report`` and ``trial``."""
        params = inputs.params
        offered: dict[str, Any] = {"seed": inputs.seed, "split": inputs.split}
        given = {name: value for name, value in params.items() if self.open or name in self.accepts}
        always = {**extras, "params": params, "data": inputs.data, "model": inputs.model}
        return {
            **{name: value for name, value in offered.items() if name in self.accepts},
            **given,
            **{name: value for name, value in always.items() if name in self.accepts},
        }


def describe(objective: Any) -> str:
    """The objective's name, for messages."""
    return str(getattr(objective, "__name__", None) or getattr(type(objective), "__name__", "objective"))


def as_metrics(value: Any, metric: str) -> dict[str, float]:
    """What an objective returned or yielded, as metrics by name.

    It may be None (no metrics), a number (a value of ``metric``), or a dict of up to 10,000 metrics. Raises
    `ObjectiveError` for anything else.
    """
    if value is None:
        return {}
    if type(value) is float:
        return {metric: value}
    # asking for the type alone is much quicker, and reports are many
    if type(value) is dict or isinstance(value, Mapping):
        if len(value) > MOST_METRICS:
            raise ObjectiveError(f"{len(value):,} metrics at once, where {MOST_METRICS:,} are the most")
        metrics = {str(name): as_number(name, number) for name, number in value.items()}
        _check_length(metrics)
        return metrics
    return {metric: as_number(metric, value)}


def as_result(value: Any, metric: str) -> Result:
    """What an objective returned at its end: the metrics, and the notes, which are what is text or None in a dict.

    Raises `ObjectiveError` for anything else that isn't a number, and if ``metric`` itself is text.
    """
    if not isinstance(value, Mapping):
        return as_metrics(value, metric), {}
    notes = {str(name): note for name, note in value.items() if isinstance(note, str | None) and name != metric}
    numbers = {name: number for name, number in value.items() if str(name) not in notes and number is not None}
    kept = {name: _note(text) for name, text in notes.items()}
    _check_length([*kept, *(note or "" for note in kept.values())])
    return as_metrics(numbers, metric), kept


def _check_length(texts: Iterable[str]) -> None:
    if (length := sum(map(len, texts))) > MOST_TEXT:
        raise ObjectiveError(
            f"names and notes of {length:,} characters at once, where {MOST_TEXT:,} are the most: save what is long in "
            "trial.folder"
        )


def _note(text: str | None) -> str | None:
    if text is None or len(text) <= NOTE:
        return text if text is None else _encodable(text)
    return f"{_encodable(text[:NOTE])}... ({len(text):,} characters in all)"


def as_number(name: Any, value: Any) -> float:
    """A metric's value as a float; anything that converts to one will do, but not text."""
    if type(value) is float:
        return value
    if isinstance(value, str | bytes):
        raise ObjectiveError(f"the metric {name!r} is {value!r}, which is text: give a number")
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise ObjectiveError(
            f"the metric {name!r} is {type(value).__name__}, which isn't a number ({error}): give a number, and save "
            "what else is to be kept in trial.folder"
        ) from error


def conclude(given: Any, metric: str, report: Callable[..., None]) -> Generator[None, None, Result]:
    """A generator that returns the final metrics, and the notes, of an objective that returned ``given``.

    When that is a generator, it is run, what it yields is reported, and this generator yields after each report. It may
    yield metrics, or a pair of metrics and a function that saves a checkpoint.
    """
    if not isinstance(given, Iterator):
        return as_result(given, metric)
    try:
        while True:
            try:
                value = next(given)
            except StopIteration as end:
                return as_result(end.value, metric)
            save = None
            if type(value) is tuple and len(value) == 2 and callable(value[1]):
                value, save = value
            report(save=save, **as_metrics(value, metric))
            yield
    finally:
        if (close := getattr(given, "close", None)) is not None:
            close()


def failure_of(error: BaseException, caller: str) -> Failure:
    """The failure for an exception of the objective, which was called from the file ``caller``.

    The traceback begins with the user's frames: those above them, of this file and of the folder of ``caller``, are
    left out. For an `ObjectiveError` no frame of these is shown at all, because the error is about what the objective
    gave.
    """
    described = traceback.TracebackException.from_exception(error)
    _leave_out_ours(described, Path(caller).parent, everywhere=isinstance(error, ObjectiveError))
    text = "".join(described.format())
    try:
        message = str(error)
    except Exception as failed:  # noqa: BLE001 - the user's __str__ may raise anything
        message = f"(its message can't be made: {type(failed).__name__})"
    return Failure(
        kind=type(error).__name__, message=_encodable(message[:MESSAGE]), traceback=_encodable(text[-TRACEBACK:])
    )


def _leave_out_ours(described: traceback.TracebackException, folder: Path, *, everywhere: bool) -> None:
    """Leave out the frames of this file and of ``folder``.

    With ``everywhere`` all of them are left out, otherwise those above the first frame of other code. An exception that
    is the cause of another is left out if it would have no frames left.
    """
    pending = [described]
    while pending:
        part = pending.pop()
        users = [place for place, frame in enumerate(part.stack) if not _is_ours(frame.filename, folder)]
        first = min(users, default=len(part.stack))
        part.stack[:] = [part.stack[place] for place in users] if everywhere else part.stack[first:]
        for name in ("__cause__", "__context__"):
            cause = getattr(part, name)
            if cause is None:
                continue
            if cause.stack and all(_is_ours(frame.filename, folder) for frame in cause.stack):
                setattr(part, name, None)
            else:
                pending.append(cause)


def _is_ours(filename: str, folder: Path) -> bool:
    return filename == __file__ or Path(filename).parent == folder


def _encodable(text: str) -> str:
    """The text, in which characters that UTF-8 can't encode are escaped, such as lone surrogates in file names."""
    return text.encode("utf-8", "backslashreplace").decode()


def next_step(previous: int | None, step: Any) -> int:
    """The step of a report: the one that the objective names, or else one more than the last, from 1 on.

    Raises `ObjectiveError` for a step that isn't a whole number above the last.
    """
    if step is None:
        return (previous or 0) + 1
    try:
        number = int(step)
    except (TypeError, ValueError, OverflowError):
        number = -1
    if number != step or number < 0:
        raise ObjectiveError(f"report(step={step!r}): a step is a whole number, zero or more")
    if number > LAST_STEP:
        raise ObjectiveError(f"report(step={step!r}): the last step is {LAST_STEP}")
    if previous is not None and number <= previous:
        raise ObjectiveError(f"report(step={number}) after step {previous}: steps must grow within a trial")
    return number


def _listed(names: Iterable[str]) -> str:
    return " and ".join(repr(name) for name in names)


def _nearest(names: Iterable[str], candidates: Iterable[str]) -> str:
    from difflib import get_close_matches

    candidates = list(candidates)
    for name in names:
        if near := get_close_matches(name, candidates, n=1):
            return f" (did you mean {near[0]!r}?)"
    return ""
