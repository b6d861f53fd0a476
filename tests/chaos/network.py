"""A network between agents and their driver that can be slow, stutter, fall silent and be cut."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import threading

from chaos.engines import BEFORE, BEHIND

_CHUNK = 65_536
_PORTS = range(20_000, 32_000)


def free_port() -> int:
    """A port that is free, and stays so between two sessions: none of those that connections take by themselves."""
    candidates = list(_PORTS)
    random.shuffle(candidates)
    for port in candidates:
        with contextlib.suppress(OSError), socket.create_server((BEHIND, port)):
            return port
    raise RuntimeError("no port is free")


class Network:
    """Passes bytes on between whoever connects and the driver, which listens at the same port of another address.

    ``state`` says how: "fine", "slow", "stuttering", "silent" or "cut".
    """

    def __init__(self, port: int, seed: str) -> None:
        self.state = "fine"
        self._port, self._rng = port, random.Random(seed)
        self._loop = asyncio.new_event_loop()
        self._writers: set[asyncio.StreamWriter] = set()
        self._server = self._loop.run_until_complete(asyncio.start_server(self._accept, BEFORE, port))
        self._thread = threading.Thread(target=self._loop.run_forever, name="network")
        self._thread.start()

    def become(self, state: str) -> None:
        self.state = state
        if state == "cut":
            self._loop.call_soon_threadsafe(self._cut)

    def _cut(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.state == "cut":
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection(BEHIND, self._port)
        except OSError:
            writer.transport.abort()
            return
        both = {writer, far_writer}
        self._writers |= both
        passing = [self._pass_on(reader, far_writer), self._pass_on(far_reader, writer)]
        tasks = [asyncio.ensure_future(each) for each in passing]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        self._writers -= both
        for each in both:
            each.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(_CHUNK):
                await self._wait(len(data))
                writer.write(data)
                await writer.drain()

    async def _wait(self, size: int) -> None:
        if self.state == "slow":
            await asyncio.sleep(0.05 + size / 1e6)
        elif self.state == "stuttering" and self._rng.random() < 0.3:
            await asyncio.sleep(self._rng.uniform(0.0, 0.6))
        while self.state == "silent":
            await asyncio.sleep(0.02)

    def close(self) -> None:
        async def end() -> None:
            self._server.close()
            # whoever waits for it to be heard again, too
            self.state = "fine"
            self._cut()
            others = asyncio.all_tasks() - {asyncio.current_task()}
            await asyncio.gather(*others, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
