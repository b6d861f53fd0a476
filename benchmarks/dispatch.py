"""How fast does the next trial begin?

Random search over three floats with an objective that does nothing but note when it began and ended, so that all
the time is the tuner's own. Our side: the local engine, two workers, every event in a SQLite file. Progress bars
and log output are off everywhere.

Two rates are measured, for they differ by far. *With start-up*: the trials divided by the time from the call to its
return, the start of worker processes included, `ray.init` too (not the import of the package). *Steady*: the fastest
run of consecutive trials as long as half of the study, which leaves start-up out for all, wherever it falls. For the
first all run equally many trials; for the second ours runs more of them, since at its rate that few would be over
too soon to be timed; a longer study is no easier.

The peers at their best settings:

* **Optuna** with a store that outlives it, as ours does: its journal file with its default lock (the other one is
  no faster), and SQLite in the mode that ours uses too, a write-ahead log with synchronous=NORMAL, which is faster
  than its default. (Its journal flushes every record to the disk, which can't be turned off; ours and its SQLite may
  lose the last moments with the power, not with a process.) Once as threads in one process (n_jobs=2) and once as
  two processes that share the store, which is its way to two workers that don't share an interpreter lock. The
  processes are forked when everything is imported.
* **Ray Tune** on two cores with one core a trial and two trials at a time: warm actors (reuse_actors), no logger
  callbacks, a result a trial, no dashboard, no output, no checkpoint, its own state saved at the end only. Its
  function and its class interface, of which the faster counts. Like ours it writes the study to disk.
* **Hyperopt** with its random search: one trial at a time in one process and in memory, which is its local mode.

Also measured: the gap between two trials on one worker, from the end of an objective to the begin of the next, and
what `report` costs an objective, back to back (which floods the driver: the connection fills and reports wait for
it) and at a thousand a second.
"""

import json
import os
import struct
import tempfile
import time
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import fmean, median
from typing import Any

from harness import OURS, Claim, Goal, Report, in_turns, main, quantile, run_part, versions

KEYS = ("a", "b", "c")
WORKERS = 2
STAMP = "qqq"

JOURNAL = "Optuna, 2 processes, journal file"
SQLITE = "Optuna, 2 processes, SQLite"
JOURNAL_THREADS = "Optuna, 2 threads, journal file"
SQLITE_THREADS = "Optuna, 2 threads, SQLite"
RAY_CLASS = "Ray Tune, class"
RAY_FUNCTION = "Ray Tune, function"
HYPEROPT = "Hyperopt, serial"


# what every trial does


_files: dict[str, int] = {}


def _open(path: str) -> int:
    if path not in _files:
        _files[path] = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    return _files[path]


def noop(path: str, worker: int, a: float, b: float, c: float) -> float:
    """Note begin and end; the clock is the same in all processes of a machine."""
    begin = time.perf_counter_ns()
    value = a + b + c
    os.write(_open(path), struct.pack(STAMP, worker, begin, time.perf_counter_ns()))
    return value


def read_stamps(path: str, called: int, returned: int) -> dict[str, float]:
    """The figures of one study: two rates, the gaps, and the time to the first trial, in seconds."""
    stamps = list(struct.iter_unpack(STAMP, Path(path).read_bytes()))
    ends = sorted(end for _, _, end in stamps)
    half = len(ends) // 2
    workers: dict[int, list[tuple[int, int]]] = {}
    for worker, begin, end in stamps:
        workers.setdefault(worker, []).append((begin, end))
    gaps = [after - end for spans in workers.values() for (_, end), (after, _) in pairwise(sorted(spans))]
    return {
        "trials": len(stamps),
        "call": len(stamps) / (returned - called) * 1e9,
        "steady": half / min(ends[place + half] - ends[place] for place in range(len(ends) - half)) * 1e9,
        "first": (min(begin for _, begin, _ in stamps) - called) / 1e9,
        "gap": quantile(gaps, 0.5) / 1e9,
        "gap_p99": quantile(gaps, 0.99) / 1e9,
    }


def timed(study: Callable[[str, str], None]) -> dict[str, float]:
    """Run a study, which is given the path for its stamps and a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        path = str(Path(folder) / "stamps")
        called = time.perf_counter_ns()
        study(path, folder)
        return read_stamps(path, called, time.perf_counter_ns())


# the contenders, each run in a process of its own


def trimma_trials(trials: int) -> dict[str, float]:
    """Our own: `tune`, two local workers, SQLite."""
    import trimma as tm

    def study(path: str, folder: str) -> None:
        def objective(a: float, b: float, c: float) -> float:
            return noop(path, os.getpid(), a, b, c)

        space = tm.Space(**{key: tm.Float(0, 1) for key in KEYS})
        tm.tune(
            objective, space, minimize="loss", trials=trials, searcher="random", seed=1,
            engine="local", workers=WORKERS, store=Path(folder) / "studies.db", progress=False,
        )  # fmt: skip

    tm.tune, tm.Space  # noqa: B018 - imported when first used: imports are left out for all
    return timed(study)


def optuna_trials(trials: int, storage: str, processes: bool) -> dict[str, float]:
    """Optuna with a journal file or SQLite, as two processes or two threads."""
    import multiprocessing

    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    fork = multiprocessing.get_context("fork")

    def open_storage(folder: str) -> Any:
        if storage == "journal":
            from optuna.storages import JournalStorage
            from optuna.storages.journal import JournalFileBackend

            return JournalStorage(JournalFileBackend(str(Path(folder) / "journal.log")))
        from sqlalchemy import event
        from sqlalchemy.engine import Engine

        if not event.contains(Engine, "connect", _write_ahead):
            event.listen(Engine, "connect", _write_ahead)
        url = f"sqlite:///{Path(folder) / 'optuna.db'}"
        return optuna.storages.RDBStorage(url, engine_kwargs={"connect_args": {"timeout": 60}})

    def optimize(path: str, folder: str, share: int, seed: int, jobs: int) -> None:
        import threading

        def objective(trial: Any) -> float:
            worker = threading.get_native_id()
            return noop(path, worker, *(trial.suggest_float(key, 0, 1) for key in KEYS))

        sampler = optuna.samplers.RandomSampler(seed=seed)
        study = optuna.load_study(study_name="bench", storage=open_storage(folder), sampler=sampler)
        study.optimize(objective, n_trials=share, n_jobs=jobs)

    def study(path: str, folder: str) -> None:
        optuna.create_study(study_name="bench", storage=open_storage(folder))
        if not processes:
            optimize(path, folder, trials, 1, WORKERS)
            return
        shares = [trials // WORKERS + (slot < trials % WORKERS) for slot in range(WORKERS)]
        children = [
            fork.Process(target=optimize, args=(path, folder, share, slot, 1)) for slot, share in enumerate(shares)
        ]
        for child in children:
            child.start()
        for child in children:
            child.join()
        if any(child.exitcode for child in children):
            raise RuntimeError("one of Optuna's processes failed")

    return timed(study)


def _write_ahead(connection: Any, _: Any) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")


def ray_trials(trials: int, interface: str) -> dict[str, float]:
    """Ray Tune with its function or its class interface."""
    os.environ |= {
        "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
        "TUNE_GLOBAL_CHECKPOINT_S": "1000000",
        "RAY_AIR_NEW_OUTPUT": "0",
        "RAY_USAGE_STATS_ENABLED": "0",
    }
    import ray
    from ray import tune

    def study(path: str, folder: str) -> None:
        class Trainable(tune.Trainable):
            def setup(self, config: dict[str, float]) -> None:
                self.point = config

            def reset_config(self, new_config: dict[str, float]) -> bool:
                self.point = new_config
                return True

            def step(self) -> dict[str, Any]:
                return {"loss": noop(path, os.getpid(), **self.point), "done": True}

        def function(config: dict[str, float]) -> dict[str, float]:
            return {"loss": noop(path, os.getpid(), **config)}

        ray.init(
            num_cpus=WORKERS, include_dashboard=False, configure_logging=True, logging_level="ERROR",
            log_to_driver=False, _temp_dir=folder,
        )  # fmt: skip
        try:
            tuner = tune.Tuner(
                Trainable if interface == "class" else function,
                param_space={key: tune.uniform(0, 1) for key in KEYS},
                tune_config=tune.TuneConfig(
                    metric="loss", mode="min", num_samples=trials, max_concurrent_trials=WORKERS, reuse_actors=True
                ),
                run_config=tune.RunConfig(
                    verbose=0, storage_path=folder, checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False)
                ),
            )
            tuner.fit()
        finally:
            returned.append(time.perf_counter_ns())
            ray.shutdown()

    # the stop of the cluster is no part of the call
    returned: list[int] = []
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as folder:
        path = str(Path(folder) / "stamps")
        called = time.perf_counter_ns()
        study(path, folder)
        return read_stamps(path, called, returned[0])


def hyperopt_trials(trials: int) -> dict[str, float]:
    """Hyperopt's serial `fmin`."""
    import numpy as np
    from hyperopt import fmin, hp, rand

    def study(path: str, folder: str) -> None:
        fmin(
            lambda point: noop(path, os.getpid(), **point),
            {key: hp.uniform(key, 0, 1) for key in KEYS},
            algo=rand.suggest, max_evals=trials, rstate=np.random.default_rng(1),
            verbose=False, show_progressbar=False,
        )  # fmt: skip

    return timed(study)


def reports(count: int, pause: float) -> dict[str, float]:
    """What one report costs its objective, in seconds, with ``pause`` seconds of work between two."""
    import trimma as tm

    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        told = Path(folder) / "costs.json"

        def objective(a: float, report: Callable[..., None]) -> None:
            costs = []
            for _ in range(count):
                begin = time.perf_counter_ns()
                report(loss=a)
                end = time.perf_counter_ns()
                costs.append(end - begin)
                while time.perf_counter_ns() < end + pause * 1e9:
                    pass
            told.write_text(json.dumps(costs))

        tm.tune(
            objective, tm.Space(a=tm.Float(0, 1)), minimize="loss", trials=1, seed=1,
            engine="local", workers=1, store=Path(folder) / "studies.db", progress=False,
        )  # fmt: skip
        costs = json.loads(told.read_text())
    return {"median": quantile(costs, 0.5) / 1e9, "p99": quantile(costs, 0.99) / 1e9, "mean": fmean(costs) / 1e9}


PARTS = {
    function.__name__: function for function in (trimma_trials, optuna_trials, ray_trials, hyperopt_trials, reports)
}
part = partial(run_part, __file__)


def measure(quick: bool) -> Report:
    """Run all contenders in turns; then the reports."""
    rounds, trials, ours_steady = (1, 200, 2_000) if quick else (5, 600, 5_000)
    peers: dict[str, Callable[[], Any]] = {
        RAY_CLASS: partial(part, "ray_trials", trials=trials, interface="class"),
        RAY_FUNCTION: partial(part, "ray_trials", trials=trials, interface="function"),
        JOURNAL: partial(part, "optuna_trials", trials=trials, storage="journal", processes=True),
        SQLITE: partial(part, "optuna_trials", trials=trials, storage="sqlite", processes=True),
        JOURNAL_THREADS: partial(part, "optuna_trials", trials=trials, storage="journal", processes=False),
        SQLITE_THREADS: partial(part, "optuna_trials", trials=trials, storage="sqlite", processes=False),
        HYPEROPT: partial(part, "hyperopt_trials", trials=trials),
    }

    def ours() -> dict[str, Any]:
        return {
            "short": part("trimma_trials", trials=trials),
            "long": part("trimma_trials", trials=ours_steady),
            "flood": part("reports", count=10_000, pause=0),
            "paced": part("reports", count=1_000 if quick else 5_000, pause=0.001),
        }

    found, failed = in_turns(rounds, {OURS: ours, **peers})
    mine = found.pop(OURS)
    rays = {name: median(each["steady"] for each in found[name]) for name in (RAY_CLASS, RAY_FUNCTION) if found[name]}
    ray = max(rays, key=rays.__getitem__, default=RAY_CLASS)
    claims = [
        *_against("no-op trials, steady", mine, found, failed, ray, "long", "steady", goals=True),
        *_against("no-op trials, with start-up", mine, found, failed, ray, "short", "call"),
        Claim(
            what="from the call to the first trial",
            unit="s",
            ours=[each["short"]["first"] for each in mine],
            peer=ray,
            theirs=[each["first"] for each in found[ray]],
            missing=failed.get(ray, ""),
        ),
        _ours("gap between two trials on a worker, median", "ms", mine, "long", "gap", 5.0),
        _ours("gap between two trials on a worker, 99th percentile", "ms", mine, "long", "gap_p99", 50.0),
        _ours("a report, back to back, median", "µs", mine, "flood", "median", 50.0),
        _ours("a report, back to back, 99th percentile", "µs", mine, "flood", "p99"),
        _ours("a report, back to back, mean (waits for the driver included)", "µs", mine, "flood", "mean"),
        _ours("a report, a thousand a second, median", "µs", mine, "paced", "median"),
        _ours("a report, a thousand a second, 99th percentile", "µs", mine, "paced", "p99"),
    ]
    settings = {
        "rounds": rounds,
        "trials": trials,
        "trials_ours_steady": ours_steady,
        "workers": WORKERS,
        "ray_interfaces": {name: round(rate, 1) for name, rate in rays.items()},
        "versions": versions("trimma", "optuna", "ray", "hyperopt"),
    }
    return Report(claims=claims, settings=settings)


def _against(
    what: str, mine: Any, found: Any, failed: dict[str, str], ray: str, run: str, rate: str, goals: bool = False
) -> list[Claim]:
    """One claim for each peer; of Ray Tune's interfaces the faster."""
    bounds = {ray: Goal(bound=10, at="least"), **dict.fromkeys((JOURNAL, SQLITE), Goal(bound=1, at="above"))}
    return [
        Claim(
            what=what,
            unit="trials/s",
            ours=[each[run][rate] for each in mine],
            peer=peer,
            theirs=[each[rate] for each in found[peer]],
            goal=bounds.get(peer) if goals else None,
            missing=failed.get(peer, ""),
        )
        for peer in (ray, JOURNAL, SQLITE, JOURNAL_THREADS, SQLITE_THREADS, HYPEROPT)
    ]


def _ours(what: str, unit: str, mine: Any, run: str, value: str, bound: float | None = None) -> Claim:
    scale = {"ms": 1e3, "µs": 1e6}[unit]
    goal = None if bound is None else Goal(bound=bound, at="below")
    return Claim(what=what, unit=unit, ours=[each[run][value] * scale for each in mine], goal=goal)


if __name__ == "__main__":
    main(__file__, measure, PARTS)
