"""Table geofence as the writer reads it: what changed since a revision, and what is gone."""

from asyncpg import Connection

from tracker.geofence.feature import parse
from tracker.model.geofence import Geofence


async def select_changed_fences(conn: Connection, revision: int) -> list[Geofence]:
    """Made or edited after this revision."""
    rows = await conn.fetch("select key, id, revision, feature from geofence where revision > $1", revision)
    return [parse(row["feature"], id=row["id"], key=row["key"], revision=row["revision"]) for row in rows]


async def select_fence_keys(conn: Connection) -> frozenset[int]:
    """All there are: whatever is not among them was deleted."""
    return frozenset(await conn.fetchval("select coalesce(array_agg(key), '{}') from geofence"))
