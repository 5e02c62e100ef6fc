"""The floor: what receiving, storing and acking costs at least in this language on these parts.

`python -m bench.floor DATABASE_URL`. picows, msgspec (NumPy for binary), and one COPY into the same table as the
server's, batched the same way: all that waits, commit, ack, again. It knows nobody, checks nothing, folds nothing and
shows nothing.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from struct import Struct
from typing import Any

import asyncpg
import msgspec
import numpy as np
import picows
import uvloop

PG_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
PG_EPOCH_MS = 946_684_800_000
MICROSECOND = timedelta(microseconds=1)
BATCH = 2_000
HEAD = Struct("<BBHIq")
ONE = Struct("<BBHIqiiiHHHh")
SINGLE = ONE.size
ROW = Struct(">h iq iq ii ii ii if if if")
COLUMNS = ("at", "received_at", "device", "lon_e7", "lat_e7", "speed", "heading", "accuracy")
CELLS = np.dtype(
    [
        ("cells", ">i2"),
        *(
            (f"{name}{part}", kind)
            for name, size in zip(COLUMNS, ("8", "8", "4", "4", "4", "4", "4", "4"), strict=True)
            for part, kind in (("_size", ">i4"), ("", f">{'f' if name in COLUMNS[5:] else 'i'}{size}"))
        ),
    ]
)
SIGNATURE = b"PGCOPY\n\xff\r\n\0" + b"\0" * 8


class WireFix(msgspec.Struct, gc=False):
    at: datetime
    lon: float
    lat: float
    speed: float
    heading: float
    accuracy: float


class Fixes(msgspec.Struct, tag="fixes", gc=False):
    seq: int
    fixes: list[WireFix]


class Hello(msgspec.Struct, tag="hello"):
    device: str


DECODE = msgspec.json.Decoder(Hello | Fixes).decode
Frame = tuple["Device", int, int, bytes]  # who, seq, fixes, rows of COPY


class Device(picows.WSListener):
    def __init__(self, floor: "Floor") -> None:
        self.floor = floor
        self.key = 0

    def on_ws_connected(self, transport: picows.WSTransport) -> None:
        self.transport = transport

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        if frame.msg_type == picows.WSMsgType.BINARY:
            data = frame.get_payload_as_bytes()
            decode = column if len(data) == SINGLE else columns
            self.floor.offer(decode(self, data, self.floor.now()))
        elif frame.msg_type == picows.WSMsgType.TEXT:
            message = DECODE(frame.get_payload_as_utf8_text())
            if isinstance(message, Hello):
                self.key = int(message.device.rpartition("-")[2]) + 1
                transport.send(picows.WSMsgType.TEXT, b'{"type":"welcome"}')
            else:
                self.floor.offer(texts(self, message, self.floor.now()))


def texts(device: Device, fixes: Fixes, now: int) -> Frame:
    key, pack = device.key, ROW.pack
    rows = [
        pack(
            8,
            8,
            (fix.at - PG_EPOCH) // MICROSECOND,
            8,
            now,
            4,
            key,
            4,
            round(fix.lon * 1e7),
            4,
            round(fix.lat * 1e7),
            4,
            fix.speed,
            4,
            fix.heading,
            4,
            fix.accuracy,
        )
        for fix in fixes.fixes
    ]
    return device, fixes.seq, len(rows), b"".join(rows)


def column(device: Device, message: bytes, now: int) -> Frame:
    """One fix: below a dozen NumPy costs more than it saves."""
    _, _, count, seq, base, dt, lon, lat, speed, heading, accuracy, _ = ONE.unpack(message)
    at = (base + dt - PG_EPOCH_MS) * 1000
    row = ROW.pack(8, 8, at, 8, now, 4, device.key, 4, lon, 4, lat, 4, speed / 100, 4, heading / 100, 4, accuracy / 10)
    return device, seq, count, row


def columns(device: Device, message: bytes, now: int) -> Frame:
    _, _, count, seq, base = HEAD.unpack_from(message)
    cells = np.repeat(EMPTY, count)
    cells["received_at"], cells["device"] = now, device.key
    start = HEAD.size
    cells["at"] = (np.frombuffer(message, "<i4", count, start).astype(np.int64) + (base - PG_EPOCH_MS)) * 1000
    cells["lon_e7"] = np.frombuffer(message, "<i4", count, start + 4 * count)
    cells["lat_e7"] = np.frombuffer(message, "<i4", count, start + 8 * count)
    for place, (name, unit) in enumerate((("speed", 100), ("heading", 100), ("accuracy", 10))):
        cells[name] = np.frombuffer(message, "<u2", count, start + (12 + 2 * place) * count) / unit
    return device, seq, count, cells.tobytes()


EMPTY = np.zeros(1, CELLS)
EMPTY["cells"] = 8
for name in COLUMNS:
    EMPTY[f"{name}_size"] = 8 if name in COLUMNS[:2] else 4


class Floor:
    def __init__(self, conn: asyncpg.Connection) -> None:
        self.conn = conn
        self.waiting: list[Frame] = []
        self.wake = asyncio.Event()

    def now(self) -> int:
        return (datetime.now(UTC) - PG_EPOCH) // MICROSECOND

    def offer(self, frame: Frame) -> None:
        self.waiting.append(frame)
        self.wake.set()

    async def write(self) -> None:
        while True:
            await self.wake.wait()
            self.wake.clear()
            while self.waiting:
                batch = self.take()
                await self.conn.copy_to_table(
                    "fix", source=copied(frame[3] for frame in batch), columns=COLUMNS, format="binary"
                )
                for device, seq, count, _ in batch:
                    ack = b'{"type":"ack","seq":%d,"stored":%d,"duplicate":0,"quarantined":[]}' % (seq, count)
                    device.transport.send(picows.WSMsgType.TEXT, ack)

    def take(self) -> list[Frame]:
        fixes = taken = 0
        while taken < len(self.waiting) and fixes < BATCH:
            fixes += self.waiting[taken][2]
            taken += 1
        batch, self.waiting = self.waiting[:taken], self.waiting[taken:]
        return batch


async def copied(rows: Any) -> AsyncIterator[bytes]:
    yield SIGNATURE + b"".join(rows) + b"\xff\xff"


async def main(url: str) -> None:
    floor = Floor(await asyncpg.connect(url))
    server = await picows.ws_create_server(lambda _: Device(floor), "127.0.0.1", 0, backlog=4096)
    print(f"listening on http://127.0.0.1:{server.sockets[0].getsockname()[1]}", file=sys.stderr, flush=True)
    await floor.write()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
