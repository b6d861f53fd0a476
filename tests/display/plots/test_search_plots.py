"""What the figures hold. How they look was looked at."""

import json
import math
import sys

import pytest

from histories import Log, large, opened, returned, simulated
from trimma.display import plots
from trimma.display.numbers_and_durations import percent
from trimma.display.plots import Plots
from trimma.display.plots.hyperparameter_axes import setting_ticks
from trimma.display.plots.theme import BEST, COLOURS, thinned
from trimma.errors import MissingExtra, UnknownName, UsageError
from trimma.space import Choice, Dimension, Float, Int, Space
from trimma.views import curves, gaps, importance, utilisation

ALL = ("curves", "history", "parallel", "slices", "timeline", "importance")


@pytest.fixture(scope="module")
def study():
    return simulated(80, 5, straggle=0.4, crash=0.01, restart=3.0, start_up=2.0)


def traces(figure):
    return {trace.name: trace for trace in figure.data}


def note(figure):
    return figure.layout.annotations[0].text


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


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("kind", list(odd_studies()))
def test_every_plot_of_every_odd_study_can_be_drawn(name, kind):
    figure = getattr(plots, name)(odd_studies()[kind])
    assert figure.layout.title.text
    json.loads(figure.to_json())


@pytest.mark.parametrize("name", ALL)
def test_every_plot_of_thousands_of_trials_stays_small(name):
    assert len(getattr(plots, name)(large()).to_json()) < 4_000_000


def test_curves_hold_every_report(study):
    figure = plots.curves(study)
    shown = sum(value is not None for trace in figure.data for value in trace.y)
    assert shown == sum(len(row.values) for row in curves(study))
    assert {name for name in traces(figure) if name} <= {"stopped", "failed", "done", "best"}
    best = traces(figure)["best"]
    assert best.line.color == BEST
    assert list(best.y[:-1]) == list(study.best.curve.series("loss").values)
    assert figure.data[-1].name == "best"
    assert figure.layout.yaxis.title.text == "loss"


def test_curves_of_another_metric(study):
    figure = plots.curves(study, "accuracy")
    assert figure.layout.yaxis.title.text == "accuracy"
    with pytest.raises(UnknownName, match="did you mean 'accuracy'"):
        plots.curves(study, "acuracy")


def test_of_many_curves_a_choice_is_shown_with_the_best_among_them():
    history = large()
    figure = plots.curves(history, max_lines=50)
    assert "of 5,000 trials are shown" in figure.layout.title.text
    assert list(traces(figure)["best"].y[:-1]) == list(history.best.curve.series("loss").values)
    assert sum(list(trace.y).count(None) for trace in figure.data) <= 50


def test_the_history_marks_failures_and_the_best_so_far(study):
    figure = plots.history(study)
    shown = traces(figure)
    finite = [trial for trial in study.trials if trial.failure is None and math.isfinite(trial.value)]
    assert len(shown["done"].x) + len(shown["stopped"].x) == len(finite)
    assert len(shown["failed or not finite"].x) == len(study.trials) - len(finite) > 0
    assert shown["best so far"].y[-1] == study.best.value
    assert list(shown["best so far"].y) == sorted(shown["best so far"].y, reverse=True)
    assert plots.history(study, by="time").layout.xaxis.title.text == "seconds"
    with pytest.raises(UnknownName):
        plots.history(study, by="steps")


def test_values_far_out_are_left_out_of_the_view_and_counted():
    figure = plots.history(returned([{"a": place} for place in range(21)], [*map(float, range(20)), 1e9]))
    low, high = figure.layout.yaxis.range
    assert low < 0 < 19 < high < 50
    assert "1 value outside of the view" in figure.layout.title.text


def test_values_over_many_magnitudes_stand_on_a_log_scale():
    figure = plots.history(returned([{"a": place} for place in range(9)], [10.0**-place for place in range(9)]))
    assert figure.layout.yaxis.type == "log"


def test_slices_have_a_panel_each_with_its_own_scale(study):
    figure = plots.slices(study)
    axes = [figure.layout[f"xaxis{place}"] for place in ("", 2, 3, 4)]
    assert [axis.title.text for axis in axes] == ["opt.lr", "width", "act", "dropout"]
    assert [axis.type for axis in axes] == ["log", "log", None, "linear"]
    assert axes[2].ticktext == ("relu", "gelu", "tanh")
    stars = [trace for trace in figure.data if trace.name == "best"]
    assert [list(star.y) for star in stars] == [[study.best.value]] * 4
    assert plots.slices(study, "act").layout.xaxis.title.text == "act"


def test_parallel_lines_go_through_all_hyperparameters(study):
    figure = plots.parallel(study)
    (trace,) = figure.data
    assert [axis.label for axis in trace.dimensions] == ["opt.lr", "width", "act", "dropout", "loss"]
    assert trace.dimensions[0].range == (-4.0, -1.0)
    assert trace.dimensions[0].ticktext == ("0.0001", "0.001", "0.01", "0.1")
    assert trace.line.color[-1] == 1.0
    assert trace.dimensions[-1]["values"][-1] == study.best.value
    few = plots.parallel(study, max_axes=2)
    assert [axis.label for axis in few.data[0].dimensions][-1] == "loss"
    kept = {row.name for row in importance(study)[:2]}
    assert {axis.label for axis in few.data[0].dimensions[:-1]} == kept
    assert "the 2 most important of 4" in few.layout.title.text


def test_options_that_read_alike_are_told_apart():
    space = Space(a=Choice("null", None, "b"))
    history = returned([{"a": "null"}, {"a": None}, {"a": "b"}], [1.0, 2.0, 3.0], space)
    (trace,) = plots.parallel(history).data
    assert trace.dimensions[0].ticktext == ("&quot;null&quot;", "null", "b")
    assert trace.dimensions[0]["values"] == (2.0, 1.0, 0.0)
    assert plots.slices(history).layout.xaxis.ticktext == ("&quot;null&quot;", "null", "b")


def test_a_line_passes_below_what_its_trial_lacks():
    space = Space(a=Float(0, 1)) + Space(b=Float(0, 1))
    (trace,) = plots.parallel(returned([{"a": 0.5}, {"b": 0.25}], [1.0, 2.0], space)).data
    assert trace.dimensions[0].ticktext[0] == "none"
    assert trace.dimensions[0]["values"] == (pytest.approx(-0.08), 0.5)


def test_the_timeline_has_a_bar_for_each_attempt(study):
    figure = plots.timeline(study)
    shown = traces(figure)
    bars = sum(len(trace.x) for name, trace in shown.items() if name in COLOURS)
    assert bars == sum(trial.attempt for trial in study.trials)
    assert shown["lost"].marker.color == COLOURS["lost"]
    assert shown["lost"].marker.pattern.shape == "/"
    assert figure.layout.title.text.startswith("workers ")
    assert "% busy" in figure.layout.title.text
    assert list(figure.layout.yaxis.ticktext) == [f"sim-{place}" for place in range(5)]
    assert all(gap.end > gap.start for gap in gaps(study))


def test_the_timeline_shows_why_workers_were_idle(study):
    shown, found = traces(plots.timeline(study)), utilisation(study)
    assert sum(shown["start-up"].x) == pytest.approx(found.start_up)
    assert sum(shown["waiting for the last trials"].x) == pytest.approx(found.tail)
    assert "dispatch" not in shown
    assert f"start-up {percent(found.start_up / found.available)}, " in plots.timeline(study).layout.title.text
    gap = opened("a")
    first = gap.start("a")
    gap.at(1).finish(first, loss=1.0)
    gap.at(3).start("a")
    assert traces(plots.timeline(gap.history))["dispatch"].x == (2.0,)


def test_importance_is_shown_or_why_it_is_not(study):
    (bars,) = plots.importance(study).data
    assert bars.y[0] == importance(study)[0].name
    assert "at least 10 trials" in note(plots.importance(opened().history))


def test_hyperparameters_and_values_are_escaped():
    log = opened("a")
    for place in range(12):
        log.at(place + 1.0).finish(log.start("a", **{"<b>x": f"<script>{place}"}), loss=float(place))
    for name in ALL:
        text = getattr(plots, name)(log.history).to_json()
        assert "<script>" not in json.loads(text).__repr__()
        assert "<b>x" not in json.loads(text).__repr__()


def test_files(study, tmp_path):
    plot = Plots(lambda: study)
    for name in ALL:
        assert getattr(plot, name)(tmp_path / f"{name}.json").data
    kept = json.loads((tmp_path / "timeline.json").read_text("utf-8"))
    assert kept["layout"]["title"]["text"].startswith("workers")
    plot.importance(str(tmp_path / "importance.html"))
    page = (tmp_path / "importance.html").read_text("utf-8")
    assert page.startswith("<!doctype html>")
    assert "<title>what decides loss</title>" in page
    assert "src=" not in page.split("<body>")[0]
    assert len(page) > 1_000_000  # plotly's script is inside


def test_wrong_files_are_told_before_drawing(tmp_path):
    plot = Plots(lambda: pytest.fail("asked for the history"))
    with pytest.raises(UsageError, match=r"end it in \.html, \.json"):
        plot.curves(tmp_path / "curves.txt")


def test_an_image_needs_matplotlib(tmp_path, monkeypatch):
    monkeypatch.setattr(plots.figure_files, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match="matplotlib"):
        Plots(lambda: opened().history).curves(tmp_path / "curves.png")


def test_without_plotly_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "plotly.graph_objects", None)
    with pytest.raises(MissingExtra, match=r"pip install 'trimma\[plot\]'"):
        Plots(lambda: opened().history).curves()


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
        (1e-20, 1.0, True, ["1e-20", "1e-17", "1e-14", "1e-11", "1e-08", "1e-05", "0.01"]),
        (0.0, 0.5, False, ["0", "0.1", "0.2", "0.3", "0.4", "0.5"]),
        (3, 3, False, ["3"]),
        (11, 12, True, ["11", "12"]),
    ],
)
def test_round_ticks(low, high, log, texts):
    assert setting_ticks(Dimension(name="x", kind="float", log=log, low=low, high=high))[1] == texts
