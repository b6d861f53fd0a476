"""How fast does the next trial begin on Spark?

Random search over three floats with an objective that does nothing but note when it began and ended, so that all
the time is the tuner's own. Spark runs on this machine, ``local[4]``, and everything passes over loopback; each
contender has a process, a JVM and a session of its own with the same settings (`sessions`), warmed up by jobs before
anything is timed. Our side: ``tm.Spark`` with four workers, authenticated and encrypted, every event in a SQLite
file. Progress bars and log output are off everywhere.

The peers at their best settings:

* **Hyperopt's SparkTrials**, random search, four trials at a time, ``max_queue_len=4`` (with its default of 1 it
  asks for one config a second; more than 4 is no faster). It looks for what is new once a second, which can't be set;
  and as its tasks don't read what they are given, Spark ends their Python worker, so that each trial starts a process
  and imports Hyperopt.
* **joblib-spark** with four jobs at a time. ``batch_size=1`` makes a job of each trial, which is what a tuner needs
  that shall learn from each; with ``"auto"``, its default, joblib puts trials that it finds short together into one
  job, which ends when all of them have. The faster of the two is the one that counts.
* **One Spark job per trial**: a pool of four threads, each of which collects jobs of one task, in fair pools.

The others' Python workers are kept from one job to the next (Spark's default). None of the peers keeps a trial
anywhere but in memory.

The rate is the *steady* one, as in `dispatch`: the fastest run of consecutive trials as long as half of the study,
which leaves start-up out for all. Ours runs more trials, since at its rate that few would be over too soon to be
timed. The rate *with start-up* is of equally many. Short studies come last, several in a row on the warm session.

Also measured, on our side: the gap between two trials on one worker; what `report` costs an objective, also while the
driver stands still; how long a report waits for its verdict at a rung, where it has to; the time to the first trial
against that of a bare one-task Spark job on the same warm session; whether fifty workers lose a message; and the
processor time of a driver whose two thousand agents report once a second each. Those agents are simulated (`crowd`):
each has an encrypted connection of its own, but no runner, and five hundred share a process. The driver is a whole
one, from the socket to the SQLite file; its share of a core is its process's time on processors by time passed, while
all agents report.
"""

import json
import os
import secrets
import struct
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial, reduce
from operator import getitem
from pathlib import Path
from statistics import fmean, median
from typing import Any

from dispatch import HYPEROPT, KEYS, STAMP, timed
from harness import OURS, Claim, Goal, Report, in_turns, main, quantile, run_part, versions
from sessions import spark

WORKERS = 4
FEW = 24
MANY = 50
AGENTS = 2_000
CROWDS = 4
RUNGS = 500

SPARK_TRIALS = f"{HYPEROPT.partition(',')[0]}, SparkTrials"
JOBLIB = "joblib-spark, a job per trial"
JOBLIB_AUTO = "joblib-spark, batches"
JOBS = "one Spark job per trial"


# what every trial does


def noop(path: str, a: float, b: float, c: float) -> float:
    """Note begin and end; the clock is the same in all processes of a machine."""
    begin = time.perf_counter_ns()
    value = a + b + c
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(file, struct.pack(STAMP, os.getpid(), begin, time.perf_counter_ns()))
    os.close(file)
    return value


def points(count: int) -> list[tuple[float, float, float]]:
    """Random configs, for those who search nothing."""
    import numpy as np

    return [tuple(row) for row in np.random.default_rng(1).random((count, len(KEYS))).tolist()]


# the peers, each run in a process of its own


def spark_trials(trials: int) -> dict[str, float]:
    """Hyperopt's SparkTrials."""
    import numpy as np
    from hyperopt import SparkTrials, fmin, hp, rand

    with spark(WORKERS) as session:

        def study(path: str, folder: str) -> None:
            fmin(
                lambda point: noop(path, **point),
                {key: hp.uniform(key, 0, 1) for key in KEYS},
                algo=rand.suggest, max_evals=trials, max_queue_len=WORKERS,
                trials=SparkTrials(parallelism=WORKERS, spark_session=session),
                rstate=np.random.default_rng(1), verbose=False, show_progressbar=False,
            )  # fmt: skip

        return timed(study)


def joblib_trials(trials: int, batch: int | str) -> dict[str, float]:
    """joblib-spark, with so many trials in a job."""
    import warnings

    from joblib import Parallel, delayed, parallel_backend
    from joblibspark import register_spark

    register_spark()
    with spark(WORKERS), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says that a local session has no resource profiles

        def study(path: str, folder: str) -> None:
            with parallel_backend("spark", n_jobs=WORKERS):
                Parallel(batch_size=batch)(delayed(noop)(path, *point) for point in points(trials))

        return timed(study)


def job_trials(trials: int) -> dict[str, float]:
    """A Spark job for each trial, four at a time; then short studies."""
    from concurrent.futures import ThreadPoolExecutor
    from threading import get_native_id

    with spark(WORKERS) as session:
        context = session.sparkContext

        def own_pool() -> None:
            context.setLocalProperty("spark.scheduler.pool", f"thread-{get_native_id()}")

        def study(count: int, path: str, folder: str) -> None:
            def run(point: tuple[float, float, float]) -> float:
                return context.parallelize([point], 1).map(lambda each: noop(path, *each)).collect()[0]

            with ThreadPoolExecutor(WORKERS, initializer=own_pool) as pool:
                list(pool.map(run, points(count)))

        return timed(partial(study, trials)) | {"few": few(study)}


def few(study: Callable[[int, str, str], None]) -> float:
    """The rate of short studies on the session as it is by now, start and end included: the median of five."""
    return median(timed(partial(study, FEW))["call"] for _ in range(5))


# ours


def tune(objective: Callable[..., Any], engine: Any, folder: str, keys: Sequence[str] = KEYS, **more: Any) -> Any:
    """A study with its events in a file."""
    import trimma as tm

    space = tm.Space(**{key: tm.Float(0, 1) for key in keys})
    settings = {"searcher": "random", "seed": 1, "progress": False} | more
    return tm.tune(objective, space, minimize="loss", engine=engine, store=Path(folder) / "studies.db", **settings)


def trimma_trials(trials: int, steady: int) -> dict[str, Any]:
    """Rates and gaps: a study, a long one and some short ones."""
    import trimma as tm

    with spark(WORKERS) as session:

        def study(count: int, path: str, folder: str) -> None:
            def objective(a: float, b: float, c: float) -> float:
                return noop(path, a, b, c)

            tune(objective, tm.Spark(session, workers=WORKERS), folder, trials=count)

        tm.tune, tm.Space  # noqa: B018 - imported when first used: imports are left out for all
        short, long = timed(partial(study, trials)), timed(partial(study, steady))
        return {"short": short, "long": long, "few": few(study)}


def trimma_reports(count: int, firsts: int) -> dict[str, Any]:
    """What reports cost and how long verdicts take, in seconds; and how long it takes to the first trial."""
    import trimma as tm

    with spark(WORKERS) as session, tempfile.TemporaryDirectory(prefix="bench-") as folder:

        def costs(objective: Callable[..., Any], workers: int = 1, **more: Any) -> list[float]:
            for file in Path(folder).glob("costs-*"):
                file.unlink()
            engine = tm.Spark(session, workers=workers)
            tune(objective, engine, folder, "a", name=secrets.token_hex(4), trials=workers, **more)
            return [each for file in Path(folder).glob("costs-*") for each in json.loads(file.read_text())]

        flood = costs(reporting(folder, count, 0.0))
        paced = costs(reporting(folder, count, 0.001))
        still = costs(reporting(folder, 250, 0.001, freeze=os.getpid()))
        # a factor so close to 1 has a rung at every step, and as the reports are all alike nobody is stopped
        rungs = tm.Asha(max_steps=RUNGS + 1, reduction_factor=1.0015)
        if len(rungs.rungs) != RUNGS:
            raise RuntimeError(f"{len(rungs.rungs)} rungs instead of {RUNGS}")
        verdicts = costs(reporting(folder, RUNGS, 0.005), workers=WORKERS, scheduler=rungs)
        alone = costs(reporting(folder, RUNGS, 0.005), workers=1, scheduler=rungs)
        pairs = [(_bare(session), _first(session)) for _ in range(firsts)]
    return {
        "flood": _figures(flood),
        "paced": _figures(paced),
        "still": _figures(still),
        "verdicts": _figures(verdicts),
        "alone": _figures(alone),
        "bare": [bare for bare, _ in pairs],
        "first": [first for _, first in pairs],
    }


def reporting(folder: str, count: int, pause: float, freeze: int | None = None) -> Callable[..., None]:
    """An objective that reports so often, with some work between, and writes down what each report took.

    ``freeze`` is a process that it has stopped for a second, in which it reports.
    """

    def objective(a: float, report: Callable[..., None], trial: Any) -> None:
        if freeze is not None:
            subprocess.Popen(["/bin/sh", "-c", f"kill -STOP {freeze}; sleep 1; kill -CONT {freeze}"])
            time.sleep(0.2)
        costs = []
        for _ in range(count):
            begin = time.perf_counter_ns()
            report(loss=0.5)
            end = time.perf_counter_ns()
            costs.append((end - begin) / 1e9)
            if pause >= 0.005:
                time.sleep(pause)
            while time.perf_counter_ns() < end + pause * 1e9:
                pass
        Path(folder, f"costs-{trial.id}").write_text(json.dumps(costs))

    return objective


def _figures(costs: list[float]) -> dict[str, float]:
    return {
        "median": quantile(costs, 0.5),
        "p99": quantile(costs, 0.99),
        "mean": fmean(costs),
        "most": max(costs),
    }


def _bare(session: Any) -> float:
    """The seconds from the call of a one-task Spark job to the beginning of its task."""
    called = time.perf_counter_ns()
    (began,) = session.sparkContext.parallelize([0], 1).map(lambda _: time.perf_counter_ns()).collect()
    return (began - called) / 1e9


def _first(session: Any) -> float:
    """The seconds from the call of `tune` to the beginning of the first trial."""
    import trimma as tm

    def study(path: str, folder: str) -> None:
        def objective(a: float, b: float, c: float) -> float:
            return noop(path, a, b, c)

        tune(objective, tm.Spark(session, workers=WORKERS), folder, trials=WORKERS)

    return timed(study)["first"]


def fifty_workers(trials: int, reports: int) -> dict[str, float]:
    """How many of all reports got lost, or counted twice, with fifty workers."""
    import trimma as tm

    def objective(a: float, report: Callable[..., None]) -> float:
        for _ in range(reports):
            time.sleep(0.25)
            report(loss=a)
        return a

    with spark(MANY, warm=0) as session, tempfile.TemporaryDirectory(prefix="bench-") as folder:
        called = time.time()
        study = tune(objective, tm.Spark(session, workers=MANY), folder, "a", trials=trials)
        took = time.time() - called
        done = study.trials
    complete = list(range(1, reports + 1))
    spans = [trial.spans for trial in done]
    started: dict[str, float] = {}
    for span in sorted((span for each in spans for span in each), key=lambda span: span.start):
        started.setdefault(span.workers[0], span.start - called)
    return {
        "seconds": took,
        "workers": len(started),
        "all_there": max(started.values()),
        "reports": sum(len(trial.curve) for trial in done),
        "wrong": sum(len(set(complete) ^ set(trial.curve.steps)) for trial in done)
        + sum(len(trial.curve.steps) - len(set(trial.curve.steps)) for trial in done),
        "trials": len(done),
        "not_done": sum(trial.state != "done" for trial in done),
        "repeated": sum(len(each) - 1 for each in spans),
    }


def many_agents(count: int, seconds: float) -> dict[str, float]:
    """The share of a core that a driver takes while so many agents report once a second, and what gets lost."""
    from crowd import Crowds

    from trimma.engines.remote.engine import Remote

    crowds = Crowds(CROWDS)
    marks: list[tuple[float, float, int]] = []

    @contextmanager
    def watch(engine: Any) -> Iterator[Callable[[Any, Any, float], None]]:
        def observe(events: Any, history: Any, now: float) -> None:
            moment = time.perf_counter()
            if not marks and len(history.scores) and history.counts["running"] == count:
                # what the joining has left to do is over soon
                marks.append((moment + 2.0, 0.0, 0))
            elif len(marks) == 1 and moment >= marks[0][0]:
                marks.append((moment, time.process_time(), len(history.scores)))
            elif len(marks) == 2 and moment >= marks[1][0] + seconds:
                marks.append((moment, time.process_time(), len(history.scores)))
                crowds.finish()

        yield observe

    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        called = time.perf_counter()
        trials = tune(_never, Remote(crowds, count), folder, "a", trials=count, progress=watch).trials
    _, (begin, cpu, reports), (end, later_cpu, later_reports) = marks
    sent = sum(trial.result["sent"] for trial in trials)
    return {
        "share": (later_cpu - cpu) / (end - begin),
        "rate": (later_reports - reports) / (end - begin),
        "joined": begin - 2.0 - called,
        "lost": sent - sum(len(trial.curve) for trial in trials),
        "repeated": sum(len(trial.spans) - 1 for trial in trials),
        "sent": sent,
    }


def _never(a: float) -> float:
    """What simulated agents don't run."""
    return a


PARTS = {
    function.__name__: function
    for function in (
        fifty_workers,
        job_trials,
        joblib_trials,
        many_agents,
        spark_trials,
        trimma_reports,
        trimma_trials,
    )
}
part = partial(run_part, __file__)


def measure(quick: bool) -> Report:
    """Run all contenders in turns; then the rest, which has no peers."""
    rounds, trials, slow_trials, ours_steady = (1, 24, 8, 1_500) if quick else (3, 80, 24, 5_000)
    samples, failed = in_turns(
        rounds,
        {
            OURS: partial(part, "trimma_trials", trials=trials, steady=ours_steady),
            SPARK_TRIALS: partial(part, "spark_trials", trials=slow_trials),
            JOBLIB: partial(part, "joblib_trials", trials=trials, batch=1),
            JOBLIB_AUTO: partial(part, "joblib_trials", trials=trials, batch="auto"),
            JOBS: partial(part, "job_trials", trials=trials),
        },
    )
    mine = samples.pop(OURS)
    told = [part("trimma_reports", count=1_000 if quick else 5_000, firsts=2 if quick else 5) for _ in range(rounds)]
    fifty = [part("fifty_workers", trials=300 if quick else 500, reports=10) for _ in range(1 if quick else 2)]
    crowded = [part("many_agents", count=AGENTS, seconds=10 if quick else 30) for _ in range(1 if quick else 3)]
    joblibs = {
        name: median(each["steady"] for each in samples[name]) for name in (JOBLIB, JOBLIB_AUTO) if samples[name]
    }
    joblib = max(joblibs, key=joblibs.__getitem__, default=JOBLIB)
    bounds = {SPARK_TRIALS: 100, joblib: 30, JOBS: 30}
    claims = [
        *(
            Claim(
                what="no-op trials, steady",
                unit="trials/s",
                ours=[each["long"]["steady"] for each in mine],
                peer=peer,
                theirs=[each["steady"] for each in samples[peer]],
                goal=Goal(bound=bounds[peer], at="least") if peer in bounds else None,
                missing=failed.get(peer, ""),
            )
            for peer in samples
        ),
        *(
            Claim(
                what="no-op trials, with start-up",
                unit="trials/s",
                ours=[each["short"]["call"] for each in mine],
                peer=peer,
                theirs=[each["call"] for each in samples[peer]],
                missing=failed.get(peer, ""),
            )
            for peer in (JOBLIB, JOBLIB_AUTO, JOBS)
        ),
        Claim(
            what=f"a study of {FEW} no-op trials, from start to end, on a warm session",
            unit="trials/s",
            ours=[each["few"] for each in mine],
            peer=JOBS,
            theirs=[each["few"] for each in samples[JOBS]],
            goal=Goal(bound=2, at="least"),
            missing=failed.get(JOBS, ""),
        ),
        _value("gap between two trials on a worker, median", "ms", mine, ("long", "gap"), 10),
        _value("gap between two trials on a worker, 99th percentile", "ms", mine, ("long", "gap_p99"), 50),
        _value("a report, back to back, median", "µs", told, ("flood", "median"), 50),
        _value("a report, back to back, mean (waits for the driver included)", "µs", told, ("flood", "mean")),
        _value("a report, a thousand a second, median", "µs", told, ("paced", "median")),
        _value("a report, a thousand a second, 99th percentile", "µs", told, ("paced", "p99")),
        _value(
            "the longest of 250 reports while the driver stands still for a second",
            "ms",
            told,
            ("still", "most"),
            100,
        ),
        _value(f"verdict at a rung, {WORKERS} workers, median", "ms", told, ("verdicts", "median"), 5),
        _value(f"verdict at a rung, {WORKERS} workers, 99th percentile", "ms", told, ("verdicts", "p99")),
        _value("verdict at a rung, 1 worker, median", "ms", told, ("alone", "median"), 5),
        Claim(
            what="from the call to the first trial",
            unit="s",
            ours=[first for each in told for first in each["first"]],
            peer="a bare one-task Spark job",
            theirs=[bare for each in told for bare in each["bare"]],
        ),
        Claim(
            what="from the call to the first trial, beyond that of a bare Spark job",
            unit="s",
            ours=[first - bare for each in told for first, bare in zip(each["first"], each["bare"], strict=True)],
            goal=Goal(bound=1, at="below"),
        ),
        Claim(
            what=f"{MANY} workers: reports lost or counted twice, of {figure_of(fifty, 'reports')}",
            unit="",
            ours=[each["wrong"] for each in fifty],
            goal=Goal(bound=0, at="most"),
        ),
        Claim(
            what=f"{MANY} workers: trials not done, or run twice, of {figure_of(fifty, 'trials')}",
            unit="",
            ours=[each["not_done"] + each["repeated"] for each in fifty],
            goal=Goal(bound=0, at="most"),
        ),
        Claim(
            what=f"{MANY} workers: how many ran trials",
            unit="",
            ours=[each["workers"] for each in fifty],
            goal=Goal(bound=MANY, at="least"),
        ),
        _value(f"{MANY} workers: from the call until all have a trial", "s", fifty, ("all_there",), 12),
        Claim(
            what=f"{AGENTS:,} agents, one report a second each: the driver's share of a core",
            unit="%",
            ours=[each["share"] * 100 for each in crowded],
            goal=Goal(bound=50, at="below"),
        ),
        Claim(
            what=f"{AGENTS:,} agents: reports that the driver took in",
            unit="reports/s",
            ours=[each["rate"] for each in crowded],
        ),
        Claim(
            what=f"{AGENTS:,} agents: reports lost, of {figure_of(crowded, 'sent')}",
            unit="",
            ours=[each["lost"] for each in crowded],
            goal=Goal(bound=0, at="most"),
        ),
    ]
    settings = {
        "rounds": rounds,
        "trials": trials,
        "trials_spark_trials": slow_trials,
        "trials_ours_steady": ours_steady,
        "workers": WORKERS,
        "joblib_batches": {name: round(rate, 2) for name, rate in joblibs.items()},
        "fifty": fifty,
        "agents": crowded,
        "versions": versions("trimma", "pyspark", "hyperopt", "joblib", "joblibspark", "pyzmq"),
    }
    return Report(claims=claims, settings=settings)


def figure_of(found: list[dict[str, float]], name: str) -> str:
    """A count, for a claim's words."""
    return f"{round(median(each[name] for each in found)):,}"


def _value(what: str, unit: str, found: list[Any], path: tuple[str, ...], bound: float | None = None) -> Claim:
    """A claim of seconds that stand somewhere in what was found."""
    scale = {"s": 1, "ms": 1e3, "µs": 1e6}[unit]
    goal = None if bound is None else Goal(bound=bound, at="below")
    return Claim(what=what, unit=unit, ours=[reduce(getitem, path, each) * scale for each in found], goal=goal)


if __name__ == "__main__":
    main(__file__, measure, PARTS)
