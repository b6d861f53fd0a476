"""Stopping rules, which say when a study ends. They can be combined with ``&`` and ``|``.

A rule is a pure function of the study's progress and the time. It is also plain data, so it is stored with the study.
"""

import math
import operator
from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct
from msgspec.structs import force_setattr

from trimma.errors import UsageError


class Progress(Protocol):
    """What a rule may look at. A `trimma.ports.History` has all of it."""

    @property
    def maximize(self) -> bool: ...
    @property
    def trial_count(self) -> int: ...
    @property
    def best_reached(self) -> float | None: ...
    @property
    def best_by_end(self) -> Sequence[float]: ...
    @property
    def own_rules(self) -> Mapping[str, str]: ...
    def moment_after(self, active_seconds: float) -> float: ...


class Halt(Struct, frozen=True, kw_only=True):
    """Start nothing more because of ``reason``. With ``at_once``, running trials are stopped, too."""

    reason: str
    at_once: bool


class _Combinable:
    __slots__ = ()

    def __and__(self, other: "Rule") -> "All":
        return All(rules=(self, other))  # type: ignore[arg-type]

    def __rand__(self, other: "Rule") -> "All":
        return All(rules=(other, self))  # type: ignore[arg-type]

    def __or__(self, other: "Rule") -> "Either":
        return Either(rules=(self, other))  # type: ignore[arg-type]

    def __ror__(self, other: "Rule") -> "Either":
        return Either(rules=(other, self))  # type: ignore[arg-type]


class TrialCount(_Combinable, Struct, frozen=True, tag=True):
    """Met when ``count`` trials have been chosen. Running trials may finish.

    Raises `UsageError` unless ``count`` is a whole number, 1 or more.
    """

    count: int

    def __post_init__(self) -> None:
        force_setattr(self, "count", _whole("TrialCount", "count", self.count))

    def met(self, progress: Progress, now: float) -> Halt | None:
        if progress.trial_count < self.count:
            return None
        if progress.trial_count > self.count:
            # the limit was set later, at a resume, or another rule had to be met, too
            reason = f"{progress.trial_count} trials were run ({self.count} were asked for)"
        else:
            reason = f"all {self.count} trials were run"
        return Halt(reason=reason, at_once=False)

    def deadline(self, progress: Progress, now: float) -> float | None:
        return None


class Timeout(_Combinable, Struct, frozen=True, tag=True):
    """Met when the study has run for ``seconds``, all sessions together. Running trials are stopped.

    Raises `UsageError` unless ``seconds`` is a finite number above zero.
    """

    seconds: float

    def __post_init__(self) -> None:
        seconds = _finite("Timeout", "seconds", self.seconds)
        if seconds <= 0:
            raise UsageError(f"Timeout(seconds={self.seconds!r}) must be above zero")
        force_setattr(self, "seconds", seconds)

    def met(self, progress: Progress, now: float) -> Halt | None:
        if now < progress.moment_after(self.seconds):
            return None
        return Halt(reason=f"the study has run for {self.seconds:g} s", at_once=True)

    def deadline(self, progress: Progress, now: float) -> float | None:
        return progress.moment_after(self.seconds)


class Target(_Combinable, Struct, frozen=True, tag=True):
    """Met when a trial is done with a value at least as good as ``value``. Running trials are stopped.

    A value that is reported on the way doesn't count, since the trial may lose it again. It does count in a study in
    which the best value of a trial is its value. Raises `UsageError` unless ``value`` is a finite number.
    """

    value: float

    def __post_init__(self) -> None:
        force_setattr(self, "value", _finite("Target", "value", self.value))

    def met(self, progress: Progress, now: float) -> Halt | None:
        best = progress.best_reached
        if best is None or (best < self.value if progress.maximize else best > self.value):
            return None
        return Halt(reason=f"the target of {self.value:g} was reached with {best:g}", at_once=True)

    def deadline(self, progress: Progress, now: float) -> float | None:
        return None


class Patience(_Combinable, Struct, frozen=True, tag=True):
    """Met when the last ``trials`` trials that ended improved the best value of those done by no more than ``delta``.

    Running trials are stopped. ``delta`` is in units of the metric (default 0). Raises `UsageError` unless ``trials``
    is a whole number, 1 or more, and ``delta`` is a finite number, zero or more.
    """

    trials: int
    delta: float = 0.0

    def __post_init__(self) -> None:
        delta = _finite("Patience", "delta", self.delta)
        if delta < 0:
            raise UsageError(f"Patience(delta={self.delta!r}) must be zero or more")
        force_setattr(self, "trials", _whole("Patience", "trials", self.trials))
        force_setattr(self, "delta", delta)

    def met(self, progress: Progress, now: float) -> Halt | None:
        best = progress.best_by_end
        if len(best) <= self.trials:
            return None
        gain = best[-1] - best[-1 - self.trials]
        # without a best value this is NaN, for which the comparison is false
        if (gain if progress.maximize else -gain) <= self.delta:
            return Halt(reason=f"no better by more than {self.delta:g} for {self.trials} trials", at_once=True)
        return None

    def deadline(self, progress: Progress, now: float) -> float | None:
        return None


class OwnRule(_Combinable, Struct, frozen=True, kw_only=True, tag=True):
    """Met as long as the function of this ``name`` says so. Running trials are stopped.

    The function is a part of the study's program. What it answered is part of the study's history, and is all that
    counts here. ``anew`` says that it was given at a resume. So it isn't the function of this name that the program may
    hold.
    """

    name: str
    anew: bool = False

    def met(self, progress: Progress, now: float) -> Halt | None:
        reason = progress.own_rules.get(self.name)
        return Halt(reason=reason, at_once=True) if reason else None

    def deadline(self, progress: Progress, now: float) -> float | None:
        return None


class All(_Combinable, Struct, frozen=True, kw_only=True, tag=True):
    """Met when all of ``rules`` are met."""

    rules: tuple["Rule", ...]

    def met(self, progress: Progress, now: float) -> Halt | None:
        halts = [rule.met(progress, now) for rule in self.rules]
        met = [halt for halt in halts if halt]
        if len(met) < len(halts):
            return None
        return Halt(reason=" and ".join(halt.reason for halt in met), at_once=any(halt.at_once for halt in met))

    def deadline(self, progress: Progress, now: float) -> float | None:
        return _earliest(self.rules, progress, now)


class Either(_Combinable, Struct, frozen=True, kw_only=True, tag=True):
    """Met when one of ``rules`` is met."""

    rules: tuple["Rule", ...]

    def met(self, progress: Progress, now: float) -> Halt | None:
        halts = [halt for rule in self.rules if (halt := rule.met(progress, now))]
        return next((halt for halt in halts if halt.at_once), halts[0]) if halts else None

    def deadline(self, progress: Progress, now: float) -> float | None:
        return _earliest(self.rules, progress, now)


Rule = TrialCount | Timeout | Target | Patience | OwnRule | All | Either


def unmet(rule: Rule | None, progress: Progress, now: float) -> Rule | None:
    """What is left of a rule without those alternatives that are met. None if nothing is left."""
    if isinstance(rule, Either):
        left = [found for each in rule.rules if (found := unmet(each, progress, now)) is not None]
        return Either(rules=tuple(left)) if len(left) > 1 else left[0] if left else None
    return None if rule is None or rule.met(progress, now) else rule


def own_rules(rule: Rule | None) -> list[OwnRule]:
    """The user's own rules in a rule."""
    if isinstance(rule, All | Either):
        return [own for each in rule.rules for own in own_rules(each)]
    return [rule] if isinstance(rule, OwnRule) else []


def _finite(rule: str, name: str, value: object) -> float:
    """The value as a Python float, also when it is a number of another library."""
    try:
        number = math.nan if isinstance(value, str | bytes) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise UsageError(f"{rule}({name}={value!r}) must be a finite number")
    return number


def _whole(rule: str, name: str, value: object) -> int:
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        number = 0
    if number < 1:
        raise UsageError(f"{rule}({name}={value!r}) must be a whole number, 1 or more")
    return number


def _earliest(rules: Sequence[Rule], progress: Progress, now: float) -> float | None:
    """The next moment after ``now`` at which one of ``rules`` may change its answer by time alone."""
    moments = (rule.deadline(progress, now) for rule in rules)
    return min((moment for moment in moments if moment is not None and moment > now), default=None)
