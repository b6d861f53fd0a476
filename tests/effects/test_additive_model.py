from __future__ import annotations

import numpy as np
import pytest

from effect_tables import cells_of, drawn
from trimma.effects import Cell
from trimma.effects.fitting.additive_model import fit_additive
from trimma.effects.observations import observe


def test_balanced_two_way_table_by_hand() -> None:
    # rows are repeats: means 2, 4, 6; columns are arms: means 3, 4, 5; grand mean 4
    table = [[1, 2, 3], [2, 5, 5], [6, 5, 7]]
    fit = fit_additive(observe(cells_of(table)))
    assert fit.mean == pytest.approx([0, 1, 2])
    assert fit.freedom == 4
    assert fit.residual.reshape(3, 3) == pytest.approx(np.array([[0, 0, 0], [-1, 1, 0], [1, -1, 0]]))
    assert fit.variance == pytest.approx(4 / 4)
    rows = np.array([[-1.0, 1.0, 0.0], [-1.0, 0.0, 1.0]])
    assert fit.covariance(rows) == pytest.approx(np.array([[2, 1], [1, 2]]) / 3)


def test_missing_and_repeated_cells_as_general_least_squares() -> None:
    cells = cells_of(drawn(3, 6, 5))
    kept = [cell for index, cell in enumerate(cells) if index not in (0, 7, 8, 21)] + cells[3:5]
    fit = fit_additive(observe(kept, [frozenset()]))
    seen = fit.observations
    design = np.zeros((len(kept), 5 + 6))
    design[np.arange(len(kept)), seen.arm] = 1
    design[np.arange(len(kept)), 5 + seen.repeat] = 1
    solution, *_ = np.linalg.lstsq(design, seen.value, rcond=None)
    assert fit.mean == pytest.approx(solution[:5] - solution[0])
    assert fit.residual == pytest.approx(seen.value - design @ solution)
    assert fit.freedom == len(kept) - np.linalg.matrix_rank(design)
    rows = np.array([[-1.0, 0, 0, 1, 0]])
    inverse = np.linalg.pinv(design.T @ design)
    full = np.concatenate([rows, np.zeros((1, 6))], axis=1)
    assert fit.covariance(rows) == pytest.approx(full @ inverse @ full.T)
    assert fit.leverage() == pytest.approx(np.diag(design @ inverse @ design.T))


def test_arms_without_a_chain_of_shared_repeats_are_unknown() -> None:
    cells = [
        Cell(arm=arm, repeat=repeat, value=value)
        for arm, repeat, value in [((), 0, 1.0), (("a",), 0, 2.0), (("b",), 1, 3.0), (("c",), 1, 5.0)]
    ]
    fit = fit_additive(observe(cells))
    assert fit.mean[:2] == pytest.approx([0, 1])
    assert np.isnan(fit.mean[2:]).all()
    assert fit.variance is None


def test_a_chain_links_arms_that_share_no_repeat() -> None:
    cells = [
        Cell(arm=arm, repeat=repeat, value=value)
        for arm, repeat, value in [((), 0, 1.0), (("a",), 0, 2.0), (("a",), 1, 3.0), (("b",), 1, 5.0)]
    ]
    assert fit_additive(observe(cells)).mean == pytest.approx([0, 1, 3])


def test_nothing_at_all() -> None:
    fit = fit_additive(observe([], [frozenset(), frozenset("a")]))
    assert np.isnan(fit.mean).all()
    assert fit.freedom == 0
