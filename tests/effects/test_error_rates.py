"""Rates over simulated studies: few enough for every run of the tests, so their margins are wide."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest

from effect_tables import cells_of, names_of
from trimma.effects import (
    Analysis,
    Conclusion,
    contrasts,
    interactions,
    main_effects,
    path,
    race_contrasts,
    race_standing,
)

STUDIES = 400
NAMES = names_of(6)


def table(seed: int, repeats: int, *, kind: str = "normal", effects: Any = 0.0) -> Any:
    rng = np.random.default_rng([20, seed])
    arms = len(NAMES) + 1
    noise = rng.standard_t(3, (repeats, arms)) / 3**0.5 if kind == "t3" else rng.standard_normal((repeats, arms))
    if kind == "wild":
        noise[:, 4] *= 10
    if kind == "unequal":
        noise *= rng.permutation(np.exp(np.linspace(-0.7, 0.7, arms)))
    return rng.standard_normal((repeats, 1)) + noise + np.append(0.0, effects * np.ones(len(NAMES)))


def covers(analysis: Analysis, truth: float) -> bool:
    return all(
        effect.low is not None and effect.high is not None and effect.low <= truth <= effect.high
        for effect in analysis.effects
    )


@pytest.mark.parametrize("kind", ["normal", "t3", "unequal"])
def test_all_intervals_hold_at_once(kind: str) -> None:
    held = [
        covers(contrasts(cells_of(table(seed, 5, kind=kind, effects=-1.0)), NAMES, maximize=True), -1.0)
        for seed in range(STUDIES)
    ]
    assert np.mean(held) == pytest.approx(0.95, abs=0.035)


@pytest.mark.parametrize("repeats", [2, 3, 5, 8])
def test_intervals_hold_beside_a_wild_arm_at_any_number_of_repeats(repeats: int) -> None:
    cells = [cells_of(table(seed, repeats, kind="wild")) for seed in range(STUDIES)]
    assert np.mean([covers(contrasts(each, NAMES, maximize=True), 0.0) for each in cells]) > 0.925


PAIRS = list(combinations("abcd", 2))
CHAIN = [tuple("abcdef"[:size]) for size in range(7)]
HALVES = [tuple(name for place, name in enumerate("abc") if 2**place & arm) for arm in range(8)]


@pytest.mark.parametrize(
    ("arms", "analyse"),
    [
        ([(), *(tuple(name) for name in "abcd"), *PAIRS], lambda cells: interactions(cells, PAIRS, maximize=True)),
        (CHAIN, lambda cells: path(cells, "abcdef", maximize=True)),
        (HALVES, lambda cells: main_effects(cells, "abc", maximize=True)),
    ],
    ids=["interactions", "path", "main effects"],
)
def test_every_design_holds_beside_a_wild_arm(arms: Any, analyse: Any) -> None:
    held = []
    for seed in range(STUDIES):
        noise = np.random.default_rng([31, seed]).standard_normal((5, len(arms)))
        noise[:, 3] *= 10
        held.append(covers(analyse(cells_of(noise, arms)), 0.0))
    assert np.mean(held) > 0.925


@pytest.mark.parametrize("shared", [0.0, 0.5, 1.0])
def test_intervals_hold_whatever_part_of_their_noise_the_trainings_of_the_whole_share(shared: float) -> None:
    arms = [(), (), (), *((name,) for name in NAMES)]
    held = []
    for seed in range(STUDIES):
        rng = np.random.default_rng([21, seed])
        noise = rng.standard_normal((5, len(arms)))
        noise[:, :3] = shared**0.5 * rng.standard_normal((5, 1)) + (1 - shared) ** 0.5 * noise[:, :3]
        held.append(covers(contrasts(cells_of(noise, arms), NAMES, maximize=True), 0.0))
    assert np.mean(held) == pytest.approx(0.95, abs=0.035)


def test_equivalence_is_rarely_said_of_a_difference_that_matters() -> None:
    said = []
    for seed in range(STUDIES):
        found = contrasts(cells_of(table(seed, 12, effects=-0.8)), NAMES, maximize=True, smallest=0.8)
        said.append(any(effect.conclusion is Conclusion.EQUIVALENT for effect in found.effects))
    assert np.mean(said) < 0.08


@pytest.mark.parametrize(("kind", "repeats"), [("normal", 5), ("unequal", 5), ("normal", 3)])
def test_letters_seldom_tell_apart_what_is_alike(kind: str, repeats: int) -> None:
    """Four components that matter alike, and two that don't matter."""
    effects, told = np.array([-2.0, -2.0, -2.0, -2.0, 0.0, 0.0]), []
    for seed in range(STUDIES):
        found = contrasts(cells_of(table(seed, repeats, kind=kind, effects=effects)), NAMES, maximize=True)
        letters = [set(effect.letters) for effect in found.effects]
        alike = [(one, other) for same in (letters[:4], letters[4:]) for one in same for other in same]
        told.append(any(one and not one & other for one, other in alike))
    assert np.mean(told) < 0.07


def test_letters_tell_apart_what_differs_far() -> None:
    effects = np.array([-9.0, -9.0, -4.0, -4.0, 0.0, 0.0])
    found = contrasts(cells_of(table(1, 8, effects=effects)), NAMES, maximize=True)
    assert [effect.letters for effect in found.effects] == ["a", "a", "b", "b", "c", "c"]


def race(seed: int, effects: Any) -> tuple[int, Analysis]:
    """A race with looks at 3, 6 and 12 repeats: its trainings, and the analysis at its end."""
    looks, every = (3, 6, 12), cells_of(table(seed, 12, effects=effects))
    cells, racing, done = [], set(NAMES), 0
    for look in looks:
        cells += [cell for cell in every if done <= cell.repeat < look and racing.issuperset(cell.arm)]
        racing, done = set(race_standing(cells, NAMES, look=look, looks=looks, maximize=True).racing), look
        if not racing:
            break
    return len(cells), race_contrasts(cells, NAMES, looks=looks, maximize=True)


def test_a_race_keeps_its_error_and_saves_trainings() -> None:
    effects = np.array([-2.5, 0, -2.5, 0, -2.5, 0])
    races = [race(seed, effects) for seed in range(150)]
    wrong = [
        any(effect.conclusion is not Conclusion.UNDECIDED for effect in analysis.effects[1::2]) for _, analysis in races
    ]
    right = [effect.conclusion is Conclusion.HELPS for _, analysis in races for effect in analysis.effects[::2]]
    assert np.mean(wrong) < 0.07
    assert np.mean(right) > 0.95
    assert np.mean([trainings for trainings, _ in races]) < 12 * 7 / 1.3
