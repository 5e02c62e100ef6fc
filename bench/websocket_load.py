"""The load for bench/websocket.py: many connections of one process, cheap enough to stay out of the way.

`python -m bench.websocket_load PORT CONNECTIONS`, then lines on stdin: `paced RATE SECONDS` sends one-fix messages
round robin, open loop, and answers how many; `view` asks for what is pushed; `received` answers the bytes
received since last asked and the connections lost.
"""

import asyncio
import sys
import time

import picows
import uvloop

FIX = (
    '{"type":"fixes","seq":1042,"fixes":[{"at":"2026-11-23T10:00:00.123Z","lon":7.4246,"lat":43.7384,'
    '"speed":12.4,"heading":271.0}]}'
)


class Client(picows.WSListener):
    received = 0
    lost = 0

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        if frame.msg_type == picows.WSMsgType.BINARY:
            Client.received += frame.payload_size

    def on_ws_disconnected(self, transport: picows.WSTransport) -> None:
        Client.lost += 1


async def connect(port: int, number: int) -> list[picows.WSTransport]:
    gate = asyncio.Semaphore(50)

    async def one(index: int) -> picows.WSTransport:
        async with gate:
            source = (f"127.0.{1 + index // 20_000}.1", 0)  # one address has 28,000 ports
            url = f"ws://127.0.0.1:{port}/"
            transport, _ = await picows.ws_connect(Client, url, local_addr=source, use_aiofastnet=False)
            return transport

    return await asyncio.gather(*(one(index) for index in range(number)))


async def paced(transports: list[picows.WSTransport], rate: int, seconds: float) -> int:
    sent, start, total = 0, time.monotonic(), int(rate * seconds)
    while sent < total:
        due = min(total, int((time.monotonic() - start) * rate))
        for number in range(sent, due):
            transports[number % len(transports)].send(picows.WSMsgType.TEXT, FIX)
        sent = max(sent, due)
        await asyncio.sleep(0.001)
    return sent


async def main(port: int, number: int) -> None:
    transports = await connect(port, number)
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    print("ready", flush=True)
    while order := (await reader.readline()).decode().split():
        if order[0] == "paced":
            print(await paced(transports, int(order[1]), float(order[2])), flush=True)
        elif order[0] == "view":
            for transport in transports:
                transport.send(picows.WSMsgType.TEXT, "view")
            print("viewing", flush=True)
        elif order[0] == "received":
            print(Client.received, Client.lost, flush=True)
            Client.received = 0


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2])))
