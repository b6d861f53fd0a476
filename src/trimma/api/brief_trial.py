"""Runs one trial of a search for a few steps, and stores nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec
from numpy.random import Generator

from trimma.api.recipe import Recipe
from trimma.api.study import Study
from trimma.checkpoint import CheckpointPlace
from trimma.checkpoint_files import files_at
from trimma.core import Policy
from trimma.folders.temporary_folder import TemporaryFolder
from trimma.loop import create, run
from trimma.ports import CONTINUE, Decision, Engine, History, Scheduler, Suggestion, Verdict
from trimma.spec import StudySpec
from trimma.stores import MemoryStore
from trimma.trial import Trial
from trimma.trial_folders import TrialFolders

ENOUGH = "it has reported often enough"
"""The reason of a trial that was stopped after its steps."""


def brief_trial(
    spec: StudySpec, recipe: Recipe, engine: Engine, seconds: float, steps: int | None, named: bool
) -> Study:
    """The study of one trial, which was run for at most ``seconds`` and ``steps`` reports (None: any number).

    Reports of the metric are counted if it is ``named``, otherwise steps.
    """
    spec = msgspec.structs.replace(spec, name="check", trials=1, trial_timeout=seconds, failures_to_give_up=2)
    recipe, store = recipe.fit_for(engine), MemoryStore()
    policy = recipe.bind(spec)
    brief = policy if steps is None else Policy(_Brief(policy.scheduler, steps, named), policy.hopeless)
    ledger = create(store, spec, None, engine.clock.now())
    with TemporaryFolder("trials") as folder, store.claim(spec.name):
        folders = TrialFolders(root=str(folder), owner=spec.name)
        folders.mark.write_text(folders.owner, encoding="utf-8")
        required = getattr(recipe.scheduler, "promotes", False)
        place = CheckpointPlace(root=str(folder / "checkpoints"), owner=spec.name, required=required)
        files_at(place.root).write_mark(place.owner)
        run(
            ledger,
            brief,
            engine,
            store,
            replace(recipe.program, folders=folders, checkpoints=place),
            trials=1,
            until=None,
            observe=lambda events, history, now: None,
            requests=lambda: (),
        )
    return Study(store, ledger)


@dataclass(frozen=True, slots=True)
class _Brief:
    """A scheduler that ends each trial after a few reports.

    The trial waits at each of its first steps, so that it ends where it should however quick it is. Its budget is what
    another ``scheduler`` says, because the objective can read it. Without a named metric there is no verdict, so that
    the steps themselves are the budget.
    """

    scheduler: Scheduler
    steps: int
    named: bool

    def plan(self, history: History, free: int, rng: Generator) -> Sequence[Suggestion]:
        found = self.scheduler.plan(history, free, rng)
        if self.named:
            return [msgspec.structs.replace(suggestion, rungs=tuple(range(1, 101))) for suggestion in found]
        return [msgspec.structs.replace(suggestion, rungs=(), budget=self.steps) for suggestion in found]

    def verdict(self, history: History, trial: Trial) -> Verdict:
        reported = len(trial.curve.series(history.spec.metric.name).values)
        return Verdict(Decision.STOP, ENOUGH) if reported >= self.steps else CONTINUE
