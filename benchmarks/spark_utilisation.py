"""How busy are the workers when trials take different times?

Trial times are lognormal with a sigma of 1, eight trials a worker. The busy share is the time in trials by the time
that workers were there, from the joining of each to the end of the last trial. Against two ways to use Spark without
a tuner:

* **Rounds** (a bulk-synchronous map): as many trials at a time as there are workers, and the next round when the
  last trial of a round is over, so that a round takes as long as its longest.
* **A static split** (``mapInPandas`` over a range): each worker gets its consecutive eight trials at once.

At sixteen workers both are computed from the same trial times in the same order, and nothing but the times counts
(no start of jobs, no scheduling); ours is the real loop with `trimma.engines.Simulated`.

At four workers everything is real, all in one session on this machine (``local[4]``), with trials that sleep: ours on
``tm.Spark``, rounds as jobs of four tasks, the static split as one job. Only the time that trials ask for counts as
busy, so that whatever goes on between them is idle time, for all alike. The same study on the simulated engine, with
the same times and workers that join when the real ones did, says what is possible; and the two peers are held against
what was computed for them.
"""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from harness import Claim, Goal, Report, main, run_part, versions
from sessions import spark

SIMULATED = 16
REAL = 4
EACH = 8
ROUNDS = "rounds"
STATIC = "a static split"


def lognormal(seed: int, workers: int, scale: float = 1.0) -> list[float]:
    """The times of all trials."""
    import numpy as np

    return (scale * np.random.default_rng(seed).lognormal(0.0, 1.0, workers * EACH)).tolist()


# what can be computed


def batches(times: Sequence[float], size: int) -> list[Sequence[float]]:
    """The times in batches of this size, in order."""
    return [times[start : start + size] for start in range(0, len(times), size)]


def in_rounds(times: Sequence[float], workers: int) -> float:
    """The busy share when each round waits for its longest trial."""
    return sum(times) / workers / sum(max(each) for each in batches(times, workers))


def split(times: Sequence[float], workers: int) -> float:
    """The busy share when each worker has its consecutive part."""
    return sum(times) / workers / max(sum(each) for each in batches(times, len(times) // workers))


# ours


class Late:
    """A simulated engine whose workers join when they are told to, in seconds from the beginning."""

    def __init__(self, engine: Any, joins: Sequence[float]) -> None:
        self._engine, self._due = engine, sorted(joins, reverse=True)
        self._joined: list[Any] = []
        self.capacity, self.clock = engine.capacity, engine.clock
        self.carry_out, self.tell, self.close = engine.carry_out, engine.tell, engine.close

    def open(self, program: Any) -> None:
        self._engine.open(program)
        # all are there at the beginning, and kept back
        self._joined = list(self._engine.poll(0.0))

    def poll(self, timeout: float | None, demand: int | None = None) -> Sequence[Any]:
        now = self.clock.now()
        if self._due and self._due[-1] <= now:
            self._due.pop()
            return [self._joined.pop(0)]
        limit = min([math.inf if timeout is None else timeout, *(due - now for due in self._due)])
        return self._engine.poll(None if limit == math.inf else limit, demand)


def study(times: Sequence[float], engine: Any, objective: Callable[..., Any], store: Any = None) -> Any:
    """The history of a study whose trials take these times, in this order."""
    import trimma as tm
    from trimma.testing import run_study

    space = tm.Space(seconds=tm.Grid(list(times)))
    found = run_study(tm.GridSearch(), space=space, objective=objective, engine=engine, store=store, trials=None)
    history = found.history
    ended = [trial.config["seconds"] for trial in history.trials if trial.state == "done"]
    if ended != list(times):
        raise RuntimeError(f"{len(ended)} of {len(times)} trials are done")
    return history


def share_of(history: Any) -> tuple[float, list[float]]:
    """The busy share, and when each worker joined."""
    joins: dict[str, float] = {}
    for stay in history.stays:
        joins.setdefault(stay.worker, stay.start)
    first = min(joins.values())
    end = max(span.end for trial in history.trials for span in trial.spans)
    busy = sum(trial.config["seconds"] for trial in history.trials)
    return busy / sum(end - join for join in joins.values()), [join - first for join in joins.values()]


def nothing(seconds: float) -> float:
    """A trial whose time is made up."""
    return seconds


def sleep(seconds: float) -> float:
    """A trial that takes its time."""
    time.sleep(seconds)
    return seconds


def simulate(times: Sequence[float], joins: Sequence[float]) -> float:
    """The busy share of simulated workers that join at these times."""
    import trimma as tm

    engine = tm.Simulated(len(joins), seconds=lambda config, step: config["seconds"])
    return share_of(study(times, Late(engine, joins), nothing))[0]


def simulated(seed: int) -> dict[str, float]:
    """One set of times, three ways, at sixteen workers."""
    times = lognormal(seed, SIMULATED)
    return {
        "ours": simulate(times, [0.0] * SIMULATED),
        ROUNDS: in_rounds(times, SIMULATED),
        STATIC: split(times, SIMULATED),
    }


# all of it on Spark


def many_simulated(seeds: int) -> list[dict[str, float]]:
    """All sets of times."""
    return [simulated(seed) for seed in range(seeds)]


def real(seed: int, scale: float) -> dict[str, float]:
    """One set of times, three ways, on four workers of one session; and what was to be expected."""
    import tempfile
    from pathlib import Path

    import trimma as tm

    times = lognormal(1000 + seed, REAL, scale)
    with spark(REAL) as session, tempfile.TemporaryDirectory(prefix="bench-") as folder:
        ways: dict[str, Callable[[], Any]] = {
            "ours": lambda: share_of(
                study(times, tm.Spark(session, workers=REAL), sleep, tm.SQLiteStore(Path(folder) / "studies.db"))
            ),
            ROUNDS: lambda: spark_rounds(session, times),
            STATIC: lambda: spark_split(session, times),
        }
        # in turns: each comes first, second and third
        order = [*ways][seed % len(ways) :] + [*ways][: seed % len(ways)]
        found = {name: ways[name]() for name in order}
    ours, joins = found["ours"]
    return {
        "ours": ours,
        "simulated": simulate(times, joins),
        "last_join": max(joins),
        ROUNDS: found[ROUNDS],
        STATIC: found[STATIC],
        f"{ROUNDS}, computed": in_rounds(times, REAL),
        f"{STATIC}, computed": split(times, REAL),
    }


def spark_rounds(session: Any, times: Sequence[float]) -> float:
    """A job for each round."""

    def run(seconds: float) -> tuple[float, float]:
        begin = time.time()
        time.sleep(seconds)
        return begin, time.time()

    spans: list[tuple[float, float]] = []
    for some in batches(times, REAL):
        spans += session.sparkContext.parallelize(some, REAL).map(run).collect()
    return _share(times, spans)


def spark_split(session: Any, times: Sequence[float]) -> float:
    """One job, of which each task has its part of the range."""
    import pandas as pd

    def run(frames: Iterator[Any]) -> Iterator[Any]:
        for frame in frames:
            spans = []
            for number in frame["id"]:
                begin = time.time()
                time.sleep(times[number])
                spans.append((begin, time.time()))
            yield pd.DataFrame(spans, columns=["begin", "end"])

    rows = session.range(0, len(times), numPartitions=REAL).mapInPandas(run, "begin double, end double").collect()
    return _share(times, [(row["begin"], row["end"]) for row in rows])


def _share(times: Sequence[float], spans: Sequence[tuple[float, float]]) -> float:
    if len(spans) != len(times):
        raise RuntimeError(f"{len(spans)} of {len(times)} trials ran")
    return sum(times) / REAL / (max(end for _, end in spans) - min(begin for begin, _ in spans))


PARTS = {function.__name__: function for function in (many_simulated, real)}
part = partial(run_part, __file__)


def measure(quick: bool) -> Report:
    """Simulate sixteen workers, run four."""
    seeds, studies, scale = (20, 1, 0.2) if quick else (100, 5, 0.3)
    found = part("many_simulated", seeds=seeds)
    ran = [part("real", seed=seed, scale=scale) for seed in range(studies)]

    def percent(rows: Sequence[dict[str, float]], name: str) -> list[float]:
        return [row[name] * 100 for row in rows]

    claims = [
        *(
            Claim(
                what=f"busy share, {SIMULATED} simulated workers",
                unit="%",
                ours=percent(found, "ours"),
                peer=peer,
                theirs=percent(found, peer),
                goal=Goal(bound=bound, at="least"),
            )
            for peer, bound in ((ROUNDS, 2.5), (STATIC, 1.25))
        ),
        Claim(
            what=f"busy share, {REAL} workers on Spark",
            unit="%",
            ours=percent(ran, "ours"),
            peer="the same study, simulated",
            theirs=percent(ran, "simulated"),
        ),
        Claim(
            what=f"busy share, {REAL} workers on Spark: off the simulated one by",
            unit="%",
            ours=[abs(row["ours"] / row["simulated"] - 1) * 100 for row in ran],
            goal=Goal(bound=3, at="most"),
        ),
        *(
            Claim(
                what=f"busy share, {REAL} workers on Spark",
                unit="%",
                ours=percent(ran, "ours"),
                peer=f"{peer}, on Spark",
                theirs=percent(ran, peer),
            )
            for peer in (ROUNDS, STATIC)
        ),
        *(
            Claim(
                what=f"busy share of {peer}, {REAL} workers on Spark",
                unit="%",
                ours=percent(ran, peer),
                peer="as computed",
                theirs=percent(ran, f"{peer}, computed"),
            )
            for peer in (ROUNDS, STATIC)
        ),
        Claim(
            what="from the joining of the first worker on Spark to that of the fourth",
            unit="s",
            ours=[row["last_join"] for row in ran],
        ),
    ]
    settings = {
        "seeds": seeds,
        "studies": studies,
        "trials_a_worker": EACH,
        "median_trial_seconds": scale,
        "versions": versions("trimma", "pyspark", "pandas", "pyarrow"),
    }
    return Report(claims=claims, settings=settings)


if __name__ == "__main__":
    main(__file__, measure, PARTS)
