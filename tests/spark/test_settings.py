"""What is read from a session's settings; no Spark is needed for it."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from trimma.engines.spark.cluster import Cluster
from trimma.engines.spark.session import _use_this_python


def cluster(master: str, parallelism: int = 2, executors: int = 0, **settings: Any) -> Cluster:
    return Cluster(
        master=master,
        settings={
            "spark.driver.host": "driver",
            **{f"spark.{key.replace('_', '.')}": str(value) for key, value in settings.items()},
        },
        parallelism=parallelism,
        executors=executors,
    )


@pytest.mark.parametrize(
    ("session", "cpus", "gpus", "slots"),
    [
        (cluster("local[8]", 8), 1, 0, 8),
        (cluster("local[8]", 8), 3, 0, 2),
        (cluster("local[2]", 2), 4, 0, 1),
        (cluster("local", 1), 1, 0, 1),
        (cluster("local-cluster[3,4,1024]"), 1, 0, 12),
        (cluster("local-cluster[3,4,1024]"), 2, 0, 6),
        (cluster("yarn", executor_instances=10, executor_cores=4), 1, 0, 40),
        (cluster("yarn", executor_instances=10, executor_cores=5), 2, 0, 20),
        (cluster("k8s://x", executor_instances=3, executor_cores=8, executor_resource_gpu_amount=2), 1, 1, 6),
        (cluster("k8s://x", executor_instances=3, executor_cores=8, executor_resource_gpu_amount=2), 1, 0.5, 12),
        (cluster("spark://h:7077", parallelism=24, executors=3), 1, 0, 24),
        (cluster("spark://h:7077", parallelism=24, executors=3, executor_cores=8), 4, 0, 6),
    ],
)
def test_how_many_workers(session: Cluster, cpus: int, gpus: float, slots: int) -> None:
    assert session.slots(cpus, gpus) == slots


def test_dynamic_allocation_counts_what_there_may_be() -> None:
    dynamic = {"spark.dynamicAllocation.enabled": "true", "spark.executor.cores": "4"}
    unbound = cluster("yarn", parallelism=8, executors=2)
    unbound.settings.update(dynamic)
    assert unbound.slots(1, 0) == 8, "as many as there are now"
    bound = cluster("yarn", parallelism=8, executors=2)
    bound.settings.update(dynamic, **{"spark.dynamicAllocation.maxExecutors": "20"})
    assert bound.slots(1, 0) == 80


def test_where_the_driver_is_reached() -> None:
    assert (cluster("local[2]").bind, cluster("local[2]").host) == ("127.0.0.1", "127.0.0.1")
    assert (cluster("yarn").bind, cluster("yarn").host) == ("driver", "driver")
    bound = cluster("yarn", driver_bindAddress="0.0.0.0")
    assert (bound.bind, bound.host) == ("0.0.0.0", "driver")


@pytest.mark.parametrize(
    ("master", "settings", "environment", "changed"),
    [
        ("local[2]", {}, {}, True),
        ("local-cluster[2,1,512]", {}, {}, True),
        ("spark://somewhere:7077", {}, {}, False),
        ("local[2]", {"spark.pyspark.python": "python3.12"}, {}, False),
        ("local[2]", {}, {"PYSPARK_PYTHON": "python3.12"}, False),
    ],
)
def test_tasks_on_this_machine_run_the_driver_s_python(
    monkeypatch: pytest.MonkeyPatch, master: str, settings: dict[str, str], environment: dict[str, str], changed: bool
) -> None:
    monkeypatch.delenv("PYSPARK_PYTHON", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    conf = SimpleNamespace(contains=settings.__contains__)
    context: Any = SimpleNamespace(master=master, getConf=lambda: conf, pythonExec="python3")
    _use_this_python(context)
    assert context.pythonExec == (sys.executable if changed else "python3")
