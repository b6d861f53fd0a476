"""Ends a runner, and all processes that it has started, when its agent is gone."""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def die_with_agent() -> None:
    """Have this process and its process group killed when the agent is gone.

    The agent holds the other end of this process's standard input. A guard process is forked here, before there are
    threads, or anything of the user's in memory. The guard waits for the end of standard input, and then kills the
    group, to which it belongs itself. That works even if a trial never releases the interpreter's lock, and it also
    ends the processes that a trial has started. As long as the guard lives, the number of the group can't be given to
    other processes. On Linux the kernel is asked to kill this process as well.
    """
    _fork_guard()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)


def _fork_guard() -> None:
    """Fork the guard twice, so that it isn't a child that an objective could meet in ``os.wait``."""
    between = os.fork()
    if between:
        os.waitpid(between, 0)
        return
    if os.fork():
        os._exit(0)
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    while os.read(0, 4096):
        pass
    os.killpg(0, signal.SIGKILL)
