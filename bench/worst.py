"""The worst that strangers do: `python -m bench.worst receivers`, `visitor PORT ID TOKEN` or `senders PORT TOKEN`.

Each says one line when it has begun, and goes on until it is killed.
"""

import asyncio
import json
import math
import os
import random
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

import httpx2
from websockets.asyncio.client import connect

CROSSING_S: Final = 0.2
ANSWERS: Final = (
    b"HTTP/1.1 100 \r\n\r\n" * 8_000,
    b"HTTP/1.1 103 x\r\nlink: </a>\r\n\r\n" * 4_000,
    b"HTTP/1.1 200 x\r\ntransfer-encoding: chunked\r\n\r\n" + b"1;a=b\r\nx\r\n" * 10_000,
    b"",  # never
)
UNKNOWN: Final = b'{"channel":{"kind":"webhook","url":"http://nobody.example.invalid/"}}'
KML: Final = "application/vnd.google-earth.kml+xml"
ATTRIBUTES: Final = 1_500_000
COMMENT: Final = 5_000_000  # characters
HOLES: Final = 2_400
PLACES: Final = 9_999


async def lie() -> None:
    """Receivers whose answers have no end."""
    servers = [await asyncio.start_server(Liar(answer).respond, "127.0.0.1", 0) for answer in ANSWERS]
    print(*(each.sockets[0].getsockname()[1] for each in servers), flush=True)
    await asyncio.Event().wait()


class Liar:
    def __init__(self, answer: bytes) -> None:
        self.answer = answer

    async def respond(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            while self.answer:
                writer.write(self.answer)
                await writer.drain()
            await reader.read()
        writer.close()


async def visit(port: int, id: str, token: str) -> None:
    """In and out of the port, an alert for every subscription each time."""
    header = {"Authorization": f"Bearer {token}"}
    async with connect(f"ws://127.0.0.1:{port}/ws/device", additional_headers=header) as ws:
        await ws.send(json.dumps({"type": "hello", "device": id, "boot": "1"}))
        await ws.recv()
        print("begun", flush=True)
        seq = 0
        while True:
            seq += 1
            fix = {"at": datetime.now(UTC).isoformat(), "lon": 7.05 if seq % 2 else 7.15, "lat": 43.05}
            await ws.send(json.dumps({"type": "fixes", "seq": seq, "fixes": [fix]}))
            await ws.recv()
            await asyncio.sleep(CROSSING_S)


async def send(port: int, token: str) -> None:
    """Files, each kind again as soon as it was answered, whatever the answer was."""
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=600) as api,
        asyncio.TaskGroup() as tasks,
    ):
        for path, kind, body in (
            ("/api/geofences/import", KML, one_tag()),
            ("/api/geofences/import", KML, one_comment()),
            ("/api/geofences/import", "application/geo+json", many_holes()),
            ("/api/geofences", "application/geo+json", tangle()),
            ("/api/subscriptions", "application/json", UNKNOWN),
        ):
            tasks.create_task(repeat(api, path, kind, body))
        print("begun", flush=True)


async def repeat(api: httpx2.AsyncClient, path: str, kind: str, body: bytes) -> None:
    while True:
        with suppress(httpx2.TransportError):  # refused before it was all there, and the connection closed
            answer = await api.post(path, content=pieces(body), headers={"Content-Type": kind})
            if answer.status_code != 429:
                continue
        await asyncio.sleep(0.2)


async def pieces(body: bytes) -> AsyncIterator[bytes]:
    """As a network brings it: all at once it would be our own loop that stands still."""
    for at in range(0, len(body), 65_536):
        yield body[at : at + 65_536]


def one_tag() -> bytes:
    """With so many attributes that to make one dict of them holds the interpreter for seconds."""
    attributes = " ".join(f'a{number}=""' for number in range(ATTRIBUTES))
    return f"<kml><Placemark {attributes}/></kml>".encode()


def one_comment() -> bytes:
    return b"<kml><!--" + b"x" * COMMENT + b"--></kml>"


def many_holes() -> bytes:
    """Within every limit of size, and very slow to be decided about."""
    step = 0.5 / math.ceil(HOLES**0.5)
    rings = [[[7.0, 43.0], [7.5, 43.0], [7.5, 43.5], [7.0, 43.5], [7.0, 43.0]]]
    for number in range(HOLES):
        west, south = 7.0 + (number % 49 + 0.2) * step, 43.0 + (number // 49 + 0.2) * step
        rings.append([[west, south], [west + step / 3, south], [west, south + step / 3], [west, south]])
    features = [feature(f"holes-{number}", rings) for number in range(60)]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def tangle() -> bytes:
    """Its edges cross each other ten million times, and it asks to be repaired."""
    rng = random.Random(1)
    ring = [[rng.uniform(7.0, 8.0), rng.uniform(43.0, 44.0)] for _ in range(PLACES)]
    return json.dumps(feature("tangle", [[*ring, ring[0]]], repair=True)).encode()


def feature(id: str, rings: list[Any], **properties: object) -> dict[str, Any]:
    geometry = {"type": "Polygon", "coordinates": rings}
    return {"type": "Feature", "id": id, "geometry": geometry, "properties": properties}


def main(what: str, *words: str) -> None:
    os.nice(19)
    match what:
        case "receivers":
            asyncio.run(lie())
        case "visitor":
            asyncio.run(visit(int(words[0]), words[1], words[2]))
        case _:
            asyncio.run(send(int(words[0]), words[1]))


if __name__ == "__main__":
    main(*sys.argv[1:])
