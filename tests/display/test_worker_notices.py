"""What is said of workers that were renewed, and of memory that trials leave behind."""

import io
from typing import Any

import pytest

from histories import Log, opened
from printing import printed
from trimma import events as ev
from trimma.display.terminal.closing_summary import closing_text
from trimma.display.terminal.line_view import LineView
from trimma.display.terminal.live_view import frame
from trimma.display.worker_notices import worker_notices

CUDA = "trial 6 failed as in a spoiled process, with RuntimeError: CUDA error"
GIVEN = f"Worker w-0 was given a fresh process: {CUDA}."
HOLDS = (
    "Worker w-0 holds 1.9 GiB more after 12 trials than after its first: what a trial leaves behind stays in its "
    "process. To renew it after every 20 trials, give the engine renew=20."
)


def renewed(log: Log, cause: str = CUDA, worker: str = "w-0", **more: Any) -> ev.Event:
    event = ev.WorkerRenewed(at=log.now, worker=worker, cause=cause, **more)
    log.ledger.fold(event)
    log.join(worker)
    return event


def grown(log: Log, worker: str = "w-0") -> ev.Event:
    event = ev.WorkerGrown(at=log.now, worker=worker, more=2 * 10**9, trials=12)
    log.ledger.fold(event)
    return event


def summary_of(log: Log) -> str:
    """The closing summary, with its lines joined."""
    return " ".join(closing_text(log.history).split())


def test_a_renewal_and_its_cause() -> None:
    log = opened("w-0", "w-1")
    renewed(log, f"{CUDA}.\nSee above.")
    assert worker_notices(log.history) == [GIVEN]
    assert GIVEN in summary_of(log)
    assert GIVEN[:60] in printed(frame(log.history, 1.0))


def test_a_few_of_many() -> None:
    log = opened("w-0", "w-1")
    for number in range(5):
        renewed(log, f"cause {number}")
    assert worker_notices(log.history) == [
        "Worker w-0 was given a fresh process: cause 0.",
        "Worker w-0 was given a fresh process: cause 1.",
        "Worker w-0 was given a fresh process: cause 2.",
        "There were 2 other renewals.",
    ]
    assert "Worker w-0 was given a fresh process: cause 4. There were 5 renewals." in printed(frame(log.history, 1.0))


def test_what_was_asked_for_is_no_news() -> None:
    log = opened("w-0")
    renewed(log, asked=True)
    log.at(1).leave("w-0")
    assert worker_notices(log.history) == []
    assert "fresh process" not in summary_of(log) + printed(frame(log.history, 1.0))


def test_memory_is_told_of_one_worker() -> None:
    log = opened("w-0", "w-1")
    grown(log)
    grown(log, "w-1")
    assert worker_notices(log.history) == [HOLDS]
    assert HOLDS in summary_of(log)
    assert HOLDS[:60] in printed(frame(log.history, 1.0))


@pytest.mark.parametrize(
    ("more", "text"), [(2**30, "1.0 GiB"), (2**29, "512 MiB"), (2**30 - 1, "1.0 GiB"), (int(9.96 * 2**30), "10.0 GiB")]
)
def test_sizes(more: int, text: str) -> None:
    log = opened("w-0")
    log.ledger.fold(ev.WorkerGrown(at=0.0, worker="w-0", more=more, trials=3))
    assert f"holds {text} more after 3 trials" in worker_notices(log.history)[0]


def test_lines_tell_it_when_it_happens() -> None:
    stream, log = io.StringIO(), opened("w-0")
    view = LineView(stream=stream)
    view([], log.history, 0.0)
    view([grown(log), renewed(log, asked=True)], log.history, 0.0)
    view([grown(log), *(renewed(log) for _ in range(6))], log.history, 0.0)
    assert stream.getvalue().splitlines()[1:] == [
        f"trimma: {HOLDS}",
        *[f"trimma: {GIVEN}"] * 3,
        "trimma: worker w-0 was renewed, too; more of the same are not shown",
    ]
