"""Bytes that are changed on their way cost an agent at most, never the study."""

import random
from typing import Any

import pytest

from trimma.events import TrialFinished
from trimma.search import RandomSearch
from trimma.testing.studies import run_study


class Tampering:
    """Changes one bit in some of the pieces that pass through a proxy, as long as it is allowed to."""

    def __init__(self, seed: int, most: int) -> None:
        self._dice, self.left, self.passed = random.Random(seed), most, 0

    def __call__(self, data: bytes) -> bytes:
        self.passed += 1
        if not data or not self.left or self._dice.random() > 0.05:
            return data
        self.left -= 1
        changed = bytearray(data)
        changed[self._dice.randrange(len(changed))] ^= 1 << self._dice.randrange(8)
        return bytes(changed)


def steps(trial: Any) -> Any:
    import time

    for _ in range(10):
        time.sleep(0.01)
        yield {"score": float(trial.id)}


@pytest.mark.timeout(180)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_stream_that_is_tampered_with_costs_no_trial_and_no_study(site: Any, seed: int) -> None:
    tampering = Tampering(seed, most=12)
    site.proxied.tamper = tampering
    done = run_study(RandomSearch(), objective=steps, engine=site.remote(2, through_proxy=True), trials=30)
    assert tampering.passed > 100
    assert tampering.left < 12, "something was tampered with"
    ended = [event for event in done.events if isinstance(event, TrialFinished)]
    assert sorted(event.trial for event in ended) == list(range(30))
    assert [trial.value for trial in done.history.trials] == [float(trial.id) for trial in done.history.trials]
    assert all(trial.crashes == 0 for trial in done.history.trials), "no trial is to blame"
