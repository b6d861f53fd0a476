"""Ablations from the front door, in real processes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import trimma as tm
from trimma.ablation.measured import cells
from trimma.ablation.question import question
from trimma.errors import ObjectiveError, StudyError, StudyFailed, StudyMismatch, UnknownName, UsageError
from trimma.objective import StopTrial


def fit(a: bool = True, b: bool = True, c: bool = True, seed: int = 0, split: int = 0) -> float:
    """Worse without ``a``, better without ``b``; a little depends on the seed, and more on the split."""
    return 10 * a - 5 * b + (split % 97) / 10 + (seed % 89) / 1000


ZEROS = np.zeros(2)
SETTINGS = tm.Setting(a=False, b=False, c=False)


def ablate(objective: Any = fit, components: Any = SETTINGS, **more: Any) -> tm.AblationStudy:
    given = {"maximize": "score", "repeats": 3, "store": "memory", "progress": False, "engine": tm.Simulated(2)} | more
    return tm.ablate(objective, components, **given)


def conclusions(study: tm.AblationStudy) -> dict[str, str]:
    return {effect.name: str(effect.conclusion) for effect in study.effects.effects}


def test_what_helps_and_what_hurts() -> None:
    study = ablate(engine=tm.Local(2), seed=1)  # of 100 seeds, a few lead to an interval beside the truth
    assert conclusions(study) == {"a": "helps", "b": "hurts", "c": "undecided"}
    assert [effect.repeats for effect in study.effects.effects] == [3, 3, 3]
    assert len(study.trials) == 12
    assert study.status == "finished"
    a = study.effects.effects[0]
    assert a.low is not None
    assert a.high is not None
    assert a.low < -10 < a.high < 0


def test_a_repeat_shares_its_split_and_nothing_else() -> None:
    def seeds(seed: int, split: int, drop: bool = False) -> dict[str, float]:
        return {"score": 1.0, "seed": seed, "split": split}

    trials = ablate(seeds, tm.Setting(drop=True), seed=4).trials
    splits = {repeat: {t.result["split"] for t in trials if t.place["repeat"] == repeat} for repeat in range(3)}
    assert all(len(found) == 1 for found in splits.values())
    assert len(set.union(*splits.values())) == 3
    assert len({t.result["seed"] for t in trials}) == len(trials)
    again = ablate(seeds, tm.Setting(drop=True), seed=4).trials
    key = lambda t: (t.place["without"], t.place["repeat"])  # noqa: E731
    assert {str(key(t)): t.result for t in trials} == {str(key(t)): t.result for t in again}


def test_the_report_says_that_weights_are_new() -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed: see tools/install-torch")
    from torch import nn

    def first_weight(model: Any, seed: int) -> float:
        return float(model[0].weight[0, 0].detach())

    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1))
    said = "Each training began with new weights of its model"
    study = ablate(first_weight, tm.Layers("1", weights="new"), model=model)
    assert said in study.to_markdown()
    assert len({trial.value for trial in study.trials}) == 6
    study = ablate(first_weight, tm.Layers("1"), model=model)
    assert said not in study.to_markdown()
    assert {trial.value for trial in study.trials} == {first_weight(model, 0)}


def test_minimize_turns_the_verdicts() -> None:
    # of 100 seeds, a few lead to an interval beside the truth
    found = conclusions(ablate(maximize=None, minimize="score", seed=1))
    assert found == {"a": "hurts", "b": "helps", "c": "undecided"}


def test_a_difference_that_does_not_matter() -> None:
    assert conclusions(ablate(smallest=0.5, repeats=5, seed=1))["c"] == "equivalent"


def test_arguments_without_defaults_come_from_the_config() -> None:
    def strict(width: int, a: bool) -> float:
        return width + a

    study = ablate(strict, tm.Setting(a=False), config={"width": 4, "a": True})
    assert study.effects.baseline_mean == 5
    with pytest.raises(ObjectiveError, match="'width'"):
        ablate(strict, tm.Setting(a=False), config={"a": True})


def test_one_repeat_has_no_intervals_and_says_so() -> None:
    analysis = ablate(repeats=1).effects
    assert all(effect.low is None and effect.difference is not None for effect in analysis.effects)
    assert any("one repeat" in note.lower() for note in analysis.notes)


def test_a_metric_that_does_not_vary_is_said() -> None:
    analysis = ablate(lambda a=True: float(a), tm.Setting(a=False)).effects
    assert analysis.effects[0].difference == -1
    assert analysis.notes


def test_more_repeats_and_more_components_later(tmp_path: Path) -> None:
    store = tmp_path / "studies.db"
    first = ablate(components=tm.Setting(a=False), name="grows", store=store, repeats=2)
    assert len(first.trials) == 4
    loaded = tm.load("grows", store)
    assert isinstance(loaded, tm.AblationStudy)
    assert len(loaded.resume(repeats=3, engine=tm.Simulated(2), progress=False).trials) == 6
    more = ablate(components=tm.Setting(a=False, b=False), name="grows", store=store, repeats=4, resume=True)
    assert len(more.trials) == 12
    assert conclusions(more) == {"a": "helps", "b": "hurts"}
    # what was added is kept, too
    assert len(tm.load("grows", store).resume(repeats=5, engine=tm.Simulated(2), progress=False).trials) == 15


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"components": tm.Setting(b=False)}, "the component 'a' is gone"),
        ({"components": tm.Setting(a=None)}, None),
        ({"repeats": 1}, "there were 3 repeats, are 1"),
        ({"design": "pairwise"}, r"the searcher was LeaveOneOut\(baselines=1\), is Pairwise\(\)"),
        ({"config": {"c": False}}, "its config was '', is 'c=False'"),
        ({"minimize": "score", "maximize": None}, "the metric was maximize='score'"),
    ],
)
def test_what_a_resume_may_not_change(changed: dict[str, Any], said: str | None) -> None:
    store = tm.MemoryStore()
    given: dict[str, Any] = {"components": tm.Setting(a=False, b=False), "name": "s", "store": store}
    ablate(**given)
    if said is None:
        return
    with pytest.raises(StudyMismatch, match=said):
        ablate(**given | changed, resume=True)


def test_more_repeats_of_a_search_are_refused() -> None:
    study = tm.tune(
        lambda x: x, {"x": tm.Grid(1, 2)}, minimize="x", store="memory", progress=False, engine=tm.Simulated(1)
    )
    with pytest.raises(UsageError, match="no ablation"):
        study.resume(repeats=3, progress=False)


def test_a_baseline_that_fails_ends_the_study() -> None:
    def broken(a: bool = True) -> float:
        raise ValueError("the data is gone")

    with pytest.raises(StudyFailed, match=r"the baseline failed with ValueError(.|\n)*the data is gone"):
        ablate(broken, tm.Setting(a=False))


def test_a_part_without_which_nothing_works_helps() -> None:
    def needs(a: bool = True, b: bool = True, seed: int = 0) -> float:
        if not a:
            raise ValueError("nothing works")
        return seed % 7

    study = ablate(needs, tm.Setting(a=False, b=False), repeats=5)
    effect = study.effects.effects[0]
    assert (effect.conclusion, effect.failures, effect.difference) == ("helps", 5, None)
    assert effect.failure_p == pytest.approx(2 * 2 / 252)


def test_one_crash_at_one_repeat_decides_nothing() -> None:
    def crashing(a: bool = True, b: bool = True, seed: int = 0) -> float:
        if not a:
            raise OSError("the machine was taken away")
        return seed % 7

    study = ablate(crashing, tm.Setting(a=False, b=False), repeats=1)
    assert conclusions(study) == {"a": "undecided", "b": "undecided"}
    assert "undecided (1 training failed)" in study.to_markdown()


def test_a_part_that_breaks_what_it_is_put_into_hurts() -> None:
    def breaks(a: bool = True, b: bool = True, seed: int = 0) -> float:
        if a and not b:
            raise ValueError("a needs b")
        return b + seed % 7 / 100

    found = ablate(breaks, tm.Setting(a=False, b=False), design="one-in", repeats=5).effects
    a, b = found.effects
    assert (a.conclusion, a.failures) == ("hurts", 5)
    assert b.conclusion == "helps"
    assert found.maximize


def test_early_stopping_only_when_asked_for_and_then_it_is_said() -> None:
    def slow(report: Any, a: bool = True, seed: int = 0) -> None:
        for step in range(1, 10):
            report(score=step * (10 if a else 1) + seed % 3)

    study = ablate(slow, tm.Setting(a=False), scheduler=tm.Asha(max_steps=9), repeats=4)
    assert study.history.counts["stopped"] > 0
    assert sum(cell.censored for cell in cells(study.history)) == study.history.counts["stopped"]
    assert any("scheduler" in note for note in study.effects.notes)


def test_a_trial_that_stops_itself_is_censored() -> None:
    def quits(report: Any, a: bool = True, seed: int = 0) -> float:
        report(score=1.0)
        if not a:
            raise StopTrial
        return 2.0 + seed % 3

    effect = ablate(quits, tm.Setting(a=False)).effects.effects[0]
    assert effect.censored == 3


def test_each_variant_with_a_search_of_its_own() -> None:
    def tuned(rate: float, a: bool = True, seed: int = 0) -> float:
        best = 0.2 if a else 0.8
        return -abs(rate - best) + (seed % 11) / 1e4

    retune = tm.Retune(tm.Space(rate=tm.Float(0, 1)), trials=12, searcher="quasi-random")
    fair = ablate(tuned, tm.Setting(a=False), retune=retune, repeats=2).effects.effects[0]
    unfair = ablate(tuned, tm.Setting(a=False), config={"rate": 0.2}, repeats=2).effects.effects[0]
    assert fair.difference is not None
    assert unfair.difference is not None
    assert abs(fair.difference) < 0.1 < abs(unfair.difference)


def test_a_search_is_explained() -> None:
    def objective(rate: float = 0.0, width: int = 1, depth: int = 1, seed: int = 0) -> float:
        return 10 * rate + 0.01 * width + (seed % 5) / 1e3

    space = tm.Space(rate=tm.Grid(0.5, 1.0), width=tm.Grid(1, 8))
    best = tm.tune(objective, space, maximize="score", store="memory", progress=False, engine=tm.Simulated(2))
    path = tm.explain(best, repeats=3, engine=tm.Simulated(2), progress=False)
    assert [effect.name for effect in path.effects.effects][-1] == "rate"
    assert question(path.history.spec).reference == ("rate", "width")
    with pytest.raises(UsageError, match="differs in nothing"):
        tm.explain(best, {"rate": 1.0, "width": 8}, progress=False)


def searched(objective: Any, space: Any) -> tm.Study:
    quiet: dict[str, Any] = {"store": "memory", "progress": False, "engine": tm.Driver(threads=1), "seed": 0}
    return tm.tune(objective, space, minimize="loss", trials=space.size, **quiet)


def test_a_search_is_explained_from_the_default_that_was_given() -> None:
    def svm(kernel: str = "linear", gamma: float = 0.01) -> float:
        return 0.3 if kernel == "linear" else 0.4 + gamma

    space = tm.Space(kernel="linear") + tm.Space(kernel="rbf", gamma=tm.Grid(0.01, 1.0))
    search = searched(svm, space)
    assert dict(search.best.config) == {"kernel": "linear"}
    path = tm.explain(search, {"kernel": "rbf", "gamma": 10.0}, repeats=2, engine=tm.Driver(threads=1), progress=False)
    assert path.findings.reference[0] == svm("rbf", 10.0)
    assert path.findings.whole[0] == 0.3
    assert "The whole: loss 0.30" in " ".join(str(path).split())
    assert "The way leads from kernel='rbf', gamma=10.0 to kernel='linear', gamma=0.01." in path.to_markdown()
    # what a misspelt name would have meant isn't left out in silence
    with pytest.raises(UnknownName, match=r"no setting \(of default=\) named 'kernal'; did you mean 'kernel'"):
        tm.explain(search, {"kernal": "rbf", "gamma": 1.0}, progress=False)


def test_where_no_path_leads_through_a_union() -> None:
    def svm(kernel: str, **more: float) -> float:
        return 0.3 if kernel == "linear" else 0.4 + more["gamma"]

    search = searched(svm, tm.Space(kernel="linear") + tm.Space(kernel="rbf", gamma=tm.Grid(0.01, 1.0)))
    with pytest.raises(UsageError, match="the best config has no 'gamma', for it is of another part of the space"):
        tm.explain(search, {"kernel": "rbf", "gamma": 10.0}, progress=False)


def test_settings_without_a_default_are_named() -> None:
    def objective(rate: float, weights: Any = ZEROS, depth: int = 1) -> float:
        return rate + sum(weights) + depth

    search = searched(objective, tm.Space(rate=tm.Grid(0.5, 1.0), weights=tm.Grid([[1.0, 2.0]]), depth=2))
    path = tm.explain(search, repeats=2, engine=tm.Driver(threads=1), progress=False)
    assert question(path.history.spec).reference == ("weights", "depth")
    assert "since they have no default: rate=0.5." in path.effects.notes[-1]
    path = tm.explain(search, {"rate": 1.0}, repeats=2, engine=tm.Driver(threads=1), progress=False)
    assert "since they were not in default=: weights=[1.0, 2.0], depth=2." in path.effects.notes[-1]


@pytest.mark.parametrize(
    ("given", "kind", "said"),
    [
        ({"components": []}, UsageError, "nothing to leave out"),
        ({"components": tm.Setting}, UsageError, "is a class"),
        ({"components": [3]}, UsageError, "no component"),
        ({"components": ["age", "fare"]}, UsageError, r"tm\.Columns\('age', 'fare'\)"),
        ({"objective": lambda splt: splt}, ObjectiveError, r"which config= lacks \(did you mean 'split'\?\)"),
        ({"config": {"aa": 1}}, ObjectiveError, "config= has 'aa'"),
        ({"components": "colums"}, UnknownName, "did you mean 'columns'"),
        ({"components": tm.Setting(aa=False)}, UnknownName, "did you mean 'a'"),
        ({"components": tm.Setting(a=True)}, UsageError, "the whole has a=True too"),
        ({"design": "loko"}, UnknownName, "did you mean 'loco'"),
        ({"design": "leave-one-group-out"}, UsageError, "no group to leave out"),
        ({"repeats": 0}, UsageError, "repeats=0"),
        ({"repeats": "often"}, UsageError, "repeats='often'"),
        ({"repeats": "adaptive", "design": "pairwise"}, UsageError, "compares single components"),
        ({"confidence": 95}, UsageError, "confidence=95"),
        ({"repeats": "adaptiv"}, UsageError, "must be a whole number, 1 or more, or 'adaptive'"),
        ({"smallest": -1}, UsageError, "smallest=-1"),
        ({"maximize": None}, UsageError, "which metric decides"),
        ({"components": [tm.Variant("a", b=False), tm.Setting(a=False)]}, UsageError, "two components named 'a'"),
    ],
)
def test_bad_input(given: dict[str, Any], kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=said):
        ablate(**given)


def test_a_search_has_no_effects() -> None:
    study = tm.tune(
        lambda x: x, {"x": tm.Grid(1, 2)}, minimize="x", store="memory", progress=False, engine=tm.Simulated(1)
    )
    assert not isinstance(study, tm.AblationStudy)
    with pytest.raises(StudyError, match="is a search"):
        tm.AblationStudy(study.store, study._ledger).effects  # noqa: B018


KILLED = """
import sys, time, trimma as tm
def fit(a=True, b=True, seed=0, split=0):
    time.sleep(.05)
    return 10 * a + split % 97 / 10 + seed % 89 / 1000
tm.ablate(fit, tm.Setting(a=False, b=False), maximize="score", repeats=20, store=sys.argv[1], name="killed",
          workers=2, progress=False)
"""


def test_a_killed_driver_loses_only_what_was_running(tmp_path: Path) -> None:
    store = tmp_path / "studies.db"
    (tmp_path / "script.py").write_text(KILLED)
    with subprocess.Popen([sys.executable, str(tmp_path / "script.py"), str(store)]) as driver:
        deadline = time.monotonic() + 30
        while not store.exists() or not tm.studies(store) or len(tm.load("killed", store).history.ended) < 10:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        os.kill(driver.pid, signal.SIGKILL)
    study = tm.load("killed", store)
    before = len(study.history.ended)
    assert 10 <= before < 60
    study.resume(workers=2, progress=False)
    assert len(study.trials) == len(study.history.ended) == len(cells(study.history)) == 60
    assert sum(trial.attempt for trial in study.trials) <= 62
    assert conclusions(study)["a"] == "helps"


def test_what_the_objective_does_not_see_is_refused() -> None:
    pd = pytest.importorskip("pandas")
    data = pd.DataFrame({"x": [1, 2], "y": [0, 1]})
    with pytest.raises(ObjectiveError, match="doesn't take 'data'"):
        ablate(fit, tm.Columns("x"), data=data)
    with pytest.raises(ObjectiveError, match="doesn't take 'model', so it wouldn't notice that 'plain' is left out"):
        ablate(fit, tm.Variant("plain", model=3))


def test_the_same_setting_at_several_values() -> None:
    def width(w: int = 3, seed: int = 0) -> float:
        return w + seed % 7 / 100

    study = ablate(width, [tm.Setting(w=1), tm.Setting(w=2)])
    assert [effect.name for effect in study.effects.effects] == ["w=1", "w=2"]


def test_what_is_named_after_a_replacement_is_called_worse_or_better() -> None:
    def width(w: int = 3, seed: int = 0) -> float:
        return w + seed % 7 / 100

    parts = [tm.Setting(w=1), tm.Setting(w=9), tm.Variant("narrow", w=2)]
    study = ablate(width, parts)
    words = {row.component: row.words for row in study.findings.rows}
    assert words == {"w=1": "worse than the whole", "w=9": "better than the whole", "narrow": "worse than the whole"}
    said = " ".join(str(study).split())
    assert "w=1, narrow are worse than the whole; w=9 is better than the whole" in said
    assert not any("overlap" in note for note in study.effects.notes)


def test_pairs_that_stand_in_for_each_other() -> None:
    pytest.importorskip("pandas")

    def either(a: bool = True, b: bool = True, c: bool = True, seed: int = 0) -> float:
        return 5 * (a or b) + c + seed % 7 / 100

    pairs = ablate(either, SETTINGS, design="pairwise").interactions()
    assert list(zip(pairs["component"], pairs["other"], strict=True)) == [("a", "b"), ("a", "c"), ("b", "c")]
    assert pairs["meaning"][0] == "stand in for each other"
    assert pairs["interaction"][0] == pytest.approx(-5, abs=0.3)
    assert ablate(either).interactions().empty


def test_only_a_scheduler_that_stops_early_is_noted() -> None:
    def notes(scheduler: Any) -> list[str]:
        return [note for note in ablate(seed=1, scheduler=scheduler).effects.notes if "scheduler" in note]

    assert notes("run-all") == notes(tm.RunAll()) == []
    assert len(notes(tm.MedianRule())) == 1
