"""The process itself: reads the request from standard input, the history from the database, and writes lines."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import asyncpg
import msgspec
import uvloop

from tracker.dry_run.lines import DoneLine, ErrorLine, EventLine, Line, ProgressLine, TrialEvent, encode
from tracker.dry_run.request import Request
from tracker.dry_run.slices import Slice, read_slices
from tracker.dry_run.trial import DryRun
from tracker.errors import StorageDown
from tracker.model.device import Device
from tracker.model.event import Transition
from tracker.model.geofence import Scope
from tracker.model.moment import format_ms, now_ms
from tracker.model.sight import EVERYTHING
from tracker.store.devices import select_devices
from tracker.store.history import to_history
from tracker.store.pool import AWAY, open_connection

Say = Callable[[list[Line]], None]


def main() -> None:
    sys.setswitchinterval(0.0005)  # s: who reads need not wait long for who computes
    request = msgspec.json.decode(sys.stdin.buffer.readline(), type=Request)
    uvloop.run(run(request, say))


def say(lines: list[Line]) -> None:
    """Waits for the reader, so that nothing piles up; where there is none any more, this is the end."""
    try:
        sys.stdout.buffer.write(b"".join(map(encode, lines)))
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        os._exit(1)  # an orderly exit would try to write once more


async def run(request: Request, say: Say) -> None:
    try:
        conn = await open_connection(request.database_url)
        try:
            with suppress(asyncpg.UndefinedObjectError, asyncpg.InvalidParameterValueError):  # not everywhere
                await conn.execute("set client_connection_check_interval = '1s'")  # killed, we leave no query behind
            await rehearse(conn, request, say)
        finally:
            conn.terminate()
    except* AWAY:
        say([ErrorLine("Service Unavailable", 503, str(StorageDown()))])


async def rehearse(conn: asyncpg.Connection, request: Request, say: Say) -> None:
    began = time.monotonic()
    fence = request.make_fence()
    say([ProgressLine(0.0, 0)])
    devices = {
        each.key: each for each in await select_devices(conn, EVERYTHING) if may_apply(fence.scope, each, request)
    }
    dry_run = DryRun(fence, devices)
    fixes = events = 0
    slices = read_slices(conn, list(devices), request.since, request.until + 1, veiled=request.veiled)
    async for each in read_ahead(slices):
        found = await asyncio.to_thread(decide, dry_run, each, request.until)
        fixes, events = fixes + each.fixes, events + len(found)
        say([*(make_line(devices, fence.id, one) for one in found), ProgressLine(round(each.done, 4), fixes)])
    say([DoneLine(fixes, len(devices), events, round(time.monotonic() - began, 3))])


async def read_ahead(slices: AsyncIterator[Slice]) -> AsyncIterator[Slice]:
    """Reads the next one while one is looked at, and no more."""
    async with asyncio.TaskGroup() as tasks:
        coming = tasks.create_task(read_next(slices))
        while (each := await coming) is not None:
            coming = tasks.create_task(read_next(slices))
            yield each


async def read_next(slices: AsyncIterator[Slice]) -> Slice | None:
    return await anext(slices, None)


def decide(dry_run: DryRun, each: Slice, until: int) -> list[Transition]:
    found = dry_run.fold(to_history(each.answer))
    return found + dry_run.end(min(until, now_ms())) if each.is_last else found


def may_apply(scope: Scope, device: Device, request: Request) -> bool:
    """At some time: the history of others is not read."""
    return (
        device.id not in request.hidden
        and (request.devices is None or device.id in request.devices)
        and (scope.devices is None or device.id in scope.devices)
        and (scope.categories is None or device.category in scope.categories)
    )


def make_line(devices: dict[int, Device], fence: str, each: Transition) -> EventLine:
    at, decided_at = format_ms(each.at), format_ms(each.decided_at)
    evidence = msgspec.Raw(msgspec.json.encode(each.evidence))
    id, place = devices[each.device].id, each.fix
    return EventLine(TrialEvent(each.kind, id, fence, at, decided_at, each.late, place.lon, place.lat, evidence))
