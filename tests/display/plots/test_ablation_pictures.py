"""What the pictures of ablations hold. How they look was looked at."""

import json

import pytest

from ablations import AblationLog, drawn, effect, many, opened_ablation, pairwise, titanic, waterfall
from histories import opened
from pictures import axes, marks, named, points, ticks
from trimma.ablation.findings import findings, paired
from trimma.display import plots
from trimma.display.intervals_and_p_values import MINUS
from trimma.display.plots import Plots
from trimma.display.plots.picture_marks import Band, Bars, Cells, Intervals, Points, RowTexts, Texts
from trimma.display.plots.verdict_looks import VERDICT_LOOKS
from trimma.display.plots.with_plotly.figure import plotly_figure
from trimma.effects import Analysis, Cell
from trimma.errors import StudyError

GENERAL = ("forest", "repeats")


def shapley(**more):
    return drawn([effect("a", -0.03), effect("b", 0.01)], design="Shapley()", analysis="shapley", **more)


def nothing(analysis="contrasts", design="LeaveOneOut()", cells=()):
    joint = None
    if analysis == "interactions":
        joint = Analysis(effects=[effect("a x b", None)], maximize=True, confidence=0.95)
    effects = [effect(name, None, repeats=0) for name in "ab"]
    return drawn(effects, cells=list(cells), analysis=analysis, design=design, joint=joint)


def odd():
    flat = opened_ablation("w", repeats=2)
    flat.cells("w", {(): [0.8] * 2, ("age",): [0.8] * 2, ("fare",): [0.8] * 2})
    single = opened_ablation("w", repeats=1)
    single.cells("w", {(): [0.8], ("age",): [0.7], ("fare",): [0.9]})
    failed = opened_ablation("w")
    failed.cells("w", {(): [None]})
    created = (AblationLog(), opened_ablation(), opened_ablation("w"))
    histories = [log.history for log in (*created, flat, single, failed)]
    return [*map(findings, histories), nothing(), nothing(cells=[Cell(arm=(), repeat=0, value=0.5)]), waterfall(0)]


@pytest.mark.parametrize("name", GENERAL)
@pytest.mark.parametrize("place", range(9))
def test_every_odd_state_has_a_picture(name, place):
    picture = getattr(plots, name)(odd()[place])
    assert picture.title
    assert bool(picture.message) != bool(picture.panels)
    assert json.loads(plotly_figure(picture).to_json())["layout"]["title"]["text"]


def test_special_pictures_without_anything_to_show():
    for found, draw in (
        (nothing("interactions", "Pairwise()"), plots.interactions),
        (nothing("path", "AblationPath()"), plots.path),
        (waterfall(0), plots.path),
        (nothing("shapley", "Shapley()"), plots.shapley),
    ):
        assert draw(found).message
        assert draw(found).panels == ()


def test_a_forest_has_a_point_and_an_interval_for_each_component_by_verdict():
    picture = plots.forest(titanic())
    shown = named(picture)
    assert set(shown) == {"helps", "hurts", "equivalent within 0.01", "undecided"}
    assert shown["helps"].x == (-0.125, -0.0123)
    assert shown["helps"].y == (1, 2)
    first = marks(picture, Intervals)[0]
    assert first.places == (1, 2)
    assert first.lows == pytest.approx((-0.131, -0.0183))
    assert first.highs == pytest.approx((-0.119, -0.0063))
    assert first.colour == shown["helps"].colour
    along, upright = axes(picture)
    assert ticks(upright) == ["body", "sex", "age", "fare", "ticket", "deck+cabin"]
    assert upright.ticks[0].note == "(n = 0, 5 failed)"
    (band,) = marks(picture, Band)
    assert (band.low, band.high) == (-0.01, 0.01)
    assert along.zero
    assert along.range[0] < -0.131
    assert along.range[1] > 0.0145


def test_verdicts_differ_in_colour_and_in_shape():
    assert (
        len({look.colour for look in VERDICT_LOOKS.values()})
        == len({look.symbol for look in VERDICT_LOOKS.values()})
        == 4
    )


def test_it_is_said_what_lies_left_and_right():
    def sides(found):
        return plots.forest(found).panels[0].sides

    assert sides(titanic()) == ("◂ worse without", "better without ▸")
    assert sides(drawn([effect("a", -0.1)], maximize=False)) == ("◂ better without", "worse without ▸")
    put_in = drawn([effect("a", -0.1)], analysis="one-in", reference=("a",))
    assert sides(put_in) == ("◂ worse with", "better with ▸")
    assert plots.forest(put_in).title.startswith("change in accuracy when put in")
    assert plots.forest(titanic()).title.startswith("change in accuracy when left out")


def test_numbers_stand_beside_the_points():
    (beside,) = marks(plots.forest(titanic()), RowTexts)
    assert beside.texts[0] == "every training failed"
    assert beside.texts[1] == "-0.1250 [-0.1310, -0.1190]".replace("-", MINUS)
    assert beside.places == (0, 1, 2, 3, 4, 5)


def test_many_components_get_room():
    picture = plots.forest(many())
    assert picture.rows == 30
    assert plotly_figure(picture).layout.height > 30 * 20
    assert len(set(ticks(axes(picture)[1]))) == 30, "long names are told apart by their ends"


def test_repeats_hold_a_point_for_each_difference():
    found = titanic()
    picture = plots.repeats(found)
    single = [mark for mark in marks(picture, Points) if not mark.name]
    shown = [pair for mark in single for pair in zip(mark.x, mark.y, strict=True)]
    assert len(shown) == sum(len(each) for each in paired(found.asked, found.cells, found.order).values()) == 25
    assert set(named(picture)) == set(named(plots.forest(found)))
    assert len(points(picture)) == 25 + 5
    low, high = axes(picture)[0].range
    assert all(low < x < high for x, _ in shown)


def test_interactions_are_symmetric_and_blue_where_components_stand_in_for_each_other():
    found = pairwise()
    picture = plots.interactions(found)
    (cells,) = marks(picture, Cells)
    assert cells.values[0][0] is None
    assert cells.values[0][1] == cells.values[1][0] == pytest.approx(0.04)
    assert cells.values[2][3] == pytest.approx(-0.03)
    assert cells.greatest == pytest.approx(0.04)
    assert cells.colours[-1] == "#0072B2"
    assert cells.texts[0][1] == f"{MINUS}0.040*"
    assert cells.strong[0][1]
    assert not cells.strong[0][0]
    assert "stand in for each other" in cells.hover[0][1]
    assert [tick.text for tick in cells.ticks] == [
        "+0.040\nneed each other",
        "0",
        f"{MINUS}0.040\nstand in for\neach other",
    ]
    assert ticks(axes(picture)[0]) == ["conv", "norm", "skip", "drop", "wide"]
    assert marks(plots.interactions(pairwise(13)), Cells)[0].texts[0][1] == "*"


def test_a_path_goes_from_value_to_value():
    picture = plots.path(waterfall())
    (bars,) = marks(picture, Bars)
    gains = [end - start for start, end in zip(bars.starts, bars.ends, strict=True)]
    assert gains == pytest.approx([0.08, 0.02, 0.008, 0.001, -0.002])
    assert bars.starts[1:] == pytest.approx(bars.ends[:-1])
    assert bars.pale == (False, False, False, True, True)
    (intervals,) = marks(picture, Intervals)
    assert (intervals.lows[0], intervals.highs[0]) == pytest.approx((bars.ends[0] - 0.004, bars.ends[0] + 0.004))
    ends, above = marks(picture, Texts)
    assert ends.bold
    assert above.texts[0] == "+0.0800"
    assert ticks(axes(picture)[0]) == [
        "nothing",
        "+ learning_rate",
        "+ width",
        "+ activation",
        "+ dropout",
        "+ batch_size",
        "the whole",
    ]
    assert ticks(axes(plots.path(waterfall(3)))[0])[-1] == "2 still out"
    (falling,) = marks(plots.path(waterfall(5, maximize=False)), Bars)
    assert [end - start for start, end in zip(falling.starts, falling.ends, strict=True)] == pytest.approx(
        [-0.08, -0.02, -0.008, -0.001, 0.002]
    )


def test_failed_trainings_are_told():
    log = opened_ablation("w", repeats=2)
    log.cells("w", {(): [0.8, 0.9], ("age",): [0.7, None], ("fare",): [0.9, 1.0]})
    assert [tick.note for tick in axes(plots.forest(findings(log.history)))[1].ticks].count("(n = 1, 1 failed)") == 1
    cells = [*waterfall().cells, Cell(arm=("width",), repeat=9, value=None)]
    names = ["learning_rate", "width", "activation", "dropout", "batch_size"]
    path = drawn(
        [effect(name, -0.01) for name in names], cells=cells, analysis="path", design="AblationPath(race=True)"
    )
    assert plots.path(path).note.endswith("; 1 training failed")
    assert "failed" not in plots.path(waterfall()).note
    failed = [Cell(arm=("conv", "norm"), repeat=0, value=float("nan")), Cell(arm=("skip",), repeat=1, value=None)]
    pairs = pairwise()
    found = drawn(pairs.analysis.effects, joint=pairs.joint, cells=failed, design="Pairwise()", analysis="interactions")
    assert plots.interactions(found).note.endswith("2 trainings failed")


def test_shapley_values_are_bars_and_add_up():
    picture = plots.shapley(shapley())
    assert {name: bars.ends for name, bars in named(picture).items()} == {"helps": (-0.03,), "hurts": (0.01,)}
    assert {bars.hatch for bars in marks(picture, Bars)} == {"", "/"}
    assert [(each.lows, each.highs) for each in marks(picture, Intervals)] == [
        (pytest.approx((-0.036,)), pytest.approx((-0.024,))),
        (pytest.approx((0.004,)), pytest.approx((0.016,))),
    ]
    assert "they add up to -0.0200 in accuracy" in picture.note


def test_a_picture_that_the_study_has_not_is_refused(tmp_path):
    plot = Plots(lambda: opened("a").history)
    for name in (*GENERAL, "interactions", "path", "shapley"):
        with pytest.raises(StudyError, match="study 'fashion' is a search, not an ablation"):
            getattr(plot, name)()
    plot = Plots(lambda: opened_ablation("a").history)
    with pytest.raises(StudyError, match=r"its design \(leave-one-out\) leaves out no pairs: .* design='pairwise'"):
        plot.interactions()
    with pytest.raises(StudyError, match="design='path'"):
        plot.path()
    with pytest.raises(StudyError, match="design='shapley'"):
        plot.shapley()
