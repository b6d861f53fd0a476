"""The process that runs the study of a run: ``python -m chaos.driver FOLDER SESSION``.

It writes how its session ended into a file of the folder. What it is told by a line on its standard input: ``clock 60``
sets its clock by so many seconds.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from msgspec import Struct, json

import trimma as tm
from chaos import behaviours
from chaos.engines import Made, Site, engine_of
from chaos.plan import REPEATS, Plan

NAME, METRIC, SEED = "study", "loss", 5
SPACE = tm.Space(x=tm.Float(0, 1))
SCHEDULERS: dict[str, Any] = {
    "asha": tm.Asha(max_steps=behaviours.STEPS),
    "median": tm.MedianRule(min_trials=3),
    "run-all": tm.RunAll(),
    "ablation": tm.RunAll(),
}
_PATIENCE = 8.0


class Outcome(Struct, frozen=True, kw_only=True):
    """How a session ended: the study's status or the type and text of an error, and what was left behind then."""

    status: str = ""
    error: str = ""
    threads: list[str] = []
    descriptors: list[str] = []
    jobs: list[int] = []


def main(folder: Path, session: int) -> None:
    plan = json.decode((folder / "plan.json").read_bytes(), type=Plan)
    site = json.decode((folder / "site.json").read_bytes(), type=Site)
    # whoever has started the suite, in the background or for long, may have had them ignored
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    faulthandler.register(signal.SIGUSR1, (folder / f"stacks-{session}").open("w"), all_threads=True)
    threading.Thread(target=_heed_input, daemon=True).start()
    descriptors = _descriptors()
    said: dict[str, Any] = {}
    try:
        with engine_of(plan, site) as made:
            try:
                said["status"] = _run(plan, made, folder).status
            finally:
                signal.signal(signal.SIGINT, signal.SIG_IGN)
                said |= {"jobs": _lasting(made.jobs), "threads": _lasting(_threads)}
                if plan.engine in ("local", "driver"):
                    said["descriptors"] = _lasting(lambda: sorted(_descriptors() - descriptors))
    except BaseException as error:
        said["error"] = f"{type(error).__name__}: {error}"
        raise
    finally:
        # whole or not at all, for it may be killed at any time
        unfinished = folder / f"unfinished-{session}"
        unfinished.write_bytes(json.encode(Outcome(**said)))
        unfinished.rename(folder / f"outcome-{session}.json")


def _run(plan: Plan, made: Made, folder: Path) -> Any:
    store = folder / "disk" / "studies.db"
    options: dict[str, Any] = {"engine": made.engine, "progress": False}
    if store.exists() and any(each.name == NAME for each in tm.studies(store)) and not plan.by_tune:
        return tm.load(NAME, store).resume(**options)
    options |= {
        "minimize": METRIC,
        "name": NAME,
        "store": store,
        "seed": SEED,
        "resume": True,
        # one whose baseline fails is given up, whatever was to blame
        "trial_timeout": 30.0 if plan.question == "ablation" else 1.5,
        "stop_grace": 0.5,
        "scheduler": SCHEDULERS[plan.question],
        "data": {
            "folder": str(folder),
            "name": plan.name,
            "behaviours": plan.behaviours,
            "pace": plan.pace,
        },
    }
    if plan.question == "ablation":
        return tm.ablate(behaviours.ablated, [tm.Setting(a=0.0, b=0.0)], repeats=REPEATS, **options)
    return tm.tune(behaviours.search, SPACE, trials=plan.trials, failures="skip", **options)


def _heed_input() -> None:
    real, by = time.time, 0.0

    def shifted() -> float:
        return real() + by

    time.time = shifted
    # not through sys.stdin, whose lock a daemon thread would hold when the interpreter ends
    while line := os.read(0, 100):
        by = float(line.split()[1])


def _lasting(left: Any) -> Any:
    """What is still left when it has had time to end."""
    deadline = time.monotonic() + _PATIENCE
    while (found := left()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


def _threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("trimma")]


def _descriptors() -> set[str]:
    """All open descriptors but those of files."""
    found = set()
    for number in Path("/proc/self/fd").iterdir():
        try:
            target = str(number.readlink())
        except FileNotFoundError:
            continue
        if not target.startswith("/"):
            found.add(f"{number.name}: {target}")
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
