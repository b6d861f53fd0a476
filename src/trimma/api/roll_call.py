"""Has an engine start its workers, and each of them run one short trial that tells where it runs."""

import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import closing

import msgspec
from msgspec import Struct

from trimma.commands import Job
from trimma.errors import EngineError
from trimma.facts import Joined, Left, Printed, Raised, Returned
from trimma.ports import Engine
from trimma.program import Program

MOST = 8
"""More workers than these aren't asked for: a cluster has other things to do."""

_LATECOMERS = 15.0
_LOOK_UP = 0.25


class Present(Struct, frozen=True, kw_only=True):
    """What a worker tells of itself. ``free`` is the room on its disk, in bytes; ``seconds`` is when it told."""

    host: str
    python: str
    executable: str
    trimma: str
    folder: str
    free: int
    seconds: float = 0.0


def here() -> Present:
    """What this process would tell."""
    return msgspec.json.decode(_introduction()(), type=Present)


def roll_call(engine: Engine, patience: float) -> list[Present]:
    """Who is there: up to `MOST` workers, each after its trial, the first within ``patience`` seconds.

    Once one has told, the others are waited for a little longer. Raises `EngineError` and its kin for what an engine
    says when it can't start workers, for a worker that dies, and when there is none in time.
    """
    wanted = min(engine.capacity, MOST)
    begin = time.monotonic()
    deadline = begin + patience
    said: dict[int, str] = defaultdict(str)
    present: list[Present] = []
    with closing(engine):
        engine.open(Program(objective=_telling(), metric="done", study="roll call"))
        while len(present) < wanted and time.monotonic() < deadline:
            for fact in engine.poll(_LOOK_UP, wanted):
                match fact:
                    case Joined(worker=worker):
                        engine.start(Job(trial=int(worker.rpartition("-")[2]), attempt=1, workers=(worker,), config={}))
                    case Printed(trial=trial, text=text):
                        said[trial] += text
                    case Returned(trial=trial):
                        present.append(_present(said[trial], time.monotonic() - begin))
                        deadline = min(deadline, time.monotonic() + _LATECOMERS)
                    case Raised(failure=failure):
                        raise EngineError(f"a worker can't run a trial: {failure}")
                    case Left(worker=worker, cause=cause, crashed=True):
                        raise EngineError(f"{worker} has died: {cause}")
    if not present:
        raise EngineError(f"no worker was ready within {patience:g} s: is there room for one, and time?")
    return present


def _present(said: str, seconds: float) -> Present:
    told = next(line for line in said.splitlines() if line.startswith('{"host"'))
    return msgspec.structs.replace(msgspec.json.decode(told, type=Present), seconds=seconds)


def _telling() -> Callable[..., float]:
    introduction = _introduction()

    def objective(trial: object) -> float:
        trial.log(introduction())  # type: ignore[attr-defined]
        return 0.0

    return objective


def _introduction() -> Callable[[], str]:
    # nested, so that it travels as it is: the worker may have a trimma that has no such module
    def introduction() -> str:
        import json
        import os
        import platform
        import shutil
        import sys
        import tempfile

        import trimma

        folder = os.environ.get("TRIMMA_CACHE") or tempfile.gettempdir()
        return json.dumps(
            {
                "host": platform.node(),
                "python": platform.python_version(),
                "executable": sys.executable,
                "trimma": trimma.__version__,
                "folder": folder,
                "free": shutil.disk_usage(folder).free,
            }
        )

    return introduction
