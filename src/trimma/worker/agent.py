"""The agent: it starts a runner, exchanges messages with it, and notices at once when and why it dies.

It never runs user code. It doesn't wait by itself: its owner watches `descriptors` and calls `read`.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, cast

import msgspec

from trimma.commands import Job, Send, Signal
from trimma.errors import EngineError, ObjectiveError, TrimmaError
from trimma.events import Failure
from trimma.facts import FromAgent, Halted, Joined, Left, Paused, Printed, Raised, Returned
from trimma.pickling.source_archive import MODULES
from trimma.worker.last_line import last_line, shared_memory
from trimma.worker.link import FromRunner, Link, Ready, Refused
from trimma.worker.output import LIMIT

# before the path is set nothing is imported but what is built in: the current folder may hold modules of any name
_BOOTSTRAP = (
    "import sys; sys.path[:] = sys.argv[6:]; "
    "from trimma.worker.orphan_guard import die_with_agent; die_with_agent(); "
    "from trimma.worker.runner import main; main(*map(int, sys.argv[1:4]), *sys.argv[4:6])"
)
# as those of this process, so that -O and -W count at workers, too
_FLAGS: list[str] = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
_TAIL = 4000
_FRUITLESS_STARTS = 3
_GRACE = 3.0
_ENDS = (Returned, Raised, Halted, Paused)


class Agent:
    """Keeps one worker slot supplied with a runner, and starts another when the runner dies.

    ``program`` is the path of the program's `bundle`, and ``environment`` the runner's environment. ``died`` is called,
    from another thread, when the runner's process has ended. ``growth`` is how many bytes its trials may leave behind
    in it before that is told. ``sources`` is the folder of the driver's own modules,
    where they were sent; they come first on the runner's path. The rest of the path is that of this process.
    """

    def __init__(
        self,
        worker: str,
        program: Path,
        environment: Mapping[str, str],
        died: Callable[["Agent"], None],
        growth: int,
        sources: Path | None = None,
    ) -> None:
        self.worker = worker
        self._sources = "" if sources is None else str(sources)
        self._path = ([] if sources is None else [str(sources / MODULES)]) + [str(entry) for entry in sys.path]
        self._program, self._environment, self._died = program, environment, died
        self._growth, self._fruitless = growth, 0
        self._spawn()

    def _spawn(self) -> None:
        ours, theirs = socket.socketpair()
        self._job: Job | None = None
        self._room = 0
        self._tail = ""
        self._ready = self._used = self._renewed = False
        self._streaming = self._connected = True
        self._link = Link(ours, FromRunner)
        self._line = shared_memory()
        numbers = (theirs.fileno(), self._line, self._growth)
        arguments = [*map(str, numbers), str(self._program), self._sources, *self._path]
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, *_FLAGS, "-X", "faulthandler", "-c", _BOOTSTRAP, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=[theirs.fileno(), self._line],
                env=dict(self._environment),
                start_new_session=True,
            )
        self._stdout = cast("IO[bytes]", self._process.stdout)
        self._gone = threading.Event()
        os.set_blocking(self._stdout.fileno(), False)
        threading.Thread(target=self._reap, name=f"trimma-wait-{self.worker}", daemon=True).start()

    def _reap(self) -> None:
        """Wait for the runner's end. Only one thread does this; the others look at ``_gone``."""
        process, gone = self._process, self._gone
        if hasattr(os, "waitid"):
            # kill the group before the runner is reaped, because no other process can have its id until then
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
            _kill_group(process.pid)
        process.wait()
        # in this order, because once `_gone` is set the owner may not listen any more
        self._died(self)
        gone.set()

    @property
    def pid(self) -> int:
        """The runner's process id."""
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

    def start(self, job: Job) -> None:
        self._job, self._room, self._used = job, LIMIT, True
        self._send(job)

    def signal(self, trial: int, attempt: int, what: Signal) -> None:
        if self._job is None or (self._job.trial, self._job.attempt) != (trial, attempt):
            return
        if what is Signal.KILL:
            # from here on the attempt has failed, whatever messages it may still have sent
            self._connected = False
            self.kill()
        else:
            self._send(Send(trial=trial, attempt=attempt, signal=what))

    def _send(self, message: Job | Send) -> None:
        # ignore a runner that has died, because its death is handled elsewhere, with its cause
        with contextlib.suppress(OSError):
            self._link.send(message)

    def read(self) -> list[FromAgent]:
        """The facts that the runner has sent since the last call.

        Raises `ObjectiveError` or `EngineError` when the runner can't load the program; the message says why.
        """
        if not self._connected:
            return self._printed()
        facts: list[FromAgent] = []
        try:
            for message in self._link.waiting():
                if isinstance(message, Ready):
                    self._ready, self._fruitless = True, 0
                    facts.append(Joined(worker=self.worker))
                elif isinstance(message, Refused):
                    raise _refused(message.failure)
                else:
                    if isinstance(message, _ENDS):
                        # fetch the output that didn't pass through Python before the trial counts as ended
                        facts += self._printed()
                        self._job = None
                    facts.append(message)
        except EOFError:
            self._connected = False
        except (ConnectionError, msgspec.DecodeError) as error:
            # the user's code has written to our connection, or memory is damaged, so no message can be trusted
            self._tail += f"\nits messages can't be read: {error}"
            self._connected = False
            self.kill()
        facts += self._printed()
        return facts

    def _printed(self) -> list[FromAgent]:
        if not self._streaming:
            return []
        try:
            chunk = os.read(self._stdout.fileno(), 65536)
        except BlockingIOError:
            return []
        self._streaming = bool(chunk)
        text = chunk.decode("utf-8", "replace")
        self._tail = (self._tail + text)[-_TAIL:]
        if self._job is None or not text or self._room <= 0:
            return []
        self._room -= len(text)
        return [Printed(trial=self._job.trial, attempt=self._job.attempt, text=text)]

    def collect_exit(self) -> list[FromAgent]:
        """The last facts of a runner that has exited, with the cause of its exit. Nothing is read from it after this.

        Raises `EngineError` when runners keep dying before they are ready.
        """
        facts = self.read()
        if self._job is not None and self._room > 0 and (line := last_line(self._line)):
            facts.append(Printed(trial=self._job.trial, attempt=self._job.attempt, text=f"{line}\n"))
        self._streaming = self._connected = False
        cause = _cause(self._process.returncode, self._tail)
        if self._job is not None and self._process.returncode == 0:
            # the objective has ended its process as one that is done
            facts.append(Returned(trial=self._job.trial, attempt=self._job.attempt, metrics={}))
        if self._renewed:
            return facts
        if self._ready:
            facts.append(Left(worker=self.worker, cause=cause))
        else:
            self._fruitless += 1
            if self._fruitless == _FRUITLESS_STARTS:
                raise EngineError(f"worker {self.worker} died {_FRUITLESS_STARTS} times before it was ready: {cause}")
        return facts

    def restart(self) -> None:
        """Start a new runner. The exit of the last one must have been collected."""
        self._release()
        self._spawn()

    def renew(self) -> None:
        """Ask the idle runner to end, by force after a short grace, so that the owner starts another.

        Its exit isn't told as a loss. A runner that has had no job yet is fresh, and stays.
        """
        if not self._used:
            return
        self._renewed = True
        with contextlib.suppress(OSError):
            self._link.socket.shutdown(socket.SHUT_WR)
        arguments = self._process.pid, self._gone
        threading.Thread(
            target=_kill_after_grace, args=arguments, name=f"trimma-end-{self.worker}", daemon=True
        ).start()

    def kill(self) -> None:
        """Kill the runner and the processes that it has started, at once."""
        if not self._gone.is_set():
            _kill_group(self._process.pid)

    def dismiss(self) -> None:
        """Ask the runner to end. An idle runner ends at once; a trial's ``finally`` blocks are run first.

        A runner that still starts is killed, because it would notice only when it is ready.
        """
        if not self._ready:
            self.kill()
        self._link.socket.close()
        if self._job is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGTERM)

    def wait(self, timeout: float) -> bool:
        """Whether the runner has ended within ``timeout`` seconds."""
        if not self._gone.wait(timeout):
            return False
        self._release()
        return True

    def _release(self) -> None:
        self._link.socket.close()
        if self._line >= 0:
            os.close(self._line)
            self._line = -1
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()


def _kill_group(leader: int) -> None:
    # the runner has a session of its own, so that its process group isn't this process's
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


def _kill_after_grace(leader: int, gone: threading.Event) -> None:
    if not gone.wait(_GRACE):
        _kill_group(leader)


def _refused(failure: Failure) -> TrimmaError:
    kind = EngineError if failure.kind == EngineError.__name__ else ObjectiveError
    return kind(f"the objective can't be loaded in a worker: {failure.message}\n{failure.traceback}".rstrip())


def _cause(code: int, tail: str) -> str:
    if code < 0:
        try:
            how = f"was killed by {signal.Signals(-code).name}"
        except ValueError:
            how = f"was killed by signal {-code}"
        if code == -signal.SIGKILL:
            how += " (out of memory?)"
    else:
        how = f"exited with code {code}"
    said = tail.strip()
    return f"the worker's process {how}" + (f"; its last words: {said[-1000:]}" if said else "")
