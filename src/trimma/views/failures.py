"""The failed trials, grouped by what went wrong."""

from msgspec import Struct

from trimma.ports import History


class FailureGroup(Struct, frozen=True, kw_only=True):
    """Failures that are alike. ``message`` and ``traceback`` are those of the first, ``trials[0]``."""

    kind: str
    trials: list[int]
    message: str
    traceback: str


def failures(history: History) -> list[FailureGroup]:
    """One group for all failures that are alike, the most frequent first.

    They are of the same type, come from the same line, and their messages differ in numbers only.
    """
    groups: dict[tuple[str, str, str], FailureGroup] = {}
    for number in history.ended:
        failure = history.trials[number].failure
        if failure is None:
            continue
        group = groups.get(failure.likeness)
        if group is None:
            group = groups[failure.likeness] = FailureGroup(
                kind=failure.kind, trials=[], message=failure.message, traceback=failure.traceback
            )
        group.trials.append(number)
    return sorted(groups.values(), key=lambda group: -len(group.trials))
