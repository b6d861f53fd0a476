"""The program's file: what goes in comes out, shared between runners, and damage is told."""

import errno
import os
import pickle
import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays, scalar_dtypes

from trimma.errors import EngineError, ObjectiveError
from trimma.pickling.pickler import TooLarge, dumps
from trimma.worker import bundle, versions

MIB = 2**20
ROWS = 2**18


def through(value, folder):
    return bundle.load(bundle.write(value, folder / "program").path)


def status(field, process="self"):
    """A field of the process's memory, in bytes. What is anonymous is no other process's, and no file's."""
    for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    raise LookupError(field)


@settings(max_examples=30)
@given(st.lists(arrays(scalar_dtypes(), array_shapes(min_dims=0, min_side=0, max_side=20)), max_size=4), st.booleans())
def test_arrays_of_any_kind_come_back_as_they_were(tmp_path_factory, found, fortran):
    if fortran:
        found = [np.asfortranarray(array) for array in found]
    found.extend([array[..., ::2] for array in found if array.ndim])
    for ours, theirs in zip(found, through(found, tmp_path_factory.getbasetemp()), strict=True):
        # numpy itself may turn the bytes of what is big-endian, at any protocol
        native = ours.dtype.newbyteorder("=")
        assert theirs.dtype.newbyteorder("=") == native
        assert ours.shape == theirs.shape
        assert ours.astype(native).tobytes() == theirs.astype(native).tobytes()


def test_a_large_array_is_mapped_at_an_aligned_address_and_written_on_privately(tmp_path):
    data = np.arange(MIB, dtype=np.int64)
    made = bundle.write([data, data[7:]], tmp_path / "program")
    first, second = bundle.load(made.path), bundle.load(made.path)
    assert all(array.ctypes.data % 64 == 0 for array in first)
    first[0][:] = -1
    assert (first[0] == -1).all()
    assert (second[0] == data).all()
    assert (bundle.load(made.path)[0] == data).all()


def test_what_must_not_be_changed_can_not_be_changed(tmp_path):
    data = np.arange(MIB)
    data.flags.writeable = False
    assert not through(data, tmp_path).flags.writeable


def test_frames_and_tables_are_mapped(tmp_path):
    pd = pytest.importorskip("pandas")
    pa = pytest.importorskip("pyarrow")
    frame = pd.DataFrame({"x": np.arange(ROWS), "y": np.linspace(0, 1, ROWS), "name": ["ab", "c"] * (ROWS // 2)})
    frame["kind"] = frame["name"].astype("category")
    table = pa.table({"x": np.arange(ROWS), "name": ["ab", "c"] * (ROWS // 2)})
    made = bundle.write({"frame": frame, "table": table}, tmp_path / "program")
    pickled = dumps({"frame": frame, "table": table})
    assert made.size < 1.01 * len(pickled)
    before = status("Anonymous")
    again = bundle.load(made.path)
    assert status("Anonymous") - before < 2 * MIB, "nothing was copied"
    pd.testing.assert_frame_equal(again["frame"], frame)
    assert again["table"].equals(table)
    again["frame"].loc[0, "x"] = 99
    assert bundle.load(made.path)["frame"].loc[0, "x"] == 0


def test_what_a_closure_holds_is_mapped_too(tmp_path):
    held = np.ones(MIB)
    before = status("Anonymous")
    objective = through(lambda: held.sum(), tmp_path)
    assert objective() == MIB
    assert status("Anonymous") - before < 2 * MIB


def test_writing_takes_no_memory_for_a_second_copy(tmp_path):
    resource = pytest.importorskip("resource")
    before = status("Anonymous")
    data = np.ones(25 * MIB)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    bundle.write(data, tmp_path / "program")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak < 20 * 1024
    assert status("Anonymous") - before < 220 * MIB


def test_the_digest_is_of_the_whole_file(tmp_path):
    made = bundle.write(np.arange(10_000), tmp_path / "program")
    summed = subprocess.run(["sha256sum", made.path], capture_output=True, text=True, check=True).stdout.split()[0]
    assert made.digest == summed
    assert made.size == made.path.stat().st_size
    assert made.path.stat().st_mode & 0o077 == 0


VALUE = {"text": "x" * 5000, "array": np.arange(1000), "small": np.arange(3)}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return bundle.write(VALUE, tmp_path_factory.mktemp("whole") / "program").path.read_bytes()


@given(data=st.data())
def test_a_file_that_is_cut_short_is_refused(tmp_path_factory, whole, data):
    path = tmp_path_factory.getbasetemp() / "cut"
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    with pytest.raises(EngineError, match=r"damaged \(it is cut short"):
        bundle.load(path)


@given(data=st.data())
def test_a_changed_byte_is_refused_before_anything_is_unpickled(tmp_path_factory, whole, data):
    path = tmp_path_factory.getbasetemp() / "changed"
    at = data.draw(st.integers(0, len(whole) - 1))
    changed = bytearray(whole)
    changed[at] ^= data.draw(st.integers(1, 255))
    path.write_bytes(changed)
    try:
        found = bundle.load(path)
    except EngineError as error:
        assert "damaged" in str(error) or "newer Trimma" in str(error)  # noqa: PT017
    else:
        # in a buffer, which is only looked at when it is used, or in the padding before it
        assert found["text"] == VALUE["text"]
        assert found["array"].shape == (1000,)


def test_a_file_of_something_else(tmp_path):
    path = tmp_path / "other"
    path.write_bytes(pickle.dumps(VALUE) * 9)
    with pytest.raises(EngineError, match="damaged"):
        bundle.load(path)
    with pytest.raises(EngineError, match="No such file"):
        bundle.load(tmp_path / "absent")


def test_a_newer_version_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(bundle, "VERSION", bundle.VERSION + 1)
    made = bundle.write(VALUE, tmp_path / "program")
    monkeypatch.undo()
    with pytest.raises(EngineError, match=r"newer Trimma.*install the driver's version"):
        bundle.load(made.path)


def written_elsewhere(folder, monkeypatch, value=0, **changed):
    here = versions.versions_here()
    monkeypatch.setattr(bundle, "versions_here", lambda: msgspec.structs.replace(here, **changed))
    return bundle.write(value, folder / "program").path


def test_another_minor_version_of_python_is_refused_and_both_are_named(tmp_path, monkeypatch):
    path = written_elsewhere(tmp_path, monkeypatch, python="3.99.1")
    with pytest.raises(EngineError, match=r"driver runs Python 3\.99\.1.*runs Python 3\.\d+\.\d+.*PYSPARK_PYTHON"):
        bundle.load(path)


def test_another_patch_of_python_will_do(tmp_path, monkeypatch):
    minor = ".".join(map(str, sys.version_info[:2]))
    assert bundle.load(written_elsewhere(tmp_path, monkeypatch, value=7, python=f"{minor}.99")) == 7


class Unloadable:
    def __init__(self, error):
        self.error = error

    def __reduce__(self):
        return refuse, (self.error,)


def refuse(error):
    raise error


def test_a_missing_module_is_named_with_the_fix(tmp_path):
    path = bundle.write(Unloadable(ModuleNotFoundError("No module named 'abc_xyz'", name="abc_xyz.d")), tmp_path / "p")
    with pytest.raises(ObjectiveError, match=r"the module 'abc_xyz'.*isn't installed on .*: install it there"):
        bundle.load(path.path)


def test_a_broadcast_variable_is_told_of_data(tmp_path):
    pytest.importorskip("pyspark")
    from pyspark.broadcast import _from_id

    class Broadcast:
        def __reduce__(self):
            return _from_id, (7,)

    found = bundle.write({"held": Broadcast()}, tmp_path / "program")
    with pytest.raises(ObjectiveError, match=r"holds a broadcast variable of Spark.* pass its value as data="):
        bundle.load(found.path)


def test_versions_that_differ_are_told_when_a_program_can_not_be_loaded(tmp_path, monkeypatch):
    error = ModuleNotFoundError("No module named 'numpy.fancy'", name="numpy.fancy")
    path = written_elsewhere(tmp_path, monkeypatch, Unloadable(error), packages={"numpy": "9.1", "polars": "0.1"})
    with pytest.raises(ObjectiveError, match=r"numpy\.fancy.*numpy is 9\.1 at the driver and \d+\..*polars is 0\.1"):
        bundle.load(path)


def test_one_that_can_not_be_pickled_is_told_and_leaves_no_descriptor(tmp_path):
    with pytest.raises(ObjectiveError, match="can't be pickled"):
        bundle.write((i for i in range(3)), tmp_path / "program")
    # other threads of this process open and close theirs meanwhile
    assert str(tmp_path / "program") not in [os.path.realpath(each) for each in Path("/proc/self/fd").iterdir()]


def test_a_full_disk_is_told(tmp_path):
    with pytest.raises(EngineError, match=r"No space left on device.*TMPDIR"):
        bundle.write(VALUE, Path("/dev/full"))
    with pytest.raises(EngineError, match=os.strerror(errno.ENOENT)):
        bundle.write(VALUE, tmp_path / "absent" / "program")


def test_a_limit_is_noticed_before_a_large_buffer_is_copied():
    data = np.ones(25 * MIB)
    before = status("Anonymous")
    with pytest.raises(TooLarge):
        dumps({"data": data}, limit=MIB)
    assert status("Anonymous") - before < 2 * MIB
    with pytest.raises(TooLarge):
        dumps(["x" * 1000] + [str(i) for i in range(10**5)], limit=MIB / 2)
    assert pickle.loads(dumps(VALUE, limit=MIB))["text"] == VALUE["text"]
