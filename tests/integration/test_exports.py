"""A large export: written by a process that is last in line and bounded, so many at once; and one that dies."""

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import msgspec
import pytest

from tests.alerts.conftest import until
from tests.integration.test_readers import limits_of
from tests.patience import PATIENCE_S
from tests.running import RunningServer, children_of, command_of
from tracker.api.geofence_export import MOST
from tracker.readers.export import LIMITS

BYTES: Final = 100_000  # of a geofence, of which there are so many that no buffer on the way holds them
COUNT: Final = 110
LAST: Final = b"\r\n0\r\n\r\n"  # of an answer in chunks that came to its end


def fill(server: RunningServer) -> None:
    chance = random.Random(5)  # what is compressed on the way must not become small
    point = {"type": "Point", "coordinates": [24.9, 60.1]}
    features = [
        {"type": "Feature", "id": f"f{number}", "geometry": point, "properties": {"radius": 9, "note": note}}
        for number, note in ((number, chance.randbytes(BYTES // 2).hex()) for number in range(COUNT))
    ]
    body = msgspec.json.encode({"type": "FeatureCollection", "features": features})
    with server.api() as api:
        answer = api.post("/api/geofences/import", content=body, headers={"Content-Type": "application/geo+json"})
    assert answer.json()["created"] == COUNT, answer.text


class Download:
    """Of an export by somebody on a slow line: who reads nothing at all for ten seconds is cut off."""

    def __init__(self, reader: asyncio.StreamReader, head: bytes) -> None:
        self.reader = reader
        self.head = head
        self.slowly = asyncio.create_task(self.trickle())

    async def trickle(self) -> None:
        while await self.reader.read(1000):  # noqa: ASYNC110  # slowly is what is meant
            await asyncio.sleep(0.5)

    async def rest(self) -> bytes:
        self.slowly.cancel()
        await asyncio.wait([self.slowly])
        async with asyncio.timeout(PATIENCE_S):
            return await self.reader.read()


@asynccontextmanager
async def begun(server: RunningServer) -> AsyncIterator[Download]:
    host, _, port = server.address.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"GET /api/geofences/export HTTP/1.1\r\nHost: {server.address}\r\nConnection: close\r\n"
    writer.write(f"{head}Authorization: {server.credentials['Authorization']}\r\n\r\n".encode())
    async with asyncio.timeout(PATIENCE_S):
        download = Download(reader, await reader.readuntil(b"\r\n\r\n"))
    try:
        yield download
    finally:
        download.slowly.cancel()
        writer.close()


def exporters(server: RunningServer) -> list[int]:
    """That have bound themselves."""
    children = [pid for pid in children_of(server.pid) if "tracker.readers.exporter" in " ".join(command_of(pid))]
    return [pid for pid in children if os.getpriority(os.PRIO_PROCESS, pid) == 19]


def are_bound(server: RunningServer) -> bool:
    limits = [limits_of(pid) for pid in exporters(server)]
    granted = {(each["Max address space"], each["Max cpu time"]) for each in limits}
    return len(limits) == MOST and granted == {(str(LIMITS.memory), str(LIMITS.seconds))}


@pytest.mark.town
async def test_exports_are_bounded_and_one_that_dies_is_seen_to_be_cut(server: RunningServer) -> None:
    fill(server)
    async with begun(server) as dying:
        assert dying.head.startswith(b"HTTP/1.1 200")
        await until(lambda: len(exporters(server)) == 1)
        first = exporters(server)[0]
        async with begun(server), begun(server), begun(server):
            await until(lambda: are_bound(server))
            async with begun(server) as refused:
                assert refused.head.startswith(b"HTTP/1.1 429") and b"retry-after: " in refused.head.lower()
            os.kill(first, signal.SIGKILL)
            assert not (await dying.rest()).endswith(LAST), "an end that is none must not look like one"
            async with begun(server) as again:
                assert again.head.startswith(b"HTTP/1.1 200"), "its place is free"
    await until(lambda: not exporters(server))  # nobody reads them any more
    async with begun(server) as whole:
        assert (await whole.rest()).endswith(b"]}\n" + LAST)
