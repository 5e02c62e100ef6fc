"""Viewer: one map connection. It has no queue: what it has not been sent yet is read off the table when it is due."""

from __future__ import annotations

from collections.abc import Iterable
from time import monotonic
from typing import Final, Protocol

import msgspec

from tracker.errors import BadFrame, NotAllowed, TrackerError, close_code, error_code
from tracker.live import frames
from tracker.live.changes import Changes
from tracker.live.frames import Pause, Ping, Subscribe, decode_message
from tracker.live.head import Head
from tracker.live.masks import whole_mask
from tracker.live.modes import Modes
from tracker.live.screen import Screen
from tracker.live.table import Slots, Table
from tracker.live.throng import RECOUNT, REST, Throng, is_throng
from tracker.model.event import Event
from tracker.model.message import Message
from tracker.model.sight import BLIND, Sight
from tracker.model.token import Token
from tracker.websocket import Socket

FULL: Final = 64 * 1024  # bytes that wait for the socket; above it events wait too. Positions wait for an empty one
BAD_IN_A_ROW: Final = 10
SNAPSHOT_REST: Final = 10.0  # times as long as a snapshot took, until the same viewer may have the next


class Host(Protocol):
    """`is_level`: a viewer's sight is no older than what the table holds."""

    @property
    def is_level(self) -> bool: ...

    def add(self, viewer: Viewer) -> None: ...
    def remove(self, viewer: Viewer, code: int) -> None: ...

    def sign_in(self, viewer: Viewer, wish: Subscribe) -> None:
        """Look up the token of its first message; then `subscribe` or `fail` follows."""

    def catch_up(self, viewer: Viewer) -> None:
        """Begin to send what `misses_events` says it misses, if that is not under way."""

    def look_ahead(self, viewer: Viewer, wish: Subscribe) -> bool:
        """It had events that this process has not heard of: True where the table is asked, and `subscribe` follows."""

    def wake(self) -> None: ...  # there may be something to send with the next tick


class Viewer:
    """A conversation of tracker.websocket. `token` None: the first message has to bring one."""

    def __init__(self, table: Table, head: Head, host: Host, token: Token | None) -> None:
        self.table = table
        self.head = head
        self.host = host
        self.token = token
        self.sight = BLIND  # what it may see; the host says
        self.socket: Socket
        self.wish: Subscribe | None = None
        self.wants_events = False
        self.tick = 0  # of the table, up to which it was sent
        self.due = 0.0  # monotonic s
        self.screen = Screen(Table(), None)
        self.modes = Modes()
        self.throng: Throng | None = None  # what it was told where there are too many to be shown
        self.recount_at = 0.0  # monotonic s: then that is done though nothing came
        self.is_paused = False
        self.is_closed = False
        self.event = 0  # the number of the last event it was sent, or did not want
        self.is_catching_up = False
        self.message: int | None = None  # the number of the last one of the thread it was sent
        self.has_mail = False  # there may be more of it
        self.is_reading = False
        self.bad = 0
        self.asked: Subscribe | None = None  # the last, which may not be `wish` yet
        self.reason = ""  # why it could not go on from where it was
        self.owes_answer = False  # to the last subscribe
        self.owes_snapshot = False
        self.payday = 0.0  # monotonic s: no snapshot before

    def opened(self, socket: Socket) -> None:
        self.socket = socket
        self.host.add(self)

    def received(self, message: str | bytes) -> None:
        try:
            self.obey(message)
            self.bad = 0
        except TrackerError as error:
            self.bad += 1
            if self.bad >= BAD_IN_A_ROW or self.token is None:
                self.fail(error)
            else:
                self.socket.send(frames.encode_error(error_code(error), str(error)))

    def obey(self, message: str | bytes) -> None:
        decoded = decode_message(message)
        if self.token is None:
            if not isinstance(decoded, Subscribe) or decoded.token is None:
                raise BadFrame("the first message is a subscribe with a token")
            self.host.sign_in(self, decoded)
        elif isinstance(decoded, Subscribe):
            self.subscribe(decoded)
        elif isinstance(decoded, Ping):
            self.socket.send(frames.encode_pong(decoded))
        elif isinstance(decoded, Pause):
            self.is_paused = True
        else:
            self.resume()

    def subscribe(self, wish: Subscribe, *, is_sure: bool = False) -> None:
        """Replaces all that was wished before. Of several that come while the socket is full, the last is answered."""
        self.asked = wish
        after = wish.events.after if wish.events else None
        if after is not None and after > self.head.event and not is_sure and self.host.look_ahead(self, wish):
            return
        if self.token is not None and self.token.kind == "link":
            wish = msgspec.structs.replace(wish, events=None, messages=None)
        self.wish = wish
        self.wants_events = wish.events is not None
        self.is_paused = False
        self.reason = self.head.find_gap(after)
        self.message = wish.messages.after if wish.messages else None
        self.has_mail = True
        self.event = self.head.event if after is None or self.reason else after
        self.owes_answer = True
        self.pay(monotonic())

    def resume(self) -> None:
        if self.is_paused and self.wish:
            self.is_paused = False
            self.owes_snapshot = True
            self.pay(monotonic())

    @property
    def is_owed(self) -> bool:
        return (self.owes_answer or self.owes_snapshot) and not self.is_closed

    @property
    def misses_events(self) -> bool:
        """There are newer events than it was sent, and nothing keeps it from being told but a full socket."""
        misses = self.wants_events and self.event < self.head.event
        return misses and not self.owes_answer and not self.is_paused and not self.is_closed

    @property
    def wants_messages(self) -> bool:
        is_asked = self.wish is not None and self.wish.messages is not None
        return is_asked and not self.owes_answer and not self.is_paused and not self.is_closed

    def is_behind(self, tick: int) -> bool:
        """Something of before this tick is to be sent, now or when its rate allows it."""
        wants = self.wish is not None and not self.is_paused and not self.is_closed
        is_old = self.throng is not None and monotonic() >= self.recount_at
        return self.is_owed or (wants and (self.tick < tick or is_old))

    def is_due(self, tick: int, now: float) -> bool:
        return self.due <= now and self.is_behind(tick)

    def pay(self, now: float) -> bool:
        """Send what is owed, if the socket is empty and the last snapshot long enough ago for what it cost: snapshots
        of a large fleet take the loop's time from everybody. False: not yet, the hub will ask again."""
        if self.socket.buffered or now < self.payday or not self.host.is_level:
            self.host.wake()
            return False
        began = monotonic()
        if self.owes_answer:
            self.answer()
        self.owes_answer = self.owes_snapshot = False
        self.snapshot()
        self.host.catch_up(self)
        self.payday = monotonic() + SNAPSHOT_REST * (monotonic() - began)
        return True

    def answer(self) -> None:
        self.socket.send(frames.encode_subscribed(self.head.epoch, not self.reason, self.event))
        if self.reason:
            self.socket.send(frames.encode_reset(self.reason, self.event))

    def snapshot(self) -> None:
        """All that is to be seen now; the ticks go on from here."""
        self.throng = None
        self.screen = Screen(self.table, self.wish)
        self.send_all(self.modes.tell(self.table, self.sight, afresh=True))
        self.show_all(self.tick, self.table.next_tick())

    def show_all(self, since: int, tick: int) -> None:
        self.tick = tick
        self.due = monotonic() + (self.wish.interval if self.wish else 0.0)
        everything = Changes(self.table, self.table.find_changed_since(0))
        slots = everything.slots[self.screen.sees(everything, self.sight)]
        if is_throng(len(slots), self.throng):
            self.tell_cells(slots, since)
            return
        self.throng = None
        self.screen.show(slots)
        self.send_all(frames.encode_snapshot(self.table, slots.tolist(), self.sight))

    def tell_cells(self, slots: Slots, since: int) -> None:
        """How many there are where, and among them those that were asked for wherever they are."""
        self.throng = self.throng or Throng(self.wish)
        counted = self.throng.tell(self.table, slots)
        self.send_all(() if counted is None else (counted,))
        gone, moved = self.screen.pick_wanted(slots, 0 if self.throng.is_afresh else since)
        self.tell_gone(self.table, gone)
        self.send_all(frames.encode_positions(self.table, moved.tolist(), self.sight))

    def recount(self, tick: int) -> bool:
        """Where there are too many to be shown, all are counted again, as seldom as that is cheap."""
        if self.socket.buffered:
            return False
        began = monotonic()
        if self.screen.is_old:
            self.screen = Screen(self.table, self.wish)
        self.show_all(self.tick, tick)
        self.due = monotonic() + max(REST, SNAPSHOT_REST * (monotonic() - began))
        self.recount_at = monotonic() + RECOUNT
        return True

    def send_all(self, messages: Iterable[str | bytes]) -> None:
        for message in messages:
            self.socket.send(message)

    def update(self, changes: Changes, tick: int, now: float) -> bool:
        """One frame with what changed since the last one, if there is any and the socket has room. True: sent."""
        if self.modes.upto != self.table.privacies_told and not self.socket.buffered:
            self.send_all(self.modes.tell(self.table, self.sight))
        if self.throng is not None:
            return self.recount(tick)
        if not len(changes):
            self.tick = tick
        if not len(changes) or self.socket.buffered or self.wish is None:
            return False  # with a full socket it keeps its tick: the next frame carries the newer positions
        self.tick = tick
        if self.screen.is_old:
            self.due = now + self.wish.interval
            self.snapshot()
            return True
        inside = self.screen.sees(changes, self.sight)
        self.tell_gone(changes.table, changes.slots[self.screen.shown[changes.slots] > inside])
        return self.tell(changes, inside.nonzero()[0], now)

    def tell(self, changes: Changes, picked: Slots, now: float) -> bool:
        if not len(picked) or self.wish is None:
            return False
        self.due = now + self.wish.interval
        slots = changes.slots[picked]
        self.screen.shown[slots] = True
        if self.screen.is_crowded:
            self.snapshot()
        elif self.wish.binary:
            self.tell_columns(changes, picked, slots)
        else:
            self.send_all(frames.encode_positions(changes.table, slots.tolist(), self.sight))
        return True

    def tell_columns(self, changes: Changes, picked: Slots, slots: Slots) -> None:
        if not (known := self.screen.named[slots]).all():
            unnamed = slots[~known]
            self.screen.named[unnamed] = True
            self.send_all(frames.encode_names(changes.table, unnamed.tolist()))
        if changes.fits is None:
            self.send_all(frames.encode_columns(changes, picked))
            return
        fits = changes.fits[picked]
        if fits.any():
            self.send_all(frames.encode_columns(changes, picked[fits]))
        if not fits.all():
            self.send_all(frames.encode_positions(changes.table, slots[~fits].tolist(), self.sight))

    def tell_gone(self, table: Table, slots: Slots) -> None:
        if not len(slots):
            return
        self.screen.shown[slots] = False
        ids = [device.id for slot in slots.tolist() if (device := table.devices.get(slot))]
        self.send_all(frames.encode_gone(ids))

    def forget_device(self, key: int, id: str) -> None:
        """The device was deleted."""
        if self.screen.has(key):
            self.screen.shown[key] = self.screen.named[key] = False
            if self.is_full:
                self.owes_snapshot = True
            else:
                self.send_all(frames.encode_gone([id]))

    def rename_device(self, key: int) -> None:
        if key < len(self.screen.named) and self.screen.named[key]:
            if self.is_full:
                self.screen.named[key] = False  # its next position brings the name
            else:
                self.send_all(frames.encode_names(self.table, [key], changed=True))

    def notice_device(self, key: int, id: str) -> None:
        self.screen.notice(key, id)

    def change_sight(self, sight: Sight) -> None:
        """What it sees no more is gone at once; what it sees now follows in a snapshot."""
        before, self.sight = self.sight, sight
        if not sight.holds("see"):
            self.fail(NotAllowed("no right is left"))
            return
        size = len(self.table.rows)
        old, new = whole_mask(before, size), whole_mask(sight, size)
        self.owes_snapshot |= self.wish is not None and (
            self.throng is not None
            or self.is_full
            or bool((new > old).any())
            or before.fences != sight.fences
            or before.dots != sight.dots
        )
        lost = (self.screen.shown & ~new[: len(self.screen.shown)]).nonzero()[0]
        self.screen.named[lost] = False
        if not self.is_full and not self.is_closed:
            self.tell_gone(self.table, lost)

    def tell_event(self, event: Event, is_seen: bool = True) -> None:
        """Tell events in order, and none twice. One that the viewer may not see counts as told: to leave the number
        where it is would make each look begin at it again."""
        if event.id <= self.event or self.wish is None or self.wish.events is None or self.owes_answer:
            return
        self.event = event.id
        if is_seen and self.wish.events.match(event):
            self.socket.send(frames.encode_event(event))

    def tell_message(self, message: Message) -> None:
        self.socket.send(frames.encode_message(message))

    @property
    def is_full(self) -> bool:
        return bool(self.socket.buffered > FULL)

    def fail(self, error: TrackerError) -> None:
        if not self.is_closed:
            self.is_closed = True
            self.socket.send(frames.encode_error(error_code(error), str(error)))
            self.socket.close(close_code(error), str(error))

    def drained(self) -> None:
        """The socket has room again: what was held back follows."""
        self.host.wake()
        self.host.catch_up(self)

    def closed(self, code: int) -> None:
        self.is_closed = True
        self.host.remove(self, code)
