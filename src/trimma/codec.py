"""Writes events as JSON and reads them back. Each event is one record with a version.

JSON has no NaN and no infinity: as metrics they are written as the strings "nan", "inf" and "-inf".
"""

import math

import msgspec

from trimma.errors import StoreError
from trimma.events import Event, Reported, TrialFailed, TrialFinished

VERSION = 2


class _Record(msgspec.Struct, frozen=True):
    v: int
    event: Event


class _Version(msgspec.Struct, frozen=True):
    v: int


_encoder = msgspec.json.Encoder()
# strict=False lets the strings "nan", "inf" and "-inf" be read back as floats
_decoder = msgspec.json.Decoder(_Record, strict=False)
_version = msgspec.json.Decoder(_Version)


def encode(event: Event) -> bytes:
    """One event as a JSON record."""
    if isinstance(event, Reported | TrialFinished | TrialFailed):
        given = event.metrics
        if not all(map(math.isfinite, given.values())):
            metrics = {name: value if math.isfinite(value) else str(value) for name, value in given.items()}
            event = msgspec.structs.replace(event, metrics=metrics)
    return _encoder.encode(_Record(VERSION, event))


def decode(record: bytes) -> Event:
    """The event of a record.

    Raises `StoreError` when the record is damaged, or has a version that this Trimma can't read.
    """
    try:
        read = _decoder.decode(record)
    except msgspec.DecodeError as error:
        raise _unreadable(record, error) from error
    if read.v != VERSION:
        raise _unreadable(record, None)
    return read.event


def _unreadable(record: bytes, error: Exception | None) -> StoreError:
    try:
        version = _version.decode(record).v
    except msgspec.DecodeError:
        version = VERSION
    if version > VERSION:
        return StoreError(
            f"the study was written by a newer Trimma (record version {version}, this one reads up to {VERSION}): "
            "upgrade with pip install --upgrade trimma"
        )
    if 0 < version < VERSION:
        return StoreError(
            f"the study was written by a Trimma from before the first release (record version {version}, this one "
            f"reads {VERSION}): remove it with trimma rm, or take another store, and run it anew"
        )
    return StoreError(f"a damaged record: {error or 'unknown version'} in {bytes(record[:120])!r}")
