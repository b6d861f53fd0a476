"""Trials on virtual time say the same as trials in processes, and say the same each time."""

import gc
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import msgspec
import pytest
from numpy.random import Generator

import objectives
from promotion import Promotion
from trimma.checkpoint import Checkpoint
from trimma.commands import Job, Send, Signal, Start
from trimma.engines import Local, Simulated
from trimma.events import Logged
from trimma.facts import Fact, Left, Measured, Printed, Returned
from trimma.ports import CONTINUE, BindsSearcher, Decision, Engine, History, Scheduler, Searcher, Suggestion, Verdict
from trimma.program import Program
from trimma.schedule import Asha, MedianRule, RunAll
from trimma.search import GridSearch, RandomSearch
from trimma.space import Float, Grid, Space
from trimma.testing import run_study
from trimma.testing.studies import METRIC
from trimma.trial import Trial
from trimma.worker.output_by_thread import TrialStream
from trimma.worker.reporter import Reporter

GENERATORS = [objective.__name__ for objective in objectives.GENERATORS]


@dataclass(frozen=True)
class Cut:
    """Every trial has a budget, or is cut off at each of its rungs."""

    rungs: tuple[int, ...] = ()
    budget: int | None = None
    decision: Decision = Decision.CONTINUE

    def bind(self, searcher: Searcher) -> Scheduler:
        return _Cut(self, searcher)


@dataclass(frozen=True)
class _Cut:
    told: Cut
    searcher: Searcher

    def plan(self, history: History, free: int, rng: Generator) -> Sequence[Suggestion]:
        return [
            msgspec.structs.replace(suggestion, rungs=self.told.rungs, budget=self.told.budget)
            for suggestion in self.searcher.suggest(history, free, rng)
        ]

    def verdict(self, history: History, trial: Trial) -> Verdict:
        return Verdict(self.told.decision) if trial.curve.steps[-1] in trial.rungs else CONTINUE


def tried(engine: Engine, kinds: Sequence[str], scheduler: BindsSearcher) -> dict[str, dict[str, Any]]:
    """Run the objectives of these names; what is known of each afterwards."""
    study = run_study(
        GridSearch(),
        scheduler,
        space=Space(kind=Grid(*kinds)),
        objective=objectives.run_one,
        engine=engine,
        trials=None,
        failures_to_give_up=99,
    )
    texts = [(event.trial, event.text) for event in study.events if isinstance(event, Logged)]
    return {
        kind: {
            "config": dict(trial.config),
            "steps": list(trial.curve.steps),
            "metrics": {
                name: (list(series.steps), list(series.values)) for name, series in trial.curve.metrics.items()
            },
            "result": dict(trial.result),
            "value": trial.value,
            "state": trial.state,
            "failure": trial.failure,
            "attempts": trial.attempt,
            "texts": [text for number, text in texts if number == trial.id],
        }
        for kind, trial in zip(kinds, study.history.trials, strict=True)
    }


@pytest.mark.parametrize(
    ("scheduler", "kinds"),
    [
        pytest.param(RunAll(), list(objectives.ALL), id="to its end"),
        pytest.param(Cut(budget=3), list(objectives.ALL), id="budget"),
        pytest.param(Cut(rungs=(2, 4), budget=5), list(objectives.ALL), id="rungs and budget"),
        pytest.param(Cut(rungs=(2, 4), decision=Decision.STOP), GENERATORS, id="stopped"),
        pytest.param(Cut(rungs=(2, 4), decision=Decision.PAUSE), GENERATORS, id="paused"),
        pytest.param(Promotion(), ["reports", "cleans_up", "reports_by_trial", "yields"], id="begun again"),
    ],
)
def test_the_same_objectives_come_to_the_same_as_in_a_process(scheduler: BindsSearcher, kinds: Sequence[str]) -> None:
    there = tried(Local(1), kinds, scheduler)
    here = tried(Simulated(1, checkpoints=False), kinds, scheduler)
    for kind in kinds:
        assert here[kind] == there[kind], kind


def test_a_function_that_is_cut_off_has_said_nothing_beyond() -> None:
    kinds = ["prints", "cleans_up_after_its_reports", "returns_after_its_budget"]
    seen = tried(Simulated(3), kinds, Cut(rungs=(1,), budget=5, decision=Decision.STOP))
    assert [(trial["steps"], trial["texts"], trial["result"]) for trial in seen.values()] == [([1], [], {})] * 3


class Opened:
    """An engine of two workers that is open for an objective."""

    def __init__(self, objective: Any, **settings: Any) -> None:
        self.engine = Simulated(2, **settings)
        self.engine.open(Program(objective=objective, metric=METRIC))
        self.facts: list[Fact] = []
        self.polls(2)

    def start(self, **job: Any) -> None:
        self.engine.carry_out(Start(job=Job(**{"trial": 0, "attempt": 1, "workers": ("sim-0",), "config": {}} | job)))

    def polls(self, count: int) -> None:
        for _ in range(count):
            self.facts += self.engine.poll(10.0)

    def of(self, kind: type) -> list[Any]:
        return [fact for fact in self.facts if isinstance(fact, kind)]


class Endless:
    """An objective without an end, which notes how far it came and that it was closed."""

    def __init__(self) -> None:
        self.steps, self.closed = 0, 0

    def __call__(self) -> Iterator[float]:
        try:
            while True:
                self.steps += 1
                yield 1.0
        finally:
            self.closed += 1


@pytest.mark.parametrize("way", [*Signal, "close", "budget", "crash"])
def test_a_generator_is_run_as_far_as_it_is_needed_and_closed_when_its_trial_ends(way: str) -> None:
    endless = Endless()
    opened = Opened(endless, crash=1.0 if way == "crash" else 0.0)
    opened.start(budget=3 if way == "budget" else None)
    assert endless.steps == 0
    opened.polls(3)
    if way == "crash":
        assert endless.steps == 0, "it died before its first report"
        assert [left.cause for left in opened.of(Left)] == ["crashed"]
        return
    assert len(opened.of(Measured)) == 3
    if way == "budget":
        assert len(opened.of(Returned)) == 1
        assert (endless.steps, endless.closed) == (4, 1), "it could have saved its model and returned"
        return
    assert (endless.steps, endless.closed) == (3, 0)
    if way in list(Signal):
        opened.engine.carry_out(Send(trial=0, attempt=1, signal=Signal(way)))
        opened.polls(2)
    else:
        opened.engine.close()
    assert endless.closed == (way != Signal.CONTINUE)
    assert endless.steps == (5 if way == Signal.CONTINUE else 3)
    opened.engine.close()
    assert endless.closed == 1


def test_what_is_printed_goes_to_its_trial_and_nothing_else_does(capsys: pytest.CaptureFixture[str]) -> None:
    streams = sys.stdout, sys.stderr

    def seconds(config: Mapping[str, Any], step: int) -> float:
        print("from the driver")
        return 1.0

    seen = tried(Simulated(2, seconds=seconds), ["prints_between", "returns", "prints"], RunAll())
    assert [len(trial["texts"]) for trial in seen.values()] == [8, 0, 5]
    assert set(capsys.readouterr().out.splitlines()) == {"from the driver"}
    assert (sys.stdout, sys.stderr) == streams


def test_closing_as_often_as_one_likes_restores_the_streams_once() -> None:
    before = sys.stdout
    opened = Opened(Endless())
    assert isinstance(sys.stdout, TrialStream)
    other = Opened(Endless())
    opened.engine.close()
    opened.engine.close()
    assert isinstance(sys.stdout, TrialStream), "the other one is open"
    other.engine.close()
    assert sys.stdout is before


def test_a_trial_may_change_its_config_and_its_context_and_nobody_elses() -> None:
    precision = ContextVar("precision", default=1)

    def objective(params: dict[str, list[str]]) -> Iterator[int]:
        params["without"].append("more")
        for _ in range(2):
            precision.set(precision.get() + 1)
            yield precision.get()

    opened = Opened(objective)
    config = {"without": ["age"]}
    for trial in range(2):
        opened.start(trial=trial, workers=(f"sim-{trial}",), config=config)
    opened.polls(4)
    assert config == {"without": ["age"]}
    told = [(fact.trial, fact.metrics[METRIC]) for fact in opened.of(Measured)]
    assert sorted(told) == [(0, 2), (0, 3), (1, 2), (1, 3)]
    assert precision.get() == 1
    opened.engine.close()


def test_a_trial_that_goes_on_from_a_checkpoint_is_told_from_there_on() -> None:
    def objective(trial: Any) -> Iterator[float]:
        assert trial.checkpoint is None
        for step in range(1, 6):
            trial.log(step)
            yield float(step)

    opened = Opened(objective)
    opened.start(attempt=2, checkpoints=(Checkpoint(trial=0, attempt=1, step=3),))
    opened.polls(8)
    assert [fact.step for fact in opened.of(Measured)] == [4, 5]
    assert [fact.text for fact in opened.of(Printed)] == ["4\n", "5\n"]
    opened.engine.close()


def reporters() -> int:
    """How many there are in memory."""
    # no `isinstance`: it would ask every object for its class, and some objects of PyTorch warn when they are asked
    return sum(type(each) is Reporter for each in gc.get_objects())


@pytest.mark.parametrize("scheduler", [Cut(budget=2), Cut(rungs=(1,), decision=Decision.STOP)], ids=str)
def test_an_attempt_that_ends_leaves_nothing_to_the_garbage_collector(scheduler: BindsSearcher) -> None:
    gc.collect()
    before = reporters()
    gc.disable()
    try:
        tried(Simulated(1), ["yields", "reports", "prints_between"], scheduler)
        assert reporters() == before
    finally:
        gc.enable()


def any_way(x: float, shape: str, report: Any, trial: Any) -> Any:
    """Report as a function or as a generator, or only return."""

    def stepwise() -> Any:
        for step in range(1, 13):
            if step % 4 == 1:
                trial.log("step", step)
            yield {METRIC: x + 1 / (step + 1)}
        trial.log("over")
        return {METRIC: x}

    if shape == "generator":
        return stepwise()
    if shape == "plain":
        trial.log("plain\ntwo lines", x)
        return x
    for step in range(1, 13):
        report(x + 1 / (step + 1), step=step if x > 0.5 else None)
        if step % 4 == 1:
            trial.log("step", step)
    return {METRIC: x, "more": 1}


@pytest.mark.parametrize(
    ("scheduler", "settings", "digest"),
    [
        (RunAll(), {}, "1145a3111585f89f"),
        (RunAll(), {"crash": 0.03}, "31ae5352eb47a81b"),
        (MedianRule(min_trials=2), {}, "df956238fa35f48f"),
        (MedianRule(min_trials=2), {"crash": 0.03}, "e0c360bc6ad87b62"),
        (Asha(max_steps=9), {}, "ff24edf66a35f0f2"),
        (Asha(max_steps=9), {"crash": 0.03}, "d2d59ecd112ba328"),
        (Promotion(), {}, "c0303d1327306f3f"),
        (Promotion(), {"crash": 0.03}, "b976788733b418c3"),
        (Promotion(), {"crash": 0.03, "checkpoints": False}, "15eb20fdd2d862d3"),
    ],
    ids=str,
)
def test_the_same_seeds_give_the_same_log_from_version_to_version(
    scheduler: BindsSearcher, settings: dict[str, Any], digest: str
) -> None:
    # sums, products and fractions only: they come out alike on every machine
    study = run_study(
        RandomSearch(),
        scheduler,
        space=Space(x=Float(0, 1), shape=Grid("function", "generator", "plain")),
        objective=any_way,
        trials=30,
        max_attempts=9,
        engine=Simulated(3, seconds=lambda config, step: 1 + config["x"], start_up=0.25, seed=3, **settings),
        seed=7,
    )
    assert sha256(b"\n".join(study.records)).hexdigest()[:16] == digest
