"""Geofences as circles, for apps that know no other shape."""

from typing import Final

import asyncpg

from tracker.model.circle import Circle
from tracker.model.device import Device
from tracker.model.sight import Sight
from tracker.store.seen import Args, seen_fences

MOST: Final = 20  # iOS watches no more regions for an app
NAMES: Final = "feature->'properties'->"


async def select_circles(conn: asyncpg.Connection, sight: Sight, device: Device) -> list[Circle]:
    """Round those that this reader sees and that apply to the device, the nearest to where it is first. One whose hours
    are over now is among them, for it opens again."""
    args: Args = [device.key, device.id, device.category, MOST]
    seen = seen_fences(sight, "g.key", args)
    rows = await conn.fetch(
        f"""select g.id, g.feature->'properties'->>'name' as name, st_x(m.center) as lon, st_y(m.center) as lat,
                   coalesce((g.feature->'properties'->>'radius')::float8,
                            (select max(st_distance(p.geom::geography, m.center::geography))
                             from st_dumppoints(g.shape) p)) as radius
            from geofence g
            cross join lateral (select case when g.feature->'geometry'->>'type' = 'Point'
                                            then st_setsrid(st_geomfromgeojson(g.feature->'geometry'), 4326)
                                            else (st_minimumboundingradius(g.shape)).center end as center) m
            left join position here on here.device = $1
            where coalesce((g.feature->'properties'->>'enabled')::boolean, true)
              and coalesce((g.feature->'properties'->>'expires')::timestamptz > now(), true)
              and (coalesce(g.{NAMES}'devices', 'null') = 'null' or g.{NAMES}'devices' ? $2)
              and (coalesce(g.{NAMES}'categories', 'null') = 'null' or g.{NAMES}'categories' ? $3){seen}
            order by st_distance(here.place, m.center) nulls last, g.key limit $4""",
        *args,
    )
    return [Circle(row["id"], row["name"] or row["id"], row["lon"], row["lat"], row["radius"]) for row in rows]
