"""What every store promises that takes in requests to running studies."""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from trimma.errors import StudyNotFound
from trimma.ports import Inbox, Store
from trimma.requests import (
    ChangeTrials,
    ChangeWorkers,
    ContinueTrial,
    EndStudy,
    EndTrial,
    PauseTrial,
    Request,
)
from trimma.testing.stores import reports

EVERY_REQUEST: Sequence[Request] = (
    EndTrial(trial=3),
    PauseTrial(trial=0),
    ContinueTrial(trial=12),
    ChangeTrials(trials=200),
    ChangeWorkers(workers=1),
    EndStudy(reason="genug für heute 🚀"),
    EndStudy(),
)
"""One request of each kind."""


class InboxContract:
    """Subclass it beside `StoreContract`, and make an empty store.

    ::

        class TestMyInbox(InboxContract):
            def make(self, folder: Path) -> Store:
                return MyStore(folder / "studies")
    """

    def make(self, folder: Path) -> Store:
        """An empty store, which may keep its files in ``folder``."""
        raise NotImplementedError

    @pytest.fixture
    def store(self, tmp_path: Path) -> Any:
        """The store, with two studies in it."""
        store = self.make(tmp_path)
        for name in ("a", "b"):
            store.append(name, reports(2), expected=0)
        return store

    def test_it_is_an_inbox(self, store: Any) -> None:
        assert isinstance(store, Inbox)

    def test_what_is_asked_is_taken_once_and_in_order(self, store: Any) -> None:
        for request in EVERY_REQUEST:
            store.ask("a", request)
        assert list(store.take_requests("a")) == list(EVERY_REQUEST)
        assert list(store.take_requests("a")) == []
        store.ask("a", EndStudy())
        assert list(store.take_requests("a")) == [EndStudy()]

    def test_the_same_may_be_asked_again(self, store: Any) -> None:
        for _ in range(3):
            store.ask("a", EndTrial(trial=1))
        assert list(store.take_requests("a")) == [EndTrial(trial=1)] * 3

    def test_studies_are_asked_apart(self, store: Any) -> None:
        store.ask("a", EndTrial(trial=1))
        store.ask("b", EndTrial(trial=2))
        store.ask("a", EndTrial(trial=3))
        assert list(store.take_requests("b")) == [EndTrial(trial=2)]
        assert list(store.take_requests("a")) == [EndTrial(trial=1), EndTrial(trial=3)]

    def test_an_unknown_study_cannot_be_asked_and_has_no_requests(self, store: Any) -> None:
        assert list(store.take_requests("nobody")) == []
        with pytest.raises(StudyNotFound, match="'nobody'"):
            store.ask("nobody", EndStudy())
        assert list(store.studies()) == ["a", "b"]
        store.append("nobody", reports(1), expected=0)
        assert list(store.take_requests("nobody")) == []

    def test_requests_are_no_events(self, store: Any) -> None:
        store.ask("a", EndStudy())
        assert list(store.read("a")) == reports(2)
        store.append("a", reports(1, 2), expected=2)
        assert list(store.read("a")) == reports(3)

    def test_a_claimed_study_can_be_asked(self, store: Any) -> None:
        """That is when it is asked: the one who has claimed it takes what others ask."""
        with store.claim("a"):
            thread = threading.Thread(target=store.ask, args=("a", EndTrial(trial=1)))
            thread.start()
            thread.join(20)
            assert list(store.take_requests("a")) == [EndTrial(trial=1)]

    def test_a_deleted_study_s_requests_are_forgotten(self, store: Any) -> None:
        for name in ("a", "b"):
            store.ask(name, EndTrial(trial=1))
        store.delete("b")
        store.append("b", reports(1), expected=0)
        assert list(store.take_requests("b")) == []
        assert list(store.take_requests("a")) == [EndTrial(trial=1)]

    def test_threads_ask_while_one_takes(self, store: Any) -> None:
        """None is lost, none is handed out twice, and each thread's come in its order."""
        count, threads = 50, 4
        errors = list[BaseException]()

        def ask(first: int) -> None:
            try:
                for number in range(first, first + count):
                    store.ask("a", EndTrial(trial=number))
            except BaseException as error:  # noqa: BLE001 - told in the main thread
                errors.append(error)

        asking = [threading.Thread(target=ask, args=(1000 * thread,)) for thread in range(threads)]
        taken = list[int]()
        for thread in asking:
            thread.start()
        while any(thread.is_alive() for thread in asking):
            taken += [request.trial for request in store.take_requests("a")]
        taken += [request.trial for request in store.take_requests("a")]
        assert errors == []
        for first in range(0, 1000 * threads, 1000):
            assert [trial for trial in taken if first <= trial < first + 1000] == list(range(first, first + count))
        assert len(taken) == count * threads
