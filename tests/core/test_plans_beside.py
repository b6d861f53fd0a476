"""Plans that are made beside the loop: a suggestion arrives like a fact, and nobody waits for it meanwhile."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotion import Promotion
from trimma.commands import Plan
from trimma.core import source
from trimma.engines import Simulated
from trimma.errors import IllegalMove
from trimma.events import (
    PlanReceived,
    PlanRequested,
    Reported,
    StudyCreated,
    StudyOpened,
    TrialFailed,
    TrialFinished,
    TrialQueued,
    TrialResumed,
    TrialStopped,
)
from trimma.ledger import Ledger
from trimma.ports import CONTINUE, BindsSearcher, Planned, Suggestion, Verdict
from trimma.requests import EndTrial, PauseTrial
from trimma.schedule import Asha, MedianRule, RunAll
from trimma.search import GridSearch, RandomSearch
from trimma.spec import Metric, StudySpec
from trimma.stopping import Timeout, TrialCount
from trimma.testing import cut, run_study
from trimma.testing.searchers import FIXED, rough
from trimma.testing.studies import SPACE, StudyRun
from trimma.trial import ENDED

TRIALS = 12
SCHEDULERS = [
    RunAll(),
    MedianRule(min_trials=2),
    Asha(max_steps=8, reduction_factor=2),
    Asha(max_steps=8, promote=True),
    Promotion(),
]


def study(scheduler: BindsSearcher | None = None, planning: float = 3.0, **more: Any) -> StudyRun:
    settings = {"straggle": 0.5, "start_up": 0.3, "seed": 3} | more.pop("engine", {})
    engine = Simulated(more.pop("workers", 3), planning=planning, **settings)
    return run_study(RandomSearch(), scheduler, objective=rough, engine=engine, **({"trials": TRIALS} | more))


def test_a_plan_that_takes_no_time_leaves_no_trace() -> None:
    assert not any(isinstance(event, PlanRequested | PlanReceived) for event in study(planning=0.0).events)


@pytest.mark.parametrize("scheduler", SCHEDULERS, ids=repr)
def test_the_log_says_what_each_plan_could_know(scheduler: BindsSearcher) -> None:
    """A scheduler that knows the log up to a request, and nothing else, answers what was received."""
    done = study(scheduler, engine={"crash": 0.02})
    ledger, answers = Ledger(), 0
    expected: list[Suggestion] = []
    for place, event in enumerate(done.events):
        ledger.fold(event)
        if isinstance(event, PlanRequested):
            assert ledger.history.planning == place + 1
            fresh = scheduler.bind(RandomSearch().bind(SPACE, 0, TRIALS))
            expected = list(fresh.plan(ledger.history, event.free, source(ledger.history)))[: event.free]
        if isinstance(event, PlanReceived):
            assert event.suggestions == len(expected)
            taken = _taken(done.events[place + 1 :])
            assert taken == [each for each in expected if each.config or each.resume is not None][: len(taken)]
            answers += bool(taken)
    assert answers > 2
    assert len(ledger.history.ended) == TRIALS


def _taken(events: Sequence[Any]) -> list[Suggestion]:
    """What was taken up of a plan, from what follows its arrival."""
    found = []
    for event in events:
        if isinstance(event, TrialQueued):
            found.append(
                Suggestion(
                    config=event.config,
                    branch=event.branch,
                    hidden=event.hidden,
                    rungs=event.rungs,
                    budget=event.budget,
                )
            )
        elif isinstance(event, TrialResumed):
            found.append(Suggestion(resume=event.trial, rungs=event.rungs, budget=event.budget))
        elif isinstance(event, PlanRequested | PlanReceived | Reported | TrialFinished):
            break
    return found


@pytest.mark.parametrize("scheduler", SCHEDULERS, ids=repr)
def test_a_study_can_be_resumed_from_every_prefix(scheduler: BindsSearcher) -> None:
    whole = study(scheduler).events
    for length in range(1, len(whole) + 1, 2):
        history = study(scheduler, store=cut(whole, length), engine={"seed": length}).history
        assert sorted(history.ended) == list(range(TRIALS))
        assert history.closed is not None


def test_one_worker_goes_on_as_if_nothing_had_been() -> None:
    """Random configs depend on how many were chosen before, not on when they were asked for."""
    whole = study(workers=1, engine={"straggle": 0.0})
    assert whole.configs == study(planning=0.0, workers=1, engine={"straggle": 0.0}).configs
    for length in range(1, len(whole.events) + 1, 5):
        resumed = study(workers=1, engine={"straggle": 0.0}, store=cut(whole.events, length))
        assert resumed.configs == whole.configs


def test_the_same_seed_gives_the_same_log_byte_for_byte() -> None:
    first, second = (study(Promotion(), engine={"crash": 0.03}).records for _ in range(2))
    assert first == second


def test_reports_and_verdicts_go_on_while_a_plan_is_made() -> None:
    done = study(Asha(max_steps=8), planning=25.0)
    meanwhile, planning = Counter[type](), False
    for event in done.events:
        planning = isinstance(event, PlanRequested) or (planning and not isinstance(event, PlanReceived))
        if planning:
            meanwhile[type(event)] += 1
    assert meanwhile[Reported] > 20
    assert meanwhile[TrialStopped] + meanwhile[TrialFinished] > 2


def waited(planning: float, workers: int) -> float:
    """How long workers waited for their next trials, as a share of the time that these took."""
    engine = Simulated(workers, planning=planning, straggle=0.3, seed=3)
    history = run_study(RandomSearch(), trials=80, engine=engine).history
    spans: dict[str, list[Any]] = {}
    for trial in list(history.trials)[16:64]:
        for span in trial.spans:
            spans.setdefault(span.workers[0], []).append(span)
    rows = [sorted(own, key=lambda span: span.start) for own in spans.values()]
    gaps = sum(later.start - before.end for own in rows for before, later in pairwise(own))
    return float(gaps / sum(span.end - span.start for own in rows for span in own))


@pytest.mark.parametrize(
    ("planning", "workers", "most"), [(0.0, 4, 0.0), (9.0, 1, 0.0), (1.0, 4, 0.05), (0.5, 8, 0.05)]
)
def test_workers_are_served_from_suggestions_made_ahead(planning: float, workers: int, most: float) -> None:
    """A trial takes ten seconds; each plan holds one suggestion."""
    assert waited(planning, workers) <= most


def test_an_exhausted_space_ends_its_study() -> None:
    done = run_study(GridSearch(), space=FIXED, trials=None, engine=Simulated(4, planning=2.0))
    assert len(done.history.ended) == 6
    assert done.history.closed is not None
    assert done.history.closed.reason == "there was nothing more to try"
    requests = sum(isinstance(event, PlanRequested) for event in done.events)
    assert requests < 80, "only what has changed is a reason to ask again"


def test_a_rule_that_ends_the_study_wants_no_more_plans() -> None:
    done = study(trials=None, until=Timeout(40.0))
    closed = done.history.closed
    assert closed is not None
    assert closed.at <= 45.0
    assert all(trial.state in ENDED for trial in done.history.trials)


def test_a_paused_trial_that_was_stopped_meanwhile_does_not_go_on() -> None:
    """The plan was made when it was still paused."""
    turns = iter(range(10_000))
    everything = [EndTrial(trial=number) for number in range(TRIALS)]
    done = study(Promotion(), requests=lambda: everything if next(turns) % 7 == 6 else ())
    assert sorted(done.history.ended) == list(range(TRIALS))


@given(st.integers(0, 1000), st.sampled_from([0.5, 3.0, 12.0, 80.0]), st.sampled_from([0.0, 0.05]), st.integers(1, 6))
def test_each_trial_ends_once_and_as_many_as_asked(seed: int, planning: float, crash: float, workers: int) -> None:
    done = study(Promotion(), planning=planning, workers=workers, engine={"crash": crash, "seed": seed}, max_attempts=9)
    kinds = (TrialFinished, TrialStopped, TrialFailed)
    assert Counter(event.trial for event in done.events if isinstance(event, kinds)) == dict.fromkeys(range(TRIALS), 1)


def test_planning_may_depend_on_what_is_known() -> None:
    engine = Simulated(2, planning=lambda history: float(history.trial_count))
    done = run_study(RandomSearch(), trials=6, engine=engine)
    times = [event.at for event in done.events if isinstance(event, PlanRequested | PlanReceived)]
    waits = [received - asked for asked, received in zip(times[::2], times[1::2], strict=True)]
    assert waits == sorted(waits)
    assert waits[0] == 0.0 < waits[-1]


def test_a_plan_is_received_once_and_one_at_a_time() -> None:
    ledger = Ledger()
    ledger.fold(StudyCreated(at=0.0, spec=StudySpec(name="s", metrics=(Metric(name="m", maximize=True),), seed=0)))
    ledger.fold(StudyOpened(at=0.0))
    with pytest.raises(IllegalMove, match="nobody had requested"):
        ledger.fold(PlanReceived(at=0.0, suggestions=0))
    ledger.fold(PlanRequested(at=0.0, free=1))
    with pytest.raises(IllegalMove, match="while another is being made"):
        ledger.fold(PlanRequested(at=0.0, free=1))
    ledger.fold(StudyOpened(at=1.0))
    assert ledger.history.planning is None, "a plan ends with its driver"


class Eager:
    """Suggests new trials whether there is room for them or not, and goes on with no paused one."""

    def bind(self, searcher: Any) -> "Eager":
        return self

    def plan(self, history: Any, free: int, rng: Any) -> list[Suggestion]:
        return [Suggestion(config={"rate": rng.random()}) for _ in range(free)]

    def verdict(self, history: Any, trial: Any) -> Verdict:
        return CONTINUE


def test_suggestions_that_there_is_no_room_for_are_not_asked_for_again_and_again() -> None:
    """A paused trial keeps the question open whether there is something to go on with."""
    turns = iter(range(1000))
    done = run_study(
        RandomSearch(),
        Eager(),
        trials=2,
        engine=Simulated(2, planning=1.0),
        requests=lambda: [PauseTrial(trial=0)] if next(turns) == 8 else (),
    )
    assert done.history.closed is not None
    assert sum(isinstance(event, PlanRequested) for event in done.events) < 60


class Patient:
    """A second config only when the first has reported."""

    def bind(self, space: Any, seed: int, trials: int | None) -> "Patient":
        return self

    def suggest(self, history: Any, free: int, rng: Any) -> list[Suggestion]:
        if history.trial_count and not len(history.scores):
            return []
        return [Suggestion(config={"number": history.trial_count})]


@pytest.mark.parametrize("planning", [0.0, 0.01])
def test_a_searcher_that_waits_for_a_report_is_asked_again_after_it(planning: float) -> None:
    done = run_study(Patient(), trials=4, engine=Simulated(4, planning=planning))  # type: ignore[arg-type]
    starts = sorted(trial.spans[0].start for trial in done.history.trials)
    assert starts[0] < 1.0 <= starts[1] < 1.5


def test_a_plan_for_another_study_is_not_taken_up() -> None:
    """Its searcher was still thinking when the study ended and the engine was given to the next."""
    engine = Simulated(1, planning=5.0)
    first = run_study(RandomSearch(), trials=None, until=Timeout(2.0), engine=engine, name="first")
    assert first.history.trial_count == 0
    request = next(event for event in first.events if isinstance(event, PlanRequested))
    assert request.free == 1

    class Late(Simulated):
        def open(self, program: Any) -> None:
            super().open(program)
            plan = Plan(study="first", opened=0.0, known=4, free=1)
            self.tell(Planned(plan=plan, suggestions=(Suggestion(config={"of": "another study"}),)), after=0.5)

    second = run_study(RandomSearch(), trials=2, engine=Late(1, planning=1.0), name="second")
    assert all("of" not in config for config in second.configs)


def test_a_paused_trial_does_not_go_on_after_a_rule_was_met() -> None:
    done = study(Promotion(), trials=None, until=TrialCount(4), planning=4.0)
    met = next(place for place, event in enumerate(done.events) if isinstance(event, TrialQueued) and event.trial == 3)
    assert not any(isinstance(event, TrialResumed) for event in done.events[met:])
