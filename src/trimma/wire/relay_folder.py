"""The same conversations through a folder that driver and agents share, where no connection can be made.

Each file holds what one end had to say at one moment: a seal, then messages, each after its length. Files are made
under another name and renamed, so that nobody reads half of one; whoever has read one removes it. The seal (HMAC with
the study's secret) covers who wrote it for whom and its number, so that nothing can be forged, moved or repeated.
What is said can be read by whoever may read the folder: it is not encrypted.
"""

import contextlib
import hmac
import os
import secrets
import selectors
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from struct import Struct as Layout

from trimma.errors import EngineError
from trimma.wire.messages import MAX_FRAME
from trimma.wire.sockets import Keys, Listen, Unreachable
from trimma.wire.ticket import Ticket

SCHEME = "dir:"
_LENGTH = Layout("!I")
_SEAL = 32
_FULL = MAX_FRAME
_LARGEST = 2 * MAX_FRAME
_AT_ONCE = 1000
_SOONEST, _LATEST = 0.002, 0.05


class Mailroom:
    """The driver's end, with the methods of `trimma.wire.sockets.Listener`."""

    def __init__(self, listen: Listen, keys: Keys) -> None:
        self._root = Path(listen.folder or "") / f"trimma-{secrets.token_hex(8)}"
        self._key = _key(keys.secret)
        try:
            self._root.mkdir(mode=0o700)
            self._inbox = _Inbox(self._root / "up")
            self._inbox.folder.mkdir()
            (self._root / "down").mkdir()
        except OSError as error:
            raise EngineError(f"no messages can be left in {str(listen.folder)!r}: {error.strerror}") from error
        self.addresses = (f"{SCHEME}{self._root}",)
        self._outboxes: dict[bytes, _Outbox] = {}
        self._seen: dict[bytes, int] = {}
        self._watch = _Watch()

    def watch(self, descriptor: int) -> None:
        """Let `wait` end when this file descriptor has input, too."""
        self._watch.also(frozenset({descriptor}))

    def wait(self, seconds: float) -> set[int]:
        """Wait until something has arrived; on which of the watched descriptors."""
        for outbox in self._outboxes.values():
            outbox.flush()
        return self._watch.wait(seconds, self._inbox.look)

    def received(self) -> list[tuple[bytes, bytes]]:
        """What has arrived, and from whom."""
        arrived: list[tuple[bytes, bytes]] = []
        for name, content in self._inbox.take():
            who, _, number = name.partition("-")
            if not number.isdecimal():
                continue
            try:
                identity = bytes.fromhex(who)
            except ValueError:
                continue
            if int(number) <= self._seen.get(identity, 0):
                continue
            if (bodies := _opened(self._key, f"up/{name}", content)) is not None:
                self._seen[identity] = int(number)
                arrived += [(identity, body) for body in bodies]
        return arrived

    def send(self, identity: bytes, body: bytes) -> None:
        """Have it sent at the next `wait`."""
        outbox = self._outboxes.get(identity)
        if outbox is None:
            # agents make the folder in which they look: what has none isn't there
            folder = self._root / "down" / identity.hex()
            if not folder.is_dir():
                return
            outbox = self._outboxes[identity] = _Outbox(self._key, folder, f"down/{identity.hex()}/")
        outbox.put(body)

    def close(self) -> None:
        """Send what is left; the folder goes, by which agents know that the driver has gone."""
        for outbox in self._outboxes.values():
            outbox.flush()
        self._watch.close()
        # agents may be writing into it still
        shutil.rmtree(self._root, ignore_errors=True)


class Mailbox:
    """An agent's end, with the methods of `trimma.wire.sockets.Line`."""

    def __init__(self, ticket: Ticket, identity: bytes) -> None:
        (self._address,) = ticket.addresses
        self._root = Path(self._address.removeprefix(SCHEME))
        self._key, self._identity = _key(ticket.secret_key), identity.hex()
        self._inbox = _Inbox(self._root / "down" / self._identity)
        self._outbox = _Outbox(self._key, self._root / "up", "up/", f"{self._identity}-")
        self._seen = 0
        self._watch = _Watch()
        self.connected = False
        self.connections = 0
        self.changed = time.monotonic()

    def dial(self, seconds: float, wanted: Callable[[], bool]) -> None:
        """Find the folder; `Unreachable` when it isn't there."""
        deadline = time.monotonic() + seconds
        while wanted():
            try:
                self._inbox.folder.mkdir()
            except OSError as error:
                if time.monotonic() > deadline:
                    raise Unreachable({self._address: error.strerror or str(error)}) from error
                # a shared file system may take a while to show what another machine has made
                time.sleep(_LATEST)
            else:
                self.connected, self.connections, self.changed = True, 1, time.monotonic()
                return

    def wait(self, seconds: float, descriptors: Iterable[int]) -> set[int]:
        """Wait for something to arrive, or for input on file descriptors, and say on which."""
        self._watch.only(frozenset(descriptors))
        self._outbox.flush()
        ready = self._watch.wait(seconds, self._inbox.look)
        if self.connected and not self._inbox.there:
            self.connected, self.changed = False, time.monotonic()
        return ready

    def received(self) -> Iterator[bytes]:
        """What has arrived."""
        for name, content in self._inbox.take():
            if not name.isdecimal() or int(name) <= self._seen:
                continue
            bodies = _opened(self._key, f"down/{self._identity}/{name}", content)
            if bodies is not None:
                self._seen = int(name)
                yield from bodies

    def send(self, body: bytes) -> None:
        """Have it sent at the next `wait`."""
        self._outbox.put(body)

    def close(self) -> None:
        """Send what is left."""
        self._outbox.flush()
        self._watch.close()


class _Inbox:
    """A folder in which files appear."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.there = True
        self._names: list[str] = []
        self._unreadable: set[str] = set()

    def look(self) -> bool:
        """Whether there is something to read."""
        try:
            names = os.listdir(self.folder)  # noqa: PTH208 - it is done many times a second
            self._names = sorted(name for name in names if not name.startswith(".") and name not in self._unreadable)
        except OSError:
            self._names, self.there = [], False
        return bool(self._names)

    def take(self) -> Iterator[tuple[str, bytes]]:
        """The files, in the order of their names; each is removed."""
        self.look()
        for name in self._names[:_AT_ONCE]:
            path = self.folder / name
            try:
                content = path.read_bytes() if path.stat().st_size <= _LARGEST else b""
                path.unlink()
            except OSError:
                # nothing of ours: neither end leaves what the other can't read and remove
                self._unreadable.add(name)
            else:
                yield name, content


class _Outbox:
    """Where files are made to appear."""

    def __init__(self, key: bytes, folder: Path, label: str, prefix: str = "") -> None:
        self._key, self._folder, self._label, self._prefix = key, folder, label, prefix
        self._number = self._size = 0
        self._bodies: list[bytes] = []

    def put(self, body: bytes) -> None:
        if self._size + len(body) > _FULL:
            self.flush()
        self._bodies += [_LENGTH.pack(len(body)), body]
        self._size += len(body)

    def flush(self) -> None:
        """Write what has gathered. What can't be written is the channel's business, which sends it again."""
        if not self._bodies:
            return
        self._number += 1
        name = f"{self._prefix}{self._number:012d}"
        content = b"".join(self._bodies)
        self._bodies, self._size = [], 0
        draft = self._folder / f".{name}"
        with contextlib.suppress(OSError):
            draft.write_bytes(_sealed(self._key, f"{self._label}{name}", content))
            draft.rename(self._folder / name)


class _Watch:
    """Waits for file descriptors and, by looking every now and then, for files."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
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
            # an end that has just had something to do will soon have more
            self._pause = _SOONEST if arrived or ready else min(_LATEST, self._pause * 1.5)
            if arrived or ready or time.monotonic() >= deadline:
                return ready

    def close(self) -> None:
        self._selector.close()


def _key(secret: bytes) -> bytes:
    return hmac.digest(secret, b"trimma mailbox", "sha256")


def _sealed(key: bytes, label: str, content: bytes) -> bytes:
    return hmac.digest(key, label.encode() + b"\0" + content, "sha256") + content


def _opened(key: bytes, label: str, sealed: bytes) -> list[bytes] | None:
    """The messages of a file; None for one that isn't from the other end."""
    seal, content = sealed[:_SEAL], sealed[_SEAL:]
    if not hmac.compare_digest(seal, hmac.digest(key, label.encode() + b"\0" + content, "sha256")):
        return None
    bodies, place = [], 0
    while place < len(content):
        (length,) = _LENGTH.unpack_from(content, place)
        place += _LENGTH.size
        bodies.append(content[place : place + length])
        place += length
    return bodies
