"""A device, small enough to read at once: python examples/device.py ID TOKEN [URL]

It drives to and fro through the geofence of the README, a fix each second. What it measured is kept until the server
has acknowledged it, so nothing is lost while the server, or the network, is away, and nothing is stored twice.
"""

import asyncio
import json
import math
import random
import secrets
import sys
import time
from datetime import UTC, datetime

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

URL = "ws://127.0.0.1:8000/ws/device"
KEPT = 86_400  # frames; more than a day's drop the oldest
LONGEST_WAIT = 60.0  # s


class Device:
    def __init__(self, id: str, token: str, url: str) -> None:
        self.id, self.token, self.url = id, token, url
        self.boot = secrets.token_hex(4)  # names this life of the counter below; after a restart it is another
        self.seq = 0
        self.kept: dict[int, str] = {}  # frames by their seq, oldest first, until they are answered
        self.under_way: set[int] = set()  # those of them that this connection has sent
        self.window = 0
        self.moved = asyncio.Event()  # there may be something to send

    def put(self, fix: dict[str, object]) -> None:
        self.seq += 1
        self.kept[self.seq] = json.dumps({"type": "fixes", "seq": self.seq, "fixes": [fix]})
        if len(self.kept) > KEPT:
            del self.kept[next(seq for seq in self.kept if seq not in self.under_way)]
        self.moved.set()

    async def run(self) -> None:
        """Until the server says that it does not want this device back."""
        failures = 0
        while True:
            answered = len(self.kept)
            wait = await self.converse()
            failures = 0 if len(self.kept) < answered else failures + 1
            await asyncio.sleep(max(wait, random.uniform(0.5, 1) * min(LONGEST_WAIT, 2.0**failures)))

    async def converse(self) -> float:
        """One connection, to its end. Returns how long the server asks to wait at least (s)."""
        try:
            headers = {"Authorization": f"Bearer {self.token}"}
            async with connect(self.url, additional_headers=headers, open_timeout=15) as ws:
                await ws.send(json.dumps({"type": "hello", "device": self.id, "boot": self.boot}))
                self.resume(json.loads(await ws.recv()))
                sending = asyncio.create_task(self.send(ws))
                try:
                    async for message in ws:
                        await self.hear(ws, json.loads(message))
                finally:
                    sending.cancel()
            code, reason = ws.close_code or 1006, ws.close_reason
        except ConnectionClosed as closed:
            code, reason = (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (1006, "")
        except InvalidStatus as refused:
            code, reason = refused.response.status_code, "the handshake was refused"
            if code in (429, 503):
                return float(refused.response.headers.get("Retry-After", 5))
        except OSError as error:
            code, reason = 1006, str(error)
        print(f"closed: {code} {reason}", file=sys.stderr)
        if code in (401, 403, 404) or 4500 <= code <= 4999:  # these say: do not come back
            sys.exit(f"the server refuses {self.id}: {code} {reason}")
        return 0.0

    def resume(self, welcome: dict[str, object]) -> None:
        """What the server has already is dropped; all else goes again, for nobody knows what became of it."""
        if welcome["type"] != "welcome":
            raise SystemExit(f"not welcome: {welcome}")
        self.window = int(str(welcome["window"]))
        self.kept = {seq: frame for seq, frame in self.kept.items() if seq > int(str(welcome["acked"]))}
        self.under_way.clear()
        self.moved.set()

    async def send(self, ws: ClientConnection) -> None:
        """In order, and never more than the window unanswered."""
        while True:
            self.moved.clear()
            for seq in [each for each in self.kept if each not in self.under_way]:
                if len(self.under_way) >= self.window:
                    break
                self.under_way.add(seq)
                await ws.send(self.kept[seq])
            await self.moved.wait()

    async def hear(self, ws: ClientConnection, message: dict[str, object]) -> None:
        if message["type"] == "command":  # answered even if not obeyed, else it comes again
            answer = {"type": "result", "id": message["id"], "ok": False, "detail": "this device obeys nothing"}
            await ws.send(json.dumps(answer))
        elif isinstance(seq := message.get("seq"), int):  # an ack: it is stored. An error: it never will be
            self.kept.pop(seq, None)
            self.under_way.discard(seq)
            self.moved.set()


async def main(id: str, token: str, url: str = URL) -> None:
    device = Device(id, token, url)
    running = asyncio.create_task(device.run())
    began = time.monotonic()
    while not running.done():
        east = 0.0036 * math.cos((time.monotonic() - began) * 2 * math.pi / 60)  # degrees: 200 m, a minute to and fro
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        device.put({"at": at, "lon": 24.9384 + east, "lat": 60.1699, "accuracy": 8})
        await asyncio.wait([running], timeout=1)
    await running


if __name__ == "__main__":
    if not 3 <= len(sys.argv) <= 4:
        sys.exit(__doc__)
    try:
        asyncio.run(main(*sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
