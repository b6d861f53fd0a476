"""A store in memory, for tests and for searches that need not be kept."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from trimma.codec import decode, encode, encode_request
from trimma.errors import StudyBusy, StudyNotFound
from trimma.events import Event
from trimma.requests import Request
from trimma.stores.request_records import requests_of


class MemoryStore:
    """A store that forgets everything when the process ends. Threads may share one."""

    def __init__(self) -> None:
        self._records: dict[str, list[bytes]] = {}
        self._requests: dict[str, list[bytes]] = {}
        self._writers: set[str] = set()
        self._lock = threading.Lock()

    def append(self, study: str, events: Sequence[Event], expected: int) -> None:
        records = [encode(event) for event in events]
        with self._lock:
            held = len(self._records.get(study, ()))
            if held != expected:
                raise StudyBusy(f"study {study!r} holds {held} events, not {expected}: another writer has added some")
            self._records.setdefault(study, []).extend(records)

    def read(self, study: str, after: int = 0) -> Iterator[Event]:
        with self._lock:
            records = self._records.get(study, [])[after:]
        return map(decode, records)

    def studies(self) -> Mapping[str, str | None]:
        with self._lock:
            return {name: "this process" if name in self._writers else None for name in self._records}

    @contextmanager
    def claim(self, study: str) -> Iterator[None]:
        with self._lock:
            if study in self._writers:
                raise StudyBusy(f"study {study!r} is being written by this process")
            self._writers.add(study)
        try:
            yield
        finally:
            with self._lock:
                self._writers.discard(study)

    def delete(self, study: str, first: Callable[[], None] = lambda: None) -> None:
        with self.claim(study):
            first()
            with self._lock:
                self._records.pop(study, None)
                self._requests.pop(study, None)

    def ask(self, study: str, request: Request) -> None:
        record = encode_request(request)
        with self._lock:
            if study not in self._records:
                raise StudyNotFound(f"there is no study {study!r} that could be asked")
            self._requests.setdefault(study, []).append(record)

    def take_requests(self, study: str) -> Sequence[Request]:
        with self._lock:
            records = self._requests.pop(study, [])
        return requests_of(study, records)
