"""Who sees whom in OwnTracks: devices of one group, of which each was switched on for it."""

from typing import Final

import asyncpg

from tracker.model.fix import NO_MARKER, Flag
from tracker.model.friend import Friend
from tracker.model.moment import from_datetime
from tracker.store.privacies import OPEN, OPEN_NOW

MOST: Final = 50
E7: Final = 10_000_000
NEVER: Final = int(NO_MARKER | Flag.IMPOSSIBLE_JUMP)  # where the device was not


async def select_friends(conn: asyncpg.Connection, device: int) -> list[Friend]:
    """Itself among them, as the app expects. Without those that are vague or paused now, and without what was measured
    while they were."""
    rows = await conn.fetch(
        f"""select d.key, d.id, d.name, f.lon_e7, f.lat_e7, f.at from device d
           cross join lateral (select at, lon_e7, lat_e7 from fix
                               where fix.device = d.key and fix.flags & {NEVER} = 0{OPEN} order by at desc limit 1) f
           where d.owntracks_friends
             and (d.key = $1 or exists (select from group_device mine join group_device its using (in_group)
                                        where mine.device = $1 and its.device = d.key)){OPEN_NOW}
           order by d.key <> $1, d.key limit $2""",
        device,
        MOST,
    )
    return [
        Friend(row["key"], row["id"], row["name"], row["lon_e7"] / E7, row["lat_e7"] / E7, from_datetime(row["at"]))
        for row in rows
    ]


async def update_shows_friends(conn: asyncpg.Connection, device: int, shown: bool) -> None:
    await conn.execute(
        """with made as (update device set owntracks_friends = $2 where key = $1 returning key)
           select pg_notify('tracker_device', key::text) from made""",
        device,
        shown,
    )


async def select_shows_friends(conn: asyncpg.Connection, device: int) -> bool:
    found: bool | None = await conn.fetchval("select owntracks_friends from device where key = $1", device)
    return bool(found)
