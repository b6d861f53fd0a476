"""Plots as images for papers. How they look was looked at; here is held what stands in them."""

import functools
import itertools
import math

import numpy as np
import pytest
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import to_hex

from ablations import drawn, effect, many, pairwise, titanic, waterfall
from histories import half_run, large, missing_and_failed, opened, simulated
from pictures import axes as axes_of
from pictures import marks, named
from trimma.display import plots
from trimma.display.intervals_and_p_values import MINUS
from trimma.display.plots.picture_marks import Bars, Cells, Intervals, Lines, RowTexts
from trimma.display.plots.theme import BEST, COLOURS
from trimma.display.plots.with_matplotlib.figure import COLUMN, PAGE, matplotlib_figure
from trimma.display.plots.with_matplotlib.sizes import POINTS
from trimma.space import Choice, Float, Space

SEARCHES = ("curves", "history", "parallel", "slices", "timeline", "importance")


@functools.cache
def pictures():
    study = simulated(60)
    found = {name: getattr(plots, name)(study) for name in SEARCHES}
    found["running"] = plots.timeline(half_run().history)
    found["large"] = plots.curves(large(300))
    found["empty"] = plots.curves(opened().history)
    found |= {"union": plots.parallel(missing_and_failed()), "union slices": plots.slices(missing_and_failed())}
    found |= {"forest": plots.forest(titanic()), "repeats": plots.repeats(titanic()), "many": plots.forest(many())}
    found |= {"interactions": plots.interactions(pairwise()), "path": plots.path(waterfall())}
    shapley = drawn([effect("a", -0.03), effect("b", 0.01)], design="Shapley()", analysis="shapley")
    return found | {"shapley": plots.shapley(shapley)}


def image(name, width=PAGE):
    return matplotlib_figure(pictures()[name], width)


def seen(axes):
    """The ticks along the picture that are in the view."""
    low, high = sorted(axes.get_xlim())
    return [tick.label1 for tick in axes.xaxis.get_major_ticks() if low <= tick.get_loc() <= high]


def annotations(axes):
    return [text.get_text() for text in axes.texts]


@pytest.mark.parametrize(
    ("name", "width"),
    [
        *((name, COLUMN) for name in pictures()),
        *((name, PAGE) for name in ("forest", "slices", "parallel", "union")),
        *((name, width) for name in ("forest", "many", "repeats") for width in (345 / 96, 345 / 72.27)),
    ],
)
def test_everything_is_within_the_picture_and_can_be_read(name, width):
    picture = image(name, width)
    assert picture.get_size_inches()[0] == width
    assert 1.5 <= picture.get_size_inches()[1] <= 12
    picture.draw_without_rendering()
    edges = picture.bbox
    texts = [text for axes in picture.axes for text in axes.texts if text.get_visible()]
    texts += [label for axes in picture.axes for label in (axes.xaxis.label, axes.yaxis.label)]
    texts += [text for legend in picture.legends for text in legend.get_texts()]
    texts += [label for axes in picture.axes if axes.axison for label in seen(axes)]
    for text in texts:
        box = text.get_window_extent()
        assert text.get_fontsize() == POINTS
        if text.get_text().strip():
            assert box.x0 >= edges.x0 - 2, text.get_text()
            assert box.x1 <= edges.x1 + 2, text.get_text()
            assert box.y0 >= edges.y0 - 2, text.get_text()


@pytest.mark.parametrize("width", [COLUMN, PAGE])
@pytest.mark.parametrize("name", ["slices", "union slices", "importance", "history", "curves", "path"])
def test_ticks_do_not_overlap(name, width):
    picture = image(name, width)
    picture.draw_without_rendering()
    for axes in picture.axes:
        flat = [label for label in seen(axes) if label.get_text() and not label.get_rotation()]
        for one, other in itertools.pairwise(label.get_window_extent() for label in flat):
            assert one.x1 < other.x0


def test_points_lines_and_axes_of_a_history():
    log = opened("a")
    for place in range(8):
        log.at(place + 1.0).finish(log.start("a", lr=0.1), loss=10.0 ** (place - 3))
    log.at(9).fail(log.start("a", lr=0.2))
    (axes,) = matplotlib_figure(plots.history(log.history)).axes
    assert (axes.get_yscale(), axes.get_ylabel(), axes.get_xlabel()) == ("log", "loss", "trials ended")
    done, crosses = axes.collections
    assert done.get_offsets().tolist() == [[place + 1, pytest.approx(10.0 ** (place - 3))] for place in range(8)]
    assert crosses.get_offsets().tolist() == [[9, pytest.approx(0.03)]]
    assert crosses.get_offset_transform() == axes.get_xaxis_transform(), "at the edge, whatever the range"
    (best,) = axes.lines
    assert to_hex(best.get_color()) == BEST.lower()
    assert best.get_drawstyle() == "steps-post"
    low, high = axes.get_ylim()
    assert low < 1e-3 < 1e4 < high


def test_an_outlier_does_not_flatten_the_rest():
    log = opened("a")
    for place in range(20):
        log.at(place + 1.0).finish(log.start("a", lr=0.1), loss=1e6 if place == 7 else 1.0 + place / 20)
    picture = matplotlib_figure(plots.history(log.history))
    assert picture.axes[0].get_ylim()[1] < 3
    assert "1 of 20 above 1.95 is not shown" in picture.get_suptitle()


def test_lines_of_curves_and_of_parallel_coordinates():
    for name in ("curves", "parallel"):
        picture, (axes,) = pictures()[name], image(name).axes
        groups = [each for each in axes.collections if isinstance(each, LineCollection)]
        for group, mark in zip(groups, marks(picture, Lines), strict=True):
            shown = [line for line in mark.lines if len(line.x) > 1]
            assert [tuple(segment[:, 1]) for segment in group.get_segments()] == [line.y for line in shown]
            assert {to_hex(colour) for colour in group.get_colors()} == {mark.colour.lower()}
            assert group.get_alpha() == mark.opacity
        best = groups[-1]
        assert to_hex(best.get_colors()[0]) == BEST.lower()
        assert best.get_zorder() > max(each.get_zorder() for each in groups[:-1])
        assert best.get_linewidth()[0] > max(each.get_linewidth()[0] for each in groups[:-1])
    (axes,) = image("union").axes
    assert {"none", "failed", "0.919\ntrial 19"} <= set(annotations(axes))
    assert [label.get_text() for label in axes.get_xticklabels()] == ["kind", "C", "depth", "accuracy"]


def test_a_curve_of_one_point_is_a_dot_and_what_is_not_finite_a_gap():
    log = opened("a", "b")
    log.curve(log.start("a", lr=0.1), 3.0)
    log.curve(log.start("b", lr=0.2), 2.0, math.inf, 1.0)
    (axes,) = matplotlib_figure(plots.curves(log.history)).axes
    line, dot = axes.collections
    assert np.isnan(line.get_paths()[0].vertices[1]).all()
    assert dot.get_offsets().tolist() == [[1, 3.0]]
    assert axes.get_xlim()[0] < 1
    assert axes.get_xlim()[1] > 3


def test_thousands_of_bars_are_one_collection():
    picture = plots.timeline(large(1500))
    (axes,) = matplotlib_figure(picture).axes
    for mark in marks(picture, Bars):
        if len(mark.places) > 500:
            (many_,) = [each for each in axes.collections if each.get_label() == mark.name]
            boxes = [path.get_extents() for path in many_.get_paths()]
            assert [(box.x0, box.x1) for box in boxes] == list(zip(mark.starts, mark.ends, strict=True))
            assert {to_hex(colour) for colour in many_.get_facecolors()} == {mark.colours[0].lower()}
    assert len(axes.collections) > 0
    assert len(axes.patches) < 1000


def test_slices_have_a_panel_each_with_the_same_values():
    picture, panels = pictures()["slices"], image("slices").axes
    assert [axes.get_xlabel() for axes in panels] == [panel.x.label for panel in picture.panels]
    assert [axes.get_xscale() for axes in panels] == ["log", "log", "linear", "linear"]
    assert [label.get_text() for label in panels[2].get_xticklabels()] == ["relu", "gelu", "tanh"]
    assert len({axes.get_ylim() for axes in panels}) == 1
    for panel, axes in zip(picture.panels, panels, strict=True):
        assert [len(each.get_offsets()) for each in axes.collections] == [len(mark.x) for mark in panel.marks]


def test_bars_of_a_timeline_and_of_importance():
    for name in ("timeline", "importance"):
        (axes,) = image(name).axes
        expected = [
            (start, end - start)
            for mark in marks(pictures()[name], Bars)
            for start, end in zip(mark.starts, mark.ends, strict=True)
        ]
        assert [(bar.get_x(), bar.get_width()) for bar in axes.patches] == [
            (pytest.approx(start), pytest.approx(length)) for start, length in expected
        ]
    assert annotations(image("importance").axes[0]) == list(marks(pictures()["importance"], Bars)[0].labels)
    failed = [
        bar for bar in image("timeline").axes[0].patches if to_hex(bar.get_facecolor()) == COLOURS["failed"].lower()
    ]
    assert len(failed) == len(named(pictures()["timeline"])["failed"].places) > 0


@pytest.mark.parametrize("name", ["forest", "repeats", "shapley"])
def test_rows_points_intervals_and_the_band(name):
    picture, (axes,) = pictures()[name], image(name).axes
    along, upright = axes_of(picture)
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        f"{tick.text} {tick.note}" for tick in upright.ticks
    ]
    assert axes.get_xlim() == along.range
    assert axes.get_ylim() == upright.range, "the first row is at the top"
    bounds = [pair for each in marks(picture, Intervals) for pair in zip(each.lows, each.highs, strict=True)]
    shown = [
        (segment[0][0], segment[1][0])
        for bars in axes.containers
        if hasattr(bars, "has_xerr")
        for segment in bars.lines[2][0].get_segments()
    ]
    assert shown == [(pytest.approx(low), pytest.approx(high)) for low, high in bounds]
    assert axes.get_xlabel() == "difference in accuracy"
    assert {"◂ worse without", "better without ▸"} <= set(annotations(axes))
    if name == "forest":
        assert set(marks(picture, RowTexts)[0].texts) <= set(annotations(axes))
        assert len([each for each in axes.collections if isinstance(each, PathCollection)]) == 4


def test_in_a_column_the_numbers_stand_on_two_lines_and_the_sides_below():
    (axes,) = image("forest", COLUMN).axes
    assert any(text.startswith(f"{MINUS}0.1250\n[{MINUS}0.1310") for text in annotations(axes))
    assert axes.get_xlabel() == "difference in accuracy\n◂ worse without    better without ▸"
    assert axes.get_yticklabels()[0].get_text() == "body\n(n = 0, 5 failed)"


def test_cells_have_their_values_numbers_and_a_bar_that_explains_them():
    (cells,) = marks(pictures()["interactions"], Cells)
    axes, bar = image("interactions").axes
    values = axes.images[0].get_array()
    assert values[0][1] == pytest.approx(0.04)
    assert values.mask[0][0]
    assert annotations(axes) == [text for line in cells.texts for text in line if text]
    bold = [text.get_text() for text in axes.texts if text.get_weight() == "bold"]
    assert len(bold) == 4
    assert all(text.endswith("*") for text in bold)
    assert [label.get_text() for label in bar.get_yticklabels()] == [tick.text for tick in cells.ticks]
    assert annotations(image("interactions", COLUMN).axes[0]) == ["*"] * 4, "in narrow cells only stars have room"


def test_a_path_has_a_bar_for_each_step_and_its_values():
    (axes,) = image("path").axes
    (bars,) = marks(pictures()["path"], Bars)
    assert [bar.get_y() for bar in axes.patches] == pytest.approx(list(bars.starts))
    assert [bar.get_height() for bar in axes.patches] == pytest.approx(
        [end - start for start, end in zip(bars.starts, bars.ends, strict=True)]
    )
    assert [round(bar.get_facecolor()[3], 2) for bar in axes.patches] == [1, 1, 1, 0.25, 0.25]
    assert "+0.0800" in annotations(axes)
    assert [label.get_text() for label in axes.get_xticklabels()][-1] == "the whole"


def test_why_there_is_nothing_to_see():
    (axes,) = image("empty").axes
    assert annotations(axes) == ["no trial has reported loss"]
    assert not axes.axison


def test_options_are_never_left_out():
    names = [f"option number {place}" for place in range(6)]
    log = opened("a", space=Space(a=Choice(*names), b=Float(0, 1)))
    for place, name in enumerate(names):
        log.at(place + 1.0).finish(log.start("a", a=name, b=place / 6), loss=float(place))
    axes = matplotlib_figure(plots.slices(log.history), COLUMN).axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == names
    assert {label.get_rotation() for label in axes.get_xticklabels()} == {40}
