"""Columns of tables of every kind: what is left, what the objective gets, and that what is shared stays as it is."""

from __future__ import annotations

import copy
import itertools
from collections import Counter, OrderedDict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import cloudpickle
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimma.ablation.columns import Columns
from trimma.errors import UnknownName, UsageError
from trimma.program import Inputs

pd = pytest.importorskip("pandas")
pa = pytest.importorskip("pyarrow")


ROWS = {
    "age": [30, 40, 50, 60],
    "fare": [7.25, None, 8.0, 71.75],
    "sex": ["m", "f", "f", None],
    "alone": [True, True, False, True],
    "survived": [0, 1, 1, 0],
}


class Kind(NamedTuple):
    """A kind of table: how one is made of the rows, and how one is read."""

    make: Callable[[dict[str, list[Any]]], Any]
    read: Callable[[Any], dict[str, list[Any]]]


def polars_of(rows: dict[str, list[Any]], *, lazy: bool = False) -> Any:
    polars = pytest.importorskip("polars")
    return polars.LazyFrame(rows) if lazy else polars.DataFrame(rows)


def pandas_rows(frame: Any) -> dict[str, list[Any]]:
    plain = frame.astype(object)
    return {name: plain[name].where(plain[name].notna(), None).tolist() for name in plain.columns}


KINDS = {
    "pandas": Kind(pd.DataFrame, pandas_rows),
    "pandas of other types": Kind(lambda rows: pd.DataFrame(rows).convert_dtypes(), pandas_rows),
    "pandas of Arrow": Kind(lambda rows: pd.DataFrame(rows).convert_dtypes(dtype_backend="pyarrow"), pandas_rows),
    "Arrow": Kind(pa.table, lambda table: table.to_pydict()),
    "Arrow's batch": Kind(pa.RecordBatch.from_pydict, lambda table: table.to_pydict()),
    "polars": Kind(polars_of, lambda frame: frame.to_dict(as_series=False)),
    "lazy polars": Kind(partial(polars_of, lazy=True), lambda frame: frame.collect().to_dict(as_series=False)),
}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    return KINDS[request.param]


def removed(kind: Columns, data: Any, seed: int = 0) -> Any:
    """The data without all components of the kind."""
    inputs = Inputs(params={}, data=data, seed=seed)
    return kind.remove(inputs, kind.components(inputs)).data


def names(kind: Columns, data: Any) -> list[str]:
    return [component.name for component in kind.components(Inputs(params={}, data=data))]


def test_columns_are_listed_but_for_the_label(kind: Kind) -> None:
    data = kind.make(ROWS)
    assert names(Columns(label="survived"), data) == ["age", "fare", "sex", "alone"]
    assert names(Columns(label=["survived", "age"]), data) == ["fare", "sex", "alone"]
    assert names(Columns(label=()), data) == list(ROWS)
    assert names(Columns("fare", prefix="a", group=["sex", "age"]), data) == ["fare", "sex+age", "a*"]


def test_dropped(kind: Kind) -> None:
    data = kind.make(ROWS)
    left = removed(Columns("age", group=["sex", "alone"]), data)
    assert type(left) is type(data)
    assert kind.read(left) == {"fare": ROWS["fare"], "survived": ROWS["survived"]}
    assert kind.read(data) == ROWS


def test_replaced_by_the_mean_or_the_most_frequent_value(kind: Kind) -> None:
    data = kind.make(ROWS)
    left = removed(Columns("age", "fare", "sex", "alone", how="mean"), data)
    assert type(left) is type(data)
    assert kind.read(left) == {
        "age": [45.0] * 4,
        "fare": [29.0] * 4,
        "sex": ["f"] * 4,
        "alone": [True] * 4,
        "survived": ROWS["survived"],
    }
    assert all(isinstance(value, float) for value in kind.read(left)["age"])
    assert kind.read(data) == ROWS


@pytest.mark.parametrize("rows", [{"a": [None, None], "b": [1, 2]}, {"a": [], "b": []}])
def test_a_column_without_values_stays_one(kind: Kind, rows: dict[str, list[Any]]) -> None:
    assert kind.read(removed(Columns("a", how="mean"), kind.make(rows))) == rows


def test_of_equally_frequent_values_the_first_by_name(kind: Kind) -> None:
    data = kind.make({"a": ["z", "b", "z", "b", "c"], "b": [False, True, True, False, None]})
    assert kind.read(removed(Columns("a", "b", how="mean"), data)) == {"a": ["b"] * 5, "b": [False] * 5}


def test_permuted_jointly_within_a_component_and_apart_between_them(kind: Kind) -> None:
    count = 50
    rows = {name: list(range(start, start + count)) for start, name in ((0, "a"), (100, "b"), (200, "c"), (300, "y"))}
    data = kind.make(rows)
    found = kind.read(removed(Columns("c", group=["a", "b"], how="permute"), data, seed=7))
    assert [b - a for a, b in zip(found["a"], found["b"], strict=True)] == [100] * count
    assert sorted(found["a"]) == rows["a"] != found["a"]
    assert sorted(found["c"]) == rows["c"] != found["c"]
    assert [c - a for a, c in zip(found["a"], found["c"], strict=True)] != [200] * count
    assert found["y"] == rows["y"]
    assert kind.read(data) == rows
    assert kind.read(removed(Columns("c", group=["a", "b"], how="permute"), data, seed=7)) == found
    other = kind.read(removed(Columns("c", group=["a", "b"], how="permute"), data, seed=8))
    assert other["a"] != found["a"]


@given(
    st.lists(st.tuples(st.integers(-5, 5), st.text(max_size=2)), max_size=30),
    st.integers(0, 2**32 - 1),
    st.sampled_from(["pandas", "Arrow"]),
)
def test_permutations_keep_the_rows_of_a_component(rows: list[tuple[int, str]], seed: int, name: str) -> None:
    kind = KINDS[name]
    data = kind.make({"a": [a for a, _ in rows], "b": [b for _, b in rows], "y": list(range(len(rows)))})
    found = kind.read(removed(Columns(group=["a", "b"], how="permute"), data, seed=seed))
    assert sorted(zip(found["a"], found["b"], strict=True)) == sorted(rows)
    assert found["y"] == list(range(len(rows)))


def test_every_kind_permutes_alike() -> None:
    rows = {"a": list(range(20)), "y": [0] * 20}
    found = [
        kind.read(removed(Columns("a", how="permute"), kind.make(rows), seed=3))["a"]
        for name, kind in KINDS.items()
        if "polars" not in name
    ]
    assert all(one == found[0] for one in found)


# what stands around tables


class Pair(NamedTuple):
    X: Any
    y: Any


def test_tables_in_dicts_lists_and_tuples() -> None:
    train, test, y = pd.DataFrame(ROWS), pd.DataFrame(ROWS), pd.Series([1, 2], name="age")
    left = removed(Columns("age", "sex"), {"train": train, "test": [test, 3], "y": y, "x": (None, "text")})
    assert list(left) == ["train", "test", "y", "x"]
    assert list(left["train"]) == list(left["test"][0]) == ["fare", "alone", "survived"]
    assert left["test"][1] == 3
    assert left["y"] is y
    assert left["x"] == (None, "text")
    both = removed(Columns("age"), Pair(train, y))
    assert type(both) is Pair
    assert "age" not in both.X
    assert type(removed(Columns("age"), OrderedDict(train=train))) is OrderedDict
    assert list(train) == list(test) == list(ROWS)


def test_a_table_that_has_none_of_the_columns_stays_the_same_object() -> None:
    prices = pd.DataFrame({"price": [1.0]})
    left = removed(Columns("age"), {"people": pd.DataFrame(ROWS), "prices": prices})
    assert left["prices"] is prices


def test_the_mean_of_the_first_table_stands_in_all() -> None:
    train = pd.DataFrame({"x": [1, 3], "c": pd.Categorical(["a", "a"])})
    test = pd.DataFrame({"x": [100, 200], "c": pd.Categorical(["b", "b"])})
    left = removed(Columns("x", "c", how="mean"), {"train": train, "test": test})
    assert left["test"]["x"].tolist() == [2.0, 2.0]
    assert left["test"]["c"].tolist() == ["a", "a"]
    assert left["train"]["c"].dtype == "category"


def test_tables_of_as_many_rows_are_permuted_alike() -> None:
    left = removed(
        Columns(group=["a", "b"], how="permute"),
        {"one": pd.DataFrame({"a": range(30)}), "two": pa.table({"b": list(range(30))})},
    )
    assert left["one"]["a"].tolist() == left["two"]["b"].to_pylist() != list(range(30))


# factories


def load() -> Any:
    return {"train": pd.DataFrame(ROWS), "size": 4}


def test_a_factory_stays_one() -> None:
    assert names(Columns(label="survived"), load) == ["age", "fare", "sex", "alone"]
    left = removed(Columns("age"), load)
    assert list(left()["train"]) == ["fare", "sex", "alone", "survived"]
    assert list(cloudpickle.loads(cloudpickle.dumps(left))()["train"]) == ["fare", "sex", "alone", "survived"]
    assert left()["size"] == 4


def test_a_factory_keeps_its_optional_arguments_and_permutes_the_same_each_time() -> None:
    def load(rows: int = 40) -> Any:
        return pd.DataFrame({"a": range(rows), "y": 0})

    left = removed(Columns("a", how="permute"), load)
    assert len(left(rows=10)) == 10
    assert left()["a"].tolist() == left()["a"].tolist() != list(range(40))


def test_factories_beside_other_things() -> None:
    data = {
        "train": partial(pd.DataFrame, ROWS),
        "test": lambda: pd.DataFrame({"price": [1]}),
        "scale": lambda x: x,
        "kind": dict,
    }
    assert names(Columns("age", "price"), data) == ["age", "price"]
    left = removed(Columns("age", "price", "sex", how="mean"), data)
    assert left["train"]()["age"].tolist() == [45.0] * 4
    assert list(removed(Columns("age"), data)["train"]()) == ["fare", "sex", "alone", "survived"]
    assert left["scale"] is data["scale"]
    assert left["kind"] is dict
    assert removed(Columns("age"), data)["test"]().equals(pd.DataFrame({"price": [1]}))


def test_a_factory_is_called_once_to_list_and_not_at_all_before_the_objective_does() -> None:
    calls = itertools.count()

    def load() -> Any:
        next(calls)
        return pd.DataFrame(ROWS)

    removed(Columns("age", "sex"), load)
    assert next(calls) == 1


# what is refused


def fails() -> Any:
    raise OSError("no such disk")


def needs(folder: str) -> Any:
    return folder


@pytest.mark.parametrize(
    ("kind", "data", "message"),
    [
        (Columns("agee"), ROWS, "there is no column named 'agee'; did you mean 'age'?"),
        (Columns(label="survivd"), ROWS, r"no column \(for the label\) named 'survivd'; did you mean 'survived'?"),
        (Columns("survived", label="survived"), ROWS, "'survived' is the label, which can't be left out"),
        (Columns(group=["age", "survived"], label="survived"), ROWS, "'survived' is the label"),
        (
            Columns(),
            ROWS,
            r"Columns\(\) takes each column by itself \(age, fare, sex, ... 5 in all\), .* label=",
        ),
        (Columns("age"), None, "there is no data= whose columns could be left out"),
        (Columns("age"), np.zeros((3, 2)), r"\(ndarray\): make a frame of the array, as in pandas.DataFrame\("),
        (Columns("age"), (np.zeros((3, 2)), np.zeros(3)), "make a frame of the array"),
        (Columns("age"), {}, r"no columns with names could be found in data= \(nothing\)"),
        (Columns("age"), 3, r"data= \(int\): it may be a frame of pandas"),
        (Columns("age"), "titanic", "'titanic' isn't the path of a Parquet or CSV file"),
        (Columns("age"), "titanic.csv", "there is no file 'titanic.csv' here"),
        (Columns("age"), "s3://bucket/titanic.parquet", "for a table that is elsewhere, a function that reads it"),
        (Columns("age"), fails, r"data=fails is called once .* and failed there \(OSError: no such disk\)"),
        (Columns("age"), needs, "data=needs needs the argument 'folder'"),
        (Columns("age"), dict, "no columns with names could be found"),
        (
            Columns("1"),
            [pd.DataFrame({1: [0], "1": [0]})],
            "two columns of the frame are shown alike: 1 and '1'",
        ),
    ],
    ids=itertools.count(),
)
def test_what_is_refused_where_the_study_is_started(kind: Columns, data: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        kind.components(Inputs(params={}, data=pd.DataFrame(ROWS) if data is ROWS else data))


def test_what_is_refused_at_once() -> None:
    with pytest.raises(UnknownName, match="no way to take columns out named 'shuffle'"):
        Columns("age", how="shuffle")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="a group of one, 'age'"):
        Columns(group=["age"])


def test_what_is_refused_on_a_worker() -> None:
    kind = Columns("age", "fare")
    components = kind.components(Inputs(params={}, data=pd.DataFrame(ROWS)))
    with pytest.raises(UnknownName, match=r"there is no column named 'age'; did you mean 'aged'\?"):
        kind.remove(Inputs(params={}, data=pd.DataFrame({"aged": [1], "fare": [2]})), components)
    with pytest.raises(UsageError, match="without age, fare a table has no columns left: take how='mean'"):
        kind.remove(Inputs(params={}, data=(pd.DataFrame({"age": [1], "fare": [2]}), [1])), components)


def test_a_frame_of_pandas_on_spark_is_refused() -> None:
    # it can't be imported beside a newer pandas
    frame = type("DataFrame", (), {"__module__": "pyspark.pandas.frame"})()
    with pytest.raises(UsageError, match=r"pass data=frame.to_spark\(\)"):
        Columns("age").components(Inputs(params={}, data=frame))


def test_a_label_beside_the_table() -> None:
    data = (pd.DataFrame({"age": [1], "fare": [2]}), pd.Series([1], name="survived"))
    assert names(Columns(label="survived"), data) == ["age", "fare"]


# the kind itself


def test_it_can_be_compared_pickled_and_read() -> None:
    kind = Columns("age", group=["sex", "fare"], how="permute", label="survived")
    assert kind == Columns("age", groups=[["sex", "fare"]], how="permute", label=["survived"])
    assert hash(kind) == hash(copy.deepcopy(kind))
    assert cloudpickle.loads(cloudpickle.dumps(kind)) == kind
    assert repr(kind) == "Columns('age', group=['sex', 'fare'], how='permute', label='survived')"
    assert repr(Columns(label=())) == "Columns(label=[])"
    assert repr(Columns(groups={"who": ["a", "b"]}, prefix="x")) == "Columns(groups={'who': ['a', 'b']}, prefix='x')"
    for text in (repr(kind), "Columns(prefix=['a', 'b'], label=['y', 'z'])"):
        assert repr(eval(text)) == text


# pandas alone


def test_pandas_frames_keep_their_index_types_and_odd_names(tmp_path: Path) -> None:
    frame = pd.DataFrame({0: [1, 2], ("a", 1): [3, 4], "c": pd.Categorical(["x", "y"], ordered=True)}, index=[7, 9])
    frame.attrs["source"] = "me"
    assert names(Columns(label="c"), frame) == ["0", "('a', 1)"]
    left = removed(Columns(0), frame)
    assert list(left.columns) == [("a", 1), "c"]
    assert left.index.tolist() == [7, 9]
    assert left.attrs == {"source": "me"}
    for how in ("permute", "mean"):
        left = removed(Columns("c", ("a", 1), how=how), frame)
        assert left.index.tolist() == [7, 9]
        assert left["c"].dtype == frame["c"].dtype
    many = frame.set_axis(pd.MultiIndex.from_tuples([("a", 1), ("b", 1), ("a", 2)]), axis=1)
    assert list(removed(Columns(("a", 1)), many).columns) == [("b", 1), ("a", 2)]
    twice = pd.DataFrame([[1, 2, 3], [4, 5, 6]], columns=["a", "b", "a"])
    assert list(removed(Columns("a"), twice).columns) == ["b"]
    assert removed(Columns("a", how="mean"), twice).to_numpy().tolist() == [[2.5, 2, 2.5], [2.5, 5, 2.5]]


def test_other_types_of_pandas() -> None:
    frame = pd.DataFrame(
        {
            "half": np.array([1, 2, 3], dtype="float32"),
            "when": pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-02"]).tz_localize("Europe/Stockholm"),
            "pair": [(1, 2), (1, 2), (3, 4)],
            "list": [[1], [2], [2]],
            "rare": pd.arrays.SparseArray([0, 0, 3]),
            "gap": pd.array([1, None, 3], dtype="Int64"),
            "nothing": [np.nan] * 3,
        }
    )
    left = removed(Columns(label=(), how="mean"), frame)
    assert left["half"].dtype == "float32"
    assert left["when"].dtype == frame["when"].dtype
    assert set(left["when"]) == {frame["when"][1]}
    assert left["pair"].tolist() == [(1, 2)] * 3
    assert left["list"].tolist() == [[2]] * 3
    assert left["rare"].tolist() == [1.0] * 3
    assert left["gap"].tolist() == [2.0] * 3
    assert left["gap"].dtype == "Float64"
    assert left["nothing"].isna().all()
    assert set(removed(Columns(label=(), how="permute"), frame)["pair"]) == {(1, 2), (3, 4)}


@pytest.mark.parametrize("how", ["drop", "permute", "mean"])
def test_writing_on_what_is_left_does_not_change_what_is_shared(how: Any) -> None:
    shared = np.arange(12.0).reshape(4, 3)
    frame = pd.DataFrame(shared, columns=["a", "b", "c"], copy=False)
    left = removed(Columns("a", how=how), frame)
    left.loc[:, "b"] = -1.0
    left.iloc[0, left.columns.get_loc("c")] = -1.0
    assert frame["b"].tolist() == [1.0, 4.0, 7.0, 10.0]
    assert (shared >= 0).all()


@pytest.mark.skipif(int(pd.__version__.partition(".")[0]) < 3, reason="copies on write come with pandas 3")
def test_what_is_left_of_a_frame_is_not_copied() -> None:
    frame = pd.DataFrame(np.ones((1000, 3)), columns=["a", "b", "c"])
    assert np.shares_memory(removed(Columns("a"), frame)["b"].array, frame["b"].array)
    assert np.shares_memory(removed(Columns("a", how="mean"), frame)["b"].array, frame["b"].array)


def test_what_is_left_of_an_arrow_table_is_not_copied() -> None:
    table = pa.table({"a": [1, 2], "b": [3, 4]})
    for how in ("drop", "permute", "mean"):
        left = removed(Columns("a", how=how), table)
        assert left["b"].chunk(0).buffers()[1].address == table["b"].chunk(0).buffers()[1].address


# Arrow alone


def test_arrow_keeps_types_and_metadata() -> None:
    schema = pa.schema(
        [
            pa.field("half", pa.float32()),
            pa.field("kind", pa.dictionary(pa.int8(), pa.string())),
            pa.field("price", pa.decimal128(5, 2), metadata={"unit": "EUR"}),
            pa.field("y", pa.int64()),
        ],
        metadata={"who": "me"},
    )
    table = pa.Table.from_pylist(
        [{"half": float("nan"), "kind": "a", "price": 1, "y": 1}, {"half": 3, "kind": "a", "price": 2, "y": 2}], schema
    )
    for how in ("drop", "permute"):
        left = removed(Columns("half", how=how), table)
        assert [left.schema.field(name) for name in ("kind", "price", "y")] == list(schema)[1:]
        assert left.schema.metadata == schema.metadata
    left = removed(Columns("half", "kind", "price", how="mean"), table)
    assert left.schema.field("half").type == pa.float32()
    assert left.schema.field("kind").type == schema.field("kind").type
    assert left.to_pydict() == {"half": [3.0] * 2, "kind": ["a"] * 2, "price": [1.5] * 2, "y": [1, 2]}
    assert left.schema.field("price").metadata == {b"unit": b"EUR"}


def test_arrow_keeps_all_categories() -> None:
    table = pa.table({"kind": pa.array(["x", "y", "y"]).dictionary_encode()})
    left = removed(Columns("kind", how="mean"), table)
    assert left["kind"].chunk(0).dictionary.to_pylist() == ["x", "y"]
    other = removed(Columns("kind", how="mean"), [table, pa.table({"kind": pa.array(["z"]).dictionary_encode()})])[1]
    assert other["kind"].chunk(0).dictionary.to_pylist() == ["z", "y"]
    assert other["kind"].to_pylist() == ["y"]


# polars alone


def test_polars_keeps_types_and_takes_odd_names() -> None:
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame(
        {
            "half": polars.Series([1, 2, 3], dtype=polars.Float32),
            "^a.*$": [1.0, 2.0, float("nan")],
            "kind": polars.Series(["a", "b", "b"], dtype=polars.Categorical),
            "level": polars.Series(["lo", "hi", "hi"], dtype=polars.Enum(["lo", "hi"])),
            "price": polars.Series(["1", "2", "3"]).cast(polars.Decimal(5, 2)),
            "list": [[1], [2], [2]],
            "count": ["x", "y", "y"],
            "ab": [1, 2, 3],
        }
    )
    left = removed(Columns(label="ab", how="mean"), frame)
    assert left.schema == {**frame.schema, "price": polars.Float64}
    assert left.rows() == [(2.0, 1.5, "b", "hi", 2.0, [2], "y", row) for row in (1, 2, 3)]
    assert removed(Columns("^a.*$"), frame).columns == [name for name in frame.columns if name != "^a.*$"]
    assert removed(Columns("^a.*$", how="permute"), frame)["ab"].to_list() == [1, 2, 3]
    one = object()
    objects = polars.DataFrame({"a": polars.Series([one], dtype=polars.Object), "b": [1]})
    assert removed(Columns("a", how="mean"), objects)["a"].to_list() == [one]


@pytest.mark.parametrize("how", ["permute", "mean"])
def test_columns_of_objects_stay_columns_of_objects(how: Any) -> None:
    columns: dict[str, list[Any]] = {
        "texts": ["a", "b", "a"],
        "numbers": [1, 2, 1],
        "times": [pd.Timestamp("2020"), pd.Timestamp("2021"), pd.Timestamp("2020")],
        "both": ["a", 1, "a"],
        "some": ["a", None, "a"],
        "tuples": [(1, 2), (3,), (1, 2)],
    }
    frame = pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in columns.items()})
    frame.index = [5, 5, 7]
    left = removed(Columns(label=(), how=how), frame)
    assert {str(dtype) for dtype in left.dtypes} == {"object"}
    assert list(left.index) == [5, 5, 7]
    if how == "permute":
        assert all(Counter(left[name]) == Counter(values) for name, values in columns.items())
    else:
        assert left["texts"].tolist() == ["a"] * 3


def test_columns_whose_names_are_missing_values() -> None:
    frame = pd.DataFrame([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], columns=pd.Index(["a", float("nan"), None], dtype=object))
    found = Columns(label="a").components(Inputs(params={}, data=frame))
    assert [component.name for component in found] == ["nan", "None"]
    assert removed(Columns("nan"), frame).columns.tolist() == ["a", None]
    assert removed(Columns("None", how="mean"), frame).iloc[:, 2].tolist() == [4.5, 4.5]


def test_what_scikit_learn_loads() -> None:
    from sklearn.datasets import load_iris

    bunch = load_iris(as_frame=True)
    found = Columns(label="target").components(Inputs(params={}, data=bunch))
    assert [component.name for component in found] == bunch.feature_names
    left = removed(Columns("petal width (cm)"), bunch)
    assert type(left) is type(bunch)
    assert left.data.shape == (150, 3)
    assert left.frame.shape == (150, 4)
    assert left.DESCR == bunch.DESCR
    with pytest.raises(UsageError, match=r"load it with as_frame=True"):
        Columns(label="target").components(Inputs(params={}, data=load_iris()))


def test_advice_for_other_arrays_works() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    matrix = sparse.random(4, 2, density=0.5, random_state=0, format="csr")
    records = np.array([(1, 2.0), (3, 4.0)], dtype=[("a", int), ("b", float)])
    for array, told in (
        (matrix, r"pandas\.DataFrame\.sparse\.from_spmatrix"),
        (sparse.coo_array(matrix), r"pandas\.DataFrame\.sparse\.from_spmatrix"),
        (records, r"pandas\.DataFrame\.from_records"),
        (records.view(np.recarray), r"pandas\.DataFrame\.from_records"),
    ):
        with pytest.raises(UsageError, match=told):
            Columns(label=()).components(Inputs(params={}, data=array))
    for frame in (pd.DataFrame.sparse.from_spmatrix(matrix, columns=["a", "b"]), pd.DataFrame.from_records(records)):
        assert removed(Columns("a"), frame).columns.tolist() == ["b"]
        assert removed(Columns("a", how="permute"), frame).dtypes.tolist() == frame.dtypes.tolist()
