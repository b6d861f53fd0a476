"""What the loop shows to its observer."""

import msgspec
import pytest

from histories import simulated
from trimma.errors import StoreError, StoreFull
from trimma.events import Reported, StudyClosed, StudyCreated, StudyOpened, TrialQueued, TrialStarted, WorkerJoined
from trimma.loop import create, extend, replay
from trimma.spec import Metric, StudySpec
from trimma.stores import MemoryStore


def test_the_observer_is_handed_each_event_once_and_in_order():
    seen, lengths = [], []

    def observe(events, history, now):
        seen.extend(events)
        lengths.append((len(seen), len(history) - 1))
        assert all(event.at <= now for event in events)

    history = simulated(20, observe=observe)
    assert all(handed == folded for handed, folded in lengths), "the history holds what has been handed over, no more"
    assert (type(seen[0]), type(seen[-1])) == (StudyOpened, StudyClosed)
    # the first event of all, StudyCreated, was stored before the loop began
    assert len(seen) == len(history) - 1
    assert [event.at for event in seen] == sorted(event.at for event in seen)


def test_what_cannot_follow_is_told_with_its_record():
    store = MemoryStore()
    spec = StudySpec(name="s", metrics=(Metric(name="loss", maximize=False),), seed=1)
    created = StudyCreated(at=0.0, spec=spec)
    store.append("s", [created, StudyOpened(at=0.0), created], 0)
    with pytest.raises(
        StoreError, match=r"'s' can't be read, for record 2, a StudyCreated, .*created once.*remove the study"
    ):
        replay(store, "s")


@pytest.mark.parametrize(
    ("field", "value"), [("step", 2**63), ("trial", 2**63 - 1), ("trial", -(2**63)), ("attempt", -5)]
)
def test_numbers_out_of_all_bounds_are_told(field, value):
    store = MemoryStore()
    spec = StudySpec(name="s", metrics=(Metric(name="loss", maximize=False),), seed=1)
    reported = Reported(at=0.0, trial=0, attempt=1, step=1, metrics={"loss": 1.0})
    store.append(
        "s",
        [
            StudyCreated(at=0.0, spec=spec),
            StudyOpened(at=0.0),
            WorkerJoined(at=0.0, worker="w"),
            TrialQueued(at=0.0, trial=0, config={}),
            TrialStarted(at=0.0, trial=0, attempt=1, workers=("w",)),
            msgspec.structs.replace(reported, **{field: value}),
            reported,
        ],
        0,
    )
    with pytest.raises(StoreError, match=r"'s' can't be read, for record [56]"):
        replay(store, "s")


def test_a_study_without_events_and_one_under_another_name_are_refused():
    store = MemoryStore()
    store.append("empty", [], 0)
    with pytest.raises(StoreError, match="study 'empty' can't be read, for it holds no events"):
        replay(store, "empty")
    spec = StudySpec(name="s", metrics=(Metric(name="loss", maximize=False),), seed=1)
    store.append("t", [StudyCreated(at=0.0, spec=spec)], 0)
    with pytest.raises(StoreError, match="study 't' can't be read, for its records are those of study 's'"):
        replay(store, "t")


def test_what_is_not_stored_has_not_happened():
    """A ledger that is kept after an error of the store holds what is stored, and no more."""

    class Full(MemoryStore):
        full = False

        def append(self, study, events, expected):
            if self.full:
                raise StoreFull("no room")
            super().append(study, events, expected)

    store = Full()
    spec = StudySpec(name="s", metrics=(Metric(name="loss", maximize=False),), seed=1)
    ledger = create(store, spec, None, 0.0)
    store.full = True
    with pytest.raises(StoreFull):
        extend(ledger, store, {"more": 1}, None, None, 1.0)
    assert len(ledger) == 1
    assert ledger.history.spec.asked == {}
