"""What the commands print, word for word, of a study that is the same each time."""

from __future__ import annotations

import json
import re
import shlex
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

import trimma as tm
from trimma.events import TrialFinished

SHOWN = """\
descent finished after 20 s: all 12 trials were run
4 done   6 stopped   2 failed

Best loss 0.198686, from trial 10 after 9 steps
  rate   0.7959313153284739
  depth  1

top  trial     loss  steps  state    rate     depth
  1     10  0.19869      9  done     0.7959   1
  2      2  0.22488      9  done     0.4484   2
  3      1  0.25049      9  done     0.3319   2
  4      3  0.34724      9  done     0.01407  1
  -      7   2.0197      1  stopped  0.3597   2

Stopping early saved 48 of 90 steps (53%): 42 were run.

3 workers, 73% busy: waiting for the last trials 27%.
6, each as fast, would have taken 45% less time.

2 trials failed (trials 0, 8) with ValueError: too deep
The end of trial 0's traceback:
  Traceback (most recent call last):
    File "conftest.py", in descent
      raise ValueError("too deep")
  ValueError: too deep

Kept in STORE. Look again with trimma.load('descent').
"""


def test_ls(run) -> None:
    assert run("ls") == (
        "name     status    trials     best  metric           time\n"
        "descent  finished   12/12  0.19869  minimize='loss'  20 s\n"
    )


def test_ls_where_nothing_is(run, tmp_path: Path) -> None:
    assert run("ls", "--store", tmp_path / "none.db", status=1) == (
        f"trimma: there is no store at {tmp_path / 'none.db'}: run a study first, or name another file with store= "
        "(in a shell --store) or TRIMMA_STORE\n"
    )
    assert not (tmp_path / "none.db").exists(), "looking leaves no file behind"


def test_ls_where_nothing_is_yet(run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRIMMA_STORE")
    monkeypatch.chdir(tmp_path)
    assert re.fullmatch(r"no studies here yet; to make one: .*trimma demo\n", run("ls"))
    monkeypatch.setenv("TRIMMA_STORE", "elsewhere.db")
    assert run("ls", status=1).startswith("trimma: there is no store at elsewhere.db: ")


@pytest.mark.parametrize(
    "command", [["plot", "descent", "history"], ["export", "descent"], ["report", "descent"]], ids=lambda each: each[0]
)
def test_a_file_that_can_not_be_written_is_told_in_one_line(run, tmp_path: Path, command) -> None:
    ending = {"plot": "html", "export": "csv", "report": "md"}[command[0]]
    file = tmp_path / "missing" / f"x.{ending}"
    said = run(*command, file, status=1)
    assert said.startswith("trimma: ")
    assert said.count("\n") == 1
    if command[0] != "report":  # of a search there is none, which is told first
        assert said == f"trimma: {file}: No such file or directory\n"


def test_advice_names_the_store_and_the_program_as_it_was_started(store: Path, monkeypatch) -> None:
    monkeypatch.delenv("TRIMMA_STORE", raising=False)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    asked = ["stop", "descent", "--store", str(store)]
    for started, program in (
        ([sys.executable, "-m", "trimma"], f"{sys.executable} -m trimma"),
        ([str(Path(sys.executable).with_name("trimma"))], str(Path(sys.executable).with_name("trimma"))),
    ):
        said = subprocess.run([*started, *asked], capture_output=True, text=True, check=False).stderr
        assert said.endswith(f".resume(), or: {program} resume descent --store {store}\n")
        advised = shlex.split(said.rpartition("or: ")[2])
        assert subprocess.run(advised, capture_output=True, text=True, check=False).returncode == 0


def test_show(run) -> None:
    assert run("show", "descent") == SHOWN


def test_show_more_or_less_of_the_best(run) -> None:
    table = (
        "top  trial     loss  steps  state  rate    depth\n"
        "  1     10  0.19869      9  done   0.7959  1\n"
        "  2      2  0.22488      9  done   0.4484  2\n"
        "  3      1  0.25049      9  done   0.3319  2\n"
    )
    before, after = SHOWN.split("top  trial", maxsplit=1)[0], SHOWN[SHOWN.index("\nStopping early") :]
    assert run("show", "descent", "--top", 3) == before + table + after
    rows = re.findall(r"^ +(\d+|-) +\d+ .* (?:done|stopped) ", run("show", "descent", "--top", 100), re.MULTILINE)
    assert rows == ["1", "2", "3", "4", *"------"], "once each; two failed, and those that were stopped have no place"


def test_show_a_trial(run) -> None:
    assert run("show", "descent", "--trial", 10) == (
        "trial 10 of descent: done\n"
        "rate       0.7959313153284739\n"
        "depth      1\n"
        "loss       0.19869 after 9 reports\n"
        "attempt 1  sim-0, 9.0 s\n"
        "\n"
        "depth 1\n"
    )


def test_show_a_trial_that_was_stopped_and_one_that_failed(run) -> None:
    assert run("show", "descent", "--trial", 7).startswith(
        "trial 7 of descent: stopped, 2.01969 at step 1 is not among the best 2 of 7\n"
    )
    failed = run("show", "descent", "--trial", 0)
    assert failed.startswith("trial 0 of descent: failed, ValueError: too deep\n")
    assert 'raise ValueError("too deep")\nValueError: too deep\n\ndepth 3\n' in failed


def test_export_csv(run) -> None:
    header, first, second, *more = run("export", "descent", "-").splitlines()
    assert header == (
        "trial,state,value,comparable,attempt,steps,seconds,worker,reason,config.rate,config.depth,metric.loss,started,ended"
    )
    assert first == "0,failed,,False,1,0,1.0,sim-0,ValueError: too deep,0.5118216247002567,3,,0.0,1.0"
    assert second == (
        "1,done,0.25048911483837577,True,1,9,9.0,sim-1,,0.33187239186810047,2,0.25048911483837577,0.0,9.0"
    )
    assert len(more) == 10


def test_export_json(run) -> None:
    rows = json.loads(run("export", "descent", "-", "--format", "json"))
    assert len(rows) == 12
    assert rows[1] == {
        "trial": 1,
        "state": "done",
        "value": 0.25048911483837577,
        "comparable": True,
        "attempt": 1,
        "steps": 9,
        "seconds": 9.0,
        "worker": "sim-1",
        "reason": None,
        "config.rate": 0.33187239186810047,
        "config.depth": 2,
        "metric.loss": 0.25048911483837577,
        "started": 0.0,
        "ended": 9.0,
    }


@pytest.mark.parametrize("format_", ["csv", "json", "parquet"])
def test_export_to_a_file_by_its_name(run, tmp_path: Path, format_: str) -> None:
    file = tmp_path / f"trials.{format_}"
    assert run("export", "descent", file) == f"wrote {file}\n"
    if format_ != "parquet":
        assert file.read_text() == run("export", "descent", "-", "--format", format_)
    else:
        assert file.read_bytes().startswith(b"PAR1")


@pytest.mark.parametrize("picture", ["curves", "history", "importance", "parallel", "slices", "timeline"])
def test_plot(run, tmp_path: Path, picture: str) -> None:
    file = tmp_path / "picture.html"
    assert run("plot", "descent", picture, file) == f"wrote {file}\n"
    page = file.read_text()
    assert page.startswith("<!doctype html>")
    assert "descent" in page
    assert not re.search(r"<(script|link)[^>]+(src|href)=.https?:", page), "it needs no network"


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["show", "descnt"], "there is no study named 'descnt'; did you mean 'descent'? Known: descent."),
        (["show", "descent", "--trial", "12"], "there is no trial 12: study 'descent' has trials 0 to 11"),
        (["export", "descnt", "-"], "there is no study named 'descnt'; did you mean 'descent'? Known: descent."),
        (["plot", "descent", "curve", "a.html"], "there is no picture named 'curve'; did you mean 'curves'?"),
        (["plot", "descent", "curves", "a.txt"], "a plot can't be written to 'a.txt': end it in .html"),
        (["export", "descent", "a.xls"], "there is no export format named 'xls'. Known: csv, json, parquet."),
        (["export", "descent", "trials"], "export to 'trials': say in which format: end the name in .csv, .json or"),
        (["resume", "descnt"], "there is no study named 'descnt'; did you mean 'descent'?"),
        (["rm", "descnt", "--yes"], "there is no study named 'descnt'; did you mean 'descent'?"),
    ],
)
def test_errors_are_one_line_without_a_traceback(run, command: list[str], message: str) -> None:
    said = run(*command, status=1)
    assert said.startswith(f"trimma: {message}")
    assert said.count("\n") == 1
    assert "Traceback" not in said


def test_a_store_that_is_not_there(run, tmp_path: Path) -> None:
    said = run("show", "descent", "--store", tmp_path / "none.db", status=1)
    assert said.startswith("trimma: there is no study 'descent', for there is no store at ")
    assert "--store" in said


def test_a_command_that_is_not_there(run) -> None:
    assert "No such command 'shwo'" in run("shwo", status=2)


def test_rm_asks(run) -> None:
    question = "Forget study 'descent' with its 12 trials? [y/N]: "
    assert run("rm", "descent", input="n\n", status=1) == f"{question}n\nAborted!\n"
    assert "descent" in run("ls")
    assert run("rm", "descent", input="y\n") == f"{question}y\nremoved descent\n"
    assert "no studies here yet" in run("ls")


def test_rm_removes_what_cannot_be_read(run, store: Path) -> None:
    with sqlite3.connect(store) as connection:
        connection.execute("UPDATE event SET record = x'00ff'")
    connection.close()
    assert "study 'descent' can't be read" in run("show", "descent", status=1)
    asked = run("rm", "descent", input="y\n")
    assert asked == "Forget study 'descent' with all that it holds, which can't be read? [y/N]: y\nremoved descent\n"
    assert "no studies here yet" in run("ls")


def test_ls_lists_a_study_that_cannot_be_read(run, store: Path) -> None:
    events = list(tm.load("descent", store).store.read("descent"))
    whole = tm.SQLiteStore(store)
    whole.append("whole", [replace(events[0], spec=replace(events[0].spec, name="whole")), *events[1:]], 0)
    whole.close()
    with sqlite3.connect(store) as connection:
        connection.execute("UPDATE event SET record = x'00ff' WHERE study = 1 AND number = 3")
    connection.close()
    said = run("ls").splitlines()
    assert said[1].split() == ["descent", "damaged"]
    assert said[2].startswith("whole  ")
    assert " finished " in said[2]
    assert "study 'descent' can't be read, for the checksum of record 3 doesn't fit" in " ".join(said[3:])
    run("rm", "descent", "--yes")
    assert [line.split()[0] for line in run("ls").splitlines()] == ["name", "whole"]


def test_rm_with_yes_does_not_ask(run) -> None:
    assert run("rm", "descent", "--yes") == "removed descent\n"
    assert "no studies here yet" in run("ls")


def test_resume_a_study_whose_driver_died(run, store: Path) -> None:
    events = list(tm.load("descent", store).store.read("descent"))
    middle = [number for number, event in enumerate(events) if isinstance(event, TrialFinished)][1]
    died = tm.SQLiteStore(store.with_name("died.db"))
    died.append("descent", events[:middle], expected=0)
    options = ("--store", store.with_name("died.db"))
    before = tm.load("descent", died)

    assert re.search(r"^descent +lost +\d/12 ", run("ls", *options), re.MULTILINE)
    assert run("show", "descent", *options).startswith("descent lost after ")
    said = run("resume", "descent", "--workers", 2, *options)
    assert re.search(r"^descent finished after .* in 2 sessions: all 12 trials were run$", said, re.MULTILINE)
    after = tm.load("descent", died)
    assert [trial.config for trial in after.trials] == [trial.config for trial in tm.load("descent", store).trials]
    assert before.status == "finished", "a handle tells what is so now"


def test_resume_for_more_trials(run, store: Path) -> None:
    said = run("resume", "descent", "--trials", 15, "--workers", 2)
    assert "all 15 trials were run" in said
    assert len(tm.load("descent", store).trials) == 15


def test_resume_on_another_engine(run, store: Path) -> None:
    run("resume", "descent", "--trials", 15, "--engine", "simulated", "--workers", 2)
    assert {trial.spans[-1].workers for trial in tm.load("descent", store).trials[12:]} <= {("sim-0",), ("sim-1",)}


def test_resume_for_fewer_trials_than_there_are(run) -> None:
    said = run("resume", "descent", "--trials", 3, "--workers", 1)
    assert re.search(r"^descent finished after .*: 12 trials were run \(3 were asked for\)$", said, re.MULTILINE)
    assert re.search(r"^descent +finished +12/12 ", run("ls"), re.MULTILINE)


def test_resume_where_nothing_is_left(run) -> None:
    said = run("resume", "descent", "--workers", 1)
    assert said.endswith(
        "There was nothing left to run; to run more, say how many trials in all with --trials, or how many seconds "
        "more with --timeout.\n"
    )


def test_a_store_that_is_a_folder(run, tmp_path: Path) -> None:
    said = run("ls", "--store", tmp_path, status=1)
    assert said == f"trimma: the store {tmp_path} is a folder: name a file in it\n"


def test_resume_while_another_writes(run, store: Path) -> None:
    with tm.SQLiteStore(store).claim("descent"):
        assert " finished " in run("ls"), "a study that was closed stays so until it is opened again"
        said = run("resume", "descent", status=1)
        assert "study 'descent' is being written by process" in said
        assert "is being written by" in run("rm", "descent", "--yes", status=1)


def test_version(run) -> None:
    assert run("--version") == f"trimma, version {tm.__version__}\n"
