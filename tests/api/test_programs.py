"""What travels to the workers, and what a study keeps of it: data large and small, and what can't be loaded there."""

import sys
import threading
import time
from pathlib import Path
from types import ModuleType

import msgspec
import numpy as np
import pytest

import trimma as tm
from trimma.api import recipe_pickle
from trimma.errors import EngineError, ObjectiveError, StudyError
from trimma.worker import bundle, versions

MIB = 2**20
TWO = {"x": tm.Grid(1, 2)}


def tune(objective, engine=None, **more):
    more = {"space": TWO, "minimize": "loss", "store": "memory", "progress": False} | more
    return tm.tune(objective, more.pop("space"), engine=engine or tm.Local(2), **more)


def memory(field):
    """A field of this process's memory, in bytes."""
    for line in Path("/proc/self/smaps_rollup").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    raise LookupError(field)


def test_two_runners_share_one_copy_of_their_data(tmp_path):
    data = np.ones(200 * MIB // 8)

    def fit(x, data):
        total = float(data.sum())
        # both have read all of it by now, and go on with it at the same time
        (tmp_path / str(x)).touch()
        while not (tmp_path / str(3 - x)).exists():
            time.sleep(0.01)
        own = memory("Anonymous")
        shared = memory("Rss") - own
        data[: MIB // 8] = x
        return {
            "loss": total,
            "after": float(data.sum()),
            "own": own,
            "shared": shared,
            "new": memory("Anonymous") - own,
        }

    for trial in tune(fit, data=data).trials:
        told = trial.result
        assert told["own"] < 100 * MIB
        assert told["shared"] > 200 * MIB
        assert told["new"] < 3 * MIB, "what was written on is this runner's own"
        assert told["loss"] == data.size
        assert told["after"] == data.size + (trial.config["x"] - 1) * MIB // 8, "and what the other wrote isn't seen"
    assert (data == 1).all()


@pytest.mark.parametrize("data", [Path("some/where"), "s3://bucket/sales", lambda: 7], ids=["path", "uri", "factory"])
def test_paths_uris_and_functions_are_handed_over_as_they_are(data):
    kind, shown = type(data), str(data)

    def fit(x, data):
        assert type(data) is kind
        return float(data()) if callable(data) else float(data == kind(shown))

    assert tune(fit, data=data, trials=1).best.value == (7 if callable(data) else 1)


@pytest.fixture
def small(monkeypatch):
    """A limit to what is kept, so that tests need no large data."""
    monkeypatch.setattr(recipe_pickle, "KEPT_BYTES", MIB)


@pytest.mark.usefixtures("small")
def test_a_study_with_large_data_asks_for_it_when_it_goes_on(tmp_path):
    store = tmp_path / "studies.db"
    data = np.ones(MIB)
    # one that would run without data, and be wrong
    tune(lambda x, data=None: x if data is None else -x * data.sum(), data=data, store=store, name="s", trials=1)
    assert store.stat().st_size < MIB
    with pytest.raises(StudyError, match=r"data of study 's' couldn't be kept.*tm\.load\('s'\)\.resume\(data=\.\.\.\)"):
        tm.load("s", store).resume(trials=2, progress=False)
    study = tm.load("s", store).resume(trials=2, data=data, progress=False)
    assert study.best.value == -2 * MIB
    assert tm.load("s", store).resume(trials=2, objective=lambda x: x, progress=False), "it needs none"


@pytest.mark.usefixtures("small")
@pytest.mark.filterwarnings("ignore:data= isn't the data with which:RuntimeWarning")
def test_of_data_and_model_only_what_is_large_is_asked_for(tmp_path):
    store = tmp_path / "studies.db"
    large, other = np.ones(MIB), np.zeros(MIB)

    def fit(x, data, model):
        return float(np.sum(data) + np.sum(model))

    lost = {"a": ("data",), "b": ("model",), "c": ("data", "model")}
    for name, parts in lost.items():
        given = {part: large if part in parts else 5 for part in ("data", "model")}
        tune(fit, store=store, name=name, trials=1, **given)
        with pytest.raises(StudyError, match=f"the {' and the '.join(parts)} of study"):
            tm.load(name, store).resume(trials=2, progress=False)
        study = tm.load(name, store).resume(trials=2, progress=False, **dict.fromkeys(parts, other))
        assert study.best.value == (5 if len(parts) == 1 else 0)


@pytest.mark.usefixtures("small")
def test_a_program_that_is_large_by_itself_is_not_kept(tmp_path):
    store = tmp_path / "studies.db"
    held = np.ones(MIB)
    tune(lambda x: x + held[0], store=store, name="s", trials=1)
    with pytest.raises(StudyError, match=r"too large to be kept: go on with tm\.tune\("):
        tm.load("s", store).resume(progress=False)


def test_data_that_can_not_be_pickled_is_asked_for_where_it_need_not_be(tmp_path):
    store = tmp_path / "studies.db"
    lock = threading.Lock()
    tune(lambda x, data: x + data.locked(), engine=tm.Driver(1), data=lock, store=store, name="s", trials=1)
    with pytest.raises(StudyError, match="give it again"):
        tm.load("s", store).resume(trials=2, engine=tm.Driver(1), progress=False)
    study = tm.load("s", store).resume(trials=2, engine=tm.Driver(1), data=lock, progress=False)
    assert len(study.trials) == 2


def test_a_module_that_the_workers_lack_is_named_with_the_fix(monkeypatch):
    monkeypatch.setitem(sys.modules, "ghost_module", ModuleType("ghost_module"))
    import ghost_module  # type: ignore[import-not-found]

    with pytest.raises(ObjectiveError, match=r"needs the module 'ghost_module', which isn't installed.*install it"):
        tune(lambda x: ghost_module.loss(x))


def test_workers_with_another_python_are_refused_and_both_versions_are_named(monkeypatch):
    other = msgspec.structs.replace(versions.versions_here(), python="3.99.0")
    monkeypatch.setattr(bundle, "versions_here", lambda: other)
    with pytest.raises(
        EngineError, match=r"driver runs Python 3\.99\.0, but the worker on .* runs Python 3\.\d+"
    ) as said:
        tune(lambda x: x)
    assert "Traceback" not in str(said.value)


@pytest.mark.parametrize("engine", [tm.Local, tm.Driver, tm.Simulated])
def test_each_trial_gets_a_model_of_its_own(engine):
    class Model:
        trained = 0

    def fit(x, model):
        model.trained += 1
        return model.trained

    space = tm.Space(x=tm.Grid(1, 2, 3))
    study = tm.tune(fit, space, minimize="y", model=Model(), engine=engine(1), store="memory", progress=False)
    assert [trial.value for trial in study.trials] == [1, 1, 1]


def test_what_makes_models_is_handed_over_as_it_is():
    def fit(x, model):
        return len(model(x))

    space = tm.Space(x=tm.Grid(1, 2))
    study = tm.tune(fit, space, minimize="y", model=range, engine=tm.Local(1), store="memory", progress=False)
    assert [trial.value for trial in study.trials] == [1, 2]


@pytest.mark.parametrize("engine", [tm.Local, tm.Driver, tm.Simulated])
def test_a_trial_may_take_columns_out_of_its_data(engine):
    pd = pytest.importorskip("pandas")

    def fit(x, data):
        labels = data["train"].pop("y")
        data["more"] = data["train"]
        data["train"]["z"] = x
        return float(labels.sum()) + len(data["more"].columns)

    data = {"train": pd.DataFrame({"x": [1, 2], "y": [3, 4]})}
    space = tm.Space(x=tm.Grid(1, 2, 3))
    study = tm.tune(fit, space, minimize="s", data=data, engine=engine(1), store="memory", progress=False)
    assert [trial.value for trial in study.trials] == [9.0, 9.0, 9.0]
    assert list(data["train"].columns) == ["x", "y"]
