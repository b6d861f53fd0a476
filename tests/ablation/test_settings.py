"""Settings and variants: what the objective gets instead, and what is refused."""

from __future__ import annotations

import math
from typing import Any

import cloudpickle
import numpy as np
import pytest

from trimma.ablation.question import overlaps
from trimma.ablation.setting import Setting, named_apart
from trimma.ablation.values import same, shown
from trimma.ablation.variant import Variant
from trimma.errors import UnknownName, UsageError
from trimma.program import Inputs

WHOLE = Inputs(params={"dropout": 0.5, "augment": True, "decay": 1e-4, "layers": [1, 2]}, data="data", model="model")


def without(kind: Any, *names: str, inputs: Inputs = WHOLE) -> Inputs:
    found = [component for component in kind.components(inputs) if component.name in names]
    assert [component.name for component in found] == list(names)
    return kind.remove(inputs, found)


def test_each_setting_is_a_component_and_has_its_value_where_it_is_left_out() -> None:
    kind = Setting(dropout=0.0, augment=False)
    assert [(part.name, part.kind, part.members) for part in kind.components(WHOLE)] == [
        ("dropout", "setting", ("dropout",)),
        ("augment", "setting", ("augment",)),
    ]
    assert without(kind, "dropout").params == {**WHOLE.params, "dropout": 0.0}
    assert without(kind, "dropout", "augment").params == {**WHOLE.params, "dropout": 0.0, "augment": False}
    assert WHOLE.params["dropout"] == 0.5
    assert repr(kind) == "Setting(dropout=0.0, augment=False)"


def test_settings_that_are_left_out_together() -> None:
    kind = Setting.together("no-regularisation", dropout=0.0, decay=0.0)
    assert [part.members for part in kind.components(WHOLE)] == [("dropout", "decay")]
    assert without(kind, "no-regularisation").params == {**WHOLE.params, "dropout": 0.0, "decay": 0.0}
    assert repr(kind) == "Setting.together('no-regularisation', dropout=0.0, decay=0.0)"
    # that one of them is as in the whole is no harm
    assert without(Setting.together("none", dropout=0.0, decay=1e-4), "none").params["dropout"] == 0.0


def test_a_trial_that_changes_a_value_changes_no_other_trials() -> None:
    kind = Setting(layers=[1])
    first = without(kind, "layers").params["layers"]
    first.append(2)
    assert without(kind, "layers").params["layers"] == [1]


def test_a_setting_that_comes_twice_is_named_with_its_value() -> None:
    kinds = [Setting(dropout=0.0, augment=False), Setting(dropout=0.1), Variant("plain", model=1)]
    apart = named_apart(kinds)
    assert [part.name for kind in apart for part in kind.components(WHOLE)] == [
        "dropout=0.0",
        "augment",
        "dropout=0.1",
        "plain",
    ]
    assert without(apart[1], "dropout=0.1").params["dropout"] == 0.1
    parts = [part for kind in apart for part in kind.components(WHOLE)]
    assert overlaps(parts) == [("dropout", ("dropout=0.0", "dropout=0.1"))]
    assert named_apart(kinds[:1]) == kinds[:1]
    assert [repr(kind) for kind in apart] == [repr(kind) for kind in kinds]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Setting(), "name each setting, with the value that it has when it is left out"),
        (lambda: Setting("dropout"), r"Setting\('dropout'\): name each setting"),
        (lambda: Setting.together("none"), "a group of 0"),
        (lambda: Setting.together("none", dropout=0.0), r"a group of 1; a setting by itself is Setting\(dropout=0.0\)"),
        (lambda: Setting.together("", dropout=0.0, decay=0), "is a text that isn't empty"),
        (lambda: Setting(dropuot=0.0), "no argument of the objective named 'dropuot'; did you mean 'dropout'"),
        (lambda: Setting(dropout=0.5), "the whole has dropout=0.5 too, so that equal things"),
        (lambda: Setting(model=None), r"'model' is no argument that can be set: Variant\("),
        (
            lambda: Setting.together("none", dropout=0.5, decay=1e-4),
            "the setting 'none': the whole has dropout=0.5",
        ),
        (lambda: Variant("plain"), r"Variant\('plain'\) replaces nothing"),
        (lambda: Variant("", model=1), "the name of a variant is a text"),
        (lambda: Variant(3, model=1), r"Variant\(3, ...\): the name"),  # type: ignore[arg-type]
        (lambda: Variant("plain", dropuot=0), "did you mean 'dropout'"),
        (lambda: Variant("plain", dropout=0.5), "the variant 'plain': the whole has dropout=0.5 too"),
        (lambda: Variant("plain", model="model"), "the variant 'plain': the whole has model='model' too"),
    ],
)
def test_what_is_refused(make: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        make().components(WHOLE)


def test_a_reserved_name_is_refused_also_where_the_objective_has_a_default_for_it() -> None:
    with pytest.raises(UsageError, match="is no argument that can be set"):
        Setting(model=1).components(Inputs(params={"model": None}))


def test_an_unknown_setting_is_an_unknown_name() -> None:
    with pytest.raises(UnknownName):
        Setting(x=1).components(WHOLE)


def test_a_variant_is_what_the_objective_gets() -> None:
    other = lambda: "plain"  # noqa: E731
    kind = Variant("no-attention", model=other, dropout=0.1)
    assert [(part.name, part.kind, part.members) for part in kind.components(WHOLE)] == [
        ("no-attention", "variant", ("no-attention",))
    ]
    changed = without(kind, "no-attention")
    assert changed.model is other
    assert changed.params == {**WHOLE.params, "dropout": 0.1}
    assert (changed.data, changed.seed, changed.split) == (WHOLE.data, WHOLE.seed, WHOLE.split)
    assert kind.remove(WHOLE, []) is WHOLE
    assert without(Variant("none", model=None), "none").model is None
    assert without(Variant("half", data=[1], dropout=0.5), "half").data == [1]


def test_the_data_of_a_variant_may_be_brought_into_another_form() -> None:
    kind = Variant("half", data=[1, 2], model=3, dropout=0.0)
    assert kind.with_data(tuple) == Variant("half", data=(1, 2), model=3, dropout=0.0)
    assert (kind.with_data(tuple) == kind) is False
    plain = Variant("plain", model=3)
    assert plain.with_data(tuple) is plain


def test_they_can_be_compared_and_pickled_also_with_local_functions_and_arrays() -> None:
    def factory() -> str:
        return "made"

    for kind in (
        Setting(dropout=0.0, layers=[1]),
        Setting.together("none", dropout=0.0, decay=0.0),
        Variant("array", data=np.arange(5), dropout=0.0),
    ):
        copied = cloudpickle.loads(cloudpickle.dumps(kind))
        assert copied == kind
        assert hash(copied) == hash(kind)
        assert repr(copied) == repr(kind)
    assert cloudpickle.loads(cloudpickle.dumps(Variant("plain", model=factory))).replaced["model"]() == "made"
    assert Setting(dropout=0.0) != Setting(dropout=0.1)
    assert Setting(dropout=0.0) != Variant("dropout", dropout=0.0)
    assert Variant("plain", model=1) != Variant("plain", data=1)


def test_how_they_are_shown() -> None:
    def make_plain() -> None: ...

    assert repr(Variant("plain", model=make_plain, data=np.zeros((20, 30)), dropout=0)) == (
        "Variant('plain', data=ndarray(20, 30), model=make_plain, dropout=0)"
    )
    assert shown("x" * 100) == "str(...)"
    assert shown(np.mean) == "mean"

    class Odd:
        def __repr__(self) -> str:
            raise ValueError("no")

        def __eq__(self, other: object) -> bool:
            raise ValueError("no")

        __hash__ = None  # type: ignore[assignment]

    assert shown(Odd()) == "Odd(...)"
    assert same(Odd(), Odd()) is False


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (0, 0.0, True),
        (math.nan, math.nan, True),
        (np.arange(3), np.arange(3), True),
        (np.arange(3), np.arange(1, 4), False),
        (np.arange(3), np.arange(4), False),
        (np.ones(3), 1, False),
        ("a", "a", True),
        ([1, [2]], [1, [2]], True),
        (None, 0, False),
    ],
)
def test_what_is_the_same(one: Any, other: Any, expected: bool) -> None:
    assert same(one, other) is expected


def test_frames_are_compared() -> None:
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    assert same(frame, frame.copy())
    assert not same(frame, frame.assign(a=[1, 3]))
    assert not same(frame, frame.rename(columns={"a": "c"}))
