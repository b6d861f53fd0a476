"""The user's own modules and script on Dask's workers, which may be on machines that don't have the files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

SCRIPT = """
import multiprocessing
import pickle
import sys
from pathlib import Path

import trimma as tm
from distributed import Client

import pack
import settings

class Model:
    x = 1

def square(n):
    return n * n

def fit(x):
    import later
    settings.RATE += x
    assert "trimma-sources" in pack.__file__, pack.__file__
    assert type(pickle.loads(pickle.dumps(Model()))) is Model
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        squared = pool.apply(square, (3,))
    read = "square" in Path(__file__).read_text()
    return settings.rate() + pack.data() + later.HUNDRED + 1000 * squared + 10000 * read

if __name__ == "__main__":
    settings.RATE = 4
    with Client(sys.argv[1], set_as_default=False) as client:
        study = tm.tune(fit, {"x": tm.Grid(1)}, minimize="y", store="memory", progress=False,
                        engine=tm.Dask(client, workers=1))
        print(study.best.value)
"""


def run_script(client: Any, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the folder's script.py, which is given the address of the scheduler."""
    return subprocess.run(
        [sys.executable, "script.py", client.scheduler.address],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


def test_modules_travel_with_what_lies_beside_them(client: Any, tmp_path: Path) -> None:
    (tmp_path / "pack" / "deep").mkdir(parents=True)
    files = {
        "settings.py": "RATE = 0\ndef rate():\n    return RATE\n",
        "later.py": "HUNDRED = 100\n",
        "pack/__init__.py": "def data():\n    from .deep.reader import rows\n    return rows()\n",
        "pack/deep/reader.py": "from pathlib import Path\ndef rows():\n"
        "    return len((Path(__file__).parent / 'data.txt').read_text())\n",
        "pack/deep/data.txt": "x" * 10,
        "script.py": SCRIPT,
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    done = run_script(client, tmp_path)
    assert done.stdout == "19115.0\n", done.stderr


def test_modules_that_are_too_large_are_told(client: Any, tmp_path: Path) -> None:
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "__init__.py").write_text("def fit(x):\n    return x\n")
    for name in ("a", "b"):
        with (tmp_path / "pack" / f"{name}.bin").open("wb") as file:
            file.truncate(40 * 2**20)
    script = (
        "import sys, trimma as tm\nfrom distributed import Client\nfrom pack import fit\n"
        "with Client(sys.argv[1], set_as_default=False) as client:\n"
        "    tm.tune(fit, {'x': tm.Grid(1)}, minimize='y', store='memory', progress=False, engine=tm.Dask(client, 1))\n"
    )
    (tmp_path / "script.py").write_text(script)
    done = run_script(client, tmp_path)
    error = done.stderr.strip().splitlines()[-2]
    assert "at most 67,108,864 are sent to workers. The largest are pack/" in error
    assert "(41,943,040 bytes)" in error
