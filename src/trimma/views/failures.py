"""The failed trials, grouped by what went wrong."""

from msgspec import Struct

from trimma.ports import History


class FailureGroup(Struct, frozen=True, kw_only=True):
    """All failures of one kind. ``message`` and ``traceback`` are those of the first, ``trials[0]``."""

    kind: str
    trials: list[int]
    message: str
    traceback: str


def failures(history: History) -> list[FailureGroup]:
    """One group for each kind of failure, the most frequent first."""
    groups: dict[str, FailureGroup] = {}
    for number in history.ended:
        failure = history.trials[number].failure
        if failure is None:
            continue
        if failure.kind not in groups:
            groups[failure.kind] = FailureGroup(
                kind=failure.kind, trials=[], message=failure.message, traceback=failure.traceback
            )
        groups[failure.kind].trials.append(number)
    return sorted(groups.values(), key=lambda group: -len(group.trials))
