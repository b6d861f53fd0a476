"""What an objective says beside its metrics is kept: texts that it returns, and why it stopped itself."""

import json
from pathlib import Path
from typing import Any

import pytest

import trimma as tm
from trimma.errors import StudyFailed
from trimma.objective import NOTE, as_result, fact_of
from trimma.trial import State
from trimma.views import table

ENGINES = [tm.Simulated(1), tm.Driver(threads=1), tm.Local(1)]


def tune(objective: Any, engine: Any, **more: Any) -> tm.Study:
    given = {"store": "memory", "trials": 3, "failures": "skip"} | more
    return tm.tune(objective, {"x": tm.Float(0, 1)}, maximize="acc", engine=engine, progress=False, **given)


def noted(x: float, trial: Any) -> dict[str, Any]:
    return {"acc": x, "model": f"models/{trial.id}.pt", "warning": None, "size": 3}


@pytest.mark.parametrize("engine", ENGINES, ids=["simulated", "driver", "local"])
def test_texts_and_none_are_notes(engine: Any, tmp_path: Path) -> None:
    study = tune(noted, engine, name="notes", store=tmp_path / "s.db")
    for trial in tm.load("notes", store=tmp_path / "s.db").trials:
        assert trial.state is State.DONE
        assert dict(trial.notes) == {"model": f"models/{trial.id}.pt", "warning": None}
        assert dict(trial.result) == {"acc": trial.value, "size": 3.0}
    row = table(study.history)[1]
    assert row["note.model"] == "models/1.pt"
    assert row["note.warning"] is None
    assert json.dumps(row)
    frame = study.to_pandas()
    assert list(frame["note.model"]) == [f"models/{number}.pt" for number in range(3)]


def test_the_metric_itself_is_a_number_or_left_out() -> None:
    def lost(x: float, report: Any) -> dict[str, Any]:
        report(acc=x)
        return {"acc": None, "why": "diverged"}

    trial = tune(lost, ENGINES[0]).trials[0]
    assert trial.value == trial.config["x"]
    assert dict(trial.notes) == {"why": "diverged"}
    with pytest.raises(StudyFailed, match="is 'high', which is text"):
        tune(lambda x: {"acc": "high"}, ENGINES[0])


def test_a_report_takes_no_texts() -> None:
    def reports(x: float, report: Any) -> float:
        report(acc=x, stage="warm-up")
        return x

    with pytest.raises(StudyFailed, match="'stage' is 'warm-up', which is text"):
        tune(reports, ENGINES[0])


def test_a_long_note_is_cut_and_says_so() -> None:
    _, notes = as_result({"m": 1, "log": "x" * (NOTE + 5), "odd": "\ud800"}, "m")
    assert notes["log"] == "x" * NOTE + f"... ({NOTE + 5:,} characters in all)"
    assert notes["odd"] == "\\ud800"


def gives_up(x: float, report: Any) -> None:
    report(acc=x)
    raise tm.StopTrial("the loss is flat")


def gives_up_silently(x: float, report: Any) -> None:
    report(acc=x)
    raise tm.StopTrial


@pytest.mark.parametrize("engine", ENGINES, ids=["simulated", "driver", "local"])
def test_a_trial_that_stops_itself_keeps_its_reason(engine: Any) -> None:
    assert {trial.reason for trial in tune(gives_up, engine).trials} == {"it stopped itself: the loss is flat"}
    assert {trial.reason for trial in tune(gives_up_silently, engine).trials} == {"it stopped itself"}


def test_a_reason_fits_into_a_message() -> None:
    assert len(fact_of(tm.StopTrial("y" * 10**7), 0, 1).reason) < 10**5  # type: ignore[union-attr]
