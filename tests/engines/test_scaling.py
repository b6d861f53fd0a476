"""How many agents there are to be, on virtual time."""

from __future__ import annotations

import pytest

from trimma.engines.remote.scaling import Slots
from trimma.errors import EngineError

LINGER, LEASE = 3.0, 10.0


def slots(capacity: int = 8, joined: int = 0) -> Slots:
    made = Slots(capacity, linger=LINGER, lease=LEASE)
    for number in range(joined):
        made.launched(number)
        made.joined(number)
    return made


def launch(made: Slots, demand: int | None = None, now: float = 0.0) -> list[int]:
    due = made.due(demand, now)
    for number in due:
        made.launched(number)
    return due


def test_they_are_filled_in_steps() -> None:
    made = slots()
    steps = []
    while due := launch(made):
        steps.append(len(due))
        for number in due:
            made.joined(number)
    assert steps == [2, 2, 4]


def test_no_more_are_filled_than_are_wanted() -> None:
    made = slots(joined=3)
    assert launch(made, demand=4) == [3]
    assert launch(made, demand=4) == []
    assert launch(made, demand=0) == []


def test_a_lost_worker_whose_task_goes_on_may_be_back_within_a_lease() -> None:
    made = slots(2, joined=2)
    made.left(1, 5.0)
    assert launch(made, now=5.0 + LEASE - 0.1) == []
    assert launch(made, now=5.0 + LEASE) == [1]
    assert not made.ended(1), "the earlier one"
    assert made.ended(1)


def test_a_worker_whose_task_ended_is_replaced_at_once() -> None:
    made = slots(2, joined=2)
    assert made.ended(1)
    made.left(1, 5.0)
    assert launch(made, now=5.0) == [1]


def test_what_fails_is_tried_again_after_longer_and_longer() -> None:
    made = slots(2, joined=1)
    now, waits = 0.0, []
    for _ in range(8):
        assert launch(made, now=now) == [1]
        made.ended(1)
        made.failed(1, OSError("no luck"), now)
        since = now
        while not made.due(None, now):
            now += 0.25
        waits.append(now - since)
    assert waits == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]


def test_when_nothing_can_be_started_that_is_an_error() -> None:
    made = slots()
    made.failed(0, OSError("no luck"), 0.0)
    made.failed(1, OSError("no luck"), 0.0)
    with pytest.raises(EngineError, match="no worker can be started: no luck"):
        made.failed(0, OSError("no luck"), 1.0)


def test_who_is_idle_and_not_needed_for_a_while_may_go() -> None:
    made = slots(4, joined=4)
    assert made.surplus(None, set(), 0.0) == []
    assert made.surplus(2, {3}, 0.0) == []
    assert made.surplus(2, {3}, LINGER) == [2, 1]
    assert made.surplus(0, {0, 1, 2, 3}, LINGER + 1) == [], "who works stays"
    assert made.surplus(3, set(), LINGER + 2) == [], "and time begins anew"
    assert made.surplus(3, set(), 2 * LINGER + 2) == [3]
