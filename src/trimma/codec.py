"""Events and requests to and from JSON, one record each, with its version.

JSON has no NaN and no infinity: as metrics they are written as the strings "nan", "inf" and "-inf".
"""

import math
from collections.abc import Iterable

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


def encode_request(request: Request) -> bytes:
    """One request as a JSON record."""
    return _encoder.encode(_RequestRecord(REQUEST_VERSION, request))


def decode_request(record: bytes) -> Request:
    """The request of a record; `StoreError` when it is damaged or was made by a version that isn't read here."""
    try:
        read = _request_decoder.decode(record)
    except msgspec.DecodeError as error:
        raise _unreadable_request(record, error) from error
    if read.v != REQUEST_VERSION:
        raise _unreadable_request(record, None)
    return read.request


def readable_requests(records: Iterable[bytes]) -> tuple[list[Request], list[StoreError]]:
    """The requests of those records that can be read, and what is wrong with each of the others."""
    requests, errors = [], []
    for record in records:
        try:
            requests.append(decode_request(record))
        except StoreError as error:
            errors.append(error)
    return requests, errors


def _unreadable(record: bytes, error: Exception | None) -> StoreError:
    version = _version_of(record, VERSION)
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
    return _damaged(record, error)


def _unreadable_request(record: bytes, error: Exception | None) -> StoreError:
    version = _version_of(record, REQUEST_VERSION)
    if version > REQUEST_VERSION:
        return StoreError(
            f"a request was made by a newer Trimma (record version {version}, this one reads up to {REQUEST_VERSION}): "
            "ask with the Trimma that runs the study"
        )
    return _damaged(record, error)


def _version_of(record: bytes, otherwise: int) -> int:
    try:
        return _version.decode(record).v
    except msgspec.DecodeError:
        return otherwise


def _damaged(record: bytes, error: Exception | None) -> StoreError:
    return StoreError(f"a damaged record: {error or 'unknown version'} in {bytes(record[:120])!r}")
