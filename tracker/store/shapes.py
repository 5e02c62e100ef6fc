"""What geofences cover, for who needs nothing else of them."""

from collections.abc import Sequence
from typing import Any

import asyncpg
import shapely

from tracker.model.sight import Sight
from tracker.store.seen import Args, seen_fences


async def select_shapes(conn: asyncpg.Connection, sight: Sight, ids: Sequence[str]) -> dict[str, Any]:
    """The outlines (shapely, degrees) of those of these that there are, and that the reader sees."""
    args: Args = [list(ids)]
    rows = await conn.fetch(
        f"""select id, st_asbinary(shape) as shape from geofence
            where id = any($1::text[]){seen_fences(sight, "key", args)}""",
        *args,
    )
    return {row["id"]: shapely.from_wkb(row["shape"]) for row in rows}
