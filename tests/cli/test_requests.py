"""The commands that ask something of a study which another process runs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import trimma as tm
from running import Running, until
from trimma.cli import answers
from trimma.events import StudyClosed
from trimma.requests import ChangeTrials, ChangeWorkers, EndStudy, EndTrial
from trimma.trial import State


def terminal(store: Path, *arguments: str) -> subprocess.Popen[str]:
    """A command in another terminal."""
    return subprocess.Popen(
        [sys.executable, "-m", "trimma", *arguments, "--store", str(store)], stdout=subprocess.PIPE, text=True
    )


def test_stop_ends_a_study_in_another_terminal_and_it_goes_on_in_a_third(tmp_path: Path) -> None:
    with Running(tmp_path) as running:
        said, _ = terminal(running.store, "stop", "study").communicate(timeout=30)
        again = f"tm.load('study', store={str(running.store)!r}).resume()"
        shell = f"{sys.executable} -m trimma resume study --store {running.store}"
        assert said == f"study is interrupted: it was asked to stop; to go on: {again}, or: {shell}\n"
        assert running.ended()[0] == "returned: interrupted\n"
        with terminal(running.store, "resume", "study", "--workers", "1") as resumed:
            running.until_running(0)
            said, _ = terminal(running.store, "stop", "study").communicate(timeout=30)
            assert said.startswith("study is interrupted: ")
            summed_up, _ = resumed.communicate(timeout=30)
    assert resumed.returncode == 0
    assert re.match(r"study interrupted after .* in 2 sessions: it was asked to stop\n", summed_up)
    assert "nothing left to run" not in summed_up


def test_one_trial_is_stopped_paused_and_continued_while_the_others_go_on(run, tmp_path: Path) -> None:
    def asked(*arguments: object) -> str:
        return run(*arguments, "--store", running.store)

    with Running(tmp_path, workers=3) as running:
        study = running.study
        assert re.fullmatch(
            r"trial 2 of study is (stopping: it ends at its next report|stopped)\n", asked("stop", "study", 2)
        )
        assert re.fullmatch(
            r"trial 1 of study is (pausing: it makes room at its next report|paused)\n", asked("pause", "study", 1)
        )
        until(lambda: study.trials[1].state is State.PAUSED)
        until(lambda: study.trials[2].state is State.STOPPED)
        running.until_running(0, 3, 4)
        assert asked("continue", "study", 1) == "trial 1 of study is queued: it goes on as soon as a worker is idle\n"
        assert study.status == "running"
        assert study.trials[0].attempt == 1


def test_other_limits(run, tmp_path: Path) -> None:
    with Running(tmp_path, trials=1, workers=1) as running:
        options = ("--store", running.store)
        assert run("change", "study", "--trials", 2, *options) == "study has 2 trials in all\n"
        assert run("change", "study", "--trials", 3, "--workers", 2, *options) == (
            "study has 3 trials in all and 2 workers from now on\n"
        )
        running.until_running(0, 1)
        assert run("change", "study", "--workers", 1, *options) == "study has 1 worker from now on\n"


@pytest.fixture
def unheard(store: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """The store of a study that has a writer, who answers nobody; nobody waits for long."""
    monkeypatch.setattr(answers, "WAIT_SECONDS", 0.05)
    events = list(tm.SQLiteStore(store).read("descent"))
    started = tm.SQLiteStore(store.with_name("unheard.db"))
    started.append("descent", events[:9], expected=0)
    with started.claim("descent"):
        yield started


@pytest.mark.parametrize(
    ("command", "requests"),
    [
        (["stop", "descent"], [EndStudy()]),
        (["stop", "descent", 0], [EndTrial(trial=0)]),
        (["change", "descent", "--trials", 40, "--workers", 7], [ChangeTrials(trials=40), ChangeWorkers(workers=7)]),
    ],
    ids=["study", "trial", "limits"],
)
def test_what_is_not_answered_was_asked_all_the_same(run, unheard, command, requests) -> None:
    said = run(*command, "--store", unheard.path)
    assert said.startswith("asked; descent has not answered within 0.05 s, and may still do so: see ")
    # the program is named as it was started
    assert said.endswith(f"trimma show descent --store {unheard.path}\n")
    assert list(unheard.take_requests("descent")) == requests


def test_a_study_that_ends_meanwhile(run, unheard, monkeypatch: pytest.MonkeyPatch) -> None:
    """The request has come too late, and what has become of the study is the answer."""
    ask = tm.SQLiteStore.ask

    def ask_and_end(self, study, request):  # type: ignore[no-untyped-def]
        ask(self, study, request)
        self.append(study, [StudyClosed(at=99, outcome="finished", reason="all 3 trials were run")], expected=9)

    monkeypatch.setattr(tm.SQLiteStore, "ask", ask_and_end)
    assert run("pause", "descent", 0, "--store", unheard.path) == "descent is finished: all 3 trials were run\n"


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["stop", "descnt"], "there is no study named 'descnt'; did you mean 'descent'?"),
        (["stop", "descent"], "study 'descent' is finished, and only a running one can be asked; to go on with it: "),
        (["stop", "descent", "3"], "study 'descent' is finished, and only a running one can be asked; to go on"),
        (["pause", "descent", "3"], "study 'descent' is finished, and only a running one can be asked; to go on"),
        (["continue", "descent", "3"], "study 'descent' is finished, and only a running one can be asked; to go"),
        (["change", "descent", "--trials", "20"], "study 'descent' is finished, and only a running one can be asked"),
        (["change", "descent"], "say what to change: trials=, workers=, or both"),
    ],
)
def test_errors_are_one_line(run, command: list[str], message: str) -> None:
    said = run(*command, status=1)
    assert said.startswith(f"trimma: {message}")
    assert said.count("\n") == 1


def test_a_number_that_no_trial_can_have(run) -> None:
    assert "Invalid value for '[TRIAL]'" in run("stop", "descent", "first", status=2)
