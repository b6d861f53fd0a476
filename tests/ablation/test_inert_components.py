"""The whole and an arm differ in nothing but the component: without one that does nothing, trainings are the same."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import trimma as tm

pytestmark = [
    pytest.mark.xdist_group("torch"),
    # Keras's own variables, under NumPy 2
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"),
]

RNG = np.random.default_rng(0)
TABLE = pd.DataFrame(RNG.normal(size=(24, 4)), columns=["a", "b", "unused", "target"])
KINDS = {
    "layer": tm.Layers("inert"),
    "column": tm.Columns("unused"),
    "permuted": tm.Columns("unused", how="permute"),
    "mean": tm.Columns("unused", how="mean"),
    "setting": tm.Setting(ignored=2),
    "variant": tm.Variant("another", ignored=3),
}


def torch_model() -> Any:
    import torch

    class Net(torch.nn.Module):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            nn = torch.nn
            self.first, self.act, self.inert = nn.Linear(2, 8), nn.ReLU(inplace=True), nn.Dropout(0.0)
            self.norm, self.drop, self.head = nn.BatchNorm1d(8), nn.Dropout(0.3), nn.Linear(8, 1)

        def forward(self, x: Any) -> Any:
            x = self.act(self.first(x))
            return self.head(self.drop(self.norm(self.inert(x))))

    torch.manual_seed(0)
    return Net()


def torch_training(model: Any, seed: int, data: pd.DataFrame, ignored: int = 1) -> float:
    import torch

    if not isinstance(model, torch.nn.Module):
        model = model()
    torch.manual_seed(seed)
    x, y = (torch.tensor(data[names].to_numpy(), dtype=torch.float32) for names in (["a", "b"], ["target"]))
    optimizer = torch.optim.Adam(model.train().parameters(), 0.01)
    for _ in range(4):
        optimizer.zero_grad()
        ((model(x) - y) ** 2).mean().backward()
        optimizer.step()
    return float(((model.eval()(x) - y) ** 2).mean().detach())


def keras_model() -> Any:
    import keras

    keras.utils.set_random_seed(0)
    layers = keras.layers
    given = keras.Input((2,))
    x = layers.Dense(8, activation="relu", name="first")(given)
    x = layers.Activation("linear", name="inert")(x)
    x = layers.Dropout(0.3, name="drop")(layers.BatchNormalization(name="norm")(x))
    return keras.Model(given, layers.Dense(1, name="head")(x))


def keras_training(model: Any, seed: int, data: pd.DataFrame, ignored: int = 1) -> float:
    import keras

    if not isinstance(model, keras.Model):
        model = model()
    keras.utils.set_random_seed(seed)
    x, y = (data[names].to_numpy().astype("float32") for names in (["a", "b"], ["target"]))
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse")
    model.fit(x, y, epochs=3, verbose=0)
    return float(np.mean((model.predict(x, verbose=0) - y) ** 2))


def sklearn_model() -> Any:
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler

    model = make_pipeline(StandardScaler(), FunctionTransformer(), Ridge())
    model.steps[1] = ("inert", model.steps[1][1])
    return model


def sklearn_training(model: Any, seed: int, data: pd.DataFrame, ignored: int = 1) -> float:
    x, y = data[["a", "b"]].to_numpy(), data["target"].to_numpy()
    rows = np.random.default_rng(seed).integers(len(y), size=len(y))
    model = model() if not hasattr(model, "fit") else model
    return float(np.mean((model.fit(x[rows], y[rows]).predict(x) - y) ** 2))


@pytest.mark.parametrize("by", ["model", "function"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("framework", ["torch", "keras", "sklearn"])
def test_without_what_does_nothing_each_training_is_the_same(framework: str, kind: str, by: str) -> None:
    needed = {"torch": ["torch"], "keras": ["torch", "keras"], "sklearn": ["sklearn"]}[framework]
    if any(importlib.util.find_spec(package) is None for package in needed):
        pytest.skip(f"{framework} is not installed: see tools/install-torch")
    os.environ.setdefault("KERAS_BACKEND", "torch")
    make: Callable[[], Any] = globals()[f"{framework}_model"]
    train: Callable[..., float] = globals()[f"{framework}_training"]
    study = tm.ablate(
        # one seed for the trainings of a repeat, so that all that is random is the same in both
        lambda model, split, data, ignored=1: train(model, split, data, ignored),
        KINDS[kind],
        data=TABLE,
        model=make() if by == "model" else make,
        minimize="loss",
        repeats=2,
        repeat=tm.RandomSplit(test=0.25),
        engine=tm.Simulated(1),
        store="memory",
        progress=False,
    )
    values = {(str(trial.place["without"]), trial.place["repeat"]): trial.value for trial in study.trials}
    assert len(values) == 4
    for (without, repeat), value in values.items():
        assert value == values["[]", repeat], (without, repeat)
    assert len(set(values.values())) == 2, "each repeat is another training"
