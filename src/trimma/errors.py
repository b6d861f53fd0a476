"""Everything that Trimma raises on purpose.

::

    TrimmaError
    ├── UsageError (ValueError)      an argument of the front door is wrong
    │   ├── SpaceError               a search space makes no sense
    │   ├── ObjectiveError           the objective can't be called with this space, or can't be sent
    │   └── UnknownName              no plug-in, metric or study has this name; the nearest is suggested
    ├── StudyError                   a study isn't in the state that the call needs
    │   ├── StudyExists              the name is taken
    │   ├── StudyNotFound            the name is unknown
    │   ├── StudyBusy                another writer has the study open
    │   ├── StudyMismatch            a resume would change what the study asks
    │   └── StudyFailed              the study stopped because its first trials all failed the same way
    ├── StoreError                   a store can't be read or written (damaged, newer version, no permission)
    │   └── StoreFull                a store has no room for more
    ├── EngineError                  no worker can be started
    ├── IllegalMove                  a history holds an event that its trial's state doesn't allow
    └── MissingExtra (ImportError)   an optional dependency isn't installed
"""

from collections.abc import Iterable

from trimma.safe_text import safe


class TrimmaError(Exception):
    """Base of all errors that Trimma raises on purpose. Its text does nothing to a terminal."""

    def __str__(self) -> str:
        return safe(super().__str__())


class UsageError(TrimmaError, ValueError):
    """An argument of the front door is wrong."""


class SpaceError(UsageError):
    """A search space makes no sense."""


class ObjectiveError(UsageError):
    """The objective can't be called with this space, or can't be sent to a worker."""


class UnknownName(UsageError):
    """No plug-in, metric or study has this name."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        self.kind, self.name, self.known = kind, name, sorted(known)
        near = nearest(name, self.known, 1)
        hint = f"; did you mean {near[0]!r}?" if near else "."
        super().__init__(f"there is no {kind} named {name!r}{hint} Known: {', '.join(self.known) or 'none'}.")


class StudyError(TrimmaError):
    """A study isn't in the state that the call needs."""


class StudyExists(StudyError):
    """There is a study of this name already."""


class StudyNotFound(StudyError):
    """There is no study of this name."""


class StudyBusy(StudyError):
    """Another writer has the study open."""


class StudyMismatch(StudyError):
    """A resume would change what the study asks."""


class StudyFailed(StudyError):
    """The study stopped because its first trials all failed the same way."""


class StoreError(TrimmaError):
    """A store can't be read or written."""


class StoreFull(StoreError):
    """A store has no room for more. What it already holds can be read."""


class EngineError(TrimmaError):
    """No worker can be started."""


class IllegalMove(TrimmaError):
    """A history holds an event that its trial's state doesn't allow."""


class MissingExtra(TrimmaError, ImportError):
    """An optional dependency isn't installed.

    ``extra`` is the extra of Trimma that installs the package, or None when there is no such extra.
    """

    def __init__(self, package: str, extra: str | None, purpose: str) -> None:
        wanted = f"'trimma[{extra}]'" if extra else package
        super().__init__(f"{purpose} needs {package}: pip install {wanted}")


def nearest(name: str, known: Iterable[str], most: int) -> list[str]:
    """Up to ``most`` names of ``known`` that are spelled like ``name``, the nearest first, in upper or lower case."""
    by_lower: dict[str, list[str]] = {}
    for each in known:
        by_lower.setdefault(each.lower(), []).append(each)
    import difflib

    near = difflib.get_close_matches(name.lower(), by_lower, n=most)
    return [each for lower in near for each in by_lower[lower]][:most]
