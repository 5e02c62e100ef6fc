"""Announcer: tells a broker where devices are, in the words by which Home Assistant finds them by itself.

Of several machines one tells. Only the newest is told, and no device more often than every five seconds: what nobody
heard is of no use later. Where the broker is away nothing waits but the next attempt, and then all is told anew.
"""

import asyncio
from collections.abc import Iterator
from typing import Final

import asyncpg
import structlog

from tracker.alerts.carriers.broker import Broker
from tracker.alerts.dispatcher import complain, venture
from tracker.alerts.home_assistant.discovery import make_attributes, make_config, make_state, make_topics
from tracker.logs import Seldom
from tracker.model.whereabouts import Whereabouts
from tracker.settings import Remote
from tracker.store.duties import ANNOUNCING, Duty
from tracker.store.installation import select_epoch
from tracker.store.pool import borrow
from tracker.store.whereabouts import delete_announced, insert_announced, select_announced, select_whereabouts

seldom = Seldom(structlog.get_logger())

EVERY: Final = 5.0  # s
DEADLINE: Final = 30.0  # s for all that is to be told at once
TOGETHER: Final = 200  # messages under way
JSON: Final = "application/json"

Message = tuple[str, bytes]  # topic, payload; an empty one takes back what was retained


class Announcer:
    def __init__(self, pool: asyncpg.Pool, server: Remote, prefix: str) -> None:
        """`prefix`: of Home Assistant's discovery."""
        self.pool = pool
        self.duty = Duty(pool, ANNOUNCING)
        self.broker = Broker(server)
        self.prefix = prefix
        self.own = ""
        self.told: dict[str, bytes] = {}  # by topic, what this broker holds; bound: three for each device

    async def run(self) -> None:
        """Until cancelled."""
        try:
            while True:
                if (error := await venture(self.turn())) is not None:
                    self.told.clear()  # another broker, or one that forgot: all of it again
                    self.broker.unlink()
                    await self.duty.leave()  # another machine may reach it
                    if isinstance(error, OSError):  # of which TimeoutError is one
                        seldom.warning("the broker does not take where devices are", error=repr(error))
                    else:
                        complain(error)
                await asyncio.sleep(EVERY)
        finally:
            await self.duty.leave()
            await self.broker.close()

    async def turn(self) -> None:
        if not await self.duty.hold():
            return
        async with borrow(self.pool) as conn:
            self.own = self.own or await select_epoch(conn)
            found = await select_whereabouts(conn)
            present = {each.device for each in found}
            gone = await select_announced(conn) - present
            await insert_announced(conn, present)
        messages = [message for each in found for message in self.write(each)]
        messages += [(topic, b"") for device in gone for topic in self.list_topics(device)]
        async with asyncio.timeout(DEADLINE):
            await self.publish([each for each in messages if self.told.get(each[0]) != each[1]])
        if gone:
            async with borrow(self.pool) as conn:
                await delete_announced(conn, gone)

    def write(self, whereabouts: Whereabouts) -> Iterator[Message]:
        """The place before the state, which would else be of the place before."""
        topics = make_topics(self.prefix, self.own, whereabouts.device)
        yield topics.config, make_config(whereabouts, topics, self.own)
        yield topics.attributes, make_attributes(whereabouts)
        yield topics.state, make_state(whereabouts)

    def list_topics(self, device: int) -> tuple[str, ...]:
        topics = make_topics(self.prefix, self.own, device)
        return topics.config, topics.attributes, topics.state

    async def publish(self, messages: list[Message]) -> None:
        """OSError where the broker is away or does not let us. In their order."""
        if not messages:
            return
        link = await self.broker.connect()
        for begin in range(0, len(messages), TOGETHER):
            some = messages[begin : begin + TOGETHER]
            codes = await asyncio.gather(*(link.publish(topic, body, JSON, retain=True) for topic, body in some))
            refused = next((code for code in codes if code.is_failure), None)
            if refused is not None:
                raise PermissionError(f"the broker says: {refused}")
            self.told.update(some)
