"""Requests from their records, where one that can't be read doesn't keep the others from being heard."""

import warnings
from collections.abc import Iterable, Sequence

from trimma.codec import decode_request
from trimma.errors import StoreError
from trimma.requests import Request


def requests_of(study: str, records: Iterable[bytes]) -> Sequence[Request]:
    """The requests, oldest first. A `RuntimeWarning` tells of each that can't be read."""
    requests = []
    for record in records:
        try:
            requests.append(decode_request(record))
        except StoreError as error:
            warnings.warn(f"a request to study {study!r} is ignored: {error}", RuntimeWarning, stacklevel=3)
    return requests
