"""One observer of a study, in a thread of its own that reads events from the store."""

import threading
from itertools import islice

from trimma.ledger import Ledger
from trimma.objective import describe
from trimma.ports import Observer, Store


class Follower:
    """Passes the events of the study ``name`` on to ``observer``, without the first ``known`` ones.

    The thread is only told how many events are stored. It reads them from the store and folds them into a ledger of its
    own. So no events are queued for it, and nobody else changes the history that the observer is given. A slow observer
    is given more events at the next call. An observer that raises an exception isn't called any more, and ``failure``
    is that exception.
    """

    def __init__(self, observer: Observer, store: Store, name: str, known: int) -> None:
        self.label = describe(observer)
        self.failure: BaseException | None = None
        self._observer, self._store, self._name, self._known = observer, store, name, known
        self._ledger = Ledger()
        self._handed = known
        # how many events are stored (None when no more will follow), and at what time
        self._told: tuple[int | None, float] = known, 0.0
        self._news = threading.Event()
        self._left = False
        # a daemon thread, because an observer may never return
        self._thread = threading.Thread(target=self._follow, name=f"trimma-observer-{self.label}", daemon=True)
        self._thread.start()

    def tell(self, stored: int, now: float) -> None:
        """Say that ``stored`` events are stored at ``now``, and return at once."""
        self._told = stored, now
        self._news.set()

    def finish(self) -> None:
        """Say that nothing more will be stored. The thread passes on what is left, and ends."""
        self._told = None, self._told[1]
        self._news.set()

    def leave(self) -> None:
        """Don't call the observer any more."""
        self._left = True
        self._news.set()

    def ended(self, seconds: float) -> bool:
        """Wait for the thread, for at most ``seconds``, and return whether it has ended."""
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
        except BaseException as error:  # noqa: BLE001 - whatever it is, the study goes on, and warns of it
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
