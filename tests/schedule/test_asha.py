"""ASHA against its definition."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimma import events as ev
from trimma.errors import UsageError
from trimma.ledger import Ledger
from trimma.ports import Decision, Scheduler
from trimma.schedule import Asha
from trimma.search import RandomSearch
from trimma.space import Float, Space
from trimma.spec import Metric, StudySpec

SPACE = Space(x=Float(0, 1))


class Board:
    """Reports made up one by one, each judged by the scheduler."""

    def __init__(self, settings: Asha, trials: int, *, maximize: bool = True) -> None:
        self.scheduler: Scheduler = settings.bind(RandomSearch().bind(SPACE, 0, None))
        self.ledger = Ledger()
        spec = StudySpec(name="s", metrics=(Metric(name="m", maximize=maximize),), seed=0)
        self._fold(ev.StudyCreated(at=0.0, spec=spec), ev.StudyOpened(at=0.0))
        for trial in range(trials):
            self._fold(
                ev.WorkerJoined(at=0.0, worker=str(trial)),
                ev.TrialQueued(at=0.0, trial=trial, config={}),
                ev.TrialStarted(at=0.0, trial=trial, attempt=1, workers=(str(trial),)),
            )

    def _fold(self, *events: ev.Event) -> None:
        for event in events:
            self.ledger.fold(event)

    def report(self, trial: int, step: int, value: float) -> bool:
        """Whether the trial goes on."""
        self._fold(ev.Reported(at=0.0, trial=trial, attempt=1, step=step, metrics={"m": value}))
        verdict = self.scheduler.verdict(self.ledger.history, self.ledger.history.trials[trial])
        if verdict.decision is Decision.STOP:
            assert verdict.reason
            self._fold(ev.StopRequested(at=0.0, trial=trial, attempt=1, reason=verdict.reason))
        return verdict.decision is Decision.CONTINUE


def by_definition(scores: list[float], factor: float) -> bool:
    """Whether the last to enter a rung goes on: sort the scores, and look who is among the best."""
    count = len(scores)
    if count < factor:
        return True
    if scores[-1] == -math.inf:
        return False
    ranked = sorted(scores, reverse=True)
    bar = ranked[max(1, math.floor(count / factor)) - 1]
    return scores[-1] >= bar


def as_score(value: float, maximize: bool) -> float:
    if not math.isfinite(value):
        return -math.inf
    return value if maximize else -value


values = st.floats() | st.integers(-3, 3).map(float)


@given(st.lists(values, max_size=60), st.sampled_from([1.2, 2, 2.5, 3, 4]), st.booleans())
def test_one_rung_by_definition(reported: list[float], factor: float, maximize: bool) -> None:
    board = Board(Asha(max_steps=2, reduction_factor=factor, grace_steps=1), len(reported), maximize=maximize)
    scores: list[float] = []
    for trial, value in enumerate(reported):
        scores.append(as_score(value, maximize))
        assert board.report(trial, 1, value) is by_definition(scores, factor)


@given(st.data(), st.sampled_from([2, 3]), st.booleans(), st.integers(1, 3))
def test_many_rungs_by_definition(data: st.DataObject, factor: float, maximize: bool, grace: int) -> None:
    """Trials report in any order, with gaps: a rung's score is the first value at or after its step."""
    settings = Asha(max_steps=20, reduction_factor=factor, grace_steps=grace)
    trials = data.draw(st.integers(1, 8))
    board = Board(settings, trials, maximize=maximize)
    entered: list[list[float]] = [[] for _ in settings.rungs]
    at, alive = dict.fromkeys(range(trials), 0), set(range(trials))
    for _ in range(40):
        if not alive:
            return
        trial = data.draw(st.sampled_from(sorted(alive)))
        before = at[trial]
        at[trial] += data.draw(st.integers(1, 5))
        value = data.draw(values)
        verdicts = []
        for rung, scores in zip(settings.rungs, entered, strict=True):
            if before < rung <= at[trial]:
                scores.append(as_score(value, maximize))
                verdicts.append(by_definition(scores, factor))
        assert board.report(trial, at[trial], value) is all(verdicts)
        if not all(verdicts):
            alive.discard(trial)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("maximize", [True, False])
def test_what_is_not_finite_does_not_go_on_where_others_are_good(value: float, maximize: bool) -> None:
    board = Board(Asha(max_steps=9), 30, maximize=maximize)
    for trial in range(9):
        board.report(trial, 1, 1.0)
    assert not any(board.report(trial, 1, value) for trial in range(9, 27))


def test_what_is_not_finite_goes_on_only_while_there_is_nothing_to_compare_it_with() -> None:
    """Also where places are left because hardly any score is finite."""
    board = Board(Asha(max_steps=9), 30)
    assert [board.report(trial, 1, math.nan) for trial in range(9)] == [True] * 2 + [False] * 7
    assert board.ledger.history.trials[8].reason == "nan at step 1 is not a finite number"
    assert board.report(9, 1, -1e300), "any number is among the best of these"


def test_the_reason_names_value_step_and_rank() -> None:
    board = Board(Asha(max_steps=9), 4)
    for trial, value in enumerate([3.0, 2.0, 1.0]):
        board.report(trial, 1, value)
    assert board.ledger.history.trials[2].reason == "1 at step 1 is not among the best 1 of 3"


def test_a_restarted_trial_counts_once() -> None:
    board = Board(Asha(max_steps=9), 3)
    assert board.report(0, 1, 5.0)
    board._fold(
        ev.TrialLost(at=1.0, trial=0, attempt=1, cause="gone"),
        ev.TrialStarted(at=1.0, trial=0, attempt=2, workers=("0",)),
        ev.Reported(at=1.0, trial=0, attempt=2, step=1, metrics={"m": 5.0}),
    )
    history = board.ledger.history
    assert board.scheduler.verdict(history, history.trials[0]).decision is Decision.CONTINUE
    assert board.report(1, 1, 1.0), "two scores are fewer than three"


@pytest.mark.parametrize(
    ("settings", "rungs"),
    [
        (Asha(max_steps=30), (1, 3, 9, 27)),
        (Asha(max_steps=27), (1, 3, 9)),
        (Asha(max_steps=28, grace_steps=2), (2, 6, 18)),
        (Asha(max_steps=1), ()),
        (Asha(max_steps=5, reduction_factor=1.3), (1, 2, 3, 4)),
        (Asha(max_steps=8, reduction_factor=2), (1, 2, 4)),
        (Asha(max_steps=9, grace_steps=9), ()),
    ],
    ids=repr,
)
def test_rungs(settings: Asha, rungs: tuple[int, ...]) -> None:
    assert settings.rungs == rungs


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_steps": 0},
        {"max_steps": 5, "grace_steps": 6},
        {"max_steps": 5, "grace_steps": 0},
        {"max_steps": 5, "reduction_factor": 1},
        {"max_steps": 5, "reduction_factor": math.nan},
        {"max_steps": 5, "reduction_factor": math.inf},
    ],
    ids=repr,
)
def test_settings_that_make_no_sense(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="Asha"):
        Asha(**wrong)  # type: ignore[arg-type]
