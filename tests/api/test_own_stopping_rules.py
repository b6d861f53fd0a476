"""``until=`` may be a function of the study's history."""

from pathlib import Path
from typing import Any

import pytest

import trimma as tm
from trimma.errors import StudyError, StudyFailed, UsageError
from trimma.events import Event, RuleAnswered, TrialFailed, TrialFinished, TrialStopped
from trimma.ledger import Ledger
from trimma.ports import History
from trimma.stopping import own_rules


def fit(x: float) -> float:
    return x


def five(history: History) -> bool:
    return len(history.ended) >= 5


def run(until: Any, **given: Any) -> tm.Study:
    how = {"engine": tm.Simulated(1), "store": "memory", "progress": False, "seed": 1}
    return tm.tune(fit, {"x": tm.Float(0, 1)}, minimize="loss", until=until, **{**how, **given})


def reason(study: tm.Study) -> str:
    assert study.history.closed
    return study.history.closed.reason


def test_a_function_ends_a_study() -> None:
    study = run(five)
    assert len(study.history.ended) == 5
    assert reason(study) == "the rule five was met"
    assert study.status == "finished"


def test_a_rule_may_give_its_reason() -> None:
    study = run(lambda history: f"{len(history.ended)} are plenty" if len(history.ended) > 2 else None)
    assert (len(study.history.ended), reason(study)) == (3, "3 are plenty")


@pytest.mark.parametrize("workers", [1, 3])
def test_it_is_asked_at_each_trial_that_ends(workers: int) -> None:
    asked = []
    study = run(lambda history: asked.append(len(history.ended)), trials=7, engine=tm.Simulated(workers))
    assert asked == [1, 2, 3, 4, 5, 6, 7]
    assert len(study.trials) == 7


@pytest.mark.parametrize(
    ("until", "ended"),
    [
        (tm.TrialCount(3) | five, 3),
        (five | tm.TrialCount(9), 5),
        (five & tm.TrialCount(7), 7),
        (tm.TrialCount(3) & five, 5),
    ],
)
def test_it_combines_with_other_rules(until: Any, ended: int) -> None:
    assert len(run(until).history.ended) == ended


def test_an_answer_that_is_taken_back() -> None:
    """A rule that counts only together with another one may change its mind until then."""
    study = run((lambda history: len(history.ended) == 2) & tm.TrialCount(4), trials=6)
    assert len(study.history.ended) == 6
    answers = [event.reason for event in study.store.read(study.name) if isinstance(event, RuleAnswered)]
    assert [bool(answer) for answer in answers] == [True, False]


def test_an_ablation_takes_one_too() -> None:
    study = tm.ablate(
        fit,
        tm.Setting(x=0.5),
        config={"x": 0.1},
        minimize="loss",
        repeat=tm.Seed(),
        until=five,
        engine=tm.Simulated(1),
        store="memory",
        progress=False,
    )
    assert len(study.history.ended) == 5


def test_the_answers_are_those_of_a_replay() -> None:
    """What a rule answered follows from the events before, so that a crash changes nothing."""
    study = run((lambda history: history.best.value < 0.2) | tm.TrialCount(40), engine=tm.Simulated(3))
    ledger, replayed, stored = Ledger(), list[str](), list[str]()
    for event in study.store.read(study.name):
        ledger.fold(event)
        if isinstance(event, RuleAnswered):
            stored.append(event.reason)
        elif _ends(event) and not stored and ledger.history.best.value < 0.2:  # type: ignore[union-attr]
            replayed.append("the rule " + own_rules(ledger.history.spec.until)[0].name + " was met")
    assert stored
    assert stored == replayed[:1]


def _ends(event: Event) -> bool:
    return isinstance(event, TrialFinished | TrialStopped | TrialFailed)


def test_a_rule_that_raises_ends_the_study_and_loses_nothing(tmp_path: Path) -> None:
    def wrong(history: History) -> bool:
        return len(history.ended) / (len(history.ended) - 3) > 7

    store = tmp_path / "studies.db"
    with pytest.raises(StudyFailed) as failed:
        run(wrong, name="mine", store=store, trials=6)
    told = str(failed.value)
    assert "wrong raised ZeroDivisionError" in told
    assert "All trials are kept" in told
    assert "len(history.ended) / (len(history.ended) - 3)" in told, "the line that raised"
    assert "own_rules.py" not in told
    assert f"tm.load('mine', store={str(store)!r}).resume(until=...)" in told
    study = tm.load("mine", store)
    assert len(study.history.ended) == 3
    study.resume(until=five, engine=tm.Simulated(1), progress=False)
    assert (len(study.history.ended), reason(study)) == (5, "the rule five was met")


def test_a_function_is_kept_with_the_study(tmp_path: Path) -> None:
    run(five, name="mine", store=tmp_path / "studies.db")
    study = tm.load("mine", tmp_path / "studies.db").resume(engine=tm.Simulated(1), progress=False)
    assert (len(study.history.ended), reason(study)) == (5, "the rule five was met")
    study.resume(trials=8, engine=tm.Simulated(1), progress=False)
    assert reason(study) == "all 8 trials were run", "a rule that was met is lifted, as others are"


def test_a_rule_that_is_not_met_yet_holds_after_a_resume(tmp_path: Path) -> None:
    store = tmp_path / "studies.db"
    run(five, name="mine", store=store, trials=3)
    study = tm.load("mine", store).resume(trials=50, engine=tm.Simulated(1), progress=False)
    assert (len(study.history.ended), reason(study)) == (5, "the rule five was met")


def test_what_was_not_kept_is_asked_for(tmp_path: Path) -> None:
    class Holds:
        def __init__(self) -> None:
            self.file = (tmp_path / "file").open("w")

        def __call__(self, history: History) -> bool:
            return len(history.ended) >= 4

    store = tmp_path / "studies.db"
    rule = Holds()
    run(rule, name="mine", store=store)
    rule.file.close()
    study = tm.load("mine", store)
    with pytest.raises(StudyError, match=r"ends by until=Holds, which wasn't kept with it: give it again"):
        study.resume(engine=tm.Simulated(1), progress=False)
    study.resume(trials=6, engine=tm.Simulated(1), progress=False)
    assert len(study.history.ended) == 6


def test_a_function_that_is_given_at_a_resume_is_not_mixed_up_with_the_kept_one(tmp_path: Path) -> None:
    store = tmp_path / "studies.db"
    run(lambda history: len(history.ended) >= 2, name="mine", store=store)
    study = tm.load("mine", store)
    study.resume(until=lambda history: len(history.ended) >= 4, engine=tm.Simulated(1), progress=False)
    assert len(study.history.ended) == 4
    with pytest.raises(StudyError, match="give it again"):
        study.resume(engine=tm.Simulated(1), progress=False)


def test_the_same_call_again_asks_the_rule_again(tmp_path: Path) -> None:
    store = tmp_path / "studies.db"
    for _ in range(2):
        study = run(five, name="mine", store=store, resume=True)
        assert (len(study.history.ended), reason(study)) == (5, "the rule five was met")


@pytest.mark.parametrize(
    ("until", "message"),
    [
        (3, "no rule"),
        (tm.Timeout, "no rule"),
        (tm.Timeout(5) | 3, "until=3 is no rule"),  # type: ignore[operator]
        (lambda: True, "must take one argument, the study's history"),
        ((lambda history: True) | tm.Timeout(5) | (lambda history: False), "two rules of the name"),
    ],
)
def test_what_is_no_rule(until: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        run(until)
