"""Rules that say when a study has had enough."""

import math
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimma.errors import UsageError
from trimma.stopping import Patience, Rule, Target, Timeout, TrialCount


@dataclass
class Stage:
    """A study's progress, made up."""

    maximize: bool = True
    trial_count: int = 0
    best_reached: float | None = None
    best_by_end: list[float] = field(default_factory=list)
    own_rules: dict[str, str] = field(default_factory=dict)
    started: float = 100.0

    def moment_after(self, active_seconds: float) -> float:
        return self.started + active_seconds


def test_a_count_lets_what_runs_finish() -> None:
    rule = TrialCount(3)
    assert rule.met(Stage(trial_count=2), 0.0) is None
    halt = rule.met(Stage(trial_count=3), 0.0)
    assert halt
    assert not halt.at_once
    assert halt.reason == "all 3 trials were run"
    assert rule.deadline(Stage(), 0.0) is None


def test_a_count_that_is_exceeded_tells_both_numbers() -> None:
    """As where a study of 14 trials is resumed for 3."""
    halt = TrialCount(3).met(Stage(trial_count=14), 0.0)
    assert halt
    assert halt.reason == "14 trials were run (3 were asked for)"


def test_a_timeout_is_met_at_its_deadline_and_not_before() -> None:
    rule, stage = Timeout(5), Stage()
    deadline = rule.deadline(stage, 101.0)
    assert deadline == 105.0
    assert rule.met(stage, math.nextafter(deadline, 0)) is None
    halt = rule.met(stage, deadline)
    assert halt
    assert halt.at_once
    assert "5 s" in halt.reason


@pytest.mark.parametrize(
    ("maximize", "best", "met"),
    [
        (True, None, False),
        (True, 0.89, False),
        (True, 0.9, True),
        (True, 1.0, True),
        (False, None, False),
        (False, 0.91, False),
        (False, 0.9, True),
        (False, 0.1, True),
    ],
)
def test_a_target_in_both_directions(maximize: bool, best: float | None, met: bool) -> None:
    halt = Target(0.9).met(Stage(maximize=maximize, best_reached=best), 0.0)
    assert bool(halt) is met
    assert halt is None or halt.at_once


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("rule", "best", "met"),
    [
        (Patience(2), [], False),
        (Patience(2), [1.0, 1.0], False),
        (Patience(2), [1.0, 1.0, 1.0], True),
        (Patience(2), [1.0, 1.0, 1.1], False),
        (Patience(2, 0.2), [1.0, 1.0, 1.1], True),
        (Patience(2, 0.1), [0.0, 0.05, 0.1], True),  # improved by delta, but not by more
        (Patience(2, 0.1), [0.0, 0.05, 0.11], False),
        (Patience(2), [math.nan, math.nan, math.nan], False),
        (Patience(2), [math.nan, math.nan, 1.0], False),
        (Patience(2), [math.nan, 1.0, 1.0, 1.0], True),
        (Patience(1), [1.0, 2.0, 2.0], True),
    ],
)
def test_patience_in_both_directions(rule: Patience, best: list[float], met: bool, sign: int) -> None:
    stage = Stage(maximize=sign > 0, best_by_end=[sign * value for value in best])
    assert bool(rule.met(stage, 0.0)) is met


def test_both() -> None:
    rule = TrialCount(3) & Target(0.5)
    assert rule.met(Stage(trial_count=3), 0.0) is None
    assert rule.met(Stage(best_reached=0.6), 0.0) is None
    halt = rule.met(Stage(trial_count=3, best_reached=0.6), 0.0)
    assert halt
    assert halt.at_once
    assert " and " in halt.reason


def test_either_prefers_the_one_that_stops_at_once() -> None:
    rule = TrialCount(3) | Target(0.5)
    assert rule.met(Stage(), 0.0) is None
    gentle = rule.met(Stage(trial_count=3), 0.0)
    assert gentle
    assert not gentle.at_once
    sharp = rule.met(Stage(trial_count=3, best_reached=0.6), 0.0)
    assert sharp
    assert sharp.at_once


def test_the_deadline_of_several_is_the_next_one_to_come() -> None:
    rule = (Timeout(5) & Target(1.0)) | Timeout(20) | TrialCount(4)
    assert rule.deadline(Stage(), 101.0) == 105.0
    assert rule.deadline(Stage(), 105.0) == 120.0
    assert rule.deadline(Stage(), 120.0) is None


def test_chains_of_three() -> None:
    rule = Timeout(5) | Target(0.5) | TrialCount(2)
    for stage in (Stage(best_reached=0.7), Stage(trial_count=2), Stage(started=-100.0)):
        assert rule.met(stage, 1.0)
    rule = Timeout(5) & Target(0.5) & TrialCount(2)
    assert rule.met(Stage(best_reached=0.7, trial_count=2, started=-100.0), 1.0)
    assert rule.met(Stage(best_reached=0.7, started=-100.0), 1.0) is None


@pytest.mark.parametrize("wrong", [0, -1, math.nan, math.inf])
@pytest.mark.parametrize("rule", [TrialCount, Timeout, Patience])
def test_numbers_that_make_no_sense_are_refused(rule: type, wrong: float) -> None:
    with pytest.raises(UsageError, match=rule.__name__):
        rule(wrong)


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_a_target_is_finite(wrong: float) -> None:
    with pytest.raises(UsageError, match="Target"):
        Target(wrong)


@pytest.mark.parametrize("wrong", [-0.1, math.nan, math.inf])
def test_a_delta_is_finite_and_not_negative(wrong: float) -> None:
    with pytest.raises(UsageError, match="delta"):
        Patience(3, wrong)


def _combined(parts):  # type: ignore[no-untyped-def]
    (left, left_met), (right, right_met), both = parts
    if both:
        return left & right, lambda stage, now: left_met(stage, now) and right_met(stage, now)
    return left | right, lambda stage, now: left_met(stage, now) or right_met(stage, now)


leaves: st.SearchStrategy[Rule] = st.one_of(
    st.builds(TrialCount, st.integers(1, 3)),
    st.builds(Timeout, st.integers(1, 3)),
    st.builds(Target, st.sampled_from([0.25, 0.75])),
)
trees = st.recursive(
    leaves.map(lambda leaf: (leaf, lambda stage, now: bool(leaf.met(stage, now)))),
    lambda inner: st.tuples(inner, inner, st.booleans()).map(_combined),
    max_leaves=6,
)


@given(trees, st.integers(0, 4), st.floats(0, 1) | st.none(), st.floats(0, 5))
def test_combinations_are_boolean(tree, count, best, elapsed) -> None:  # type: ignore[no-untyped-def]
    rule, expected = tree
    stage = Stage(trial_count=count, best_reached=best, started=0.0)
    assert bool(rule.met(stage, elapsed)) is expected(stage, elapsed)
    deadline = rule.deadline(stage, elapsed)
    if deadline is not None and deadline > elapsed:
        # nothing changes by time alone before the deadline
        just_before = math.nextafter(deadline, 0)
        assert bool(rule.met(stage, just_before)) is expected(stage, elapsed)
