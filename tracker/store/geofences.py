"""Tables geofence and geofence_head: the named areas, and the number that counts up with every change of one."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Final, Literal

import asyncpg
import msgspec

from tracker.errors import Changed, Conflict
from tracker.geofence.reading.collection import Collection, Draft
from tracker.geofence.reading.settle import Settled, Stored, settle
from tracker.model.geofence import AlreadyInside
from tracker.model.sight import EVERYTHING, Sight
from tracker.store.holders import hold_geofences
from tracker.store.scopes import check_scopes, keep_unseen, show_feature
from tracker.store.seen import Args, seen_fences

# The first statement of each change: the lock it takes puts changes in one order. A sequence would number them without
# a lock, and a reader that has seen 7 might find a 6 later, whose transaction took longer.
NEXT: Final = "update geofence_head set revision = revision + 1 returning revision"
BUMP: Final = """update geofence_head set revision = revision + 1
                 where exists (select from geofence where id = $1) returning revision"""

PAGE_BYTES: Final = 16 * 1024 * 1024
TURN: Final = 5000  # rows that become values before others have their turn
SLICE: Final = 500  # drafts that are written at once, at most
SLICE_BYTES: Final = 1024 * 1024


OnConflict = Literal["fail", "skip", "replace"]


class StoredGeofence(msgspec.Struct, frozen=True):
    """As it is kept: `feature` is the GeoJSON with its id and its revision; geofence.feature.parse makes more of it."""

    key: int
    id: str
    revision: int
    feature: msgspec.Raw


def _select(sight: Sight, args: Args) -> str:
    return f"select key, id, revision, {show_feature(sight, args)} as feature from geofence"


async def insert_geofence(conn: asyncpg.Connection, id: str, feature: bytes, shape: bytes) -> StoredGeofence:
    """`shape` is WKB. Conflict where the id is taken."""
    async with conn.transaction():
        row = await conn.fetchrow(
            """insert into geofence (id, revision, feature, shape)
               values ($1, $2, $3, st_geomfromwkb($4, 4326)) on conflict do nothing returning key""",
            id,
            await conn.fetchval(NEXT),
            feature,
            shape,
        )
        if row is None:
            raise Conflict(f"there is a geofence {id} already", field="id")
        return await _select_by_key(conn, EVERYTHING, row["key"])


class Terms(msgspec.Struct, frozen=True):
    """What holds for an import. Where ids are taken by others: `fail` changes nothing, `skip` leaves those out,
    `replace` puts the new ones in their place. Of ids that are not `mine` (None: all are) nothing is changed, and
    nothing told. New ones are put into the `group`. `already_inside`: for those that do not say it."""

    on_conflict: OnConflict
    mine: frozenset[str] | None = None
    group: int | None = None
    already_inside: AlreadyInside | None = None


async def insert_geofences(
    conn: asyncpg.Connection, found: Collection, terms: Terms, sight: Sight = EVERYTHING
) -> Settled:
    """Each with a revision of its own. The key of a replaced one stays, and what is there already is unchanged."""
    async with conn.transaction():
        # The lock first, as in each change: what is decided below must not be decided beside another change.
        last = await conn.fetchval("select revision from geofence_head for update")
        stored = await _select_stored(conn, sight, [draft.id for draft in found.drafts])
        settled = await asyncio.to_thread(settle, found, stored, terms.mine, terms.already_inside)
        if (settled.replaced or settled.foreign) and terms.on_conflict == "fail":
            return settled
        drafts = [each for each in settled.changed if terms.on_conflict == "replace" or each.id not in settled.replaced]
        await conn.execute("update geofence_head set revision = revision + $1", len(drafts))
        begin = 0
        for end in _cut_slices(drafts):
            await _upsert(conn, sight, drafts[begin:end], last + begin + 1)
            begin = end
        if not sight.is_all:
            await check_scopes(conn, [each.id for each in drafts])
        if terms.group is not None:
            await hold_geofences(conn, terms.group, [each.id for each in drafts if each.id not in stored])
        return settled


async def _select_stored(conn: asyncpg.Connection, sight: Sight, ids: list[str]) -> dict[str, Stored]:
    found: dict[str, Stored] = {}
    for begin in range(0, len(ids), SLICE):
        args: Args = [ids[begin : begin + SLICE]]
        shown = show_feature(sight, args)
        rows = await conn.fetch(
            f"select id, {shown} as feature, st_asbinary(shape) as shape from geofence where id = any($1::text[])",
            *args,
        )
        found |= {row["id"]: Stored(bytes(row["feature"]), row["shape"]) for row in rows}
    return found


def _cut_slices(drafts: Sequence[Draft]) -> Iterator[int]:
    """Where each ends. A slice is what the event loop can write in a millisecond or two."""
    size = 0
    for number, draft in enumerate(drafts):
        size += len(draft.feature) + len(draft.shape) + SLICE_BYTES // SLICE
        if size >= SLICE_BYTES:
            yield number + 1
            size = 0
    yield len(drafts)


async def _upsert(conn: asyncpg.Connection, sight: Sight, drafts: Sequence[Draft], revision: int) -> None:
    args: Args = [
        [draft.id for draft in drafts],
        list(range(revision, revision + len(drafts))),
        [draft.feature for draft in drafts],
        [draft.shape for draft in drafts],
    ]
    kept = keep_unseen("excluded.feature", "geofence.feature", sight, args)
    await conn.execute(
        f"""insert into geofence (id, revision, feature, shape)
           select id, revision, convert_from(feature, 'UTF8')::jsonb, st_geomfromwkb(shape, 4326)
           from unnest($1::text[], $2::bigint[], $3::bytea[], $4::bytea[]) as draft (id, revision, feature, shape)
           on conflict (id) do update set revision = excluded.revision, feature = {kept},
                                          shape = excluded.shape, updated_at = now()""",
        *args,
    )


async def update_geofence(
    conn: asyncpg.Connection,
    id: str,
    feature: bytes,
    shape: bytes,
    *,
    revision: int | None = None,
    sight: Sight = EVERYTHING,
) -> StoredGeofence | None:
    """The key stays: with a new one, every device that is inside would leave and enter. None where there is none,
    Changed where it is at another revision."""
    args: Args = [id, feature, shape]
    kept = keep_unseen("$2::jsonb", "geofence.feature", sight, args)
    async with conn.transaction():
        await _check_revision(conn, id, revision)
        row = await conn.fetchrow(
            f"""with head as ({BUMP})
                update geofence set revision = head.revision, feature = {kept}, shape = st_geomfromwkb($3, 4326),
                       updated_at = now() from head where id = $1 returning key""",
            *args,
        )
        if not sight.is_all:
            await check_scopes(conn, [id])
        return await _select_by_key(conn, sight, row["key"]) if row else None


async def delete_geofence(conn: asyncpg.Connection, id: str, *, revision: int | None = None) -> bool:
    """Its events stay. False where there is none; Changed where it is not at `revision`."""
    async with conn.transaction():
        await _check_revision(conn, id, revision)
        gone = await conn.fetchval(
            f"with head as ({BUMP}) delete from geofence using head where id = $1 returning true", id
        )
    return gone is not None


async def _check_revision(conn: asyncpg.Connection, id: str, revision: int | None) -> None:
    """The head first, as each change does: nobody else changes it between this look and the change."""
    if revision is None:
        return
    await conn.fetchval("select revision from geofence_head for update")
    now = await conn.fetchval("select revision from geofence where id = $1", id)
    if now is not None and now != revision:
        raise Changed(f"it is at revision {now} by now, not at {revision}: somebody else has changed it")


async def select_geofence(conn: asyncpg.Connection, sight: Sight, id: str) -> StoredGeofence | None:
    args: Args = [id]
    row = await conn.fetchrow(f"{_select(sight, args)} where id = $1{seen_fences(sight, 'key', args)}", *args)
    return _read_geofence(row) if row else None


async def select_geofences(
    conn: asyncpg.Connection, sight: Sight, *, after: str = "", limit: int, largest: int = PAGE_BYTES
) -> tuple[list[StoredGeofence], bool]:
    """In the order of their ids, and whether there are more; `after` is the last id of the page before.

    A page ends early where it would be more than `largest` bytes: a geofence may have three hundred kilobytes.
    """
    args: Args = [after, limit, largest]
    select, seen = _select(sight, args), seen_fences(sight, "key", args)
    rows = await conn.fetch(
        f"""select * from (
                select *, sum(length(feature::text)) over (order by id collate "C") - length(feature::text) as before
                from ({select} where id collate "C" > $1{seen} order by id collate "C" limit $2 + 1)
                      as page) as measured
            where before < $3 order by measured.id collate "C" """,
        *args,
    )
    found = [_read_geofence(row) for row in rows[:limit]]
    if not found or len(rows) > limit:
        return found, len(rows) > limit
    args = [found[-1].id]
    seen = seen_fences(sight, "key", args)
    return found, await conn.fetchval(
        f"""select exists (select from geofence where id collate "C" > $1{seen})""", *args
    )


async def select_geofences_after(
    conn: asyncpg.Connection, sight: Sight, key: int, *, limit: int, largest: int
) -> list[StoredGeofence]:
    """In the order in which they were made, which has an index for all to be read by. Ends early as a page of
    `select_geofences` does; empty at the end."""
    args: Args = [key, limit, largest]
    select, seen = _select(sight, args), seen_fences(sight, "key", args)
    rows = await conn.fetch(
        f"""select * from (
                select *, sum(length(feature::text)) over (order by key) - length(feature::text) as before
                from ({select} where key > $1{seen} order by key limit $2) as page) as measured
            where before < $3 order by key""",
        *args,
    )
    return [_read_geofence(row) for row in rows]


async def select_is_much(conn: asyncpg.Connection, *, most: int, largest: int) -> bool:
    """Whether there are more than so many, or of more bytes as they lie there, which is known without reading them."""
    found: bool = await conn.fetchval(
        "select count(*) > $1 or coalesce(sum(pg_column_size(feature)), 0) > $2 from geofence", most, largest
    )
    return found


class Revision(msgspec.Struct, frozen=True):
    """A geofence as it became by a revision. `feature`: None where that deleted it; `since`: the revision since which
    it decides as it does."""

    key: int
    id: str
    revision: int
    since: int
    feature: bytes | None


async def select_revisions(conn: asyncpg.Connection, after: int, until: int) -> list[Revision]:
    """What became of each geofence that changed after one revision and until another, whatever happened since."""
    rows = await conn.fetch(
        """select distinct on (key) key, id, revision, since,
                  jsonb_set(feature, '{properties,revision}', to_jsonb(revision)) as feature
           from geofence_revision where revision > $1 and revision <= $2 order by key, revision desc""",
        after,
        until,
    )
    found: list[Revision] = []
    for begin in range(0, len(rows), TURN):
        found += [_read_revision(row) for row in rows[begin : begin + TURN]]
        await asyncio.sleep(0)
    return found


async def select_revisions_size(conn: asyncpg.Connection, after: int, until: int) -> int:
    """Bytes as they are stored, which is known without reading them."""
    size: int = await conn.fetchval(
        """select coalesce(sum(pg_column_size(feature)), 0)
           from geofence_revision where revision > $1 and revision <= $2""",
        after,
        until,
    )
    return size


async def select_geofence_as_of(
    conn: asyncpg.Connection, sight: Sight, id: str, revision: int
) -> StoredGeofence | None:
    """As it was by this revision, also if it is gone by now; None where that revision was none of this geofence."""
    args: Args = [id, revision]
    shown, seen = show_feature(sight, args), seen_fences(sight, "key", args)
    row = await conn.fetchrow(
        f"""select key, id, revision, {shown} as feature from geofence_revision
            where id = $1 and revision = $2 and feature is not null{seen}""",
        *args,
    )
    return _read_geofence(row) if row else None


async def select_geofence_revision(conn: asyncpg.Connection) -> int:
    revision: int = await conn.fetchval("select revision from geofence_head")
    return revision


async def _select_by_key(conn: asyncpg.Connection, sight: Sight, key: int) -> StoredGeofence:
    args: Args = [key]
    return _read_geofence(await conn.fetchrow(f"{_select(sight, args)} where key = $1", *args))


def _read_geofence(row: asyncpg.Record) -> StoredGeofence:
    return StoredGeofence(row["key"], row["id"], row["revision"], msgspec.Raw(row["feature"]))


def _read_revision(row: asyncpg.Record) -> Revision:
    feature = row["feature"]
    return Revision(row["key"], row["id"], row["revision"], row["since"], feature)
