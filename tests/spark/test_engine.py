"""The engine on Spark keeps what every engine promises: in the driver's JVM, and on executors of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

import trimma as tm
from trimma.testing import ProcessEngineContract
from trimma.testing.engines import wait_until

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


class SparkContract(ProcessEngineContract):
    session: SparkSession

    def make(self) -> tm.Spark:
        return tm.Spark(self.session, workers=2)

    @pytest.fixture(autouse=True)
    def _no_job_is_left(self, active_jobs: Callable[[], list[int]]):
        yield
        wait_until(lambda: not active_jobs())


@pytest.mark.xdist_group("spark-local")
class TestLocal(SparkContract):
    @pytest.fixture(autouse=True)
    def _session(self, local: SparkSession) -> None:
        self.session = local


@pytest.mark.xdist_group("spark-cluster")
class TestCluster(SparkContract):
    @pytest.fixture(autouse=True)
    def _session(self, cluster: SparkSession) -> None:
        self.session = cluster
