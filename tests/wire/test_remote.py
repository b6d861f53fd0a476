"""Agents as processes of their own, over loopback."""

import pytest

from trimma.engines.remote.engine import Remote
from trimma.ports import Engine
from trimma.testing import ProcessEngineContract
from trimma.testing.processes import Processes


@pytest.mark.timeout(60)
class TestRemote(ProcessEngineContract):
    def make(self) -> Engine:
        return Remote(Processes(), 2)
