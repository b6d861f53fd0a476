from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from effect_tables import cells_of, column, names_of
from trimma.effects import Analysis, Conclusion, contrasts, shapley
from trimma.effects.collapsed_runs import collapsed_runs
from trimma.effects.observations import observe


def accuracies(seed: int, rate: float, repeats: int = 10, arms: int = 7) -> Any:
    """Accuracies near .9, of which some runs came to .1 to .2 instead; and which these are."""
    rng = np.random.default_rng([3, seed])
    gone = rng.random((repeats, arms)) < rate
    return np.where(gone, rng.uniform(0.1, 0.2, gone.shape), 0.9 + 0.01 * rng.standard_normal(gone.shape)), gone


def analysed(table: Any, **options: Any) -> Analysis:
    return contrasts(cells_of(table), names_of(table.shape[1] - 1), **{"maximize": True, **options})


@pytest.mark.parametrize("maximize", [True, False])
def test_which_runs_collapsed_is_found(maximize: bool) -> None:
    table, gone = accuracies(1, 0.1)
    sign = 1.0 if maximize else -1.0
    found = collapsed_runs(observe(cells_of(sign * table)), maximize=maximize)
    assert found is not None
    assert found.collapsed.reshape(table.shape).tolist() == gone.tolist()
    assert found.threshold is not None
    assert 0.2 < sign * found.threshold < 0.85


@pytest.mark.parametrize("noise", ["normal", "t3", "a wild arm", "noise over a factor of eight"])
def test_noise_is_no_collapse(noise: str) -> None:
    said = 0
    for seed in range(200):
        rng = np.random.default_rng([4, seed])
        table = rng.standard_t(3, (5, 8)) if noise == "t3" else rng.standard_normal((5, 8))
        table[:, 3] *= 30 if noise == "a wild arm" else 1
        table *= rng.permutation(np.exp(np.linspace(-1, 1, 8))) if noise.endswith("eight") else 1
        table[:, 1::2] -= 20  # components that matter a lot
        said += collapsed_runs(observe(cells_of(table)), maximize=True) is not None
    assert said / 200 < 0.05


def test_a_single_outlier_is_none() -> None:
    table, _ = accuracies(1, 0.0)
    table[3, 2] = 0.1
    assert collapsed_runs(observe(cells_of(table)), maximize=True) is None


def test_nothing_is_called_equivalent_where_runs_collapse_and_medians_are_offered() -> None:
    table, gone = accuracies(5, 0.08, repeats=20)
    gone[:, 3] = False
    table = np.where(gone, table, np.maximum(table, 0.9))
    found = analysed(table, smallest=0.5)
    assert Conclusion.EQUIVALENT not in column(found, "conclusion")
    assert Conclusion.EQUIVALENT in column(analysed(np.where(gone, 0.9, table), smallest=0.5), "conclusion")
    assert column(found, "collapsed") == gone[:, 1:].sum(axis=0).tolist()
    assert column(found, "median") == pytest.approx(np.median(table[:, 1:] - table[:, :1], axis=0))
    (note,) = [note for note in found.notes if "collapsed" in note]
    assert f"{gone.sum()} of 140 trainings collapsed" in note
    assert "collapsed=0." in note


def test_without_a_collapse_there_is_no_such_note() -> None:
    found = analysed(accuracies(2, 0.0)[0])
    assert column(found, "median") == [None] * 6
    assert not [note for note in found.notes if "collapse" in note]


def test_shapley_values_say_it_too() -> None:
    rng = np.random.default_rng(6)
    names = names_of(4)
    cells = []
    for repeat in range(12):
        order = [names[place] for place in rng.permutation(4)]
        arms = [tuple(order[:size]) for size in range(5)]
        values = [0.1 if rng.random() < 0.15 else 0.9 + 0.01 * rng.standard_normal() for _ in arms]
        cells += [replace(cell, repeat=repeat) for cell in cells_of([values], arms)]
    found = shapley(cells, names, maximize=True, smallest=5.0)
    assert Conclusion.EQUIVALENT not in column(found, "conclusion")
