"""Each trial has a folder of its own for what it saves. Those that aren't kept are removed."""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import trimma as tm
from trimma.errors import StoreError, StudyBusy, StudyExists, StudyFailed, StudyMismatch, UsageError
from trimma.objective import StopTrial
from trimma.stores import MemoryStore, SQLiteStore, sqlite
from trimma.trial import State
from trimma.trial_folders import TrialFolders
from trimma.views.folders_to_keep import folders_to_keep
from trimma.worker.attempt_folder import AttemptFolder

SPACE = {"x": tm.Grid(3, 1, 2, 5, 4)}


def fit(x: float, trial: Any) -> float:
    assert list(trial.folder.iterdir()) == []
    assert trial.folder.is_absolute()
    (trial.folder / "model").write_text(str(x))
    return x


def run(store: Any, objective: Any = fit, **given: Any) -> tm.Study:
    how = {"engine": tm.Simulated(2), "progress": False, "seed": 1, "name": "mine"}
    return tm.tune(objective, given.pop("space", SPACE), minimize="loss", store=store, **{**how, **given})


def kept(folder: Path) -> dict[str, str]:
    """What the models say, by the names of the trials' folders."""
    return {str(path.relative_to(folder).parent.parent): path.read_text() for path in folder.glob("*/*/model")}


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "studies.db"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "studies.db-trials" / "mine"


def test_the_best_trial_keeps_its_folder(store: Path, folder: Path) -> None:
    study = run(store)
    assert study.best.folder == folder / "1" / "attempt-1"
    assert kept(folder) == {"1": "1"}
    assert sorted(path.name for path in folder.iterdir()) == [".study", "1"]
    assert f"saved in {study.best.folder}".replace(" ", "") in "".join(str(study).split())


@pytest.mark.parametrize(
    ("keep", "models"),
    [(2, {"1": "1", "2": "2"}), ("all", {"0": "3", "1": "1", "2": "2", "3": "5", "4": "4"}), ("none", {}), (0, {})],
)
def test_how_many_are_kept(store: Path, folder: Path, keep: Any, models: dict[str, str]) -> None:
    study = run(store, keep=keep)
    assert kept(folder) == models
    assert folder.parent.exists() is bool(models)
    assert ("It saved in" in str(study)) is bool(models)


def test_a_folder_that_the_user_names(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    study = run(store, folders="runs")
    assert study.best.folder == tmp_path / "runs" / "mine" / "1" / "attempt-1"
    assert (study.best.folder / "model").read_text() == "1"
    tm.delete("mine", store)
    assert list((tmp_path / "runs").iterdir()) == []


def test_names_that_are_no_names_of_folders(store: Path, tmp_path: Path) -> None:
    studies = [run(store, name=name) for name in ("a/b", "a_b", "../c", "größe 1")]
    folders = [study.best.folder for study in studies]
    assert len(set(folders)) == 4
    for found in folders:
        assert found is not None
        assert found.parents[2] == tmp_path / "studies.db-trials"
        assert (found / "model").read_text() == "1"


def test_a_store_in_memory_has_them_as_long_as_it_is_there() -> None:
    study = run("memory")
    assert study.best.folder is not None
    assert (study.best.folder / "model").read_text() == "1"


def test_a_store_that_can_not_be_told_from_others_needs_a_place(tmp_path: Path) -> None:
    class Unhashable(MemoryStore):
        __hash__ = None  # type: ignore[assignment]

    with pytest.raises(UsageError, match="name a folder with folders="):
        run(Unhashable())
    assert run(Unhashable(), folders=tmp_path).best.folder == tmp_path / "mine" / "1" / "attempt-1"


def test_nothing_is_left_where_no_trial_asked_for_its_folder(store: Path, folder: Path) -> None:
    study = run(store, lambda x, trial: x + 0 * trial.id)
    assert study.best.folder is None
    assert not folder.parent.exists()
    run(store, lambda x: x, name="without")
    assert not folder.parent.exists()


def test_what_failed_is_not_kept_and_what_was_stopped_gives_way_to_what_is_done(store: Path, folder: Path) -> None:
    def partly(x: float, trial: Any, report: Any) -> None:
        report(x)
        (trial.folder / "model").write_text(str(x))
        if x == 1:
            raise StopTrial("flat")
        if x == 2:
            raise ValueError

    study = run(store, partly, engine=tm.Simulated(1), space={"x": tm.Grid(1, 2, 3)})
    assert [trial.state for trial in study.trials] == [State.STOPPED, State.FAILED, State.DONE]
    assert kept(folder) == {"2": "3"}
    assert study.trials[0].folder == folder / "0" / "attempt-1"


def test_a_stopped_trial_keeps_its_folder_as_long_as_none_is_done(store: Path, folder: Path) -> None:
    def stops(x: float, trial: Any, report: Any) -> None:
        report(x)
        (trial.folder / "model").write_text(str(x))
        raise StopTrial("flat")

    study = run(store, stops)
    assert kept(folder) == {"1": "1"}
    assert study.best.folder == folder / "1" / "attempt-1"


def test_another_attempt_begins_with_an_empty_folder(store: Path, folder: Path) -> None:
    def flaky(x: float, trial: Any) -> float:
        assert list(trial.folder.iterdir()) == []
        (trial.folder / "model").write_text(f"{x} {trial.attempt}")
        if trial.attempt == 1:
            raise OSError
        return x

    study = run(store, flaky, retry=1, keep="all", engine=tm.Local(1), space={"x": tm.Grid(1, 2)})
    assert kept(folder) == {"0": "1 2", "1": "2 2"}
    assert [trial.folder for trial in study.trials] == [folder / number / "attempt-2" for number in ("0", "1")]
    assert [path.name for path in folder.glob("*/*")] == ["attempt-2"] * 2


def test_folders_of_killed_trials_and_dead_processes_are_removed(store: Path, folder: Path) -> None:
    def dies(x: float, trial: Any, report: Any) -> float:
        (trial.folder / "model").write_text(str(x))
        if x == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        if x == 2:
            report(0.0)
            time.sleep(60)
        return x

    study = run(
        store, dies, keep="all", engine=tm.Local(2), max_attempts=2, trial_timeout=3, space={"x": tm.Grid(1, 2, 3)}
    )
    assert [trial.state for trial in study.trials] == [State.FAILED, State.FAILED, State.DONE]
    assert kept(folder) == {"2": "3"}
    assert sorted(path.name for path in folder.iterdir()) == [".study", "2"]


SCRIPT = """
import sys, time
import trimma as tm

def fit(x, trial):
    (trial.folder / "model").write_text(str(x))
    if x == 2:
        open({marker!r}, "w").close()
        time.sleep(600)
    return x

tm.tune(fit, dict(x=tm.Grid(1, 2)), minimize="loss", workers=1, name="mine", store={store!r}, progress=False)
"""


def test_what_a_killed_driver_has_left_is_removed_at_the_next_resume(store: Path, folder: Path, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(marker=str(marker), store=str(store)))
    driver = subprocess.Popen([sys.executable, str(script)], stderr=subprocess.PIPE)
    try:
        deadline = time.monotonic() + 50
        while not marker.exists() and driver.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
    finally:
        driver.kill()
        driver.communicate()
    assert kept(folder) == {"0": "1", "1": "2"}
    (folder / "9" / "attempt-1").mkdir(parents=True)
    found = []
    study = tm.load("mine", store).resume(
        objective=lambda x, trial: found.append(sorted(path.name for path in folder.glob("*/*"))) or x,
        engine=tm.Simulated(1),
        progress=False,
    )
    assert found == [["attempt-1"]], "only that of the best trial is there when the lost one is run again"
    assert kept(folder) == {"0": "1"}
    assert study.best.folder == folder / "0" / "attempt-1"


def test_a_study_that_is_deleted_takes_them_with_it(store: Path, folder: Path) -> None:
    run(store)
    run(store, name="other")
    tm.delete("mine", store)
    assert [path.name for path in folder.parent.iterdir()] == ["other"]
    tm.delete("other", store)
    assert not folder.parent.exists()


def test_folders_of_another_study_of_this_name_are_left_alone(store: Path, tmp_path: Path) -> None:
    run(store, folders=tmp_path / "shared")
    with pytest.raises(UsageError, match="another study of this name"):
        run(tmp_path / "others.db", folders=tmp_path / "shared", seed=2)
    assert kept(tmp_path / "shared" / "mine") == {"1": "1"}


def test_folders_of_another_study_of_this_name_and_seed_are_left_alone(store: Path, tmp_path: Path) -> None:
    """As when a script is run again with a fresh store, or with one in memory."""
    places = {"folders": tmp_path / "shared", "engine": tm.Driver(1)}
    run(store, **places)
    others = tmp_path / "others.db"
    with pytest.raises(UsageError, match="another study of this name"):
        run(others, **places)
    tm.delete("mine", others)
    assert kept(tmp_path / "shared" / "mine") == {"1": "1"}


def test_a_copy_of_a_store_leaves_the_folders_of_the_original(store: Path, tmp_path: Path) -> None:
    place = tmp_path / "named"
    original = run(store, trials=2, folders=place)
    original.store.close()  # type: ignore[attr-defined]
    copy = tmp_path / "copy.db"
    copy.write_bytes(store.read_bytes())
    with pytest.raises(UsageError, match=rf"the store {store}, of which this one is a copy"):
        tm.load("mine", copy).resume(trials=3, engine=tm.Simulated(1), progress=False)
    with pytest.warns(RuntimeWarning, match=rf"named/mine are left, because they belong to the same .* {store}"):
        tm.delete("mine", copy)
    assert tm.studies(copy) == []
    assert original.best.folder is not None
    assert (original.best.folder / "model").exists()
    tm.delete("mine", store)
    assert list(place.iterdir()) == []


def test_a_store_that_was_moved_keeps_the_folders_that_were_named(store: Path, tmp_path: Path) -> None:
    place = tmp_path / "named"
    run(store, trials=2, folders=place)
    moved = store.rename(tmp_path / "moved.db")
    tm.load("mine", moved).resume(trials=3, engine=tm.Simulated(1), progress=False)
    far = tmp_path / "far.db"
    far.write_bytes(moved.read_bytes())  # as when it is moved to another disk
    moved.unlink()
    tm.load("mine", far).resume(trials=4, engine=tm.Simulated(1), progress=False)
    tm.delete("mine", far)
    assert list(place.iterdir()) == []


def test_a_store_that_was_copied_with_the_folders_beside_it_has_its_own(
    store: Path, folder: Path, tmp_path: Path
) -> None:
    run(store, trials=2)
    (tmp_path / "elsewhere").mkdir()
    copy = tmp_path / "elsewhere" / store.name
    copy.write_bytes(store.read_bytes())
    shutil.copytree(folder.parent, copied := copy.with_name(folder.parent.name))
    tm.load("mine", copy).resume(trials=3, engine=tm.Simulated(1), progress=False)
    tm.delete("mine", copy)
    assert not copied.exists()
    assert len(kept(folder)) == 1


def test_a_study_is_claimed_until_it_is_removed_with_its_folders(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(store)
    events: list[str] = []
    remove, entries = shutil.rmtree, sqlite.entries

    def busy() -> bool:
        try:
            with SQLiteStore(store).claim("mine"):
                return False
        except StudyBusy:
            return True

    def rmtree(*given: Any, **more: Any) -> None:
        events.append(f"folders {busy()}")
        remove(*given, **more)

    def found(*given: Any) -> Any:
        events.append(f"log {busy()}")
        return entries(*given)

    monkeypatch.setattr("trimma.api.trial_folders.shutil.rmtree", rmtree)
    opened = SQLiteStore(store)
    assert list(opened.studies()) == ["mine"]
    with monkeypatch.context() as patched:
        patched.setattr(sqlite, "entries", found)
        tm.delete("mine", opened)
    assert events == ["log False", "folders True", "log True"]


def test_what_is_not_from_a_study_is_left_alone(store: Path, tmp_path: Path) -> None:
    letters = tmp_path / "archive" / "mine" / "2024"
    letters.mkdir(parents=True)
    (letters / "letter").write_text("dear")
    with pytest.raises(UsageError, match=r"archive/mine holds what isn't from a study: .*folders="):
        run(store, folders=tmp_path / "archive")
    tm.delete("mine", store)
    assert (letters / "letter").read_text() == "dear"
    (letters.parent / ".study").write_bytes(b"\xff of another program")
    with pytest.raises(UsageError, match="another study"):
        run(store, folders=tmp_path / "archive")
    assert (letters / "letter").read_text() == "dear"


def test_an_empty_folder_and_one_whose_mark_was_never_written_are_taken(store: Path, folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / ".study").write_text("")
    run(store)
    assert kept(folder) == {"1": "1"}


def test_a_full_disk_does_not_take_the_mark_away(store: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = run(store, trials=2)

    def no_room(path: Path, text: str, **how: Any) -> int:
        path.open("w").close()
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_text", no_room)
        with pytest.warns(RuntimeWarning, match="no checkpoint can be saved"):
            study.resume(trials=3, objective=lambda x, trial: x + 0 * trial.id, engine=tm.Simulated(1), progress=False)
    assert (folder / ".study").read_text().startswith("mine 1 ")
    assert kept(folder) == {"1": "1"}


def test_records_of_another_study_name_no_folders(store: Path, folder: Path) -> None:
    run(store)
    opened = SQLiteStore(store)
    created = next(iter(opened.read("mine")))
    opened.append("forged", [created], expected=0)
    tm.delete("forged", store)
    assert kept(folder) == {"1": "1"}


def test_a_folder_that_was_removed_meanwhile_fails_no_study(store: Path, folder: Path) -> None:
    def removes(x: float, trial: Any) -> float:
        shutil.rmtree(folder, ignore_errors=True)
        return x + 0 * trial.id

    assert run(store, removes).status == "finished"


def test_folders_that_can_not_be_removed_keep_the_study(
    store: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(store)

    def refuse(path: Any) -> None:
        raise PermissionError(1, "Operation not permitted", str(path))

    with monkeypatch.context() as patched:
        patched.setattr("trimma.api.trial_folders.shutil.rmtree", refuse)
        with pytest.raises(StoreError, match="can't be removed"):
            tm.delete("mine", store)
    assert [study.name for study in tm.studies(store)] == ["mine"]
    tm.delete("mine", store)
    assert not folder.exists()


def test_a_place_that_is_no_folder(store: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="name another with folders="):
        run(store, folders=tmp_path / "file")


def test_a_machine_that_does_not_share_the_folder_says_so(store: Path, tmp_path: Path) -> None:
    def elsewhere(x: float, trial: Any) -> float:
        (tmp_path / "studies.db-trials" / "mine" / ".study").unlink(missing_ok=True)
        return len(str(trial.folder))

    with pytest.raises(StudyFailed, match=r"doesn't see .*name a folder that all machines share, with folders="):
        run(store, elsewhere, failures="stop")
    nowhere = AttemptFolder(TrialFolders(root=str(tmp_path / "nowhere"), owner="me\n"), 1, 1)
    with pytest.raises(UsageError, match="doesn't see"):
        nowhere.path()
    assert not (tmp_path / "nowhere").exists()


def test_a_resume_takes_the_same_place_and_rule(store: Path, folder: Path, tmp_path: Path) -> None:
    study = run(store, trials=2)
    with pytest.raises(StudyExists):
        run(store)
    for other, told in (({"keep": 2}, "keep= was 1, is 2"), ({"folders": tmp_path}, "folders= was the place beside")):
        with pytest.raises(StudyMismatch, match=told):
            run(store, resume=True, **other)
    study.resume(trials=5, engine=tm.Simulated(1), progress=False)
    assert kept(folder) == {"1": "1"}


def test_an_ablation_keeps_none_unless_asked(store: Path, tmp_path: Path) -> None:
    def train(x: float, trial: Any) -> float:
        (trial.folder / "model").write_text(str(x))
        return x

    for keep, models in (({}, 0), ({"keep": "all"}, 4)):
        tm.ablate(
            train,
            tm.Setting(x=0.5),
            config={"x": 0.1},
            minimize="loss",
            repeats=2,
            repeat=tm.Seed(),
            engine=tm.Simulated(1),
            store=store,
            name=f"keeps {models}",
            progress=False,
            **keep,  # type: ignore[arg-type]
        )
        assert len(list((tmp_path / "studies.db-trials").glob("*/*/*/model"))) == models


@pytest.mark.xdist_group("torch")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Keras's own, under NumPy 2
@pytest.mark.parametrize("kind", ["torch", "keras"])
def test_models_of_torch_and_keras(store: Path, kind: str) -> None:
    """As the page on keeping models says. They are made and loaded by workers, so that nothing is imported here."""
    if importlib.util.find_spec(kind) is None or importlib.util.find_spec("torch") is None:
        pytest.skip(f"{kind} is not installed: see tools/install-torch")

    def train(x: float, trial: Any, data: Any = None) -> dict[str, Any]:
        os.environ["KERAS_BACKEND"] = "torch"
        path = trial.folder if data is None else data
        if kind == "torch":
            import torch

            model = torch.nn.Linear(1, 1)
            if data is None:
                torch.nn.init.constant_(model.weight, x)
                torch.save(model.state_dict(), path / "model.pt")
            else:
                model.load_state_dict(torch.load(path / "model.pt"))
            weight = model.weight.detach()
        else:
            import keras

            if data is None:
                layers = [keras.Input((1,)), keras.layers.Dense(1, kernel_initializer=keras.initializers.Constant(x))]
                model = keras.Sequential(layers)
                model.save(path / "model.keras")
            else:
                model = keras.saving.load_model(path / "model.keras")
            weight = model.get_weights()[0][0]
        return {"loss": float(weight[0])}

    study = run(store, train, engine=tm.Local(1), space={"x": tm.Grid(2.0, 1.0)})
    again = run(store, train, engine=tm.Local(1), space={"x": tm.Grid(7.0)}, data=study.best.folder, name="loads")
    assert again.best.value == study.best.value == 1.0


def test_check_has_a_folder_too() -> None:
    assert tm.check(fit, SPACE, minimize="loss")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"keep": "worst"}, "keep='worst'"),
        ({"keep": -1}, "keep=-1"),
        ({"keep": True}, "keep=True"),
        ({"folders": "s3://bucket"}, "no address"),
        ({"folders": 3}, "folders=3"),
    ],
)
def test_what_is_no_place_and_no_rule(given: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        run("memory", **given)


def test_what_is_kept_only_ever_shrinks_but_for_what_is_new() -> None:
    """So a folder that was removed is never missed later."""

    def falling(x: float) -> Iterator[float]:
        yield x
        yield x - 0.1

    study = run("memory", falling, scheduler="median", trials=5)
    history = study.history
    for keep in (0, 1, 2, 3, None):
        before: set[int] = set()
        for end in range(1, len(history.ended) + 1):
            new = history.ended[end - 1]
            now = folders_to_keep(history, history.ended[:end], keep)
            assert now <= before | {new}
            before = now
        assert before == folders_to_keep(history, history.ended, keep)
