"""What is asked of a running study reaches it through its store, and takes effect."""

import threading
import time
import warnings
from collections.abc import Callable
from contextlib import contextmanager
from itertools import count

import pytest

import trimma as tm
from running import Running, until
from trimma import events as ev
from trimma.api import receive_requests
from trimma.api.receive_requests import PAUSE_SECONDS, Listener
from trimma.errors import StoreError, StudyError, StudyNotFound, UsageError
from trimma.requests import ChangeTrials, ContinueTrial, EndStudy, EndTrial, PauseTrial
from trimma.spec import Metric, StudySpec
from trimma.stores import MemoryStore
from trimma.trial import State


def test_a_study_is_stopped_from_another_process_and_goes_on_later(tmp_path):
    with Running(tmp_path) as running:
        study = running.study
        study.stop()
        said, warned = running.ended()
    assert said == "returned: interrupted\n"
    assert warned.startswith(
        "study 'study' was ended early: it was asked to stop; "
        f"to go on: tm.load('study', store={str(running.store)!r}).resume(), or: "
    )
    assert warned.endswith(f" resume study --store {running.store}\n")
    closed = study.history.closed
    assert (closed.outcome, closed.reason) == (ev.Outcome.INTERRUPTED, "it was asked to stop")
    assert study.history.counts[State.QUEUED] == 2, "what ran is kept, and begins anew later"
    study.resume(objective=lambda lr: lr, trials=4, engine=tm.Simulated(2), progress=False)
    assert study.status == "finished"
    assert study.history.counts[State.DONE] == 4


def test_a_trial_is_stopped_from_another_process_while_the_others_go_on(tmp_path):
    with Running(tmp_path) as running:
        study = running.study
        study.stop(1)
        until(lambda: study.trials[1].state is State.STOPPED)
        assert study.trials[1].reason == "somebody asked it to stop"
        running.until_running(0, 2)
        with pytest.raises(StudyError, match="trial 1 of study 'study' is stopped: only one that is queued or running"):
            study.stop(1)
    assert study.trials[0].attempt == 1


def test_a_trial_is_paused_and_goes_on(tmp_path):
    with Running(tmp_path) as running:
        study = running.study
        study.pause(0)
        until(lambda: study.trials[0].state is State.PAUSED)
        running.until_running(1, 2)
        study.continue_trial(0)
        until(lambda: study.trials[0].state is State.QUEUED)
        assert any(isinstance(event, ev.TrialResumed) for event in study.store.read("study"))
        study.stop(2)
        running.until_running(0, 1)


def test_a_study_is_given_more_trials_and_more_workers(tmp_path):
    with Running(tmp_path, trials=1, workers=1) as running:
        study = running.study
        study.change(trials=3, workers=3)
        running.until_running(0, 1, 2)
        study.change(workers=1)
        until(lambda: study.history.worker_limit == 1)
    assert {stay.worker for stay in study.history.stays} == {"local-0", "local-1", "local-2"}
    assert study.history.spec.trials == 3


def test_a_study_that_goes_on_in_another_thread_is_asked_by_the_handle_that_it_was_resumed_by(tmp_path):
    def fit(lr, report):
        while True:
            time.sleep(0.001)
            report(loss=lr)

    study = tune(lambda lr: lr, store=tmp_path / "s.db", trials=1)
    more = {"objective": fit, "trials": 5, "workers": 2, "progress": False}
    thread = threading.Thread(target=study.resume, kwargs=more, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    # the loop folds events meanwhile, into a ledger of its own
    while len(study.history) < 1000:
        assert time.monotonic() < deadline
    study.stop()
    thread.join(20)
    assert not thread.is_alive()
    assert study.status == "interrupted"
    assert len(study.history) == len(list(study.store.read("study")))


# The rest is asked by a view of a simulated study, between two turns of its loop.


@pytest.fixture(params=["memory", "sqlite"])
def store(request, tmp_path):
    return MemoryStore() if request.param == "memory" else tm.SQLiteStore(tmp_path / "s.db")


@pytest.fixture
def listens_always(monkeypatch):
    monkeypatch.setattr(receive_requests, "PAUSE_SECONDS", 0)


def fit(lr, report):
    for _ in range(10):
        report(loss=lr)


def tune(objective=fit, *, act=None, **options):
    """A small study; ``act`` is called once, by the view, with the study's handle while several trials run."""
    store = options.pop("store", None) or MemoryStore()

    @contextmanager
    def view(engine):
        acted = []

        def observe(events, history, now):
            if act is not None and len(history.scores) > 8 and not acted:
                acted.append(True)
                act(tm.load("study", store))

        yield observe
        assert acted or act is None

    given = {"minimize": "loss", "trials": 6, "engine": tm.Simulated(2), "name": "study", "seed": 1}
    return tm.tune(objective, tm.Space(lr=tm.Float(0.1, 1)), store=store, progress=view, **{**given, **options})


@pytest.mark.usefixtures("listens_always")
def test_a_stopped_study_is_returned(store, capsys):
    study = tune(store=store, act=lambda study: study.stop())
    assert (study.status, study.history.closed.reason) == ("interrupted", "it was asked to stop")
    file = f"{str(store.path)!r}" if hasattr(store, "path") else "..."
    assert f"to go on: tm.load('study', store={file}).resume(engine=...)\n" in capsys.readouterr().err


@pytest.mark.usefixtures("listens_always")
def test_one_trial_is_stopped(store):
    study = tune(store=store, act=lambda study: study.stop(1))
    assert [trial.state for trial in study.trials] == ["done", "stopped", "done", "done", "done", "done"]


@pytest.mark.usefixtures("listens_always")
def test_the_limits_are_changed(store):
    study = tune(store=store, act=lambda study: study.change(trials=9, workers=4))
    assert len(study.trials) == 9
    changed = [event for event in study.store.read("study") if isinstance(event, ev.LimitsChanged)]
    assert [(event.trials, event.workers) for event in changed] == [(9, None), (None, 4)]
    assert sum(isinstance(event, ev.WorkerJoined) for event in study.store.read("study")) == 4


@pytest.mark.usefixtures("listens_always")
def test_what_was_asked_of_an_earlier_session_is_dropped(store):
    study = tune(store=store)
    for request in (EndStudy(), ChangeTrials(trials=7)):
        study.store.ask("study", request)
    study.resume(trials=9, engine=tm.Simulated(2), progress=False)
    assert (study.status, len(study.trials)) == ("finished", 9)
    assert list(study.store.take_requests("study")) == []
    study.store.ask("study", EndStudy())
    tune(store=store, trials=12, resume=True)
    assert (study.status, len(study.trials)) == ("finished", 12)


def refused(act: Callable[[tm.Study], None], store) -> str:
    """What the study says to a wrong use while it runs."""
    said = []

    def try_it(study):
        with pytest.raises((StudyError, UsageError)) as error:
            act(study)
        said.append(f"{type(error.value).__name__}: {error.value}")

    study = tune(store=store, act=try_it)
    assert study.history.counts["done"] == 6, "nothing was asked of it"
    return said[0]


@pytest.mark.usefixtures("listens_always")
@pytest.mark.parametrize(
    ("act", "says"),
    [
        (lambda study: study.stop(9), "StudyError: there is no trial 9: study 'study' has trials 0 to 1"),
        (lambda study: study.pause(2), "StudyError: there is no trial 2: study 'study' has trials 0 to 1"),
        (
            lambda study: study.continue_trial(0),
            "StudyError: trial 0 of study 'study' is running: only one that is paused can be continued",
        ),
        (lambda study: study.stop(-1), "UsageError: trial=-1 must be a whole number, 0 or more"),
        (lambda study: study.stop(True), "UsageError: trial=True must be a whole number, 0 or more"),
        (lambda study: study.pause(None), "UsageError: trial=None must be a whole number, 0 or more"),
        (lambda study: study.continue_trial("0"), "UsageError: trial='0' must be a whole number, 0 or more"),
        (lambda study: study.change(), "UsageError: say what to change: trials=, workers=, or both"),
        (lambda study: study.change(trials=0), "UsageError: trials=0 must be a whole number, 1 or more"),
        (lambda study: study.change(trials=9, workers=1.5), "UsageError: workers=1.5 must be a whole number, 1 or"),
    ],
    ids=count(),
)
def test_wrong_uses(act, says):
    assert refused(act, MemoryStore()).startswith(says)


MOVES = {
    State.QUEUED: [],
    State.RUNNING: [ev.TrialStarted],
    State.PAUSING: [ev.TrialStarted, ev.PauseRequested],
    State.PAUSED: [ev.TrialStarted, ev.PauseRequested, ev.TrialPaused],
    State.STOPPING: [ev.TrialStarted, ev.StopRequested],
    State.DONE: [ev.TrialStarted, ev.TrialFinished],
    State.STOPPED: [ev.TrialStarted, ev.StopRequested, ev.TrialStopped],
    State.FAILED: [ev.TrialStarted, ev.TrialFailed],
}
"""What brings a trial into each state."""


@pytest.fixture
def one_of_each():
    """A store whose study is being written, with a trial in each state."""
    store = MemoryStore()
    spec = StudySpec(name="study", metrics=(Metric(name="loss", maximize=False),), seed=0)
    events = [ev.StudyCreated(at=0, spec=spec), ev.StudyOpened(at=0)]
    more = {
        ev.PauseRequested: {"reason": "full"},
        ev.StopRequested: {"reason": "poor"},
        ev.TrialFailed: {"failure": ev.Failure(kind="Crash", message="")},
    }
    for trial, kinds in enumerate(MOVES.values()):
        events += [ev.WorkerJoined(at=1, worker=f"w{trial}"), ev.TrialQueued(at=1, trial=trial, config={})]
        for kind in kinds:
            workers = {"workers": (f"w{trial}",)} if kind is ev.TrialStarted else {}
            events.append(kind(at=2, trial=trial, attempt=1, **workers, **more.get(kind, {})))
    store.append("study", events, expected=0)
    with store.claim("study"):
        yield store


@pytest.mark.parametrize(
    ("call", "becomes", "request_", "fitting"),
    [
        ("stop", "stopped", EndTrial, ["queued", "running", "pausing", "paused"]),
        ("pause", "paused", PauseTrial, ["running"]),
        ("continue_trial", "continued", ContinueTrial, ["paused"]),
    ],
)
@pytest.mark.parametrize("state", list(MOVES))
def test_a_trial_must_be_in_a_state_for_it(one_of_each, call, becomes, request_, fitting, state):
    study, trial = tm.load("study", one_of_each), list(MOVES).index(state)
    assert study.trials[trial].state is state
    if state in fitting:
        getattr(study, call)(trial)
        assert list(one_of_each.take_requests("study")) == [request_(trial=trial)]
    else:
        says = f"trial {trial} of study 'study' is {state}: only one that is {' or '.join(fitting)} can be {becomes}"
        with pytest.raises(StudyError, match=f"^{says}$"):
            getattr(study, call)(trial)
        assert list(one_of_each.take_requests("study")) == []


ASKING = [
    lambda study: study.stop(),
    lambda study: study.stop(0),
    lambda study: study.pause(0),
    lambda study: study.continue_trial(0),
    lambda study: study.change(trials=3),
]
"""All that can be asked."""


def test_a_study_that_does_not_run_says_how_it_stands(store):
    study, lost = tune(store=store), MemoryStore()
    lost.append("study", list(study.store.read("study"))[:-1], expected=0)
    for act in ASKING:
        with pytest.raises(StudyError, match=r"'study' is finished, .* can be asked; to go on with it: tm\.load"):
            act(study)
        with pytest.raises(StudyError, match="'study' is lost, and only a running one"):
            act(tm.load("study", lost))
    assert list(store.take_requests("study")) == []
    tm.delete("study", study.store)
    for act in ASKING:
        with pytest.raises(StudyNotFound, match="'study' was deleted"):
            act(study)
    assert list(lost.take_requests("study")) == []


class Five:
    """A store with the five methods of one, and no more."""

    def __init__(self):
        self.held = MemoryStore()
        for method in ("append", "read", "studies", "claim", "delete"):
            setattr(self, method, getattr(self.held, method))

    def __repr__(self):
        return "Five()"


def test_a_store_without_an_inbox_runs_studies_that_cannot_be_asked():
    for act in ASKING:
        said = refused(act, Five())
        assert said.startswith("StudyError: Five() doesn't pass requests on (it has no trimma.ports.Inbox): stop study")


class Counting(MemoryStore):
    """A store that counts how often somebody looks into its inbox, and can't be read from a certain look on."""

    def __init__(self, broken_from=1_000_000):
        super().__init__()
        self.looks, self.broken_from = 0, broken_from

    def take_requests(self, study):
        self.looks += 1
        if self.looks >= self.broken_from:
            raise StoreError("the disk is gone")
        return super().take_requests(study)


def test_it_is_looked_four_times_a_second_at_most():
    now = 100.0
    store = Counting()
    store.append("a", [ev.WorkerJoined(at=0, worker="w")], expected=0)
    store.ask("a", EndTrial(trial=1))
    listener = Listener(store, "a", lambda: now)
    assert store.looks == 1
    store.ask("a", EndTrial(trial=2))
    for _ in range(1000):
        assert list(listener()) == []
    assert store.looks == 1, "however often the loop turns"
    now += PAUSE_SECONDS
    assert list(listener()) == [EndTrial(trial=2)]
    for turn in range(1000):
        now = 200 + turn / 1000
        listener()
    assert store.looks == 2 + 4


def test_a_study_of_many_turns_looks_seldom():
    store, turns = Counting(), []

    @contextmanager
    def view(engine):
        yield lambda events, history, now: turns.append(now)

    began = time.monotonic()
    tm.tune(fit, tm.Space(lr=tm.Float(0, 1)), minimize="loss", trials=200, engine=tm.Simulated(2), store=store,
            progress=view)  # fmt: skip
    assert len(turns) > 500
    assert store.looks <= 2 + (time.monotonic() - began) / PAUSE_SECONDS


@pytest.mark.usefixtures("listens_always")
@pytest.mark.parametrize("broken_from", [1, 2, 5])
def test_an_inbox_that_cannot_be_read_is_told_once_and_done_without(broken_from):
    store = Counting(broken_from)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        study = tune(store=store)
    (warning,) = told
    assert issubclass(warning.category, RuntimeWarning)
    assert "study 'study' goes on, but what is asked of it from outside isn't heard" in str(warning.message)
    assert "StoreError: the disk is gone" in str(warning.message)
    assert study.status == "finished"
    assert store.looks == broken_from, "it was asked no more"
