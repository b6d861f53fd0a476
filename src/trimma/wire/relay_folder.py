"""Messages through a folder that driver and agents share, for ``relay=``, where no connection can be made.

`trimma.wire.relay_files` says how the files are written. The messages are authenticated, and not encrypted: whoever
may read the folder can read them.
"""

import secrets
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from trimma.errors import EngineError
from trimma.wire.addresses import Listen, Unreachable
from trimma.wire.keys import Keys
from trimma.wire.relay_files import LATEST, FolderWatch, Inbox, Outbox, opened_file, relay_key
from trimma.wire.ticket import Ticket

SCHEME = "dir:"


class DriverRelay:
    """The driver's end, with the methods of `trimma.wire.sockets.DriverSocket`."""

    def __init__(self, listen: Listen, keys: Keys) -> None:
        self._root = Path(listen.folder or "") / f"trimma-{secrets.token_hex(8)}"
        self._key = relay_key(keys.secret)
        try:
            self._root.mkdir(mode=0o700)
            self._inbox = Inbox(self._root / "up")
            self._inbox.folder.mkdir()
            (self._root / "down").mkdir()
        except OSError as error:
            raise EngineError(f"no messages can be left in {str(listen.folder)!r}: {error.strerror}") from error
        self.addresses = (f"{SCHEME}{self._root}",)
        self._outboxes: dict[bytes, Outbox] = {}
        self._seen: dict[bytes, int] = {}
        self._watch = FolderWatch()

    def watch(self, descriptor: int) -> None:
        """Let `wait` also end when this file descriptor has input."""
        self._watch.also(frozenset({descriptor}))

    def wait(self, seconds: float) -> set[int]:
        """Wait until something has arrived, and return the watched descriptors that have input."""
        for outbox in self._outboxes.values():
            outbox.flush()
        return self._watch.wait(seconds, self._inbox.look)

    def received(self) -> list[tuple[bytes, bytes]]:
        """The messages that have arrived, each after the identity of its sender."""
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
            if (bodies := opened_file(self._key, f"up/{name}", content)) is not None:
                self._seen[identity] = int(number)
                arrived += [(identity, body) for body in bodies]
        return arrived

    def send(self, identity: bytes, body: bytes) -> None:
        """Have it sent at the next `wait`."""
        outbox = self._outboxes.get(identity)
        if outbox is None:
            # agents make the folder in which they look for files; without it there is no agent of this identity
            folder = self._root / "down" / identity.hex()
            if not folder.is_dir():
                return
            outbox = self._outboxes[identity] = Outbox(self._key, folder, f"down/{identity.hex()}/")
        outbox.put(body)

    def close(self) -> None:
        """Send what is left, and remove the folder, by which agents know that the driver is gone."""
        for outbox in self._outboxes.values():
            outbox.flush()
        self._watch.close()
        # ignore errors, because agents may still write into the folder
        shutil.rmtree(self._root, ignore_errors=True)


class AgentRelay:
    """An agent's end, with the methods of `trimma.wire.sockets.AgentSocket`."""

    def __init__(self, ticket: Ticket, identity: bytes) -> None:
        (self._address,) = ticket.addresses
        self._root = Path(self._address.removeprefix(SCHEME))
        self._key, self._identity = relay_key(ticket.secret_key), identity.hex()
        self._inbox = Inbox(self._root / "down" / self._identity)
        self._outbox = Outbox(self._key, self._root / "up", "up/", f"{self._identity}-")
        self._seen = 0
        self._watch = FolderWatch()
        self.connected = False
        self.connections = 0
        self.changed = time.monotonic()

    def dial(self, seconds: float, wanted: Callable[[], bool]) -> None:
        """Find the driver's folder. Raises `Unreachable` when it isn't there within so many seconds."""
        deadline = time.monotonic() + seconds
        while wanted():
            try:
                self._inbox.folder.mkdir()
            except OSError as error:
                if time.monotonic() > deadline:
                    raise Unreachable({self._address: error.strerror or str(error)}) from error
                # a shared file system may take a while to show what another machine has made
                time.sleep(LATEST)
            else:
                self.connected, self.connections, self.changed = True, 1, time.monotonic()
                return

    def wait(self, seconds: float, descriptors: Iterable[int]) -> set[int]:
        """Wait until something arrives, or file descriptors have input, and return those that do."""
        self._watch.only(frozenset(descriptors))
        self._outbox.flush()
        ready = self._watch.wait(seconds, self._inbox.look)
        if self.connected and not self._inbox.there:
            self.connected, self.changed = False, time.monotonic()
        return ready

    def received(self) -> Iterator[bytes]:
        """The messages that have arrived."""
        for name, content in self._inbox.take():
            if not name.isdecimal() or int(name) <= self._seen:
                continue
            bodies = opened_file(self._key, f"down/{self._identity}/{name}", content)
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
