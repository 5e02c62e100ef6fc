"""Since when devices are in a geofence, by the transitions that stand in the log."""

from collections.abc import Mapping, Sequence

import asyncpg

from tracker.model.moment import from_datetime
from tracker.model.sight import Sight
from tracker.store.privacies import select_overlaps


async def select_entered(
    conn: asyncpg.Connection, sight: Sight, geofence: int, ids: Sequence[str]
) -> Mapping[str, int | None]:
    """Of those of these devices that entered the geofence of this key and have not left it, when they did, in ms. None:
    then it was vague or paused, which tells nobody but whose own it is. Who is absent was inside before the geofence
    was in force. By device, for the table has no index that begins with the geofence, and most of it is of the past."""
    rows = await conn.fetch(
        """select d.id, d.key, last.at from device d cross join lateral (
               select t.kind, t.at from transition t
               where t.device = d.key and t.geofence = $1 and t.kind in ('enter', 'noted', 'exit', 'release')
               order by t.decided_at desc, t.at desc limit 1) as last
           where d.id = any($2::text[]) and last.kind = 'enter'""",
        geofence,
        ids,
    )
    entered = [(row["id"], row["key"], from_datetime(row["at"])) for row in rows]
    spans = [(number, key, at, at) for number, (_, key, at) in enumerate(entered) if key not in sight.own.keys]
    hidden = await select_overlaps(conn, spans) if spans else {}
    return {id: None if number in hidden else at for number, (id, _, at) in enumerate(entered)}
