"""Workers as queries of a Spark Connect session, whose driver is elsewhere."""

import socket
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from trimma.engines.spark.cluster import KEYS, Cluster
from trimma.engines.spark.task import work

if TYPE_CHECKING:
    from pyarrow import RecordBatch


class Connect:
    """A session whose queries are workers: one of a single row, mapped in Arrow's format, for each.

    ``profile`` is a resource profile for their stages.
    """

    def __init__(self, session: Any, profile: Any = None) -> None:
        self._session, self._profile = session, profile

    def thread(self, target: Callable[..., None], **how: Any) -> threading.Thread:
        return threading.Thread(target=target, **how)

    def submit(self, tag: str, what: str, slot: int, ticket: bytes) -> tuple[bool, str]:
        self._session.addTag(tag)
        more = {} if self._profile is None else {"profile": self._profile}  # Spark 3.5 has none
        one = self._session.range(slot, slot + 1, 1, 1)
        ((served, end),) = one.mapInArrow(partial(_work, ticket), "served boolean, end string", **more).collect()
        return served, end

    def cancel(self, tag: str) -> None:
        self._session.interruptTag(tag)


def _work(ticket: bytes, batches: "Iterator[RecordBatch]") -> "Iterator[RecordBatch]":
    import pyarrow as pa

    for batch in batches:
        served, ends = zip(*work(ticket, iter(batch.column(0).to_pylist())), strict=True)
        yield pa.RecordBatch.from_pydict({"served": served, "end": ends})


def cluster_of(session: Any) -> Cluster:
    """What can be known of the server's cluster. This process's address is that by which it reaches the server."""
    settings = {key: value for key in KEYS if (value := session.conf.get(key, None)) is not None}
    settings["spark.driver.host"] = settings["spark.driver.bindAddress"] = _own_address(session.client.host)
    # a range has as many parts as there are slots
    (found,) = session.range(1_000_000).selectExpr("spark_partition_id() + 1 AS part").agg({"part": "max"}).collect()
    return Cluster(
        master=f"connect:{settings.get('spark.master', '')}", settings=settings, parallelism=found[0], executors=0
    )


def _own_address(server: str) -> str:
    """The address of this machine from which it reaches the server's."""
    kind, _, _, _, address = socket.getaddrinfo(server.strip("[]"), 9, type=socket.SOCK_DGRAM)[0]
    with socket.socket(kind, socket.SOCK_DGRAM) as probe:
        probe.connect(address)  # sends nothing
        return str(probe.getsockname()[0])
