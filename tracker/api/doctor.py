"""The doctor: how a device is, what looks wrong with it, and what to change."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import asyncpg
import msgspec
from quart import Blueprint, Response
from quart_schema import document_querystring, document_response

from tracker.access.guard import allow, sight
from tracker.api.devices import find_device
from tracker.api.edge import answer, read_query
from tracker.errors import NotAllowed
from tracker.model.device import Device
from tracker.model.dialect import Dialect
from tracker.model.finding import Finding, Vitals
from tracker.model.moment import datetime_to_micros, format_ms, now_ms, now_us
from tracker.model.report import App
from tracker.phones.causes import PAGE
from tracker.phones.findings import find_all
from tracker.phones.makers import find_make
from tracker.phones.measure import find_interval, find_median, find_offset, find_ratio, find_steady
from tracker.store.appearance import select_notes
from tracker.store.apps import HeardApp, select_apps
from tracker.store.device_status import select_status
from tracker.store.pool import borrow
from tracker.store.privacies import select_privacy
from tracker.store.repeats import sum_repeats
from tracker.store.vitals import (
    Gap,
    Hour,
    RefusalCount,
    count_stored,
    select_gaps,
    select_hours,
    select_newest_rows,
    select_refused,
)
from tracker.words.languages import Language, find_words
from tracker.words.phrases import Phrases

LEAST_GAP: Final = 60.0  # s; a shorter one is none
MISSED: Final = 3  # times the usual gap
REST_US: Final = 60_000_000  # what is stored so long after an app said that it rests came before it did

CountRepeats = Callable[[int], int]  # of a device, by its key, of the last day: those that are no rows yet


class HealthQuery(msgspec.Struct, frozen=True):
    """`language`: that of the findings."""

    language: Language = "en"


class DayAnswer(msgspec.Struct, frozen=True):
    """Fixes of the last 24 hours."""

    stored: int
    duplicate: int
    quarantined: int


class RefusedAnswer(msgspec.Struct, frozen=True):
    """What could not be stored in the last 24 hours, by reason, with the newest that came."""

    reason: str
    count: int
    since: str
    text: str


class HourAnswer(msgspec.Struct, frozen=True):
    """`accuracy`: the median, m; `battery`: the last, 0 to 1."""

    begin: str
    fixes: int
    accuracy: float | None
    battery: float | None


class GapAnswer(msgspec.Struct, frozen=True):
    since: str
    seconds: float


class FindingAnswer(msgspec.Struct, frozen=True):
    code: str
    since: str | None
    text: str


class HealthAnswer(msgspec.Struct, frozen=True):
    """`last_seen`: when anything came of it; `last_fix`: of when its newest place is. `interval`: seconds between its
    fixes, the median of the last day. `clock_offset`: seconds its clock is ahead; below 0, behind, or slow to arrive.
    `speed`: the unit in which its app says how fast it is, as it was understood; `speed_ratio`: what it says against
    the way it went. `system` and `make`: of the phone, as far as it or its notes say. `gaps`: the longest of the last
    day; `hours` of it of which fixes came."""

    last_seen: str | None
    last_fix: str | None
    app: str | None
    system: str | None
    make: str | None
    speed: str | None
    speed_ratio: float | None
    interval: float | None
    clock_offset: float | None
    day: DayAnswer
    refused: list[RefusedAnswer]
    gaps: list[GapAnswer]
    hours: list[HourAnswer]
    findings: list[FindingAnswer]


class Examined(NamedTuple):
    vitals: Vitals
    app: App | None
    refused: list[RefusalCount]
    gaps: list[Gap]
    hours: list[Hour]


def blueprint(pool: asyncpg.Pool, count_repeats: CountRepeats) -> Blueprint:
    routes = Blueprint("doctor", __name__, url_prefix="/api/devices/<slug:device>/health")

    @routes.get("")
    @document_querystring(HealthQuery)
    @document_response(HealthAnswer)
    @allow("see", rows=True)
    async def read_health(device: str) -> Response:
        """Say how a device is, what looks wrong with it, and what to change."""
        words = find_words(read_query(HealthQuery).language)
        async with borrow(pool) as conn:
            found = await find_device(conn, sight(), device)
            is_own = found.key not in sight().veiled
            if not is_own and await select_privacy(conn, found.key) is not None:
                raise NotAllowed("how a device is that is vague or paused is said to the person whose own it is")
            examined = await examine(conn, found, is_own=is_own)
            # They are counted by the hour, which does not say whether one came while the device was kept from others.
            repeats = await sum_repeats(conn, found.key, now_us()) + count_repeats(found.key) if is_own else 0
        return answer(_make_answer(examined, repeats, words))

    return routes


async def examine(conn: asyncpg.Connection, device: Device, *, is_own: bool) -> Examined:
    """Of what is not the reader's own, without what was kept from others."""
    now, key = now_ms(), device.key
    apps, status = await select_apps(conn, key), await select_status(conn, key, is_own=is_own)
    apps = apps if is_own else [hide(each) for each in apps]
    rows = await select_newest_rows(conn, key, now, is_own=is_own)
    refused = await select_refused(conn, key, now, is_own=is_own)
    fixes = [row.fix for row in rows]
    received = max((row.received_at for row in rows), default=0)  # a backlog comes late, and is not the newest by time
    heard = [received] * bool(rows) + [each.last_seen for each in apps if is_own or not each.is_kept]
    app = choose_app([each.app for each in apps])
    interval = find_interval(fixes)
    vitals = Vitals(
        now=now,
        last_seen=max(heard) // 1000 if heard else None,
        last_fix=fixes[-1].at if fixes else None,
        app=app.name if app is not None else PAGE if status is not None else None,
        note=None if app is None else app.note,
        interval=interval,
        clock_offset=find_offset(rows),
        stored=await count_stored(conn, key, now, is_own=is_own),
        quarantined=sum(each.count for each in refused),
        reason=refused[0].reason if refused else None,
        refused_since=min((each.since for each in refused), default=None),
        battery=next((fix.battery for fix in reversed(fixes) if fix.battery is not None), None),
        accuracy=find_median([fix.accuracy for fix in fixes if fix.accuracy is not None]),
        ratio=find_ratio(fixes),
        steady=find_steady(fixes),
        system=None if app is None else app.system,
        make=(app.make if app is not None else None)
        or find_make(f"{device.name} {await select_notes(conn, key) or ''}"),
        is_resting=status is not None and status.paused and datetime_to_micros(status.at) >= received - REST_US,
    )
    gaps = await select_gaps(conn, key, now, max(LEAST_GAP, MISSED * (interval or 0.0)), is_own=is_own)
    return Examined(vitals, app, refused, gaps, await select_hours(conn, key, now, is_own=is_own))


def hide(heard: HeardApp) -> HeardApp:
    """Without what it said last, where that was while its device was kept from others."""
    app = msgspec.structs.replace(heard.app, note=None)
    return msgspec.structs.replace(heard, app=app) if heard.is_kept else heard


def choose_app(heard: Sequence[App]) -> App | None:
    """The newest that is known: one request that nobody can read does not hide what reports beside it."""
    return next((app for app in heard if app.dialect != Dialect.UNKNOWN), heard[0] if heard else None)


def _make_answer(examined: Examined, repeats: int, words: Phrases) -> HealthAnswer:
    vitals, app = examined.vitals, examined.app
    return HealthAnswer(
        last_seen=_written(vitals.last_seen),
        last_fix=_written(vitals.last_fix),
        app=None if app is None else f"{app.name} {app.version or ''}".strip(),
        system=vitals.system,
        make=vitals.make,
        speed=None if app is None else app.speed,
        speed_ratio=vitals.ratio,
        interval=vitals.interval,
        clock_offset=vitals.clock_offset,
        day=DayAnswer(vitals.stored, repeats, vitals.quarantined),
        refused=[RefusedAnswer(each.reason, each.count, format_ms(each.since), each.text) for each in examined.refused],
        gaps=[GapAnswer(format_ms(each.since), each.seconds) for each in examined.gaps],
        hours=[HourAnswer(format_ms(each.begin), each.fixes, each.accuracy, each.battery) for each in examined.hours],
        findings=[_make_finding(each) for each in find_all(vitals, words)],
    )


def _make_finding(finding: Finding) -> FindingAnswer:
    return FindingAnswer(finding.code, _written(finding.since), finding.text)


def _written(at: int | None) -> str | None:
    return None if at is None else format_ms(at)
