"""The files by which driver and agents exchange messages through a folder.

Each file holds what one end had to say at one moment: a seal, then messages, each after its length. A file is written
under another name and then renamed, so that nobody reads half of it. Whoever has read it removes it. The seal is an
HMAC with the study's secret. It covers the sender, the receiver and the number of the file, so that no file can be
forged, moved or repeated. What has no such seal is neither read nor removed.
"""

import contextlib
import errno
import hmac
import selectors
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from struct import Struct as Layout

from trimma.folders.held_folder import HeldFolder
from trimma.wire.messages import MAX_FRAME

LATEST = 0.05
"""Seconds between two looks for files, when nothing has come for a while."""

_LENGTH = Layout("!I")
_SEAL = 32
_FULL = MAX_FRAME
_LARGEST = 2 * MAX_FRAME
_AT_ONCE = 1000
_SOONEST = 0.002


class Inbox:
    """A folder in which files appear, with the key of their seals. ``label`` says who writes them for whom."""

    def __init__(self, key: bytes, folder: HeldFolder, label: str) -> None:
        self._key, self._folder, self._label = key, folder, label
        self.there = True
        self._names: list[str] = []
        self._foreign: set[str] = set()
        self._failed: set[str] = set()

    def look(self) -> bool:
        """Whether there is a file to read that couldn't be read so far."""
        try:
            names = self._folder.names()
            self._names = sorted(name for name in names if not name.startswith(".") and name not in self._foreign)
        except OSError:
            self._names, self.there = [], False
        self.there = self.there and (bool(self._names) or not self._folder.is_gone)
        self._failed.intersection_update(self._names)
        return len(self._failed) < len(self._names)

    def take(self) -> Iterator[tuple[str, list[bytes]]]:
        """The messages of each file, in the order of the files' names; each file is removed.

        What the other end hasn't written is left where it is. What can't be read or removed now is tried again.
        """
        self.look()
        for name in self._names[:_AT_ONCE]:
            bodies = None
            try:
                content = self._folder.read(name, _LARGEST)
                bodies = None if content is None else opened_file(self._key, f"{self._label}{name}", content)
                if bodies is not None:
                    self._folder.remove(name)
            except OSError as error:
                # only a link is never followed; a shared file system may fail for a moment
                (self._foreign if error.errno == errno.ELOOP else self._failed).add(name)
            else:
                if bodies is None:
                    self._foreign.add(name)
            if bodies is not None:
                yield name, bodies


class Outbox:
    """A folder into which files are written. ``enter`` opens it for as long as a file is written."""

    def __init__(
        self, key: bytes, enter: Callable[[], AbstractContextManager[HeldFolder]], label: str, prefix: str = ""
    ) -> None:
        self._key, self._enter, self._label, self._prefix = key, enter, label, prefix
        self._number = self._size = 0
        self._bodies: list[bytes] = []

    def put(self, body: bytes) -> None:
        if self._size + len(body) > _FULL:
            self.flush()
        self._bodies += [_LENGTH.pack(len(body)), body]
        self._size += len(body)

    def flush(self) -> None:
        """Write what has gathered. The channel sends again what can't be written."""
        if not self._bodies:
            return
        self._number += 1
        name = f"{self._prefix}{self._number:012d}"
        content = b"".join(self._bodies)
        self._bodies, self._size = [], 0
        with contextlib.suppress(OSError), self._enter() as folder:
            folder.write(name, sealed_file(self._key, f"{self._label}{name}", content))


class FolderWatch:
    """Waits for input on file descriptors, and for files, by looking for them every now and then."""

    def __init__(self) -> None:
        # asks about numbers each time; epoll would not see that another file has got the number of one that was closed
        self._selector = selectors.PollSelector()
        self._watched: frozenset[int] = frozenset()
        self._pause = _SOONEST

    def also(self, descriptors: frozenset[int]) -> None:
        self.only(self._watched | descriptors)

    def only(self, descriptors: frozenset[int]) -> None:
        for descriptor in self._watched - descriptors:
            self._selector.unregister(descriptor)
        for descriptor in descriptors - self._watched:
            self._selector.register(descriptor, selectors.EVENT_READ)
        self._watched = descriptors

    def wait(self, seconds: float, look: Callable[[], bool]) -> set[int]:
        deadline = time.monotonic() + seconds
        while True:
            arrived = look()
            left = 0.0 if arrived else max(0.0, deadline - time.monotonic())
            ready = {key.fd for key, _ in self._selector.select(min(left, self._pause))}
            # look soon again after something has happened, because more is likely to follow
            self._pause = _SOONEST if arrived or ready else min(LATEST, self._pause * 1.5)
            if arrived or ready or time.monotonic() >= deadline:
                return ready

    def close(self) -> None:
        self._selector.close()


def relay_key(secret: bytes) -> bytes:
    """The key of the seals, derived from the study's secret."""
    return hmac.digest(secret, b"trimma relay", "sha256")


def sealed_file(key: bytes, label: str, content: bytes) -> bytes:
    """The content of a file after its seal; ``label`` says who writes it for whom, and its number."""
    return hmac.digest(key, label.encode() + b"\0" + content, "sha256") + content


def opened_file(key: bytes, label: str, sealed: bytes) -> list[bytes] | None:
    """The messages of a file, or None where the other end hasn't written it."""
    seal, content = sealed[:_SEAL], sealed[_SEAL:]
    if not hmac.compare_digest(seal, hmac.digest(key, label.encode() + b"\0" + content, "sha256")):
        return None
    bodies, place = [], 0
    while place + _LENGTH.size <= len(content):
        (length,) = _LENGTH.unpack_from(content, place)
        place += _LENGTH.size
        bodies.append(content[place : place + length])
        place += length
    return bodies if place == len(content) else None
