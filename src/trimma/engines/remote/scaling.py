"""Decides which agents are started and given back, from what became of earlier ones. It has no clock and no I/O."""

from collections.abc import Collection

from trimma.errors import EngineError

_BACKOFF = 0.5
_LONGEST_BACKOFF = 30.0
_FRUITLESS = 3
_AT_FIRST = 2


class Slot:
    """A place for one agent: how many tasks run in it, and whether its worker has joined."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.tasks = 0
        self.joined = self.proved = False
        self.lost_at: float | None = None
        self.not_before = float("-inf")
        self.fruitless = 0


class Slots:
    """The slots of one study.

    They are filled in steps: two slots at first, and then at most as many at a time as workers have joined. So the
    study begins with its first worker, and if agents can't be started at all, only a few of them fail. A slot whose
    agent failed is filled again after a wait, which doubles with each failure. An agent that isn't needed for
    ``linger`` seconds is given back. If an agent is lost while its task still runs, the slot is kept for ``lease``
    seconds, since the task may bring the agent back.
    """

    def __init__(self, capacity: int, *, linger: float, lease: float) -> None:
        self._slots = [Slot(number) for number in range(capacity)]
        self._linger, self._lease = linger, lease
        self._joined = self._fruitless = 0
        self._surplus_since: float | None = None

    def grow(self, capacity: int) -> None:
        """Have at least ``capacity`` slots."""
        self._slots += [Slot(number) for number in range(len(self._slots), capacity)]

    def due(self, demand: int | None, now: float) -> list[int]:
        """The slots in which to start agents now, if the study could use ``demand`` workers (None: any number)."""
        free = [slot for slot in self._slots if not self._is_active(slot, now)]
        active = len(self._slots) - len(free)
        wanted = len(self._slots) if demand is None else min(demand, len(self._slots))
        number = min(wanted - active, max(_AT_FIRST, self._joined) - (active - self._joined))
        return [slot.number for slot in free if now >= slot.not_before][: max(0, number)]

    def _is_active(self, slot: Slot, now: float) -> bool:
        return slot.joined or (slot.tasks > 0 and (slot.lost_at is None or now < slot.lost_at + self._lease))

    def surplus(self, demand: int | None, busy: Collection[int], now: float) -> list[int]:
        """The slots whose workers should be given back now. ``busy`` are the slots whose workers run a trial."""
        excess = 0 if demand is None else self._joined - max(demand, len(busy))
        if excess <= 0:
            self._surplus_since = None
            return []
        if self._surplus_since is None:
            self._surplus_since = now
        if now < self._surplus_since + self._linger:
            return []
        idle = [slot.number for slot in reversed(self._slots) if slot.joined and slot.number not in busy]
        return idle[:excess]

    def launched(self, number: int) -> None:
        """A task was started to fill the slot."""
        slot = self._slots[number]
        slot.tasks += 1
        slot.lost_at, slot.proved = None, False

    def joined(self, number: int) -> None:
        """The slot's worker has joined."""
        slot = self._slots[number]
        self._joined += not slot.joined
        slot.joined = slot.proved = True
        slot.lost_at = None
        slot.fruitless = self._fruitless = 0

    def left(self, number: int, now: float) -> None:
        """The slot's worker is gone, though its task may still run."""
        slot = self._slots[number]
        self._joined -= slot.joined
        slot.joined, slot.lost_at = False, now

    def runs(self, number: int) -> bool:
        """Whether a task runs in the slot, as far as is known."""
        return self._slots[number].tasks > 0

    def proved(self, number: int) -> bool:
        """Whether a worker has joined from the slot since it was last filled."""
        return self._slots[number].proved

    def failed(self, number: int, error: BaseException, now: float) -> None:
        """The slot's agent has failed with ``error``, and is of no use.

        Raises `EngineError` when there is no worker at all, and none can be started.
        """
        slot = self._slots[number]
        slot.not_before = now + min(_BACKOFF * 2**slot.fruitless, _LONGEST_BACKOFF)
        slot.fruitless += 1
        self._fruitless += 1
        if self._fruitless >= _FRUITLESS and not self._joined:
            raise EngineError(f"no worker can be started: {error}") from error

    def ended(self, number: int) -> bool:
        """One of the slot's tasks is over. Returns whether it was the last that ran."""
        slot = self._slots[number]
        slot.tasks -= 1
        return slot.tasks == 0
