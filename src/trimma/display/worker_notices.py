"""What is said of the processes of workers: that they were renewed, and why, and that trials leave memory behind."""

from collections.abc import Iterator

from trimma.display.numbers_and_durations import count
from trimma.display.short_text import one_line
from trimma.ports import History
from trimma.sessions import Growth, Stay

SHOWN = 3


def worker_notices(history: History) -> list[str]:
    """Which workers were renewed in the study, and why, and the first one whose trials left memory behind.

    Renewals that were asked for, after a number of trials, aren't told.
    """
    renewed = list(_renewed(history))
    lines = [renewal_line(stay.worker, stay.cause) for stay in renewed[:SHOWN]]
    if len(renewed) > SHOWN:
        lines.append(f"There were {count(len(renewed) - SHOWN, 'other renewal')}.")
    if (memory := memory_notice(history)) is not None:
        lines.append(memory)
    return lines


def latest_notice(history: History) -> str | None:
    """The same in one sentence, for a view with little room: the latest renewal, and how many there were."""
    renewed = list(_renewed(history))
    if not renewed:
        return memory_notice(history)
    line = renewal_line(renewed[-1].worker, renewed[-1].cause)
    return line if len(renewed) == 1 else f"{line} There were {count(len(renewed), 'renewal')}."


def renewal_line(worker: str, cause: str) -> str:
    """That a worker was renewed, and why."""
    why = one_line(cause).rstrip(".")
    return f"Worker {worker} was given a fresh process: {why}."


def memory_notice(history: History) -> str | None:
    """That trials leave memory behind, of the first worker of which that is known."""
    for stay in history.stays:
        if stay.growth is not None:
            return memory_line(stay.worker, stay.growth)
    return None


def memory_line(worker: str, growth: Growth) -> str:
    """That a worker's trials leave memory behind, and what helps."""
    return (
        f"Worker {worker} holds {growth}: what a trial leaves behind stays in its process. To renew it after every 20 "
        "trials, give the engine renew=20."
    )


def _renewed(history: History) -> Iterator[Stay]:
    return (stay for stay in history.stays if stay.renewed and not stay.asked)
