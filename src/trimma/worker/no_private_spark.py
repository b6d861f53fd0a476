"""Refuses a Spark session that a trial would start for itself on a cluster's worker.

`SparkSession.builder.getOrCreate()` finds no session there, and would start a Spark of this one machine, in silence.
"""

import os
import re
from collections.abc import Mapping

from msgspec.structs import replace

from trimma.errors import ObjectiveError
from trimma.facts import Halted, Paused, Raised, Returned

ENVIRONMENT: Mapping[str, str] = {"PYSPARK_GATEWAY_PORT": "0", "PYSPARK_GATEWAY_SECRET": "refused-by-trimma"}
"""Variables of a runner by which pyspark looks for a session at a port where there is none, and starts none."""

_ERRORS = ("Py4JNetworkError", "ConnectionRefusedError", "OSError")


def explained(end: Halted | Paused | Raised | Returned) -> Halted | Paused | Raised | Returned:
    """The same end, where a session was refused with a message that says what to do."""
    refusing = all(os.environ.get(name) == value for name, value in ENVIRONMENT.items())
    if not refusing or not isinstance(end, Raised) or end.failure.kind not in _ERRORS:
        return end
    if "launch_gateway" not in end.failure.traceback:
        return end
    message = (
        "the trial asked for a Spark session, as SparkSession.builder.getOrCreate() does, and there is none on a "
        "worker: a new one would be a Spark of this one machine. An objective that uses Spark itself runs in the "
        "driver, with engine=tm.Driver(threads=4)"
    )
    kind = ObjectiveError.__name__
    traceback = f"{_users_frames(end.failure.traceback)}\n{kind}: {message}\n"
    return replace(end, failure=replace(end.failure, kind=kind, message=message, traceback=traceback))


def _users_frames(traceback: str) -> str:
    """The last of several tracebacks, up to the first frame of pyspark."""
    last = traceback.rpartition("\n\n")[2] if "During handling" in traceback else traceback
    return re.split(r'\n  File "[^"]*pyspark', last, maxsplit=1)[0]
