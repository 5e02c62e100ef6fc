"""The process itself: reads the request from standard input, the history from the database, and writes lines."""

import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress

import asyncpg
import msgspec
import uvloop

from tracker.dry_run.lines import Done, Event, Failed, Happened, Line, Progress, encode
from tracker.dry_run.request import Request
from tracker.dry_run.slices import slices
from tracker.errors import StorageDown
from tracker.model.device import Device
from tracker.model.event import Transition
from tracker.model.moment import format_ms
from tracker.pipeline.dry_run import DryRun
from tracker.store.devices import select_devices
from tracker.store.pool import AWAY, open_connection

Say = Callable[[list[Line]], None]


def main() -> None:
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
    except AWAY:
        say([Failed("Service Unavailable", 503, str(StorageDown()))])


async def rehearse(conn: asyncpg.Connection, request: Request, say: Say) -> None:
    began = time.monotonic()
    fence = request.fence()
    say([Progress(0.0, 0)])
    asked = None if request.devices is None else frozenset(request.devices)
    devices = {each.key: each for each in await select_devices(conn) if asked is None or each.id in asked}
    dry_run = DryRun(fence, devices)
    fixes = events = 0
    async for each in slices(conn, list(devices), request.since, request.until + 1):
        if each.is_first:
            dry_run.begin()
        found = dry_run.fold(each.history)
        fixes, events = fixes + len(each.history), events + len(found)
        say([*(happened(devices, fence.id, one) for one in found), Progress(round(each.done, 4), fixes)])
    say([Done(fixes, len(devices), events, round(time.monotonic() - began, 3))])


def happened(devices: dict[int, Device], fence: str, transition: Transition) -> Happened:
    fix = transition.fix
    at = format_ms(fix.at)
    shown = {"at": at, "lon": fix.lon, "lat": fix.lat, "accuracy": fix.accuracy, "speed": fix.speed}
    evidence = msgspec.Raw(msgspec.json.encode({"fix": shown}))
    return Happened(
        Event(transition.kind, devices[transition.device].id, fence, at, at, False, fix.lon, fix.lat, evidence)
    )
