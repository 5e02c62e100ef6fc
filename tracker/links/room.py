"""LinkRoom: one link and those who look at it. It has a table of its own, filled through the link's veil, and whoever
looks is served from that: a filter on true places would tell of them by what it leaves out."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from tracker.access.sharing import GONE
from tracker.errors import NotSignedIn, TooMany
from tracker.links.veil import VAGUE, Course, advance, find_day, find_start, look, pass_by
from tracker.live.frames import Subscribe
from tracker.live.head import Head
from tracker.live.table import Table
from tracker.live.viewer import Viewer
from tracker.model.device import Device
from tracker.model.fix import Row
from tracker.model.position import Position, Status
from tracker.model.privacy import MODES, Guise, Mode, Privacy
from tracker.model.share import Glimpse, Share, Shared, Veil
from tracker.model.sight import EVERYTHING
from tracker.store.share_rows import Wanted

PAUSED: Final[frozenset[Mode]] = frozenset(("paused",))
MOVES: Final = 0.8  # m/s: slower than a walk is standing


class LinkRoom:
    """A host of viewers. `wake`: there may be something to send."""

    def __init__(self, secret: bytes, share: Share, wake: Callable[[], None]) -> None:
        self.secret = secret
        self.share = share
        self.wake = wake
        self.table = Table()
        self.head = Head()
        self.is_level = True  # nothing is in the table that its readers may not see
        self.viewers: set[Viewer] = set()
        self.shown: dict[str, Shared] = {}  # by alias
        self.slots: dict[int, int] = {}  # by the key of a device
        self.courses: dict[int, Course] = {}
        self.given: dict[int, Glimpse] = {}  # what stands in the table
        self.used_at = 0.0  # monotonic s
        self.guises: Mapping[int, Guise] = {}  # of devices that are, or were, vague or paused, by their keys

    @property
    def veil(self) -> Veil:
        return self.share.veil

    @property
    def kept(self) -> frozenset[Mode]:
        """The modes in which nothing is shown of a device. One that is vague is its cell to everybody: a link that
        shows no more than that goes on."""
        level = self.veil.level
        return MODES if level is None or level < VAGUE else PAUSED

    @property
    def is_full(self) -> bool:
        return len(self.viewers) >= self.share.max_viewers

    def add(self, viewer: Viewer) -> None:
        viewer.sight = EVERYTHING
        if self.is_full:
            viewer.fail(TooMany("as many are looking at this link as may"))
            return
        self.viewers.add(viewer)

    def remove(self, viewer: Viewer, code: int) -> None:
        self.viewers.discard(viewer)

    def sign_in(self, viewer: Viewer, wish: Subscribe) -> None:
        """Who is here has signed in."""

    def catch_up(self, viewer: Viewer) -> None:
        """There are no events here."""

    def look_ahead(self, viewer: Viewer, wish: Subscribe) -> bool:
        return False

    def end(self) -> None:
        for viewer in tuple(self.viewers):
            viewer.fail(NotSignedIn(GONE))
        self.viewers.clear()

    def end_expired(self, now: int) -> None:
        """Bearers live for some hours; who has the code gets another."""
        for viewer in [each for each in self.viewers if each.token and (each.token.expires or now + 1) <= now]:
            viewer.fail(NotSignedIn("open the link again"))

    def change(self, share: Share, shown: Sequence[Shared]) -> None:
        """As the link is now. Of what it shows in another way everything is folded anew."""
        if share.veil != self.share.veil:
            for each in tuple(self.courses):
                self.forget(each)
        self.share, before = share, self.shown
        self.shown = {each.alias: each for each in shown if each.key not in share.arrived}
        for alias in before.keys() - self.shown.keys():
            self.forget(before[alias].key)
        for alias, shared in self.shown.items():
            if before.get(alias) != shared:
                self.name(shared)

    def name(self, shared: Shared) -> None:
        slot = self.slots.setdefault(shared.key, len(self.slots))
        self.table.grow(slot)
        self.table.devices[slot] = Device(slot, shared.alias, shared.name)
        for viewer in tuple(self.viewers):
            viewer.rename_device(slot)
            viewer.notice_device(slot, shared.alias)

    def forget(self, key: int) -> None:
        """Nothing more of it is known here."""
        self.courses.pop(key, None)
        self.hide(key)

    def hide(self, key: int) -> None:
        slot = self.slots[key]
        device = self.table.devices.get(slot)
        if self.given.pop(key, None) is None or device is None:
            return
        for viewer in tuple(self.viewers):
            viewer.forget_device(slot, device.id)
        self.table.remove(slot)
        self.table.devices[slot] = device

    def want(self, moment: int) -> list[Wanted]:
        """Which rows are to be read for a look at this moment: of devices that are known those that came since."""
        return [Wanted(key, course.newest, self.find_moment(moment)) for key, course in self.courses.items()]

    def want_newest(self, moment: int) -> list[Wanted]:
        """The same of devices of which nothing is known yet."""
        unknown = [each.key for each in self.shown.values() if each.key not in self.courses]
        since = -1 if self.veil.opens else self.veil.since - 1
        return [Wanted(key, max(since, 0), self.find_moment(moment)) for key in unknown]

    def find_begin(self, key: int, newest: int) -> int:
        """From where on (ms) the rows of a device have to be folded, when its newest is this one."""
        return find_start(self.veil, self.find_day(key), min(newest, self.veil.until))

    def find_day(self, key: int) -> int:
        return find_day(self.secret, key)

    def find_moment(self, now: int) -> int:
        """Until when (microseconds) what came is shown now."""
        until = now - self.veil.delay
        return until if self.veil.received is None else min(until, self.veil.received)

    def fold(self, rows: Mapping[int, Sequence[Row]], now: int) -> None:
        """What came, by device; then the table as it is at this moment (microseconds)."""
        for key, each in rows.items():
            course, day = self.courses.get(key, Course()), self.find_day(key)
            for row in each:
                course = pass_by(course, row) if self.keeps(row) else advance(self.veil, day, course, row)
            self.courses[key] = course
        self.show(now)

    def keeps(self, row: Row) -> bool:
        """Whether a fix is of a time in which its device was not to be seen."""
        guise = self.guises.get(row.device)
        return guise is not None and guise.keeps(row.fix.at, row.received_at, self.kept)

    def find_mode(self, key: int, now: int) -> Privacy | None:
        guise = self.guises.get(key)
        return None if guise is None else guise.find(now)

    def show(self, now: int) -> None:
        moment = now - self.veil.delay
        fresh = []
        for key, course in self.courses.items():
            privacy = self.find_mode(key, now)
            self.table.tell_privacy(self.slots[key], privacy)
            glimpse = None if privacy is not None and privacy.mode in self.kept else look(course, moment)
            if glimpse is None:
                self.hide(key)
            elif glimpse != self.given.get(key):
                self.given[key] = glimpse
                fresh.append(make_position(self.slots[key], glimpse, is_exact=self.veil.level is None))
        if fresh:
            self.table.put(fresh, now)
            self.wake()


def make_position(slot: int, glimpse: Glimpse, *, is_exact: bool) -> Position:
    speed = glimpse.fix.speed
    status = Status.UNKNOWN
    if is_exact and speed is not None:
        status = Status.MOVING if speed >= MOVES else Status.STOPPED
    return Position(slot, glimpse.fix, glimpse.received_at, status)
