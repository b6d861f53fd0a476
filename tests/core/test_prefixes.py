"""A crash at any moment: a study resumed from any prefix of its log ends with no trial lost or run twice."""

import itertools
from collections import Counter

import pytest

from promotion import Promotion
from trimma.engines import Simulated
from trimma.events import Outcome, TrialFailed, TrialFinished, TrialStopped
from trimma.loop import replay
from trimma.ports import BindsSearcher, BindsSpace
from trimma.schedule import Asha, MedianRule, RunAll
from trimma.search import GridSearch, QuasiRandomSearch, RandomSearch
from trimma.testing import cut, run_study
from trimma.testing.searchers import rough
from trimma.testing.studies import StudyRun
from trimma.trial import ENDED

SEARCHERS = [RandomSearch(), GridSearch(points=4), QuasiRandomSearch(), QuasiRandomSearch("halton")]
SCHEDULERS = [
    RunAll(),
    MedianRule(min_trials=2),
    Asha(max_steps=8, reduction_factor=2),
    Asha(max_steps=8, promote=True),
    Promotion(),
]
PAIRS = list(itertools.product(SEARCHERS, SCHEDULERS))
TRIALS = 7


def engine(seed: int = 5) -> Simulated:
    return Simulated(3, straggle=0.6, crash=0.03, start_up=0.4, seed=seed)


def study(searcher: BindsSpace, scheduler: BindsSearcher, **more: object) -> StudyRun:
    return run_study(searcher, scheduler, objective=rough, trials=TRIALS, **({"engine": engine()} | more))  # type: ignore[arg-type]


@pytest.mark.parametrize(("searcher", "scheduler"), PAIRS, ids=repr)
def test_a_study_can_be_resumed_from_every_prefix(searcher: BindsSpace, scheduler: BindsSearcher) -> None:
    whole = study(searcher, scheduler).events
    assert len(whole) > 30
    for length in range(1, len(whole) + 1):
        store = cut(whole, length)
        before = replay(store, "study").history
        resumed = study(searcher, scheduler, store=store, engine=engine(length))
        events, history = resumed.events, replay(store, "study").history
        assert events[:length] == whole[:length] or repr(events[:length]) == repr(whole[:length])
        assert history.trial_count == TRIALS
        assert sorted(history.ended) == list(range(TRIALS))
        assert all(trial.state in ENDED for trial in history.trials)
        ends = Counter(event.trial for event in events if isinstance(event, TrialFinished | TrialStopped | TrialFailed))
        assert ends == dict.fromkeys(range(TRIALS), 1)
        assert [trial.config for trial in history.trials][: before.trial_count] == [
            trial.config for trial in before.trials
        ]
        assert list(history.ended)[: len(before.ended)] == list(before.ended)
        assert history.closed
        assert history.closed.outcome is Outcome.FINISHED


@pytest.mark.parametrize(("searcher", "scheduler"), PAIRS, ids=repr)
def test_one_worker_goes_on_as_if_nothing_had_been(searcher: BindsSpace, scheduler: BindsSearcher) -> None:
    whole = study(searcher, scheduler, engine=Simulated(1))
    for length in range(1, len(whole.events) + 1, 3):
        resumed = study(searcher, scheduler, engine=Simulated(1), store=cut(whole.events, length))
        assert resumed.configs == whole.configs


@pytest.mark.parametrize(("searcher", "scheduler"), PAIRS, ids=repr)
def test_the_same_seed_gives_the_same_log_byte_for_byte(searcher: BindsSpace, scheduler: BindsSearcher) -> None:
    assert study(searcher, scheduler).records == study(searcher, scheduler).records
    other = study(searcher, scheduler, seed=1)
    if not isinstance(searcher, GridSearch):
        assert other.configs != study(searcher, scheduler).configs


def test_crashes_upon_crashes() -> None:
    """A study whose driver dies after every few events ends all the same."""
    store, lengths = None, itertools.count(3, 4)
    for length in itertools.islice(lengths, 40):
        done = study(RandomSearch(), Asha(max_steps=8), store=store, engine=engine(length))
        if len(done.events) <= length:
            break
        store = cut(done.events, length)
    history = study(RandomSearch(), Asha(max_steps=8), store=store).history
    assert sorted(history.ended) == list(range(TRIALS))
