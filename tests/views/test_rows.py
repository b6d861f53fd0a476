"""Leaderboard, curves, progress, slices, parallel, table, failures, flatten."""

import math

import pytest

from histories import Log, opened, returned, simulated
from trimma.errors import UnknownName
from trimma.space import Choice, Derived, Float, Grid, Int, Space
from trimma.space.flatten import flatten
from trimma.views import (
    columns,
    curves,
    failures,
    flat_config,
    hyperparameters,
    leaderboard,
    parallel,
    progress,
    slices,
    table,
)


def mixed(maximize=False):
    log = opened("a", "b", maximize=maximize)
    metric = log.history.spec.metric.name
    for value in (0.5, math.nan, 0.2, math.inf, 0.2):
        trial = log.start("a", lr=value)
        log.at(log.now + 2).finish(trial, **{metric: value})
    failed = log.start("a", lr=0)
    log.curve(failed, 0.01)
    log.fail(failed)
    log.curve(log.start("b", lr=1), 0.1)
    return log.history


def test_best_first_then_live_then_not_finite_then_failed():
    rows = leaderboard(mixed())
    assert [row.trial for row in rows] == [2, 4, 0, 6, 1, 3, 5]
    assert [row.rank for row in rows] == [1, 2, 3, None, None, None, None]


def test_greatest_first_where_the_study_maximizes():
    history = mixed(maximize=True)
    assert [row.trial for row in leaderboard(history)] == [0, 2, 4, 6, 1, 3, 5]
    assert leaderboard(history, 1)[0].trial == history.best.id


def test_the_first_row_is_the_best_and_a_limit_cuts_the_same_list():
    history = simulated(60, straggle=0.4, crash=0.02)
    assert leaderboard(history)[0].trial == history.best.id
    assert leaderboard(history, 7) == leaderboard(history)[:7]


def test_seconds_are_of_all_attempts_and_steps_of_the_last():
    log = opened("a", "b")
    trial = log.start("a")
    log.curve(trial, 3.0, 2.0, 1.0)
    log.at(5).leave("a")
    log.lose(trial)
    log.at(7).restart(trial, "b")
    log.curve(trial, 4.0)
    (row,) = leaderboard(log.history, now=10.0)
    assert (row.seconds, row.steps, row.attempt, row.value) == (8.0, 1, 2, 4.0)


def test_steps_may_begin_at_zero_or_skip():
    log = opened("a")
    zero = log.start("a")
    log.report(zero, 0, loss=1.0)
    log.report(zero, 1, loss=1.0)
    log.finish(zero)
    skips = log.start("a")
    log.report(skips, 100, loss=1.0)
    log.finish(skips)
    assert [row.steps for row in leaderboard(log.history)] == [2, 100]


def test_curves_of_the_studys_metric_or_another():
    log = opened("a")
    trial = log.start("a")
    log.report(trial, 1, loss=2.0)
    log.report(trial, 5, loss=1.0, f1=0.5)
    log.queue()
    assert [(row.trial, row.steps, row.values) for row in curves(log.history)] == [(0, [1, 5], [2.0, 1.0])]
    assert [(row.steps, row.values) for row in curves(log.history, "f1")] == [([5], [0.5])]
    with pytest.raises(UnknownName, match="Known: f1, loss"):
        curves(log.history, "f2")


def test_progress_counts_ends_and_leaves_out_the_time_between_sessions():
    log = opened("a", trials=3)
    trial = log.start("a")
    log.at(4).finish(trial, loss=math.nan)
    log.at(100).open()
    log.join("a")
    trial = log.start("a")
    log.at(103).finish(trial, loss=0.5)
    trial = log.start("a")
    log.at(105).fail(trial)
    rows = progress(log.history)
    assert [(row.count, row.elapsed, row.best, row.state) for row in rows] == [
        (1, 4.0, None, "done"),
        (2, 7.0, 0.5, "done"),
        (3, 9.0, 0.5, "failed"),
    ]


def test_flatten_takes_all_apart_or_follows_the_space():
    config = {"opt": {"name": "adam", "extra": {}}, "layers": [1, [2]], "shape": [3, 4]}
    assert flatten(config) == {
        "opt.name": "adam", "opt.extra": {}, "layers[0]": 1, "layers[1][0]": 2, "shape[0]": 3, "shape[1]": 4,
    }  # fmt: skip
    assert flatten(config, {"layers[0]", "layers[1]", "opt"}) == {
        "opt": config["opt"], "layers[0]": 1, "layers[1]": [2], "shape": [3, 4],
    }  # fmt: skip


def test_flat_names_are_the_spaces_names():
    space = Space(
        opt=Choice({"name": "sgd", "momentum": 0.9}, {"name": "adam"}), layers=[Int(1, 9), 5], tail=Grid([[1, 2]])
    )
    log = opened("a", space=space)
    log.start("a", opt={"name": "adam"}, layers=[3, 5], tail=[1, 2])
    config = flat_config(log.history, log.history.trials[0])
    assert config == {"opt": {"name": "adam"}, "layers[0]": 3, "layers[1]": 5, "tail": [1, 2]}


def test_hyperparameters_are_what_varies():
    lr = Float(1e-4, 1e-1, log=True)
    space = Space(
        lr=lr, again=lr, width=Int(1, 9), act=Choice("relu", "gelu"), size=Choice("s", "m", "l", ordered=True),
        seed=Grid(3, 1, 2), fixed=7, twice=Derived(lambda n: 2 * n, Int(1, 4)),
    )  # fmt: skip
    found = {one.name: one for one in hyperparameters(Log(space=space).history)}
    assert list(found) == ["lr", "width", "act", "size", "seed", "twice~0"]
    assert (found["lr"].log, found["lr"].low, found["lr"].to_unit(1e-2)) == (True, 1e-4, pytest.approx(2 / 3))
    assert (found["seed"].options, found["seed"].ordered) == ((1, 2, 3), True)
    assert (found["size"].options, found["size"].ordered, found["act"].ordered) == (("s", "m", "l"), True, False)
    assert found["act"].position("gelu") == 1.0
    assert math.isnan(found["act"].position("selu"))
    assert math.isnan(found["lr"].position("fast"))
    assert (found["width"].kind, found["width"].ordered, found["width"].size) == ("int", True, 9)


def test_what_differs_between_the_parts_of_a_union_is_a_hyperparameter():
    space = Space(kind="svm", c=Float(0.1, 10, log=True)) + Space(kind="forest", trees=Int(10, 100), c=5.0)
    kind, c, trees = hyperparameters(Log(space=space).history)
    assert (kind.name, kind.kind, kind.options) == ("kind", "category", ("svm", "forest"))
    assert (c.kind, c.log, c.low, c.high) == ("float", True, 0.1, 10.0)
    assert trees.name == "trees"


def test_without_a_space_the_configs_tell():
    history = returned([{"a": place, "b": "same", "c": [place % 2]} for place in range(20)], [1.0] * 20)
    found = hyperparameters(history)
    assert [(one.name, one.kind, one.options) for one in found] == [
        ("a", "float", ()),
        ("c[0]", "category", (0, 1)),
    ]


def test_values_that_read_alike_are_several():
    history = returned([{"a": None}, {"a": "null"}, {"a": 1}, {"a": "1"}, {"a": True}, {"a": 1.0}], [1.0] * 6)
    (found,) = hyperparameters(history)
    assert (found.options, found.labels) == ((None, "null", 1, "1", True), ("null", '"null"', "1", '"1"', "true"))
    assert [found.position(value) for value in found.options] == [0.0, 1.0, 2.0, 3.0, 4.0]


def test_slices_hold_each_ended_trial():
    history = mixed()
    (one,) = slices(history)
    assert [(point.trial, point.setting, point.value) for point in one.points if point.value is not None] == [
        (0, 0.5, 0.5),
        (2, 0.2, 0.2),
        (4, 0.2, 0.2),
    ]
    assert [(point.trial, point.state) for point in one.points if point.value is None] == [
        (1, "done"),
        (3, "done"),
        (5, "failed"),
    ]
    with pytest.raises(UnknownName, match="did you mean 'lr'"):
        slices(history, "l")


def test_parallel_lines_hold_what_the_trial_has():
    space = Space(a=Float(0, 1)) + Space(b=Float(0, 1))
    history = returned([{"a": 0.5}, {"b": 0.25}], [1.0, 2.0], space)
    assert [(line.settings, line.value) for line in parallel(history)] == [({"a": 0.5}, 1.0), ({"b": 0.25}, 2.0)]
    assert [(line.trial, line.value) for line in parallel(mixed())] == [
        (0, 0.5),
        (1, None),
        (2, 0.2),
        (3, None),
        (4, 0.2),
        (5, None),
    ]


def test_the_table_lacks_what_a_config_lacks():
    log = opened("a", "b")
    first = log.start("a", opt={"lr": 0.1}, width=8)
    log.report(first, 1, loss=2.0, f1=0.25)
    log.at(3).finish(first, loss=1.0)
    second = log.at(4).start("b", opt={"lr": 0.2}, depth=[1, 2])
    log.at(5).fail(second, "ValueError", "bad\nworse")
    log.queue(opt={"lr": 0.3})
    assert columns(log.history) == [
        "trial", "state", "value", "comparable", "attempt", "steps", "seconds", "worker", "reason",
        "config.opt.lr", "config.width", "config.depth[0]", "config.depth[1]",
        "metric.loss", "metric.f1", "started", "ended",
    ]  # fmt: skip
    assert "config.depth[0]" not in table(log.history)[0]
    rows = [[row.get(name) for name in columns(log.history)] for row in table(log.history)]
    assert rows[0] == [0, "done", 1.0, True, 1, 1, 3.0, "a", None, 0.1, 8, None, None, 1.0, 0.25, 0.0, 3.0]
    assert rows[1] == [
        1,
        "failed",
        None,
        False,
        1,
        0,
        1.0,
        "b",
        "ValueError: bad\nworse",
        0.2,
        None,
        1,
        2,
        None,
        None,
        4.0,
        5.0,
    ]
    assert rows[2] == [2, "queued", None, False, 0, 0, 0.0, None, None, 0.3, None, None, None, None, None, None, None]


def test_failures_are_grouped_by_kind():
    log = opened("a")
    for kind in ("ValueError", "Crash", "Crash"):
        log.fail(log.start("a"), kind, f"{kind} {log.history.trial_count}")
    assert [(group.kind, group.trials, group.message) for group in failures(log.history)] == [
        ("Crash", [1, 2], "Crash 2"),
        ("ValueError", [0], "ValueError 1"),
    ]
