"""What fails because the objective names what was left out is no finding."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import trimma as tm
from trimma.ablation.coding_failures import is_coding_failure
from trimma.ablation.question import Ablation, Component
from trimma.errors import StudyFailed, UsageError
from trimma.events import Failure

pd = pytest.importorskip("pandas")

FRAME = pd.DataFrame({"age": [1.0, 2.0], "noise": [0.0, 1.0], "y": [1.0, 2.0]})


def ablate(objective: Any, components: Any, **more: Any) -> tm.AblationStudy:
    given = {"data": FRAME, "maximize": "score", "repeats": 3, "store": "memory", "progress": False, "seed": 0}
    return tm.ablate(objective, components, **given | {"engine": tm.Driver(threads=1)} | more)


def naming(data: Any) -> float:
    return float(data[["age", "noise"]].sum().sum())


def test_a_study_of_an_objective_that_names_columns_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(StudyFailed, match=r"without 'age' a training failed with KeyError(.|\n)*how='mean'"):
        ablate(naming, tm.Columns(label="y"), store=tmp_path / "studies.db", name="named")
    study = tm.load("named", store=tmp_path / "studies.db")
    assert len(study.trials) == 2
    assert isinstance(study, tm.AblationStudy)
    # it is no finding
    assert {(str(effect.conclusion), effect.failures) for effect in study.effects.effects} == {("undecided", 0)}
    assert "Without age the objective doesn't run as it is coded" in " ".join(study.effects.notes)
    assert "helps" not in str(study).replace("helps to", "")
    # once the objective is mended, what failed is run again

    def mended(data: Any) -> float:
        return float(data.drop(columns="y").sum().sum())

    study.resume(objective=mended, engine=tm.Driver(threads=1), progress=False)
    assert study.status == "finished"
    assert [effect.repeats for effect in study.effects.effects] == [3, 3]
    assert not any("as it is coded" in note for note in study.effects.notes)


def test_what_keeps_the_column_needs_no_change() -> None:
    for how in ("mean", "permute"):
        study = ablate(naming, tm.Columns("age", "noise", how=how))
        assert {trial.state for trial in study.trials} == {"done"}


def test_other_failures_are_failures() -> None:
    def fails(data: Any) -> float:
        if "age" not in data:
            raise ValueError("the matrix is singular")
        return 1.0

    study = ablate(fails, tm.Columns("age", "noise", label="y"))
    assert [effect.failures for effect in study.effects.effects if effect.name == "age"] == [3]


def test_a_table_without_columns_is_refused_before_anything_runs() -> None:
    ran = []

    def fit(data: Any) -> float:
        ran.append(data)
        return 1.0

    with pytest.raises(UsageError, match="without age a table has no columns left: take how='mean' or how='permute'"):
        ablate(fit, tm.Columns("age"), data={"x": FRAME[["age"]], "y": FRAME["y"]})
    with pytest.raises(UsageError, match="without age, noise a table has no columns left"):
        ablate(fit, tm.Columns(group=["age", "noise"]), data=lambda: FRAME[["age", "noise"]])
    with pytest.raises(UsageError, match="without age, noise a table has no columns left"):
        ablate(fit, tm.Columns("age", "noise"), data=FRAME[["age", "noise"]], design="one-in")
    # the label is nothing to learn from
    with pytest.raises(UsageError, match="without age a table has no columns but the label left"):
        ablate(fit, tm.Columns(label="y"), data=FRAME[["age", "y"]])
    assert not ran
    ablate(fit, tm.Columns("age", how="mean"), data=FRAME[["age"]])
    ablate(fit, tm.Columns("age", label="y"), data={"x": FRAME[["age", "noise"]], "y": FRAME[["y"]]})


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("'age'", True),
        ("\"['age'] not in index\"", True),
        ("Some column names are not columns of the dataframe: {'age'}", True),
        ('unable to find column "age"; valid columns: ["fare"]', True),
        ("age does not exist. Available: fare, sex", True),
        ("'DataFrame' object has no attribute 'age'", True),
        ("name 'age' is not defined", True),
        ("[UNRESOLVED_COLUMN] A column with name `age` cannot be resolved", True),
        ("training data did not have the following fields: age", True),
        ("the average is not finite", False),
        ("no age was given", False),
        ("'fare'", False),
    ],
)
def test_which_messages_name_a_column(message: str, told: bool) -> None:
    columns = tuple(Component(name=name, kind="column", members=(name,), gone=True) for name in ("age", "fare"))
    asked = Ablation(components=columns, whole="", design="", analysis="contrasts", reference=(), repeats=1)

    class Failed:
        place = {"without": ["age"], "repeat": 0}  # noqa: RUF012
        failure = Failure(kind="Any", message=message)

    assert is_coding_failure(Failed(), asked) is told  # type: ignore[arg-type]
