"""Columns are taken out of the pipelines that name them, too."""

from __future__ import annotations

from functools import partial
from typing import Any

import cloudpickle
import numpy as np
import pytest
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import trimma as tm
from trimma.ablation.pipeline_columns import without_named_columns
from trimma.errors import UsageError
from trimma.program import Inputs

pd = pytest.importorskip("pandas")

FRAME = pd.DataFrame(
    {
        "age": [20.0, 30.0, 40.0, 50.0] * 10,
        "noise": np.random.default_rng(0).normal(size=40),
        "sex": ["m", "f"] * 20,
        "port": ["S", "S", "C", "C"] * 10,
        "y": [0, 1] * 20,
    }
)


def pipeline(numbers: Any = ("age", "noise"), words: Any = "sex", **more: Any) -> Pipeline:
    columns = ColumnTransformer(
        [
            ("numbers", StandardScaler(), list(numbers) if isinstance(numbers, tuple) else numbers),
            ("words", OneHotEncoder(handle_unknown="ignore"), [words]),
            ("port", OneHotEncoder(), pd.Index(["port"])),
        ],
        **more,
    )
    return Pipeline([("columns", columns), ("predict", LogisticRegression())])


def fit(data: Any, model: Any, split: int) -> float:
    made = model() if callable(model) else model
    train = data.sample(30, random_state=split)
    test = data.drop(train.index)
    return float(made.fit(train.drop(columns="y"), train["y"]).score(test.drop(columns="y"), test["y"]))


@pytest.mark.parametrize("model", [pipeline(), pipeline, partial(pipeline, words="sex")])
def test_each_column_is_left_out_of_table_and_pipeline(model: Any) -> None:
    study = tm.ablate(
        fit,
        tm.Columns("age", "noise", "sex", "port", group=["age", "noise"], label="y"),
        data=FRAME,
        model=model,
        maximize="score",
        repeats=2,
        engine=tm.Driver(threads=1),
        store="memory",
        progress=False,
        seed=0,
    )
    assert {trial.state for trial in study.trials} == {"done"}
    worth = {effect.name: effect.difference for effect in study.effects.effects}
    # the label is told by this column alone
    assert worth["sex"] is not None
    assert worth["sex"] < 0
    assert worth["noise"] == pytest.approx(0)


def test_as_by_hand() -> None:
    model = pipeline(remainder="passthrough")
    ablated = without_named_columns(GridSearchCV(model, {"predict__C": [1.0]}), ["age", "sex"]).estimator
    names = {name: columns for name, _, columns in ablated.named_steps["columns"].transformers}
    assert names == {"numbers": ["noise"], "words": [], "port": ["port"]}
    assert ablated.named_steps["columns"].transformers[1][1] == "drop"
    # the given one is what it was
    assert model.named_steps["columns"].transformers[0][2] == ["age", "noise"]
    assert without_named_columns(model, []) is model
    columns = ColumnTransformer([("numbers", StandardScaler(), ["noise"]), ("port", OneHotEncoder(), ["port"])])
    by_hand, x, y = make_pipeline(columns, LogisticRegression()), FRAME[["noise", "port"]], FRAME["y"]
    found = without_named_columns(pipeline(), ["age", "sex"]).fit(x, y).predict_proba(x)
    assert np.array_equal(found, by_hand.fit(x, y).predict_proba(x))


def test_lists_of_categoricals() -> None:
    trees = HistGradientBoostingRegressor(categorical_features=["sex", "port"], monotonic_cst={"age": 1, "noise": 0})
    ablated = without_named_columns(make_pipeline(trees), ["sex", "age"])[-1]
    assert (ablated.categorical_features, ablated.monotonic_cst) == (["port"], {"noise": 0})
    assert without_named_columns(trees, ["sex", "port"]).categorical_features is None
    by_kind = HistGradientBoostingRegressor(categorical_features="from_dtype")
    assert without_named_columns(by_kind, ["sex"]).categorical_features == "from_dtype"


def test_selectors_and_positions() -> None:
    chosen = make_column_selector(dtype_include=float)
    selector = without_named_columns(pipeline(chosen), ["age"]).named_steps["columns"].transformers[0][2]
    assert type(selector) is type(chosen)
    for positions in ([0, 1], slice(0, 2), np.array([True, True, False, False])):
        with pytest.raises(UsageError, match=r"the step 'numbers' .* takes columns by their positions"):
            tm.ablate(fit, tm.Columns("age", label="y"), data=FRAME, model=pipeline(positions), maximize="score")


def test_what_else_a_function_returns_is_left_alone() -> None:
    make = cloudpickle.loads(cloudpickle.dumps(without_named_columns(lambda x: x + 1, ["age"])))
    assert make(1) == 2
    kept = tm.Columns("age", how="mean").remove(Inputs(params={}, data=FRAME, model=fit), [])
    assert kept.model is fit
