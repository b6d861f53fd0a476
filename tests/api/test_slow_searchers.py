"""A searcher that takes its time holds up nobody: neither reports nor verdicts."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event as Flag
from threading import get_ident
from typing import Any

import pytest
from numpy.random import Generator

import trimma as tm
from trimma.events import Event, PlanReceived, PlanRequested, Reported
from trimma.ports import History, Searcher, Suggestion
from trimma.search import RandomSearch

SPACE = tm.Space(lr=tm.Float(0, 1))


def fit(lr: float) -> Iterator[float]:
    for step in range(200):
        yield lr + 1 / (step + 1)


@dataclass
class Blocked:
    """Random search, which waits for a flag before it gives its third config."""

    flag: Flag
    slow: bool = True
    threads: Any = None

    def __reduce__(self) -> Any:
        # what is kept with the study: a flag can't be
        return RandomSearch, ()

    def bind(self, space: tm.Space, seed: int, trials: int | None) -> Searcher:
        return _Blocked(self, RandomSearch().bind(space, seed, trials))


class _Blocked:
    def __init__(self, settings: Blocked, searcher: Searcher) -> None:
        self._settings, self._searcher = settings, searcher

    def __reduce__(self) -> Any:
        return RandomSearch, ()

    def suggest(self, history: History, free: int, rng: Generator) -> Sequence[Suggestion]:
        if self._settings.threads is not None:
            self._settings.threads.add(get_ident())
        if history.trial_count == 2 and not self._settings.flag.wait(50):
            raise TimeoutError("nothing went on while this plan was made")
        return self._searcher.suggest(history, free, rng)


@pytest.mark.parametrize("store", ["memory", "sqlite"])
def test_reports_go_on_while_a_plan_is_made(store: str, tmp_path: Any) -> None:
    flag, meanwhile = Flag(), 0

    @contextmanager
    def view(engine: Any) -> Iterator[Any]:
        planning = False

        def see(events: Sequence[Event], history: History, now: float) -> None:
            nonlocal planning, meanwhile
            for event in events:
                planning = isinstance(event, PlanRequested) or (planning and not isinstance(event, PlanReceived))
                meanwhile += planning and history.trial_count == 2 and isinstance(event, Reported)
            if meanwhile > 50:
                flag.set()

        yield see

    study = tm.tune(
        fit,
        SPACE,
        minimize="loss",
        trials=6,
        searcher=Blocked(flag),
        engine=tm.Local(workers=1),
        store="memory" if store == "memory" else tmp_path / "studies.db",
        seed=3,
        progress=view,
    )
    assert meanwhile > 50
    # the same configs as if every plan had been made at once
    flag.set()
    quick = tm.tune(fit, SPACE, minimize="loss", trials=6, seed=3, engine="simulated", store="memory", progress=False)
    assert [trial.config for trial in study.trials] == [trial.config for trial in quick.trials]


def test_what_a_plan_raises_in_its_thread_ends_the_study() -> None:
    class Broken(_Blocked):
        def suggest(self, history: History, free: int, rng: Generator) -> Sequence[Suggestion]:
            if history.trial_count == 2:
                raise ZeroDivisionError("no model fits")
            return super().suggest(history, free, rng)

    class Breaks(Blocked):
        def bind(self, space: tm.Space, seed: int, trials: int | None) -> Searcher:
            return Broken(self, RandomSearch().bind(space, seed, trials))

    with pytest.raises(ZeroDivisionError, match="no model fits"):
        tm.tune(
            fit,
            SPACE,
            minimize="loss",
            trials=6,
            searcher=Breaks(Flag()),
            engine=tm.Local(workers=1),
            store="memory",
            progress=False,
        )


def test_a_searcher_that_turns_out_to_be_slow_is_asked_beside_the_loop() -> None:
    class Dawdles(_Blocked):
        def suggest(self, history: History, free: int, rng: Generator) -> Sequence[Suggestion]:
            time.sleep(0.25)
            return super().suggest(history, free, rng)

    class Slow(Blocked):
        def bind(self, space: tm.Space, seed: int, trials: int | None) -> Searcher:
            return Dawdles(self, RandomSearch().bind(space, seed, trials))

    flag, threads = Flag(), set[int]()
    flag.set()
    study = tm.tune(
        fit,
        SPACE,
        minimize="loss",
        trials=4,
        searcher=Slow(flag, slow=False, threads=threads),
        engine=tm.Driver(threads=1),
        store="memory",
        progress=False,
    )
    requests = [event for event in study.store.read(study.name) if isinstance(event, PlanRequested)]
    assert len(requests) == 3, "the first plan was made at once"
    assert len(threads) == 2
    assert len(study.history.ended) == 4


def test_a_ready_searcher_is_asked_within_the_loop() -> None:
    """There is only one of it, which two threads may not use."""
    threads, flag = set[int](), Flag()
    flag.set()
    ready = _Blocked(Blocked(flag, threads=threads), RandomSearch().bind(SPACE, 0, 4))
    study = tm.tune(
        fit,
        SPACE,
        minimize="loss",
        trials=4,
        searcher=ready,
        engine=tm.Driver(threads=1),
        store="memory",
        progress=False,
    )
    assert threads == {get_ident()}
    assert len(study.history.ended) == 4
