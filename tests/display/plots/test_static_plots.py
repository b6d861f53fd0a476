"""Plots as images for papers. How they look was looked at; here is held what can be measured."""

import functools
import re
import sys

import pytest

from ablations import drawn, effect, many, pairwise, titanic, waterfall
from histories import half_run, large, opened, simulated
from trimma.display import plots
from trimma.display.plots import Plots
from trimma.display.plots.static_figure import COLUMN, PAGE, static_figure
from trimma.display.plots.static_layout import POINTS, text_of
from trimma.errors import MissingExtra

SEARCHES = ("curves", "history", "parallel", "slices", "timeline", "importance")


@functools.cache
def figures():
    study = simulated(60)
    found = {name: getattr(plots, name)(study) for name in SEARCHES}
    found["running"] = plots.timeline(half_run().history)
    found["large"] = plots.curves(large(300))
    found["empty"] = plots.curves(opened().history)
    found |= {"forest": plots.forest(titanic()), "repeats": plots.repeats(titanic()), "many": plots.forest(many())}
    found |= {"interactions": plots.interactions(pairwise()), "path": plots.path(waterfall())}
    shapley = drawn([effect("a", -0.03), effect("b", 0.01)], design="Shapley()", analysis="shapley")
    return found | {"shapley": plots.shapley(shapley)}


@pytest.mark.parametrize(
    ("name", "width"),
    [*((name, COLUMN) for name in figures()), *((name, PAGE) for name in ("forest", "slices", "parallel"))],
)
def test_everything_is_within_the_picture_and_can_be_read(name, width):
    picture = static_figure(figures()[name], width)
    assert picture.get_size_inches()[0] == width
    assert 1.5 <= picture.get_size_inches()[1] <= 12
    picture.draw_without_rendering()
    edges = picture.bbox
    texts = [text for axes in picture.axes for text in axes.texts if text.get_visible()]
    texts += [label for axes in picture.axes for label in (axes.xaxis.label, axes.yaxis.label)]
    texts += [text for legend in picture.legends for text in legend.get_texts()]
    for text in texts:
        box = text.get_window_extent()
        assert text.get_fontsize() == POINTS
        assert not re.search(r"<\w|&\w+;", text.get_text())
        if text.get_text().strip():
            assert box.x0 >= edges.x0 - 2, text.get_text()
            assert box.x1 <= edges.x1 + 2, text.get_text()
            assert box.y0 >= edges.y0 - 2, text.get_text()


def test_axes_are_those_of_the_interactive_figure():
    log = opened("a")
    for place in range(8):
        log.at(place + 1.0).finish(log.start("a", lr=0.1), loss=10.0 ** (place - 3))
    log.at(9).fail(log.start("a", lr=0.2))
    values, crosses = static_figure(plots.history(log.history)).axes
    assert values.get_yscale() == "log"
    assert crosses.get_ylim() == (0, 1)
    assert [len(points.get_offsets()) for points in crosses.collections] == [1], "the failed trial is shown"


def test_failed_trials_that_are_not_shown_are_counted():
    study = simulated(60)
    failed = study.counts["failed"]
    assert failed > 1
    for name in ("parallel", "slices"):
        assert f"{failed} failed trials not shown" in getattr(plots, name)(study).layout.title.text


def test_an_outlier_does_not_flatten_the_rest():
    log = opened("a")
    for place in range(20):
        log.at(place + 1.0).finish(log.start("a", lr=0.1), loss=1e6 if place == 7 else 1.0 + place / 20)
    assert static_figure(plots.history(log.history)).axes[0].get_ylim()[1] < 3


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_files(tmp_path, ending):
    file = tmp_path / f"curves.{ending}"
    Plots(lambda: simulated(10)).curves(file, width=COLUMN)
    head = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[ending]
    assert file.read_bytes().startswith(head)
    if ending == "svg":
        assert f'width="{COLUMN * 72:g}pt"' in file.read_text()
        assert ">loss by step</text>" in file.read_text(), "text stays text"


def test_the_text_of_labels():
    assert text_of("a &lt; b<br><span style='x'>(<b>n</b> = 5)</span>") == "a < b\n(n = 5)"


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtra, match=r"pip install 'trimma\[image\]'"):
        static_figure(plots.curves(opened().history))
