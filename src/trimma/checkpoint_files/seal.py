"""The seal of a checkpoint: a file that lists its files with their sizes and checksums, and is written last.

A folder without a seal was not written to its end. The checksums (CRC-32) find what a full disk, a crash of the machine
or a transfer has damaged. They are no protection against somebody who changes files on purpose.
"""

import zlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

SEAL = ".checkpoint.json"
_CHUNK = 2**18


class Damaged(Exception):
    """A checkpoint that can't be read; the message says why."""


class _Entry(msgspec.Struct, frozen=True):
    name: str
    size: int
    crc: int


class Seal(msgspec.Struct, frozen=True):
    """What a checkpoint consists of. Folders without files are no part of it."""

    files: tuple[_Entry, ...]

    @property
    def size(self) -> int:
        """How many bytes the files have together."""
        return sum(entry.size for entry in self.files)

    @property
    def names(self) -> list[str]:
        """The names of the files, relative to the folder, with slashes."""
        return [entry.name for entry in self.files]


def seal_of(folder: Path) -> Seal:
    """The seal of the files in ``folder``, which has none yet."""
    return Seal(tuple(_entries(folder)))


def write_seal(folder: Path, seal: Seal) -> None:
    """Put the seal beside the files."""
    (folder / SEAL).write_bytes(encoded(seal))


def encoded(seal: Seal) -> bytes:
    """The seal as the bytes of its file."""
    return msgspec.json.encode(seal)


def decoded(data: bytes) -> Seal:
    """The seal with these bytes. Raises `Damaged` when they are none, or name a file outside of the checkpoint."""
    try:
        seal = msgspec.json.decode(data, type=Seal)
    except msgspec.MsgspecError as error:
        raise Damaged(f"its list of files can't be read ({error})") from None
    for name in seal.names:
        if name.startswith("/") or ".." in Path(name).parts:
            raise Damaged(f"it names a file outside of itself, {name!r}")
    return seal


def check(folder: Path, seal: Seal) -> None:
    """Raise `Damaged` unless the files of ``folder`` are those of the seal."""
    there = {entry.name: entry for entry in _entries(folder)}
    for entry in seal.files:
        if entry.name not in there:
            raise Damaged(f"its file {entry.name} is missing")
        if there[entry.name] != entry:
            raise Damaged(f"its file {entry.name} has other contents than were written")


def _entries(folder: Path) -> Iterator[_Entry]:
    # one piece of memory for all of it, small enough to stay in the cache of the processor
    chunk = memoryview(bytearray(_CHUNK))
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != SEAL:
            size = crc = 0
            with path.open("rb", buffering=0) as file:
                while read := file.readinto(chunk):
                    size, crc = size + read, zlib.crc32(chunk[:read], crc)
            yield _Entry(path.relative_to(folder).as_posix(), size, crc)
