"""A hub, the HTTP application and the model of who sees what, beside each other on one database."""

import asyncio
import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import asyncpg
import msgspec
import numpy as np
from quart import Quart

from tests.integration.conftest import ADMIN, Caller
from tests.integration.rights_model import DEVICES, FENCES, GROUPS, OWN, PEOPLE, WISHES, State, Told
from tests.integration.test_rights_live import Page, until
from tests.integration.world import SQUARE, sign_in
from tests.moments import MONDAY
from tracker.access.gate import Gate
from tracker.access.tokens import issue
from tracker.api.app import Parts, build_app
from tracker.live.hub import Hub
from tracker.live.table import Table
from tracker.live.viewer import Viewer
from tracker.metrics import Metrics
from tracker.model.event import Event
from tracker.model.fix import E7, Fix
from tracker.model.moment import now_us, to_datetime
from tracker.model.position import Position, Status
from tracker.model.sight import EVERYTHING
from tracker.model.token import Token
from tracker.model.update import Update
from tracker.store.devices import select_devices
from tracker.store.rights import select_rights_revision

HEAD: Final = struct.Struct("<BBHIq")
LON, LAT = 7.5, 43.5


class BinaryPage(Page):
    """Reads the columns of binary frames as well, as positions with a slot and a time."""

    def send(self, message: str | bytes) -> None:
        if isinstance(message, str):
            super().send(message)
            return
        kind, _, _, count, base = HEAD.unpack_from(message)
        assert kind == 2
        slots = np.frombuffer(message, "<u4", count, HEAD.size).tolist()
        dt = np.frombuffer(message, "<i4", count, HEAD.size + 12 * count).tolist()
        moved = [{"slot": slot, "ms": base + each} for slot, each in zip(slots, dt, strict=True)]
        self.sent.append({"type": "columns", "positions": moved})


class Scene:
    """`revisions`: the model as of each revision of the rights; `batches`: by which each batch is to be shown."""

    def __init__(self, app: Quart, gate: Gate, hub: Hub, conn: asyncpg.Connection) -> None:
        self.app, self.gate, self.hub, self.conn = app, gate, hub, conn
        self.state = State()
        self.revisions: dict[int, State] = {}
        self.batches: list[int] = []
        self.waiting: list[Update] = []  # on the bus
        self.newest: dict[str, tuple[int, tuple[str, ...]]] = {}  # by device: the batch that came last, and its fences
        self.shown: dict[str, tuple[int, tuple[str, ...]]] = {}  # the same, of what the bus has brought
        self.stored = dict.fromkeys(DEVICES, 0)
        self.events: list[Told] = []
        self.keys: dict[str, int] = {}
        self.callers: dict[str, Caller] = {}
        self.tokens: dict[str, Token] = {}

    async def note_rights(self) -> None:
        self.revisions[await select_rights_revision(self.conn)] = self.state.copy()

    async def toggle(self, noun: str, group: str, thing: str) -> None:
        held = self.state.held[noun][group]
        given = (group, thing)
        if thing in held:
            held.discard(thing)
            await self.conn.execute(
                f"""delete from group_{noun} where in_group = (select key from rights_group where id = $1)
                    and {noun} = (select key from {noun} where id = $2)""",
                *given,
            )
        else:
            held.add(thing)
            await self.conn.execute(
                f"""insert into group_{noun} select (select key from rights_group where id = $1),
                    (select key from {noun} where id = $2)""",
                *given,
            )
        await self.note_rights()

    async def give_role(self, group: str, person: str, role: str | None) -> None:
        given = "(select key from rights_group where id = $1)", "(select key from person where email = $2)"
        await self.conn.execute(
            f"delete from group_person where in_group = {given[0]} and person = {given[1]}", group, person
        )
        self.state.roles[group].pop(person, None)
        await self.note_rights()
        if role is not None:
            await self.conn.execute(
                f"insert into group_person values ({given[0]}, {given[1]}, $3)", group, person, role
            )
            self.state.roles[group][person] = role
            await self.note_rights()

    async def own(self, person: str) -> None:
        """Make an owner of somebody, or no owner."""
        self.state.owners ^= {person}
        await self.conn.execute("update person set is_owner = $2 where email = $1", person, person in self.state.owners)
        await self.note_rights()

    async def move(self, devices: Sequence[str], fence: str, other: str | None) -> None:
        """One commit: fixes, events, and what it gives the bus, which waits there."""
        number = len(self.batches)
        at, revision = MONDAY + number * 1000, await select_rights_revision(self.conn)
        self.batches.append(revision)
        fix, inside = Fix(at, round(LON * E7), round(LAT * E7)), (fence,)
        made = []
        for id in devices:
            await self.conn.execute(
                "insert into fix (at, received_at, device, lon_e7, lat_e7) values ($1, $1, $2, $3, $4)",
                to_datetime(at),
                self.keys[id],
                fix.lon_e7,
                fix.lat_e7,
            )
            self.stored[id] += 1
            self.newest[id] = number, inside
            made.append(await self.tell(id, at, fence if other in (None, id) else None, other, revision))
        positions = [Position(self.keys[id], fix, now_us(), Status.MOVING, inside) for id in devices]
        self.waiting.append(Update(positions, made, now_us(), rights=revision))

    async def tell(self, device: str, at: int, fence: str | None, other: str | None, revision: int) -> Event:
        other = None if other == device else other
        id = len(self.events) + 1
        evidence = msgspec.json.encode({"other": other} if other else {})
        await self.conn.execute(
            """insert into event (id, type, device, geofence, at, detected_at, lon, lat, evidence)
               values ($1, 'enter', $2, $3, $4, $4, $5, $6, $7)""",
            id,
            self.keys[device],
            fence,
            to_datetime(at),
            LON,
            LAT,
            evidence,
        )
        await self.conn.execute("update event_head set id = $1", id)
        self.events.append(Told(id, device, other, fence, revision))
        return Event(id, "enter", device, fence, at, at, False, LON, LAT, msgspec.Raw(evidence), other)

    def bring(self, count: int) -> None:
        """The bus brings what has waited longest."""
        for update in self.waiting[:count]:
            self.hub.deliver(update)
            ids = {key: id for id, key in self.keys.items()}
            for each in update.positions:
                self.shown[ids[each.device]] = (each.fix.at - MONDAY) // 1000, each.geofences
        del self.waiting[:count]

    def look(self, reader: str, *, binary: bool = False) -> Page:
        page = BinaryPage()
        viewer = Viewer(self.hub.table, self.hub.head, self.hub, self.tokens[reader])
        viewer.opened(page)  # type: ignore[arg-type]  # it has what is asked of it here
        wish = {"viewport": [0, 0, 20, 60], "rate": 50, "binary": binary, "events": {"after": 0}}
        viewer.received(msgspec.json.encode({"type": "subscribe", **wish}).decode())
        return page

    async def settle(self) -> None:
        self.bring(len(self.waiting))
        async with self.gate.pool.acquire() as conn:
            await self.gate.sights.refresh(conn)
        self.hub.wake()
        await until(lambda: self.hub.rights == max(self.revisions), 60)


async def fill(scene: Scene) -> None:
    conn = scene.conn
    await conn.execute("create table fix_all partition of fix default")
    await conn.execute("insert into rights_group (id, name) select id, id from unnest($1::text[]) as id", GROUPS)
    await conn.execute(
        "insert into person (email, name, is_owner) select m, m, m = 'owner' from unnest($1::text[]) as m", PEOPLE
    )
    await conn.execute(
        """insert into device (id, name, person) select id, id, (select key from person where email = $2 and id = $3)
           from unnest($1::text[]) as id""",
        DEVICES,
        OWN["phone"],
        "phone",
    )
    await conn.execute(
        """insert into geofence (id, revision, feature, shape)
           select id, 1, jsonb_build_object('type', 'Feature', 'id', id, 'geometry', $2::jsonb, 'properties',
                  jsonb_build_object('name', id, 'preset', 'balanced', 'devices', to_jsonb($3::text[]), 'expect',
                      jsonb_build_array(
                          jsonb_build_object('devices', to_jsonb($3::text[]), 'by', '08:00', 'zone', 'UTC')))),
                  st_setsrid(st_geomfromgeojson($2), 4326)
           from unnest($1::text[]) as id""",
        FENCES,
        SQUARE,
        DEVICES,
    )
    await conn.execute(
        """insert into subscription (id, name, wish, channel, secrets)
           select id, id, '{}', '{"kind":"mqtt","topic":"t/x"}', array['x'] from unnest($1::text[]) as id""",
        WISHES,
    )
    scene.keys = {each.id: each.key for each in await select_devices(conn, EVERYTHING)}
    for device in await select_devices(conn, EVERYTHING):
        scene.hub.change_device(device.key, device)


async def admit(scene: Scene) -> None:
    """A client over HTTP and a token for sockets, for each reader."""
    north = await scene.conn.fetchval("select key from rights_group where id = 'north'")
    for name, group in {"token north": north, "token all": None}.items():
        scene.tokens[name], secret = await issue(scene.conn, "viewer", group=group)
        scene.callers[name] = Caller(scene.app, secret)
    scene.tokens["operator"], scene.callers["operator"] = Token(0, "admin"), Caller(scene.app, ADMIN)
    for person in PEOPLE:
        key = await scene.conn.fetchval("select key from person where email = $1", person)
        scene.tokens[person] = Token(0, "person", person=key, session=1)
        scene.callers[person] = Caller(scene.app, None)
        scene.callers[person].headers = await sign_in(scene.conn, person)


@asynccontextmanager
async def playing(pool: asyncpg.Pool) -> AsyncIterator[Scene]:
    gate, table, metrics = Gate(pool, ADMIN), Table(), Metrics()

    async def ready() -> list[str]:
        return []

    async with pool.acquire() as conn, asyncio.TaskGroup() as tasks:
        hub = Hub(gate, pool, tasks, metrics, table)
        scene = Scene(build_app(Parts(gate=gate, table=table, metrics=metrics, ready=ready)), gate, hub, conn)
        await fill(scene)
        await admit(scene)
        await scene.note_rights()
        running = tasks.create_task(hub.run())
        try:
            yield scene
        finally:
            running.cancel()
