"""Layers of Keras models as components."""

from __future__ import annotations

import importlib.util
import os
from typing import Any

import cloudpickle
import numpy as np
import pytest

from trimma.ablation.layers import Layers
from trimma.errors import UsageError
from trimma.program import Inputs

pytestmark = [
    pytest.mark.xdist_group("torch"),
    # Keras's own variables, under NumPy 2
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"),
]


@pytest.fixture(scope="module")
def keras() -> Any:
    """Keras on PyTorch."""
    if importlib.util.find_spec("keras") is None or importlib.util.find_spec("torch") is None:
        pytest.skip("Keras with PyTorch is not installed: see tools/install-torch")
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras

    return keras


def stack(keras: Any, width: int = 8, *, compiled: bool = False) -> Any:
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((12,), name="table"),
            layers.Dense(width, activation="relu", name="first"),
            layers.Dropout(0.5, name="drop1"),
            layers.Dense(2 * width, name="second"),
            layers.Dropout(0.5, name="drop2"),
            layers.Dense(3, name="head"),
        ],
        name="stack",
    )
    if compiled:
        model.compile(optimizer=keras.optimizers.SGD(0.125), loss=square, metrics=["mae"])
    return model


def square(truth: Any, found: Any) -> Any:
    return (truth - found) ** 2


def graph(keras: Any) -> Any:
    """Two branches that are added, one that is put beside them, and a gate."""
    layers = keras.layers
    given = keras.Input((8, 8, 3), name="image")
    stem = layers.Conv2D(4, 3, padding="same", name="stem")(given)
    left = layers.Conv2D(4, 3, padding="same", name="left")(stem)
    left = layers.ReLU(name="left_relu")(left)
    added = layers.Add(name="sum")([stem, left])
    wide = layers.Conv2D(6, 1, name="wide")(added)
    wide = layers.Conv2D(4, 1, name="narrow")(wide)
    added = added + wide
    beside = layers.Concatenate(name="beside")([added, layers.Conv2D(2, 1, name="extra")(added)])
    gate = layers.Conv2D(6, 1, activation="sigmoid", name="gate")(beside)
    x = layers.Multiply(name="times")([beside, gate])
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(given, layers.Dense(2, name="head")(x), name="graph")


def names(layers: Layers, model: Any, **params: Any) -> list[str]:
    return [component.name for component in layers.components(Inputs(params=params, model=model))]


def without(layers: Layers, model: Any, **params: Any) -> Any:
    inputs = Inputs(params=params, model=model)
    return layers.remove(inputs, layers.components(inputs)).model


def same(model: Any, by_hand: Any, shape: tuple[int, ...]) -> None:
    """With the same weights both give the same."""
    by_hand.set_weights(model.get_weights())
    x = np.random.default_rng(0).normal(size=(4, *shape)).astype("float32")
    assert np.allclose(model.predict(x, verbose=0), by_hand.predict(x, verbose=0), atol=1e-6)


def test_a_stack(keras: Any) -> None:
    layers, model = keras.layers, stack(keras)
    assert names(Layers(weights="new"), model) == ["first", "drop1", "second", "drop2"]
    before = [weight.copy() for weight in model.get_weights()]
    ablated = without(Layers("second", weights="new"), model)
    assert [layer.name for layer in ablated.layers] == ["first", "drop1", "drop2", "head"]
    same(ablated, keras.Sequential([keras.Input((12,)), layers.Dense(8, "relu"), layers.Dense(3)]), (12,))
    # the given model is what it was, and shares nothing with the new one
    assert [layer.name for layer in model.layers] == ["first", "drop1", "second", "drop2", "head"]
    assert all(map(np.array_equal, before, model.get_weights()))
    assert len(model.get_layer("first")._inbound_nodes) == len(stack(keras).get_layer("first")._inbound_nodes)
    (dropouts,) = Layers(kind="Dropout").components(Inputs(params={}, model=model))
    assert (dropouts.name, dropouts.members) == ("Dropout", ("drop1", "drop2"))
    assert [layer.name for layer in without(Layers(prefix="drop"), model).layers] == ["first", "second", "head"]


def drawn(*shape: int) -> Any:
    return np.random.default_rng(1).normal(size=shape).astype("float32")


def inert(keras: Any) -> Any:
    """A trained network with a layer that does nothing, batch norms, dropouts and a model within it."""
    layers = keras.layers
    keras.utils.set_random_seed(3)
    scale = layers.Normalization(name="scale")
    scale.adapt(10 + 3 * drawn(50, 6))
    inner = keras.Sequential([keras.Input((8,)), layers.Dense(8, name="a"), layers.BatchNormalization()], name="inner")
    given = keras.Input((6,))
    x = layers.Dense(8, activation="relu", name="stem")(scale(given))
    x = layers.Add()([x, layers.Dropout(0.3)(inner(x))])
    x = layers.Activation("linear", name="inert")(layers.BatchNormalization()(x))
    model = keras.Model(given, layers.Dense(2, name="head")(layers.Dropout(0.2)(x)), name="trained")
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse")
    model.fit(drawn(32, 6), drawn(32, 2), epochs=3, verbose=0)
    return model


def training(keras: Any, model: Any) -> list[Any]:
    """What the model gives before and after a new training, and its weights after it."""
    x, y = drawn(32, 6), drawn(32, 2)
    before = model.predict(x, verbose=0)
    keras.utils.set_random_seed(4)
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse")
    model.fit(x, y, epochs=2, verbose=0)
    return [before, model.predict(x, verbose=0), *model.get_weights()]


def test_an_arm_differs_in_nothing_but_the_component(keras: Any) -> None:
    model, layers = inert(keras), Layers("inert")
    (component,) = layers.components(Inputs(params={}, model=model))
    whole, arm = (layers.remove(Inputs(params={}, model=model), gone).model for gone in ([], [component]))
    assert [layer.name for layer in arm.layers[1:]] == [
        layer.name for layer in model.layers[1:] if layer.name != "inert"
    ]
    expected, found, left = (training(keras, each) for each in (model, whole, arm))
    assert len(expected) == len(found) == len(left)
    assert all(map(np.array_equal, expected, found))
    assert all(map(np.array_equal, expected, left))


def test_an_arm_of_a_function_draws_as_the_whole_does(keras: Any) -> None:
    def make() -> Any:
        import keras

        layers = keras.layers
        return keras.Sequential(
            [
                keras.Input((6,)),
                layers.Dense(8, name="a"),
                layers.Activation("linear", name="inert"),
                layers.Dropout(0.5, name="drop"),
                layers.Dense(2, name="head"),
            ]
        )

    found = []
    for model in (make, without(Layers("inert"), make)):
        keras.utils.set_random_seed(2)
        found.append(training(keras, model()))
    assert all(map(np.array_equal, *found))


def test_weights_are_kept_or_new(keras: Any) -> None:
    model = stack(keras)
    whole = Layers().remove(Inputs(params={}, model=model), []).model
    assert [layer.name for layer in whole.layers] == [layer.name for layer in model.layers]
    assert all(map(np.array_equal, whole.get_weights(), model.get_weights()))
    assert whole.get_layer("first").kernel is not model.get_layer("first").kernel
    # without this layer others need weights of another shape, which a trained model doesn't have
    with pytest.raises(UsageError, match=r"'head' needs weights of shape \(8, 3\), and those of the model have shape"):
        names(Layers("second"), model)
    assert names(Layers(), model) == ["drop1", "drop2"]
    assert "head" in [layer.name for layer in without(Layers("second", adapt=True), model).layers]
    new = Layers("second", weights="new")
    components = new.components(Inputs(params={}, model=model))
    first, again, other = (
        new.remove(Inputs(params={}, model=model, seed=seed), components).model.get_weights()[0] for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert not np.array_equal(first, model.get_weights()[0])
    assert "weights='new'" in repr(new)
    with pytest.raises(UsageError, match=r"model= is a function, which makes a model with weights of its own"):
        names(new, lambda: model)
    with pytest.raises(UsageError, match="there is no choice of weights named 'old'"):
        Layers(weights="old")  # type: ignore[arg-type]


def test_a_configuration_that_lacks_something_is_told(keras: Any) -> None:
    class Scaled(keras.layers.Layer):  # type: ignore[misc,name-defined]
        def __init__(self, factor: float = 1.0, **more: Any) -> None:
            super().__init__(**more)
            self.factor = factor

        def call(self, x: Any) -> Any:
            return self.factor * x

        def get_config(self) -> Any:
            return keras.layers.Layer.get_config(self)

    layers = keras.layers
    model = keras.Sequential([keras.Input((4,)), Scaled(3.0), layers.Dropout(0.1, name="drop"), layers.Dense(2)])
    with pytest.raises(UsageError, match="gives other outputs when it is built again"):
        names(Layers("drop"), model)


def test_compiled_as_it_was(keras: Any) -> None:
    model = stack(keras, compiled=True)
    ablated = without(Layers("drop1"), model)
    assert float(ablated.optimizer.learning_rate) == 0.125
    assert ablated.optimizer is not model.optimizer
    assert ablated.loss is square
    history = ablated.fit(np.ones((4, 12)), np.ones((4, 3)), verbose=0).history
    assert set(history) == {"loss", "mae"}
    assert not without(Layers("drop1"), stack(keras)).compiled


def test_a_graph_lists_what_connects(keras: Any) -> None:
    model = graph(keras)
    assert names(Layers(weights="new"), model) == ["left", "left_relu", "wide", "gate"]
    # without "wide", the layer after it needs weights of another shape
    assert names(Layers(), model) == ["left", "left_relu", "gate"]


def test_one_branch_rewired(keras: Any) -> None:
    layers = keras.layers
    ablated = without(Layers("left"), graph(keras))
    given = keras.Input((8, 8, 3))
    stem = layers.Conv2D(4, 3, padding="same")(given)
    added = stem + layers.ReLU()(stem)
    added = added + layers.Conv2D(4, 1)(layers.Conv2D(6, 1)(added))
    x = layers.Concatenate()([added, layers.Conv2D(2, 1)(added)])
    x = x * layers.Conv2D(6, 1, activation="sigmoid")(x)
    same(ablated, keras.Model(given, layers.Dense(2)(layers.GlobalAveragePooling2D()(x))), (8, 8, 3))


def test_branches_that_are_gone(keras: Any) -> None:
    layers = keras.layers
    every = Layers(groups=[["left", "left_relu"], ["wide", "narrow"], ["extra", "gate"]], weights="new")
    ablated = without(every, graph(keras))
    assert {"sum", "beside", "times"}.isdisjoint(layer.name for layer in ablated.layers)
    given = keras.Input((8, 8, 3))
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, padding="same")(given))
    same(ablated, keras.Model(given, layers.Dense(2)(x)), (8, 8, 3))


def test_which_shapes_clash_and_what_would_connect(keras: Any) -> None:
    with pytest.raises(UsageError) as refused:
        names(Layers("narrow"), graph(keras))
    assert "without 'narrow', 'add" in str(refused.value)
    assert "gets shape (?, 8, 8, 4) and (?, 8, 8, 6) where it takes (?, 8, 8, 4) and (?, 8, 8, 4)" in str(refused.value)
    assert "Taken out together these connect: 'wide' + 'narrow'." in str(refused.value)
    with pytest.raises(UsageError, match=r"the model gives shape \(\?, 8, 8, 2\) instead of \(\?, 2\)"):
        names(Layers("pool"), graph(keras))


def test_adapters_only_where_shapes_clash(keras: Any) -> None:
    ablated = without(Layers("narrow", "left", adapt=True), graph(keras))
    adapter = ablated.get_layer("narrow_adapter")
    assert np.array_equal(adapter.get_weights()[0], np.eye(6, 4))
    assert not [layer for layer in ablated.layers if layer.name.startswith("left_adapter")]
    assert ablated.output_shape == (None, 2)
    layers = keras.layers
    given = keras.Input((9, 8, 3))
    small = layers.Conv2D(5, 3, strides=2, padding="same", name="small")(given)
    same_size = layers.Conv2D(5, 3, strides=2, padding="same", name="beside")(given)
    joined = keras.Model(given, layers.Conv2D(1, 1)(layers.Flatten()(layers.Add()([small, same_size]))[:, None, None]))
    ablated = without(Layers("small", adapt=True), joined)
    assert [layer.name for layer in ablated.layers if "adapter" in layer.name] == [
        "small_adapter_size",
        "small_adapter",
    ]
    with pytest.raises(UsageError, match=r"gets shape \(\?, 9, 8, 3\) and \(\?, 5, 4, 5\)"):
        names(Layers("small"), joined)


def test_models_within_models(keras: Any) -> None:
    layers = keras.layers
    given = keras.Input((4,), name="inner_input")
    encoder = keras.Model(given, layers.Dense(4, name="b")(layers.Dense(6, name="a")(given)), name="encoder")
    tail = keras.Sequential([keras.Input((4,)), layers.Dense(4, name="c"), layers.Dense(2, name="d")], name="tail")
    outer = keras.Input((4,))
    model = keras.Model(outer, tail(encoder(outer)))
    # what comes after the encoder takes four features
    assert names(Layers(weights="new"), model) == ["encoder/a", "tail/c"]
    with pytest.raises(UsageError, match=r"'encoder/b' needs weights of shape \(4, 4\)"):
        names(Layers("encoder/a"), model)
    ablated = without(Layers("encoder/a", "tail/c", weights="new"), model)
    assert [layer.name for layer in ablated.get_layer("encoder").layers] == ["inner_input", "b"]
    same(ablated, keras.Sequential([keras.Input((4,)), layers.Dense(4), layers.Dense(2)]), (4,))
    assert [layer.name for layer in without(Layers("encoder"), model).layers][1:] == ["tail"]
    (component,) = Layers("encoder").components(Inputs(params={}, model=model))
    assert component.members == ("encoder", "encoder/inner_input", "encoder/a", "encoder/b")
    with pytest.raises(UsageError, match="'tail/d' is an output layer"):
        names(Layers("tail/d"), model)


def test_a_stack_without_an_input(keras: Any) -> None:
    layers = keras.layers
    model = keras.Sequential([layers.Reshape((2, 6), name="shape"), layers.Flatten(), layers.Dense(1)])
    assert "shape" in names(Layers(), model)
    assert [type(layer).__name__ for layer in without(Layers("shape"), model).layers] == ["Flatten", "Dense"]
    model = keras.Sequential(
        [layers.Dense(4, name="a"), layers.Reshape((2, 2), name="b"), layers.Flatten(), layers.Dense(1)]
    )
    with pytest.raises(UsageError, match=r"'b' gets shape \(\?, 7\) where it takes \(\?, 4\)"):
        names(Layers("a", example=(1, 7)), model)
    with pytest.raises(UsageError, match="it is the shape of its input, the batch first"):
        names(Layers("a", example=3), model)


def test_recurrent_and_attention_layers_that_pass_one_tensor_on(keras: Any) -> None:
    layers = keras.layers
    given = keras.Input((6, 4))
    x = layers.LSTM(4, return_sequences=True, name="lstm")(given)
    x = layers.MultiHeadAttention(2, 2, name="attend")(x, x)
    state = layers.LSTM(4, return_state=True, name="states")(x)
    x = layers.Lambda(lambda tensor: 2 * tensor, name="double")(state[0])
    model = keras.Model(given, layers.Dense(1)(x))
    assert names(Layers(), model) == ["lstm", "attend", "double"]
    assert without(Layers("attend"), model).output_shape == (None, 1)
    with pytest.raises(UsageError, match="'states' gives 3 tensors"):
        names(Layers("states"), model)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("image", "'image' is an input layer"),
        ("head", "'head' is an output layer"),
        ("sum", r"'sum' joins 2 tensors: take out the layers of a branch, or replace it with tm\.Variant"),
        ("lefft", r"there is no layer named 'lefft'; did you mean 'left'\?"),
    ],
)
def test_refusals(keras: Any, name: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        names(Layers(name), graph(keras))


def test_subclassed_models(keras: Any) -> None:
    class Own(keras.Model):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.dense = keras.layers.Dense(1)

        def call(self, x: Any) -> Any:
            return self.dense(x)

    with pytest.raises(UsageError, match="Own is a subclassed Keras model, whose layers are joined by its own code"):
        names(Layers("dense"), Own())

    class Named(keras.Model):  # type: ignore[misc,name-defined]
        def __init__(self, units: int) -> None:
            given = keras.Input((3,))
            x = keras.layers.Dense(units, name="mix")(given)
            super().__init__(given, keras.layers.Dense(1)(x))

    with pytest.raises(UsageError, match="Named can't be built again from inputs and outputs alone"):
        names(Layers("mix"), Named(4))
    with pytest.raises(UsageError, match="Dense is no model of Keras 3"):
        names(Layers("mix"), keras.layers.Dense(1))


def test_a_function_with_arguments(keras: Any) -> None:
    def make(width: int) -> Any:
        import keras

        return stack(keras, width)

    ablated = cloudpickle.loads(cloudpickle.dumps(without(Layers("drop1"), make, width=4)))(width=5)
    assert [layer.name for layer in ablated.layers] == ["first", "second", "drop2", "head"]
    assert ablated.get_layer("first").units == 5


def test_what_configurations_do_not_hold(keras: Any) -> None:
    class Loss(keras.losses.Loss):  # type: ignore[misc,name-defined]
        def __init__(self, weight: float) -> None:
            super().__init__()
            self.weight = weight

        def call(self, truth: Any, found: Any) -> Any:
            return self.weight * square(truth, found)

    model = stack(keras)
    model.compile(loss=Loss(2.0))
    with pytest.raises(UsageError, match=r"'stack' can't be compiled again from its configuration .*: compile it in"):
        without(Layers("drop1"), model)

    class Times(keras.layers.Layer):  # type: ignore[misc,name-defined]
        def __init__(self, factor: Any) -> None:
            super().__init__(name="times")
            self.factor = factor

        def call(self, x: Any) -> Any:
            return self.factor(x)

    model = keras.Sequential(
        [keras.Input((2,)), Times(lambda x: 2 * x), keras.layers.Dense(2, name="mix"), keras.layers.Dense(1)]
    )
    with pytest.raises(UsageError, match="the layer 'times' can't be made again from its configuration"):
        names(Layers("mix"), model)


def test_a_shape_on_which_the_model_cannot_be_built(keras: Any) -> None:
    model = keras.Sequential([keras.layers.Conv2D(1, 9, name="conv"), keras.layers.ReLU(), keras.layers.Flatten()])
    with pytest.raises(UsageError, match="the model itself can't be built on it: 'conv' fails"):
        names(Layers("conv", example=(1, 4, 4, 1)), model)
    with pytest.raises(UsageError, match=r"the model gives shape \(\?, 400\) instead of \(\?, 144\)"):
        names(Layers("conv", example=(1, 20, 20, 1)), model)
    with pytest.raises(UsageError, match="the model gives shape"):
        names(Layers("conv", example=(1, 20, 20, 1), adapt=True), model)
