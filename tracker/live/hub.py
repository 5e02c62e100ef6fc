"""Hub: the viewers of this process, and the tick that serves them. Updates come in from the bus, frames leave."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Final, Protocol

import asyncpg
import structlog

from tracker.access.gate import Gate
from tracker.errors import NotAllowed, NotSignedIn, ReaderFull, StorageDown, TrackerError
from tracker.live.catch_up import catch_up
from tracker.live.changes import Changes
from tracker.live.frames import Subscribe
from tracker.live.guises import Guises, take_vanished
from tracker.live.head import Head
from tracker.live.table import Table
from tracker.live.threads import read_on, tell_changed
from tracker.live.ticks import serve_in_ticks
from tracker.live.viewer import Viewer
from tracker.logs import Seldom
from tracker.metrics import Metrics
from tracker.model.device import Device
from tracker.model.moment import now_ms, now_us
from tracker.model.position import Position
from tracker.model.token import Token
from tracker.model.update import Update
from tracker.store.events import select_head
from tracker.store.pool import AWAY, borrow

logger = structlog.get_logger()
seldom = Seldom(logger)

TICK: Final = 0.02  # s: the soonest a viewer is served again; below a display's three frames nobody sees it
TOO_SLOW: Final = 4008
Since = tuple[int, int | None]  # a tick, and from how far one looks
LOOK: Final = 1.0  # s between looks at the rights: the nudge that they moved may be lost


class Elsewhere(Protocol):
    """Where the viewers of sharing links are served: not from the table of all there is."""

    async def take(self, viewer: Viewer, token: Token, wish: Subscribe) -> None: ...


class Hub:
    def __init__(
        self, gate: Gate, pool: asyncpg.Pool, tasks: asyncio.TaskGroup, metrics: Metrics, table: Table
    ) -> None:
        self.gate = gate
        self.pool = pool
        self.tasks = tasks
        self.metrics = metrics
        self.table = table
        self.head = Head()
        self.sights = gate.sights
        self.rights = self.sights.revision  # by which the viewers' sights are
        self.rights_moved = asyncio.Event()
        self.guises = Guises(table, self.wake)
        self.viewers: set[Viewer] = set()
        self.changed = asyncio.Event()
        self.links: Elsewhere | None = None
        self.look: Callable[[], None] = lambda: None  # what is done when somebody comes to look
        self.settle: Callable[[], bool] = lambda: True  # whether what other processes know is in the table

    def deliver(self, update: Update) -> None:
        """Take what was committed, as the bus brings it."""
        self.table.rights = max(self.table.rights, update.rights)
        self.table.put(update.positions, update.committed_at)
        self.guises.settle(self.sights.rights, now_us())
        self.guises.put(update.positions, now_us())
        if update.events:
            self.deliver_events(update)
        if update.has_messages:
            self.notice_message(None)
        self.wake()

    @property
    def is_level(self) -> bool:
        """All there is is in the table, and the viewers' sights are as of that; until then nothing is sent."""
        return self.table.rights <= self.rights and self.settle()

    def wake(self) -> None:
        """There is something to send with the next tick."""
        self.changed.set()

    def deliver_events(self, update: Update) -> None:
        """Numbers have no gaps: where one shows, the bus lost something, and everybody reads the table instead. So does
        who was not told yet what came before: what it is told now would count as all up to it."""
        first = update.events[0].id
        is_gap = first != self.head.event + 1
        self.head.event = max(self.head.event, update.events[-1].id)
        for viewer in tuple(self.viewers):
            if not viewer.wants_events:
                continue
            is_behind = viewer.event < first - 1
            if is_gap or is_behind or not self.is_level or viewer.is_full or viewer.is_paused:
                self.catch_up(viewer)
            elif not viewer.is_catching_up:
                for event in update.events:
                    viewer.tell_event(event, viewer.sight.may(event))

    def note_event(self, number: int) -> None:
        """Events up to this one are in the table, and the bus did not bring them."""
        self.head.event = max(self.head.event, number)
        for viewer in tuple(self.viewers):
            self.catch_up(viewer)

    def notice_message(self, number: int | None) -> None:
        """There may be more in the thread, and the state of this message may be another one."""
        for viewer in tuple(self.viewers):
            viewer.has_mail = True
            self.read_thread(viewer)
        if number is not None and any(each.wants_messages for each in self.viewers):
            self.tasks.create_task(self.tell_changed(number))

    async def tell_changed(self, number: int) -> None:
        try:
            await tell_changed(number, lambda: self.viewers, self.pool, self.sights)
        except (TrackerError, *AWAY) as error:
            logger.warning("a change of a message was not told", error=repr(error))

    def read_thread(self, viewer: Viewer) -> None:
        if viewer.wants_messages and viewer.has_mail and not viewer.is_reading:
            viewer.is_reading = True
            self.attend(viewer, read_on(viewer, self.pool, self.sights))

    async def run(self) -> None:
        """Until cancelled: tick while there is anything to send, sleep while there is not."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.watch_rights(), name="rights")
            await serve_in_ticks(self.changed, self.serve, TICK)

    def serve(self, now: float) -> bool:
        """Send every viewer that is due its frame. True while there are some that were not served all."""
        self.change_sights()
        self.settle_guises()
        if not self.viewers:
            return False
        if not self.is_level:
            if self.table.rights > self.rights:
                self.rights_moved.set()
            return True
        tick = self.table.next_tick()
        found: dict[Since, Changes] = {}  # shared by the viewers that were served in it
        sent = 0
        is_behind = False
        for viewer in tuple(self.viewers):
            if (viewer.misses_events or (viewer.has_mail and viewer.wants_messages)) and not viewer.is_full:
                self.catch_up(viewer)
            if viewer.is_owed:
                self.attempt(viewer, partial(viewer.pay, now))
            elif viewer.is_due(tick, now):
                sent += self.send_changes(viewer, found, tick, now)
            is_behind = is_behind or viewer.is_behind(tick)
        self.metrics.frames_out.inc(sent)
        return is_behind

    def change_sights(self) -> None:
        """Give the viewers their sights anew, where the rights were read anew since."""
        if self.rights == self.sights.revision:
            return
        self.rights = self.sights.revision
        for viewer in tuple(self.viewers):
            if viewer.token is not None and (sight := self.sights.find(viewer.token)) is not viewer.sight:
                viewer.change_sight(sight)

    def settle_guises(self) -> None:
        """Who is paused from now on is gone; who is not any more comes with the frames."""
        self.guises.settle(self.sights.rights, now_us())
        for slot, id in take_vanished(self.guises):
            for viewer in tuple(self.viewers):
                viewer.forget_device(slot, id)

    def show_cells(self, cells: Mapping[int, Position]) -> None:
        """Where the devices that are vague are, by their keys."""
        self.guises.put_cells(cells, now_us())
        self.wake()

    async def watch_rights(self) -> None:
        """Until cancelled: at once where an update or a nudge says that they moved, and each second all the same."""
        while True:
            self.rights_moved.clear()
            try:
                async with borrow(self.pool) as conn:
                    await self.sights.refresh(conn)
            except (TrackerError, *AWAY) as error:
                seldom.warning("the rights cannot be read", error=repr(error))
            is_counting = any(viewer.throng is not None for viewer in self.viewers)  # what falls silent does not call
            if is_counting or self.rights != self.sights.revision or now_us() >= self.guises.due:
                self.wake()
            self.end_expired(now_ms())
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK):
                    await self.rights_moved.wait()

    def end_expired(self, now: int) -> None:
        for viewer in [each for each in self.viewers if each.token and each.token.expires is not None]:
            if viewer.token and (viewer.token.expires or 0) <= now:
                viewer.fail(NotSignedIn("the token has expired"))

    def send_changes(self, viewer: Viewer, found: dict[Since, Changes], tick: int, now: float) -> bool:
        since = viewer.tick, viewer.screen.level
        changes = found.get(since)
        if changes is None:
            changes = found[since] = Changes(self.table, self.table.find_moved_since(*since))
        changes = viewer.screen.add_wanted(changes, viewer.tick)
        is_sent = self.attempt(viewer, partial(viewer.update, changes, tick, now))
        if is_sent:
            self.metrics.stored_to_sent.observe((now_us() - changes.committed_at) / 1e6)
        return is_sent

    def attempt(self, viewer: Viewer, serve: Callable[[], bool]) -> bool:
        """What goes wrong for one viewer must not stop the others. True: a frame was sent."""
        try:
            return serve()
        except Exception:
            logger.exception("a viewer was dropped")
            viewer.socket.abort()
            return False

    def add(self, viewer: Viewer) -> None:
        if viewer.token is not None:
            viewer.sight = self.sights.find(viewer.token)
        self.viewers.add(viewer)
        if viewer.token is not None and self.take_place(viewer, viewer.token) and not viewer.sight.holds("see"):
            viewer.fail(NotAllowed("nothing is shown to you yet; whoever runs this can put you into a group"))
        self.metrics.viewers.set(len(self.viewers))

    def take_place(self, viewer: Viewer, token: Token) -> bool:
        """False where its reader has as many streams as one may; then it was closed."""
        self.look()
        try:
            self.gate.bounds.streams.enter(token, viewer)
        except ReaderFull as error:
            viewer.fail(error)
            return False
        return True

    def leave(self, viewer: Viewer) -> None:
        self.viewers.discard(viewer)
        if viewer.token is not None:
            self.gate.bounds.streams.leave(viewer.token, viewer)
        self.metrics.viewers.set(len(self.viewers))

    def remove(self, viewer: Viewer, code: int) -> None:
        self.leave(viewer)
        if code == TOO_SLOW:
            self.metrics.slow_viewers.inc()

    def sign_in(self, viewer: Viewer, wish: Subscribe) -> None:
        self.attend(viewer, self.introduce(viewer, wish))

    async def introduce(self, viewer: Viewer, wish: Subscribe) -> None:
        token = await self.gate.admit(wish.token or "", viewer.socket.peer)
        if token.kind == "link" and self.links is not None:
            self.leave(viewer)
            await self.links.take(viewer, token, wish)
            return
        if not (await self.sights.see(self.pool, token)).holds("see"):
            raise NotAllowed("this token shows no map")
        self.enter(viewer, token, wish)

    def enter(self, viewer: Viewer, token: Token, wish: Subscribe) -> None:
        if not viewer.is_closed and self.take_place(viewer, token):
            viewer.token, viewer.sight = token, self.sights.find(token)
            viewer.subscribe(wish)

    def catch_up(self, viewer: Viewer) -> None:
        """Send the events it missed from the table, page by page, until it is level with the newest."""
        self.read_thread(viewer)
        if viewer.misses_events and not viewer.is_catching_up:
            viewer.is_catching_up = True
            self.attend(viewer, self.read_missed(viewer))

    async def read_missed(self, viewer: Viewer) -> None:
        try:
            await catch_up(viewer, self.pool, self.head, self.sights)
        finally:
            viewer.is_catching_up = False

    def look_ahead(self, viewer: Viewer, wish: Subscribe) -> bool:
        """Another process may have told it events of which the bus brings the word here only now."""
        self.attend(viewer, self.read_ahead(viewer, wish))
        return True

    async def read_ahead(self, viewer: Viewer, wish: Subscribe) -> None:
        async with borrow(self.pool) as conn:
            newest = await select_head(conn)
        if newest > self.head.event:
            self.note_event(newest)
        if viewer.asked is wish and not viewer.is_closed:
            viewer.subscribe(wish, is_sure=True)

    def attend(self, viewer: Viewer, work: Coroutine[Any, Any, None]) -> None:
        """Short work for one viewer. What goes wrong in it is the viewer's, never the server's."""
        self.tasks.create_task(self.guard(viewer, work))

    async def guard(self, viewer: Viewer, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except TrackerError as error:
            viewer.fail(error)
        except AWAY:
            viewer.fail(StorageDown())

    def revoke(self, token: int) -> None:
        for viewer in [each for each in self.viewers if each.token and each.token.id == token]:
            viewer.fail(NotSignedIn("the token was revoked"))

    def end_session(self, session: int) -> None:
        """Somebody signed out, or was: what was open with it ends."""
        for viewer in [each for each in self.viewers if each.token and each.token.session == session]:
            viewer.fail(NotSignedIn("the session has ended"))

    def change_device(self, key: int, device: Device | None) -> None:
        """A device was made, renamed or deleted."""
        known = self.table.devices.get(key)
        if device is not None:
            self.table.devices[key] = device
            self.table.touch(key)
            for viewer in tuple(self.viewers):
                if known is None:
                    viewer.notice_device(key, device.id)
                else:
                    viewer.rename_device(key)
            self.wake()
        elif known is not None:
            self.forget(key, known)
        if (slot := self.guises.rename(key)) is not None and device is not None:
            for viewer in tuple(self.viewers):
                viewer.rename_device(slot)
        elif slot is not None and known is not None:
            self.forget(slot, known)

    def forget(self, slot: int, device: Device) -> None:
        for viewer in tuple(self.viewers):
            viewer.forget_device(slot, device.id)
        self.table.remove(slot)
