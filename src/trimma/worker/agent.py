"""The agent: what it makes of what its driver wants and of what its runner does. It has no process and no clock.

A runner is the process that runs trials, one after another. When it has ended, its owner starts another for the agent.
Each of these runners has one *stay* in the study, from when it is ready until it ends. The agent numbers them, in what
it tells its driver and in what it does. So a job that was meant for a runner that has died isn't given to the next one:
the driver has written that attempt off, or will.
"""

import signal
from collections import deque

from msgspec import Struct

from trimma.commands import Job, Send, Signal
from trimma.errors import EngineError, ObjectiveError, TrimmaError
from trimma.events import Failure
from trimma.facts import ENDS, OF_TRIAL, FromAgent, Joined, Left, Printed, Returned
from trimma.worker.link import Begun, FromRunner, Ready, Refused
from trimma.worker.output import LIMIT, LONGEST_LINE

_TAIL = 4000
_FRUITLESS_STARTS = 3


class Kill(Struct, frozen=True):
    """Kill the runner and the processes that it has started, at once."""


class HangUp(Struct, frozen=True):
    """Let the runner know that no job follows, so that it ends by itself; kill it after a short grace."""


Order = Job | Send | Kill | HangUp


class Agent:
    """One worker slot. What its driver is to be told gathers in ``facts``, and what is to be done in ``orders``.

    ``stay`` is the number of the runner that is ready, or was the last to be so. It is 0 before the first.
    """

    def __init__(self, worker: str) -> None:
        self.worker = worker
        self.stay = 0
        self.facts: deque[FromAgent] = deque()
        self.orders: deque[Order] = deque()
        self._fruitless = 0
        self._await_runner()

    def _await_runner(self) -> None:
        self._job: Job | None = None
        self._begun = False
        self._room = 0
        self._line = self._tail = ""
        self._ready = self._used = self._renewed = self._deaf = False

    @property
    def is_ready(self) -> bool:
        """Whether the runner has loaded the program, and has not ended."""
        return self._ready

    @property
    def is_busy(self) -> bool:
        """Whether the runner has a job, as far as is known."""
        return self._job is not None

    # what the driver wants

    def start(self, job: Job) -> None:
        if not self._ready or self._renewed or (job.stays and job.stay_of(self.worker) != self.stay):
            return
        self._job, self._begun, self._room, self._line, self._used = job, False, LIMIT, "", True
        self.orders.append(job)

    def signal(self, trial: int, attempt: int, what: Signal) -> None:
        if not self._runs(trial, attempt):
            return
        if what is Signal.KILL:
            # from here on the attempt has failed, whatever messages it may still have sent
            self._deaf = True
            self.orders.append(Kill())
        else:
            self.orders.append(Send(trial=trial, attempt=attempt, signal=what))

    def renew(self) -> None:
        """Have the idle runner end, so that another is started. Its end isn't told as a loss.

        A runner that has had no job yet is fresh, and stays.
        """
        if self._used and not self._renewed and self._job is None:
            self._renewed = True
            self.orders.append(HangUp())

    # what the runner does

    def hear(self, message: FromRunner) -> None:
        """Take in what the runner has sent.

        Raises `ObjectiveError` or `EngineError` when the runner can't load the program; the message says why.
        """
        if isinstance(message, Begun):
            self._begun = True
            return
        if self._deaf:
            return
        match message:
            case Ready():
                self._ready, self._fruitless = True, 0
                self.stay += 1
                self.facts.append(Joined(worker=self.worker, stay=self.stay))
            case Refused():
                raise _refused(message.failure)
            case _ if isinstance(message, OF_TRIAL):
                if self._runs(message.trial, message.attempt):
                    if isinstance(message, ENDS):
                        self._keep(self._line)
                        self._job = None
                    self.facts.append(message)

    def misunderstand(self, error: Exception) -> None:
        """Trust the runner no more, since what it sends can't be read.

        The user's code has written to the connection, or memory is damaged.
        """
        self._tail += f"\nits messages can't be read: {error}"
        self._deaf = True
        self.orders.append(Kill())

    def print(self, text: str) -> None:
        """Take in what was written past Python's streams. It is told in whole lines, unless they are very long."""
        self._tail = (self._tail + text)[-_TAIL:]
        lines, end, self._line = (self._line + text).rpartition("\n")
        if len(self._line) > LONGEST_LINE:
            end, self._line = end + self._line, ""
        self._keep(lines + end)

    def _keep(self, text: str) -> None:
        if text and self._room > 0 and self._job is not None:
            self._room -= len(text)
            self.facts.append(Printed(trial=self._job.trial, attempt=self._job.attempt, text=text))

    def end(self, code: int, line: str) -> None:
        """Take in that the runner has ended with this exit code, or by the signal of that negative number.

        ``line`` is the last line that it had begun to print. All that it has sent and written was taken in before. A
        new runner is expected from here on. Raises `EngineError` when runners keep dying before they are ready.
        """
        job, ran = self._job, self._begun
        self._keep(self._line)
        if job is not None:
            if line and self._room > 0:
                self.facts.append(Printed(trial=job.trial, attempt=job.attempt, text=f"{line}\n"))
            if code == 0 and ran and not self._deaf:
                # the objective has ended its process as one that is done
                self.facts.append(Returned(trial=job.trial, attempt=job.attempt, metrics={}))
                ran = False
        cause, ready, renewed = _cause(code, self._tail), self._ready, self._renewed
        self._await_runner()
        if renewed:
            return
        if ready:
            self.facts.append(Left(worker=self.worker, cause=cause, stay=self.stay, ran=job is not None and ran))
            return
        self._fruitless += 1
        if self._fruitless == _FRUITLESS_STARTS:
            raise EngineError(f"worker {self.worker} died {_FRUITLESS_STARTS} times before it was ready: {cause}")

    def _runs(self, trial: int, attempt: int) -> bool:
        return self._job is not None and (self._job.trial, self._job.attempt) == (trial, attempt)


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
