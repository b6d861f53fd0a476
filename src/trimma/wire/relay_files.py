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
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from struct import Struct as Layout

from trimma.folders.held_folder import HeldFolder

LATEST = 0.05
"""Seconds between two looks for files, when nothing has come for a while."""

_LENGTH = Layout("!I")
_SEAL = 32
_AT_ONCE, _BYTES_AT_ONCE = 1000, 64 * 2**20
_SOONEST = 0.002


class Inbox:
    """A folder in which files appear, with the key of their seals. ``label`` says who writes them for whom.

    The messages in a file have ``most`` bytes in all. After `take`, ``drained`` says whether each writer was heard.
    """

    def __init__(self, key: bytes, folder: HeldFolder, label: str, most: int) -> None:
        self._key, self._folder, self._label, self._most = key, folder, label, most
        self.there = self.drained = True
        self._names: list[str] = []
        self._foreign: set[str] = set()
        self._failed: set[str] = set()

    def look(self) -> bool:
        """Whether there is a file to read that couldn't be read so far."""
        try:
            names = self._folder.names()
            self._foreign.intersection_update(names)
            self._names = sorted(name for name in names if not name.startswith(".") and name not in self._foreign)
        except OSError:
            self._names, self.there = [], False
        self.there = self.there and (bool(self._names) or not self._folder.is_gone)
        self._failed.intersection_update(self._names)
        return len(self._failed) < len(self._names)

    def take(self) -> Iterator[tuple[str, list[bytes]]]:
        """The messages of each file, each of which is removed, up to a bound. Each writer's are in their order.

        The writers take turns. What the other end hasn't written is left where it is. What can't be read or removed now
        is tried again.
        """
        self.look()
        size, self.drained = 0, True
        for count, (place, name) in enumerate(in_turns(self._names)):
            if count >= _AT_ONCE or size > _BYTES_AT_ONCE:
                self.drained = place > 1
                return
            bodies = None
            try:
                # besides the messages there are their lengths and the seal
                content = self._folder.read(name, 2 * self._most)
                size += len(content or b"")
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
    """A folder into which files are written, each with messages of at most ``most`` bytes in all.

    ``enter`` opens it for as long as a file is written. The names of files are the next of ``numbers``, after
    ``prefix``.
    """

    def __init__(
        self,
        key: bytes,
        enter: Callable[[], AbstractContextManager[HeldFolder]],
        label: str,
        most: int,
        numbers: Iterator[int],
        prefix: str = "",
    ) -> None:
        self._key, self._enter, self._label, self._prefix, self._most = key, enter, label, prefix, most
        self._numbers, self._size = numbers, 0
        self._bodies: list[bytes] = []

    def put(self, body: bytes) -> None:
        if self._size + len(body) > self._most:
            self.flush()
        self._bodies += [_LENGTH.pack(len(body)), body]
        self._size += len(body)

    def flush(self) -> None:
        """Write what has gathered. The channel sends again what can't be written."""
        if not self._bodies:
            return
        name = f"{self._prefix}{next(self._numbers):012d}"
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


def in_turns(names: Iterable[str]) -> list[tuple[int, str]]:
    """Names of the form ``WRITER-NUMBER``, each after its place among those of its writer; the first places first."""
    of_writer: dict[str, int] = {}
    placed = []
    for name in sorted(names):
        writer = name.partition("-")[0]
        of_writer[writer] = place = of_writer.get(writer, 0) + 1
        placed.append((place, name))
    return sorted(placed)


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
