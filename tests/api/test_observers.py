"""Observers beside the view: they get everything, and can neither slow a study down nor end it."""

import threading
from contextlib import contextmanager

import pytest

import trimma as tm
from trimma.api import observers as observers_module
from trimma.api.observers import Observers
from trimma.errors import StudyFailed, UsageError
from trimma.events import Outcome, StudyClosed, StudyCreated, StudyExtended, StudyOpened, TrialQueued, WorkerJoined
from trimma.ledger import Ledger
from trimma.stores import MemoryStore
from trimma.testing.stores import EVERY_KIND

SECONDS = 30


class Seen:
    """An observer that keeps the batches that it is given, and checks each against its history."""

    def __init__(self, already=0):
        self.batches, self.times, self.threads = [], [], set()
        self.already = already

    def __call__(self, events, history, now):
        self.batches.append(list(events))
        self.times.append(now)
        self.threads.add(threading.current_thread())
        assert len(history) == self.already + len(self.events)
        assert history.trial_count - history.trials_before == self.count(TrialQueued)
        assert (history.closed is None) is (self.count(StudyClosed) == 0)

    @property
    def events(self):
        return [event for batch in self.batches for event in batch]

    def count(self, kind):
        return sum(type(event) is kind for event in self.events)


class Blocked(Seen):
    """One that doesn't return from its first call until its gate is opened."""

    def __init__(self):
        super().__init__()
        self.entered, self.gate = threading.Event(), threading.Event()

    def __call__(self, events, history, now):
        super().__call__(events, history, now)
        self.entered.set()
        assert self.gate.wait(SECONDS)


def fit(lr, report):
    for step in range(4):
        report(loss=lr / (step + 1))


@pytest.fixture(params=["sqlite", "memory"])
def store(request, tmp_path):
    return tm.SQLiteStore(tmp_path / "s.db") if request.param == "sqlite" else tm.MemoryStore()


@pytest.fixture(params=[tm.Simulated, tm.Local])
def engine(request):
    return request.param(2)


def tune(objective=fit, **options):
    given = {
        "minimize": "loss",
        "trials": 6,
        "engine": tm.Simulated(2),
        "store": "memory",
        "name": "study",
        "progress": False,
        "seed": 1,
    }
    return tm.tune(objective, tm.Space(lr=tm.Float(0.1, 1)), **{**given, **options})


def stored(study, after=0):
    return list(study.store.read(study.name, after=after))


def test_an_observer_is_given_every_event_in_order_in_a_thread_of_its_own(store, engine):
    seen = Seen()
    study = tune(store=store, engine=engine, observers=[seen])
    assert seen.events == stored(study)
    assert (type(seen.events[0]), type(seen.events[-1])) == (StudyCreated, StudyClosed)
    assert all(seen.batches), "it is called for nothing but news"
    assert seen.times == sorted(seen.times)
    assert all(batch[-1].at <= now for batch, now in zip(seen.batches, seen.times, strict=True))
    (thread,) = seen.threads
    assert thread is not threading.main_thread()
    assert not thread.is_alive()


def test_one_that_blocks_does_not_hold_up_the_study_and_gets_everything_at_its_end(store, engine):
    blocked, prompt, closed = Blocked(), Seen(), []

    @contextmanager
    def view(engine):
        def observe(events, history, now):
            assert blocked.entered.wait(SECONDS), "it was told before the view, and is in its first call now"
            if history.closed is not None:
                closed.append(len(blocked.batches))
                blocked.gate.set()

        yield observe

    study = tune(store=store, engine=engine, observers=[blocked, prompt], progress=view)
    assert closed == [1], "the study was over while it was still in its first call"
    assert len(blocked.batches) == 2, "what has come meanwhile came at once"
    assert blocked.events == prompt.events == stored(study)


def test_it_is_told_while_the_study_runs():
    """The view waits for the observer to have seen as much as it has itself: so it is told turn by turn."""
    caught_up = threading.Condition()
    lengths = [0]

    def follow(events, history, now):
        with caught_up:
            lengths.append(len(history))
            caught_up.notify()

    @contextmanager
    def view(engine):
        def observe(events, history, now):
            with caught_up:
                assert caught_up.wait_for(lambda: not events or lengths[-1] == len(history), SECONDS)

        yield observe

    study = tune(observers=[follow], progress=view)
    assert lengths[-1] == len(study.history)
    assert len(lengths) > 6, "and its history holds what the loop's did at the end of a turn, no more"


@pytest.mark.parametrize("at", [StudyCreated, TrialQueued, StudyClosed])
@pytest.mark.parametrize("error", [ValueError("too much"), SystemExit("too much")], ids=["error", "exit"])
def test_one_that_raises_is_dropped_and_the_others_go_on(at, error):
    calls, before, after = [], Seen(), Seen()

    def broken(events, history, now):
        calls.append(any(type(event) is at for event in events))
        if calls[-1]:
            raise error

    with pytest.warns(
        RuntimeWarning, match=r"the observer broken is called no more(.|\n)*in broken(.|\n)*: too much"
    ) as told:
        study = tune(observers=[before, broken, after])
    assert len(told) == 1
    assert calls.count(True) == 1
    assert calls[-1], "it was not called again"
    assert study.status == "finished"
    assert before.events == after.events == stored(study)


def claimed():
    """A store with a study that was created, and its ledger."""
    store, ledger = MemoryStore(), Ledger()
    store.append("a", EVERY_KIND[:1], expected=0)
    ledger.fold(EVERY_KIND[0])
    return store, ledger


OPENED, JOINED = StudyOpened(at=2.0), WorkerJoined(at=3.0, worker="w")
CLOSED = StudyClosed(at=4.0, outcome=Outcome.FINISHED, reason="")


def test_what_it_sees_is_the_study_as_of_the_turn_that_it_was_told_of():
    blocked, (store, ledger) = Blocked(), claimed()
    with Observers([blocked], store, "a", 0) as observers:
        store.append("a", [OPENED], expected=1)
        store.append("a", [JOINED], expected=2)
        ledger.fold(OPENED)
        observers([OPENED], ledger.history, 2.5)
        assert blocked.entered.wait(SECONDS)
        assert (blocked.batches, blocked.times) == ([[EVERY_KIND[0], OPENED]], [2.5]), "and nothing of the next turn"
        blocked.gate.set()
    assert blocked.batches[1:] == [[JOINED]]


def test_one_that_never_returns_is_left_and_what_it_did_not_get_is_told(monkeypatch):
    monkeypatch.setattr(observers_module, "FLUSH_SECONDS", 0.2)
    blocked, seen, (store, ledger) = Blocked(), Seen(), claimed()

    def follow():
        with Observers([blocked, seen], store, "a", 0) as observers:
            store.append("a", [OPENED], expected=1)
            ledger.fold(OPENED)
            observers([OPENED], ledger.history, 2.0)
            assert blocked.entered.wait(SECONDS)
            store.append("a", [JOINED, CLOSED], expected=2)

    with pytest.warns(
        RuntimeWarning, match=r"Blocked is still busy 0.2 s after the end of study 'a': 2 events were not"
    ):
        follow()
    assert [len(batch) for batch in blocked.batches] == [2]
    assert len(seen.events) == 4, "the others were given all that is stored"
    blocked.gate.set()
    (thread,) = blocked.threads
    thread.join(SECONDS)
    assert len(blocked.batches) == 1, "it was called no more"


def test_on_a_resume_it_is_given_what_is_new(store):
    path = tune(store=store, observers=[Seen()])
    held = len(path.history)
    seen, again = Seen(held), Seen(held)
    path.resume(trials=9, engine=tm.Simulated(2), progress=False, observers=[seen, again])
    assert seen.events == again.events == stored(path, after=held)
    assert type(seen.events[0]) is StudyOpened
    held = len(path.history)
    seen = Seen(held)
    tune(store=store, trials=12, resume=True, observers=[seen])
    assert seen.events == stored(path, after=held)
    assert seen.count(TrialQueued) == 3


def test_ablations_and_explanations_have_observers(store):
    def score(a, b):
        return 2 * a + b

    def ablate(repeats, **more):
        return tm.ablate(
            score,
            tm.Setting(a=0, b=0),
            config={"a": 1, "b": 1},
            maximize="score",
            repeats=repeats,
            engine=tm.Simulated(2),
            store=store,
            name="worth",
            progress=False,
            seed=1,
            **more,
        )

    seen = Seen()
    study = ablate(2, observers=[seen])
    assert seen.events == stored(study)
    for go_on in (
        lambda observer: study.resume(repeats=3, engine=tm.Simulated(2), progress=False, observers=[observer]),
        lambda observer: ablate(4, resume=True, observers=[observer]),
    ):
        held = len(study.history)
        more = Seen(held)
        go_on(more)
        assert more.events == stored(study, after=held)
        assert type(more.events[0]) is StudyExtended
    search, seen = tune(), Seen()
    path = tm.explain(
        search, {"lr": 2.0}, repeats=2, engine=tm.Simulated(2), name="why", progress=False, observers=[seen]
    )
    assert seen.events == stored(path)


def test_it_is_given_the_end_of_a_study_that_is_given_up_or_whose_engine_breaks():
    def broken(lr):
        raise ValueError("no")

    class NoEngine(tm.Local):
        def open(self, program):
            raise OSError("no machines")

    seen, store = Seen(), MemoryStore()
    with pytest.raises(StudyFailed):
        tune(broken, store=store, observers=[seen])
    assert seen.events == list(store.read("study"))
    assert seen.events[-1].outcome is Outcome.FAILED
    seen = Seen()
    with pytest.raises(OSError, match="no machines"):
        tune(store=store, name="never", engine=NoEngine(2), observers=[seen])
    assert [type(event) for event in seen.events] == [StudyCreated, StudyOpened, StudyClosed]
    assert seen.events[-1].reason == "OSError: no machines"
    assert seen.times == [seen.events[-1].at]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda events, history, now: None, r"observers=<function .*: give a list, observers=\[\.\.\.\]"),
        ([3], r"observers=\[3\]: an observer is a function of \(events, history, now\)"),
        ([lambda history, now: None], r"<lambda> must take three arguments, \(events, history, now\)"),
    ],
)
def test_what_is_no_observer_is_refused_before_anything_is_stored(wrong, says):
    store = MemoryStore()
    with pytest.raises(UsageError, match=says):
        tune(store=store, observers=wrong)
    assert store.studies() == {}
