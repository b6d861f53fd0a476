"""Messages through a folder that driver and agents share, for ``relay=``, where no connection can be made.

`trimma.wire.relay_files` says how the files are written. The messages are authenticated, and not encrypted: whoever
may read the folder can read them.

The study has a folder of its own in the shared one, which both ends hold open. So it does no harm when somebody who may
write to the shared folder puts another one in its place. Agents know the study's folder by a sealed file in it.
"""

import contextlib
import itertools
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from trimma.errors import EngineError
from trimma.folders.held_folder import HeldFolder
from trimma.folders.temporary_folder import TemporaryFolder
from trimma.wire.addresses import Listen, Unreachable
from trimma.wire.keys import Keys
from trimma.wire.messages import MAX_FRAME, MOST_FROM_AGENT
from trimma.wire.relay_files import LATEST, FolderWatch, Inbox, Outbox, opened_file, relay_key, sealed_file
from trimma.wire.ticket import Ticket

SCHEME = "dir:"
_MARK, _MARK_SIZE = "study", 4096
_MOST_STRANGERS = 256
_REMEMBERED = 100_000


class DriverRelay:
    """The driver's end, with the methods of `trimma.wire.sockets.DriverSocket`."""

    def __init__(self, listen: Listen, keys: Keys) -> None:
        self._key = relay_key(keys.secret)
        with contextlib.ExitStack() as stack:
            try:
                path = stack.enter_context(temporary := TemporaryFolder("relay", Path(listen.folder or "")))
                root = temporary.folder
                up = _closing(stack, HeldFolder.made("up", root))
                self._down = _closing(stack, HeldFolder.made("down", root))
                root.write(_MARK, sealed_file(self._key, _MARK, b""))
            except OSError as error:
                raise EngineError(f"no messages can be left in {str(listen.folder)!r}: {error.strerror}") from error
            self._folders = stack.pop_all()
        self._inbox = Inbox(self._key, up, "up/", MOST_FROM_AGENT)
        self.addresses = (f"{SCHEME}{path}",)
        self._outboxes: dict[bytes, Outbox] = {}
        # one for all, so that an outbox that is made anew goes on where the last one has ended
        self._numbers = itertools.count(1)
        self._known: Collection[bytes] = ()
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

    @property
    def drained(self) -> bool:
        """Whether each agent that had sent something was heard by the last `received`."""
        return self._inbox.drained

    def received(self) -> list[tuple[bytes, bytes]]:
        """The messages that have arrived, up to a bound, each after the identity of its sender."""
        arrived: list[tuple[bytes, bytes]] = []
        for name, bodies in self._inbox.take():
            who, _, number = name.partition("-")
            try:
                identity, latest = bytes.fromhex(who), int(number)
            except ValueError:
                continue
            if latest > self._seen.get(identity, 0):
                self._seen[identity] = latest
                arrived += [(identity, body) for body in bodies]
        return arrived

    def send(self, identity: bytes, body: bytes) -> None:
        """Have it sent at the next `wait`."""
        outbox = self._outboxes.get(identity)
        if outbox is None:
            if len(self._outboxes) > len(self._known) + _MOST_STRANGERS:
                return
            name = identity.hex()
            # agents make the folder in which they look for files; without it there is no agent of this identity
            if name not in self._down.names():
                return
            # opened for each file only, since agents that are lost say no goodbye
            enter = partial(_opened, name, self._down)
            outbox = self._outboxes[identity] = Outbox(self._key, enter, f"down/{name}/", MAX_FRAME, self._numbers)
        outbox.put(body)

    def sweep(self, known: Callable[[], Collection[bytes]], now: float) -> None:
        """Where there are many strangers, forget those that aren't known by their identity."""
        if len(self._outboxes) > len(self._known) + _MOST_STRANGERS // 2:
            self._known = known()
            for identity in self._outboxes.keys() - self._known:
                self._outboxes.pop(identity).flush()
        if len(self._seen) > _REMEMBERED:
            self._known = known()
            for identity in list(self._seen)[: len(self._seen) - _REMEMBERED // 2]:
                if identity not in self._known:
                    del self._seen[identity]

    def close(self) -> None:
        """Send what is left, and remove the folder, by which agents know that the driver is gone."""
        for outbox in self._outboxes.values():
            outbox.flush()
        self._watch.close()
        self._folders.close()


class AgentRelay:
    """An agent's end, with the methods of `trimma.wire.sockets.AgentSocket`."""

    def __init__(self, ticket: Ticket, identity: bytes) -> None:
        (self._address,) = ticket.addresses
        self._key, self._identity = relay_key(ticket.secret_key), identity.hex()
        self._folders = contextlib.ExitStack()
        self._inbox: Inbox | None = None
        self._outbox: Outbox | None = None
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
                self._enter()
            except OSError as error:
                if time.monotonic() > deadline:
                    raise Unreachable({self._address: error.strerror or str(error)}) from error
                # a shared file system may take a while to show what another machine has made
                time.sleep(LATEST)
            else:
                self.connected, self.connections, self.changed = True, 1, time.monotonic()
                return

    def _enter(self) -> None:
        """Make a place for what the driver says to this agent."""
        with contextlib.ExitStack() as stack:
            root = _closing(stack, HeldFolder(self._address.removeprefix(SCHEME)))
            mark = root.read(_MARK, _MARK_SIZE)
            if mark is None or opened_file(self._key, _MARK, mark) is None:
                raise PermissionError(0, "a folder is there, but it isn't this study's")
            up = _closing(stack, HeldFolder("up", root))
            down = _closing(stack, HeldFolder("down", root))
            own = _closing(stack, HeldFolder.made(self._identity, down))
            self._folders = stack.pop_all()
        self._inbox = Inbox(self._key, own, f"down/{self._identity}/", MAX_FRAME)
        numbers, prefix = itertools.count(1), f"{self._identity}-"
        self._outbox = Outbox(self._key, lambda: contextlib.nullcontext(up), "up/", MOST_FROM_AGENT, numbers, prefix)

    def wait(self, seconds: float, descriptors: Iterable[int]) -> set[int]:
        """Wait until something arrives, or file descriptors have input, and return those that do."""
        self._watch.only(frozenset(descriptors))
        if self._inbox is None or self._outbox is None:
            return self._watch.wait(seconds, lambda: False)
        self._outbox.flush()
        ready = self._watch.wait(seconds, self._inbox.look)
        if self.connected and not self._inbox.there:
            self.connected, self.changed = False, time.monotonic()
        return ready

    def received(self) -> Iterator[bytes]:
        """The messages that have arrived."""
        for name, bodies in self._inbox.take() if self._inbox is not None else ():
            if name.isdecimal() and int(name) > self._seen:
                self._seen = int(name)
                yield from bodies

    def send(self, body: bytes) -> None:
        """Have it sent at the next `wait`."""
        if self._outbox is not None:
            self._outbox.put(body)

    def close(self) -> None:
        """Send what is left."""
        if self._outbox is not None:
            self._outbox.flush()
        self._watch.close()
        self._folders.close()


def _opened(name: str, parent: HeldFolder) -> AbstractContextManager[HeldFolder]:
    return contextlib.closing(HeldFolder(name, parent))


def _closing(stack: contextlib.ExitStack, folder: HeldFolder) -> HeldFolder:
    """Have the folder closed with the others, and return it."""
    stack.callback(folder.close)
    return folder
