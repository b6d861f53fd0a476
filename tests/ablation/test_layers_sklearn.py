"""Steps of scikit-learn pipelines as components."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import cloudpickle
import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, OneHotEncoder, StandardScaler

import trimma as tm
from trimma.ablation.layers import Layers
from trimma.errors import UnknownName, UsageError
from trimma.program import Inputs

X = np.random.default_rng(0).normal(size=(40, 3))
y = (X[:, 0] > 0).astype(int)


def pipeline(C: float = 1.0) -> Pipeline:
    features = FeatureUnion(
        [("raw", MinMaxScaler()), ("pca", Pipeline([("scale", StandardScaler()), ("fit", PCA(2))]))]
    )
    return Pipeline([("scale", StandardScaler()), ("features", features), ("model", LogisticRegression(C=C))])


def names(layers: Layers, model: Any, **params: Any) -> list[str]:
    return [component.name for component in layers.components(Inputs(params=params, model=model))]


def without(layers: Layers, model: Any, **params: Any) -> Any:
    inputs = Inputs(params=params, model=model)
    return layers.remove(inputs, layers.components(inputs)).model


def test_each_step_is_listed_but_the_last() -> None:
    expected = ["scale", "features__raw", "features__pca__scale", "features__pca__fit"]
    assert names(Layers(), pipeline()) == names(Layers(), pipeline) == expected


def test_a_step_is_passed_through_in_a_clone() -> None:
    model = pipeline(C=3.0).fit(X, y)
    ablated = without(Layers("scale"), model)
    assert ablated.named_steps["scale"] == "passthrough"
    assert not hasattr(ablated.named_steps["model"], "coef_")
    assert hasattr(model.named_steps["scale"], "mean_")
    by_hand = Pipeline(pipeline(C=3.0).steps[1:]).fit(X, y)
    assert np.array_equal(ablated.fit(X, y).predict_proba(X), by_hand.predict_proba(X))


def test_an_arm_differs_in_nothing_but_the_component() -> None:
    model = Pipeline(
        [
            ("scale", StandardScaler()),
            ("inert", FunctionTransformer()),
            ("model", RandomForestClassifier(5, random_state=np.random.RandomState(0))),
        ]
    )
    layers = Layers("inert")
    components = layers.components(Inputs(params={}, model=model))
    whole, arm = (layers.remove(Inputs(params={}, model=model), gone).model for gone in ([], components))
    expected, *found = (each.fit(X, y).predict_proba(X) for each in (model, whole, arm))
    assert all(np.array_equal(expected, each) for each in found)


def test_a_function_that_takes_a_seed() -> None:
    def make(seed: int, C: float) -> Pipeline:
        return Pipeline([("scale", StandardScaler()), ("model", RandomForestClassifier(5, random_state=seed))])

    def fit(model: Any, seed: int, C: float = 1.0) -> float:
        made = model(seed, C)
        assert made.named_steps["model"].random_state == seed
        return float(made.fit(X, y).score(X, y))

    study = tm.ablate(
        fit,
        tm.Layers("scale"),
        model=make,
        maximize="score",
        repeats=2,
        store="memory",
        progress=False,
        engine=tm.Driver(threads=1),
    )
    assert {trial.state for trial in study.trials} == {"done"}
    with pytest.raises(UsageError, match=r"needs 'depth': give the argument a default, or a value in config="):
        names(Layers("scale"), lambda depth: pipeline())


def test_a_part_of_a_union_is_dropped() -> None:
    assert without(Layers("features__raw"), pipeline()).fit(X, y)[:-1].transform(X).shape == (40, 2)
    inner = without(Layers("features__pca__scale"), pipeline()).fit(X, y)
    assert inner.get_params()["features__pca__scale"] == "passthrough"
    assert without(Layers("features"), pipeline()).fit(X, y)[:-1].transform(X).shape == (40, 3)
    with pytest.raises(UsageError, match=r"without 'all', nothing is left of 'features'"):
        names(Layers(groups={"all": ["features__raw", "features__pca"]}), pipeline())


def test_columns_are_dropped() -> None:
    columns = ColumnTransformer(
        [("scaled", StandardScaler(), [0, 1]), ("coded", OneHotEncoder(), [2]), ("as", "passthrough", [0])]
    )
    model = Pipeline([("columns", columns), ("model", LogisticRegression())])
    assert names(Layers(), model) == ["columns__scaled", "columns__coded"]
    assert without(Layers("columns__coded"), model).fit(X, y)[:-1].transform(X).shape == (40, 3)


def test_groups_by_class_and_by_prefix() -> None:
    (component,) = Layers(kind="StandardScaler").components(Inputs(params={}, model=pipeline()))
    assert (component.name, component.members) == ("StandardScaler", ("scale", "features__pca__scale"))
    ablated = without(Layers(kind="StandardScaler"), pipeline())
    assert ablated.get_params()["scale"] == ablated.get_params()["features__pca__scale"] == "passthrough"
    (component,) = Layers(prefix="features__pca").components(Inputs(params={}, model=pipeline()))
    assert component.members == ("features__pca", "features__pca__scale", "features__pca__fit")
    assert without(Layers(prefix="features__pca"), pipeline()).get_params()["features__pca"] == "drop"


def test_a_search_around_a_pipeline() -> None:
    search = GridSearchCV(pipeline(), {"model__C": [0.1, 1.0]})
    assert names(Layers(), search)[0] == "estimator__scale"
    assert without(Layers("estimator__scale"), search).estimator.named_steps["scale"] == "passthrough"


def test_a_function_makes_pipelines_with_whatever_arguments_it_is_called() -> None:
    make = without(Layers("scale"), pipeline)
    made = cloudpickle.loads(cloudpickle.dumps(make))(C=7.0)
    assert made.named_steps["scale"] == "passthrough"
    assert made.named_steps["model"].C == 7.0


def test_what_several_requests_take_out_is_taken_out_at_once() -> None:
    def taken_out(layers: Layers, make: Any) -> Any:
        return layers.remove(Inputs(params={}, model=make), layers.components(Inputs(params={}, model=pipeline))).model

    again = taken_out(Layers("features__pca"), taken_out(Layers("scale"), pipeline))
    assert again.make is pipeline
    steps = again().named_steps
    assert steps["scale"] == "passthrough"
    assert [step for _, step in steps["features"].transformer_list][1] == "drop"


def test_without_components_an_unfitted_clone() -> None:
    model = pipeline().fit(X, y)
    whole = Layers().remove(Inputs(params={}, model=model), []).model
    assert whole is not model
    assert not hasattr(whole.named_steps["model"], "coef_")
    assert Layers().remove(Inputs(params={}, model=pipeline), []).model is pipeline


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        (Layers("model"), "'model' is the last step, which predicts"),
        (Layers("skale"), r"there is no layer named 'skale'; did you mean 'scale'\?"),
        (
            Layers(kind="StandardScalar"),
            r"there is no kind of layer named 'StandardScalar'; did you mean 'StandardScaler'\?",
        ),
        (Layers(kind="PCA"), "kind='PCA' fits only 'features__pca__fit', a group of one"),
    ],
)
def test_refusals(layers: Layers, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        names(layers, pipeline())


def test_what_is_no_pipeline() -> None:
    with pytest.raises(UsageError, match="RandomForestClassifier has no steps that could be taken out"):
        names(Layers(), RandomForestClassifier())
    with pytest.raises(UsageError, match="layers can be taken out of a PyTorch module, a Keras 3 model or a scikit"):
        names(Layers(), 3)
    with pytest.raises(UsageError, match="there is no model to take layers out of: pass model="):
        names(Layers(), None)


def test_functions_that_need_arguments() -> None:
    def make(C: float, depth: int = 1) -> Any:
        return pipeline(C)

    assert names(Layers("scale"), make, C=0.5, other=1) == ["scale"]
    with pytest.raises(UsageError, match="make is called once to see which layers there are, and needs 'C'"):
        names(Layers("scale"), make)

    def fails() -> Any:
        raise OSError("no such file")

    with pytest.raises(UsageError, match=r"fails\(\), called to see which layers there are, raised OSError: no such"):
        names(Layers("scale"), fails)


def test_how_it_is_shown() -> None:
    assert repr(Layers("a", group=["b", "c"])) == "Layers('a', group=['b', 'c'])"
    assert repr(Layers(prefix="x", kind="Dropout", adapt=True)) == "Layers(prefix='x', kind='Dropout', adapt=True)"
    with pytest.raises(UsageError, match="give the name of a class"):
        Layers(kind=3)  # type: ignore[arg-type]


def test_unknown_names_are_of_their_own_kind() -> None:
    with pytest.raises(UnknownName):
        names(Layers("skale"), pipeline())


def test_frameworks_are_imported_only_where_a_model_is_theirs() -> None:
    code = (
        "import sys; from trimma.ablation.layers import Layers; from trimma.program import Inputs\n"
        "try: Layers().components(Inputs(params={}, model=lambda: 3))\n"
        "except ValueError: print(*[name for name in ('torch', 'keras', 'sklearn') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"
