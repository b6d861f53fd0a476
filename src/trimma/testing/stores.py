"""The contract suite for stores."""

import math
import threading
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from trimma.errors import StudyBusy
from trimma.events import (
    CheckpointSaved,
    Event,
    Failure,
    KillRequested,
    LimitsChanged,
    Logged,
    Outcome,
    PauseFailed,
    PauseRequested,
    PlanReceived,
    PlanRequested,
    Reported,
    RuleAnswered,
    SaveBegun,
    SaveFailed,
    StopRequested,
    StudyClosed,
    StudyCreated,
    StudyExtended,
    StudyOpened,
    TrialFailed,
    TrialFinished,
    TrialLost,
    TrialPaused,
    TrialQueued,
    TrialResumed,
    TrialStarted,
    TrialStopped,
    WentBackFurther,
    WorkerGrown,
    WorkerJoined,
    WorkerLost,
    WorkerRenewed,
)
from trimma.ports import Store
from trimma.spec import Metric, StudySpec
from trimma.stopping import OwnRule, Patience, Target, Timeout, TrialCount

EVERY_KIND: Sequence[Event] = (
    StudyCreated(
        at=1.5,
        spec=StudySpec(
            name="größe/1",
            metrics=(Metric(name="loss", maximize=False), Metric(name="größe", maximize=True)),
            seed=7,
            objective="fit",
            space=[{"lr": {"kind": "float", "low": 0.0, "high": 1.0, "log": False, "step": None}}],
            searcher="RandomSearch()",
            scheduler="RunAll()",
            trials=3,
            until=(Timeout(60.0) | Target(0.1)) & TrialCount(2) | Patience(5, 0.01),
            trial_timeout=2.5,
        ),
        program=b"\x00\xffprogram",
    ),
    StudyExtended(
        at=1.8,
        asked={"components": [{"name": "alter", "members": ["age", "größe"]}], "repeats": 24, "smallest": 0.01},
        planned=48,
        program=b"\xff",
    ),
    LimitsChanged(at=1.9, trials=5, workers=3),
    RuleAnswered(at=1.95, rule="good enough", reason="it is", failure=Failure(kind="ValueError", message="no")),
    StudyOpened(at=2.0, trials=3, until=Target(-0.5) | OwnRule(name="good enough", anew=True)),
    WorkerJoined(at=3.0, worker="w-0", host="node-1"),
    PlanRequested(at=3.5, free=2),
    PlanReceived(at=3.75, suggestions=1),
    TrialQueued(
        at=4.0,
        trial=0,
        config={"lr": 0.1, "layers": [{"n": 3}, None, True], "名": "ü\n\u2028", "sizes": (8, (), [{"()": 1}])},
        place={"store": "A", "repeat": 3},
        parent=4,
        branch=2,
        hidden={"width~0": 4},
        rungs=(1, 3, 9),
        budget=27,
        ranks=2,
    ),
    TrialStarted(at=5.0, trial=0, attempt=1, workers=("w-0", "w-1")),
    Reported(at=6.0, trial=0, attempt=1, step=1, metrics={"loss": math.nan, "up": math.inf, "down": -math.inf}),
    Logged(at=7.0, trial=0, attempt=1, text="\x00 tab\t 🚀", rank=1),
    TrialLost(at=8.0, trial=0, attempt=1, cause="it exited with code 3", crashed=True),
    WorkerLost(at=8.5, worker="w-0", cause="killed"),
    WorkerRenewed(at=8.55, worker="w-0", cause="it had run 10 trials", asked=True),
    WorkerGrown(at=8.57, worker="w-0", more=2**31, trials=12, exceeded=True),
    PauseRequested(at=8.6, trial=0, attempt=2, reason="a rung"),
    SaveBegun(at=8.61, trial=0, attempt=2, step=3),
    PauseFailed(at=8.615, trial=0, attempt=2, step=3, failure=Failure(kind="OSError", message="no space")),
    SaveFailed(at=8.62, trial=0, attempt=2, step=3, failure=Failure(kind="OSError", message="no space")),
    CheckpointSaved(at=8.65, trial=0, attempt=2, step=4, size=2**40, seconds=0.5),
    WentBackFurther(at=8.67, trial=0, attempt=3, step=None, cause="it is damaged"),
    TrialPaused(at=8.7, trial=0, attempt=2),
    TrialResumed(at=8.8, trial=0, attempt=2, rungs=(9,), budget=27),
    StopRequested(at=9.0, trial=0, attempt=2, reason="not among the best"),
    KillRequested(at=9.5, trial=0, attempt=2, reason="it did not report"),
    TrialStopped(at=10.0, trial=0, attempt=2, reason="the target was reached"),
    TrialFinished(at=11.0, trial=1, attempt=1, metrics={"loss": -math.inf, "accuracy": 0.1 + 0.2}),
    TrialFailed(at=12.0, trial=2, attempt=1, failure=Failure(kind="ValueError", message="no", traceback="line 1\n")),
    StudyClosed(at=13.0, outcome=Outcome.FINISHED, reason="all 3 trials were run"),
)
"""One event of each kind. They are no legal history, but stores must take them all the same."""


def reports(count: int, start: int = 0) -> list[Event]:
    """Events, each of which holds its own number."""
    return [
        Reported(at=float(step), trial=0, attempt=1, step=step, metrics={"loss": 1 / (step + 1)})
        for step in range(start, start + count)
    ]


class StoreContract:
    """The promises of every store. Subclass it, and say how to make an empty store.

    ::

        class TestMyStore(StoreContract):
            def make(self, folder: Path) -> Store:
                return MyStore(folder / "studies")
    """

    def make(self, folder: Path) -> Store:
        """An empty store, which may keep its files in ``folder``."""
        raise NotImplementedError

    @pytest.fixture
    def store(self, tmp_path: Path) -> Store:
        return self.make(tmp_path)

    def test_an_unknown_study_reads_empty(self, store: Store) -> None:
        assert list(store.read("nobody")) == []
        assert list(store.studies()) == []

    def test_what_is_appended_is_read_back(self, store: Store) -> None:
        store.append("a", EVERY_KIND[:4], expected=0)
        store.append("a", EVERY_KIND[4:], expected=4)
        read = list(store.read("a"))
        # compare by repr, because NaN doesn't equal itself
        assert list(map(repr, read)) == list(map(repr, EVERY_KIND))

    @pytest.mark.parametrize("after", [0, 1, 99, 100, 101])
    def test_reading_starts_after_a_number(self, store: Store, after: int) -> None:
        store.append("a", reports(100), expected=0)
        assert list(store.read("a", after)) == reports(100)[after:]

    def test_appending_nothing_adds_nothing(self, store: Store) -> None:
        store.append("a", reports(2), expected=0)
        store.append("a", [], expected=2)
        assert list(store.read("a")) == reports(2)

    @pytest.mark.parametrize("expected", [0, 2, 4, 1000])
    def test_a_wrong_expectation_is_refused_whole(self, store: Store, expected: int) -> None:
        store.append("a", reports(3), expected=0)
        with pytest.raises(StudyBusy, match="'a'"):
            store.append("a", reports(5, 3), expected=expected)
        assert list(store.read("a")) == reports(3)
        store.append("a", reports(1, 3), expected=3)
        assert list(store.read("a")) == reports(4)

    def test_a_refused_first_append_leaves_no_study(self, store: Store) -> None:
        with pytest.raises(StudyBusy):
            store.append("a", reports(1), expected=1)
        assert list(store.studies()) == []
        store.append("a", reports(1), expected=0)
        assert list(store.read("a")) == reports(1)

    def test_an_event_that_cannot_be_stored_leaves_nothing_behind(self, store: Store) -> None:
        store.append("a", reports(1), expected=0)
        unfit: Any = TrialQueued(at=0.0, trial=0, config={"lock": threading.Lock()})
        with pytest.raises(Exception):  # noqa: B017, PT011 - which error is the encoder's affair
            store.append("a", [*reports(1, 1), unfit], expected=1)
        assert list(store.read("a")) == reports(1)

    def test_studies_come_oldest_first_and_apart(self, store: Store) -> None:
        names = ["zebra", "ant", "größe/1", "a b", "Ant", "../up", "x" * 200]
        for place, name in enumerate(names):
            store.append(name, reports(1, place), expected=0)
        store.append("zebra", reports(1, 50), expected=1)
        assert list(store.studies()) == names
        for place, name in enumerate(names[1:], start=1):
            assert list(store.read(name)) == reports(1, place)

    def test_ten_thousand_events(self, store: Store) -> None:
        store.append("a", reports(10_000), expected=0)
        assert list(store.read("a")) == reports(10_000)
        assert list(store.read("a", 9_990)) == reports(10, 9_990)

    def test_a_reader_may_take_its_time(self, store: Store) -> None:
        store.append("a", reports(10), expected=0)
        reader = store.read("a")
        assert list(islice(reader, 3)) == reports(3)
        store.append("a", reports(10, 10), expected=10)
        rest = list(reader)
        assert rest == reports(len(rest), 3)
        assert len(rest) >= 7

    def test_threads_read_while_one_writes(self, store: Store) -> None:
        total, wrong, done = 300, list[object](), threading.Event()
        store.append("a", reports(1), expected=0)

        def read() -> None:
            try:
                while not done.is_set():
                    seen = list(store.read("a"))
                    if seen != reports(len(seen)):
                        wrong.append(seen)
                    if list(store.studies()) != ["a"]:
                        wrong.append("studies")
            except BaseException as error:  # noqa: BLE001 - told in the main thread
                wrong.append(error)

        readers = [threading.Thread(target=read) for _ in range(4)]
        for reader in readers:
            reader.start()
        try:
            for number in range(1, total):
                store.append("a", reports(1, number), expected=number)
        finally:
            done.set()
            for reader in readers:
                reader.join(20)
        assert wrong == []
        assert list(store.read("a")) == reports(total)

    def test_of_two_writers_one_is_refused(self, store: Store) -> None:
        """Only one writer gets each number, however the writers race."""
        store.append("a", reports(1), expected=0)
        won, errors = list[int](), list[BaseException]()

        def write() -> None:
            try:
                for number in range(1, 50):
                    try:
                        store.append("a", reports(1, number), expected=number)
                        won.append(number)
                    except StudyBusy:
                        continue
            except BaseException as error:  # noqa: BLE001 - told in the main thread
                errors.append(error)

        writers = [threading.Thread(target=write) for _ in range(4)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join(20)
        assert errors == []
        assert len(won) == len(set(won))
        assert list(store.read("a")) == reports(1 + len(won))

    def test_a_claim_excludes_a_second_and_names_its_holder(self, store: Store) -> None:
        for name in ("a", "b"):
            store.append(name, reports(1), expected=0)
        assert dict(store.studies()) == {"a": None, "b": None}
        with store.claim("a"):
            holder = store.studies()["a"]
            assert holder
            with pytest.raises(StudyBusy, match="'a'") as refused, store.claim("a"):
                pass
            assert holder in str(refused.value)
            assert dict(store.studies()) == {"a": holder, "b": None}, "the refused claim must not end the one that is"
            store.append("a", reports(1, 1), expected=1)
            with store.claim("b"):
                assert None not in store.studies().values()
        assert dict(store.studies()) == {"a": None, "b": None}
        with store.claim("a"):
            pass

    def test_an_exception_ends_a_claim(self, store: Store) -> None:
        store.append("a", reports(1), expected=0)
        with pytest.raises(ZeroDivisionError), store.claim("a"):
            raise ZeroDivisionError
        assert store.studies()["a"] is None
        with store.claim("a"):
            pass

    def test_a_study_can_be_claimed_before_it_is_created(self, store: Store) -> None:
        with store.claim("a"):
            store.append("a", reports(1), expected=0)
            assert store.studies()["a"]

    def test_asking_who_writes_never_refuses_a_claim(self, store: Store) -> None:
        store.append("a", reports(1), expected=0)
        done, errors = threading.Event(), list[BaseException]()

        def ask() -> None:
            try:
                while not done.wait(0.0005):
                    store.studies()
            except BaseException as error:  # noqa: BLE001 - told in the main thread
                errors.append(error)

        asking = [threading.Thread(target=ask) for _ in range(2)]
        for thread in asking:
            thread.start()
        try:
            for _ in range(100):
                with store.claim("a"):
                    pass
        finally:
            done.set()
            for thread in asking:
                thread.join(20)
        assert errors == []

    def test_a_deleted_study_is_forgotten(self, store: Store) -> None:
        for name in ("a", "b", "c"):
            store.append(name, reports(3), expected=0)
        store.delete("b")
        store.delete("nobody")
        assert list(store.studies()) == ["a", "c"]
        assert list(store.read("b")) == []
        store.append("b", reports(2), expected=0)
        assert list(store.studies()) == ["a", "c", "b"]
        assert [len(list(store.read(name))) for name in ("a", "b", "c")] == [3, 2, 3]

    def test_a_study_that_is_deleted_is_claimed_meanwhile(self, store: Store) -> None:
        store.append("a", reports(3), expected=0)
        seen: list[Event] = []

        def first() -> None:
            with pytest.raises(StudyBusy, match="'a'"), store.claim("a"):
                pass
            seen.extend(store.read("a"))

        store.delete("a", first)
        assert seen == reports(3)
        assert list(store.studies()) == []
        with store.claim("a"):
            pass

    def test_what_fails_before_a_study_is_deleted_keeps_it(self, store: Store) -> None:
        store.append("a", reports(3), expected=0)

        def first() -> None:
            raise OSError("not now")

        with pytest.raises(OSError, match="not now"):
            store.delete("a", first)
        assert list(store.read("a")) == reports(3)
        store.delete("a")
        assert list(store.studies()) == []

    def test_a_claimed_study_is_not_deleted(self, store: Store) -> None:
        store.append("a", reports(3), expected=0)
        with store.claim("a"), pytest.raises(StudyBusy, match="'a'"):
            store.delete("a")
        assert list(store.read("a")) == reports(3)
