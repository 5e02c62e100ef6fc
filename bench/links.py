"""What many sharing links cost: `python -m bench.links`.

One link with five viewers, and 200 links of devices of their own with five viewers each, exact and blurred, beside each
other in one process: every device moves once a second, and once a second what came is read for all links and sent.
Counted is the CPU of the server's part (reading, folding, sending) and that of PostgreSQL's process which answers it;
writing the fixes is not. Without sockets: what is measured is the rooms, their tables and their viewers.
"""

import asyncio
import time
from pathlib import Path
from statistics import median
from typing import Any, Final

import asyncpg

from bench.ground import Ground
from bench.rights import Sink
from tracker.access.sights import Sights
from tracker.links.rooms import Rooms
from tracker.live.frames import Subscribe
from tracker.live.viewer import Viewer
from tracker.model.fix import E7, Fix, Row
from tracker.model.moment import DAY_MS, micros_to_datetime, now_ms, now_us
from tracker.model.share import Share, Shared, Veil
from tracker.model.viewport import unrolled
from tracker.store.fixes import copy_fixes
from tracker.store.pool import open_connection, open_pool
from tracker.store.shares import insert_share

LINKS: Final = 200
VIEWERS: Final = 5
ROUNDS: Final = 15
TICKS_A_SECOND: Final = 100  # of a process's CPU, as /proc counts it
WORLD: Final = Subscribe(viewport=unrolled(-180.0, -90.0, 180.0, 90.0), zoom=10.0, rate=4.0)


class Crowd:
    """So many links, all looked at."""

    def __init__(self, pool: asyncpg.Pool, links: list[int]) -> None:
        self.links = links
        self.rooms = Rooms(pool, Sights())
        self.sinks: list[Sink] = []

    async def open(self) -> None:
        await self.rooms.read(self.links)
        for key in self.links:
            room = self.rooms.rooms[key]
            for _ in range(VIEWERS):
                viewer, sink = Viewer(room.table, room.head, room, None), Sink()
                viewer.opened(sink)  # type: ignore[arg-type]  # it takes what is sent here
                viewer.subscribe(WORLD)
                self.sinks.append(sink)

    async def look(self) -> float:
        """CPU seconds of one second."""
        began = time.process_time()
        await self.rooms.read(self.links)
        for number in range(4):  # each viewer is due once in a quarter of a second
            self.rooms.serve(time.monotonic() + number * 0.25)
        return time.process_time() - began


async def make_links(conn: asyncpg.Connection, level: int | None) -> list[int]:
    veil = Veil(since=0, until=now_ms() + DAY_MS, opens=True, level=level)
    until = micros_to_datetime(veil.until * 1000)
    found = []
    for number in range(LINKS):
        id = f"bench-{number}"
        key = await conn.fetchval("select key from device where id = $1", id)
        share = Share(0, f"{level}-{number}", "", None, None, (Shared(key, id, "17", "17"),), veil, until, until)
        await insert_share(conn, share, f"{level} {number}".encode().rjust(32))
        found.append(await conn.fetchval("select max(key) from share"))
    return found


async def move(conn: asyncpg.Connection, keys: list[int], step: int) -> None:
    """All devices, by 20 m; and a moment later, so that no two have one time."""
    now, stamp, away = now_ms(), now_us(), step * 2000
    rows = [
        Row(key, stamp + number, Fix(now, round(24.0 * E7) + away, round(60.0 * E7))) for number, key in enumerate(keys)
    ]
    await copy_fixes(conn, rows)
    await asyncio.sleep(0.01)


def read_cpu(pid: int) -> float:
    """Seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND


async def measure(url: str) -> None:
    conn = await open_connection(url)
    async with await open_pool(url, min_size=1, max_size=1) as pool:
        async with pool.acquire() as probe:
            backend = await probe.fetchval("select pg_backend_pid()")
        keys = [row["key"] for row in await conn.fetch("select key from device order by key limit $1", LINKS)]
        await move(conn, keys, 0)
        for kind, level in (("exact", None), ("blurred", 1)):
            links = await make_links(conn, level)
            crowds = {1: Crowd(pool, links[:1]), LINKS: Crowd(pool, links)}
            for crowd in crowds.values():
                await crowd.open()
            costs: dict[int, list[float]] = {count: [] for count in crowds}
            asked: dict[int, float] = dict.fromkeys(crowds, 0.0)
            for step in range(1, ROUNDS + 1):
                await move(conn, keys, step)
                for count, crowd in crowds.items():
                    before = read_cpu(backend)
                    costs[count].append(await crowd.look())
                    asked[count] += read_cpu(backend) - before
            tell(kind, costs, asked, crowds)
    await conn.close()


def tell(kind: str, costs: dict[int, list[float]], asked: dict[int, float], crowds: Any) -> None:
    one = median(costs[1])
    for count, crowd in crowds.items():
        cost, sent = median(costs[count]), sum(sink.sent for sink in crowd.sinks) / 1e6
        print(
            f"{kind:8} {count:4} links, {count * VIEWERS} viewers: {cost:6.1%} of a core, {cost / one:5.1f} of one;"
            f" PostgreSQL {asked[count] / ROUNDS:6.1%}; sent {sent:.2f} MB",
            flush=True,
        )


def main() -> None:
    ground = Ground(devices=LINKS, geofences=0)
    try:
        asyncio.run(measure(ground.new_database()))
    finally:
        ground.end()


if __name__ == "__main__":
    main()
