"""The bundle, fetched beside the conversation: an agent that waits for it is still heard of."""

import hashlib
import queue
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from trimma.errors import EngineError, TrimmaError


class Fetcher:
    """Gets the bundle onto this node, unless it is there.

    A thread of its own waits for the disk and for other agents of the node. It asks for each part by ``wake``, upon
    which the owner calls `wanted`; what the driver sends is handed over by `deliver`.
    """

    def __init__(self, digest: str, size: int, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._wanted: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._arrived: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self.path: Path | None = None
        self.error: TrimmaError | None = None
        threading.Thread(target=self._run, args=(digest, size), name="trimma-fetch", daemon=True).start()

    def _run(self, digest: str, size: int) -> None:
        try:
            self.path = cached(digest, size, self._ask)
        except TrimmaError as error:
            self.error = error
        except OSError as error:
            self.error = EngineError(f"the objective and its data can't be kept on this node: {error}")
        self._wake()

    def _ask(self, offset: int) -> bytes:
        self._wanted.put(offset)
        self._wake()
        data = self._arrived.get()
        if data is None:
            raise EngineError("the driver was gone before everything was fetched")
        return data

    def wanted(self) -> list[int]:
        """The offsets of the parts to ask the driver for."""
        offsets = []
        while not self._wanted.empty():
            offsets.append(self._wanted.get())
        return offsets

    def deliver(self, data: bytes) -> None:
        """Hand over the part that was asked for last."""
        self._arrived.put(data)

    def close(self) -> None:
        """Nothing more will be delivered."""
        self._arrived.put(None)


def cached(digest: str, size: int, fetch: Callable[[int], bytes]) -> Path:
    """Stand-in."""
    folder = Path(tempfile.gettempdir()) / f"trimma-{digest[:16]}-{threading.get_native_id()}"
    data = bytearray()
    while len(data) < size:
        data += fetch(len(data))
    if hashlib.sha256(data).hexdigest() != digest:
        raise EngineError("what was fetched isn't what the driver has")
    folder.write_bytes(data)
    return folder
