"""One observer of a study, in a thread of its own that reads the store by itself."""

import threading
from itertools import islice

from trimma.ledger import Ledger
from trimma.objective import describe
from trimma.ports import Observer, Store


class Follower:
    """Passes on to ``observer`` what is stored of the study ``name``, from the event after the first ``known`` on.

    The thread is told only how many events are stored. It reads them from the store and folds them into a ledger of its
    own, so that nothing is queued for it and nobody else changes the history that the observer is given. An observer
    that takes its time is given more events the next time. One that raises is called no more, and ``failure`` is what
    it raised.
    """

    def __init__(self, observer: Observer, store: Store, name: str, known: int) -> None:
        self.label = describe(observer)
        self.failure: BaseException | None = None
        self._observer, self._store, self._name, self._known = observer, store, name, known
        self._ledger = Ledger()
        self._handed = known
        # how many events are stored (None for all that there will be), and when that was
        self._told: tuple[int | None, float] = known, 0.0
        self._news = threading.Event()
        self._left = False
        # a daemon, since an observer may never return
        self._thread = threading.Thread(target=self._follow, name=f"trimma-observer-{self.label}", daemon=True)
        self._thread.start()

    def tell(self, stored: int, now: float) -> None:
        """Say that ``stored`` events are stored at ``now``, and return at once."""
        self._told = stored, now
        self._news.set()

    def finish(self) -> None:
        """Say that nothing more will be stored: the thread passes on what there is, and ends."""
        self._told = None, self._told[1]
        self._news.set()

    def leave(self) -> None:
        """Have the observer not called any more."""
        self._left = True
        self._news.set()

    def ended(self, seconds: float) -> bool:
        """Whether the thread has ended, after waiting for it for so many seconds."""
        self._thread.join(max(0.0, seconds))
        return not self._thread.is_alive()

    @property
    def undelivered(self) -> int:
        """How many stored events the observer has not been given."""
        return sum(1 for _ in self._store.read(self._name, after=self._handed))

    def _follow(self) -> None:
        try:
            for event in islice(self._store.read(self._name), self._known):
                self._ledger.fold(event)
            stored: int | None = self._known
            while stored is not None and not self._left:
                self._news.wait()
                self._news.clear()
                stored, now = self._told
                self._pass_on(stored, now)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the study goes on, and tells it
            self.failure = error

    def _pass_on(self, stored: int | None, now: float) -> None:
        ledger, events = self._ledger, []
        unread = None if stored is None else stored - len(ledger)
        for event in islice(self._store.read(self._name, after=len(ledger)), unread):
            ledger.fold(event)
            events.append(event)
        if events and not self._left:
            self._handed = len(ledger)
            self._observer(events, ledger.history, max(now, events[-1].at))
