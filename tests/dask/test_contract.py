"""The contract of engines, on Dask."""

from __future__ import annotations

from typing import Any

import pytest

from trimma.engines.dask.engine import Dask
from trimma.ports import Engine
from trimma.testing import ProcessEngineContract


@pytest.mark.timeout(60)
class TestDask(ProcessEngineContract):
    @pytest.fixture(autouse=True)
    def _given(self, client: Any) -> None:
        self.client = client

    def make(self) -> Engine:
        return Dask(self.client, workers=2)
