"""Plots as interactive figures: what stands in them."""

import json

import pytest

from ablations import drawn, effect, pairwise, titanic, waterfall
from histories import large, missing_and_failed, opened, returned, simulated
from pictures import lines, marks, named
from trimma.display import plots
from trimma.display.plots.picture_marks import Bars, Cells, Intervals, Lines, Points, RowTexts, Texts, Upright
from trimma.display.plots.theme import BEST
from trimma.display.plots.with_plotly.figure import plotly_figure
from trimma.space import Choice, Space

SEARCHES = ("curves", "history", "parallel", "slices", "timeline", "importance")
LINE_BREAK = None  # between two lines of one trace


def traces(figure):
    return {trace.name: trace for trace in figure.data if trace.name}


def texts(figure):
    return [annotation.text for annotation in figure.layout.annotations]


@pytest.fixture(scope="module")
def study():
    return simulated(60)


def test_points_lines_and_axes_of_a_history(study):
    picture = plots.history(study)
    figure = plotly_figure(picture)
    shown = traces(figure)
    for mark in marks(picture, Points):
        trace = shown[mark.name]
        assert (trace.x, trace.y, trace.mode) == (mark.x, mark.y, "markers")
        assert trace.marker.color == mark.colour
        assert len(trace.text) == len(mark.hover)
    crosses = shown["failed or not finite"]
    edge = figure.layout["yaxis" + crosses.yaxis[1:]]
    assert (edge.range, edge.visible, edge.overlaying) == ((0, 1), False, "y")
    best = shown["best so far"]
    assert (best.line.shape, best.line.color, best.mode) == ("hv", BEST, "lines+markers")
    assert figure.layout.yaxis.title.text == "loss"
    assert figure.layout.title.text.startswith("best loss (lower is better) so far<br>")
    assert figure.layout.showlegend


def test_log_axes_have_their_ranges_in_powers_of_ten():
    figure = plotly_figure(
        plots.history(returned([{"a": place} for place in range(9)], [10.0**-place for place in range(9)]))
    )
    assert figure.layout.yaxis.type == "log"
    low, high = figure.layout.yaxis.range
    assert -9 < low < -8
    assert 0 < high < 1
    assert figure.layout.yaxis.dtick == 2


def test_lines_of_one_group_are_one_trace_with_gaps(study):
    for name in ("curves", "parallel"):
        picture = getattr(plots, name)(study)
        shown = [trace for trace in plotly_figure(picture).data if trace.mode == "lines+markers"]
        for trace, group in zip(shown, marks(picture, Lines), strict=True):
            assert trace.y == tuple(value for line in group.lines for value in (*line.y, LINE_BREAK))
            assert (trace.line.color, trace.opacity, trace.line.width) == (group.colour, group.opacity, group.width)
        assert sum(trace.y.count(LINE_BREAK) for trace in shown) == len(lines(picture))
    best = traces(plotly_figure(plots.curves(study)))["best"]
    assert best.hovertemplate.startswith("step %{x}: ")
    assert best.text[0].startswith("<b>trial ")


def test_parallel_coordinates_have_an_axis_for_each_hyperparameter_and_the_best_is_labelled():
    picture = plots.parallel(missing_and_failed())
    figure = plotly_figure(picture)
    assert (
        [shape.x0 for shape in figure.layout.shapes] == [mark.place for mark in marks(picture, Upright)] == [0, 1, 2, 3]
    )
    assert figure.layout.xaxis.ticktext == ("kind", "C", "depth", "accuracy")
    assert figure.layout.yaxis.visible is False
    assert {"none", "failed", "<b>0.919<br>trial 19</b>"} <= set(texts(figure))
    assert traces(figure)["failed or not finite"].y[-2] == pytest.approx(-0.09)


def test_slices_have_a_panel_each_with_its_own_scale(study):
    picture = plots.slices(study)
    figure = plotly_figure(picture)
    axes = [figure.layout[f"xaxis{place}"] for place in ("", 2, 3, 4)]
    assert [axis.title.text for axis in axes] == ["opt.lr", "width", "act", "dropout"]
    assert [axis.type for axis in axes] == ["log", "log", "linear", "linear"]
    assert axes[2].ticktext == ("relu", "gelu", "tanh")
    assert [figure.layout[f"yaxis{place}"].matches for place in ("", 2, 3, 4)] == [None, "y", "y", "y"]
    for place, panel in enumerate(picture.panels):
        shown = [trace for trace in figure.data if trace.xaxis == f"x{place + 1 if place else ''}"]
        assert [trace.x for trace in shown] == [mark.x for mark in panel.marks]
    assert len([trace for trace in figure.data if trace.name == "done" and trace.showlegend]) == 1, (
        "each is listed once"
    )


def test_bars_of_a_timeline_and_of_importance(study):
    for name in ("timeline", "importance"):
        picture = getattr(plots, name)(study)
        figure = plotly_figure(picture)
        for trace, mark in zip(figure.data, marks(picture, Bars), strict=True):
            assert (trace.type, trace.orientation, trace.y) == ("bar", "h", mark.places)
            assert trace.base == mark.starts
            assert [base + length for base, length in zip(trace.base, trace.x, strict=True)] == pytest.approx(
                list(mark.ends)
            )
    assert plotly_figure(plots.importance(study)).data[0].text == marks(plots.importance(study), Bars)[0].labels
    assert figure.layout.xaxis.tickformat == ".0%"


def test_a_timeline_of_thousands_of_attempts_is_drawn_as_lines():
    picture = plots.timeline(large())
    shown = traces(plotly_figure(picture))
    assert {trace.type for trace in shown.values()} == {"scattergl"}
    for name, mark in named(picture).items():
        assert shown[name].x[:3] == (mark.starts[0], mark.ends[0], LINE_BREAK)


@pytest.mark.parametrize("draw", [plots.forest, plots.repeats])
def test_rows_points_intervals_and_the_band(draw):
    picture = draw(titanic())
    figure = plotly_figure(picture)
    shown = [trace for trace in figure.data if trace.error_x.array is not None]
    for trace, mark in zip(shown, marks(picture, Intervals), strict=True):
        assert (trace.x, trace.y) == (mark.lows, mark.places)
        assert [low + length for low, length in zip(trace.x, trace.error_x.array, strict=True)] == pytest.approx(
            list(mark.highs)
        )
    for mark in marks(picture, Points):
        assert any((trace.x, trace.y) == (mark.x, mark.y) for trace in figure.data)
    (band,) = figure.layout.shapes
    assert (band.x0, band.x1) == (-0.01, 0.01)
    assert figure.layout.yaxis.range == (5.6, -0.6)
    assert figure.layout.yaxis.ticktext[0].startswith("body <span")
    assert "(n = 0, 5 failed)</span>" in figure.layout.yaxis.ticktext[0]
    assert {"◂ worse without", "better without ▸"} <= set(texts(figure))
    if draw is plots.forest:
        assert set(marks(picture, RowTexts)[0].texts) <= set(texts(figure))
        assert figure.layout.margin.r > 100


def test_cells_of_interactions():
    picture = plots.interactions(pairwise())
    (heat,) = plotly_figure(picture).data
    (cells,) = marks(picture, Cells)
    assert tuple(map(tuple, heat.z)) == cells.values
    assert heat.zmax == -heat.zmin == cells.greatest
    assert heat.colorscale[-1] == (1.0, "#0072B2")
    assert heat.text[0][1] == f"<b>{cells.texts[0][1]}</b>"
    assert heat.colorbar.ticktext[2].endswith("stand in for<br>each other")


def test_a_path_has_a_bar_for_each_step_and_its_values():
    picture = plots.path(waterfall())
    figure = plotly_figure(picture)
    (mark,) = marks(picture, Bars)
    (bars,) = [trace for trace in figure.data if trace.type == "bar"]
    assert (bars.x, bars.base) == (mark.places, mark.starts)
    assert [base + length for base, length in zip(bars.base, bars.y, strict=True)] == pytest.approx(list(mark.ends))
    assert [colour.startswith("rgba") for colour in bars.marker.color] == list(mark.pale)
    assert marks(picture, Texts)[1].texts[0] in texts(figure)
    assert figure.layout.showlegend is False


def test_bars_of_shapley_values_are_hatched_by_verdict():
    found = drawn([effect("a", -0.03), effect("b", 0.01)], design="Shapley()", analysis="shapley")
    shown = traces(plotly_figure(plots.shapley(found)))
    assert {name: trace.x for name, trace in shown.items()} == {"helps": (-0.03,), "hurts": (0.01,)}
    assert {name: trace.marker.pattern.shape for name, trace in shown.items()} == {"helps": None, "hurts": "/"}


def test_why_there_is_nothing_to_see():
    figure = plotly_figure(plots.curves(opened().history))
    assert texts(figure) == ["no trial has reported loss"]
    assert figure.layout.xaxis.visible is False


def test_nothing_in_a_study_is_taken_for_html():
    log = opened("a", space=Space(**{"<b>x": Choice("<script>1", "<script>2")}))
    for place in range(12):
        log.at(place + 1.0).finish(log.start("a", **{"<b>x": f"<script>{place % 2 + 1}"}), loss=float(place))
    figures = [plotly_figure(getattr(plots, name)(log.history)) for name in SEARCHES]
    name = "<script>alert(1)</script>"
    found = [drawn([effect(name, -0.1)]), drawn([effect(name, -0.1)], design="Shapley()", analysis="shapley")]
    figures += [plotly_figure(draw(each)) for each in found for draw in (plots.forest, plots.repeats)]
    figures.append(plotly_figure(plots.shapley(found[1])))
    for figure in figures:
        text = repr(json.loads(figure.to_json()))
        assert "<script>" not in text
        assert "<b>x" not in text
