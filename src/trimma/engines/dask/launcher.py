"""Launches workers on Dask: one long-running task for each."""

import io
import secrets
from functools import partial
from typing import Any

from trimma.engines.dask import cluster
from trimma.engines.dask.failures import explain
from trimma.engines.remote.launcher import Ended
from trimma.errors import EngineError
from trimma.wire.addresses import Listen

# Made of builtins, because Dask's scheduler unpickles tasks and may lack trimma. A worker that lacks trimma, or runs
# another Python, then says so instead of failing to unpickle. The ticket doesn't show in Dask's logs in this form.
_WORK = "__import__('trimma.engines.dask.task', fromlist=['work']).work(ticket, slot)"


class DaskLauncher:
    """Starts agents as Dask tasks. Without a client, each study gets a local cluster with ``workers`` threads."""

    name = "dask"

    def __init__(self, client: Any, workers: int, host: str | None, ports: tuple[int, int] | None) -> None:
        self._given, self._workers, self._host, self._ports = client, workers, host, ports
        self._client: Any = None
        self._cluster: Any = None
        self._futures: set[Any] = set()

    def open(self, study: str) -> Listen:
        try:
            if self._given is None:
                self._cluster = cluster.start(self._workers)
            self._client = self._given or cluster.connect(self._cluster)
            self._check()
            return cluster.listen(self._client, self._host, self._ports)
        except BaseException:
            self.close()
            raise

    def _check(self) -> Any:
        client = self._client
        if client is None or client.status != "running":
            raise EngineError("the connection with Dask's scheduler is lost, or its client was closed")
        return client

    def launch(self, slot: int, ticket: bytes, ended: Ended) -> None:
        try:
            future = self._check().submit(
                eval,
                _WORK,
                {"ticket": io.BytesIO(ticket), "slot": slot},
                key=f"trimma-{secrets.token_hex(8)}",
                pure=False,
                retries=0,
            )
        except Exception as error:  # noqa: BLE001 - whatever a client says that has lost its scheduler meanwhile
            ended(slot, explain(error))
            return
        self._futures.add(future)
        future.add_done_callback(partial(self._over, slot, ended))

    def _over(self, slot: int, ended: Ended, future: Any) -> None:
        self._futures.discard(future)
        error: BaseException | None = None
        if future.status == "error":
            error = explain(future.exception() or EngineError("Dask doesn't say why"))
        elif future.status != "finished":
            error = EngineError("Dask has cancelled its task")
        ended(slot, error)

    def close(self) -> None:
        """Cancel all tasks, running or waiting. Agents that run notice it within a moment, and end."""
        futures, self._futures = self._futures, set()
        client, self._client = self._client, None
        own, self._cluster = self._cluster, None
        if client is not None and client.status == "running":
            client.cancel(list(futures), reason="closed", msg="the study is over")
        if own is not None:
            if client is not None:
                client.close()
            own.close()
