"""What bad input gets at the front door: a message that says what, where, and the fix."""

import re
import sqlite3
from functools import partial

import numpy as np
import pytest

import trimma as tm
from trimma.errors import (
    ObjectiveError,
    StoreError,
    StudyBusy,
    StudyExists,
    StudyFailed,
    StudyNotFound,
    UnknownName,
    UsageError,
)
from trimma.events import WorkerJoined
from trimma.ports import Suggestion
from trimma.stores.checksums import of_name, of_record

SPACE = tm.Space(lr=tm.Float(1e-4, 1.0, log=True))


def fit(lr, report):
    report(loss=lr)


def tune(objective=fit, space=SPACE, **options):
    given = {"minimize": "loss", "trials": 2, "engine": tm.Simulated(2), "store": "memory", "progress": False}
    return tm.tune(objective, space, **{**given, **options})


def says(*parts):
    """A pattern for a message that holds all parts, in order."""
    return "(?s)" + ".*".join(map(re.escape, parts))


def test_an_unknown_scheduler_is_answered_with_the_nearest():
    with pytest.raises(UnknownName, match=says("no scheduler named 'ashaa'", "did you mean 'asha'?", "run-all")):
        tune(scheduler="ashaa")


def test_an_unknown_searcher_and_engine_too():
    with pytest.raises(UnknownName, match=says("no searcher named 'randon'", "'random'")):
        tune(searcher="randon")
    with pytest.raises(UnknownName, match=says("no engine named 'locale'", "'local'")):
        tune(engine="locale")


def test_a_scheduler_that_needs_settings_says_how_to_give_them():
    with pytest.raises(UsageError, match=says("scheduler='asha' needs settings", "tm.Asha(...)", "max_steps")):
        tune(scheduler="asha")


def test_a_class_or_another_object_is_no_scheduler():
    with pytest.raises(UsageError, match=says("scheduler=RunAll is a class", "RunAll(...)")):
        tune(scheduler=tm.RunAll)
    with pytest.raises(UsageError, match=says("scheduler=3 is no scheduler", "bind or plan", "asha, median, run-all")):
        tune(scheduler=3)


def test_a_metric_that_is_never_reported_is_named_with_those_that_were():
    with pytest.raises(StudyFailed, match=says("MetricMissing", "'los' was never reported; what was: loss")):
        tune(minimize="los", trials=10)


def test_an_objective_that_reports_nothing_is_told_how():
    with pytest.raises(StudyFailed, match=says("nothing was: report it, return it, or yield it")):
        tune(lambda lr: None, trials=10)


def test_both_directions_or_none():
    with pytest.raises(UsageError, match=says("maximize='a' and minimize='b'", "give one of them")):
        tune(maximize="a", minimize="b")
    with pytest.raises(UsageError, match="say which metric decides: maximize='accuracy', or minimize='loss'"):
        tune(minimize=None)
    with pytest.raises(UsageError, match="named by a text such as 'accuracy', not True"):
        tune(minimize=True)


def test_a_key_that_the_objective_lacks():
    with pytest.raises(ObjectiveError, match=says("the space has 'lrr', which fit doesn't take", "did you mean 'lr'?")):
        tune(space={"lrr": tm.Float(0, 1)})


def test_an_argument_that_the_space_lacks():
    def wide(lr, width, report):
        report(loss=lr)

    with pytest.raises(ObjectiveError, match=says("wide needs 'width', which the space lacks", "add the key")):
        tune(wide)


def test_a_key_with_a_name_that_trimma_passes():
    with pytest.raises(ObjectiveError, match=says("the space uses the name 'report'", "rename that key")):
        tune(lambda lr, report: 0.0, {"lr": 1, "report": 2})


def test_data_and_model_that_are_asked_for_but_not_given():
    with pytest.raises(ObjectiveError, match=says("asks for 'data': pass data=...")):
        tune(lambda lr, data: 0.0)
    with pytest.raises(ObjectiveError, match=says("asks for 'model': pass model=...")):
        tune(lambda lr, model: 0.0)


def test_no_workers():
    with pytest.raises(UsageError, match="workers=0 must be a whole number, 1 or more"):
        tune(engine="local", workers=0)
    with pytest.raises(UsageError, match="workers=0 must be a whole number"):
        tm.Local(workers=0)
    with pytest.raises(UsageError, match=says("workers=2 beside engine=", "give the number to the engine")):
        tune(workers=2)


def test_a_name_that_exists():
    store = tm.MemoryStore()
    tune(name="taken", store=store)
    with pytest.raises(
        StudyExists, match=says("'taken' already", "resume=True", "tm.load('taken', store=...)", "tm.delete('taken'")
    ):
        tune(name="taken", store=store)


def test_a_name_that_exists_in_a_file(tmp_path):
    tune(name="taken", store=tmp_path / "s.db")
    file = str(tmp_path / "s.db")
    with pytest.raises(StudyExists, match=says(f"tm.load('taken', store={file!r})", f"rm taken --store {file}")):
        tune(name="taken", store=tmp_path / "s.db")


@pytest.mark.parametrize("name", ["", " ", "a\nb", 3])
def test_a_name_that_is_none(name):
    with pytest.raises(UsageError, match="a study's name is a printable text"):
        tune(name=name)


def test_an_objective_that_isnt_callable():
    with pytest.raises(ObjectiveError, match="the objective must be a function, not int: 3"):
        tune(3)


def test_positional_only_arguments():
    with pytest.raises(ObjectiveError, match=says("takes 'lr' by position only", "remove the '/'")):
        tune(lambda lr, /: 0.0)


@pytest.mark.parametrize("trials", [0, -1, 1.5, "10", True])
def test_trials_that_make_no_sense(trials):
    with pytest.raises(UsageError, match="must be a whole number, 1 or more"):
        tune(trials=trials)


def test_a_study_without_an_end():
    with pytest.raises(UsageError, match=says("say when to end: trials=", "timeout=")):
        tune(trials=None)


def test_times_that_make_no_sense():
    with pytest.raises(UsageError, match="timeout=0 must be a number of seconds above zero"):
        tune(timeout=0)
    with pytest.raises(UsageError, match="trial_timeout=-1 must be a number of seconds"):
        tune(trial_timeout=-1)
    with pytest.raises(UsageError, match="Target"):
        tune(target=float("nan"))
    with pytest.raises(UsageError, match="until='soon' is no rule"):
        tune(until="soon")


def test_a_space_that_is_none():
    with pytest.raises(UsageError, match="the space is a tm"):
        tune(space=[1, 2])


def test_settings_of_asha_that_make_no_sense():
    with pytest.raises(UsageError, match="1 <= grace_steps <= max_steps"):
        tm.Asha(max_steps=0)
    with pytest.raises(UsageError, match="must be above 1"):
        tm.Asha(max_steps=9, reduction_factor=1)


def test_an_unknown_study_is_answered_with_the_nearest(tmp_path):
    tune(name="fashion", store=tmp_path / "s.db")
    with pytest.raises(StudyNotFound, match=says("no study named 'fasion'", "did you mean 'fashion'?")):
        tm.load("fasion", store=tmp_path / "s.db")


@pytest.mark.parametrize("name", [None, 3, b"fashion", ["fashion"]])
def test_a_study_that_isnt_named_by_a_text(name, tmp_path):
    for store in ("memory", tmp_path / "none.db"):
        with pytest.raises(UsageError, match=says(f"name={name!r}: a study is named by a text", "tm.studies()")):
            tm.load(name, store)
        with pytest.raises(UsageError, match="a study is named by a text"):
            tm.delete(name, store)


def test_no_store_at_all(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StudyNotFound, match=says("no study 'x', for there is no store at", "TRIMMA_STORE")):
        tm.load("x")
    assert tm.studies() == []
    assert not list(tmp_path.iterdir()), "looking for studies must not make a store"


def test_an_objective_that_cant_be_sent():
    import threading

    lock = threading.Lock()

    def locked(lr, report):
        with lock:
            report(loss=lr)

    with pytest.raises(ObjectiveError, match=says("can't be sent to a worker", "lock", "made inside the objective")):
        tune(locked, engine="local")


def test_more_gpus_than_there_are(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    with pytest.raises(UsageError, match=says("4 workers with gpus=1 need 4 GPUs", "shows 2")):
        tm.Local(workers=4, gpus=1)
    with pytest.raises(UsageError, match="a fraction such as"):
        tm.Local(workers=1, gpus=0.3)


def test_all_trials_failing_at_the_start_stops_the_study_and_shows_that_error_once():
    def broken(lr):
        raise ValueError(f"no such file: {lr}")

    store = tm.MemoryStore()
    with pytest.raises(StudyFailed) as caught:
        tune(broken, trials=100, name="broken", store=store)
    message = str(caught.value)
    assert "the first 3 trials all failed with ValueError" in message
    assert message.count("ValueError: no such file") == 1
    assert "resume(objective=...)" in message
    study = tm.load("broken", store=store)
    assert study.status == "failed"
    assert len(study.trials) <= 4, "a few trials, not a hundred"


def returns_text(lr):
    return "0.5"


def returns_a_list(lr):
    return [lr]


def returns_a_dict_of_lists(lr):
    return {"loss": [lr]}


def reports_a_list(lr, report):
    report(loss=[lr])


def yields_a_list(lr):
    yield {"loss": [lr]}


def yields_and_raises(lr):
    yield {"loss": lr}
    raise ValueError("later")


@pytest.mark.parametrize("engine", [tm.Simulated, tm.Local])
@pytest.mark.parametrize(
    ("objective", "frames"),
    [
        (returns_text, []),
        (returns_a_list, []),
        (returns_a_dict_of_lists, []),
        (reports_a_list, ["reports_a_list"]),
        (yields_a_list, []),
        (yields_and_raises, ["yields_and_raises"]),
    ],
)
def test_a_traceback_shows_the_users_frames_or_none(objective, frames, engine):
    with pytest.raises(StudyFailed) as caught:
        tune(objective, engine=engine(1))
    assert re.findall(r"(?m)^  File .* in (\w+)$", str(caught.value)) == frames
    assert str(caught.value).count("Traceback") == len(frames)
    assert "direct cause" not in str(caught.value)


def test_a_value_that_cant_be_made_a_number_is_shown_with_what_it_raised():
    class Picky:
        def __float__(self):
            raise ValueError("not today")

    with pytest.raises(StudyFailed, match=says("in __float__", "not today", "the metric 'loss' is Picky")):
        tune(lambda lr: Picky())


def test_a_long_chain_of_exceptions_is_shown():
    def failing(lr):
        error = None
        for number in range(5_000):
            error, cause = ValueError(number), error
            error.__context__ = cause
        raise error

    with pytest.raises(StudyFailed, match="4999"):
        tune(failing)


def test_trials_that_fail_differently_dont_stop_the_study():
    def flaky(lr, trial):
        if trial.id % 2:
            raise ValueError("odd")
        return lr

    study = tune(flaky, trials=10)
    assert len(study.trials) == 10
    assert study.best.value is not None


def test_a_rule_that_makes_no_sense():
    with pytest.raises(UsageError, match=says("Target(value='0.9') must be a finite number")):
        tune(target="0.9")
    with pytest.raises(UsageError, match=says("Target(value=nan) must be a finite number")):
        tune(target=float("nan"))
    with pytest.raises(UsageError, match=says("Patience(trials=2.5) must be a whole number, 1 or more")):
        tune(patience=tm.Patience(2.5))
    with pytest.raises(UsageError, match=says("Patience(delta=-1) must be zero or more")):
        tune(patience=tm.Patience(2, delta=-1))
    with pytest.raises(UsageError, match=says("Timeout(seconds=0) must be above zero")):
        tune(until=tm.Timeout(0))


def test_a_store_that_was_named_and_is_not_there_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TRIMMA_STORE", raising=False)
    assert tm.studies() == [], "nobody has run a study here"
    with pytest.raises(StoreError, match=says("there is no store at mistyped.db", "run a study first")):
        tm.studies("mistyped.db")
    monkeypatch.setenv("TRIMMA_STORE", "mistyped.db")
    with pytest.raises(StoreError, match=says("there is no store at mistyped.db", "TRIMMA_STORE")):
        tm.studies()
    assert list(tmp_path.iterdir()) == []


def test_settings_that_do_not_fit_the_space_leave_no_study_behind():
    store = tm.MemoryStore()
    with pytest.raises(UsageError, match=says("a grid over lr=", "GridSearch(points=...)")):
        tune(searcher="grid", store=store)
    assert tm.studies(store) == []


def test_a_study_of_before_the_first_release_is_named_and_can_be_removed(tmp_path):
    path = tmp_path / "studies.db"
    tune(name="old", store=path)
    tune(name="new", store=path)
    seed = of_name("old")
    with sqlite3.connect(path) as connection:
        connection.create_function("checksum", 2, partial(of_record, seed))
        connection.execute(
            """UPDATE event SET record = CAST(replace(record, '{"v":2,', '{"v":1,') AS BLOB)
            WHERE study = (SELECT id FROM study WHERE name = 'old')"""
        )
        connection.execute("UPDATE event SET crc = checksum(number, record) WHERE study = 1")
    connection.close()
    with pytest.raises(
        StoreError, match=says("study 'old' can't be read", "before the first release", " rm old --store ")
    ):
        tm.load("old", path)
    assert [study.status for study in tm.studies(path)] == ["damaged", "finished"]
    assert tm.load("new", path).status == "finished"
    tm.delete("old", path)
    assert [study.name for study in tm.studies(path)] == ["new"]


def test_a_damaged_study_is_listed_and_says_what_is_wrong(tmp_path):
    path = tmp_path / "studies.db"
    for name in ("first", "second", "third"):
        tune(name=name, store=path)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE event SET record = x'00ff' WHERE study = 2 AND number = 4")
    connection.close()
    _, damaged, _ = found = tm.studies(path)
    assert [study.status for study in found] == ["finished", "damaged", "finished"]
    assert repr(damaged) == "<Study 'second' damaged>"
    why = says("study 'second' can't be read", "checksum of record 4", "remove the study")
    assert re.search(why, str(damaged))
    assert " rm second --store " in str(damaged)
    for ask in (
        lambda: damaged.history,
        lambda: damaged.best,
        lambda: damaged.metric,
        lambda: damaged.output(0),
        lambda: damaged.plot.curves(),
        lambda: damaged.stop(),
        lambda: damaged.resume(progress=False),
        lambda: tm.load("second", path),
    ):
        with pytest.raises(StoreError, match=why):
            ask()
    tm.delete("second", path)
    assert [repr(study) for study in tm.studies(path)] == [repr(found[0]), repr(found[2])]


def test_a_handle_comes_back_when_its_store_does():
    class Shaky(tm.MemoryStore):
        events = None

        def read(self, study, after=0):
            yield from super().read(study, after)
            if self.events is not None:
                yield from self.events

    store = Shaky()
    study = tune(name="shaky", store=store)
    whole = repr(study)
    # the second of these can't follow, when the first has been folded in already
    store.events = [WorkerJoined(at=0.0, worker="w"), WorkerJoined(at=0.0, worker="w")]
    with pytest.raises(StoreError, match=says("'shaky' can't be read", "a WorkerJoined, can't follow", "joined twice")):
        study.history  # noqa: B018
    store.events = None
    assert repr(study) == whole
    assert not study.history.workers


def test_a_study_that_was_deleted_meanwhile():
    store = tm.MemoryStore()
    study = tune(name="gone", store=store)
    tm.delete("gone", store)
    with pytest.raises(StudyNotFound, match=says("'gone' was deleted")):
        study.resume(engine=tm.Simulated(1), progress=False)


def test_a_resume_with_a_wrong_argument_leaves_the_study_as_it_was():
    store = tm.MemoryStore()
    shape = tm.ablate(
        lambda a: a,
        tm.Setting(a=0),
        config={"a": 1},
        maximize="score",
        repeats=2,
        engine=tm.Simulated(2),
        store=store,
        progress=False,
    )
    before = list(store.read(shape.name))
    with pytest.raises(UsageError, match=says("trials=0 must be a whole number, 1 or more")):
        shape.resume(repeats=5, trials=0, progress=False)
    with pytest.raises(UnknownName, match=says("no engine named 'locale'")):
        shape.resume(repeats=5, engine="locale", progress=False)
    assert list(store.read(shape.name)) == before


def test_what_is_wrong_with_a_resume_is_told_before_who_else_runs_it():
    study = tune(name="busy", store=tm.MemoryStore())
    with study.store.claim("busy"):
        with pytest.raises(UsageError, match=says("trials=0 must be")):
            study.resume(trials=0)
        with pytest.raises(StudyBusy, match="'busy'"):
            study.resume(trials=3)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (None, "gives a list of Suggestion, empty when there is nothing to try; not None"),
        ([{"lr": 0.1}], r"gives a list of Suggestion; \{'lr': 0.1\} in it is none"),
        ([Suggestion(config={"lr": np.float64(0.1)})], "isn't plain JSON .*numpy.float64"),
    ],
)
@pytest.mark.parametrize("planning", [0.0, 1.0])
def test_what_a_searcher_gives_is_checked(given, said, planning):
    class Searcher:
        def suggest(self, history, free, rng):
            return given

    with pytest.raises((UsageError, StoreError), match=said):
        tune(searcher=Searcher(), engine=tm.Simulated(2, planning=planning))


def test_a_searcher_may_give_any_iterable():
    class Searcher:
        def suggest(self, history, free, rng):
            return (Suggestion(config={"lr": rng.random()}) for _ in range(100))

    assert len(tune(searcher=Searcher(), trials=5).trials) == 5
