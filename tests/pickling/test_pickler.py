"""Pickles of several threads at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import cloudpickle

from trimma.pickling.pickler import pickled


def by_value() -> set[str]:
    """The modules that are pickled by value at this moment. This one can't be imported by its name."""
    return set(cloudpickle.list_registry_pickle_by_value())


def test_a_thread_that_is_done_takes_nothing_from_one_that_still_pickles() -> None:
    before, begun, both, done = by_value(), *(threading.Event() for _ in range(3))

    def first() -> None:
        begun.set()
        assert both.wait(20)

    def second() -> set[str]:
        both.set()
        assert done.wait(20)
        return by_value()

    with ThreadPoolExecutor(2) as threads:
        one = threads.submit(pickled, first)
        assert begun.wait(20)
        other = threads.submit(pickled, second)
        one.result()
        done.set()
        assert __name__ in other.result()
    assert by_value() == before
