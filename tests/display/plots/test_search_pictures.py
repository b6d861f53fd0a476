"""What the pictures of searches hold. How they look was looked at."""

import json
import math
from itertools import pairwise

import pytest

from histories import Log, large, opened, returned, simulated
from pictures import axes, lines, marks, named, points, ticks
from trimma.display import plots
from trimma.display.numbers_and_durations import percent
from trimma.display.plots.hyperparameter_axes import setting_ticks
from trimma.display.plots.picture_marks import Bars, Line, Lines, Points, Texts, Upright
from trimma.display.plots.theme import BEST, COLOURS, thinned
from trimma.display.plots.with_plotly.figure import plotly_figure
from trimma.errors import UnknownName
from trimma.space import Choice, Dimension, Float, Int, Space
from trimma.views import curves, gaps, importance, parallel, utilisation

ALL = ("curves", "history", "parallel", "slices", "timeline", "importance")
FAILED = "failed or not finite"


@pytest.fixture(scope="module")
def study():
    return simulated(80, 5, straggle=0.4, crash=0.01, restart=3.0, start_up=2.0)


def odd_studies():
    failed = opened("a")
    failed.at(1).fail(failed.start("a", lr=1.0))
    nan = opened("a", space=Space(lr=Float(0, 1)))
    for _ in range(3):
        trial = nan.start("a", lr=0.5)
        nan.curve(trial, math.nan, math.inf)
        nan.at(nan.now + 1).finish(trial)
    one = opened("a", space=Space(opt={"lr": Float(1e-3, 1.0, log=True), "n": Int(1, 3)}))
    trial = one.start("a", opt={"lr": 0.1, "n": 2})
    one.curve(trial, 1.0)
    one.at(1).finish(trial)
    running = opened("a")
    running.curve(running.start("a", lr=1.0), 2.0, 1.0)
    return {
        "created": Log().history,
        "empty": opened().history,
        "idle": opened("a").history,
        "failed": failed.history,
        "nan": nan.history,
        "one": one.history,
        "running": running.history,
    }


def failing():
    """Eight trials that return values, one that fails before a report and one that fails after two."""
    log = opened("a", space=Space(lr=Float(0, 1), act=Choice("relu", "tanh")))
    for place in range(8):
        trial = log.at(place + 1.0).start("a", lr=place / 10, act="relu")
        log.curve(trial, place + 2.0, place + 1.0)
        log.finish(trial, loss=place + 1.0)
    silent = log.start("a", lr=0.9, act="tanh")
    log.at(9).fail(silent)
    told = log.start("a", lr=1.0, act="tanh")
    log.curve(told, 4.0, 3.0)
    log.at(10).fail(told)
    return log.history


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("kind", list(odd_studies()))
def test_every_odd_study_has_every_picture(name, kind):
    picture = getattr(plots, name)(odd_studies()[kind])
    assert picture.title
    assert bool(picture.message) != bool(picture.panels)
    assert json.loads(plotly_figure(picture).to_json())["layout"]["title"]["text"]


@pytest.mark.parametrize("name", ALL)
def test_every_picture_of_thousands_of_trials_stays_small(name):
    assert len(plotly_figure(getattr(plots, name)(large())).to_json()) < 4_000_000


def test_curves_hold_every_report(study):
    picture = plots.curves(study)
    assert sum(len(line.x) for line in lines(picture)) == sum(len(row.values) for row in curves(study))
    assert set(named(picture)) <= {"stopped", "failed", "done", "best"}
    best = named(picture)["best"]
    assert (best.colour, best.front, best.along) == (BEST, True, "step")
    assert [line.y for line in best.lines] == [tuple(study.best.curve.series("loss").values)]
    along, upright = axes(picture)
    assert (along.label, upright.label, upright.scale) == ("step", "loss", "linear")


def test_curves_of_another_metric(study):
    assert axes(plots.curves(study, "accuracy"))[1].label == "accuracy"
    with pytest.raises(UnknownName, match="did you mean 'accuracy'"):
        plots.curves(study, "acuracy")


def test_of_many_curves_a_choice_is_shown_with_the_best_among_them():
    history = large()
    picture = plots.curves(history, max_lines=50)
    assert "of 5,000 trials are shown" in picture.note
    assert named(picture)["best"].lines[0].y == tuple(history.best.curve.series("loss").values)
    assert len(lines(picture)) <= 50


def test_the_history_marks_failures_and_the_best_so_far(study):
    picture = plots.history(study)
    shown = named(picture)
    finite = [trial for trial in study.trials if trial.failure is None and math.isfinite(trial.value)]
    assert len(shown["done"].x) + len(shown["stopped"].x) == len(finite) == len(points(picture))
    assert len(shown[FAILED].x) == len(study.trials) - len(finite) > 0
    assert (shown[FAILED].symbol, shown[FAILED].at_edge) == ("cross", True)
    (best,) = shown["best so far"].lines
    assert best.y[-1] == study.best.value
    assert list(best.y) == sorted(best.y, reverse=True)
    assert shown["best so far"].steps
    assert axes(plots.history(study, by="time"))[0].label == "seconds"
    with pytest.raises(UnknownName):
        plots.history(study, by="steps")


def test_failures_stand_in_every_picture():
    history = failing()
    curves_, slices, lines_ = plots.curves(history), plots.slices(history), plots.parallel(history)
    end, edge = (mark for mark in marks(curves_, Points) if mark.symbol == "cross")
    assert (end.x, end.y, end.at_edge) == ((2,), (3.0,), False)
    assert (edge.x, edge.at_edge, edge.name) == ((1,), True, "failed")
    assert "1 more failed before a report" in curves_.note
    lr, act = ([mark for mark in panel.marks if mark.name == FAILED] for panel in slices.panels)
    assert lr[0].x == (0.9, 1.0)
    assert act[0].at_edge
    assert "10 trials, 2 of them failed or not finite" in slices.note
    grey = named(lines_)[FAILED].lines
    assert [line.y[0] for line in grey] == [0.9, 1.0]
    assert [line.y[-1] for line in grey] == pytest.approx([1.09] * 2), "beyond the bad end of the values"
    upright = marks(lines_, Upright)[-1]
    assert upright.ticks[-1].text == "failed"
    assert named(plots.history(history))[FAILED].x == (9, 10)
    assert len(named(plots.timeline(history))["failed"].places) == 2
    maximized = opened("a", maximize=True, space=Space(lr=Float(0, 1)))
    maximized.at(1).fail(maximized.start("a", lr=0.5))
    assert named(plots.parallel(maximized.history))[FAILED].lines[0].y[-1] == pytest.approx(-0.09)


def test_importance_says_how_many_failed_trials_it_leaves_out(study):
    assert f"{study.counts['failed']} failed trial" in plots.importance(study).note


def values(found, maximize=False):
    log = opened("a", maximize=maximize)
    for place, value in enumerate(found):
        log.at(place + 1.0).finish(log.start("a", lr=place / 100), **{log.history.spec.metric.name: value})
    return log.history


def test_values_far_out_are_left_out_of_the_view_and_counted():
    history = values([*(1.0 + place / 20 for place in range(38)), 1e3, 2e3])
    upright = axes(plots.history(history))[1]
    assert upright.scale == "linear"
    assert upright.range[1] < 3.1
    assert "2 of 40 above 2.85 are not shown" in plots.history(history).note
    assert "2 of 40 above 2.85 are not shown" in plots.slices(history).note
    assert "2 of 40 above 2.85 are at the end of the axis" in plots.parallel(history).note
    assert "worse" in [tick.text for tick in marks(plots.parallel(history), Upright)[-1].ticks]
    falling = values([*(1.0 + place / 20 for place in range(20)), -1e9], maximize=True)
    assert "1 of 21 below 1 is not shown" in plots.history(falling).note
    rounded = values([*(1.0 + place / 30.1 for place in range(38)), 1e3])
    assert "1 of 39 above 2.23 is not shown" in plots.history(rounded).note, "2.2292 is shown"
    equal = values([*[1.0] * 20, 3.0, 4.0])
    assert axes(plots.history(equal))[1].range[1] > 4.0, "where most are equal, the others are what is to be seen"
    good = values([*(1.0 + place / 20 for place in range(20)), -1e3])
    assert "not shown" not in plots.history(good).note, "what is far out at the good end is shown"


@pytest.mark.parametrize(
    ("found", "scale"),
    [
        ([10.0 ** -(place / 3) for place in range(9)], "log"),
        ([10.0 ** -(place / 8) for place in range(9)], "linear"),
        ([1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1e6], "linear"),
        ([0.0, *(10.0**-place for place in range(9))], "linear"),
        ([-1.0, *(10.0**-place for place in range(9))], "linear"),
    ],
)
def test_values_that_span_decades_stand_on_a_log_scale(found, scale):
    history = values(found)
    assert axes(plots.history(history))[1].scale == scale
    low, high = axes(plots.history(history))[1].range
    assert low < min(found) <= high


def test_slices_have_a_panel_each_with_its_own_scale(study):
    picture = plots.slices(study)
    along = [panel.x for panel in picture.panels]
    assert [axis.label for axis in along] == ["opt.lr", "width", "act", "dropout"]
    assert [axis.scale for axis in along] == ["log", "log", "category", "linear"]
    assert ticks(along[2]) == ["relu", "gelu", "tanh"]
    stars = [mark for mark in marks(picture, Points) if mark.name == "best"]
    assert [star.y for star in stars] == [(study.best.value,)] * 4
    assert {star.symbol for star in stars} == {"star"}
    assert axes(plots.slices(study, "act"))[0].label == "act"


def test_parallel_lines_go_through_all_hyperparameters(study):
    picture = plots.parallel(study)
    assert ticks(axes(picture)[0]) == ["opt.lr", "width", "act", "dropout", "loss"]
    uprights = marks(picture, Upright)
    assert [tick.text for tick in uprights[0].ticks] == ["0.0001", "0.001", "0.01", "0.1"]
    assert [tick.value for tick in uprights[0].ticks] == pytest.approx([0, 1 / 3, 2 / 3, 1])
    assert len(lines(picture)) == len(parallel(study))
    assert {len(line.y) for line in lines(picture)} == {5}
    few = plots.parallel(study, max_axes=2)
    kept = {row.name for row in importance(study)[:2]}
    assert set(ticks(axes(few)[0])[:-1]) == kept
    assert "the 2 most important of 4" in few.note


def test_of_parallel_lines_the_best_is_in_front_in_another_colour_and_labelled():
    history = values([1.0 + place for place in range(400)])
    picture = plots.parallel(history)
    groups = named(picture)
    assert list(groups) == ["other trials", "best 10 %", "best"]
    assert [len(group.lines) for group in groups.values()] == [359, 40, 1]
    rest, top, best = groups.values()
    assert rest.opacity < 0.2 < top.opacity < best.opacity == 1.0
    assert rest.width < 1 < top.width < best.width
    assert best.front
    assert not top.front
    assert len({rest.colour, top.colour, best.colour}) == 3
    (label,) = marks(picture, Texts)
    assert label.texts == ("1\ntrial 0",)
    assert (label.x[0], label.y[0]) == (best.lines[0].x[-1], best.lines[0].y[-1])
    assert named(plots.parallel(values([1.0, 2.0])))["trials"].opacity > 0.7, "few lines aren't faint"


def test_the_best_line_is_that_of_the_best_trial_not_of_a_stopped_one():
    log = opened("a", space=Space(lr=Float(0, 1)))
    done = log.start("a", lr=0.2)
    log.curve(done, 3.0, 2.0)
    log.at(1).finish(done, loss=2.0)
    stopped = log.start("a", lr=0.8)
    log.curve(stopped, 1.0)
    log.at(2).stop(stopped)
    assert named(plots.parallel(log.history))["best"].lines[0].y[0] == pytest.approx(0.2)


def test_options_that_read_alike_are_told_apart():
    space = Space(a=Choice("null", None, "b"))
    history = returned([{"a": "null"}, {"a": None}, {"a": "b"}], [1.0, 2.0, 3.0], space)
    picture = plots.parallel(history)
    assert [tick.text for tick in marks(picture, Upright)[0].ticks] == ['"null"', "null", "b"]
    assert sorted(line.y[0] for line in lines(picture)) == [0.0, 0.5, 1.0]
    assert ticks(axes(plots.slices(history))[0]) == ['"null"', "null", "b"]


def test_a_line_passes_below_what_its_trial_lacks():
    space = Space(a=Float(0, 1)) + Space(b=Float(0, 1))
    picture = plots.parallel(returned([{"a": 0.5}, {"b": 0.25}], [1.0, 2.0], space))
    first = marks(picture, Upright)[0]
    assert first.ticks[0].text == "none"
    assert sorted(line.y[0] for line in lines(picture)) == [first.ticks[0].value, 0.5]
    assert first.ticks[0].value < 0


def test_ticks_of_many_options_do_not_overlap():
    space = Space(a=Choice(*(f"option {place}" for place in range(60))))
    picture = plots.parallel(returned([{"a": "option 0"}, {"a": "option 59"}], [1.0, 2.0], space))
    heights = [tick.value for tick in marks(picture, Upright)[0].ticks]
    assert len(heights) < 21
    assert min(later - one for one, later in pairwise(heights)) > 0.05


def test_the_timeline_has_a_bar_for_each_attempt(study):
    picture = plots.timeline(study)
    shown = named(picture)
    bars = sum(len(mark.places) for name, mark in shown.items() if name in COLOURS)
    assert bars == sum(trial.attempt for trial in study.trials)
    assert set(shown["lost"].colours) == {COLOURS["lost"]}
    assert shown["lost"].hatch == "/"
    assert picture.title.startswith("workers ")
    assert "% busy" in picture.title
    assert ticks(axes(picture)[1]) == [f"sim-{place}" for place in range(5)]
    assert all(gap.end > gap.start for gap in gaps(study))


def test_the_timeline_shows_why_workers_were_idle(study):
    def seconds(bars):
        return [end - start for start, end in zip(bars.starts, bars.ends, strict=True)]

    picture, found = plots.timeline(study), utilisation(study)
    assert sum(seconds(named(picture)["start-up"])) == pytest.approx(found.start_up)
    assert sum(seconds(named(picture)["waiting for the last trials"])) == pytest.approx(found.tail)
    assert "dispatch" not in named(picture)
    assert f"start-up {percent(found.start_up / found.available)}, " in picture.note
    gap = opened("a")
    first = gap.start("a")
    gap.at(1).finish(first, loss=1.0)
    gap.at(3).start("a")
    assert seconds(named(plots.timeline(gap.history))["dispatch"]) == [2.0]


def test_importance_is_shown_or_why_it_is_not(study):
    picture = plots.importance(study)
    (bars,) = marks(picture, Bars)
    rows = importance(study)
    assert ticks(axes(picture)[1]) == [row.name for row in rows]
    assert bars.ends == tuple(row.share for row in rows)
    assert bars.labels == tuple(percent(row.share) for row in rows)
    assert "at least 10 trials" in plots.importance(opened().history).message


def test_thinning_is_even_and_keeps_what_it_must():
    assert thinned(range(5), 10) == [0, 1, 2, 3, 4]
    kept = thinned(range(1000), 10, [17])
    assert len(kept) <= 10
    assert {0, 17, 999} <= set(kept)


@pytest.mark.parametrize(
    ("low", "high", "log", "texts"),
    [
        (1e-4, 1e-1, True, ["0.0001", "0.001", "0.01", "0.1"]),
        (16, 256, True, ["20", "50", "100", "200"]),
        (1e-20, 1.0, True, ["1e-20", "1e-17", "1e-14", "1e-11", "1e-8", "1e-5", "0.01"]),
        (0.0, 0.5, False, ["0", "0.1", "0.2", "0.3", "0.4", "0.5"]),
        (3, 3, False, ["3"]),
        (11, 12, True, ["11", "12"]),
    ],
)
def test_round_ticks(low, high, log, texts):
    ticks = setting_ticks(Dimension(name="x", kind="float", log=log, low=low, high=high))
    assert [tick.text for tick in ticks] == texts


def test_a_picture_is_a_plain_value(study):
    assert plots.history(study) == plots.history(study)
    assert hash(plots.parallel(study)) == hash(plots.parallel(study))
    line = Line(x=(1.0,), y=(2.0,))
    with pytest.raises(AttributeError):
        line.x = (3.0,)
    assert not hasattr(Lines(lines=(line,), colour="red"), "__dict__")
