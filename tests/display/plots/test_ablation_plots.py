"""What the pictures of ablations hold. How they look was looked at."""

import json

import pytest

from ablations import AblationLog, drawn, effect, many, opened_ablation, pairwise, titanic, waterfall
from histories import opened
from trimma.ablation.findings import findings, paired
from trimma.display import plots
from trimma.display.intervals_and_p_values import MINUS
from trimma.display.plots import Plots
from trimma.display.plots.verdict_looks import VERDICT_LOOKS
from trimma.effects import Analysis, Cell
from trimma.errors import StudyError

GENERAL = ("forest", "repeats")


def traces(figure):
    return {trace.name: trace for trace in figure.data if trace.name}


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
def test_every_odd_state_can_be_drawn(name, place):
    figure = getattr(plots, name)(odd()[place])
    assert figure.layout.title.text
    json.loads(figure.to_json())


def test_special_pictures_without_anything_to_show():
    for found, draw in (
        (nothing("interactions", "Pairwise()"), plots.interactions),
        (nothing("path", "AblationPath()"), plots.path),
        (waterfall(0), plots.path),
        (nothing("shapley", "Shapley()"), plots.shapley),
    ):
        assert len(draw(found).layout.annotations) == 1


def test_a_forest_has_a_point_and_an_interval_for_each_component_by_verdict():
    figure = plots.forest(titanic())
    shown = traces(figure)
    assert set(shown) == {"helps", "hurts", "equivalent within 0.01", "undecided"}
    assert list(shown["helps"].x) == [-0.125, -0.0123]
    assert list(shown["helps"].error_x.array) == pytest.approx([0.006, 0.006])
    assert list(shown["helps"].error_x.arrayminus) == pytest.approx([0.006, 0.006])
    assert [text.split(" <")[0] for text in figure.layout.yaxis.ticktext] == [
        "body",
        "sex",
        "age",
        "fare",
        "ticket",
        "deck+cabin",
    ]
    assert "(n = 0, 5 failed)" in figure.layout.yaxis.ticktext[0]
    assert list(shown["helps"].y) == [1, 2]
    (band,) = figure.layout.shapes
    assert (band.x0, band.x1) == (-0.01, 0.01)
    low, high = figure.layout.xaxis.range
    assert low < -0.131
    assert high > 0.0145


def test_verdicts_differ_in_colour_and_in_shape():
    assert (
        len({look.colour for look in VERDICT_LOOKS.values()})
        == len({look.symbol for look in VERDICT_LOOKS.values()})
        == 4
    )


def texts(figure):
    return [annotation.text for annotation in figure.layout.annotations]


def test_it_is_said_what_lies_left_and_right():
    assert {"◂ worse without", "better without ▸"} <= set(texts(plots.forest(titanic())))
    low = drawn([effect("a", -0.1)], maximize=False)
    assert {"◂ better without", "worse without ▸"} <= set(texts(plots.forest(low)))
    put_in = drawn([effect("a", -0.1)], analysis="one-in", reference=("a",))
    assert {"◂ worse with", "better with ▸"} <= set(texts(plots.forest(put_in)))
    assert plots.forest(put_in).layout.title.text.startswith("change in accuracy when put in")
    assert plots.forest(titanic()).layout.title.text.startswith("change in accuracy when left out")


def test_numbers_stand_beside_the_points():
    assert "-0.1250 [-0.1310, -0.1190]".replace("-", MINUS) in texts(plots.forest(titanic()))
    assert "every training failed" in texts(plots.forest(titanic()))


def test_many_components_get_room():
    assert plots.forest(many()).layout.height > 30 * 20
    labels = plots.forest(many()).layout.yaxis.ticktext
    assert len(set(labels)) == 30, "long names are told apart by their ends"


def test_repeats_hold_a_point_for_each_difference():
    found = titanic()
    figure = plots.repeats(found)
    shown = sum(len(trace.x) for trace in figure.data if not trace.name)
    assert shown == sum(len(each) for each in paired(found.asked, found.cells, found.order).values()) == 25
    assert set(traces(figure)) == set(traces(plots.forest(found)))


def test_interactions_are_symmetric_and_blue_where_components_stand_in_for_each_other():
    found = pairwise()
    (heat,) = plots.interactions(found).data
    assert heat.z[0][0] is None
    assert heat.z[0][1] == heat.z[1][0] == pytest.approx(0.04)
    assert heat.z[2][3] == pytest.approx(-0.03)
    assert heat.colorscale[-1] == (1.0, "#0072B2")
    assert heat.text[0][1] == f"<b>{MINUS}0.040*</b>"
    assert "stand in for each other" in heat.customdata[0][1]
    assert plots.interactions(pairwise(13)).data[0].text[0][1] == "*"


def test_a_path_goes_from_value_to_value():
    figure = plots.path(waterfall())
    bars = figure.data[0]
    assert list(bars.y) == pytest.approx([0.08, 0.02, 0.008, 0.001, -0.002])
    assert list(bars.base)[1:] == pytest.approx(
        [base + gain for base, gain in zip(bars.base, bars.y, strict=True)][:-1]
    )
    assert list(figure.layout.xaxis.ticktext) == [
        "nothing",
        "+ learning_rate",
        "+ width",
        "+ activation",
        "+ dropout",
        "+ batch_size",
        "the whole",
    ]
    assert plots.path(waterfall(3)).layout.xaxis.ticktext[-1] == "2 still out"
    assert list(plots.path(waterfall(5, maximize=False)).data[0].y) == pytest.approx(
        [-0.08, -0.02, -0.008, -0.001, 0.002]
    )


def test_shapley_values_are_bars_and_add_up():
    figure = plots.shapley(shapley())
    assert {name: list(trace.x) for name, trace in traces(figure).items()} == {"helps": [-0.03], "hurts": [0.01]}
    assert "they add up to -0.0200 in accuracy" in figure.layout.title.text


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


def test_names_are_escaped():
    name = "<script>alert(1)</script>"
    findings_ = [drawn([effect(name, -0.1)]), drawn([effect(name, -0.1)], design="Shapley()", analysis="shapley")]
    for found in findings_:
        for draw in (plots.forest, plots.repeats, *([plots.shapley] if found.asked.analysis == "shapley" else [])):
            assert "<script>" not in repr(json.loads(draw(found).to_json()))


def test_files(tmp_path):
    log = opened_ablation("w", repeats=2)
    log.cells("w", {(): [0.8, 0.9], ("age",): [0.7, 0.8], ("fare",): [0.9, 1.0]})
    Plots(lambda: log.history).forest(tmp_path / "forest.html")
    assert "<title>change in accuracy when left out</title>" in (tmp_path / "forest.html").read_text("utf-8")
