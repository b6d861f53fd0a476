"""`tune` end to end, on the simulated engine where only decisions matter and on real workers where they do."""

import json
import math
import os
import re
import subprocess
import sys
from contextlib import contextmanager

import numpy as np
import pytest

import trimma as tm
from trimma.errors import StudyError, StudyMismatch

SPACE = tm.Space(lr=tm.Float(1e-4, 1.0, log=True), width=tm.Int(1, 9))


def fit(lr, width, report):
    for step in range(9):
        report(loss=lr / (step + 1), size=width)


def tune(objective=fit, space=SPACE, **options):
    given = {
        "minimize": "loss",
        "trials": 20,
        "engine": tm.Simulated(3, straggle=0.3),
        "store": "memory",
        "progress": False,
        "seed": 1,
    }
    return tm.tune(objective, space, **{**given, **options})


def test_the_best_is_the_least_when_minimizing_and_the_greatest_when_maximizing():
    least, greatest = tune(), tune(minimize=None, maximize="loss")
    assert least.best.value == min(trial.value for trial in least.trials)
    assert greatest.best.value == max(trial.value for trial in greatest.trials)
    assert least.best.config["lr"] == min(trial.config["lr"] for trial in least.trials)


def test_exactly_the_number_of_trials_asked_for_is_run():
    study = tune(trials=17, engine=tm.Simulated(5, straggle=1.0, crash=0.02), max_attempts=50)
    assert len(study.trials) == 17
    assert len(study.history.ended) == 17


def test_nan_and_infinity_are_recorded_and_never_best():
    def wild(lr, trial):
        return {0: math.nan, 1: -math.inf, 2: 5.0}.get(trial.id, 7.0)

    study = tune(wild, {"lr": tm.Float(0, 1)}, trials=4)
    assert study.best.id == 2
    assert math.isnan(study.trials[0].value)
    assert study.trials[1].value == -math.inf


def test_without_a_finite_value_best_says_so():
    study = tune(lambda lr: math.nan, {"lr": tm.Float(0, 1)}, trials=3)
    with pytest.raises(StudyError, match=r"no trial of study .* finite 'loss' \(trials: 3 done\)"):
        _ = study.best


@pytest.mark.parametrize(
    "objective",
    [
        lambda lr: lr,
        lambda lr: {"loss": lr, "other": 1},
        lambda params: params["lr"],
        lambda **config: config["lr"],
        lambda lr, report: report(lr),
        lambda lr, report: report(loss=lr),
        lambda lr, trial: trial.report(loss=lr) if hasattr(trial, "report") else lr,
    ],
    ids=["number", "dict", "params", "keywords", "report", "report by name", "trial.report"],
)
def test_each_way_to_give_a_value(objective):
    study = tune(objective, {"lr": tm.Grid(0.5, 0.25)}, trials=None)
    assert study.best.value == 0.25


def test_a_generator_yields_metrics_and_may_name_its_steps():
    def steps(lr):
        yield {"loss": 3 * lr, "step": 10}
        yield {"loss": 2 * lr, "step": 20}
        yield lr

    study = tune(steps, {"lr": tm.Grid(1.0)}, trials=None)
    curve = study.best.curve
    assert list(curve.steps) == [10, 20, 21]
    assert list(curve.series("loss").values) == [3.0, 2.0, 1.0]


def test_the_returned_value_counts_more_than_the_last_report():
    def both(lr, report):
        report(loss=1.0)
        return 0.5

    assert tune(both, {"lr": 1}, trials=1).best.value == 0.5


def test_data_and_model_reach_the_objective():
    study = tune(lambda lr, data, model: data * model, {"lr": 1}, trials=1, data=6, model=7)
    assert study.best.value == 42


def test_asha_saves_steps_and_keeps_the_best():
    everything, halved = tune(trials=60), tune(trials=60, scheduler=tm.Asha(max_steps=9))
    steps = [sum(len(trial.curve) for trial in study.trials) for study in (everything, halved)]
    assert steps[1] < steps[0] / 2
    assert halved.best.config == everything.best.config


def test_rules_for_ending():
    assert tune(trials=None, timeout=30.0).history.active_seconds(0) == pytest.approx(30.0, abs=5)
    reached = tune(trials=1000, target=0.001)
    assert reached.best.value <= 0.001
    assert "target" in reached.history.closed.reason
    patient = tune(trials=1000, patience=tm.Patience(10, delta=1e-3))
    assert len(patient.trials) < 1000
    both = tune(trials=1000, until=tm.Patience(3) & tm.TrialCount(40))
    assert len(both.trials) >= 40


def test_a_grid_runs_every_config_once_and_in_order():
    study = tune(lambda a, b: a + b, tm.Space(a=tm.Grid(1, 2), b=tm.Grid(3, 4)), trials=None, engine=tm.Simulated(1))
    assert [trial.config for trial in study.trials] == [
        {"a": 1, "b": 3},
        {"a": 1, "b": 4},
        {"a": 2, "b": 3},
        {"a": 2, "b": 4},
    ]


def test_one_failing_trial_is_recorded_with_its_traceback_and_the_study_goes_on():
    def once(lr, trial):
        if trial.id == 3:
            raise RuntimeError("the disk is full")
        return lr

    study = tune(once, {"lr": tm.Float(0, 1)}, trials=6, engine=tm.Local(workers=2))
    failed = study.trials[3].failure
    assert (failed.kind, failed.message) == ("RuntimeError", "the disk is full")
    assert "in once" in failed.traceback
    assert "runner.py" not in failed.traceback
    assert len(study.history.ended) == 6


def test_the_same_seed_gives_the_same_configs_on_real_workers():
    first, second = (tune(lambda lr, width: lr, trials=8, engine=tm.Local(workers=2), seed=7) for _ in range(2))
    assert [trial.config for trial in first.trials] == [trial.config for trial in second.trials]


def test_what_a_trial_prints_and_logs_is_kept_with_it():
    def chatty(lr, trial):
        print("value", lr)
        trial.log("logged", 3)
        os.write(1, b"past python\n")
        return lr

    study = tune(chatty, {"lr": tm.Grid(1, 2)}, trials=None, engine=tm.Local(workers=1))
    assert study.output(0) == "value 1\nlogged 3\npast python\n"
    assert "value 2" in study.output(1)
    with pytest.raises(StudyError, match=r"there is no trial 2: study .* has trials 0 to 1"):
        study.output(2)


def test_configs_are_json_and_numpy_scalars_become_pythons():
    space = tm.Space(a=tm.Grid(np.int64(3), np.float32(0.5)), b={"c": np.bool_(True)}, d=(1, 2, 3))
    study = tune(lambda a, b, d: 1.0, space, trials=None)
    assert json.loads(json.dumps(study.trials[0].config)) == {"a": 3, "b": {"c": True}, "d": [1, 2, 3]}


@pytest.mark.parametrize("engine", [tm.Simulated(1), tm.Driver(1), tm.Local(1)], ids=lambda each: type(each).__name__)
def test_tuples_are_tuples_everywhere(tmp_path, engine):
    def needs_tuples(pair, shape, nested, trial):
        assert trial.config == {"pair": pair, "shape": shape, "nested": nested}
        assert type(shape) is type(nested["betas"]) is tuple
        return {(1, 1): 1.0, (1, 2): 2.0, (1, 3): 3.0}[pair]

    space = tm.Space(
        pair=tm.Choice((1, 1), (1, 2), (1, 3)),
        shape=tm.Grid((8,), (8, 8)),
        nested={"betas": (tm.Float(0.8, 0.9), 0.99)},
    )
    store = tmp_path / "s.db"
    tune(needs_tuples, space, trials=4, engine=engine, store=store, name="tuples", seed=2)
    study = tm.load("tuples", store=store).resume(trials=8, engine=engine, progress=False)
    assert [trial.failure for trial in study.trials] == [None] * 8
    stored = tm.load("tuples", store=store)
    best = stored.best.config
    assert best == {"pair": (1, 1), "shape": best["shape"], "nested": {"betas": (best["nested"]["betas"][0], 0.99)}}
    assert set(stored.to_pandas()["config.pair"]) <= {(1, 1), (1, 2), (1, 3)}
    stored.export(tmp_path / "rows.json")
    rows = json.loads((tmp_path / "rows.json").read_text())
    assert {tuple(row["config.shape"]) for row in rows} == {(8,), (8, 8)}
    asked_again = tune(needs_tuples, space, trials=8, store=store, name="tuples", seed=2, resume=True, engine=engine)
    assert len(asked_again.trials) == 8
    with pytest.raises(StudyMismatch, match=r"pair was Choice\(\(1, 1\)"):
        tune(
            needs_tuples,
            tm.Space(pair=tm.Grid([(1, 1)]), shape=1, nested=1),
            store=store,
            name="tuples",
            seed=2,
            resume=True,
        )


def test_a_study_is_resumed_for_more_trials(tmp_path):
    first = [trial.config for trial in tune(store=tmp_path / "s.db", name="more", trials=5).trials]
    again = tm.load("more", store=tmp_path / "s.db").resume(trials=12, engine=tm.Simulated(2), progress=False)
    assert len(again.trials) == 12
    assert [trial.config for trial in again.trials[:5]] == first
    whole = tune(trials=12)
    assert [trial.config for trial in again.trials] == [trial.config for trial in whole.trials]


def test_other_limits_at_a_resume_dont_change_which_branches_come(tmp_path):
    path, space = tmp_path / "s.db", {"cell": tm.Grid(*range(100)), "lr": tm.Float(0, 1)}
    tune(lambda cell, lr: lr, space, store=path, name="grid", trials=20)
    for trials in (40, 200, 100):
        tm.load("grid", store=path).resume(trials=trials, target=-1.0, engine=tm.Simulated(2), progress=False)
    cells = [trial.config["cell"] for trial in tm.load("grid", store=path).trials[:100]]
    assert sorted(cells) == list(range(100))


def test_a_finished_study_that_is_resumed_as_it_was_runs_nothing(tmp_path):
    tune(store=tmp_path / "s.db", name="done", trials=5)
    again = tm.load("done", store=tmp_path / "s.db").resume(engine=tm.Simulated(2), progress=False)
    assert len(again.trials) == 5
    assert again.status == "finished"


def test_running_the_same_script_again_with_resume_goes_on(tmp_path):
    tune(store=tmp_path / "s.db", name="script", trials=5)
    assert len(tune(store=tmp_path / "s.db", name="script", trials=8, resume=True).trials) == 8


def test_a_resume_that_would_ask_something_else_is_refused(tmp_path):
    path = tmp_path / "s.db"
    tune(store=path, name="fixed", trials=5)
    study = tm.load("fixed", store=path)
    with pytest.raises(StudyMismatch, match=r"the metric was minimize='loss', is maximize='loss'"):
        study.resume(maximize="loss", engine=tm.Simulated(1))
    with pytest.raises(StudyMismatch, match=r"lr was Float\(0.0001, 1.0, log=True\), is Float\(0.0, 1.0\)"):
        study.resume(space={"lr": tm.Float(0, 1), "width": tm.Int(1, 9)}, engine=tm.Simulated(1))
    with pytest.raises(StudyMismatch, match=r"the scheduler was RunAll\(\), is Asha\(max_steps=9"):
        tune(store=path, name="fixed", scheduler=tm.Asha(max_steps=9), resume=True)
    with pytest.raises(StudyMismatch, match="the seed was 1, is 2"):
        tune(store=path, name="fixed", seed=2, resume=True)
    assert len(tm.load("fixed", store=path).trials) == 5


def test_a_mended_objective_takes_the_place_of_a_broken_one(tmp_path):
    path = tmp_path / "s.db"

    def broken(lr, width):
        raise ValueError("oh")

    with pytest.raises(tm.errors.StudyFailed):
        tune(broken, store=path, name="mend", trials=6)
    study = tm.load("mend", store=path)
    failed = len(study.history.ended)
    study.resume(objective=lambda lr, width: lr, engine=tm.Simulated(2), progress=False)
    assert study.status == "finished"
    assert len(study.trials) == 6
    assert study.history.counts["done"] == 6 - failed


def test_a_reader_sees_a_running_study_grow(tmp_path):
    path = tmp_path / "s.db"
    seen = []

    def observe(lr, width):
        reader = tm.load("live", store=path)
        seen.append((reader.status, len(reader.history.ended)))
        return lr

    tune(observe, store=path, name="live", trials=4, engine=tm.Simulated(1))
    assert seen == [("running", 0), ("running", 1), ("running", 2), ("running", 3)]


def test_a_study_is_shown_in_one_line_and_printed_in_full(tmp_path):
    path = tmp_path / "s.db"
    study = tune(lambda lr: lr, {"lr": tm.Grid(0.5, 1.0)}, trials=None, store=path, name="halves")
    line = "<Study 'halves' finished: 2 done; best loss 0.5>"
    assert repr(study) == line
    assert repr(tm.studies(path)) == f"[{line}]"
    assert str(study).startswith("halves finished after ")
    assert "Best loss 0.5, from trial 0" in str(study)
    assert "finished" in study._repr_html_()


def test_a_study_whose_driver_died_is_called_lost_everywhere(tmp_path):
    whole = tune(store="memory", name="whole", trials=4)
    store = tm.SQLiteStore(tmp_path / "s.db")
    store.append("whole", list(whole.store.read("whole"))[:-1], expected=0)
    study = tm.load("whole", store)
    assert study.status == "lost"
    assert repr(study).startswith("<Study 'whole' lost: ")
    assert str(study).startswith("whole lost after ")
    assert "lost: its driver died" in study._repr_html_()
    with store.claim("whole"):
        assert study.status == "running"
        assert repr(study).startswith("<Study 'whole' running: ")
        assert str(study).startswith("whole running for ")


def test_a_view_of_ones_own(tmp_path, capsys):
    ended = []

    @contextmanager
    def view(engine):
        ended.append(type(engine))
        yield lambda events, history, now: ended.append(len(history.ended))
        ended.append("over")

    study = tune(trials=2, progress=view, engine=tm.Simulated(1), store=tmp_path / "s.db", name="seen")
    assert (ended[0], ended[-2], ended[-1]) == (tm.Simulated, 2, "over")
    study.resume(trials=3, progress=view, engine=tm.Simulated(1))
    assert ended[-2:] == [3, "over"]
    said = capsys.readouterr().err
    assert re.fullmatch(r"trimma: loading the program of study 'seen' that user '\w+' has kept in .*s\.db\n", said)


@pytest.mark.parametrize("breaks", ["before", "at once", "later", "at the end"])
def test_a_view_that_breaks_does_not_end_the_study(breaks):
    seen = []

    @contextmanager
    def view(engine):
        if breaks == "before":
            raise BrokenPipeError("nobody reads")

        def observe(events, history, now):
            seen.append(len(history.ended))
            if breaks == "at once" or (breaks == "later" and len(history.ended) > 2):
                raise BrokenPipeError("nobody reads")

        yield observe
        seen.append("left")
        if breaks == "at the end":
            raise BrokenPipeError("nobody reads")

    with pytest.warns(RuntimeWarning, match="goes on, but can't be shown(.|\n)*BrokenPipeError: nobody reads") as told:
        study = tune(trials=6, progress=view, engine=tm.Simulated(1))
    assert study.status == "finished"
    assert len(study.trials) == 6
    assert len(told) == 1
    assert seen[-1:] == {"before": [], "at once": seen[:1], "later": [3], "at the end": ["left"]}[breaks]


def test_a_view_that_breaks_is_left():
    left = []

    class View:
        def __enter__(self):
            return self

        def __call__(self, events, history, now):
            raise ValueError("broken")

        def __exit__(self, kind, error, trace):
            left.append(kind)

    # a warning that is an error ends the study, as it was asked to, but leaves the terminal in order
    with pytest.raises(RuntimeWarning, match="ValueError: broken"):
        tune(trials=6, progress=lambda engine: View(), engine=tm.Simulated(1))
    assert left == [ValueError]


def test_a_terminal_that_is_gone_does_not_end_the_study(tmp_path):
    script = f"""
import trimma as tm
space = {{"x": tm.Float(0, 1)}}
tm.tune(lambda x: x, space, minimize="x", trials=5, name="piped", store={str(tmp_path / "s.db")!r})
print("done")
"""
    # its exit code is Python's: 120 where it finds at the very end that standard error can't be flushed
    run = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    run.stderr.close()
    assert run.stdout.read() == "done\n"
    run.stdout.close()
    run.wait(timeout=50)
    assert len(tm.load("piped", tmp_path / "s.db").trials) == 5


def test_deleting(tmp_path):
    path = tmp_path / "s.db"
    tune(store=path, name="old")
    tune(store=path, name="new")
    assert [study.name for study in tm.studies(path)] == ["old", "new"]
    tm.delete("old", path)
    assert [study.name for study in tm.studies(path)] == ["new"]
    tune(store=path, name="old", trials=3)
    assert len(tm.load("old", path).trials) == 3


def test_numbers_may_be_numpys():
    study = tune(trials=np.int64(50), seed=np.int64(3), timeout=np.float64(9), target=np.float32(1e-4), patience=40)
    assert study.history.closed is not None


def test_a_trial_shows_what_it_is():
    trial = tune(lambda lr: lr, {"lr": tm.Grid(0.5)}, trials=None).best
    assert repr(trial) == "Trial(0, done, value=0.5, config={'lr': 0.5})"
