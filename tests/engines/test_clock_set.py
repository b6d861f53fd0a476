"""The machine's clock is set while a study runs: durations are what they are."""

import time
from contextlib import contextmanager

import pytest

import trimma as tm
from trimma.clock import SystemClock
from trimma.errors import StudyFailed
from trimma.events import Reported


@pytest.fixture
def set_clock(monkeypatch):
    """Sets this machine's time of day, as this process sees it, by so many seconds."""
    real, by = time.time, [0.0]
    monkeypatch.setattr(time, "time", lambda: real() + by[0])
    return lambda seconds: by.__setitem__(0, seconds)


@pytest.mark.parametrize("seconds", [3600.0, -3600.0])
def test_a_clock_that_is_set_tells_durations(set_clock, seconds):
    clock = SystemClock()
    begin, really = clock.now(), time.monotonic()
    set_clock(seconds)
    assert clock.now() - begin == pytest.approx(time.monotonic() - really, abs=0.1)
    assert SystemClock().now() == pytest.approx(begin + seconds, abs=1), "a new clock begins with the time of day"


def fit(x, report):
    for _ in range(5):
        time.sleep(0.02)
        report(loss=x)


def hang(x, report):
    report(loss=x)
    time.sleep(3600)


def view_that(acts):
    """A view that acts once, when the first trial has reported."""

    @contextmanager
    def view(engine):
        done = []

        def observe(events, history, now):
            if not done and any(isinstance(event, Reported) for event in events):
                done.append(acts())

        yield observe

    return view


def tune(objective, engine, **options):
    given = {"minimize": "loss", "seed": 1, "store": "memory", "engine": engine(2)}
    return tm.tune(objective, tm.Space(x=tm.Float(0, 1)), **given | options)


ENGINES = pytest.mark.parametrize("engine", [tm.Local, tm.Driver])


@ENGINES
def test_a_clock_that_is_set_forward_ends_nothing(set_clock, engine):
    view = view_that(lambda: set_clock(3600.0))
    study = tune(fit, engine, trials=6, trial_timeout=600, timeout=1800, progress=view)
    assert repr(study).startswith(f"<Study {study.name!r} finished: 6 done;")
    assert max(trial.spans[-1].end - trial.spans[-1].start for trial in study.trials) < 60


def test_a_clock_that_is_set_back_saves_nothing(set_clock):
    begin = time.monotonic()
    view = view_that(lambda: set_clock(-3600.0))
    with pytest.raises(StudyFailed, match="Timeout: it ran longer than trial_timeout=1 s"):
        tune(hang, tm.Local, trials=2, trial_timeout=1, failures="skip", progress=view)
    assert time.monotonic() - begin < 50
    study = tune(hang, tm.Local, timeout=1, stop_grace=0.2, progress=view_that(lambda: set_clock(-7200.0)))
    assert time.monotonic() - begin < 50
    assert study.history.closed.reason == "the study has run for 1 s"
