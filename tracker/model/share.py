"""Share: a link by which others see some devices, without an account, and no more than was meant."""

from datetime import datetime

import msgspec

from tracker.model.fix import Fix


class Hole(msgspec.Struct, frozen=True):
    """A disc in which nothing is shown. The place it hides lies in it, and never in its middle."""

    lon: float  # degrees
    lat: float
    metres: float


class Veil(msgspec.Struct, frozen=True):
    """What of a device's fixes leaves by a link, and when. `since` and `until`: of the times they were measured at, in
    ms; `opens`: the newest place from before is shown as well. `received`: nothing that came later is shown, in
    microseconds; None: what comes is shown `delay` microseconds after it came. `level`: of the grid that blurs; None:
    exact. `trail`: how much of the past is shown beside the place, in ms; None: all of it."""

    since: int
    until: int
    opens: bool = False
    received: int | None = None
    delay: int = 0
    level: int | None = None
    holes: tuple[Hole, ...] = ()
    trail: int | None = 0


class Glimpse(msgspec.Struct, frozen=True):
    """What a link shows of one fix. `received_at` in microseconds."""

    fix: Fix
    received_at: int


class Shared(msgspec.Struct, frozen=True):
    """One device of a link: readers know it by its `alias` only, and call it `name`. `key` and `id` are the device's
    own."""

    key: int
    id: str
    alias: str
    name: str


class Share(msgspec.Struct, frozen=True):
    """A link as it is stored. `group` is the key of the one whose devices it shows, now and later; None: `devices`.
    `by_person` or `by_token` made it; neither: the operator's own token. `stop` is the id of the geofence in which a
    device arrives, `arrived` the keys of those that have. `frames`: the origins of pages that may frame it; None: any.
    """

    key: int
    id: str
    name: str
    group: int | None
    group_id: str | None
    devices: tuple[Shared, ...]
    veil: Veil
    made_at: datetime
    until: datetime
    hide: tuple[str, ...] = ()
    stop: str | None = None
    password: str | None = None  # its hash
    max_viewers: int = 100
    frames: tuple[str, ...] | None = None
    by_person: int | None = None
    by_token: int | None = None
    arrived: frozenset[int] = frozenset()


class Look(msgspec.Struct, frozen=True):
    """Somebody who opened a link: from where, with what, and when last."""

    began_at: datetime
    seen_at: datetime
    address: str
    program: str
