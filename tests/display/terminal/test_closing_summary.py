"""The closing summary of a search, word for word."""

import io

from rich.console import Console

from histories import half_run, large, opened
from printing import printed
from trimma.display.terminal.closing_summary import closing, closing_text
from trimma.display.terminal.live_view import final
from trimma.events import Outcome

CLOSING = """\
fashion finished after 14 s: all trials were run
4 done   1 stopped   1 failed   workers 59% busy

Best loss 0.111111, from trial 0 after 9 steps
  lr     0.01
  width  64
  act    'relu'

top  trial     loss  steps  state    lr      width  act
  1      0  0.11111      9  done     0.01    64     relu
  2      3        1      2  done     0.02    100    relu
  3      4        1      0  done     0.003   17     gelu
  4      5        1      1  done     0.05    200    relu
  -      1     2.25      2  stopped  0.0001  32     gelu

Stopping early saved 7 of 21 steps (33%): 14 were run.

1 trial failed (trial 2) with MemoryError: too large
The end of trial 2's traceback:
  File "train.py", line 3
  MemoryError: too large

Kept in .trimma/studies.db. Look again with trimma.load('fashion').
"""


def test_the_closing_summary():
    log = half_run()
    for trial in (3, 4, 5):
        log.at(14).finish(trial, loss=1.0)
    log.close()
    assert closing_text(log.history, ".trimma/studies.db") == CLOSING


def test_the_closing_summary_of_an_interrupted_and_of_a_failed_study():
    log = opened("a")
    log.lose(log.start("a", lr=1))
    log.at(3).close(Outcome.INTERRUPTED, "interrupted")
    assert closing_text(log.history) == (
        "fashion interrupted after 3.0 s\n1 queued   workers 0% busy\n\n"
        "No trial ended with a finite value, so there is no best config.\n\n"
        "1 trial had not ended; resuming the study goes on with it.\n"
    )
    log = opened("a")
    for kind in "ABCDEF":
        log.fail(log.start("a", lr=1), kind)
    log.close(Outcome.FAILED, "every trial failed")
    assert "and 2 other kinds of failure" in closing_text(log.history)


def test_the_summary_of_a_study_that_runs_and_of_one_whose_driver_died():
    assert closing_text(opened("a", trials=3).history) == (
        "fashion running for 0.0 s\nno trial\n\nNo trial has ended with a finite value yet.\n"
    )
    log = half_run()
    assert closing_text(log.history).startswith("fashion running for 12 s\n3 running")
    assert "resuming" not in closing_text(log.history)
    lost = closing_text(log.history, lost=True)
    assert lost.startswith("fashion lost after 12 s: its driver died\n3 running")
    assert "3 trials had not ended; resuming the study goes on with them." in lost


def test_the_closing_summary_lists_as_many_trials_as_asked_for():
    history = half_run().history
    for rows in (1, 2):
        said = closing_text(history, top=rows).split("top  trial")[1].split("\n\n")[0]
        assert said.count("\n") == rows


def test_the_closing_summary_leaves_no_blanks_at_the_ends_of_lines():
    for width in (40, 80, 200):
        for terminal in (True, False):
            console = Console(file=io.StringIO(), width=width, color_system=None, force_terminal=terminal)
            console.print(closing(half_run().history, "here", width))
            lines = console.file.getvalue().splitlines()
            assert lines == [line.rstrip() for line in lines]
            assert max(map(len, lines)) <= width


def test_thousands_of_trials():
    history = large()
    assert "5,000" in printed(final(history, 50.0))
    assert "Stopping early saved 17,500 of 50,000 steps (35%)" in closing_text(history)
