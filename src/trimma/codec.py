"""Events and requests to and from JSON, one record each, with its version.

JSON has no NaN and no infinity: as metrics they are written as the strings "nan", "inf" and "-inf". It has no tuples
either: in configs, spaces and the like they are marked.
"""

import math
from collections.abc import Callable
from typing import Any

import msgspec

from trimma.errors import StoreError
from trimma.events import Event, Reported, StudyCreated, StudyExtended, TrialFailed, TrialFinished, TrialQueued
from trimma.json_depth import DEEPEST, SHALLOW, too_deep
from trimma.requests import Request
from trimma.tuples_in_json import mark_tuples, may_hold_marks, restore_tuples

VERSION = 2
REQUEST_VERSION = 1


class _Record(msgspec.Struct, frozen=True, gc=False):
    v: int
    event: Event


class _RequestRecord(msgspec.Struct, frozen=True):
    v: int
    request: Request


class _Version(msgspec.Struct, frozen=True):
    v: int


_WITH_METRICS = (Reported, TrialFinished, TrialFailed)
_WITH_PLAIN_VALUES = frozenset({StudyCreated, StudyExtended, TrialQueued})
_encoder = msgspec.json.Encoder()
# strict=False lets the strings "nan", "inf" and "-inf" be read back as floats
_decoder = msgspec.json.Decoder(_Record, strict=False)
_request_decoder = msgspec.json.Decoder(_RequestRecord)
_version = msgspec.json.Decoder(_Version)
# a text that isn't UTF-8 is a ValueError, and so is a whole number of too many digits
_UNREADABLE = (msgspec.DecodeError, ValueError, RecursionError, OverflowError)


def encode(event: Event) -> bytes:
    """One event as a JSON record."""
    if isinstance(event, _WITH_METRICS):
        given = event.metrics
        if not all(map(math.isfinite, given.values())):
            metrics = {name: value if math.isfinite(value) else str(value) for name, value in given.items()}
            event = msgspec.structs.replace(event, metrics=metrics)
    elif type(event) in _WITH_PLAIN_VALUES:
        event = _with_plain_values(event, mark_tuples)
    try:
        record = _encoder.encode(_Record(VERSION, event))
    except TypeError as error:
        raise StoreError(
            f"{type(event).__name__} can't be kept, for it holds what isn't plain JSON ({error}): a searcher gives "
            "configs of numbers, texts, booleans, None, lists, tuples and dicts"
        ) from error
    if len(record) > SHALLOW and too_deep(record):
        raise StoreError(
            f"{type(event).__name__} can't be kept, for it holds lists or dicts nested deeper than {DEEPEST} levels"
        )
    return record


def decode(record: bytes) -> Event:
    """The event of a record.

    Raises `StoreError` when the record is damaged, or has a version that this Trimma can't read.
    """
    if len(record) > SHALLOW and too_deep(record):
        raise _damaged(record, f"nested deeper than {DEEPEST} levels")
    try:
        read = _decoder.decode(record)
    except _UNREADABLE as error:
        raise _unreadable(record, error, VERSION, _other_version_of_study) from error
    if read.v != VERSION:
        raise _unreadable(record, None, VERSION, _other_version_of_study)
    event = read.event
    if type(event) in _WITH_PLAIN_VALUES and may_hold_marks(record):
        return _with_plain_values(event, restore_tuples)
    return event


def _with_plain_values(event: Event, changed: Callable[[Any], Any]) -> Event:
    """The event with ``changed`` applied to what it holds of plain values of any kind."""
    match event:
        case StudyCreated(spec=spec):
            own = msgspec.structs.replace(spec, space=changed(spec.space), asked=changed(spec.asked))
            return msgspec.structs.replace(event, spec=own)
        case StudyExtended():
            return msgspec.structs.replace(event, asked=changed(event.asked))
        case TrialQueued():
            config, place, hidden = changed(event.config), changed(event.place), changed(event.hidden)
            if config is event.config and place is event.place and hidden is event.hidden:
                return event
            return msgspec.structs.replace(event, config=config, place=place, hidden=hidden)
        case _:
            return event


def encode_request(request: Request) -> bytes:
    """One request as a JSON record."""
    return _encoder.encode(_RequestRecord(REQUEST_VERSION, request))


def decode_request(record: bytes) -> Request:
    """The request of a record. Raises `StoreError` as `decode` does."""
    if len(record) > SHALLOW and too_deep(record):
        raise _damaged(record, f"nested deeper than {DEEPEST} levels")
    try:
        read = _request_decoder.decode(record)
    except _UNREADABLE as error:
        raise _unreadable(record, error, REQUEST_VERSION, _other_version_of_request) from error
    if read.v != REQUEST_VERSION:
        raise _unreadable(record, None, REQUEST_VERSION, _other_version_of_request)
    return read.request


def _unreadable(
    record: bytes, error: Exception | None, version: int, other_version: Callable[[int], StoreError]
) -> StoreError:
    """Why a record can't be read. ``other_version`` says what to do about one that isn't of ``version``."""
    try:
        found = _version.decode(record).v
    except _UNREADABLE:
        found = version
    if found == version or found < 1:
        return _damaged(record, error or "unknown version")
    return other_version(found)


def _damaged(record: bytes, how: object) -> StoreError:
    return StoreError(
        f"a damaged record ({how}) in {bytes(record[:120])!r}: restore a copy of the store, or remove the study"
    )


def _other_version_of_study(version: int) -> StoreError:
    if version > VERSION:
        return StoreError(
            f"the study was written by a newer Trimma (record version {version}, this one reads up to {VERSION}): "
            "upgrade with pip install --upgrade trimma"
        )
    return StoreError(
        f"the study was written by a Trimma from before the first release (record version {version}, this one "
        f"reads {VERSION}): remove it, or take another store, and run it anew"
    )


def _other_version_of_request(version: int) -> StoreError:
    return StoreError(
        f"a request was made by a newer Trimma (record version {version}, this one reads up to {REQUEST_VERSION}): "
        "ask with the Trimma that runs the study"
    )
