"""What trials print and log in real processes is kept with them, however they do it."""

import builtins
import faulthandler
import io
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

import trimma as tm


def said(objective: Callable[..., Any], *xs: int, **more: Any) -> list[str]:
    study = tm.tune(
        objective,
        {"x": tm.Grid(*(xs or (1,)))},
        minimize="y",
        engine=tm.Local(1),
        store="memory",
        progress=False,
        **more,
    )
    return [study.output(trial.id) for trial in study.trials]


def test_handlers_and_streams_of_an_earlier_trial_write_to_the_one_that_runs() -> None:
    def handler(x: int) -> int:
        logger = logging.getLogger("library")
        if not logger.handlers:
            logger.addHandler(logging.StreamHandler(sys.stderr))
            logger.propagate = False
        logger.warning("step of %s", x)
        return x

    def stream(x: int) -> int:
        kept = vars(builtins).setdefault("_kept", sys.stdout)
        print("kept", x, file=kept)
        return x

    def replaced(x: int) -> int:
        print("mine", x)
        sys.stdout = io.StringIO()
        return x

    assert said(handler, 1, 2) == ["step of 1\n", "step of 2\n"]
    assert said(stream, 1, 2) == ["kept 1\n", "kept 2\n"]
    assert said(replaced, 1, 2) == ["mine 1\n", "mine 2\n"]


def children(x: int) -> int:
    subprocess.run(["echo", "by its stream"], stdout=sys.stdout, check=True)
    subprocess.run("echo plain; echo error >&2", shell=True, check=True, stderr=sys.stderr)
    return x


def raw(x: int) -> int:
    sys.stdout.buffer.write(b"bytes\n")
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    os.write(sys.stderr.fileno(), b"descriptor\n")
    print(sys.stdout.name, sys.stderr.name, sys.stdout.encoding)
    return x


def dumped(x: int) -> int:
    faulthandler.dump_traceback(file=sys.stderr)
    return x


@pytest.mark.parametrize(
    ("objective", "expected"),
    [
        (children, {"by its stream", "plain", "error"}),
        (raw, {"bytes", "descriptor", "<stdout> <stderr> utf-8"}),
        (dumped, {"Current thread"}),
    ],
)
def test_a_trial_s_stream_is_used_as_the_real_one_is(objective: Callable[..., Any], expected: set[str]) -> None:
    (told,) = said(objective)
    assert all(line in told for line in expected)


def test_a_trial_that_is_killed_keeps_its_last_line() -> None:
    def fit(x: int) -> int:
        print("begun")
        for done in range(3):
            print(f"\repoch {done}", end="", file=sys.stderr)
        if x == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return x

    assert said(fit, 1, 2, max_attempts=1) == ["begun\nepoch 2\n", "begun\nepoch 2"]


def test_a_thread_of_an_earlier_trial_does_not_end_with_it() -> None:
    def fit(x: int) -> int:
        if x == 1:
            said, vars(builtins)["_said"] = threading.Event(), threading.Event()
            vars(builtins)["_go"] = said
            threading.Thread(target=lambda: (said.wait(), print("late"), vars(builtins)["_said"].set())).start()
        else:
            vars(builtins)["_go"].set()
            vars(builtins)["_said"].wait(20)
        return x

    assert said(fit, 1, 2) == ["", "late\n"]


def test_output_costs_little_time() -> None:
    def fit(x: int) -> float:
        begin = time.perf_counter()
        for _ in range(40_000):
            print("\r" + "#" * 99, end="", file=sys.stderr)
        return time.perf_counter() - begin

    study = tm.tune(fit, {"x": tm.Grid(1)}, minimize="y", engine=tm.Local(1), store="memory", progress=False)
    assert study.best.value < 1
    assert study.output(0) == "#" * 99
