"""Configs from a low-discrepancy sequence, which covers a space more evenly than independent draws."""

from collections.abc import Sequence
from dataclasses import dataclass
from inspect import signature
from typing import Any, Literal

import numpy as np
from numpy.random import Generator

from trimma.errors import MissingExtra, UsageError
from trimma.ports import History, Searcher, Suggestion
from trimma.search.untried import Untried
from trimma.space import Space

_BLOCK = 64


@dataclass(frozen=True)
class QuasiRandomSearch:
    """Draw configs from a scrambled Sobol or Halton sequence (Owen 1998, 2017), which SciPy makes.

    ``sequence`` is "sobol" (the default) or "halton". As in `RandomSearch`, no config is tried twice before all were
    tried. Each branch of the space has a sequence of its own. Sobol takes up to 21,201 variables, and is at its best
    when the number of trials is a power of two. Halton has no such preference.

    Raises `MissingExtra` without SciPy, and `UsageError` for another sequence.
    """

    sequence: Literal["sobol", "halton"] = "sobol"

    def __post_init__(self) -> None:
        if self.sequence not in ("sobol", "halton"):
            raise UsageError(f"QuasiRandomSearch(sequence={self.sequence!r}): take 'sobol' or 'halton'")

    def bind(self, space: Space, seed: int, trials: int | None) -> Searcher:
        _scipy()
        return _QuasiRandom(space, Untried(space, trials), self.sequence, seed)


class _QuasiRandom:
    def __init__(self, space: Space, untried: Untried, sequence: str, seed: int) -> None:
        self._space, self._untried, self._sequence, self._seed = space, untried, sequence, seed
        self._points: dict[int, tuple[Any, list[list[float]]]] = {}

    def suggest(self, history: History, free: int, rng: Generator) -> Sequence[Suggestion]:
        visit = self._untried.visit(history)
        if visit is None:
            return ()
        branch = self._space.branches[visit.branch]
        encoding, count, turn = branch.encoding, len(branch.variables), visit.turn
        values = self._untried.draw(
            branch, lambda number: encoding.values(self._point(branch.index, count, turn + number)), rng
        )
        return (Suggestion(config=branch.config(values), branch=branch.index, hidden=branch.hidden(values)),)

    def _point(self, branch: int, dimensions: int, turn: int) -> list[float]:
        if not dimensions:
            return []
        if branch not in self._points:
            kind = {"sobol": _scipy().Sobol, "halton": _scipy().Halton}[self._sequence]
            source = {_source_name(kind): np.random.default_rng([self._seed, branch])}
            self._points[branch] = (kind(dimensions, scramble=True, **source), [])
        engine, points = self._points[branch]
        while len(points) <= turn:
            points.extend(engine.random(_BLOCK).tolist())
        return points[turn]


def _source_name(kind: Any) -> str:
    """The name of SciPy's argument for the random generator, which was ``seed`` before SciPy 1.15."""
    return "rng" if "rng" in signature(kind).parameters else "seed"


def _scipy() -> Any:
    try:
        from scipy.stats import qmc
    except ImportError as error:
        raise MissingExtra("SciPy", "scipy", "quasi-random search") from error
    return qmc
