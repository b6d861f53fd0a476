"""The names that `import trimma` offers."""

from __future__ import annotations

import subprocess
import sys

import pytest

import trimma

HEAVY = ("click", "cloudpickle", "msgspec", "numpy", "pandas", "plotly", "rich", "scipy", "sqlite3")


def test_all_is_sorted_and_told_by_dir() -> None:
    assert trimma.__all__ == sorted(trimma.__all__)
    assert len(set(trimma.__all__)) == len(trimma.__all__)
    assert dir(trimma) == sorted([*trimma.__all__, "__version__"])


@pytest.mark.parametrize("name", trimma.__all__)
def test_a_public_name_is_there_and_explained(name: str) -> None:
    value = getattr(trimma, name)
    assert value.__doc__
    # a dataclass without a docstring is given its signature for one
    assert not value.__doc__.startswith(f"{name}(")


@pytest.mark.parametrize("name", ["RandomSearch", "tune", "errors"])
def test_a_name_is_the_same_object_each_time(name: str) -> None:
    assert getattr(trimma, name) is getattr(trimma, name)


def test_an_unknown_name() -> None:
    with pytest.raises(AttributeError, match="module 'trimma' has no attribute 'tun'"):
        _ = trimma.tun


def test_importing_it_is_light() -> None:
    code = f"import sys, trimma; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_a_star_import() -> None:
    namespace: dict[str, object] = {}
    exec("from trimma import *", namespace)
    assert set(trimma.__all__) <= set(namespace)


@pytest.mark.parametrize("module", ["trimma.testing", "trimma.testing.studies"])
def test_the_contract_suites_say_that_they_need_pytest(module: str) -> None:
    code = f"import sys; sys.modules['pytest'] = None; import {module}"
    failed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert failed.stderr.endswith("MissingExtra: trimma.testing needs pytest: pip install pytest\n")
