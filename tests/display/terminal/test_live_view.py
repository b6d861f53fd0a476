"""The live view of a search, word for word."""

import io

import pytest
from rich.console import Console

from histories import half_run, opened, simulated
from printing import printed
from trimma.display.numbers_and_durations import number
from trimma.display.terminal.live_view import LiveView, final, frame
from trimma.events import Outcome
from trimma.space import Choice, Float, Int, Space
from trimma.stopping import Timeout

SPACE = Space(lr=Float(1e-4, 1e-1, log=True), width=Int(16, 256), act=Choice("relu", "gelu"))
FRAME = """\
fashion  minimize loss  local                                    4 workers  12 s
━━━━━━━━━━━                                                                 3/20
3 running   1 done   1 stopped   1 failed                       workers 56% busy
best 0.11111  trial 0  lr=0.01 width=64 act=relu

trial  worker  step  loss   time
    3  w-0      2/9  0.75  3.0 s
    4  w-1      0/9     -  3.0 s
    5  w-2      1/9   nan  2.0 s

best  trial     loss  steps  state    lr      width  act
   1      0  0.11111      9  done     0.01    64     relu
   -      1     2.25      2  stopped  0.0001  32     gelu"""


def test_a_frame_at_80_columns():
    assert printed(frame(half_run().history, 12.0, "local")) == FRAME


def test_a_narrow_frame_is_cut_not_wrapped():
    text = printed(frame(half_run().history, 12.0, "local", width=44), 44)
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
        lines = printed(frame(log.history, 9.0, height=height)).splitlines()
        assert len(lines) <= height
    assert "+14 more" in printed(frame(log.history, 9.0, height=24))


def test_frames_of_studies_with_little_to_show():
    assert "waiting for workers" in printed(frame(opened().history, 0.0))
    assert "no trial has ended with a finite value yet" in printed(frame(opened("a").history, 0.0))
    queued = opened("a")
    queued.queue(lr=1)
    assert "1 queued   0 done" in printed(frame(queued.history, 0.0))
    text = printed(frame(opened("a", until=Timeout(60.0)).history, 15.0))
    assert "0 trials of 1 min 00 s  45 s left" in text


def test_markup_in_a_config_is_text():
    log = opened("a")
    log.at(1).finish(log.start("a", name="[red]x[/red]", note="two\nlines\x1b[31m"), loss=1.0)
    text = printed(frame(log.history, 1.0))
    assert "[red]x[/red]" in text
    assert "\x1b" not in text


def test_what_is_left_when_it_is_over():
    log = half_run()
    for trial in (3, 4, 5):
        log.at(14).finish(trial, loss=1.0)
    log.close()
    assert printed(final(log.history, 14.0, "local")) == (
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
        log = half_run()
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
