"""A Spark DataFrame as ``data=``: a pandas frame for the objective, and not collected where trials can use Spark."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import trimma as tm
from trimma.data import portable
from trimma.errors import UsageError

pd = pytest.importorskip("pandas")

MIB = 2**20

# PySpark's own conversion warns with each newer pandas
QUIET = [f"ignore::{kind}" for kind in ("DeprecationWarning", "FutureWarning", "UserWarning")]
pytestmark = [pytest.mark.xdist_group("spark-local"), *map(pytest.mark.filterwarnings, QUIET)]

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


@pytest.fixture
def rows(local: SparkSession) -> DataFrame:
    return local.createDataFrame(
        [
            (1, 0.5, "a", date(2024, 2, 29), datetime(2024, 6, 1, 12, 30, tzinfo=UTC), Decimal("1.25"), 7, True),
            (2, None, None, None, None, None, None, False),
        ],
        "id long, x double, name string, day date, at timestamp, price decimal(6,2), gap int, good boolean",
    )


def test_it_is_the_frame_that_spark_itself_would_give(rows: DataFrame) -> None:
    found = portable(rows)
    theirs = rows.toPandas()
    assert list(found.columns) == list(theirs.columns)
    pd.testing.assert_frame_equal(found, theirs, check_dtype=False)
    assert {name: kind.kind for name, kind in found.dtypes.items() if name not in ("name", "day", "price")} == {
        name: kind.kind for name, kind in theirs.dtypes.items() if name not in ("name", "day", "price")
    }
    found["x"].to_numpy(copy=True)[:] = 0


def test_it_may_be_part_of_more(rows: DataFrame) -> None:
    found = portable({"train": rows, "others": [rows, 3], "path": "x"})
    assert isinstance(found["train"], pd.DataFrame)
    assert isinstance(found["others"][0], pd.DataFrame)
    assert (found["others"][1], found["path"]) == (3, "x")
    assert isinstance(portable((rows,)), tuple)


def test_columns_of_one_name(local: SparkSession) -> None:
    found = portable(local.sql("select timestamp'2024-01-01 10:00:00' as a, timestamp'2024-01-02 10:00:00' as a"))
    assert list(found.columns) == ["a", "a"]
    assert found.iloc[0, 1] == pd.Timestamp("2024-01-02 10:00:00")


def test_rows_that_can_not_be_had_are_told_with_a_way_out(local: SparkSession) -> None:
    with pytest.raises(UsageError, match=r"can't give the rows of the DataFrame.*whose path is given as data="):
        portable(local.sql("select raise_error('no')"))


def fit(x: int, data: Any) -> float:
    return float(len(data) + x)


def test_trials_in_processes_get_the_frame_and_trials_on_the_driver_get_the_original(rows: DataFrame) -> None:
    asked: dict[str, Any] = {"minimize": "loss", "store": "memory", "progress": False, "data": rows}
    study = tm.tune(fit, {"x": tm.Grid(1)}, engine=tm.Local(1), **asked)
    assert study.best.value == 3
    study = tm.tune(lambda x, data: data.count() + x, {"x": tm.Grid(1)}, engine=tm.Driver(1), **asked)
    assert study.best.value == 3
    assert tm.check(fit, {"x": tm.Grid(1)}, minimize="loss", data=rows)


def memory(field: str) -> int:
    """A field of this process's memory, in bytes. What is anonymous is no file's, and no other process's."""
    told = dict(line.split(":") for line in Path("/proc/self/smaps_rollup").read_text().splitlines()[1:])
    return int(told[field].split()[0]) * 1024


def test_the_workers_of_a_machine_share_one_copy(local: SparkSession) -> None:
    data = np.ones(200 * MIB // 8)

    def fit(x: int, data: Any, report: Any) -> None:
        report(loss=float(data.sum()), own=memory("Anonymous"), mapped=memory("Rss") - memory("Anonymous"))

    study = tm.tune(
        fit,
        {"x": tm.Grid(1, 2, 3, 4)},
        minimize="loss",
        data=data,
        engine=tm.Spark(local, workers=2),
        store="memory",
        progress=False,
    )
    for trial in study.trials:
        told = {name: series.values[-1] for name, series in trial.curve.metrics.items()}
        assert told["loss"] == data.size
        assert told["mapped"] > 200 * MIB
        assert told["own"] < 100 * MIB
