"""Keeps a worker slot supplied with a runner: the processes around an `Agent`, which decides.

It never runs user code. It doesn't wait by itself: its owner watches `descriptors` and calls `read`.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from trimma.commands import Job, Signal
from trimma.facts import ENDS, FromAgent
from trimma.pickling.source_archive import MODULES
from trimma.worker.agent import Agent, HangUp, Kill
from trimma.worker.link import UNREADABLE
from trimma.worker.runner_process import RunnerProcess


class Keeper:
    """Starts a runner, passes on what the driver and the runner have to say, and starts another when the runner dies.

    ``program`` is the descriptor of the program's `bundle`, so that runners can be started even when somebody has
    removed the file. Its owner keeps it open. ``environment`` is the runner's environment. ``died`` is called, from
    another thread, when the runner's process has ended. ``growth`` is how many bytes its trials may leave behind
    in it before that is told. ``sources`` is the folder of the driver's own modules, where they were sent; they come
    first on the runner's path. The rest of the path is that of this process.
    """

    def __init__(
        self,
        worker: str,
        program: int,
        environment: Mapping[str, str],
        died: Callable[["Keeper"], None],
        growth: int,
        sources: Path | None = None,
    ) -> None:
        self.worker = worker
        self._sources = "" if sources is None else str(sources)
        self._path = ([] if sources is None else [str(sources / MODULES)]) + [str(entry) for entry in sys.path]
        self._program, self._environment, self._died, self._growth = program, environment, died, growth
        self._agent = Agent(worker)
        self._runner = self._new_runner()

    def _new_runner(self) -> RunnerProcess:
        return RunnerProcess(
            self._program, self._environment, self._growth, self._sources, self._path, lambda: self._died(self)
        )

    @property
    def pid(self) -> int:
        """The process id of the runner's guard."""
        return self._runner.pid

    @property
    def is_ready(self) -> bool:
        """Whether the runner waits for jobs or has one."""
        return self._agent.is_ready

    @property
    def descriptors(self) -> Sequence[int]:
        """The file descriptors that may have input."""
        return self._runner.descriptors

    def start(self, job: Job) -> None:
        self._agent.start(job)
        self._carry_out()

    def signal(self, trial: int, attempt: int, what: Signal) -> None:
        self._agent.signal(trial, attempt, what)
        self._carry_out()

    def renew(self) -> None:
        """Have the idle runner end, by force after a short grace. A runner that has had no job yet is fresh."""
        self._agent.renew()
        self._carry_out()

    def _carry_out(self) -> None:
        orders = self._agent.orders
        while orders:
            match order := orders.popleft():
                case Kill():
                    self._runner.kill()
                case HangUp():
                    self._runner.hang_up()
                case _:
                    self._runner.send(order)

    def read(self) -> list[FromAgent]:
        """What there is to tell of the runner since the last call.

        Raises `ObjectiveError` or `EngineError` when the runner can't load the program; the message says why.
        """
        agent, runner = self._agent, self._runner
        try:
            for message in runner.messages():
                if isinstance(message, ENDS):
                    # fetch the output that didn't pass through Python before the trial counts as ended
                    agent.print(runner.output())
                agent.hear(message)
        except (ConnectionError, *UNREADABLE) as error:
            agent.misunderstand(error)
        agent.print(runner.output())
        self._carry_out()
        return self._told()

    def collect_exit(self) -> list[FromAgent]:
        """The last facts of a runner that has exited, with the cause of its exit. Nothing is read from it after this.

        Raises `EngineError` when runners keep dying before they are ready.
        """
        facts = self.read()
        self._runner.listen_no_more()
        self._agent.end(self._runner.code, self._runner.line)
        return facts + self._told()

    def _told(self) -> list[FromAgent]:
        facts = list(self._agent.facts)
        self._agent.facts.clear()
        return facts

    def restart(self) -> None:
        """Start a new runner. The exit of the last one must have been collected."""
        self._runner.close()
        self._runner = self._new_runner()

    def kill(self) -> None:
        """Kill the runner and the processes that it has started, at once."""
        self._runner.kill()

    def dismiss(self) -> None:
        """Ask the runner to end. An idle runner ends at once; a trial's ``finally`` blocks are run first.

        A runner that still starts is killed, because it would notice only when it is ready.
        """
        if not self._agent.is_ready:
            self._runner.kill()
        self._runner.part()
        if self._agent.is_busy:
            self._runner.terminate()

    def wait(self, timeout: float) -> bool:
        """Whether the runner has ended within ``timeout`` seconds."""
        if not self._runner.wait(timeout):
            return False
        self._runner.close()
        return True
