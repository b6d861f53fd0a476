"""Starts agents as processes of this machine that connect over loopback: remote workers without a cluster."""

import contextlib
import signal
import subprocess
import sys
import threading

from trimma.engines.remote.launcher import Ended
from trimma.errors import EngineError
from trimma.wire.addresses import Listen

_AGENT = (
    "import sys; from trimma.engines.remote.remote_agent import serve; "
    "print(serve(sys.stdin.buffer.read(), int(sys.argv[1])))"
)
_GRACE = 5.0


class Processes:
    """A launcher whose agents are processes. ``listen`` says where the driver listens."""

    name = "process"

    def __init__(self, listen: Listen | None = None) -> None:
        self._listen = listen or Listen()
        self._tasks: dict[subprocess.Popen[bytes], threading.Thread] = {}
        self.pids: dict[int, int] = {}

    def open(self, study: str) -> Listen:
        return self._listen

    def launch(self, slot: int, ticket: bytes, ended: Ended) -> None:
        process = subprocess.Popen(
            [sys.executable, "-c", _AGENT, str(slot)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self.pids[slot] = process.pid
        thread = threading.Thread(target=_watch, args=(process, slot, ticket, ended), name="trimma-task", daemon=True)
        self._tasks[process] = thread
        thread.start()

    def close(self) -> None:
        tasks, self._tasks = self._tasks, {}
        for process in tasks:
            # a process that was stopped by a signal heeds only this one
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGKILL)
        for thread in tasks.values():
            thread.join(_GRACE)


def _watch(process: "subprocess.Popen[bytes]", slot: int, ticket: bytes, ended: Ended) -> None:
    _, said = process.communicate(ticket)
    if process.returncode == 0:
        ended(slot, None)
        return
    lines = said.decode("utf-8", "replace").strip().splitlines()
    error = lines[-1] if lines else f"it ended with code {process.returncode}"
    ended(slot, EngineError(error))
