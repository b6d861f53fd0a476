from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate, special, stats

from trimma.effects.distributions.dunnett import dunnett_critical_z, dunnett_family, dunnett_survival
from trimma.effects.distributions.f_distribution import f_survival, incomplete_beta
from trimma.effects.distributions.normal import normal_cumulative
from trimma.effects.distributions.polygamma import digamma, trigamma, trigamma_inverse
from trimma.effects.distributions.student_t import t_of_z, z_of_t
from trimma.effects.distributions.studentized_range import studentized_range_critical, studentized_range_survival

HALF = math.sqrt(0.5)


def test_normal_is_that_of_scipy() -> None:
    x = np.linspace(-12, 12, 5001)
    assert np.abs(normal_cumulative(x) - special.ndtr(x)).max() < 5e-8


def critical_t(count: int, loading: float, freedom: float, error: float, *, shared: bool = True) -> float:
    z = dunnett_critical_z(dunnett_family([loading] * count, [freedom] * count), error, shared=shared)
    return float(t_of_z(np.array(z), freedom))


@pytest.mark.parametrize("freedom", [1.0, 2.0, 3.7, 10.0, 400.0])
@pytest.mark.parametrize("error", [0.2, 0.05, 0.001])
def test_one_t_is_student(freedom: float, error: float) -> None:
    expected = stats.t.ppf(1 - error / 2, freedom)
    for shared in (True, False):
        assert critical_t(1, 0.0, freedom, error, shared=shared) == pytest.approx(expected, rel=2e-4)


@pytest.mark.parametrize(
    ("count", "freedom", "expected"),
    [  # Dunnett, "New tables for multiple comparisons with a control", Biometrics 1964: two-sided, 5 %
        (2, 10, 2.57),
        (3, 10, 2.76),
        (9, 20, 2.95),
        (4, 60, 2.51),
        (9, math.inf, 2.69),
    ],
)
def test_dunnett_tables(count: int, freedom: float, expected: float) -> None:
    assert critical_t(count, HALF, freedom, 0.05) == pytest.approx(expected, abs=0.006)


@pytest.mark.parametrize("loading", [0.0, 0.3, HALF, 0.95])
def test_known_scale_by_quadrature(loading: float) -> None:
    def inside(z: float) -> float:
        narrow = math.sqrt(1 - loading**2)
        return (special.ndtr((2.5 + loading * z) / narrow) - special.ndtr((loading * z - 2.5) / narrow)) ** 6

    expected = 1 - integrate.quad(lambda z: inside(z) * stats.norm.pdf(z), -9, 9, limit=200)[0]
    found = dunnett_survival(np.array([2.5]), dunnett_family([loading] * 6, [math.inf] * 6), shared=True)[0]
    assert found == pytest.approx(expected, abs=1e-6)


def test_unequal_loadings_and_freedoms_by_simulation() -> None:
    rng = np.random.default_rng(5)
    loadings, freedoms = np.array([0.2, 0.5, 0.9]), np.array([3.0, 8.0, 30.0])
    draws = 400_000
    normal = rng.standard_normal((draws, 1)) * loadings + rng.standard_normal((draws, 3)) * np.sqrt(1 - loadings**2)
    t = normal / np.sqrt(rng.chisquare(freedoms, (draws, 3)) / freedoms)
    groups = dunnett_family(loadings.tolist(), freedoms.tolist())
    z = dunnett_critical_z(groups, 0.05, shared=False)
    assert (np.abs(t) > t_of_z(np.full(3, z), freedoms)).any(axis=1).mean() == pytest.approx(0.05, abs=0.0015)


def test_z_and_t_are_inverse() -> None:
    z = np.linspace(0, 8, 50)
    for freedom in (1.0, 4.5, math.inf):
        assert z_of_t(t_of_z(z, freedom), freedom) == pytest.approx(z)


@pytest.mark.parametrize(("count", "freedom"), [(2, 4), (5, 12), (20, 100)])
def test_range_is_that_of_scipy(count: int, freedom: float) -> None:
    reach = studentized_range_critical(count, float(freedom), 0.05)
    assert reach == pytest.approx(stats.studentized_range.ppf(0.95, count, freedom), rel=1e-4)
    assert studentized_range_survival(reach, count, float(freedom)) == pytest.approx(0.05, abs=1e-5)


def test_special_functions_are_those_of_scipy() -> None:
    for a, b, x in [(0.5, 0.5, 0.3), (2, 5, 0.9), (40, 3, 0.95), (300, 500, 0.36), (0.5, 22, 0.01)]:
        assert incomplete_beta(x, a, b) == pytest.approx(special.betainc(a, b, x), rel=1e-9)
    assert [incomplete_beta(x, 2, 3) for x in (-1, 0, 1, 2)] == [0, 0, 1, 1]
    for ratio, above, below in [(0.5, 3, 10), (2.9, 10, 44), (9.0, 1, 3), (0.0, 2, 2)]:
        assert f_survival(ratio, above, below) == pytest.approx(stats.f.sf(ratio, above, below))


@pytest.mark.parametrize("x", [1e-3, 0.3, 1.0, 2.0, 7.9, 8.0, 55.5, 1e6])
def test_functions_of_the_gamma_distribution_are_those_of_scipy(x: float) -> None:
    assert digamma(x) == pytest.approx(special.digamma(x), rel=1e-9)
    assert trigamma(x) == pytest.approx(special.polygamma(1, x), rel=1e-9)
    assert trigamma_inverse(trigamma(x)) == pytest.approx(x, rel=1e-7)
