"""Whole studies on Dask, and what goes wrong before one can begin."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import namedtuple
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import trimma as tm
from trimma.engines.dask import cluster
from trimma.engines.dask.engine import Dask
from trimma.engines.dask.launcher import DaskLauncher
from trimma.engines.remote.engine import Remote
from trimma.errors import EngineError, MissingExtra, StudyFailed, UsageError
from trimma.program import Program
from trimma.testing.engines import agent, is_running, wait_until
from trimma.trial import State
from trimma.wire.leases import Timing

SPACE = tm.Space(x=tm.Float(0, 1))


def study(objective: Callable[..., Any], engine: Any = "dask", **more: Any) -> tm.Study:
    return tm.tune(objective, SPACE, minimize="loss", engine=engine, store="memory", progress=False, **more)


def parent(x: float) -> float:
    return float(agent())


def agents_of(done: tm.Study) -> set[float | None]:
    """The processes in which its agents were."""
    return {trial.value for trial in done.trials}


def test_a_study_on_the_active_client(active: Any, workers: dict[str, int]) -> None:
    done = study(parent, trials=30)
    assert [trial.state for trial in done.trials] == [State.DONE] * 30
    assert agents_of(done) <= set(workers.values())
    assert Dask().capacity == 4, "one for each thread"
    assert Dask(cpus=2).capacity == 2


def test_a_trial_starts_no_spark_of_its_own(active: Any, workers: dict[str, int]) -> None:
    pytest.importorskip("pyspark")

    def private(x: float) -> float:
        from pyspark.sql import SparkSession

        return float(SparkSession.builder.getOrCreate().range(3).count())

    with pytest.raises(StudyFailed) as failed:
        study(private, trials=8)
    told = str(failed.value)
    assert "in private" in told
    assert "ObjectiveError: the trial asked for a Spark session, as SparkSession.builder.getOrCreate() does" in told
    assert "with engine=tm.Driver(threads=4)" in told
    assert "py4j" not in told


def test_annotations_hold_for_its_tasks(client: Any, workers: dict[str, int]) -> None:
    import dask

    address, pid = next(iter(workers.items()))
    with dask.annotate(workers=[address]):
        assert agents_of(study(parent, Dask(client, workers=2), trials=10)) == {pid}


def test_the_number_of_workers_beside_the_name(active: Any) -> None:
    assert study(parent, trials=3, workers=1).best.config


def test_without_a_client_a_study_has_a_cluster_to_itself() -> None:
    done = study(parent, engine=Dask(workers=2), trials=6)
    (agent,) = agents_of(done)
    assert agent
    wait_until(lambda: not is_running(int(agent)))


def test_the_user_s_own_tasks_go_on_beside_a_study(client: Any, workers: dict[str, int], tmp_path: Path) -> None:
    started, go_on = str(tmp_path / "started"), tmp_path / "go-on"
    path = str(go_on)

    def objective(x: float) -> float:
        import pathlib
        import time

        pathlib.Path(started).touch()
        while not pathlib.Path(path).exists():
            time.sleep(0.01)
        return x

    result: list[tm.Study] = []
    driver = threading.Thread(target=lambda: result.append(study(objective, Dask(client, workers=2), trials=4)))
    driver.start()
    try:
        wait_until(lambda: Path(started).exists())
        assert client.gather(client.map(pow, range(100), [2] * 100)) == [n * n for n in range(100)]
    finally:
        go_on.touch()
        driver.join()
    assert len(result[0].trials) == 4


def test_nothing_of_a_study_stays_on_the_cluster(client: Any) -> None:
    study(parent, Dask(client), trials=4)
    wait_until(lambda: not any(client.run(lambda dask_worker: "trimma" in str(dask_worker.state.tasks)).values()))


def test_variables_travel_when_they_are_named(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def objective(x: float) -> float:
        import os

        return float(os.environ["OURS"]) if "THEIRS" not in os.environ else -1.0

    monkeypatch.setenv("OURS", "7")
    monkeypatch.setenv("THEIRS", "8")
    assert study(objective, Dask(client, env=["OURS"]), trials=1).best.value == 7


def impatient(client: Any, host: str | None = None) -> str:
    """What is said when no worker can be started."""
    engine = Remote(DaskLauncher(client, 1, host, None), 1, timing=Timing(dial=1.0))
    engine.open(Program(objective=parent, metric="loss"))
    try:
        with pytest.raises(EngineError) as caught:
            wait_until(lambda: engine.poll(None) and False)
    finally:
        engine.close()
    return str(caught.value)


def test_a_driver_that_can_not_be_reached(client: Any) -> None:
    # the first address of a block that is set aside for documentation
    message = impatient(client, "192.0.2.1")
    assert "the driver can't be reached from" in message
    assert "tcp://192.0.2.1:" in message
    assert "engine=tm.Dask(host='...', port=...)" in message


@pytest.fixture
def lacking(client: Any) -> Iterator[None]:
    """Dask's workers can't import trimma."""

    def hide() -> None:
        import sys

        held = {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] == "trimma"}
        sys.modules["hidden"] = held  # type: ignore[assignment]
        sys.modules["trimma"] = None  # type: ignore[assignment]

    def show() -> None:
        import sys

        del sys.modules["trimma"]
        sys.modules.update(sys.modules.pop("hidden"))  # type: ignore[call-overload]

    client.run(hide)
    yield
    client.run(show)


@pytest.mark.usefixtures("lacking")
def test_workers_without_trimma(client: Any) -> None:
    message = impatient(client)
    assert message.startswith("no worker can be started: Dask's workers have no Python module 'trimma': install trimma")


@pytest.fixture
def other_python(client: Any) -> Iterator[None]:
    """Dask's workers say that they are of another version."""

    def pretend(version: Any) -> Any:
        import sys

        before, sys.version_info = sys.version_info, version
        return tuple(before)

    # packages look at the version when they are loaded
    client.run(exec, "import trimma.engines.dask.task")
    version = namedtuple("version", "major minor micro releaselevel serial")
    client.run(pretend, version(3, 99, 0, "final", 0))
    yield
    client.run(pretend, version(*sys.version_info))


@pytest.mark.usefixtures("other_python")
def test_workers_of_another_python(client: Any) -> None:
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert f"can't load what Python {here} here has pickled: use the same minor version" in impatient(client)


def test_nobody_else_runs_code_on_a_study_s_own_cluster() -> None:
    from distributed import Client

    begun = cluster.start(2)
    try:
        assert begun.scheduler_address.startswith("tls://127.0.0.1:")
        plain = begun.scheduler_address.replace("tls://", "tcp://")
        with (
            pytest.raises(OSError, match=r"Timed out|closed|EOF|reset"),
            Client(plain, timeout=2, set_as_default=False),
        ):
            pass
        other = begun.security.temporary()
        with pytest.raises(OSError, match=r"(?i)timed out|certificate|alert"):
            Client(begun.scheduler_address, security=other, timeout=2, set_as_default=False)
        with cluster.connect(begun) as client:
            assert client.submit(os.getpid).result(timeout=30) != os.getpid()
    finally:
        begun.close()


def test_a_study_s_own_cluster_without_the_means_to_keep_others_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography", None)
    with pytest.raises(MissingExtra, match=r"needs cryptography: pip install 'trimma\[dask\]'"):
        study(parent, trials=1)


def test_without_distributed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingExtra, match=r"engine='dask' needs distributed: pip install 'trimma\[dask\]'"):
        study(parent, trials=1)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"client": "tcp://scheduler:8786"}, "is no client of Dask: give distributed.Client"),
        ({"workers": 0}, "workers=0 must be a whole number, 1 or more"),
        ({"cpus": 0}, "cpus=0 must be a whole number"),
        ({"port": 70000}, "port=70000 must be a port"),
        ({"port": (5000, 4000)}, "must be a port"),
        ({"env": ["NOT_SET_ANYWHERE"]}, "which isn't set"),
    ],
)
def test_settings_that_make_no_sense(client: Any, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Dask(**{"client": client, **settings})


def test_where_the_driver_listens(client: Any) -> None:
    found = cluster.listen(client, None, None)
    assert (found.bind, found.advertise, found.ports) == ("127.0.0.1", ("127.0.0.1",), None)
    named = cluster.listen(client, "laptop.example", (4000, 4010))
    assert (named.bind, named.advertise, named.ports) == ("0.0.0.0", ("laptop.example",), (4000, 4010))


def test_a_script_that_dask_s_processes_must_not_run(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import trimma as tm\n"
        "def fit(x): return x\n"
        "tm.tune(fit, tm.Space(x=tm.Float(0, 1)), minimize='x', trials=1, engine='dask', workers=1, store='memory')\n"
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=50, check=False)
    assert done.returncode == 1
    error, advice = done.stderr.strip().splitlines()[-2:]
    assert "EngineError: no local cluster of Dask can be started" in error
    assert "under  if __name__ == '__main__':" in error
    assert "was ended by this error" in advice
