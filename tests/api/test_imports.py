"""What a search loads, and what it doesn't."""

import subprocess
import sys

import pytest

SEARCH = """
import sys
import trimma as tm

study = tm.tune(lambda x: x, tm.Space(x=tm.Float(0, 1)), minimize="loss", trials=2, engine=tm.Simulated(1),
                store="memory", progress={progress})
assert len(study.trials) == 2
print(study)
print([name for name in sys.modules if name.startswith(("trimma.effects", "trimma.ablation"))])
"""


@pytest.mark.parametrize("progress", [False, True])
def test_a_search_loads_nothing_of_ablations(progress: bool) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SEARCH.format(progress=progress)], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
    assert ("trimma: study" in done.stderr) is progress
