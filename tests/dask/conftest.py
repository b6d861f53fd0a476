"""One cluster of Dask for all tests: a scheduler and two worker processes of two threads each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from trimma.testing.engines import wait_until


@pytest.fixture(scope="session")
def client(missing: Any) -> Iterator[Any]:
    """A client that nobody finds by himself: it is no default."""
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        missing("distributed")
    with (
        LocalCluster(n_workers=2, threads_per_worker=2, dashboard_address="127.0.0.1:0") as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        # Dask's one thread for callbacks stays for good
        started: list[Any] = []
        client.submit(len, "x").add_done_callback(started.append)
        wait_until(lambda: started)
        yield client


@pytest.fixture
def workers(client: Any) -> dict[str, int]:
    """The addresses of Dask's workers and their process ids, once both are there."""
    client.wait_for_workers(2)
    return dict(client.run(os.getpid))


@pytest.fixture
def active(client: Any) -> Iterator[Any]:
    """The client, as the one that is found."""
    with client.as_current():
        yield client


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "dask" in item.path.parent.name:
            item.add_marker(pytest.mark.xdist_group("dask"))
