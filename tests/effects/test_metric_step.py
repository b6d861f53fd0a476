"""Metrics that move in steps: equal differences by chance are no certainty."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from effect_tables import cells_of, column, names_of
from trimma.effects import Analysis, Conclusion, contrasts, main_effects, path, shapley
from trimma.effects.fitting.metric_step import metric_step


@pytest.mark.parametrize(
    ("values", "step"),
    [
        ([0.85, 0.87, 0.9, 0.81], 0.01),
        ([17 / 20, 16 / 20, 19 / 20], 1 / 20),
        ([3.0, 7.0, 15.0], 4.0),
        (np.float32([0.85, 0.86, 0.9]), 0.01),
        ([1 / 3 + k / 77 for k in range(5)], 1 / 77),
        ([0.5, 0.5], 0.0),
        ([], 0.0),
        (np.random.default_rng(1).standard_normal(20), 0.0),
        (1e6 + np.random.default_rng(1).standard_normal(20), 0.0),
    ],
)
def test_the_step_of_a_metric(values: Any, step: float) -> None:
    assert metric_step(np.asarray(values, dtype=np.float64)) == pytest.approx(step, rel=1e-2)


def accuracies(seed: int, repeats: int, components: int, *, rows: int = 100, changed: float = 0.03) -> Any:
    """Accuracies of the whole and of components that don't matter: as many rows change for better as for worse."""
    rng = np.random.default_rng([50, seed])
    whole = rng.binomial(rows, 0.85, (repeats, 1))
    lost, won = rng.binomial(rows, changed, (2, repeats, components))
    return np.hstack([whole, whole - lost + won]) / rows


def analysed(table: Any, **options: Any) -> Analysis:
    return contrasts(cells_of(table), names_of(table.shape[1] - 1), maximize=True, **options)


@pytest.mark.parametrize(("repeats", "components", "changed"), [(2, 1, 0.03), (2, 3, 0.03), (3, 2, 0.003)])
def test_equal_accuracies_by_chance_are_no_findings(repeats: int, components: int, changed: float) -> None:
    studies = [analysed(accuracies(seed, repeats, components, changed=changed)) for seed in range(150)]
    said = [any(effect.conclusion is not Conclusion.UNDECIDED for effect in study.effects) for study in studies]
    assert np.mean(said) < 0.07
    effects = [effect for study in studies for effect in study.effects if effect.low is not None]
    assert all((effect.high or 0) > (effect.low or 0) and (effect.p or 0) > 0 for effect in effects)


@pytest.mark.parametrize("rate", [0.1, 0.3])
@pytest.mark.parametrize("repeats", [5, 20])
def test_intervals_hold_what_changes_one_row_in_a_few_repeats(rate: float, repeats: int) -> None:
    held = []
    for seed in range(150):
        rng = np.random.default_rng([51, seed])
        whole = rng.integers(10, 20, (repeats, 1))
        found = analysed(np.hstack([whole, whole - (rng.random((repeats, 2)) < rate)]) / 20)
        # repeats of which none changes anything tell no more than one of them, and have no intervals
        held.append(
            all(effect.low is None or effect.low <= -rate / 20 <= (effect.high or 0) for effect in found.effects)
        )
    assert np.mean(held) >= 0.92


def test_equivalence_is_not_said_of_a_few_equal_accuracies() -> None:
    table = np.tile(np.arange(10, 20)[:, None], (1, 4)) / 20
    table[:, 2] += np.tile([0.05, -0.05], 5)
    table[:, 3] -= np.tile([0.4, 0.05], 5)
    found = analysed(table, smallest=0.01)
    same = found.effects[0]
    assert (same.difference, same.conclusion) == (0, Conclusion.UNDECIDED)
    assert (same.high or 0) == pytest.approx(-(same.low or 0))
    assert (same.high or 0) > 0.02


def test_it_is_said_that_equal_differences_may_be_chance() -> None:
    found = analysed(np.array([[0.8, 0.78], [0.85, 0.83]]))
    (note,) = found.notes
    assert "may be chance, since the metric moves in steps of 0.01: no interval is narrower than two steps" in note
    assert "pooled variance" in found.method
    assert column(found, "conclusion") == ["undecided"]


def test_other_analyses_have_no_interval_without_width_either() -> None:
    arms = [(), ("a",), ("b",), ("a", "b")]
    cells = cells_of(np.add.outer(np.arange(5) / 50, [0.9, 0.88, 0.9, 0.88]), arms)
    chains = cells_of(np.add.outer(np.arange(6) / 50, [0.9, 0.88, 0.86]), [(), ("a",), ("a", "b")])
    for found in (
        main_effects(cells, ["a", "b"], maximize=True),
        path(chains, ["a", "b"], maximize=True),
        shapley(chains, ["a", "b"], maximize=True),
    ):
        assert all((effect.high or 0) > (effect.low or 0) for effect in found.effects)
