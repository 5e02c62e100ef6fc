"""OwnTracks from an existing broker: what phones publish is stored and then acknowledged, and commands go down to them.

A message is the broker's until its fixes are committed: whoever dies in between, it comes again and is recognised. What
bounds the memory is the receive maximum, by which the broker waits for our acknowledgements.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import chain, repeat
from typing import Final

import msgspec
import structlog

from tracker.alerts.carriers.mqtt_link import make_tls
from tracker.errors import StorageDown
from tracker.ingest.apps import carry
from tracker.logs import Seldom
from tracker.model.address import Address
from tracker.model.command import Command
from tracker.model.moment import now_ms, now_us
from tracker.model.report import Report
from tracker.model.source import Source
from tracker.phones.body import may_be_packed
from tracker.phones.commands import write_command
from tracker.phones.mqtt import TOPICS, decode_message, find_name, make_command_topic
from tracker.settings import Remote
from tracker.sources.frames import Said, make_said
from tracker.sources.intake import Intake, Published
from tracker.sources.sources import Sources
from tracker.store.commands import select_unsent, update_given
from tracker.store.installation import select_installation
from tracker.store.pool import AWAY, borrow
from tracker.store.sources import select_devices_of_source, select_names_of, upsert_source

logger = structlog.get_logger()
seldom = Seldom(logger)

ID: Final = "owntracks"  # of the source that the broker's topics are names of
PAUSES: Final = (0.5, 1.0, 2.0, 5.0, 10.0)  # s before the next attempt to connect
AGAIN: Final = 0.5  # s before messages are stored again after storage was away
LARGE: Final = 64 * 1024  # bytes of payloads; more are decoded in a thread, for they would hold up every socket
TAKEN: Final = "the broker has it"


class BrokerFeed:
    """One for the process that owns the log: a second subscriber by our name would end the first."""

    def __init__(self, server: Remote, sources: Sources, is_connected: Callable[[int], Awaitable[bool]]) -> None:
        """`is_connected`: a device (its key) that has a socket of its own gets its commands there."""
        self.server = server
        self.tls = make_tls(server)
        self.sources = sources
        self.is_connected = is_connected
        self.to_order: set[int] = set()  # devices that have commands; bound: the devices of the source
        self.has_orders = asyncio.Event()

    async def run(self, is_open: Callable[[], bool]) -> None:
        """Until cancelled. `is_open`: this process owns the log."""
        pauses = chain(PAUSES, repeat(PAUSES[-1]))
        while True:
            if is_open():
                began = asyncio.get_running_loop().time()
                try:
                    await self.listen()
                except* (StorageDown, *AWAY) as group:
                    reason = repr(group.exceptions[0])
                    seldom.warning("not subscribed to the broker", broker=self.server.host, error=reason)
                if asyncio.get_running_loop().time() - began > PAUSES[-1]:
                    pauses = chain(PAUSES, repeat(PAUSES[-1]))
            await asyncio.sleep(next(pauses) if is_open() else AGAIN)

    def send_commands(self, device: int) -> None:
        """A command was queued for the device, which may be none of ours."""
        self.to_order.add(device)
        self.has_orders.set()

    async def listen(self) -> None:
        """Until the connection ends, by which it raises."""
        async with borrow(self.sources.pool) as conn:
            source = await upsert_source(conn, ID)
            name = f"tracker-{await select_installation(conn)}"
            self.to_order.update(await select_devices_of_source(conn, source.key))
        intake = Intake(self.server, self.tls, name)
        try:
            await intake.subscribe(TOPICS)
            logger.info("subscribed to the broker", broker=self.server.host)
            self.has_orders.set()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.order(intake, source), name="orders to the broker")
                while True:
                    messages = await intake.take()
                    await self.store(source, messages)
                    intake.acknowledge(messages)
        finally:
            intake.cut()

    async def store(self, source: Source, messages: Sequence[Published]) -> None:
        """Until it is done: the broker waits, as it does for whoever is slow."""
        while True:
            try:
                await self.sources.take(source.key, await self.read(source, messages))
                return
            except StorageDown:
                seldom.warning("storage is away, and the broker keeps what it has", messages=len(messages))
                await asyncio.sleep(AGAIN)

    async def read(self, source: Source, messages: Sequence[Published]) -> Mapping[str, Said]:
        """What they say, by name. Whose a name is has to be known before: messages may be encrypted."""
        named = [(name, each) for each in messages if (name := find_name(each.topic))]
        found = await self.sources.find(source.key, list(dict.fromkeys(name for name, _ in named)))
        is_large = sum(len(each.payload) for each in messages) > LARGE
        if is_large or any(may_be_packed(each.payload) for each in messages):
            return await asyncio.to_thread(decode_all, named, found)
        return decode_all(named, found)

    async def order(self, intake: Intake, source: Source) -> None:
        """Until cancelled: commands of the devices that publish there."""
        while True:
            await self.has_orders.wait()
            self.has_orders.clear()
            waiting = set[int]()
            while self.to_order:
                device = self.to_order.pop()
                try:
                    if not await self.order_device(intake, source, device):
                        waiting.add(device)
                except (StorageDown, *AWAY) as error:
                    waiting.add(device)
                    seldom.warning("commands wait for the broker", error=repr(error))
                    break
            self.to_order |= waiting
            if self.to_order:
                await asyncio.sleep(AGAIN)
                self.has_orders.set()

    async def order_device(self, intake: Intake, source: Source, device: int) -> bool:
        """Whether nothing of it is left to do; False where nobody can say whether it has a socket. That is asked only
        where there is something to send: of a strand whose owner is away the answer takes a second."""
        async with borrow(self.sources.pool) as conn:
            names = await select_names_of(conn, source.key, device)
            commands = await select_unsent(conn, device) if names else []
        try:
            if not commands or await self.is_connected(device):
                return True
        except StorageDown:
            return False
        for command in commands:
            await self.send(intake, names, command, device)
        return True

    async def send(self, intake: Intake, names: Sequence[str], command: Command, device: int) -> None:
        """One that OwnTracks does not know waits for an app that does. OwnTracks answers none, so what is kept as the
        answer is the broker's."""
        if (order := write_command(command)) is None:
            return
        expires_s, payload = (command.expires - now_ms()) // 1000, msgspec.json.encode(order)
        codes = [await intake.publish_order(make_command_topic(name), payload, expires_s) for name in names]
        failed = [code for code in codes if code.is_failure]
        detail = f"the broker says: {failed[0]}" if failed else TAKEN
        async with borrow(self.sources.pool) as conn:
            await update_given(conn, device, command, not failed, detail)


def decode_all(messages: Sequence[tuple[str, Published]], found: Mapping[str, Address]) -> dict[str, Said]:
    """One frame for each name, with all it said, in its order."""
    now, said = now_us(), dict[str, Report]()
    for name, each in messages:
        address = found.get(name)
        secret = None if address is None else address.secret
        report = decode_message(each.topic, each.payload, secret, now // 1000)
        if report.readings or report.faults or report.app.note:
            said[name] = join(said[name], report) if name in said else report
    return {name: make_said(report, now) for name, report in said.items()}


def join(before: Report, after: Report) -> Report:
    app = carry(after.app, before.app)
    readings, faults, calls = (getattr(before, of) + getattr(after, of) for of in ("readings", "faults", "calls"))
    is_paused = after.is_paused if after.readings else before.is_paused
    return Report(app, after.reply, readings, faults, calls, is_paused, after.walk or before.walk)
