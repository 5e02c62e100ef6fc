"""A receiver in a process of its own, and a dispatcher that may reach it."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from ipaddress import ip_network
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import pytest

from tests.lines import read_lines
from tests.moments import MONDAY
from tests.patience import PATIENCE_S
from tests.ports import free_port
from tracker.alerts.carriers.build import build_carriers
from tracker.alerts.carriers.dialer import Dialer
from tracker.alerts.carriers.signature import new_webhook_secret
from tracker.alerts.carriers.vapid import Vapid, new_key
from tracker.alerts.dispatcher import Dispatcher
from tracker.alerts.matching import Subscriptions, load_subscriptions, write_outbox
from tracker.metrics import AlertMetrics
from tracker.model.channel import Channel, Webhook
from tracker.model.device import Device
from tracker.model.event import Event, Transition
from tracker.model.fix import Fix
from tracker.model.subscription import Subscription, Wish
from tracker.store.devices import insert_device
from tracker.store.events import insert_transitions
from tracker.store.subscriptions import insert_subscription
from tracker.store.unnumbered import number

AT = MONDAY
LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
FENCES = {1: "port", 2: "depot"}


class Receiver:
    """Of webhooks. `settings`: what a server needs to reach it; `channel`: how a subscription names it."""

    script = "receiver.py"

    def __init__(self, folder: Path, *more: str) -> None:
        self.file = folder / f"{self.script}.jsonl"
        self.file.touch()
        self.more = more  # arguments of its program
        self.port = free_port()
        self.process: subprocess.Popen[str]

    @property
    def settings(self) -> dict[str, str]:
        return {"TRACKER_PRIVATE_RECEIVERS": "127.0.0.0/8, ::1/128"}

    def channel(self, way: str = "") -> dict[str, Any]:
        """`way`: `slow`, or as it should be."""
        return {"kind": "webhook", "url": self.url("/?seconds=0.3" if way == "slow" else "/")}

    def start(self) -> None:
        """At the same port as before."""
        script = Path(__file__).with_name(self.script)
        program = [sys.executable, str(script), str(self.port), str(self.file), *self.more]
        self.process = subprocess.Popen(program, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        assert int(self.process.stdout.readline()) == self.port

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout
        self.process.stdout.close()

    def end(self) -> None:
        if hasattr(self, "process") and self.process.poll() is None:
            self.kill()

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    def received(self, path: str | None = None) -> list[dict[str, Any]]:
        """Requests, those to this path; `message` is the body."""
        lines = [json.loads(line) for line in read_lines(self.file)]
        return [line | {"message": json.loads(line["body"])} for line in lines if path in (None, line["path"])]

    def events(self, path: str | None = None) -> list[int]:
        """Their ids, in the order they came."""
        return [event["id"] for each in self.received(path) for event in each["message"]["data"]["events"]]

    async def wait_for(self, count: int, path: str | None = None, within: float = PATIENCE_S) -> list[dict[str, Any]]:
        await until(lambda: len(self.received(path)) >= count, within)
        return self.received(path)


AnyReceiver = TypeVar("AnyReceiver", bound=Receiver)


@contextmanager
def started(receiver: AnyReceiver) -> Iterator[AnyReceiver]:
    """It, until the block ends, however it ends."""
    try:
        receiver.start()
        yield receiver
    finally:
        receiver.end()


async def until(look: Any, within: float = PATIENCE_S) -> None:
    end = time.monotonic() + within
    while True:
        found = look()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return
        assert time.monotonic() < end, "it did not happen in time"
        await asyncio.sleep(0.02)


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    with started(Receiver(tmp_path)) as receiver:
        yield receiver


@pytest.fixture
async def dialer() -> AsyncIterator[Dialer]:
    dialer = Dialer(LOOPBACK)
    yield dialer
    await dialer.close()


@pytest.fixture
async def dispatcher(pool: asyncpg.Pool, dialer: Dialer) -> AsyncIterator[Dispatcher]:
    async with sending(pool, dialer) as dispatcher:
        yield dispatcher


@asynccontextmanager
async def sending(pool: asyncpg.Pool, dialer: Dialer, **settings: Any) -> AsyncIterator[Dispatcher]:
    carriers = build_carriers(dialer, settings.pop("vapid", None) or Vapid(new_key()), **settings)
    dispatcher = Dispatcher(pool, carriers, AlertMetrics())
    task = asyncio.create_task(dispatcher.run())
    try:
        yield dispatcher
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture
async def van(conn: asyncpg.Connection) -> Device:
    return await insert_device(conn, "van", "Van", "van")


async def subscribe(conn: asyncpg.Connection, to: str | Channel, id: str = "all", **wish: Any) -> Subscription:
    """`to`: the URL of a webhook, or another channel."""
    channel = Webhook(to) if isinstance(to, str) else to
    return await insert_subscription(conn, id, "", Wish(**wish), channel, new_webhook_secret())


async def happen(
    conn: asyncpg.Connection, device: Device, seconds: Sequence[int], geofence: int = 1, kind: str = "enter"
) -> list[Event]:
    """As they are in the end: transitions, events and outbox."""
    async with conn.transaction():
        fixes = [Fix(AT + second * 1000, 74246000, 437384000) for second in seconds]
        transitions = [Transition(device.key, geofence, kind, fix.at, fix, fix.at) for fix in fixes]  # type: ignore[arg-type]
        await insert_transitions(conn, transitions, FENCES, detected_at=AT)
        numbered = await number(conn, len(transitions))
        if numbered is None:
            return []
        subscriptions = await load_subscriptions(conn, Subscriptions(), numbered.subscriptions)
        await write_outbox(conn, numbered.events, subscriptions)
    return numbered.events
