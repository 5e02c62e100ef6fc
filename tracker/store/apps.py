"""Table device_app: what was understood of a device's apps."""

from collections.abc import Mapping
from typing import Final

import asyncpg
import msgspec

from tracker.model.dialect import Dialect
from tracker.model.moment import datetime_to_micros, micros_to_datetime
from tracker.model.report import App
from tracker.model.storable import make_storable

COLUMNS: Final = ("app", "version", "speed", "note", "system", "make")
KEPT: Final = """exists (select from device_privacy p where p.device = device_app.device
    and device_app.last_seen >= p.since and (p.until is null or device_app.last_seen < p.until))"""


class HeardApp(msgspec.Struct, frozen=True):
    """`first_seen`, `last_seen` in µs. `is_kept`: it was heard last while its device was kept from others."""

    app: App
    first_seen: int
    last_seen: int
    is_kept: bool = False


async def upsert_apps(conn: asyncpg.Connection, apps: Mapping[tuple[int, int], tuple[App, int]]) -> None:
    """By device key and dialect: the app, and when it was heard (µs). A deleted device is left out."""
    if not apps:
        return
    await conn.execute(
        """insert into device_app (device, dialect, app, version, speed, note, first_seen, last_seen, system, make)
           select g.device, g.dialect, g.app, g.version, g.speed, g.note, g.seen, g.seen, g.system, g.make
           from unnest($1::int[], $2::smallint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[],
                       $8::text[], $9::text[])
                as g (device, dialect, app, version, speed, note, seen, system, make)
           join device d on d.key = g.device order by 1, 2 for key share of d
           on conflict (device, dialect) do update set app = excluded.app, version = excluded.version,
               speed = excluded.speed, note = excluded.note, last_seen = excluded.last_seen,
               system = excluded.system, make = excluded.make""",
        [device for device, _ in apps],
        [dialect for _, dialect in apps],
        [app.name for app, _ in apps.values()],
        [app.version for app, _ in apps.values()],
        [app.speed for app, _ in apps.values()],
        [None if app.note is None else make_storable(app.note) for app, _ in apps.values()],
        [micros_to_datetime(seen) for _, seen in apps.values()],
        [app.system for app, _ in apps.values()],
        [app.make for app, _ in apps.values()],
    )


async def select_apps(conn: asyncpg.Connection, device: int) -> list[HeardApp]:
    """The one that was heard last first."""
    rows = await conn.fetch(
        f"""select dialect, app, version, speed, note, system, make, first_seen, last_seen, {KEPT} as is_kept
           from device_app
           where device = $1 order by last_seen desc""",
        device,
    )
    return [
        HeardApp(
            App(Dialect(row["dialect"]), *(row[name] for name in COLUMNS)),
            datetime_to_micros(row["first_seen"]),
            datetime_to_micros(row["last_seen"]),
            row["is_kept"],
        )
        for row in rows
    ]
