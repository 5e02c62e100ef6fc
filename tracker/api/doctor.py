"""The doctor: how a device is, what looks wrong with it, and what to change."""

from collections.abc import Callable

import asyncpg
import msgspec
from quart import Blueprint, Response
from quart_schema import document_response

from tracker.access.guard import allow, sight
from tracker.api.devices import find_device
from tracker.api.edge import answer
from tracker.errors import NotAllowed
from tracker.model.finding import Finding, Vitals
from tracker.model.moment import format_ms, now_ms, now_us
from tracker.model.report import App
from tracker.phones.findings import find_all
from tracker.phones.measure import find_interval, find_median, find_offset, find_ratio, find_steady
from tracker.store.apps import HeardApp, select_apps
from tracker.store.pool import borrow
from tracker.store.privacies import select_privacy
from tracker.store.repeats import sum_repeats
from tracker.store.vitals import count_stored, select_newest_rows, select_refused

CountRepeats = Callable[[int], int]  # of a device, by its key, of the last day: those that are no rows yet


class DayAnswer(msgspec.Struct, frozen=True):
    """Fixes of the last 24 hours."""

    stored: int
    duplicate: int
    quarantined: int


class FindingAnswer(msgspec.Struct, frozen=True):
    code: str
    since: str | None
    text: str


class HealthAnswer(msgspec.Struct, frozen=True):
    """`last_seen`: when anything came of it; `last_fix`: of when its newest place is. `interval`: seconds between its
    fixes, the median of the last day. `clock_offset`: seconds its clock is ahead; below 0, behind, or slow to arrive.
    `speed`: the unit in which its app says how fast it is, as it was understood."""

    last_seen: str | None
    last_fix: str | None
    app: str | None
    speed: str | None
    interval: float | None
    clock_offset: float | None
    day: DayAnswer
    findings: list[FindingAnswer]


def blueprint(pool: asyncpg.Pool, count_repeats: CountRepeats) -> Blueprint:
    routes = Blueprint("doctor", __name__, url_prefix="/api/devices/<slug:device>/health")

    @routes.get("")
    @document_response(HealthAnswer)
    @allow("see", rows=True)
    async def read_health(device: str) -> Response:
        """Say how a device is, what looks wrong with it, and what to change."""
        async with borrow(pool) as conn:
            key = (await find_device(conn, sight(), device)).key
            if key in sight().veiled and await select_privacy(conn, key) is not None:
                raise NotAllowed("how a device is that is vague or paused is said to the person whose own it is")
            apps = await select_apps(conn, key)
            vitals = await take_vitals(conn, key, apps)
            repeats = await sum_repeats(conn, key, now_us()) + count_repeats(key)
        return answer(_make_answer(vitals, apps[0].app if apps else None, repeats))

    return routes


async def take_vitals(conn: asyncpg.Connection, device: int, apps: list[HeardApp]) -> Vitals:
    now = now_ms()
    rows = await select_newest_rows(conn, device, now)
    refused = await select_refused(conn, device, now)
    fixes = [row.fix for row in rows]
    heard = [row.received_at for row in rows] + [each.last_seen for each in apps]
    return Vitals(
        now,
        max(heard) // 1000 if heard else None,
        fixes[-1].at if fixes else None,
        apps[0].app.name if apps else None,
        apps[0].app.note if apps else None,
        find_interval(fixes),
        find_offset(rows),
        await count_stored(conn, device, now),
        sum(each.count for each in refused),
        refused[0].reason if refused else None,
        min((each.since for each in refused), default=None),
        next((fix.battery for fix in reversed(fixes) if fix.battery is not None), None),
        find_median([fix.accuracy for fix in fixes if fix.accuracy is not None]),
        find_ratio(fixes),
        find_steady(fixes),
    )


def _make_answer(vitals: Vitals, app: App | None, repeats: int) -> HealthAnswer:
    return HealthAnswer(
        _written(vitals.last_seen),
        _written(vitals.last_fix),
        None if app is None else f"{app.name} {app.version or ''}".strip(),
        None if app is None else app.speed,
        vitals.interval,
        vitals.clock_offset,
        DayAnswer(vitals.stored, repeats, vitals.quarantined),
        [_make_finding(each) for each in find_all(vitals)],
    )


def _make_finding(finding: Finding) -> FindingAnswer:
    return FindingAnswer(finding.code, _written(finding.since), finding.text)


def _written(at: int | None) -> str | None:
    return None if at is None else format_ms(at)
