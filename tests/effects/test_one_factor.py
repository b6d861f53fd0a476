from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from trimma.effects.distributions.dunnett import dunnett_family
from trimma.effects.intervals.one_factor import one_factor_family


def test_one_factor_is_found_in_its_correlations() -> None:
    loadings = np.array([0.3, 0.6, 0.7, 0.8])
    covariance = np.outer(loadings, loadings)
    np.fill_diagonal(covariance, 1.0)
    scale = np.array([1.0, 2.0, 3.0, 4.0])
    found = one_factor_family(covariance * np.outer(scale, scale), np.full(4, 9.0))
    assert [group.loading for group in found] == pytest.approx(loadings.tolist(), abs=2e-3)
    assert {group.freedom for group in found} == {9.0}


def test_correlations_of_interactions_are_near_enough_to_one_factor() -> None:
    pairs = list(combinations(range(5), 2))
    covariance = np.array([[0.25 * (1 + len(set(one) & set(other))) for other in pairs] for one in pairs])
    np.fill_diagonal(covariance, 1.0)
    (group,) = one_factor_family(covariance, np.full(10, 60.0))
    assert group.loading**2 == pytest.approx((6 * 0.5 + 3 * 0.25) / 9, abs=1e-4)


def test_negative_correlations_are_left_out() -> None:
    covariance = np.array([[1, -0.5, 0], [-0.5, 1, -0.5], [0, -0.5, 1]])
    assert one_factor_family(covariance, np.full(3, 4.0)) == dunnett_family([0.0] * 3, [4.0] * 3)
