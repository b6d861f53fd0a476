"""Agents whose cache is swept while they run: tmpreaper and its kin remove files by age."""

import importlib
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from trimma.facts import Left, Returned
from trimma.worker import shared_files


@pytest.mark.parametrize("what", ["everything", "some files"])
def test_later_runners_and_later_agents_start_all_the_same(
    site: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    cache = tmp_path / "cache"
    monkeypatch.setenv(shared_files.VARIABLE, str(cache))
    # a module of the user's own, which travels to the workers, since they don't find it
    source = tmp_path / "source" / "swept_helper"
    source.mkdir(parents=True)
    (source / "__init__.py").touch()
    (source / "later.py").write_text("value = 7.0\n")
    code = """
def fit(again):
    if not again:
        import os
        os._exit(3)
    from swept_helper.later import value
    return value
"""
    (source / "fits.py").write_text(code)
    monkeypatch.syspath_prepend(source.parent)
    try:
        driver = site.driver(importlib.import_module("swept_helper.fits").fit, workers=2)
    finally:
        for name in [each for each in sys.modules if each.startswith("swept_helper")]:
            del sys.modules[name]
    one, two = driver.joined(2)
    assert list(cache.rglob("later.py"))
    if what == "everything":
        shutil.rmtree(cache)
    else:
        for path in [*cache.rglob("later.py"), *cache.rglob("*.program")]:
            path.unlink()
    driver.start(0, one, again=False)
    driver.until(lambda facts: any(isinstance(fact, Left) for fact in facts))
    driver.joins(one, 2)
    end = driver.run(1, one, again=True)
    assert isinstance(end, Returned), end
    assert end.metrics == {"score": 7.0}
    # an agent that comes later, beside one that uses what was swept away
    os.kill(site.agent(int(two.rpartition("-")[2])), signal.SIGKILL)
    driver.joins(two, 2)
    end = driver.run(2, two, again=True)
    assert isinstance(end, Returned), end
    assert end.metrics == {"score": 7.0}
