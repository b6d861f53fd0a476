"""Runs whole studies on virtual time, and gives their logs."""

import json
import math
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from trimma.codec import encode
from trimma.core import Policy
from trimma.engines.simulated import Simulated
from trimma.events import Event
from trimma.ledger import Ledger
from trimma.loop import create, replay, run
from trimma.planners import with_planner
from trimma.ports import BindsSearcher, BindsSpace, Engine, History, Store
from trimma.program import Program, Variants
from trimma.requests import Request
from trimma.schedule.run_all import RunAll
from trimma.space import Float, Int, Space
from trimma.spec import Metric, StudySpec
from trimma.stopping import Rule
from trimma.stores.memory import MemoryStore

METRIC = "score"
STEPS = 10
SPACE = Space(rate=Float(1e-4, 1.0, log=True), width=Int(1, 64))


@dataclass(frozen=True)
class StudyRun:
    """A study that was run: its ledger, and the store that holds its events."""

    ledger: Ledger
    store: Store
    name: str

    @property
    def history(self) -> History:
        return self.ledger.history

    @property
    def events(self) -> list[Event]:
        """All events, oldest first."""
        return list(self.store.read(self.name))

    @property
    def records(self) -> list[bytes]:
        """All events as they are stored."""
        return [encode(event) for event in self.events]

    @property
    def configs(self) -> list[dict[str, Any]]:
        """The configs of all trials, in order."""
        return [dict(trial.config) for trial in self.history.trials]


def curve(params: Mapping[str, Any]) -> Iterator[dict[str, float]]:
    """An objective that takes any config. It reports a falling ``score`` at 10 steps, at a level set by the config."""
    level = zlib.crc32(json.dumps(params, sort_keys=True).encode()) / 2**32
    for step in range(1, STEPS + 1):
        yield {METRIC: level + math.exp(-step / 3)}


def run_study(
    searcher: BindsSpace,
    scheduler: BindsSearcher | None = None,
    *,
    space: Space = SPACE,
    objective: Callable[..., Any] = curve,
    engine: Engine | None = None,
    store: Store | None = None,
    name: str = "study",
    trials: int | None = 20,
    until: Rule | None = None,
    seed: int = 0,
    maximize: bool = False,
    value: Literal["last", "best"] = "last",
    metric: str = METRIC,
    variants: Variants | None = None,
    requests: Callable[[], Sequence[Request]] = lambda: (),
    **spec: Any,
) -> StudyRun:
    """Run a study to its close, or go on with it where ``store`` holds one of this name.

    ``engine`` is by default a `Simulated` of four equally fast workers. ``spec`` holds further fields of `StudySpec`.
    """
    store = MemoryStore() if store is None else store
    engine = Simulated() if engine is None else engine
    if name in store.studies():
        ledger = replay(store, name)
    else:
        metrics = (Metric(name=metric, maximize=maximize, value=value),)
        asked = StudySpec(name=name, metrics=metrics, seed=seed, trials=trials, until=until, **spec)
        ledger = create(store, asked, None, engine.clock.now())
    bound = searcher.bind(space, seed, trials)
    policy, planner = with_planner(
        Policy.of((scheduler or RunAll()).bind(bound), bound), None, ledger, engine, store, slow=False
    )
    with store.claim(name):
        run(
            ledger,
            policy,
            engine,
            store,
            Program(objective=objective, metric=metric, variants=variants),
            trials=trials,
            until=until,
            observe=lambda events, history, now: None,
            requests=requests,
            planner=planner,
        )
    return StudyRun(ledger, store, name)


def cut(events: Sequence[Event], length: int, name: str = "study") -> MemoryStore:
    """A store that holds the first ``length`` events of a log, as a crash after that event would leave it."""
    store = MemoryStore()
    store.append(name, events[:length], expected=0)
    return store
