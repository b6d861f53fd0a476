"""Delivers messages exactly once and in order over a transport that loses, repeats or reorders frames.

It has no clock and does no I/O. Messages are numbered from 1. Each frame says up to which number everything has
arrived. Messages that aren't acknowledged are kept, and all of them are sent again after a reconnect, or when no
acknowledgement comes for too long ("go back N"). The two ends belong together: if one is made anew, so must the other.

At most ``WINDOW`` messages are on their way at a time. An end sends no more until some are acknowledged, and refuses
more than it has left room for.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Annotated, Generic, TypeVar

from msgspec import Meta, Raw, Struct

Message = TypeVar("Message")

WINDOW = 4096
_BATCH = 512
_BATCH_BYTES = 2**20
_CONFIRM_EVERY = 256


class Frame(Struct, Generic[Message], frozen=True, tag="Frame", gc=False):
    """Consecutive messages, the number of the ``first`` of them, and how much the sender has received."""

    first: Annotated[int, Meta(ge=1)]
    received: Annotated[int, Meta(ge=0)]
    messages: Annotated[list[Message], Meta(max_length=_BATCH)]


class Channel(Generic[Message]):
    """One end of a conversation. It turns encoded messages into frames, and received frames into messages.

    - ``pulse``: the seconds of silence after which an empty frame is due, so that the peer knows that this end lives.
    - ``patience``: the seconds without an acknowledgement after which all unacknowledged messages are sent again.
    """

    def __init__(self, *, pulse: float, patience: float, now: float) -> None:
        self._pulse, self._patience = pulse, patience
        self._fresh: deque[Raw] = deque()
        self._kept: deque[Raw] = deque()
        self._acknowledged = self._received = self._confirmed = 0
        self._spoken = self._progress = now
        self._again = False

    @property
    def full(self) -> bool:
        """Whether so many messages are on their way that no more should be put in until some are acknowledged."""
        return len(self._kept) + len(self._fresh) >= WINDOW

    @property
    def settled(self) -> bool:
        """Whether all messages that were put in have arrived."""
        return not self._kept and not self._fresh

    @property
    def owes(self) -> bool:
        """Whether the peer should be told soon how much has arrived, before it has to wait for that."""
        return self._received - self._confirmed >= _CONFIRM_EVERY

    def put(self, message: bytes) -> None:
        """Have an encoded message delivered."""
        self._fresh.append(Raw(message))

    def reconnect(self) -> None:
        """Send all unacknowledged messages again, since they may be lost."""
        self._again = True

    def frames(self, now: float) -> list[Frame[Raw]]:
        """The frames that are to be sent now."""
        if self._kept and now - self._progress >= self._patience:
            self._again = True
        number = self._acknowledged + 1
        due: list[Frame[Raw]] = []
        if self._again:
            self._again, self._progress = False, now
            due += self._framed(number, self._kept)
        number += len(self._kept)
        fresh = [self._fresh.popleft() for _ in range(min(len(self._fresh), WINDOW - len(self._kept)))]
        if fresh:
            if not self._kept:
                self._progress = now
            due += self._framed(number, fresh)
            number += len(fresh)
            self._kept += fresh
        overdue = now - self._spoken >= self._pulse or self.owes
        if overdue and not due:
            due.append(Frame(number, self._received, []))
        if due:
            self._spoken, self._confirmed = now, self._received
        return due

    def _framed(self, number: int, messages: Iterable[Raw]) -> Iterator[Frame[Raw]]:
        batch: list[Raw] = []
        size = 0
        for message in messages:
            length = len(memoryview(message))
            if batch and (len(batch) == _BATCH or size + length > _BATCH_BYTES):
                yield Frame(number, self._received, batch)
                number += len(batch)
                batch, size = [], 0
            batch.append(message)
            size += length
        if batch:
            yield Frame(number, self._received, batch)

    def take(self, frame: Frame[Message], now: float) -> list[Message]:
        """The new messages of a frame, in order.

        Raises `ValueError` for an acknowledgement of what was never sent, since the peer is not this channel's then,
        and for a message that the peer should have kept until others are acknowledged.
        """
        if (last := frame.first + len(frame.messages) - 1) > self._confirmed + WINDOW:
            raise ValueError(f"message {last} has come, though {self._confirmed + WINDOW} was the last that could")
        arrived = frame.received - self._acknowledged
        if arrived > len(self._kept):
            raise ValueError(f"message {frame.received} is acknowledged, but was never sent")
        if arrived > 0:
            for _ in range(arrived):
                self._kept.popleft()
            self._acknowledged, self._progress = frame.received, now
        known = self._received + 1 - frame.first
        if known < 0:
            # an earlier message is missing; the peer will send it again, and this frame after it
            return []
        new = frame.messages[known:] if known else frame.messages
        self._received += len(new)
        return new
