"""The lines of a running study, word for word."""

import io

from ablations import opened_ablation
from histories import opened
from trimma.display.terminal.line_view import LineView
from trimma.space import Choice, Float, Int, Space

SPACE = Space(lr=Float(1e-4, 1e-1, log=True), width=Int(16, 256), act=Choice("relu", "gelu"))


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
        "trimma: 6 of 9 trials ended (1 done, 5 failed), workers 20% busy, 10 s so far, about 3.8 s left\n"
        "trimma: new best 0.25 from trial 6: lr=0.003 width=32 act=gelu\n"
        "trimma: 7 of 9 trials ended (2 done, 5 failed), workers 10% busy, 21 s so far, about 6.4 s left\n"
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


def test_lines_of_an_ablation_as_it_runs():
    stream = io.StringIO()
    view = LineView("local", stream=stream)
    log = opened_ablation("w-0", "w-1", names=["age", "fare", "sex"], repeats=3)
    view([], log.history, 0.0)
    for repeat in range(2):
        for arm, value in (((), 0.8), (("age",), 0.7), (("fare",), 0.8), (("sex",), 0.5)):
            trial = log.run("w-0", arm, repeat)
            log.at(log.now + 2).finish(trial, accuracy=value + repeat / 100)
            view([], log.history, log.now)
    log.at(17).fail(log.run("w-0", ["sex"], 2))
    log.close()
    view([], log.history, 17.0)
    assert stream.getvalue() == (
        "trimma: study fashion, maximize accuracy, leave-one-out of 3 components, 3 repeats: 12 trainings, "
        "engine local\n"
        "trimma: 5 of 12 trials ended (5 done), workers 50% busy, 10 s so far, about 14 s left; "
        "0 of 3 components decided\n"
        "trimma: trial 8 failed: ValueError: no\n"
        "trimma: finished after 17 s, all trials were run: 8 done, 1 failed; the whole: accuracy 0.8050 "
        "(standard deviation 0.0071); 2 of 3 components decided: sex, age help\n"
    )


def test_the_first_line_says_what_an_ablation_takes():
    def first(**settings):
        stream = io.StringIO()
        LineView(stream=stream)([], opened_ablation("w", **settings).history, 0.0)
        return stream.getvalue().splitlines()[0].split(", ", 2)[2]

    assert first(repeats=24, looks=(3, 6, 12, 24), trainings=72) == (
        "leave-one-out of 2 components, 3 to 24 repeats: at most 72 trainings"
    )
    assert first(trials=9) == "leave-one-out of 2 components, 5 repeats: 15 trainings, at most 9 trials"
    assert first(tries=8, trainings=120, retune="Retune()") == (
        "leave-one-out of 2 components, 5 repeats, 8 configs each: 120 trainings"
    )
    assert (
        first(design="Factorial(resolution=4)") == "factorial (resolution=4) of 2 components, 5 repeats: 15 trainings"
    )
    assert first(design="Factorial(resolution=None)").startswith("factorial of 2")
