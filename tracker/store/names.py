"""Tables device and geofence, their names: of those that events tell of."""

from collections.abc import Sequence

import asyncpg

from tracker.model.names import Names


async def select_names(conn: asyncpg.Connection, deliveries: Sequence[int]) -> Names:
    """Of all that the events of these deliveries mention."""
    rows = await conn.fetch(
        """with event as (select jsonb_array_elements(body) as told from delivery where id = any($1)),
                device_id as (select told->>'device' as id from event
                              union select told->'evidence'->>'other' from event),
                fence_id as (select told->>'geofence' as id from event)
           select true as is_device, id, name from device where id in (select id from device_id)
           union all
           select false, id, feature->'properties'->>'name' from geofence where id in (select id from fence_id)""",
        deliveries,
    )
    named = [row for row in rows if row["name"]]
    return Names(
        {row["id"]: row["name"] for row in named if row["is_device"]},
        {row["id"]: row["name"] for row in named if not row["is_device"]},
    )
