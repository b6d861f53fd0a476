"""`tm.doctor`: what this machine and an engine's workers have, what they lack, and what to do about it."""

from collections.abc import Callable, Iterator

from trimma.api.doctor.engine_check import check_engine
from trimma.api.doctor.finding import Finding
from trimma.api.doctor.java import check_java
from trimma.api.doctor.optional_packages import check_optional_packages
from trimma.api.doctor.this_machine import check_disk, check_machine, check_python, check_store, check_worker
from trimma.ports import Engine
from trimma.registry import find

__all__ = ["Finding", "doctor"]


def doctor(engine: str | Engine | None = None) -> Iterator[Finding]:
    """Check one after another what studies need here, and say what is found.

    These are Python, the processors, the store, the disk, a worker on this machine, Java, and the optional packages.
    An ``engine``, given by name or as an object, is checked as well: up to eight of its workers are started, each
    runs a trial, and their versions are compared with those here. Nothing is stored.

    Raises `UnknownName` for an engine that doesn't exist. Whatever else is wrong is a finding, and not an exception.

    >>> for finding in tm.doctor("spark"):
    ...     print(finding)
    """
    if isinstance(engine, str):
        find("engine", engine)
    checks: list[Callable[[], Iterator[Finding]]] = [
        check_python,
        check_machine,
        check_store,
        check_disk,
        check_worker,
        lambda: check_java(engine),
        lambda: check_optional_packages(engine),
    ]
    if engine is not None:
        checks.append(lambda: check_engine(engine))
    return (finding for check in checks for finding in check())
