"""Are the answers of an ablation true, and what do they cost?

* **Truth** (the file ``ablation_truth.py``): simulated studies whose effects are known, judged by the functions that
  judge real ones. How often do intervals cover, how often is something found that isn't there, how often is found what
  is there, and how many trainings do adaptive repeats and screening save?
* **Scaling**: the same study of 200 trainings that sleep for a tenth of a second, on 1, 2 and 4 local workers and on 4
  of Spark. Efficiency is the time that trainings ask for by the time that workers were there, from the joining of the
  last worker to the end of the last training. Up to a thousand workers are simulated.
* **Combinations**: all 1,024 combinations of ten settings of an objective that does nothing, into a durable store, with
  start and end; so does Optuna with its sampler for that, ``BruteForceSampler``, into its journal file. Both run trials
  one at a time: Optuna in its own process, which starts nothing, ours in one worker.
"""

import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import ablation_truth
from harness import OURS, Claim, Goal, Report, in_turns, main, run_part, versions
from sessions import spark

COMPONENTS = 7
REPEATS = 25
SECONDS = 0.1
NAMES = tuple("abcdefghij")
JOURNAL = "Optuna, BruteForceSampler, journal"


def sleeping(params: dict[str, Any]) -> float:
    """A training that takes its time."""
    time.sleep(params["seconds"])
    return 1.0


def nothing(params: dict[str, Any]) -> float:
    """A training that does nothing."""
    return float(params["a"])


def study(engine: Any, objective: Any, names: tuple[str, ...], config: dict[str, Any], **how: Any) -> Any:
    """The history of an ablation of settings, kept in a durable store."""
    import trimma as tm

    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        return tm.ablate(
            objective,
            tm.Setting(**dict.fromkeys(names, False)),
            config=dict.fromkeys(names, True) | config,
            maximize="value",
            engine=engine,
            store=tm.SQLiteStore(Path(folder) / "studies.db"),
            progress=False,
            **how,
        ).history


def efficiency(history: Any, seconds: float) -> float:
    """The share of the workers' time that trainings asked for, from when all had joined."""
    joins = [stay.start for stay in history.stays]
    spans = [span for trial in history.trials for span in trial.spans]
    begin, end = max(joins), max(span.end for span in spans)
    # of what ran when the last worker joined, the rest
    asked = sum(min(seconds, max(0.0, span.start + seconds - begin)) for span in spans)
    return asked / (len(joins) * (end - begin))


def scaling(engine: str, workers: int, repeats: int) -> float:
    """The efficiency of one study."""
    import trimma as tm

    if engine == "simulated":
        where = tm.Simulated(workers, seconds=SECONDS)
        return efficiency(study(where, nothing, NAMES[:COMPONENTS], {}, repeats=repeats), SECONDS)
    names, config = NAMES[:COMPONENTS], {"seconds": SECONDS}
    if engine == "local":
        return efficiency(study(tm.Local(workers), sleeping, names, config, repeats=repeats), SECONDS)
    with spark(workers) as session:
        return efficiency(study(tm.Spark(session, workers=workers), sleeping, names, config, repeats=repeats), SECONDS)


def combinations() -> float:
    """Milliseconds for each of 1,024 combinations."""
    import trimma as tm

    begin = time.perf_counter()
    history = study(tm.Local(1), nothing, NAMES, {}, design="factorial", repeats=1)
    seconds = time.perf_counter() - begin
    if len(history.ended) != 1024:
        raise RuntimeError(f"{len(history.ended)} of 1,024 combinations were run")
    return seconds * 1000 / 1024


def optuna_combinations() -> float:
    """The same with Optuna."""
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    optuna.logging.set_verbosity(optuna.logging.ERROR)

    def objective(trial: Any) -> float:
        params = {name: trial.suggest_categorical(name, [True, False]) for name in NAMES}
        return nothing(params)

    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        begin = time.perf_counter()
        storage = JournalStorage(JournalFileBackend(str(Path(folder) / "journal.log")))
        found = optuna.create_study(storage=storage, sampler=optuna.samplers.BruteForceSampler(seed=0))
        found.optimize(objective)
        seconds, count = time.perf_counter() - begin, len(found.trials)
    if count != 1024:
        raise RuntimeError(f"{count} of 1,024 combinations were run")
    return seconds * 1000 / 1024


PARTS = {function.__name__: function for function in (scaling, combinations, optuna_combinations)}
PARTS |= ablation_truth.PARTS
part = partial(run_part, __file__)


def measure(quick: bool) -> Report:
    """Judge simulated studies, run sleeping ones, and all combinations."""
    rounds, repeats = (1, 10) if quick else (3, REPEATS)
    truth = ablation_truth.measure(quick)
    places = [("local", 1), ("local", 2), ("local", 4), ("spark", 4)]
    found = {
        place: [part("scaling", engine=place[0], workers=place[1], repeats=repeats) for _ in range(rounds)]
        for place in places
    }
    many = {
        workers: part("scaling", engine="simulated", workers=workers, repeats=workers) for workers in (10, 100, 1000)
    }
    samples, failed = in_turns(
        rounds, {OURS: partial(part, "combinations"), JOURNAL: partial(part, "optuna_combinations")}
    )
    claims = [
        *truth.claims,
        *(
            Claim(
                what=f"efficiency beyond start-up, {workers} {'worker' if workers == 1 else 'workers'}, {engine}",
                unit="%",
                ours=[share * 100 for share in shares],
                goal=Goal(bound=95, at="least"),
            )
            for (engine, workers), shares in found.items()
        ),
        *(
            Claim(
                what=f"efficiency, {workers:,} simulated workers",
                unit="%",
                ours=[share * 100],
                goal=Goal(bound=95, at="least"),
            )
            for workers, share in many.items()
        ),
        Claim(
            what="each of 1,024 combinations that do nothing",
            unit="ms",
            ours=samples[OURS],
            goal=Goal(bound=2, at="below"),
        ),
        Claim(
            what="each of 1,024 combinations that do nothing",
            unit="ms",
            ours=samples[OURS],
            peer=JOURNAL,
            theirs=samples[JOURNAL],
            missing=failed.get(JOURNAL, ""),
        ),
    ]
    settings = {
        **truth.settings,
        "trainings": (COMPONENTS + 1) * repeats,
        "seconds": SECONDS,
        "rounds": rounds,
        "versions": versions("trimma", "optuna", "pyspark", "scipy"),
    }
    return Report(claims=claims, settings=settings)


if __name__ == "__main__":
    main(__file__, measure, PARTS)
