"""Report: what one request of a phone says, whatever app wrote it."""

from typing import Literal

import msgspec

from tracker.model.dialect import Dialect
from tracker.model.note import Walk
from tracker.model.reading import Reading

Reply = Literal["nothing", "array", "result", "object"]  # what the app wants to read in our answer


class App(msgspec.Struct, frozen=True):
    """What was understood of a device's app. `speed`: the unit in which it says how fast it is; `note`: what it said
    last that is no fix, and is worth knowing; `system` and `make`: of the phone it runs on."""

    dialect: Dialect
    name: str
    version: str | None = None
    speed: str | None = None
    note: str | None = None
    system: str | None = None
    make: str | None = None


class Aside(msgspec.Struct, frozen=True):
    """What one of those says that is no fix, where a request speaks for several: each as below and in its app. `name`
    as the app writes it."""

    name: str | None
    note: str | None
    system: str | None
    is_paused: bool
    walk: Walk | None


class Report(msgspec.Struct, frozen=True):
    """`readings` in the order in which they came. `faults`: what cannot be read, each as (why, what came). `calls`:
    when somebody called for help (ms), None where no time is said. `is_paused`: by its last word the app measures no
    more until something happens, as at home, where the phone lies still. `walk`: how many steps the phone counted.
    `asides`: the same by device, where it may speak for several and the app says of which; the fields are of all."""

    app: App
    reply: Reply
    readings: tuple[Reading, ...] = ()
    faults: tuple[tuple[str, str], ...] = ()
    calls: tuple[int | None, ...] = ()
    is_paused: bool = False
    walk: Walk | None = None
    asides: tuple[Aside, ...] = ()
