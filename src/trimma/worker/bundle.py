"""The bundle: the file in which a program goes to its workers. Every runner maps the file into its memory.

It holds a pickle of protocol 5, from which large buffers are left out (PEP 574): those of numpy arrays, of pandas
frames, and of Arrow tables. The buffers follow the pickle in the file, so that all runners of a machine share the
memory pages of one copy. When a runner writes to a page, it gets a copy of that page.

::

    head       magic, version of the format, length of the versions
    versions   msgpack: Python and packages of the process that wrote it
    pickle     at a multiple of 64 bytes, and so is each of
    surrounds  msgpack: what surrounds the program at its driver
    buffers
    index      msgpack: where these parts are
    end        where the index is, a checksum of all but the buffers, magic
"""

import hashlib
import mmap
import os
import pickle
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from struct import Struct as Layout
from typing import Any

import msgspec

from trimma.errors import EngineError, TrimmaError
from trimma.pickling.namespaces import loading_into
from trimma.pickling.pickler import dump, pickled
from trimma.worker.surroundings import Surroundings, surroundings_of
from trimma.worker.versions import Versions, explained, refuse_other_python, versions_here

VERSION = 2

_MAGIC = b"\x93trimma\n"
_HEAD = Layout("<8sII")
_END = Layout("<QQ32s8s")
_ALIGNMENT = 64
_SMALL = 1024
"""Buffers of fewer bytes stay in the pickle, because sharing them would cost more than copying them."""
_CHUNK = 2**20


class Bundle(msgspec.Struct, frozen=True, kw_only=True):
    """A program's file. ``digest`` is the SHA-256 of the whole file, in hexadecimal."""

    path: Path
    digest: str
    size: int


class _Index(msgspec.Struct, frozen=True, kw_only=True):
    """Offset and length of each part."""

    pickle: tuple[int, int]
    surroundings: tuple[int, int]
    buffers: list[tuple[int, int]]


def write(program: Any, path: Path, *, elsewhere: bool = False) -> Bundle:
    """Write ``program`` to ``path``. Its large buffers are not copied in memory.

    ``elsewhere`` says that workers may be on other machines: then the files of the user's own modules are added.
    Raises `ObjectiveError` if the program can't be pickled, and `EngineError` when the file can't be written.
    """
    return pickled(lambda: _attempt(program, path, elsewhere))


def load(program: Path | int, enter: Callable[[Surroundings], dict[str, Any]] | None = None) -> Any:
    """The program in a file that `write` made. The file holds a pickle, so that this may run any code in it.

    ``program`` is the path of the file, or its descriptor: whoever holds the file open doesn't lose it when it is
    removed.

    ``enter`` is given the driver's surroundings before the program is loaded, and returns the namespace into which what
    the driver's ``__main__`` defines is put. Without it that is a new one.

    Only the pickle itself is read now. The buffers are read from the disk when they are used, unless another process
    has them in memory already. Raises `EngineError` for a damaged file, for one of a newer version, and if Python's
    minor version isn't that of the writer. Raises `ObjectiveError` if the program can't be unpickled here.
    """
    view = _mapped(program)
    driver, index = _parsed(view)
    refuse_other_python(driver)
    parts = [view[start : start + length] for start, length in (index.pickle, *index.buffers)]
    try:
        with nullcontext() if enter is None else loading_into(enter(_surroundings(view, index))):
            return pickle.loads(parts[0], buffers=parts[1:])
    except TrimmaError:
        raise
    except Exception as error:
        raise explained(error, driver) from error


def sources(program: Path | int) -> bytes:
    """The archive of the user's own modules in a program's file; empty if there is none. Nothing is unpickled."""
    view = _mapped(program)
    return _surroundings(view, _parsed(view)[1]).sources


def mentions(program: Path | int, word: bytes) -> bool:
    """Whether the pickle in the file, without its large buffers, holds this word, as the code of a function may."""
    view = _mapped(program)
    start, length = _parsed(view)[1].pickle
    return word in bytes(view[start : start + length])


def _attempt(program: Any, path: Path, elsewhere: bool) -> Bundle:
    buffers: list[memoryview] = []

    def out(buffer: pickle.PickleBuffer) -> bool:
        raw = buffer.raw()
        if raw.nbytes < _SMALL:
            return True
        buffers.append(raw)
        return False

    with _Sink(path) as sink:
        written_by = msgspec.msgpack.encode(versions_here())
        sink.write(_HEAD.pack(_MAGIC, VERSION, len(written_by)) + written_by)
        start = sink.align()
        pickler = dump(program, sink, out)
        pickled_at = start, sink.size - start
        surroundings = surroundings_of(pickler, elsewhere=elsewhere)
        around = sink.align(), sink.write(msgspec.msgpack.encode(surroundings))
        checksum = sink.digest.copy()
        places = [(sink.align(), sink.write(buffer)) for buffer in buffers]
        index = msgspec.msgpack.encode(_Index(pickle=pickled_at, surroundings=around, buffers=places))
        checksum.update(index)
        sink.write(index + _END.pack(sink.size, len(index), checksum.digest(), _MAGIC))
    return Bundle(path=path, digest=sink.digest.hexdigest(), size=sink.size)


class _Sink:
    """A new file that counts the bytes written to it and computes their digest."""

    def __init__(self, path: Path) -> None:
        self.size, self.digest = 0, hashlib.sha256()
        self._path = path

    def __enter__(self) -> "_Sink":
        try:
            self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise self._unwritable(error) from error
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._file)

    def write(self, data: Any, /) -> int:
        rest = memoryview(data).cast("B")
        length = len(rest)
        while rest:
            try:
                written = os.write(self._file, rest[:_CHUNK])
            except OSError as error:
                raise self._unwritable(error) from error
            # now, while these bytes are in the processor's cache
            self.digest.update(rest[:written])
            rest = rest[written:]
        self.size += length
        return length

    def align(self) -> int:
        """Fill up to a multiple of 64 bytes, and return that offset."""
        self.write(bytes(-self.size % _ALIGNMENT))
        return self.size

    def _unwritable(self, error: OSError) -> EngineError:
        return EngineError(
            f"the objective and its data can't be written to {self._path} ({error.strerror}, after {self.size:,} "
            "bytes): make room there, or name another folder with the variable TMPDIR"
        )


def _mapped(program: Path | int) -> memoryview:
    """The bytes of a file, mapped into memory. This process may change them without changing the file."""
    try:
        with open(program, "rb", closefd=not isinstance(program, int)) as file:
            size = os.fstat(file.fileno()).st_size
            if size < _HEAD.size + _END.size:
                raise _damaged("it is cut short")
            # no memory is reserved where Python has the flag, so that the file may be larger than the memory
            flags = mmap.MAP_PRIVATE | getattr(mmap, "MAP_NORESERVE", 0)
            return memoryview(mmap.mmap(file.fileno(), size, flags=flags, prot=mmap.PROT_READ | mmap.PROT_WRITE))
    except OSError as error:
        raise EngineError(f"the program's file {program} can't be mapped into memory: {error.strerror}") from error


def _parsed(view: memoryview) -> tuple[Versions, _Index]:
    magic, version, length = _HEAD.unpack_from(view)
    if magic != _MAGIC:
        raise _damaged("it doesn't begin as one")
    if version > VERSION:
        raise EngineError(
            f"the program's file was written by a newer Trimma (its format is {version}, the newest known here is "
            f"{VERSION}): install the driver's version of trimma on the workers"
        )
    where, size, checksum, magic = _END.unpack_from(view, len(view) - _END.size)
    if magic != _MAGIC or where + size + _END.size != len(view):
        raise _damaged("it is cut short")
    try:
        index = msgspec.msgpack.decode(view[where : where + size], type=_Index)
        found = hashlib.sha256(view[: sum(index.surroundings)])
        found.update(view[where : where + size])
        if found.digest() != checksum:
            raise _damaged("its checksum doesn't fit")
        written_by = msgspec.msgpack.decode(view[_HEAD.size : _HEAD.size + length], type=Versions)
    except msgspec.DecodeError as error:
        raise _damaged(str(error)) from error
    return written_by, index


def _surroundings(view: memoryview, index: _Index) -> Surroundings:
    start, length = index.surroundings
    try:
        return msgspec.msgpack.decode(view[start : start + length], type=Surroundings)
    except msgspec.DecodeError as error:
        raise _damaged(str(error)) from error


def _damaged(how: str) -> EngineError:
    return EngineError(f"the program's file is damaged ({how}): start the study again")
