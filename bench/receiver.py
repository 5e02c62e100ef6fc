"""A receiver of webhooks that says yes: `python -m bench.receiver`. Each line on stdin is answered by its address."""

import asyncio
import os
import sys

ANSWER = b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"


async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            size = next(line for line in head.lower().splitlines() if line.startswith(b"content-length:"))
            await reader.readexactly(int(size.partition(b":")[2]))
            writer.write(ANSWER)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def main() -> None:
    server = await asyncio.start_server(take, "127.0.0.1", 0)
    print("ready", flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    os._exit(0)  # whoever is connected is not waited for


if __name__ == "__main__":
    asyncio.run(main())
