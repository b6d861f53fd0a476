"""The process of a runner, as its agent's side sees it: started, spoken to, listened to, ended."""

import codecs
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import IO, cast

import msgspec

from trimma.commands import Job, Send
from trimma.worker.last_line import last_line, shared_memory
from trimma.worker.link import MOST_FROM_RUNNER, FromRunner, Link

# Before the path is set nothing is imported but what is built in: the current folder may hold modules of any name.
# What is imported here stays to the end, so that the collector of garbage is spared looking at it, now and later.
_BOOTSTRAP = (
    "import gc, sys; gc.disable(); sys.path[:] = sys.argv[6:]; "
    "from trimma.worker.orphan_guard import fork_under_guard; fork_under_guard(); "
    "from trimma.worker.runner import main; gc.freeze(); gc.enable(); "
    "main(*map(int, sys.argv[1:5]), sys.argv[5])"
)
# as those of this process, so that -O and -W count at workers, too
_FLAGS: list[str] = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
_GRACE = 3.0
_CHUNK = 65536


class RunnerProcess:
    """One runner, from its start to its end.

    ``program`` is the descriptor of the program's `bundle`, ``sources`` the folder of the driver's own modules, or
    empty, and ``path`` its ``sys.path``. ``growth`` is how many bytes its trials may leave behind in it before that is
    told. ``ended`` is called, from another thread, when it has ended.
    """

    def __init__(
        self,
        program: int,
        environment: Mapping[str, str],
        growth: int,
        sources: str,
        path: Sequence[str],
        ended: Callable[[], None],
    ) -> None:
        ours, theirs = socket.socketpair()
        self._link = Link(ours, FromRunner, MOST_FROM_RUNNER)
        self._line = shared_memory()
        self._streaming = self._connected = True
        descriptors = (theirs.fileno(), self._line, program)
        arguments = [*map(str, descriptors), str(growth), sources, *path]
        try:
            with theirs:
                self._process = subprocess.Popen(
                    [sys.executable, *_FLAGS, "-X", "faulthandler", "-c", _BOOTSTRAP, *arguments],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    pass_fds=descriptors,
                    env=dict(environment),
                    start_new_session=True,
                )
        except BaseException:
            ours.close()
            os.close(self._line)
            raise
        self._stdin = cast("IO[bytes]", self._process.stdin)
        self._stdout = cast("IO[bytes]", self._process.stdout)
        os.set_blocking(self._stdout.fileno(), False)
        # a character may come in two pieces
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._gone, self._ended = threading.Event(), ended
        threading.Thread(target=self._reap, name=f"trimma-wait-{self.pid}", daemon=True).start()

    def _reap(self) -> None:
        """Wait for the end. Only one thread does this; the others look at ``_gone``."""
        self._process.wait()
        # in this order, because once `_gone` is set the owner may not listen any more
        self._ended()
        self._gone.set()

    @property
    def pid(self) -> int:
        """The process id of its guard, which ends with it and as it does."""
        return self._process.pid

    @property
    def descriptors(self) -> Sequence[int]:
        """The file descriptors that may have input: messages, and output that doesn't pass through Python's streams."""
        open_ones = []
        if self._connected:
            open_ones.append(self._link.socket.fileno())
        if self._streaming:
            open_ones.append(self._stdout.fileno())
        return open_ones

    @property
    def code(self) -> int:
        """The exit code, or the negative number of the signal that has ended it."""
        return self._process.returncode

    @property
    def line(self) -> str:
        """The last line that it had begun to print."""
        return last_line(self._line)

    def send(self, message: Job | Send) -> None:
        # ignore a runner that has died, because its death is handled elsewhere, with its cause
        with contextlib.suppress(OSError):
            self._link.send(message)

    def messages(self) -> Iterator[FromRunner]:
        """What it has sent. Raises `ConnectionError` or `msgspec.DecodeError` for what can't be read."""
        if not self._connected:
            return
        try:
            yield from self._link.waiting()
        except EOFError:
            self._connected = False
        except (ConnectionError, msgspec.DecodeError):
            self._connected = False
            raise

    def output(self) -> str:
        """What it has written past Python's streams, at most a part of it."""
        if not self._streaming:
            return ""
        try:
            chunk = os.read(self._stdout.fileno(), _CHUNK)
        except BlockingIOError:
            return ""
        self._streaming = bool(chunk)
        return self._decode(chunk)

    def listen_no_more(self) -> None:
        """Read nothing any more: what still holds its output is a process that it has left behind."""
        self._connected = self._streaming = False

    def kill(self) -> None:
        """Kill it and the processes that it has started, at once."""
        if not self._gone.is_set():
            with contextlib.suppress(OSError, ValueError):
                # a guard that was stopped by a signal heeds nothing else
                self._process.send_signal(signal.SIGCONT)
                os.write(self._stdin.fileno(), b"end")

    def hang_up(self) -> None:
        """Let an idle runner end by itself; kill it after a short grace."""
        with contextlib.suppress(OSError):
            self._link.socket.shutdown(socket.SHUT_WR)
        threading.Thread(target=self._kill_after_grace, name=f"trimma-end-{self.pid}", daemon=True).start()

    def _kill_after_grace(self) -> None:
        if not self._gone.wait(_GRACE):
            self.kill()

    def part(self) -> None:
        """Close the connection, by which an idle runner ends at once."""
        self._connected = False
        self._link.socket.close()

    def terminate(self) -> None:
        """Have the trial that runs end, with its ``finally`` blocks."""
        self._process.terminate()

    def wait(self, timeout: float) -> bool:
        """Whether it has ended within ``timeout`` seconds."""
        return self._gone.wait(timeout)

    def close(self) -> None:
        """Let go what it needed, once it has ended. It may be closed more than once."""
        self._link.socket.close()
        if self._line >= 0:
            os.close(self._line)
            self._line = -1
        self._stdin.close()
        self._stdout.close()
