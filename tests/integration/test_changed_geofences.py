"""Geofences that change under the writer: none of them keeps a device waiting, none keeps the others from deciding."""

import asyncio

import asyncpg
import msgspec

from tests.running import RunningServer
from tracker.geofence.fences import PENDING
from tracker.ingest.refresh import Drawn, Refresh, begin, read_fences
from tracker.model.moment import format_ms, now_ms

PLACE = {"type": "Point", "coordinates": [7.42, 43.73]}


def fence(id: str, **properties: object) -> dict[str, object]:
    known = {"radius": 100, "preset": "strict"}
    return {"type": "Feature", "id": id, "geometry": PLACE, "properties": known | properties}


async def test_one_that_is_not_understood_decides_nothing_and_stops_nobody(
    server: RunningServer, conn: asyncpg.Connection
) -> None:
    token = server.new_device("van-12")
    server.new_geofence(fence("good"))
    server.new_geofence(fence("bad"))
    async with conn.transaction():
        await conn.execute("""update geofence_head set revision = revision + 1""")
        await conn.execute(
            """update geofence set feature = jsonb_set(feature, '{properties,preset}', '"wild"'),
                      revision = (select revision from geofence_head) where id = 'bad'"""
        )
    async with server.viewer(events={"after": 0}) as viewer, server.device("van-12", token) as device:
        await device.fixes(1, {"at": format_ms(now_ms()), "lon": 7.42, "lat": 43.73})
        event = (await viewer.hear("event"))["event"]
        assert (event["type"], event["geofence"]) == ("enter", "good")
    assert "a stored geofence is not understood" in server.text()


async def test_until_the_changed_ones_are_made_those_before_decide(conn: asyncpg.Connection, database_url: str) -> None:
    before = await read_fences(conn, 0, [], Drawn())
    refresh = Refresh(database_url, Drawn())
    made = asyncio.get_running_loop().create_future()
    refresh.next = made
    assert await refresh.make_next(conn, before, 1) is None
    await conn.execute(
        """insert into geofence (id, revision, feature, shape)
           values ('a', 1, $1, st_makeenvelope(0, 0, 1, 1, 4326))""",
        msgspec.json.encode(fence("a")),
    )
    made.set_result(await (await begin(conn, before, 1)))
    after = await refresh.make_next(conn, before, 1)
    assert after is not None and list(after.ids.values()) == ["a"] and after.revision == 1
    assert list(after.since.values()) == [PENDING] and list(after.put_in_force(7).since.values()) == [7]
    assert await refresh.make_next(conn, before, 1) is after, "kept until it is in force"


async def test_many_are_made_apart_and_no_batch_waits_for_them(conn: asyncpg.Connection, database_url: str) -> None:
    before = await read_fences(conn, 0, [], Drawn())
    features = [msgspec.json.encode(fence(f"f{number}")) for number in range(2000)]
    await conn.executemany(
        """insert into geofence (id, revision, feature, shape)
           values ($1, $2, $3, st_makeenvelope(0, 0, 1, 1, 4326))""",
        [(f"f{number}", number + 1, feature) for number, feature in enumerate(features)],
    )
    refresh = Refresh(database_url, Drawn())
    assert await refresh.make_next(conn, before, 2000) is None and refresh.next is not None
    made = await refresh.next
    assert await refresh.make_next(conn, before, 2000) is made and len(made.ids) == 2000
    away = Refresh("postgresql://nobody@127.0.0.1:1/none", Drawn())
    assert await away.make_next(conn, before, 2000) is None and away.next is not None
    await asyncio.wait([away.next])
    assert await away.make_next(conn, before, 2000) is None and away.next is None, "begun anew by the next batch"
