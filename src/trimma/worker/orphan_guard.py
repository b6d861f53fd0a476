"""Ends a runner, and all processes that it has started, when its agent says so or is gone, or when the runner ends."""

import contextlib
import ctypes
import os
import resource
import select
import signal
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

_PATIENCE = 3.0
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
# one that nobody else sends
_AGENT_IS_GONE = getattr(signal, "SIGRTMAX", signal.SIGUSR1)


def fork_under_guard() -> None:
    """Fork the runner, in which this returns. The process that the agent has started stays behind as its guard.

    This is done before there are threads, or anything of the user's in memory. The agent holds the other end of the
    guard's standard input. When something comes from there, or its end, the guard kills the runner and all that the
    runner has started. That works even if a trial never releases the interpreter's lock. When the runner ends by
    itself, the guard kills what is left of it, and ends in the same way. SIGTERM is passed on to the runner.

    On Linux the guard adopts processes whose parents have ended (it is a *subreaper*), so that it also finds those that
    have begun a session of their own. Elsewhere it finds those that have stayed in the runner's group.
    """
    if sys.platform == "linux":
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)
        # the second line of defence, where another process of the agent's has inherited the other end
        _prctl(_PR_SET_PDEATHSIG, _AGENT_IS_GONE)
    guard = _Guard()
    parent = os.getpid()
    runner = os.fork()
    if runner:
        guard.watch(runner)
    guard.leave()
    os.setpgid(0, 0)
    if sys.platform == "linux":
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)


class _Guard:
    """Waits for signals and for input at the same time."""

    def __init__(self) -> None:
        self._runner, self._over = 0, False
        self._woken, self._wake = os.pipe()
        for descriptor in (self._woken, self._wake):
            os.set_blocking(descriptor, False)
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, self._note)
        signal.signal(signal.SIGTERM, self._note)
        signal.signal(_AGENT_IS_GONE, self._note)

    def leave(self) -> None:
        """Undo all this in the runner."""
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM, _AGENT_IS_GONE):
            signal.signal(number, signal.SIG_DFL)
        os.close(self._woken)
        os.close(self._wake)

    def _note(self, number: int, frame: Any) -> None:
        if number == signal.SIGTERM and self._runner:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._runner, signal.SIGTERM)
        if number == _AGENT_IS_GONE:
            self._over = True

    def watch(self, runner: int) -> NoReturn:
        self._runner = runner
        # also here, because it isn't known which of the two comes first
        with contextlib.suppress(OSError):
            os.setpgid(runner, runner)
        self._let_go_of_files()
        status: int | None = None
        while status is None and not self._over:
            self._over = 0 in self._rest(None, 0) or self._over
            status = self._ended()
        _end_like(self._end_all(status))

    def _rest(self, seconds: float | None, *descriptors: int) -> list[int]:
        """Wait for a signal, or for input on descriptors, and return those that have some."""
        ready, _, _ = select.select([*descriptors, self._woken], [], [], seconds)
        if self._woken in ready:
            os.read(self._woken, 4096)
        return ready

    def _let_go_of_files(self) -> None:
        """Hold nothing open that others take for the runner's, such as its output."""
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)
        os.dup2(nothing, 2)
        before = 2
        for kept in sorted((self._woken, self._wake)):
            os.closerange(before + 1, kept)
            before = kept
        os.closerange(before + 1, os.sysconf("SC_OPEN_MAX"))

    def _ended(self) -> int | None:
        """The status of the runner if it has ended. Others that have ended are forgotten."""
        while True:
            if hasattr(os, "waitid"):
                found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
                if found is not None and found.si_pid == self._runner:
                    # before it is forgotten, because no other group can have its number until then
                    _kill_group(self._runner)
            ended, status = os.waitpid(-1, os.WNOHANG)
            if ended == self._runner:
                if not hasattr(os, "waitid"):
                    _kill_group(self._runner)
                return status
            if not ended:
                return None

    def _end_all(self, status: int | None) -> int:
        """Kill all that is left, and return the status of the runner.

        What the kernel doesn't let go of at once, as a process that waits for a file system, holds nobody up for long.
        """
        if status is None:
            _kill_group(self._runner)
        deadline = time.monotonic() + _PATIENCE
        while True:
            # what these leave behind are children of this process then
            for child in _children():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
            try:
                ended, found = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return 0 if status is None else status
            if ended == self._runner:
                status = found
            if not ended:
                if status is not None and time.monotonic() > deadline:
                    return status
                self._rest(0.05)


def _children() -> list[int]:
    """The processes that this one has started or adopted. On Linux only, since elsewhere there is but the runner."""
    own = os.getpid()
    told = Path(f"/proc/{own}/task/{own}/children")
    if told.exists():
        return [int(child) for child in told.read_text().split()]
    return [int(entry.name) for entry in Path("/proc").glob("[0-9]*") if _parent(entry) == own]


def _parent(process: Path) -> int:
    """The number of a process's parent; 0 if the process has ended in the meantime."""
    try:
        return int((process / "stat").read_bytes().rpartition(b")")[2].split()[1])
    except OSError:
        return 0


def _end_like(status: int) -> NoReturn:
    """End as the runner has ended, which the agent tells."""
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


def _kill_group(leader: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def _prctl(option: int, value: int) -> None:
    ctypes.CDLL(None).prctl(option, value)
