"""Failures are tested like values: they are a finding only where they are more than chance may do."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from effect_tables import cells_of, names_of
from trimma.effects import Analysis, Cell, Conclusion, contrasts, race_contrasts, race_standing, shapley
from trimma.effects.effect_counts import EffectCounts
from trimma.effects.failure_tests import failure_tests


def counted(failed: int, tried: int, others_failed: int = 0, others_tried: int = 5) -> EffectCounts:
    return EffectCounts(failed=failed, tried=tried, others_failed=others_failed, others_tried=others_tried)


@pytest.mark.parametrize("table", [(3, 5, 0, 5), (5, 5, 1, 5), (0, 6, 4, 9), (20, 20, 0, 20), (7, 10, 20, 100)])
def test_p_is_that_of_scipys_fisher_test(table: tuple[int, int, int, int]) -> None:
    failed, tried, others_failed, others_tried = table
    peer = stats.fisher_exact([[failed, tried - failed], [others_failed, others_tried - others_failed]]).pvalue
    assert failure_tests([counted(*table)], 0.95).p[0] == pytest.approx(min(1.0, 2 * float(peer)))


def test_the_correction_counts_only_what_could_have_been_significant() -> None:
    alone = failure_tests([counted(5, 5)], 0.95)
    among = failure_tests([counted(5, 5), *[counted(1, 5)] * 3, *[counted(0, 5)] * 6], 0.95)
    assert among.p[0] == alone.p[0] == pytest.approx(2 * 2 / 252)
    assert (among.more[0], among.more[1], among.p[4]) == (True, False, None)
    assert failure_tests([counted(5, 5)] * 2, 0.95).p[0] == pytest.approx(2 * 2 * 2 / 252)


def test_the_error_that_the_tests_may_use_is_taken_from_the_intervals() -> None:
    assert failure_tests([counted(1, 5)], 0.95).spent == 0
    assert failure_tests([counted(5, 5)], 0.95).spent == pytest.approx(2 / 252)
    table = np.random.default_rng(1).standard_normal((5, 4))
    as_it_is = contrasts(cells_of(table[:, [0, 2, 3]]), names_of(2), maximize=True, confidence=0.95 + 2 / 252)
    table[:, 1] = np.nan
    found = contrasts(cells_of(table), names_of(3), maximize=True)
    assert [effect.low for effect in found.effects[1:]] == pytest.approx([effect.low for effect in as_it_is.effects])


def test_failing_less_often_is_said() -> None:
    found = failure_tests([counted(0, 6, 6, 6)], 0.95)
    assert (found.more, found.less) == ([False], [True])
    table = np.random.default_rng(1).standard_normal((12, 2))
    table[1:, 0] = np.nan
    (effect,) = (analysis := contrasts(cells_of(table), names_of(1), maximize=True)).effects
    assert (effect.conclusion, effect.failures) == (Conclusion.UNDECIDED, 0)
    assert "without c0 fail less often: 0 of 12 failed, and 11 of 12" in analysis.notes[1]


def crashing(seed: int, repeats: int, *, effects: int = 10) -> Analysis:
    """A study in which nothing matters and 30 % of all trainings crash, whatever they are."""
    rng = np.random.default_rng([30, seed])
    table = rng.standard_normal((repeats, effects + 1))
    table[rng.random(table.shape) < 0.3] = np.nan
    return contrasts(cells_of(table), names_of(effects), maximize=True)


@pytest.mark.parametrize("repeats", [1, 2, 3, 5, 10])
def test_crashes_by_chance_are_no_findings(repeats: int) -> None:
    studies = [crashing(seed, repeats) for seed in range(400)]
    found = [any(effect.conclusion is not Conclusion.UNDECIDED for effect in study.effects) for study in studies]
    assert np.mean(found) < 0.07
    failing = [
        any(effect.failure_p is not None and effect.failure_p <= 0.05 for effect in study.effects) for study in studies
    ]
    assert np.mean(failing) < 0.025


def test_one_crash_at_one_repeat_decides_nothing() -> None:
    found = contrasts(cells_of([[1.0, np.nan, 2.0]]), names_of(2), maximize=True)
    assert [effect.conclusion for effect in found.effects] == [Conclusion.UNDECIDED] * 2
    assert "c0 (1), not more often than chance" in found.notes[1]


def test_a_race_goes_on_until_failures_are_more_than_chance() -> None:
    table = np.random.default_rng(1).standard_normal((12, 3))
    table[:, 1] = np.nan
    cells, looks = cells_of(table), (3, 6, 12)
    early = race_standing(cells, names_of(2), look=3, looks=looks, maximize=True)
    assert "c0" in early.racing
    later = race_standing(cells, names_of(2), look=12, looks=looks, maximize=True)
    assert later.settled["c0"].conclusion is Conclusion.HELPS
    assert (race_contrasts(cells, names_of(2), looks=looks, maximize=True).effects[0].failure_p or 1) < 0.05


def test_crashes_by_chance_are_no_findings_in_shapley_values() -> None:
    said = []
    for seed in range(200):
        rng = np.random.default_rng([31, seed])
        cells = [
            Cell(arm=tuple(order[:size]), repeat=repeat, value=None if rng.random() < 0.4 else rng.standard_normal())
            for repeat, order in enumerate([rng.permutation(names_of(4)).tolist() for _ in range(6)])
            for size in range(5)
        ]
        said.append(
            any(
                effect.difference is None and effect.conclusion is Conclusion.HELPS
                for effect in shapley(cells, names_of(4), maximize=True).effects
            )
        )
    assert np.mean(said) < 0.02
