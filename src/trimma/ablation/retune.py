"""Retuning: every cell of an ablation has a small search of its own.

A component may look useful only because the other settings were found with it in place. If the baseline and each arm
are searched in the same way, all of them are compared at settings that suit them.
"""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from msgspec.structs import replace

from trimma.ablation.places import CellKey, place_of
from trimma.ports import BindsSpace, History, Searcher, Suggestion
from trimma.program import derived
from trimma.space import Space


@dataclass(frozen=True)
class Retune:
    """Try ``trials`` configs of ``space`` (default 8) for each arm in each repeat, and count the best of them.

    ``searcher`` is "random" (default), "quasi-random", "grid", or a searcher as an object. All arms of a repeat use the
    same random numbers, so that a searcher which doesn't look at results proposes the same configs to each arm.
    """

    space: Space
    trials: int = 8
    searcher: str | BindsSpace | Searcher = "random"


class CellSearch:
    """The searches of all cells of one study, with ``tries`` trials each.

    A searcher gets a history of its cell alone: the part of the study that the cell's place names. To the searcher it
    looks like a whole study, except for the ids of the trials and the spec, which are those of the whole study.
    """

    def __init__(self, retune: Retune, tries: int) -> None:
        self._retune, self._tries = retune, tries
        self._searcher = cache(self._bound)

    def suggestion(self, history: History, key: CellKey, void: Collection[int]) -> Suggestion | None:
        """What to try next in a cell; None when its search has nothing more. ``void`` trials don't count as tries."""
        seed, place = derived(history.spec.seed, key.repeat), place_of(key, searched=True)
        part = history.part(**place)
        gone = sum(trial.id in void for trial in part.trials)
        seen: Any = _Recounted(part, gone) if gone else part
        rng = np.random.default_rng((seed, part.trial_count - gone))
        found = self._searcher(seed).suggest(seen, 1, rng)
        return replace(found[0], place={**found[0].place, **place}) if found else None

    def _bound(self, seed: int) -> Searcher:
        searcher: Any = self._retune.searcher
        bind = getattr(searcher, "bind", None)
        bound: Searcher = searcher if bind is None else bind(self._retune.space, seed, self._tries)
        return bound


class _Recounted:
    """A history that counts fewer trials than it has, so that the configs of void trials are suggested again."""

    def __init__(self, history: History, fewer: int) -> None:
        self._history, self._fewer = history, fewer

    @property
    def trial_count(self) -> int:
        return self._history.trial_count - self._fewer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._history, name)
