"""A device, small enough to read at once: python examples/device.py ID TOKEN [URL [-]]

It drives to and fro through the geofence of the README, a fix each second; or, with a dash, each line of its input is a
fix in JSON, and it ends when all are stored. What it measured is kept until the server has acknowledged it, so nothing
is lost while the server, or the network, is away, and nothing is stored twice.
"""

import asyncio
import json
import math
import random
import secrets
import sys
import threading
import time
from collections import deque
from datetime import UTC, datetime

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

URL = "ws://127.0.0.1:8000/ws/device"
KEPT = 86_400  # fixes; more than a day's drop the oldest
BATCH = 100  # fixes in a frame; what the server takes may be less
LONGEST_WAIT = 30.0  # s


class Device:
    def __init__(self, id: str, token: str, url: str) -> None:
        self.id, self.token, self.url = id, token, url
        self.boot = secrets.token_hex(4)  # names this life of the counter below; after a restart it is another
        self.seq = 0
        self.live: deque[str] = deque()  # fixes not yet sent, measured during this connection
        self.backlog: deque[str] = deque()  # those from before it
        self.frames: dict[int, str] = {}  # what was sent and is not answered, by its seq; never more than the window
        self.again: deque[int] = deque()  # those of them that an earlier connection had sent, and this one has not
        self.welcome: dict[str, int] = {}  # what the server takes
        self.after = 0.0  # s that the server asks to wait at least
        self.heard = False  # this connection was answered a frame
        self.ended = False  # no more fixes will come
        self.moved = asyncio.Event()  # there may be something to send

    def put(self, fix: str) -> None:
        self.live.append(fix)
        if len(self.live) + len(self.backlog) > KEPT:
            (self.backlog or self.live).popleft()
        self.moved.set()

    def end(self) -> None:
        self.ended = True
        self.moved.set()

    def is_done(self) -> bool:
        return self.ended and not (self.live or self.backlog or self.frames)

    async def run(self) -> None:
        """Until all is stored, or the server says that it does not want this device back."""
        failures = 0
        while not self.is_done():
            self.after, self.heard = 0.0, False
            code, reason = await self.converse()
            if self.is_done():
                break
            print(f"closed: {code} {reason}", file=sys.stderr)
            if code in (401, 403, 404) or 4500 <= code <= 4999:  # these say: do not come back
                sys.exit(f"the server refuses {self.id}: {code} {reason}")
            failures = 0 if self.heard else failures + 1
            await asyncio.sleep(self.after + random.uniform(0.5, 1) * min(LONGEST_WAIT, 2.0**failures))

    async def converse(self) -> tuple[int, str]:
        """One connection, to its end. Returns the code it was closed with, or the status of a refusal, and why."""
        try:
            headers = {"Authorization": f"Bearer {self.token}"}
            async with connect(self.url, additional_headers=headers, open_timeout=15) as ws:
                await ws.send(json.dumps({"type": "hello", "device": self.id, "boot": self.boot, "version": 1}))
                self.resume(json.loads(await ws.recv()))
                sending = asyncio.create_task(self.send(ws))
                try:
                    async for message in ws:
                        await self.hear(ws, json.loads(message))
                finally:
                    sending.cancel()
            return ws.close_code or 1006, ws.close_reason or ""
        except ConnectionClosed as closed:
            return (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (1006, "")
        except InvalidStatus as refused:
            self.after = float(refused.response.headers.get("Retry-After", 0))
            return refused.response.status_code, "the handshake was refused"
        except OSError as error:
            return 1006, str(error)

    def resume(self, welcome: dict[str, object]) -> None:
        """What the server has already is dropped; all else goes again, for nobody knows what became of it."""
        if welcome["type"] != "welcome":
            raise SystemExit(f"not welcome: {welcome}")
        self.welcome = {name: value for name, value in welcome.items() if isinstance(value, int)}
        self.frames = {seq: frame for seq, frame in self.frames.items() if seq > self.welcome["acked"]}
        self.again = deque(self.frames)
        self.backlog.extend(self.live)
        self.live.clear()
        self.moved.set()

    async def send(self, ws: ClientConnection) -> None:
        """Never more than the window unanswered: first what goes again, then what is new, then what is old."""
        while not self.is_done():
            self.moved.clear()
            while self.again or (len(self.frames) < self.welcome["window"] and (self.live or self.backlog)):
                await ws.send(self.frames[self.again.popleft() if self.again else self.make_frame()])
            await self.moved.wait()
        await ws.close()

    def make_frame(self) -> int:
        """Of the oldest fixes of one lane, as many as the server takes in one frame. Returns its seq."""
        lane, fixes = ("live", self.live) if self.live else ("backlog", self.backlog)
        taken = [fixes.popleft()]
        room = self.welcome["max_bytes"] - 100 - len(taken[0].encode())  # 100: for what stands around them
        while fixes and len(taken) < min(BATCH, self.welcome["max_fixes"]):
            if (room := room - len(fixes[0].encode()) - 1) < 0:
                break
            taken.append(fixes.popleft())
        self.seq += 1
        self.frames[self.seq] = f'{{"type":"fixes","seq":{self.seq},"lane":"{lane}","fixes":[{",".join(taken)}]}}'
        return self.seq

    async def hear(self, ws: ClientConnection, message: dict[str, object]) -> None:
        if message["type"] == "command":  # answered even if not obeyed, else it comes again
            answer = {"type": "result", "id": message["id"], "ok": False, "detail": "this device obeys nothing"}
            await ws.send(json.dumps(answer))
        elif message["type"] == "going_away":
            self.after = float(str(message["after_ms"])) / 1000
        elif isinstance(seq := message.get("seq"), int):  # an ack: it is stored. An error: it never will be
            self.frames.pop(seq, None)
            self.heard = True
            self.moved.set()
        if message["type"] == "error":
            print(f"error: {message['code']} {message['message']}", file=sys.stderr)


async def drive(device: Device) -> None:
    began = time.monotonic()
    while True:
        east = 0.0036 * math.cos((time.monotonic() - began) * 2 * math.pi / 60)  # degrees: 200 m, a minute to and fro
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        device.put(json.dumps({"at": at, "lon": 24.9384 + east, "lat": 60.1699, "accuracy": 8}))
        await asyncio.sleep(1)


def read(device: Device, loop: asyncio.AbstractEventLoop) -> None:
    with open(0, encoding="utf-8") as lines:
        for line in lines:
            loop.call_soon_threadsafe(device.put, line.strip())
    loop.call_soon_threadsafe(device.end)


async def main(id: str, token: str, url: str = URL, source: str = "") -> None:
    device = Device(id, token, url)
    if source == "-":  # in a thread that nobody waits for: a read that waits for a line cannot be called off
        threading.Thread(target=read, args=(device, asyncio.get_running_loop()), daemon=True).start()
        await device.run()
    else:
        driving = asyncio.create_task(drive(device))
        await device.run()
        driving.cancel()


if __name__ == "__main__":
    if not 3 <= len(sys.argv) <= 5:
        sys.exit(__doc__)
    try:
        asyncio.run(main(*sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
