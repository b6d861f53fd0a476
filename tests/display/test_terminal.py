"""The live view, the lines and the closing summary, word for word."""

import io

import pytest
from rich.console import Console

from histories import Log, large, opened, simulated
from trimma.display.lines import LineView
from trimma.display.live import LiveView, final, frame
from trimma.display.summary import brief, closing, closing_text
from trimma.display.text import duration, number, one_line, percent, setting, shorten
from trimma.events import Outcome
from trimma.space import Choice, Float, Int, Space
from trimma.stopping import Timeout

SPACE = Space(lr=Float(1e-4, 1e-1, log=True), width=Int(16, 256), act=Choice("relu", "gelu"))


def drawn(renderable, width=80):
    console = Console(file=io.StringIO(), width=width, record=True, color_system=None)
    console.print(renderable)
    return "\n".join(line.rstrip() for line in console.export_text().splitlines())


def running() -> Log:
    """Two ended, one failed, three running, in the middle of a study."""
    log = opened("w-0", "w-1", "w-2", "w-3", space=SPACE, trials=20)
    done = log.start("w-0", budget=9, lr=0.01, width=64, act="relu")
    stopped = log.start("w-1", budget=9, lr=0.0001, width=32, act="gelu")
    failed = log.start("w-2", budget=9, lr=0.1, width=250, act="gelu")
    log.curve(stopped, 2.5, 2.25)
    log.at(4).fail(failed, "MemoryError", "too large\nsee above", 'File "train.py", line 3\nMemoryError: too large')
    log.at(6).stop(stopped)
    log.curve(done, *(1 / step for step in range(1, 10)))
    log.at(9).finish(done)
    first = log.start("w-0", budget=9, lr=0.02, width=100, act="relu")
    log.start("w-1", budget=9, lr=0.003, width=17, act="gelu")
    stopping = log.at(10).start("w-2", budget=9, lr=0.05, width=200, act="relu")
    log.at(12).curve(first, 1.5, 0.75)
    log.curve(stopping, float("nan"))
    return log


FRAME = """\
fashion  minimize loss  local                                    4 workers  12 s
━━━━━━━━╸                                                  3/20  1 min 08 s left
3 running   1 done   1 stopped   1 failed                       workers 56% busy
best 0.11111  trial 0  lr=0.01 width=64 act=relu

trial  worker  step  loss   time
    3  w-0      2/9  0.75  3.0 s
    4  w-1      0/9     -  3.0 s
    5  w-2      1/9   nan  2.0 s

best  trial     loss  steps  state    lr      width  act
   1      0  0.11111      9  done     0.01    64     relu
   2      1     2.25      2  stopped  0.0001  32     gelu"""


def test_a_frame_at_80_columns():
    assert drawn(frame(running().history, 12.0, "local")) == FRAME


def test_a_narrow_frame_is_cut_not_wrapped():
    text = drawn(frame(running().history, 12.0, "local", width=44), 44)
    assert max(map(len, text.splitlines())) <= 44
    assert text.splitlines()[-1].endswith("stopped")
    assert len(text.splitlines()) == len(FRAME.splitlines())


def test_a_frame_fits_its_height():
    log = opened(*(f"w-{place}" for place in range(30)), space=SPACE, trials=100)
    for place in range(30):
        log.start(f"w-{place}", lr=0.01, width=64, act="relu")
    for place in range(8):
        log.at(float(place)).finish(place, loss=float(place))
    for height in (16, 20, 24, 60):
        lines = drawn(frame(log.history, 9.0, height=height)).splitlines()
        assert len(lines) <= height
    assert "+14 more" in drawn(frame(log.history, 9.0, height=24))


def test_frames_of_studies_with_little_to_show():
    assert "waiting for workers" in drawn(frame(opened().history, 0.0))
    assert "no trial has ended with a finite value yet" in drawn(frame(opened("a").history, 0.0))
    queued = opened("a")
    queued.queue(lr=1)
    assert "1 queued   0 done" in drawn(frame(queued.history, 0.0))
    text = drawn(frame(opened("a", until=Timeout(60.0)).history, 15.0))
    assert "0 trials of 1 min 00 s  45 s left" in text


def test_markup_in_a_config_is_text():
    log = opened("a")
    log.at(1).finish(log.start("a", name="[red]x[/red]", note="two\nlines\x1b[31m"), loss=1.0)
    text = drawn(frame(log.history, 1.0))
    assert "[red]x[/red]" in text
    assert "\x1b" not in text


def test_what_is_left_when_it_is_over():
    log = running()
    for trial in (3, 4, 5):
        log.at(14).finish(trial, loss=1.0)
    log.close()
    assert drawn(final(log.history, 14.0, "local")) == (
        "fashion  minimize loss  local                                           finished\n"
        "━━━━━━━━━━━━━━━━━━━╸                                                6/20 in 14 s\n"
        "4 done   1 stopped   1 failed                                   workers 59% busy\n"
        "best 0.11111  trial 0  lr=0.01 width=64 act=relu"
    )


class Watched:
    """A live view whose frames take ``cost`` seconds each, and are counted."""

    def __init__(self, cost):
        self.seconds, self.frames, self.cost = 0.0, 0, cost
        self.console = Console(file=io.StringIO(), width=80, force_terminal=True, color_system=None)
        self.view = LiveView("simulated", console=self.console, clock=lambda: self.seconds)
        self._draw = self.view._live.update
        self.view._live.update = self._update

    def _update(self, *args, **options):
        self.frames += 1
        self.seconds += self.cost
        self._draw(*args, **options)

    def run(self):
        """Show a study whose turns take a hundredth of a second each, beside the frames."""

        def turn(events, history, now):
            self.view(events, history, now)
            self.seconds += 0.01

        with self.view:
            return simulated(30, observe=turn)


def test_a_live_view_draws_at_most_eight_frames_a_second_and_leaves_the_end():
    watched = Watched(cost=0.0)
    history = watched.run()
    assert watched.frames == pytest.approx(watched.seconds * 8, abs=1)
    assert watched.console.file.getvalue().rstrip().splitlines()[-1].startswith(f"best {number(history.best.value)}")


def test_a_live_view_leaves_no_lines_of_a_finished_study_where_a_summary_follows():
    def left(outcome):
        console = Console(file=io.StringIO(), width=80, force_terminal=True, color_system=None)
        log = running()
        with LiveView(console=console, summary_follows=True) as view:
            view([], log.history, 12.0)
            log.close(outcome)
            view([], log.history, 12.0)
        return console.file.getvalue().split("\x1b[2K")[-1]

    assert "best" not in left(Outcome.FINISHED)
    assert "best 0.11111" in left(Outcome.INTERRUPTED), "then no summary follows"
    assert "best 0.11111" in left(Outcome.FAILED)


def test_frames_that_take_long_are_fewer():
    watched = Watched(cost=0.02)
    watched.run()
    assert 1 <= watched.frames <= 1 + watched.seconds / (20 * 0.02)


def test_a_live_view_that_saw_nothing_prints_nothing():
    console = Console(file=io.StringIO(), width=80, force_terminal=False)
    with LiveView(console=console):
        pass
    assert console.file.getvalue().strip() == ""


def told(log, *moments, **options):
    stream = io.StringIO()
    view = LineView("local", stream=stream, **options)
    for moment in moments:
        view([], log.history, moment)
    return stream.getvalue()


def test_lines_of_a_study_as_it_runs():
    stream = io.StringIO()
    view = LineView("local", stream=stream)
    log = opened("w-0", "w-1", space=SPACE, trials=9)
    view([], log.history, 0.0)
    first = log.start("w-0", lr=0.01, width=64, act="relu")
    log.at(4).finish(first, loss=0.5)
    view([], log.history, 4.0)
    for _ in range(5):
        log.at(log.now + 1).fail(log.start("w-1", lr=0.1, width=20, act="relu"), "MemoryError", "too large\nsee above")
        view([], log.history, log.now)
    view([], log.history, 10.0)
    view([], log.history, 19.9)
    log.at(21).finish(log.start("w-0", lr=0.003, width=32, act="gelu"), loss=0.25)
    view([], log.history, 21.0)
    log.close()
    view([], log.history, 21.0)
    view([], log.history, 21.0)
    assert stream.getvalue() == (
        "trimma: study fashion, minimize loss, 9 trials, engine local\n"
        "trimma: new best 0.5 from trial 0: lr=0.01 width=64 act=relu\n"
        "trimma: trial 1 failed: MemoryError: too large\n"
        "trimma: trial 2 failed: MemoryError: too large\n"
        "trimma: trial 3 failed: MemoryError: too large\n"
        "trimma: trial 4 failed with MemoryError, too; more of the same are not shown\n"
        "trimma: 6 of 9 trials ended (1 done, 5 failed), workers 20% busy, 10 s so far, about 5.0 s left\n"
        "trimma: new best 0.25 from trial 6: lr=0.003 width=32 act=gelu\n"
        "trimma: 7 of 9 trials ended (2 done, 5 failed), workers 10% busy, 21 s so far, about 6.0 s left\n"
        "trimma: finished after 21 s, all trials were run: 2 done, 5 failed; best 0.25 from trial 6\n"
    )


def test_lines_of_a_study_without_a_worker():
    stream = io.StringIO()
    log = opened("w-0")
    view = LineView(stream=stream)
    view([], log.history, 0.0)
    log.at(4).leave("w-0")
    view([], log.history, 16.0)
    assert stream.getvalue().splitlines()[-1] == (
        "trimma: no worker for 12 s: the engine is starting one, or has no free slot"
    )


def test_a_resumed_study_repeats_no_old_news():
    log = opened("a")
    log.at(1).finish(log.start("a", lr=1), loss=0.5)
    log.fail(log.start("a", lr=1))
    log.at(50).open()
    assert told(log, 50.0) == "trimma: study fashion, minimize loss, engine local, resumed after 2 ended trials\n"


def test_lines_hold_no_control_codes_and_stay_short():
    log = opened("a")
    log.fail(log.start("a", lr=1), "ValueError", "\x1b[31mred\x1b[0m " + "x" * 500)
    for line in told(log, 0.0).splitlines():
        assert line.isprintable()
        assert len(line) <= 210


def test_progress_lines_can_follow_another_clock():
    moments = iter([0.0, 1.0, 11.0])
    log = opened("a")
    log.start("a")
    assert told(log, 1e6, 2e6, 3e6, clock=lambda: next(moments)).count("trials ended") == 1


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
  5      1     2.25      2  stopped  0.0001  32     gelu

Stopping early saved 7 of 21 steps (33%): 14 were run.

1 trial failed (trial 2) with MemoryError: too large
The end of trial 2's traceback:
  File "train.py", line 3
  MemoryError: too large

Kept in .trimma/studies.db. Look again with trimma.load('fashion').
"""


def test_the_closing_summary():
    log = running()
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
    log = running()
    assert closing_text(log.history).startswith("fashion running for 12 s\n3 running")
    assert "resuming" not in closing_text(log.history)
    lost = closing_text(log.history, lost=True)
    assert lost.startswith("fashion lost after 12 s: its driver died\n3 running")
    assert "3 trials had not ended; resuming the study goes on with them." in lost


def test_the_closing_summary_lists_as_many_trials_as_asked_for():
    history = running().history
    for rows in (1, 2):
        said = closing_text(history, top=rows).split("top  trial")[1].split("\n\n")[0]
        assert said.count("\n") == rows


def test_the_closing_summary_leaves_no_blanks_at_the_ends_of_lines():
    for width in (40, 80, 200):
        for terminal in (True, False):
            console = Console(file=io.StringIO(), width=width, color_system=None, force_terminal=terminal)
            console.print(closing(running().history, "here", width))
            lines = console.file.getvalue().splitlines()
            assert lines == [line.rstrip() for line in lines]
            assert max(map(len, lines)) <= width


def test_a_study_in_one_line():
    log = running()
    assert brief(log.history) == (
        "<Study 'fashion' running: 3 running, 1 done, 1 stopped, 1 failed; best loss 0.111111>"
    )
    assert brief(log.history, lost=True).startswith("<Study 'fashion' lost: ")
    assert brief(opened().history) == "<Study 'fashion' running: no trial>"


def test_thousands_of_trials():
    history = large()
    assert "5,000" in drawn(final(history, 50.0))
    assert "Stopping early saved 17,500 of 50,000 steps (35%)" in closing_text(history)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (0.04, "0.0 s"),
        (9.96, "10 s"),
        (59.6, "1 min 00 s"),
        (3599.9, "1 h 00 min"),
        (86400 * 3, "3 d 00 h"),
    ],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_short_texts():
    assert [percent(share) for share in (None, 0.0, 0.994, 0.9999, 1.0)] == ["-", "0%", "99%", "99%", "100%"]
    assert [number(value) for value in (None, 1e-7, float("nan"), 123456.0)] == ["-", "1e-07", "nan", "1.2346e+05"]
    assert [shorten(text, 4) for text in ("four", "fiver", "a b c")] == ["four", "fiv…", "a b…"]
    assert setting({"a": [0.123456, "x"], "b": None}) == "{a: [0.1235, x], b: None}"
    assert one_line("\n a\tb\nc") == "a b"
    assert one_line("") == ""
