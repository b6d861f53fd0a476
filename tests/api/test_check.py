"""`check` runs an objective once, in a real worker, and says in plain words what is wrong."""

import os
import threading
import time

import trimma as tm

SPACE = tm.Space(lr=tm.Float(0, 1))


def test_nothing_wrong():
    def fit(lr, report):
        for _ in range(10):
            report(accuracy=0.5, loss=lr)

    found = tm.check(fit, SPACE, maximize="accuracy")
    assert found
    assert found.metrics == ("accuracy", "loss")
    assert str(found).startswith("✓ the objective runs in a worker with {'lr': ")


def test_it_is_brief():
    def fit(lr, report):
        for _ in range(100):
            time.sleep(0.05)
            report(loss=lr)

    found = tm.check(fit, SPACE, minimize="loss")
    assert found
    assert found.seconds < 3, "it ended after three reports"


def test_without_a_metric_it_tells_which_there_are():
    assert tm.check(lambda lr: {"loss": lr}, SPACE).metrics == ("loss",)
    assert tm.check(lambda lr: lr, SPACE)


def problem(objective, space=SPACE, **options):
    found = tm.check(objective, space, **{"minimize": "loss", **options})
    assert not found
    (told,) = found.problems
    assert str(found) == f"✗ {told}"
    return told


def test_what_cant_be_sent():
    lock = threading.Lock()
    assert "can't be sent to a worker" in problem(lambda lr: lock.locked())


def test_an_argument_that_the_space_lacks():
    assert "needs 'width', which the space lacks" in problem(lambda lr, width: lr)


def test_nothing_reported():
    assert problem(lambda lr: None) == (
        "the metric 'loss' was never reported; nothing was: report it, return it, or yield it"
    )


def test_another_metric_reported():
    assert problem(lambda lr: {"accuracy": lr}).endswith("'loss' was never reported; what was: accuracy")


def test_a_metric_that_isnt_a_number():
    assert problem(lambda lr: "good") == "the metric 'loss' is 'good', which is text: give a number"
    assert "the metric 'loss' is list, which isn't a number" in problem(lambda lr, report: report(loss=[lr]))
    kept = problem(lambda lr: {"loss": lr, "model": object()})
    assert kept.endswith("give a number, and save what else is to be kept in trial.folder")


def test_steps_that_dont_grow():
    def fit(lr, report):
        report(step=2, loss=lr)
        report(step=2, loss=lr)

    assert problem(fit) == "report(step=2) after step 2: steps must grow within a trial"


def test_steps_and_metrics_have_bounds():
    assert "the last step is 9007199254740992" in problem(lambda lr, report: report(step=2**63, loss=lr))
    assert "10,001 metrics at once" in problem(lambda lr: {f"m{number}": lr for number in range(10_001)})
    assert "names and notes of 600,0" in problem(lambda lr: {"m" * 600_000: lr})
    assert "are the most" in problem(lambda lr: {"loss": lr} | {f"note {number}": "x" * 9_000 for number in range(60)})


def test_an_exception_is_shown_with_its_traceback():
    told = problem(lambda lr: 1 / 0)
    assert told.startswith("the objective raised ZeroDivisionError: division by zero")
    assert "<lambda>" in told


def test_a_crash():
    assert "the objective ended its process: the worker's process exited with code 3" in problem(lambda lr: os._exit(3))


def test_a_hang():
    assert "ran longer than trial_timeout=0.5 s" in problem(lambda lr: time.sleep(60), seconds=0.5)


def test_a_space_that_makes_no_sense():
    assert "the space is a tm.Space(...) or a dict" in problem(lambda lr: lr, 3)


def test_where_it_stops_and_what_it_says_of_that():
    def fit(lr, report):
        for _ in range(10):
            report(loss=lr)
        raise ValueError("after the loop")

    found = tm.check(fit, SPACE, minimize="loss")
    assert found
    assert found.remarks == ("it was stopped after 3 reports: steps=None lets it run to its end",)
    assert str(found).endswith(f"\n  {found.remarks[0]}")
    assert "after the loop" in problem(fit, steps=None)
    assert "after 5 reports" in tm.check(fit, SPACE, minimize="loss", steps=5).remarks[0]


def test_what_is_no_error_but_good_to_know():
    assert tm.check(lambda lr: float("nan"), SPACE, minimize="loss").remarks == (
        "loss was nan: that is recorded, and can never be best",
    )
    found = tm.check(lambda lr: lr, SPACE, minimize="loss", scheduler=tm.Asha(max_steps=9))
    assert found
    assert "has nothing to judge by, because 'loss' isn't reported on the way" in found.remarks[0]


def test_a_trial_that_stops_itself_before_it_has_a_value():
    def fit(lr):
        raise tm.StopTrial("it is flat")

    told = problem(fit)
    assert told == "the trial ended before the metric 'loss' was reported: it stopped itself: it is flat"
    assert not tm.check(fit, SPACE)


def test_the_budget_is_that_of_the_scheduler():
    def fit(lr, report, trial):
        report(loss=trial.budget)

    assert "budget" not in str(tm.check(fit, SPACE, minimize="loss", scheduler=tm.Asha(max_steps=9)))
    assert "'loss' is NoneType" in problem(fit)


def test_limits_that_make_no_sense():
    assert "seconds=-1" in problem(lambda lr: lr, seconds=-1)
    assert "steps=0" in problem(lambda lr: lr, steps=0)
