"""Where an objective may be written: in a script, a module beside it, a shell, a notebook, a closure."""

import subprocess
import sys
from pathlib import Path

import pytest

import trimma as tm


def run(*arguments, folder: Path, **options) -> str:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, capture_output=True, text=True, timeout=50, check=False, **options
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


TUNE = """
study = tm.tune(fit, {"x": tm.Grid(3, 1, 2)}, minimize="loss", store="memory", workers=1, progress=False)
print(study.best.config["x"], study.best.value)
"""

FIT = """
import pickle
import trimma as tm
from dataclasses import dataclass

@dataclass
class Model:
    x: int

    def loss(self):
        return self.x * OFFSET

OFFSET = 10

def fit(x):
    return {"loss": pickle.loads(pickle.dumps(Model(x))).loss()}
"""


def test_a_function_of_a_script_without_a_main_guard(tmp_path):
    (tmp_path / "script.py").write_text(FIT + TUNE)
    assert run("script.py", folder=tmp_path) == "1 10.0\n"


def test_a_function_typed_into_a_shell(tmp_path):
    assert run("-", folder=tmp_path, input=FIT + TUNE) == "1 10.0\n"
    assert run("-c", FIT + TUNE, folder=tmp_path) == "1 10.0\n"


def test_a_module_beside_the_script_and_one_that_it_imports(tmp_path):
    (tmp_path / "scaling.py").write_text("FACTOR = 7\ndef scale(x):\n    return x * FACTOR\n")
    (tmp_path / "training.py").write_text("import scaling\n\ndef fit(x):\n    return {'loss': scaling.scale(x)}\n")
    (tmp_path / "script.py").write_text("import trimma as tm\nfrom training import fit\n" + TUNE)
    assert run("script.py", folder=tmp_path) == "1 7.0\n"


def test_a_stored_study_goes_on_without_the_files_that_it_was_started_with(tmp_path):
    start, elsewhere = tmp_path / "start", tmp_path / "elsewhere"
    start.mkdir()
    elsewhere.mkdir()
    (start / "training.py").write_text("FACTOR = 7\ndef fit(x):\n    return {'loss': x * FACTOR}\n")
    (start / "script.py").write_text(
        "import trimma as tm\nfrom training import fit\n"
        "tm.tune(fit, {'x': tm.Float(0, 1)}, minimize='loss', trials=2, name='s', store='../s.db', progress=False)\n"
    )
    run("script.py", folder=start)
    goes_on = "import trimma as tm; s = tm.load('s', '../s.db').resume(trials=5, progress=False); print(len(s.trials))"
    assert run("-c", goes_on, folder=elsewhere) == "5\n"


def test_a_closure_and_a_lambda():
    def training(offset):
        return lambda x: x + offset

    study = tm.tune(
        training(100), {"x": tm.Grid(3, 1)}, minimize="loss", store="memory", engine=tm.Local(workers=1), progress=False
    )
    assert study.best.value == 101


def test_a_method_and_a_callable_object():
    class Training:
        def __call__(self, x):
            return x

        def fit(self, x):
            return -x

    for objective, best in ((Training(), 1), (Training().fit, -3)):
        study = tm.tune(
            objective, {"x": tm.Grid(3, 1)}, minimize="loss", store="memory", engine=tm.Local(1), progress=False
        )
        assert study.best.value == best


@pytest.mark.timeout(120)
def test_a_notebook(tmp_path):
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    cells = [FIT, TUNE, "study"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    client = nbclient.NotebookClient(
        notebook, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()
    assert notebook.cells[1].outputs[0].text == "1 10.0\n"
    shown = notebook.cells[2].outputs[0].data
    assert "<table" in shown["text/html"]
    assert shown["text/plain"].endswith("finished: 3 done; best loss 10>")
