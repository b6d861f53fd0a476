"""Does the core stay fast as a study grows?

ASHA over random search on the simulated engine, whose workers cost no time, so that what is left is the core, the
policies, the loop and the encoding of events for a store in memory. Each trial has ten reports to give; ASHA lets few
give all. An event is one of a study's log: queued, started, reported, stop requested, ended.

The time of an event is taken over the second half of the first 1,000, 10,000 and 100,000 trials of one study. Runs
take turns in processes of their own, and the same run gives both sides of a ratio.

Replayed is a study of 100,000 events in SQLite, by a fresh process; its memory is the growth of that process's peak
resident size, divided by the reports, so that trials and configs are part of it. What it costs to import Trimma is
measured with everything in `trimma.__all__`, which is more than one script uses, and includes NumPy.
"""

import math
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from harness import Claim, Goal, Report, main, run_part, versions

REPORTS = 10
WORKERS = 8
STORED = 16_000
HEAVY = ("pandas", "plotly", "scipy", "sqlalchemy")


def ignore(events: Any, history: Any, now: float) -> None:
    """Watch nothing."""


def run_study(
    trials: int,
    workers: int,
    store: Any,
    observe: Callable[[Any, Any, float], None] = ignore,
    reports: int = REPORTS,
    asha: bool = True,
) -> Any:
    """A study's history, run without the front door: its ``observe`` sees every turn of the loop."""
    import trimma as tm
    from trimma.core import Policy
    from trimma.loop import create, run
    from trimma.program import Program
    from trimma.spec import Metric, StudySpec

    def objective(lr: float) -> Iterator[float]:
        for step in range(1, reports + 1):
            yield abs(math.log10(lr) + 2) + 1 / step

    spec = StudySpec(name="bench", metrics=(Metric(name="loss", maximize=False),), seed=1, trials=trials)
    searcher = tm.RandomSearch().bind(tm.Space(lr=tm.Float(1e-4, 1, log=True)), 1, trials)
    ledger = create(store, spec, None, 0.0)
    run(
        ledger,
        Policy((tm.Asha(max_steps=reports) if asha else tm.RunAll()).bind(searcher)),
        tm.Simulated(workers, straggle=0.3),
        store,
        Program(objective=objective, metric="loss"),
        trials=trials,
        until=None,
        observe=observe,
        requests=lambda: (),
    )
    ended = len(ledger.history.ended)
    if ended != trials:
        raise RuntimeError(f"{ended} of {trials} trials ended")
    return ledger.history


def growing(sizes: list[int], workers: int) -> dict[str, Any]:
    """The seconds of an event in the second half of the first ``sizes`` trials, and events a second in all."""
    import trimma as tm

    marks = sorted({mark for size in sizes for mark in (size // 2, size)}, reverse=True)
    reached: dict[int, tuple[float, int]] = {}

    def observe(events: Any, history: Any, now: float) -> None:
        while marks and history.trial_count >= marks[-1]:
            reached[marks.pop()] = time.perf_counter(), len(history)

    begin = time.perf_counter()
    history = run_study(max(sizes), workers, tm.MemoryStore(), observe)
    seconds = time.perf_counter() - begin
    events = []
    for size in sizes:
        (before, first), (after, last) = reached[size // 2], reached[size]
        events.append((after - before) / (last - first))
    return {"event": events, "rate": len(history) / seconds, "events": len(history)}


def write_study(path: str, trials: int, reports: int, asha: bool) -> dict[str, int]:
    """Store a study in SQLite."""
    import trimma as tm

    return {"events": len(run_study(trials, WORKERS, tm.SQLiteStore(path), reports=reports, asha=asha))}


def replay_study(path: str) -> dict[str, float]:
    """Read it back: seconds, and bytes for each of its reports."""
    import trimma as tm
    from trimma.loop import replay

    store = tm.SQLiteStore(path)
    held = _peak()
    begin = time.perf_counter()
    history = replay(store, "bench").history
    seconds = time.perf_counter() - begin
    return {
        "seconds": seconds,
        "events": len(history),
        "reports": len(history.scores),
        "bytes": (_peak() - held) / len(history.scores),
    }


def _peak() -> int:
    """The most memory that this process has held, in bytes."""
    import resource
    import sys

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def import_trimma() -> dict[str, Any]:
    """The seconds of the import, alone and with all public names, and what heavy came with it."""
    import sys

    begin = time.perf_counter()
    import trimma

    alone = time.perf_counter() - begin
    for name in trimma.__all__:
        getattr(trimma, name)
    return {
        "alone": alone,
        "all": time.perf_counter() - begin,
        "heavy": [name for name in HEAVY if name in sys.modules],
    }


PARTS = {function.__name__: function for function in (growing, write_study, replay_study, import_trimma)}
part = partial(run_part, __file__)


def measure(quick: bool) -> Report:
    """Grow studies, replay one, import."""
    rounds = 1 if quick else 3
    sizes = [1_000, 10_000, 20_000] if quick else [1_000, 10_000, 100_000]
    many = 10_000
    grown, crowded, replayed, long_ones = [], [], [], []
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        path, long_path = str(Path(folder) / "studies.db"), str(Path(folder) / "long.db")
        # a little over six events a trial; the exact number stands in the claim
        written = part("write_study", path=path, trials=STORED, reports=REPORTS, asha=True)
        part("write_study", path=long_path, trials=100, reports=1_000, asha=False)
        for _ in range(rounds):
            grown.append(part("growing", sizes=sizes, workers=WORKERS))
            crowded.append(part("growing", sizes=[2 * many], workers=many))
            replayed += [part("replay_study", path=path) for _ in range(3)]
            long_ones.append(part("replay_study", path=long_path))
    imports = [part("import_trimma") for _ in range(5 if quick else 15)]
    costs = [[event * 1e6 for event in each["event"]] for each in grown]
    claims = [
        *(
            Claim(
                what=f"time of an event at {later:,} trials",
                unit="µs",
                ours=[cost[sizes.index(later)] for cost in costs],
                peer=f"the same study at {earlier:,}",
                theirs=[cost[sizes.index(earlier)] for cost in costs],
                goal=Goal(bound=1.5, at="most") if later == sizes[-1] and earlier == sizes[0] else None,
            )
            for earlier, later in [*pairwise(sizes), (sizes[0], sizes[-1])]
        ),
        Claim(
            what=f"events, {WORKERS} workers, {sizes[-1]:,} trials",
            unit="events/s",
            ours=[each["rate"] for each in grown],
            goal=Goal(bound=20_000, at="least"),
        ),
        Claim(
            what=f"events, {many:,} workers, {2 * many:,} trials",
            unit="events/s",
            ours=[each["rate"] for each in crowded],
            peer=f"{WORKERS} workers",
            theirs=[each["rate"] for each in grown],
        ),
        Claim(
            what=f"replay of {written['events']:,} events from SQLite",
            unit="s",
            ours=[each["seconds"] for each in replayed],
            goal=Goal(bound=3, at="below"),
        ),
        Claim(
            what=f"memory of a study for each report, {replayed[0]['reports'] / STORED:.1f} reports a trial",
            unit="bytes",
            ours=[each["bytes"] for each in replayed],
        ),
        Claim(
            what="memory of a study for each report, 1,000 reports a trial",
            unit="bytes",
            ours=[each["bytes"] for each in long_ones],
        ),
        Claim(
            what="import trimma",
            unit="ms",
            ours=[each["alone"] * 1e3 for each in imports],
            goal=Goal(bound=250, at="below"),
        ),
        Claim(
            what="import trimma with all of its public names",
            unit="ms",
            ours=[each["all"] * 1e3 for each in imports],
            goal=Goal(bound=250, at="below"),
        ),
        Claim(
            what=f"imported with it, of {', '.join(HEAVY)}",
            unit="",
            ours=[len(each["heavy"]) for each in imports],
            goal=Goal(bound=0, at="most"),
        ),
    ]
    settings = {
        "rounds": rounds,
        "reports_a_trial": REPORTS,
        "scheduler": f"Asha(max_steps={REPORTS})",
        "events_grown": int(median(each["events"] for each in grown)),
        "events_replayed": written["events"],
        "reports_replayed": replayed[0]["reports"],
        "imports": len(imports),
        "versions": versions("trimma", "numpy", "msgspec"),
    }
    return Report(claims=claims, settings=settings)


if __name__ == "__main__":
    main(__file__, measure, PARTS)
