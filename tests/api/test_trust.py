"""Whose program a resume loads is said, and that of another user is refused."""

import os
import pwd
import subprocess
import sys
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

import trimma as tm
from trimma.api.trust import say_whose_program
from trimma.cli import main
from trimma.errors import StoreError

ME = pwd.getpwuid(os.geteuid()).pw_name
SPACE = {"x": tm.Float(0, 1)}
# a class whose pickle leaves a mark where it is loaded
SCRIPT = """
import sys
import trimma as tm

class Mark:
    def __reduce__(self):
        return eval, (f"open({sys.argv[2]!r}, 'w').close() or 1",)

def fit(x, data):
    return x

tm.tune(fit, {"x": tm.Float(0, 1)}, minimize="loss", trials=12, seed=1, engine=tm.Simulated(2), store=sys.argv[1],
        name="s", data=Mark(), progress=False)
"""


@pytest.fixture
def mark(tmp_path):
    return tmp_path / "loaded"


@pytest.fixture
def path(tmp_path, mark):
    """A study whose program leaves ``mark`` when it is loaded."""
    path = tmp_path / "studies.db"
    subprocess.run([sys.executable, "-c", SCRIPT, str(path), str(mark)], check=True)
    mark.unlink(missing_ok=True)
    return path


def given_away(path):
    """The store as one of another user's, as far as that can be done here, and the words that say so."""
    if os.geteuid() == 0:
        os.chown(path, 65534, 65534)
        return f"belongs to user '{pwd.getpwuid(65534).pw_name}', and you are user '{ME}'"
    path.chmod(0o666)
    return "may be written by every user"


CALLS = pytest.mark.parametrize(
    "call",
    [
        lambda study, **how: study.resume(trials=14, engine=tm.Simulated(2), **how),
        lambda study, **how: tm.explain(study, {"x": 0.5}, repeats=2, engine=tm.Simulated(2), **how),
    ],
    ids=["resume", "explain"],
)


@CALLS
def test_it_is_said_whose_program_is_loaded_from_where(call, path, mark, capsys):
    call(tm.load("s", path))
    said = capsys.readouterr().err.splitlines()
    assert said[0] == f"trimma: loading the program of study 's' that user '{ME}' has kept in {path}"
    assert mark.exists()


@CALLS
def test_nothing_is_said_where_nothing_is_shown(call, path, capsys):
    call(tm.load("s", path), progress=False)
    assert capsys.readouterr().err == ""


@CALLS
def test_a_program_of_another_user_is_refused_before_it_is_loaded(call, path, mark, capsys):
    words = given_away(path)
    study = tm.load("s", path)
    assert study.best.value >= 0, "to look at it takes no trust"
    with pytest.raises(StoreError, match=rf"study 's' isn't loaded, for its store .* {words}.*If you trust it: "):
        call(study)
    assert not mark.exists()
    assert study.status == "finished"
    call(study, trust=True)
    assert mark.exists()
    assert "loading the program of study 's' that user '" in capsys.readouterr().err


def test_a_store_that_everybody_may_write_is_refused(path, mark):
    path.chmod(0o666)
    with pytest.raises(StoreError, match="may be written by every user"):
        tm.load("s", path).resume(trials=14, engine=tm.Simulated(2))
    assert not mark.exists()


def refused(path):
    with pytest.raises(StoreError) as error:
        say_whose_program("s", SimpleNamespace(path=path), trust=False, call="resume(trust=True)", tell=print)
    return str(error.value)


def trusted(path):
    said = []
    say_whose_program("s", SimpleNamespace(path=path), trust=False, call="resume(trust=True)", tell=said.append)
    return bool(said)


def test_a_store_that_a_group_may_write_is_refused_unless_the_group_is_the_user(tmp_path, monkeypatch):
    path = tmp_path / "studies.db"
    path.touch()
    path.chmod(0o660)
    monkeypatch.setattr("trimma.api.trust.grp.getgrgid", lambda number: SimpleNamespace(gr_name=ME, gr_mem=[]))
    monkeypatch.setattr(
        "trimma.api.trust.pwd.getpwuid", lambda number: SimpleNamespace(pw_name=ME, pw_gid=path.stat().st_gid)
    )
    assert trusted(path), "as many systems make a group for each user"
    monkeypatch.setattr("trimma.api.trust.grp.getgrgid", lambda number: SimpleNamespace(gr_name=ME, gr_mem=["mallory"]))
    assert f"may be written by the group '{ME}'" in refused(path)
    monkeypatch.setattr("trimma.api.trust.grp.getgrgid", lambda number: SimpleNamespace(gr_name="lab", gr_mem=[]))
    assert "may be written by the group 'lab'" in refused(path)
    path.chmod(0o640)
    assert trusted(path)


def test_a_store_that_others_may_replace_is_refused(tmp_path):
    folder = tmp_path / "shared"
    folder.mkdir()
    path = folder / "studies.db"
    path.touch(0o600)
    assert trusted(path)
    folder.chmod(0o777)
    assert f"lies in the folder {folder}, where every user may put another one in its place" in refused(path)
    folder.chmod(0o1777)
    assert trusted(path), "as in /tmp, only its owner can replace it"
    folder.chmod(0o777)
    link = tmp_path / "link.db"
    link.symlink_to(path)
    assert f"lies in the folder {folder}, where" in refused(link)
    (tmp_path / "real.db").touch(0o600)
    path.unlink()
    path.symlink_to(tmp_path / "real.db")
    assert f"lies in the folder {folder}, where" in refused(path), "whoever may write there can turn the link"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_store_in_the_folder_of_another_user_is_refused(tmp_path):
    folder = tmp_path / "theirs"
    folder.mkdir(mode=0o755)
    (folder / "studies.db").touch(0o600)
    os.chown(folder, 65534, 65534)
    assert "who may put another one in its place" in refused(folder / "studies.db")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
@pytest.mark.parametrize("file", ["studies.db", "studies.db-wal"])
def test_events_beside_the_file_count_too(path, file):
    path.with_name("studies.db-wal").touch()
    os.chown(path.with_name(file), 65534, 65534)
    store, said = SimpleNamespace(path=path), []
    with pytest.raises(StoreError, match="belongs to user"):
        say_whose_program("s", store, trust=False, call="resume(trust=True)", tell=said.append)
    assert said == []
    say_whose_program("s", store, trust=True, call="resume(trust=True)", tell=said.append)
    assert said == [f"loading the program of study 's' that user '{pwd.getpwuid(65534).pw_name}' has kept in {path}"]


def test_the_command_takes_trust_too(path, mark):
    given_away(path)
    refused = CliRunner().invoke(main, ["resume", "s", "--store", str(path)])
    assert refused.exit_code == 1
    assert refused.output.endswith(f"resume s --trust --store {path}. To look at the study takes no trust\n")
    assert not mark.exists()
    CliRunner().invoke(main, ["resume", "s", "--trust", "--store", str(path)])
    assert mark.exists()


def test_a_study_in_memory_is_one_of_this_process(capsys):
    study = tm.tune(
        lambda x: x, SPACE, minimize="loss", trials=2, engine=tm.Simulated(1), store="memory", progress=False
    )
    study.resume(trials=3, engine=tm.Simulated(1))
    assert "loading the program" not in capsys.readouterr().err
