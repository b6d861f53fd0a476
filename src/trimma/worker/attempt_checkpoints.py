"""The checkpoints of one attempt: which one it begins from, and when it saves the next."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from trimma.checkpoint import Checkpoint
from trimma.checkpoint_files import Damaged, Files, shared_files
from trimma.commands import Job
from trimma.errors import ObjectiveError
from trimma.facts import NotSaved, Saved, Saving, WentBack
from trimma.objective import failure_of
from trimma.program import Program

Save = Callable[[Path], Any]
"""A function that writes a checkpoint into the empty folder that it is given."""


class AttemptCheckpoints:
    """Restores the attempt from a checkpoint, and saves further ones. What happens is told by ``send``.

    ``step`` is that of the checkpoint which it begins from, None at the beginning.
    """

    def __init__(self, job: Job, program: Program, send: Callable[[Any], None]) -> None:
        self._job, self._place, self._send = job, program.checkpoints, send
        self._files: Files | None = None
        self._held = ExitStack()
        self._restored: Path | None = None
        self._asked = not job.checkpoints
        self.step = job.checkpoint.step if job.checkpoint else None
        self._saved_step = self.step or 0
        self._saved_at = time.monotonic()
        self._last: Save | None = None

    def restore(self) -> Path | None:
        """The folder with the checkpoint to begin from, or None at the beginning. It is read when first asked for."""
        if self._asked:
            return self._restored
        self._asked = True
        damage: list[str] = []
        for checkpoint in reversed(self._job.checkpoints):
            try:
                self._restored = self._held.enter_context(self._open().fetched(checkpoint.name))
            except Damaged as error:
                damage.append(f"the checkpoint of step {checkpoint.step} is damaged: {error}")
                continue
            self._went_back(checkpoint, damage)
            return self._restored
        self._went_back(None, damage)
        return None

    def before_report(self, save: Save | None) -> None:
        """Raise `ObjectiveError` when the objective can't be paused as the study needs it, or hasn't gone on."""
        if not self._asked:
            step = self._job.checkpoints[-1].step
            raise ObjectiveError(
                f"the trial has saved a checkpoint at step {step}, and was to go on from there, but the objective has "
                "begun anew: have it load what it has saved from trial.checkpoint, where that isn't None"
            )
        if self._place is not None and self._place.required and save is None:
            raise ObjectiveError(
                "the scheduler pauses trials and lets the best ones go on, for which they must save checkpoints: give "
                "each report a function that saves, as in report(loss=loss, save=save), and load from "
                "trial.checkpoint; or choose a scheduler that only stops trials, such as tm.Asha(max_steps=...)"
            )

    def after_report(self, save: Save | None, step: int, *, pausing: bool) -> bool:
        """Save where it is due. Returns False when a trial that is ``pausing`` could not save, and has to go on."""
        self._last = save
        if save is None or self._place is None:
            return True
        if pausing or self._is_due(step):
            return self._save(save, step, pausing=pausing) or not pausing
        return True

    def at_end(self, step: int | None) -> None:
        """Save once more, since the trial is done."""
        place, last = self._place, self._last
        if last is not None and place is not None and place.at_end and step is not None and step > self._saved_step:
            self._save(last, step)

    def close(self) -> None:
        """Let go of the files of the checkpoint that the attempt began from."""
        self._held.close()

    def _open(self) -> Files:
        if self._files is None:
            if self._place is None:
                raise Damaged("this study has no place for checkpoints")
            self._files = shared_files(self._place)
        return self._files

    def _went_back(self, checkpoint: Checkpoint | None, damage: list[str]) -> None:
        self.step = None if checkpoint is None else checkpoint.step
        self._saved_step = self.step or 0
        if damage:
            job = self._job
            self._send(WentBack(trial=job.trial, attempt=job.attempt, step=self.step, cause="; ".join(damage)))

    def _is_due(self, step: int) -> bool:
        place = self._place
        if place is None:
            return False
        return (place.every_steps is not None and step - self._saved_step >= place.every_steps) or (
            place.every_seconds is not None and time.monotonic() - self._saved_at >= place.every_seconds
        )

    def _save(self, save: Save, step: int, *, pausing: bool = False) -> bool:
        job = self._job
        key = {"trial": job.trial, "attempt": job.attempt, "step": step}
        self._send(Saving(**key))
        begin = time.monotonic()
        try:
            size = self._open().save(Checkpoint(**key).name, save)
        except Exception as error:  # noqa: BLE001 - the user's code may raise anything, and so may a place for files
            self._send(NotSaved(failure=failure_of(error, __file__), pausing=pausing, **key))
            return False
        self._saved_step, self._saved_at = step, time.monotonic()
        self._send(Saved(size=size, seconds=self._saved_at - begin, **key))
        return True
