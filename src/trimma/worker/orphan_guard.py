"""A runner's life hangs on its agent's: when the agent is gone, so are the runner and all that it has started."""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def tie() -> None:
    """Tie this process and its group to the process that holds the other end of its standard input.

    A guard, forked here (before there are threads, or anything of the user's in memory), waits for the end of that
    pipe and then kills the group that it shares with this process: also where a trial never lets go of the
    interpreter, and with it what a trial has started. Being a member of the group it keeps the group's number from
    being given to others. Linux is asked to kill this process by itself besides.
    """
    _fork_guard()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)


def _fork_guard() -> None:
    """Forked twice, so that it isn't a child that an objective could meet in ``os.wait``."""
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
