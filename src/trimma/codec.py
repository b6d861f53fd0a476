"""Events and requests to and from JSON, one record each, with its version.

JSON has no NaN and no infinity: as metrics they are written as the strings "nan", "inf" and "-inf".
"""

import math
from collections.abc import Callable
from typing import TypeVar

import msgspec

from trimma.errors import StoreError
from trimma.events import Event, Reported, TrialFailed, TrialFinished
from trimma.requests import Request

VERSION = 2
REQUEST_VERSION = 1


class _Record(msgspec.Struct, frozen=True):
    v: int
    event: Event


class _RequestRecord(msgspec.Struct, frozen=True):
    v: int
    request: Request


class _Version(msgspec.Struct, frozen=True):
    v: int


_R = TypeVar("_R", _Record, _RequestRecord)

_WITH_METRICS = (Reported, TrialFinished, TrialFailed)
_encoder = msgspec.json.Encoder()
# strict=False lets the strings "nan", "inf" and "-inf" be read back as floats
_decoder = msgspec.json.Decoder(_Record, strict=False)
_request_decoder = msgspec.json.Decoder(_RequestRecord)
_version = msgspec.json.Decoder(_Version)


def encode(event: Event) -> bytes:
    """One event as a JSON record."""
    if isinstance(event, _WITH_METRICS):
        given = event.metrics
        if not all(map(math.isfinite, given.values())):
            metrics = {name: value if math.isfinite(value) else str(value) for name, value in given.items()}
            event = msgspec.structs.replace(event, metrics=metrics)
    try:
        return _encoder.encode(_Record(VERSION, event))
    except TypeError as error:
        raise StoreError(
            f"{type(event).__name__} can't be kept, for it holds what isn't plain JSON ({error}): a searcher gives "
            "configs of numbers, texts, booleans, None, lists and dicts"
        ) from error


def decode(record: bytes) -> Event:
    """The event of a record.

    Raises `StoreError` when the record is damaged, or has a version that this Trimma can't read.
    """
    return _decoded(_decoder, record, VERSION, _other_version_of_study).event


def encode_request(request: Request) -> bytes:
    """One request as a JSON record."""
    return _encoder.encode(_RequestRecord(REQUEST_VERSION, request))


def decode_request(record: bytes) -> Request:
    """The request of a record. Raises `StoreError` as `decode` does."""
    return _decoded(_request_decoder, record, REQUEST_VERSION, _other_version_of_request).request


def _decoded(
    decoder: msgspec.json.Decoder[_R], record: bytes, version: int, other_version: Callable[[int], StoreError]
) -> _R:
    """What a record of this version holds. ``other_version`` says what to do about one of another."""
    try:
        read = decoder.decode(record)
    except msgspec.DecodeError as error:
        found = _version_of(record, version)
        raise (_damaged(record, error) if found == version or found < 1 else other_version(found)) from error
    if read.v != version:
        raise _damaged(record, None) if read.v < 1 else other_version(read.v)
    return read


def _other_version_of_study(version: int) -> StoreError:
    if version > VERSION:
        return StoreError(
            f"the study was written by a newer Trimma (record version {version}, this one reads up to {VERSION}): "
            "upgrade with pip install --upgrade trimma"
        )
    return StoreError(
        f"the study was written by a Trimma from before the first release (record version {version}, this one "
        f"reads {VERSION}): remove it with trimma rm, or take another store, and run it anew"
    )


def _other_version_of_request(version: int) -> StoreError:
    return StoreError(
        f"a request was made by a newer Trimma (record version {version}, this one reads up to {REQUEST_VERSION}): "
        "ask with the Trimma that runs the study"
    )


def _version_of(record: bytes, otherwise: int) -> int:
    try:
        return _version.decode(record).v
    except msgspec.DecodeError:
        return otherwise


def _damaged(record: bytes, error: Exception | None) -> StoreError:
    return StoreError(f"a damaged record: {error or 'unknown version'} in {bytes(record[:120])!r}")
