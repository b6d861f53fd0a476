"""What a run is to be: the study, its engine, what its trials do, and what happens when. All comes from the seed."""

from __future__ import annotations

import random

from msgspec import Struct

from chaos.behaviours import CRASHES, FAILURES, GENTLE, PYTHON_ONLY

QUESTIONS = ("asha", "median", "run-all", "ablation")
REPEATS = 5
"""Of the ablation, which has three arms."""

ANYWHERE = (
    "kill driver",
    "stop driver",
    "ctrl-C",
    "ctrl-C twice",
    "SIGTERM",
    "SIGHUP",
    "full disk",
    "clock forward",
    "clock back",
)
RUNNERS = ("kill runner", "stop runner", "kill guard")
AGENTS = ("kill agent", "stop agent")
NETWORK = ("cut network", "slow network", "stuttering network", "silent network")
EXECUTORS = ("kill executor", "stop executor", "kill Python daemon")

FAULTS = {
    "local": ANYWHERE + RUNNERS,
    "driver": ANYWHERE,
    "agents": ANYWHERE + RUNNERS + AGENTS + NETWORK,
    "spark": ANYWHERE + RUNNERS + AGENTS + NETWORK + EXECUTORS,
    "standalone": ANYWHERE
    + RUNNERS
    + AGENTS
    + NETWORK
    + EXECUTORS
    + ("kill machine", "stop machine", "kill master", "stop master"),
    "dask": ANYWHERE
    + RUNNERS
    + NETWORK
    + ("kill Dask worker", "stop Dask worker", "kill nanny", "stop nanny", "kill scheduler", "stop scheduler"),
}
"""What may happen on each engine.

``agents`` are remote workers that are processes of this machine, without a cluster. ``spark`` is a local-cluster,
``standalone`` a standalone cluster of Spark.
"""
ENGINES = tuple(FAULTS)
COSTLY = ("spark", "standalone", "dask")
"""Engines that take long to start, so that more is to happen in each run."""
ENDING = ("kill driver", "ctrl-C", "ctrl-C twice", "SIGTERM", "SIGHUP")
"""What ends a session. The study is then resumed."""


class Fault(Struct, frozen=True, kw_only=True):
    """One thing that happens.

    It happens ``at`` so many seconds after the first trial of the session has begun, or, if it is ``early``, after the
    start of the driver. What passes again does so after it ``lasts`` so many seconds. ``which``, from 0 to 1, says to
    which of several it is done.
    """

    kind: str
    at: float
    lasts: float
    which: float
    early: bool = False


class Plan(Struct, frozen=True, kw_only=True):
    """One run. ``sessions`` holds the faults of each session; after them the study is resumed without a fault.

    ``behaviours`` are the weights with which trials behave in this or that way.
    """

    engine: str
    seed: int
    number: int
    question: str
    trials: int
    workers: int
    behaviours: dict[str, int]
    pace: float
    sessions: tuple[tuple[Fault, ...], ...]
    by_tune: bool

    @property
    def name(self) -> str:
        return f"{self.engine}-{self.seed}-{self.number}"

    @property
    def kinds(self) -> list[str]:
        return [fault.kind for session in self.sessions for fault in session]


def draw(engine: str, seed: int, number: int) -> Plan:
    """The plan of a run, by the seed of the suite and the number of the run."""
    rng = random.Random(f"{seed} {engine} {number}")
    question = rng.choice(QUESTIONS)
    troubles = CRASHES + PYTHON_ONLY if engine != "driver" else PYTHON_ONLY
    if question == "ablation":
        # one whose baseline fails is given up
        troubles = [kind for kind in troubles if kind not in FAILURES]
    chosen = rng.sample(troubles, min(len(troubles), rng.randint(2, 5)))
    weights = dict.fromkeys(GENTLE, 8) | dict.fromkeys(chosen, 3)
    return Plan(
        engine=engine,
        seed=seed,
        number=number,
        question=question,
        trials=3 * REPEATS if question == "ablation" else rng.randint(15, 30) * _length(engine),
        workers=rng.choice((1, 2, 2, 3)) if engine in ("local", "driver", "agents") else 2,
        behaviours=weights,
        pace=rng.choice((0.01, 0.03, 0.06)),
        sessions=tuple(_session(engine, rng) for _ in range(rng.choice((1, 1, 2, 2, 3)))),
        by_tune=rng.random() < 0.3,
    )


def _session(engine: str, rng: random.Random) -> tuple[Fault, ...]:
    own = [kind for kind in FAULTS[engine] if kind not in ENDING]
    count = rng.randint(1, 4) if engine in COSTLY else rng.randint(0, 2)
    kinds = rng.sample(own, count) + rng.sample(ENDING, rng.randint(0, 1))
    # a session without any fault would be the last one
    return tuple(_fault(kind, _length(engine), rng) for kind in kinds or [rng.choice(FAULTS[engine])])


def _length(engine: str) -> int:
    return 2 if engine in COSTLY else 1


def _fault(kind: str, length: int, rng: random.Random) -> Fault:
    early = kind != "full disk" and rng.random() < 0.15
    return Fault(
        kind=kind,
        # what ends the session comes last, so that all happens
        at=round(length * (rng.uniform(0.4, 1.0) if kind in ENDING else rng.uniform(0.0, 0.5)), 3),
        lasts=round(rng.choice((0.05, 0.4, 1.2, 3.5)) * rng.uniform(0.8, 1.2), 3),
        which=rng.random(),
        early=early,
    )
