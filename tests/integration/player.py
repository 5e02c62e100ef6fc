"""Plays a script of what happens to a log: fixes, late ones, changes, time, restarts, death at any await of the writer.
What a script tells is the list of its events, without their numbers and without when they were detected."""

import ast
import asyncio
import types
from collections import deque
from collections.abc import Callable, Coroutine, Generator, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

import asyncpg
import msgspec
import shapely

from tests.integration.test_replay import DEVICES, afresh
from tracker.ingest import log as log_module
from tracker.ingest.expecting import Expecting, judge_due
from tracker.ingest.foresight import Foresight
from tracker.ingest.inputs import Taken
from tracker.ingest.log import Log
from tracker.ingest.note_queue import store_notes
from tracker.ingest.numberer import Numberer
from tracker.live.memory import MemoryBus
from tracker.metrics import Metrics
from tracker.model.channel import Mqtt
from tracker.model.device import Device
from tracker.model.dialect import Dialect
from tracker.model.fix import Fix, Refusal
from tracker.model.frame import Frame
from tracker.model.moment import DAY_MS, format_ms, now_us
from tracker.model.note import Note, Standing, Utterance, Walk
from tracker.model.report import App
from tracker.model.subscription import Wish
from tracker.pipeline.fold import Folded
from tracker.store.appearance import update_guard
from tracker.store.devices import delete_device, select_devices_by_key, update_device
from tracker.store.geofences import delete_geofence, insert_geofence, update_geofence
from tracker.store.pairs import delete_pair, insert_pair, update_pair
from tracker.store.pool import AWAY
from tracker.store.subscriptions import insert_subscription

MIDNIGHT: Final = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
AT: Final = round(MIDNIGHT.timestamp() * 1000)  # ms: second 0 of every script
PHONE: Final = App(Dialect.OWNTRACKS, "OwnTracks")
PLACES: Final = (
    (74250000, 437350000),
    (74260000, 437350000),
    (74270000, 437350000),
    (84250000, 437350000),
    (74253700, 437350000),
    (74254300, 437350000),
)
INGEST: Final = Path(log_module.__file__).parent
GRACE_US: Final = 5_001_000

WISHED: Final = """with head as (update subscription_head set revision = revision + 1)
                   update subscription set enabled = $1 where enabled is distinct from $1"""
WILLING: Final = "drop trigger if exists refuses on unnumbered"
REFUSING: Final = f"""
{WILLING};
create or replace function refuse() returns trigger language plpgsql as
    $$ begin raise exception 'refused' using errcode = 'data_exception'; end $$;
create trigger refuses before insert on unnumbered for each row when (new.late) execute function refuse()"""

SENDERS: Final = {"send": (1, None), "send2": (2, None), "phone": (1, PHONE)}

Step = tuple[Any, ...]
Send = tuple[int, App | None, tuple[Any, ...]]  # device, app, fix
Work = Callable[[], Coroutine[Any, Any, object]]
Rung = tuple[list[int], int]  # devices, and the time, µs
Script = Sequence[Step]


class Event(NamedTuple):
    """`at` in seconds of the script."""

    type: str
    of: str | None  # what a retraction takes back
    device: str
    geofence: str | None
    other: str | None
    at: float

    def __str__(self) -> str:
        kind = f"{self.type}({self.of})" if self.of else self.type
        return " ".join(str(each) for each in (kind, self.geofence or self.other, f"{self.at:g}") if each is not None)


class Crash(Exception):
    """The process died."""


class Told(NamedTuple):
    events: list[Event]
    places: set[str]  # the awaits at which something waited
    foreseen: int  # batches that were folded ahead, and used

    def lines(self) -> list[str]:
        return [str(event) for event in self.events]

    def standing(self) -> set[Event]:
        """Without what was taken back."""
        left: list[Event] = []
        for event in self.events:
            if event.type != "retraction":
                left.append(event)
                continue
            gone = next(
                each
                for each in reversed(left)
                if (each.type, each.device, each.geofence, each.at)
                == (event.of, event.device, event.geofence, event.at)
            )
            left.remove(gone)
        return set(left)


async def play(url: str, conn: asyncpg.Connection, script: Script, *, dies: bool) -> Told:
    """`dies`: whether the steps that end the process do."""
    await afresh(conn)
    await subscribe(conn)
    player = Player(url, conn, dies, list(list_sends(script)))
    player.log = await player.opened()
    most = log_module.MOST_REFOLDED
    try:
        for step in script:
            await player.do(step)
        await player.number(True)
        await check_numbers(conn, is_all_wished=all(step[0] != "wished" for step in script))
        return Told(await read_events(conn), player.places, player.foresight.used)
    finally:
        log_module.MOST_REFOLDED = most  # type: ignore[misc]
        player.log.conn.terminate()
        player.leave()
        await conn.execute(WILLING)


def list_sends(script: Script) -> Iterator[Send]:
    """All that devices send in it, in its order."""
    for name, *fixes in script:
        if name in SENDERS:
            yield from ((*SENDERS[name], fix) for fix in fixes)


async def subscribe(conn: asyncpg.Connection) -> None:
    """Somebody wishes for all that is told."""
    if not await conn.fetchval("select count(*) from subscription"):
        await insert_subscription(conn, "all", "", Wish(), Mqtt("events"), "secret")
    await conn.execute(WISHED, True)


async def check_numbers(conn: asyncpg.Connection, *, is_all_wished: bool) -> None:
    """Every number was given once and is in the outbox once, where somebody wished for all the time, and what was taken
    back is named by its own."""
    head = await conn.fetchval("select id from event_head")
    sent = [row["event"] for row in await conn.fetch("select event from outbox order by event")]
    assert sent == (list(range(1, head + 1)) if is_all_wished else sorted(set(sent) & set(range(1, head + 1))))
    misnamed = await conn.fetch(
        """select r.id from event r where r.type = 'retraction' and not exists (
               select from event e where e.id = (r.evidence ->> 'event')::bigint and e.id < r.id
                 and e.type = r.evidence ->> 'type' and e.device = r.device and e.at = r.at
                 and e.geofence is not distinct from r.geofence)"""
    )
    assert not misnamed, misnamed


async def read_events(conn: asyncpg.Connection) -> list[Event]:
    rows = await conn.fetch(
        """select e.type, e.evidence ->> 'type' as of, d.id as device, e.geofence, e.evidence ->> 'other' as other, e.at
           from event e join device d on d.key = e.device order by e.id"""
    )
    return [
        Event(
            row["type"],
            row["of"],
            row["device"],
            row["geofence"],
            row["other"],
            0.0 if row["type"] in ("offline", "silent", "online", "absent") else row["at"].timestamp() - AT / 1000,
        )
        for row in rows
    ]


class Foreseeing(Foresight):
    """Counts what of it is used."""

    def __init__(self, used: int, find_following: Callable[[], Sequence[Frame]]) -> None:
        super().__init__()
        self.find_following = find_following
        self.used = used

    def find(self, batch: int, frames: Sequence[Frame], taken: Taken) -> Folded | None:
        found = super().find(batch, frames, taken)
        self.used += found is not None
        return found


class Player:
    """What dies also looks ahead: the next fix waits already while one is stored, whatever happens between the two."""

    def __init__(self, url: str, conn: asyncpg.Connection, dies: bool, sends: list[Send]) -> None:
        self.url = url
        self.conn = conn
        self.dies = dies
        self.sends = deque(sends)
        self.waiting: Frame | None = None  # the next frame, as it was seen ahead
        self.foresight = Foreseeing(0, tuple)
        self.log: Log
        self.places: set[str] = set()
        self.keys = {number: number for number in DEVICES}  # of van-1 and so on: one that is made again has another
        self.count = 0
        self.later = 0  # µs that have gone by beside those of the clock
        self.die_at: int | None = None  # the await of the next step that is not survived
        self.cut_at: int | None = None  # the one at which the connection to the database is lost
        self.is_numbering = True  # with each step; else what was told waits
        self.buried: list[Numberer] = []  # of processes that hang
        self.numberer = self.new_numberer()

    def new_numberer(self) -> Numberer:
        self.is_numbering = True
        return Numberer(self.url, MemoryBus(), Metrics())

    async def number(self, is_last: bool = False) -> None:
        """As the numberer does when it hears that something was told. `is_last`: nothing may be left."""
        self.numberer.idle.clear()
        while (self.is_numbering or is_last) and not self.numberer.idle.is_set():
            if not await self.numberer.attempt():
                await asyncio.sleep(0.002)  # until PostgreSQL knows that who numbered before is gone

    def leave(self) -> None:
        for each in (*self.buried, self.numberer):
            each.leave()

    async def opened(self) -> Log:
        log = Log(self.url, "player")
        if self.dies:
            log.foresight = self.foresight = Foreseeing(self.foresight.used, self.find_following)
        await self.watch(log.open(), None)
        await self.watch(log.look_again(), None)  # as its writer does first
        return log

    async def do(self, step: Step) -> None:
        name, *arguments = step
        await getattr(self, name)(*arguments)

    async def attempt(self, work: Work, anew: Work | None = None) -> None:
        """Once more after a crash, as a device sends again what was not acked; `anew` where a process that begins has
        to find out by itself what there is to do, as a clock rings again."""
        at, self.die_at = self.die_at, None
        cut, self.cut_at = self.cut_at, None
        try:
            await self.watch(self.do_and_number(work), at, cut)
        except Crash:
            self.numberer = self.new_numberer()
            self.log = await self.opened()
            await self.watch(self.do_and_number(anew or work), None)
        except AWAY:
            await self.watch(self.do_and_number(lambda: self.go_on(work)), None)

    async def do_and_number(self, work: Work) -> None:
        await work()
        await self.number()

    async def go_on(self, work: Work) -> None:
        """As the writer does after a connection that was lost."""
        if await self.log.recover() is None:
            await work()

    async def watch(self, work: Coroutine[Any, Any, object], die_at: int | None, cut_at: int | None = None) -> None:
        await interrupted(work, Fate(die_at, cut_at), self, self.places)

    def cut_off(self, *, is_numbering: bool) -> None:
        """Of the connection that is used, or of both."""
        if is_numbering:
            self.numberer.leave()
        elif hasattr(self, "log") and hasattr(self.log, "conn"):
            self.log.conn.terminate()

    # What devices do.

    def find_following(self) -> list[Frame]:
        if self.waiting is None and self.sends:
            self.waiting = self.make_frame(*self.sends[0])
        return [] if self.waiting is None else [self.waiting]

    def make_frame(self, device: int, app: App | None, given: tuple[Any, ...]) -> Frame:
        """`given`: (second, place), (second, place, speed), or (second, place, speed, battery)."""
        second, place, *more = given
        speed, battery = (*more, None, None)[:2]
        fix = Fix(AT + round(second * 1000), *PLACES[place], speed=speed, accuracy=5.0, battery=battery)
        self.count += 1
        return Frame(self.keys[device], self.count, now_us() + self.later, [fix], app=app)

    async def send(self, *fixes: tuple[Any, ...]) -> None:
        for _ in fixes:
            (frame,), self.waiting = self.find_following(), None
            self.sends.popleft()
            await self.attempt(lambda frame=frame: self.log.append([frame]))  # type: ignore[misc]

    send2 = send
    phone = send  # the same as an app says it, beside what the device sends itself: what is the same fix is kept once

    async def bad(self, reason: str = "bad_value") -> None:
        """What is no fix, and is kept to look at."""
        self.count += 1
        frame = Frame(self.keys[1], self.count, now_us(), [Refusal(0, reason, "?")])
        await self.attempt(lambda: self.log.append([frame]))

    async def standing(self, page: Any, steps: int | None = None) -> None:
        """It says how it is, which is no fix."""
        note = Note(self.keys[1], Standing(page, steps=steps), now_us() + self.later)
        await self.attempt(lambda: store_notes(self.log, [note]))

    async def walk(self, steps: int, since: int = AT) -> None:
        """Its app says how many steps it counted."""
        note = Note(self.keys[1], Walk(steps, since), now_us() + self.later)
        await self.attempt(lambda: store_notes(self.log, [note]))

    async def sos(self, id: str) -> None:
        """It calls for help, and says so again if nobody answered."""
        note = Note(self.keys[1], Utterance(id, format_ms(AT), alarm="sos"), now_us() + self.later)
        await self.attempt(lambda: store_notes(self.log, [note]))

    async def fold_in(self) -> None:
        """As the writer does: the device is taken off the list first, and stays the one that is tried again."""
        for device in sorted(self.log.memory.late):
            self.log.memory.late.discard(device)
            await self.attempt(lambda device=device: self.log.refold(device))  # type: ignore[misc]

    async def clock(self, second: float) -> None:
        """Nothing comes until the device's clock shows this."""
        await self.elapse(lambda: self.ring(second))

    async def elapse(self, ring: Callable[[], Rung]) -> None:
        rung, now = ring()

        async def again() -> None:
            await self.elapse(ring)

        if rung:
            await self.attempt(lambda: self.log.elapse(rung, now), again)

    def ring(self, second: float) -> Rung:
        state = self.log.states[self.keys[1]]
        if state.newest is None:
            return [], 0
        self.log.memory.revisit(len(self.log.memory.to_revisit))
        now = state.received_at + (AT + round(second * 1000) - state.newest.at) * 1000 + GRACE_US
        return self.log.memory.wakes.ring(now), now

    async def judged(self) -> None:
        """A day goes by, on which somebody was to be somewhere."""
        for due in Expecting().look(self.log.fences, now_us() // 1000 + DAY_MS):
            await self.attempt(lambda due=due: judge_due(self.log, due))  # type: ignore[misc]

    async def outage(self) -> None:
        """Of half a day, longer than any limit and any restart."""
        self.later += 43_200_000_000
        self.waiting = None
        await self.elapse(self.ring_silence)

    def ring_silence(self) -> Rung:
        now = now_us() + self.later
        return self.log.silences.ring(now, self.log.memory.devices, self.log.states), now

    async def refuse(self, is_refused: bool = True) -> None:
        """Whether the database refuses what is told late."""
        await self.conn.execute(REFUSING if is_refused else WILLING)

    async def ago(self, seconds: float) -> None:
        """What comes from now on was received so long ago; 0: now."""
        self.later = -round(seconds * 1_000_000)
        self.waiting = None

    # What people do.

    async def wished(self, is_wished: bool) -> None:
        """Whether anybody wishes for what is told. Without, events are numbered in one statement."""
        await self.conn.execute(WISHED, is_wished)

    async def fence(self, id: str, place: int | None, properties: dict[str, Any]) -> None:
        """None: it is deleted."""
        if place is None:
            await delete_geofence(self.conn, id)
            return
        feature, shape = draw(id, place, properties)
        if await update_geofence(self.conn, id, feature, shape) is None:
            await insert_geofence(self.conn, id, feature, shape)

    async def interval(self, seconds: float) -> None:
        device = await update_device(self.conn, "van-1", interval=seconds)
        assert device is not None
        self.log.memory.know(device)

    async def rhythm(self, gap: float) -> None:
        """How often van-2 usually reports is learned."""
        key = self.keys[2]
        await self.conn.execute(
            """insert into device_rhythm (device, gaps) values ($1, array_fill($2::real, array[24]))
               on conflict (device) do update set gaps = excluded.gaps""",
            key,
            gap,
        )
        self.log.silences.learn(self.log.memory.devices[key], (gap,) * 24, self.log.states[key])

    async def guard(self, radius: float | None = None, trips: bool | None = None) -> None:
        """Whether it is told that van-1 was moved from where it is, and that it sets out and stops."""
        await update_guard(self.conn, self.keys[1], trips=trips, radius=radius)
        (device,) = (await select_devices_by_key(self.conn, [self.keys[1]])).values()
        self.log.memory.know(device)

    async def category(self, category: str) -> None:
        device = await update_device(self.conn, "van-1", category=category)
        assert device is not None
        self.log.memory.know(device)

    async def delete(self, id: str) -> None:
        """A device, with all that is known of it."""
        key = self.keys[int(id.removeprefix("van-"))]
        await delete_device(self.conn, id)
        await self.attempt(lambda: self.log.forget(key))

    async def replace(self, id: str) -> None:
        """It is deleted, and another made with the same id."""
        await self.delete(id)
        key = max(self.keys.values()) + 1
        await self.conn.execute(
            "insert into device (key, id, name) overriding system value values ($1, $2, $2)", key, id
        )
        self.keys[int(id.removeprefix("van-"))] = key
        self.waiting = None
        self.log.memory.know(Device(key, id, id))

    async def most_refolded(self, count: int) -> None:
        """Of so many fixes and more nothing is decided when late ones are folded in."""
        log_module.MOST_REFOLDED = count  # type: ignore[misc]

    async def pair(self, distance: float | None, preset: Any = "strict") -> None:
        if distance is None:
            await delete_pair(self.conn, "pair")
        elif await update_pair(self.conn, "pair", distance=distance, preset=preset) is None:
            await insert_pair(self.conn, "pair", ("van-1", "van-2"), distance, preset)

    # What befalls the server.

    async def checkpoint(self) -> None:
        await self.attempt(lambda: self.log.checkpoint())

    async def slice(self) -> None:
        """A checkpoint that is begun, and not ended."""

        async def begin() -> None:
            await self.log.renew()
            await self.log.tend()
            await self.log.save_slice()

        await self.attempt(begin)

    async def restart(self) -> None:
        if self.dies:
            await self.watch(self.log.close(), None)
            self.numberer.leave()
            self.numberer = self.new_numberer()
            self.log = await self.opened()

    async def put_off(self) -> None:
        """What is told gets no numbers until the process that told it has ended."""
        self.is_numbering = not self.dies

    async def cut(self, at: int) -> None:
        """The connection to the database is lost at this await of the next step."""
        self.cut_at = at if self.dies else None

    async def crash(self, at: int = 0, opening: int = 0) -> None:
        """At once, or at the given await of the next step; then once more at one of the start."""
        if not self.dies:
            return
        if at:
            self.die_at = at
            return
        self.log.conn.terminate()
        self.numberer.leave()
        self.log, self.numberer = Log(self.url, "player"), self.new_numberer()
        if opening:
            try:
                await self.watch(self.log.open(), opening)
                return
            except Crash:
                self.log = Log(self.url, "player")
        await self.watch(self.log.open(), None)

    async def take_over(self) -> None:
        """A second server takes the place of one that hangs: it fences it, and ends its session."""
        if not self.dies:
            return
        old = self.log
        await self.conn.execute("update owner set expires_at = now() - interval '1 second' where id = $1", old.owner)
        self.buried.append(self.numberer)
        self.numberer = self.new_numberer()
        self.log = await self.opened()
        old.conn.terminate()


def draw(id: str, place: int, properties: dict[str, Any]) -> tuple[bytes, bytes]:
    lon, lat = (value / 1e7 for value in PLACES[place])
    shape = shapely.box(lon - 0.0004, lat - 0.0004, lon + 0.0004, lat + 0.0004)
    known = {"name": id, "preset": "strict"} | properties
    feature = {"type": "Feature", "id": id, "geometry": shapely.geometry.mapping(shape), "properties": known}
    return msgspec.json.encode(feature), shape.wkb


class Fate(NamedTuple):
    """The numbers of the suspensions at which the process dies, and at which it loses the database."""

    die_at: int | None
    cut_at: int | None


@types.coroutine
def interrupted(
    work: Coroutine[Any, Any, object], fate: Fate, player: Player, places: set[str]
) -> Generator[Any, Any, None]:
    """Runs the work, a step from one suspension to the next. Where it dies the connection is cut and the rest of the
    work goes nowhere, as when the process is killed there."""
    count, error = 0, None
    while True:
        try:
            waited = work.send(None) if error is None else work.throw(error)
        except StopIteration:
            return
        error = None
        count += 1
        here = set(places_of(work))
        places.update(here)
        if count == fate.cut_at:
            player.cut_off(is_numbering=any(each.startswith("numberer.py") for each in here))
        if count == fate.die_at:
            bury(work, player)
            raise Crash
        try:
            yield waited
        except BaseException as raised:
            error = raised


def bury(work: Coroutine[Any, Any, object], player: Player) -> None:
    player.cut_off(is_numbering=False)
    player.cut_off(is_numbering=True)
    try:
        work.throw(Crash())
        for _ in range(1000):
            work.send(None)
    except (StopIteration, Exception):
        return


def places_of(work: Any) -> Iterator[str]:
    """Every await of tracker/ingest that this suspension is in: file and line."""
    while work is not None and hasattr(work, "cr_frame"):
        frame = work.cr_frame
        if frame is not None and Path(frame.f_code.co_filename).parent == INGEST:
            yield f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
        work = work.cr_await


def awaits_of(name: str) -> dict[str, set[str]]:
    """The awaits of a file of tracker/ingest by their text, each with the places it stands at."""
    tree = ast.parse((INGEST / name).read_text(encoding="utf-8"))
    found: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Await):
            lines = range(node.lineno, (node.end_lineno or node.lineno) + 1)
            found.setdefault(f"{name}: {ast.unparse(node)}", set()).update(f"{name}:{line}" for line in lines)
    return found
