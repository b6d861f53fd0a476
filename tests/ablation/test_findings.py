"""What is known of an ablation, as rows."""

import math

import pytest

from ablations import UNEVEN, asked, cells_of, drawn, effect, opened_ablation, pairwise, titanic, waterfall
from histories import opened
from trimma.ablation.findings import arm_means, effect_rows, extremes, findings, paired
from trimma.effects import Cell, Conclusion
from trimma.errors import StudyError
from trimma.stopping import Timeout
from trimma.views import eta, flat_config, hyperparameters, summary, table


def cell(value, *arm, repeat=0, censored=False):
    return Cell(arm=arm, repeat=repeat, value=value, censored=censored)


def test_a_row_for_each_effect_with_its_verdict_in_words():
    found = titanic()
    assert [row.component for row in found.rows] == ["age", "sex", "fare", "deck+cabin", "ticket", "body"]
    assert [row.words for row in found.rows] == [
        "helps",
        "helps",
        "undecided",
        "hurts",
        "equivalent within 0.01",
        "helps (all 5 trainings failed)",
    ]
    assert found.rows[3].members == ("deck", "cabin")
    assert found.rows[0].kind == "column"


def test_what_helps_most_comes_first_and_the_unknown_last():
    found = drawn([effect("unknown", None), effect("little", -0.01), effect("much", -0.1), effect("harm", 0.1)])
    assert [row.component for row in found.ordered] == ["much", "little", "harm", "unknown"]
    assert titanic().ordered[0].component == "body"


def test_worth_follows_the_direction_and_what_a_difference_is():
    rows = effect_rows(asked(["a"]), drawn([effect("a", -0.1)], maximize=False).analysis)
    assert rows[0].worth == pytest.approx(-0.1)
    put_in = drawn([effect("a", 0.1)], analysis="one-in", reference=("a",))
    assert put_in.put_in
    assert put_in.rows[0].worth == pytest.approx(0.1)


def test_the_steps_of_a_path_stay_in_its_order():
    found = waterfall(3)
    assert found.order == ["learning_rate", "width", "activation"]
    assert [row.component for row in found.ordered] == found.order
    assert waterfall(0).order == []


def test_pairs_have_their_interactions():
    found = pairwise(3)
    assert [pair for pair, _ in found.pairs] == [("conv", "norm"), ("conv", "skip"), ("norm", "skip")]
    assert found.pairs[0][1].difference == -0.04
    assert titanic().pairs == []


def test_the_findings_of_a_history():
    log = opened_ablation("w", names=["age", "fare"], repeats=3)
    log.cells("w", {(): [0.8, 0.9, 0.7], ("age",): [0.7, 0.8, 0.6], ("fare",): [0.8, 0.9, 0.7]}, splits=UNEVEN)
    found = findings(log.history)
    assert [row.difference for row in found.rows] == pytest.approx([-0.1, 0.0])
    assert found.rows[0].conclusion is Conclusion.HELPS
    assert found.reference == (pytest.approx(0.8, abs=1e-3), pytest.approx(0.1, abs=1e-3))
    with pytest.raises(StudyError, match="not an ablation"):
        findings(opened("a").history)


def test_arms_with_what_failed_and_what_was_stopped():
    cells = [cell(0.8), cell(0.9, repeat=1), cell(None, "a"), cell(math.nan, "a"), cell(0.1, "b", censored=True)]
    whole, failed, stopped = arm_means(cells)
    assert (whole.mean, whole.values) == (pytest.approx(0.85), 2)
    assert (failed.mean, failed.deviation, failed.failures) == (None, None, 2)
    assert (stopped.mean, stopped.censored, stopped.failures) == (None, 1, 0)


def test_the_best_and_the_worst_arm():
    cells = cells_of([effect("age", -0.1), effect("fare", 0.1), effect("gone", None)])
    ends = extremes(asked(["age", "fare", "gone"]), cells, maximize=True)
    assert (ends.best.arm, ends.worst.arm, ends.arms, ends.shared) == (("fare",), ("age",), 3, None)
    assert ends.average == pytest.approx(sum(arm.mean for arm in arm_means(cells)[:3]) / 3)
    assert ends.reference.arm == ()
    other = extremes(asked(["age", "fare", "gone"]), cells, maximize=False)
    assert (other.best.arm, other.worst.arm) == (("age",), ("fare",))
    nothing = extremes(asked(["age"]), [cell(None)], maximize=True)
    assert (nothing.best, nothing.worst, nothing.average) == (None, None, None)


def test_an_arm_that_failed_is_never_the_best():
    cells = [cell(0.8), cell(0.99, "a"), cell(None, "a", repeat=1), cell(0.7, repeat=1)]
    assert extremes(asked(["a"]), cells, maximize=True).best.arm == ()


def test_arms_of_unlike_repeats_are_compared_in_those_that_all_have():
    cells = [cell(0.5), cell(0.4, "a"), cell(0.9, repeat=1)]
    ends = extremes(asked(["a"]), cells, maximize=True)
    assert ends.shared == 1
    assert ends.reference.mean == 0.5


def test_differences_within_repeats():
    cells = [cell(0.8), cell(0.7, "a"), cell(0.6, repeat=1), cell(None, "a", repeat=1), cell(0.3, "a", repeat=2)]
    assert paired(asked(["a"]), cells, ["a"]) == {"a": [(0, pytest.approx(-0.1))]}


def test_what_changes_nothing_is_named():
    log = opened_ablation("w-0", names=["used", "same", "often", "short"], repeats=4)
    whole = [0.5, 0.6, 0.7, 0.8]
    arms = {("used",): [0.4, 0.6, 0.6, 0.7], ("same",): whole, ("often",): [*whole[:3], 0.9], ("short",): whole[:2]}
    log.cells("w-0", {(): whole} | arms)
    said = [note for note in findings(log.history).analysis.notes if "came to exactly the same" in note]
    assert len(said) == 1
    assert "without same" in said[0] or "without same, short" in said[0]
    assert "used," not in said[0]
    assert "often" not in said[0]


def test_differences_of_other_designs():
    def of(analysis, cells, names=("a", "b"), reference=()):
        found = paired(asked(["a", "b"], analysis=analysis, reference=reference), cells, names)
        return {name: [pytest.approx(difference) for _, difference in each] for name, each in found.items()}

    square = [cell(10.0), cell(7.0, "a"), cell(9.0, "b"), cell(5.0, "a", "b")]
    assert of("main-effects", square) == {"a": [-3.5], "b": [-1.5]}
    assert of("one-in", square, reference=("a", "b")) == {"a": [4.0], "b": [2.0]}
    order = [cell(10.0), cell(9.0, "b"), cell(5.0, "a", "b")]
    assert of("shapley", order) == {"a": [-4.0], "b": [-1.0]}
    assert of("path", order) == {"a": [-4.0], "b": [-1.0]}
    assert of("path", order, names=("a",)) == {"a": [-4.0]}
    assert of("shapley", order[:2]) == {"a": [], "b": [-1.0]}


def test_what_is_left_out_is_one_text_in_flat_configs():
    log = opened_ablation("w")
    log.finish(log.run("w"), accuracy=1.0)
    log.finish(log.run("w", ["age", "fare"], repeat=1, opt={"lr": 0.1}), accuracy=0.5)
    first, second = log.history.trials
    assert flat_config(log.history, first) == {"without": "nothing", "repeat": 0}
    assert flat_config(log.history, second) == {"without": "age + fare", "repeat": 1, "opt.lr": 0.1}
    rows = table(log.history)
    assert [row["place.without"] for row in rows] == ["nothing", "age + fare"]
    assert "config.opt.lr" not in rows[0]
    assert rows[1]["config.opt.lr"] == 0.1
    assert {scale.name for scale in hyperparameters(log.history)} == {"without", "repeat"}


def test_as_many_trials_are_expected_as_the_design_has():
    log = opened_ablation("w", names=["a", "b", "c"], repeats=5)
    assert summary(log.history).limit == 20
    assert eta(log.history, 0.0) is None
    log.cells("w", {(): [1.0] * 5})
    assert eta(log.history, 5.0) == pytest.approx(15.0)
    assert summary(opened_ablation("w", trials=3).history).limit == 3
    assert summary(opened_ablation("w", trials=300).history).limit == 15
    timed = opened_ablation("w", until=Timeout(4.0))
    timed.cells("w", {(): [1.0]})
    assert eta(timed.history, 1.0) == pytest.approx(3.0)
