"""Columns of a Spark DataFrame, for trials that run beside its session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from trimma.ablation.columns import Columns
from trimma.errors import UnknownName, UsageError
from trimma.program import Inputs

pytest.importorskip("pandas")

pytestmark = pytest.mark.xdist_group("spark-local")

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


@pytest.fixture
def rows(local: SparkSession) -> DataFrame:
    return local.createDataFrame(
        [
            (30, 7.25, 0.5, "m", True, None, 1.25, 0),
            (40, None, float("nan"), "f", True, None, 2.25, 1),
            (50, 8.0, 1.5, "f", False, None, 4.0, 1),
            (60, 71.75, 2.5, None, None, None, 2.5, 0),
        ],
        "age int, fare double, half float, `sex.is` string, alone boolean, nothing string, price double, survived int",
    ).selectExpr("*", "cast(price as decimal(6, 2)) as cost")


def removed(kind: Columns, data: Any) -> Any:
    inputs = Inputs(params={}, data=data)
    return kind.remove(inputs, kind.components(inputs)).data


def test_columns_are_listed_and_dropped(rows: DataFrame) -> None:
    found = Columns(label="survived").components(Inputs(params={}, data={"train": rows}))
    assert [component.name for component in found] == [name for name in rows.columns if name != "survived"]
    left = removed(Columns("age", group=["sex.is", "fare"]), {"train": rows})["train"]
    assert left.columns == ["half", "alone", "nothing", "price", "survived", "cost"]
    assert type(left) is type(rows)
    with pytest.raises(UnknownName, match="did you mean 'fare'"):
        removed(Columns("faer"), rows)


def test_replaced_by_the_mean_or_the_most_frequent_value(rows: DataFrame) -> None:
    left = removed(Columns(label="survived", how="mean"), rows)
    assert left.columns == rows.columns
    expected = (45.0, 29.0, 1.5, "f", True, None, 2.5)
    assert [tuple(row) for row in left.collect()] == [(*expected, y, 2.5) for y in (0, 1, 1, 0)]
    kinds = {name: kind for name, kind in left.dtypes if name not in ("age", "cost")}
    assert kinds == {name: kind for name, kind in rows.dtypes if name not in ("age", "cost")}


def test_its_rows_can_not_be_permuted(rows: DataFrame) -> None:
    with pytest.raises(UsageError, match=r"how='permute' doesn't work with a Spark DataFrame.*how='mean' or"):
        Columns("age", how="permute").components(Inputs(params={}, data=rows))


@pytest.mark.filterwarnings("ignore:The distutils package is deprecated:DeprecationWarning")  # pyspark.ml 3.5
def test_columns_are_taken_out_of_pipelines(rows: DataFrame) -> None:
    from pyspark.ml import Pipeline
    from pyspark.ml.feature import OneHotEncoder, StringIndexer, VectorAssembler
    from pyspark.ml.regression import LinearRegression

    rows = rows.selectExpr(
        "age", "half", "`sex.is` as sex", "string(alone) as alone", "double(survived) as y"
    ).na.drop()
    names = ["sex", "alone"]
    pipeline = Pipeline(
        stages=[
            StringIndexer(inputCols=names, outputCols=[f"{name}_at" for name in names]),
            OneHotEncoder(inputCols=[f"{name}_at" for name in names], outputCols=[f"{name}_hot" for name in names]),
            StringIndexer(inputCol="alone", outputCol="again"),
            VectorAssembler(inputCols=["age", "half", "sex_hot", "again"], outputCol="features"),
            LinearRegression(labelCol="y", regParam=0.1),
        ]
    )

    def ablated(*gone: str) -> list[Any]:
        layers = Columns(*gone)
        inputs = Inputs(params={}, data=rows, model=pipeline)
        left = layers.remove(inputs, layers.components(inputs))
        left.model.fit(left.data)
        stages: list[Any] = left.model.getStages()
        return stages

    indexer, encoder, again, assembler, _ = ablated("age", "sex")
    assert (indexer.getInputCols(), indexer.getOutputCols()) == (["alone"], ["alone_at"])
    assert (encoder.getInputCols(), encoder.getOutputCols()) == (["alone_at"], ["alone_hot"])
    assert again.getInputCol() == "alone"
    assert assembler.getInputCols() == ["half", "again"]
    # what is made of this column alone is gone with it
    kinds = [type(stage).__name__ for stage in ablated("alone")]
    assert kinds == ["StringIndexer", "OneHotEncoder", "VectorAssembler", "LinearRegression"]
    assert [type(stage).__name__ for stage in ablated("alone", "sex")] == ["VectorAssembler", "LinearRegression"]
    # the given one is what it was
    assert pipeline.getStages()[0].getInputCols() == names
