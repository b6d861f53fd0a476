"""Columns of files: the objective gets the path of a copy, which is shared, and is gone when nobody uses it."""

from __future__ import annotations

import gzip
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from trimma.ablation.columns import Columns
from trimma.ablation.tables import shared_copies
from trimma.errors import EngineError, UnknownName, UsageError
from trimma.program import Inputs
from trimma.worker import shared_files

pd = pytest.importorskip("pandas")
pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

ROWS = {
    "age": [30, 40, 50, 60],
    "fare": [7.25, None, 8.0, 71.75],
    "sex": ["m", "f", "f", None],
    "survived": [0, 1, 1, 0],
}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for copies that is this test's own."""
    monkeypatch.setenv(shared_copies.VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache" / f"trimma-tables-{os.getuid()}"


def removed(kind: Columns, data: Any, seed: int = 0) -> Any:
    inputs = Inputs(params={}, data=data, seed=seed)
    return kind.remove(inputs, kind.components(inputs)).data


def as_parquet(folder: Path) -> Path:
    path = folder / "titanic.parquet"
    pd.DataFrame(ROWS).to_parquet(path, row_group_size=3)
    return path


def as_parts(folder: Path) -> Path:
    root = folder / "titanic"
    root.mkdir()
    frame = pd.DataFrame(ROWS)
    frame.iloc[:1].to_parquet(root / "part-0.parquet")
    frame.iloc[1:].to_parquet(root / "part-1.parquet")
    (root / "_SUCCESS").touch()
    (root / "_metadata.parquet").touch()
    return root


def as_csv(folder: Path) -> Path:
    path = folder / "titanic.csv"
    pd.DataFrame(ROWS).to_csv(path, index=False)
    return path


def as_compressed(folder: Path) -> Path:
    path = folder / "titanic.csv.gz"
    pd.DataFrame(ROWS).to_csv(path, index=False, sep=";")
    return path


def as_tabs(folder: Path) -> Path:
    path = folder / "titanic.TSV"
    pd.DataFrame(ROWS).to_csv(path, index=False, sep="\t")
    return path


def read(path: Any) -> dict[str, list[Any]]:
    path = Path(path)
    if path.suffix in ("", ".parquet"):
        frame = pd.read_parquet(path)
    else:
        frame = pd.read_csv(path, sep={".gz": ";", ".TSV": "\t"}.get(path.suffix, ","))
    plain = frame.astype(object)
    return {name: plain[name].where(plain[name].notna(), None).tolist() for name in plain.columns}


@pytest.fixture(params=[as_parquet, as_parts, as_csv, as_compressed, as_tabs])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    made: Path = request.param(tmp_path)
    return made


def test_columns_are_listed(path: Path) -> None:
    found = Columns(label="survived").components(Inputs(params={}, data=path))
    assert [component.name for component in found] == ["age", "fare", "sex"]
    with pytest.raises(UnknownName, match="did you mean 'fare'"):
        Columns("faer").components(Inputs(params={}, data=str(path)))


def test_dropped(path: Path) -> None:
    before = {each: each.read_bytes() for each in path.parent.rglob("*.*") if each.is_file()}
    left = removed(Columns("age", group=["fare", "sex"]), path)
    assert isinstance(left, Path)
    assert left.name == path.name
    assert read(left) == {"survived": ROWS["survived"]}
    assert {each: each.read_bytes() for each in before} == before
    assert removed(Columns("age", group=["fare", "sex"]), str(path)) == str(left)
    assert list(removed(Columns("sex"), {"train": path, "y": [1]})) == ["train", "y"]


def test_replaced_by_the_mean_or_the_most_frequent_value(path: Path) -> None:
    left = removed(Columns("age", "fare", "sex", how="mean"), path)
    assert read(left) == {"age": [45.0] * 4, "fare": [29.0] * 4, "sex": ["f"] * 4, "survived": ROWS["survived"]}


def test_permuted(path: Path) -> None:
    rows = sorted(zip(ROWS["age"], map(str, ROWS["sex"]), strict=True))
    seen = set()
    for seed in range(12):
        found = read(removed(Columns("fare", group=["age", "sex"], how="permute"), path, seed=seed))
        assert sorted(zip(found["age"], map(str, found["sex"]), strict=True)) == rows
        assert sorted(map(str, found["fare"])) == sorted(map(str, ROWS["fare"]))
        assert found["survived"] == ROWS["survived"]
        assert read(removed(Columns("fare", group=["age", "sex"], how="permute"), path, seed=seed)) == found
        seen.add(tuple(found["age"]))
    assert len(seen) > 3


def test_files_and_frames_are_permuted_alike(tmp_path: Path) -> None:
    kind = Columns("age", how="permute")
    frame = removed(kind, pd.DataFrame(ROWS), seed=5)
    assert read(removed(kind, as_parquet(tmp_path), seed=5))["age"] == frame["age"].tolist()
    assert read(removed(kind, as_csv(tmp_path), seed=5))["age"] == frame["age"].tolist()


# CSV alone


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("a,b,c\r\n1,2,3\r\n", Columns("b"), "a,c\r\n1,3\r\n"),
        ('a;b\n"x;y";2\n1;"say ""so"""\n', Columns("a"), 'b\n2\n"say ""so"""\n'),
        ('a,b\n"two\nlines",2\n', Columns("b"), 'a\n"two\nlines"\n'),
        ("a,b\n,2\n", Columns("b"), 'a\n""\n'),
        (",b,b\n0,1,2\n", Columns("Unnamed: 0", "b.1"), "b\n1\n"),
        ("\ufeffa,b\n1,2\n", Columns("a"), "\ufeffb\n2\n"),
        ("a,b\n1\n\n3,4\n", Columns("a"), 'b\n""\n4\n'),
        ("a,b\n0.1000,007\n", Columns("a"), "b\n007\n"),
        ("a|b\nNA|x\n1|y\n2|y\n", Columns("a", "b", how="mean"), "a|b\n1.5|y\n1.5|y\n1.5|y\n"),
        ("a,b\nNA,x\n,z\n", Columns("a", "b", how="mean"), "a,b\n,x\n,x\n"),
        ("a,b\n1_0,x\n1_0,x\n", Columns("a", how="mean"), "a,b\n1_0,x\n1_0,x\n"),
    ],
)
def test_text_stays_as_it_is_written(text: str, kind: Columns, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(text.encode())
    assert Path(removed(kind, path)).read_bytes().decode() == expected


def test_bytes_that_are_not_utf8_stay(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes("a,b\nGöteborg,Malmö\n".encode("latin-1"))
    assert Path(removed(Columns("a"), path)).read_bytes() == "b\nMalmö\n".encode("latin-1")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty, where a first line with the names of columns was expected"),
        ("a,b\n1,2,3\n", "line 2 of .* has 3 values under 2 names"),
        ("a,b\n1," + "x" * 200_000 + "\n", r"line 2 of .* can't be read \(field larger than field limit"),
    ],
    ids=["empty", "ragged", "long"],
)
def test_csv_that_can_not_be_read(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(text)
    with pytest.raises(UsageError, match=message):
        removed(Columns("a"), path)


# Parquet alone


def test_parquet_keeps_types_metadata_and_row_groups(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    frame = pd.DataFrame(
        {"a": [1, 2, 3], "a.b": [1, 2, 3], "kind": pd.Categorical(["x", "y", "y"]), "half": [1.0, 2.0, 3.0]},
        index=pd.Index([7, 8, 9], name="id"),
    ).astype({"half": "float32"})
    frame.to_parquet(path, row_group_size=2)
    for kind in (Columns("a"), Columns("a", how="permute"), Columns("kind", "half", "a", how="mean")):
        left = pd.read_parquet(removed(kind, path))
        assert left.index.equals(frame.index)
        assert {name: left[name].dtype for name in left if name != "a"} == {
            name: frame[name].dtype for name in left if name != "a"
        }
        assert pq.ParquetFile(removed(kind, path)).num_row_groups == 2
        assert left["a.b"].tolist() == [1, 2, 3]
    assert "id" not in pd.read_parquet(removed(Columns("id"), path)).index.names


def test_parquet_without_rows(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"a": pa.array([], pa.int64()), "b": pa.array([], pa.string())}), path)
    for how in ("drop", "permute", "mean"):
        assert pq.read_table(removed(Columns("a", how=how), path)).num_rows == 0


def test_columns_in_the_names_of_folders(tmp_path: Path) -> None:
    root, rows = tmp_path / "sales", {"port": ["S", "S", "C/a"], "age": [1, 2, 3], "year": [2023, 2024, 2024]}
    pd.DataFrame(rows).to_parquet(root, partition_cols=["port", "year"])
    found = Columns(label=()).components(Inputs(params={}, data=root))
    assert [component.name for component in found] == ["age", "port", "year"]
    whole = pd.read_parquet(root)

    def read(kind: Columns) -> Any:
        frame = pd.read_parquet(removed(kind, root))
        return frame.sort_values("age", ignore_index=True) if "age" in frame else frame

    left = read(Columns("port"))
    assert list(left.columns) == ["age", "year"]
    assert left["year"].astype(int).tolist() == [2023, 2024, 2024]
    assert list(read(Columns("port", "year")).columns) == ["age"]
    assert list(read(Columns("age", "year")).columns) == ["port"]
    filled = read(Columns("port", "year", how="mean"))
    assert filled["port"].tolist() == ["S"] * 3
    assert filled["year"].astype(int).tolist() == [2024] * 3
    assert filled["year"].cat.categories.dtype == whole["year"].cat.categories.dtype
    # their rows are those of folders, so that they can't be shuffled
    assert [each.name for each in Columns(label=(), how="permute").components(Inputs(params={}, data=root))] == ["age"]
    with pytest.raises(UsageError, match="'year' stands in the names of folders, and can't be permuted"):
        Columns("year", how="permute").components(Inputs(params={}, data=root))


def test_csv_files_in_folders(tmp_path: Path) -> None:
    root = tmp_path / "sales"
    for year, text in (
        ("2023", "a,b\n1,2\n"),
        ("2024", "a,b\n3,4\n5,6\n"),
        ("__HIVE_DEFAULT_PARTITION__", "a,b\n7,8\n"),
    ):
        (root / f"year={year}").mkdir(parents=True)
        (root / f"year={year}" / "part.csv").write_text(text)
    files = sorted(Path(removed(Columns("year"), root)).rglob("*.csv"))
    assert [file.parent.name for file in files] == ["sales"] * 3
    assert sorted(file.read_text() for file in files) == ["a,b\n1,2\n", "a,b\n3,4\n5,6\n", "a,b\n7,8\n"]
    files = sorted(Path(removed(Columns("year", how="mean"), root)).rglob("*.csv"))
    assert {file.parent.name for file in files} == {"year=2024"}


def test_files_that_can_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    path.write_bytes(b"no such thing")
    with pytest.raises(UsageError, match="can't be read as Parquet"):
        removed(Columns("a"), path)
    as_csv(tmp_path)
    with pytest.raises(UsageError, match=r"holds files of several kinds \(.csv, .parquet\)"):
        removed(Columns("a"), tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="no columns with names could be found"):
        removed(Columns("a"), tmp_path / "empty")
    root = as_parts(tmp_path)
    pd.DataFrame({"fare": [1]}).to_parquet(root / "part-2.parquet")
    with pytest.raises(UsageError, match=r"part-2.parquet has no column 'age', which the table's first file has"):
        removed(Columns("age", how="mean"), root)
    assert len(read(removed(Columns("age"), root))["fare"]) == 5


def test_texts_that_no_path_can_be_are_left_alone(tmp_path: Path) -> None:
    data = {"rows": as_csv(tmp_path), "long": "x" * 5000, "nul": "a\0b", "name": "survived"}
    assert {**removed(Columns("age"), data), "rows": data["rows"]} == data


# copies


def test_a_copy_is_written_once_and_again_when_the_file_changes(tmp_path: Path) -> None:
    path = as_csv(tmp_path)
    first = removed(Columns("age"), path)
    written = first.stat().st_mtime_ns
    assert removed(Columns("age"), path) == first
    assert first.stat().st_mtime_ns == written
    assert removed(Columns("fare"), path) != first
    path.write_text("age,fare\n1,2\n")
    assert read(removed(Columns("age"), path)) == {"fare": [2]}


def test_a_permuted_copy_stays_until_the_thread_does_another_trial_or_ends(tmp_path: Path, cache: Path) -> None:
    path, kind = as_csv(tmp_path), Columns("age", how="permute")
    first = removed(kind, path, seed=1)
    also = removed(Columns("fare", how="permute"), path, seed=1)
    assert first.exists()
    assert also.exists()
    second = removed(kind, path, seed=2)
    assert second.exists()
    assert not first.exists()
    assert not also.exists()
    others: list[Path] = []
    thread = threading.Thread(target=lambda: others.append(removed(kind, path, seed=3)))
    thread.start()
    thread.join()
    assert not others[0].exists()
    assert second.exists()


def test_threads_that_want_the_same_copy_get_it(tmp_path: Path) -> None:
    path = as_parquet(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: removed(Columns("age"), path), range(40)))
    assert len(set(found)) == 1


USER = """
import sys
from trimma.ablation.columns import Columns
from trimma.program import Inputs

inputs = Inputs(params={}, data=sys.argv[1])
kind = Columns("age")
print(kind.remove(inputs, kind.components(inputs)).data, flush=True)
sys.stdin.read()
"""


def start(path: Path) -> tuple[subprocess.Popen[str], Path]:
    process = subprocess.Popen(
        [sys.executable, "-c", USER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


@pytest.fixture
def user() -> Any:
    """Start a process that uses a copy; all are ended."""
    started: list[subprocess.Popen[str]] = []

    def run(path: Path) -> tuple[subprocess.Popen[str], Path]:
        process, copy = start(path)
        started.append(process)
        return process, copy

    yield run
    for process in started:
        process.kill()
        process.communicate()


Run = Callable[[Path], tuple[subprocess.Popen[str], Path]]


def test_processes_share_a_copy_and_the_last_one_removes_it(tmp_path: Path, cache: Path, user: Run) -> None:
    path = as_csv(tmp_path)
    one, copy = user(path)
    written = copy.stat().st_mtime_ns
    other, same = user(path)
    assert same == copy
    assert copy.stat().st_mtime_ns == written
    one.communicate("")
    assert copy.exists()
    other.communicate("")
    assert list(cache.iterdir()) == []


def test_what_a_killed_process_leaves_is_removed_by_the_next(tmp_path: Path, cache: Path, user: Run) -> None:
    path = as_csv(tmp_path)
    process, copy = user(path)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert copy.exists()
    (copy.parent.with_suffix(".part")).mkdir()
    other = removed(Columns("fare"), path)
    assert other.exists()
    assert not copy.exists()
    assert {each.suffix for each in cache.iterdir()} == {"", ".lock"}


def test_a_copy_that_was_swept_away_while_others_use_it_is_made_again(
    tmp_path: Path, user: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_files, "_PATIENCE", 3)
    path = as_csv(tmp_path)
    _, copy = user(path)
    shutil.rmtree(copy.parent)
    other = removed(Columns("age"), path)
    assert other.exists()
    shutil.rmtree(other.parent)
    assert removed(Columns("age"), path).exists(), "also where this process itself has used it"


def test_a_copy_that_can_not_be_written_is_told_and_leaves_nothing(tmp_path: Path, cache: Path) -> None:
    def fails(folder: Path) -> None:
        (folder / "some").touch()
        raise OSError(28, "No space left on device")

    with pytest.raises(EngineError, match=r"can't be written to .* \(No space left on device\): make room there"):
        shared_copies.shared_copy("key", fails)
    assert not (cache / "key.part").exists()
    path = shared_copies.shared_copy("key", lambda folder: (folder / "a").touch())
    assert (path / "a").exists()


def test_a_folder_that_is_not_ours_alone_is_refused(tmp_path: Path, cache: Path) -> None:
    cache.mkdir(parents=True, mode=0o755)
    with pytest.raises(EngineError, match="isn't a folder of this user's alone"):
        removed(Columns("age"), as_csv(tmp_path))
    cache.rmdir()
    cache.touch()
    with pytest.raises(EngineError, match=r"can't be made|isn't a folder"):
        removed(Columns("age"), as_csv(tmp_path))


def test_a_compressed_copy_is_compressed(tmp_path: Path) -> None:
    with gzip.open(removed(Columns("age"), as_compressed(tmp_path)), "rt") as file:
        assert file.readline() == "fare;sex;survived\n"
