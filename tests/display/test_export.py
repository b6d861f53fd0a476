"""Studies as tables for other tools."""

import csv
import io
import json
import math
import re
import sys

import pyarrow.parquet as pq
import pytest

from histories import large, opened, simulated
from trimma.display.export import export, to_pandas
from trimma.errors import MissingExtra, UnknownName, UsageError
from trimma.views import columns, table


def mixed():
    log = opened("a")
    log.at(1).finish(log.start("a", lr=0.1, layers=[1, 2], opt="adam", act="é"), loss=math.nan)
    log.at(2).finish(log.start("a", lr=1, layers=[], opt=3, act=None), loss=-math.inf)
    log.at(3).finish(log.start("a", lr=0.5, layers=[], opt=True), loss=0.25)
    return log.history


def test_csv_round_trip():
    stream = io.StringIO()
    export(mixed(), stream, format="csv")
    rows = list(csv.DictReader(io.StringIO(stream.getvalue())))
    assert list(rows[0]) == columns(mixed())
    assert [row["value"] for row in rows] == ["nan", "-inf", "0.25"]
    assert [row["config.layers"] for row in rows] == ["", "[]", "[]"]
    assert [row["config.act"] for row in rows] == ["é", "null", ""]


def test_json_round_trip(tmp_path):
    export(mixed(), tmp_path / "study.json")
    rows = json.loads((tmp_path / "study.json").read_text("utf-8"))
    assert [list(row) for row in rows] == [[name for name in columns(mixed()) if name in row] for row in rows]
    assert [name for name in columns(mixed()) if name not in rows[1]] == ["config.layers[0]", "config.layers[1]"]
    assert "config.act" not in rows[2]
    assert rows[1]["config.act"] is None
    assert [row["value"] for row in rows] == ["nan", "-inf", 0.25]
    assert [row["config.opt"] for row in rows] == ["adam", 3, True]


def test_parquet_round_trip(tmp_path):
    history = simulated(20)
    export(history, tmp_path / "study.parquet")
    kept = pq.read_table(tmp_path / "study.parquet")
    assert kept.column_names == columns(history)
    assert kept.column("trial").to_pylist() == list(range(20))
    assert kept.column("config.opt.lr").to_pylist() == [row["config.opt.lr"] for row in table(history)]
    stream = io.BytesIO()
    export(mixed(), stream, format="parquet")
    rows = pq.read_table(io.BytesIO(stream.getvalue())).to_pylist()
    assert [row["config.opt"] for row in rows] == ['"adam"', "3", "true"]
    assert [row["config.lr"] for row in rows] == [0.1, 1.0, 0.5]
    assert [row["config.act"] for row in rows] == ['"é"', "null", None]
    assert rows[1]["value"] == -math.inf


def test_empty_studies_keep_their_columns(tmp_path):
    history = opened().history
    for name in ("study.csv", "study.json", "study.parquet"):
        export(history, tmp_path / name)
    assert (tmp_path / "study.csv").read_text() == ",".join(columns(history)) + "\n"
    assert json.loads((tmp_path / "study.json").read_text()) == []
    assert pq.read_table(tmp_path / "study.parquet").column_names == columns(history)
    assert list(to_pandas(table(history), columns(history)).columns) == columns(history)


def test_wrong_formats_and_streams(tmp_path):
    with pytest.raises(UnknownName, match="did you mean 'csv'"):
        export(mixed(), tmp_path / "study.csvs")
    for name in ("trials", ".csv", "folder.csv/trials"):
        file = re.escape(repr(str(tmp_path / name)))
        with pytest.raises(UsageError, match=rf"to {file}: say in which format: .*\.csv, .* or give .*--format csv"):
            export(mixed(), tmp_path / name)
        assert not (tmp_path / name).exists()
    with pytest.raises(UsageError, match="needs format="):
        export(mixed(), io.StringIO())
    with pytest.raises(UsageError, match="open the stream with mode 'wb'"):
        export(mixed(), io.StringIO(), format="parquet")
    with pytest.raises(UsageError, match="open the stream with mode 'w'"):
        export(mixed(), io.BytesIO(), format="csv")


def test_a_data_frame():
    history = large(300)
    frame = to_pandas(table(history))
    assert len(frame) == 300
    assert frame["value"].min() == history.best.value
    assert set(frame["state"]) == {"done", "stopped"}


def test_a_data_frame_keeps_whole_numbers_and_tells_none_from_what_is_absent():
    log = opened("a")
    for config in ({"depth": None, "width": 1, "on": True, "rate": 0.5}, {"depth": 3, "big": 2**63}, {"pair": (1, 2)}):
        log.at(1).finish(log.start("a", **config), loss=1.0)
    rows = table(log.history)
    frame = to_pandas(rows, columns(log.history))
    assert [type(value).__name__ for value in frame["config.depth"]] == ["NoneType", "int", "NAType"]
    assert {name: str(frame[f"config.{name}"].dtype) for name in ("width", "on", "rate")} == {
        "width": "Int64",
        "on": "boolean",
        "rate": "float64",
    }
    assert frame["config.big"][1] == 2**63
    assert frame["config.pair[0]"][2] == 1
    assert str(frame["trial"].dtype) == "int64"


@pytest.mark.parametrize(
    ("package", "extra", "use"),
    [
        ("pandas", "pandas", lambda: to_pandas([])),
        ("pyarrow", "parquet", lambda: export(mixed(), io.BytesIO(), format="parquet")),
    ],
)
def test_a_missing_package_names_its_extra(monkeypatch, package, extra, use):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtra, match=rf"pip install 'trimma\[{extra}\]'"):
        use()


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\uff1d"])
def test_no_spreadsheet_runs_a_text(sign: str) -> None:
    text = f"{sign}cmd|' /C calc'!A0"
    log = opened("a")
    for value in (text, "-1", "+2e3", "-inf", "plain", "a=b"):
        log.finish(log.start("a", **{text: value}), loss=-1.5)
    stream = io.StringIO(newline="")
    export(log.history, stream, format="csv")
    names, *rows = csv.reader(io.StringIO(stream.getvalue(), newline=""))
    column = names.index(f"config.{text}")
    assert [row[column] for row in rows] == [f"'{text}", "-1", "+2e3", "-inf", "plain", "a=b"]
    assert {row[names.index("value")] for row in rows} == {"-1.5"}, "numbers stay numbers"
