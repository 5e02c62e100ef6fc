"""Broker: alerts as messages of an MQTT 5 broker, a CloudEvent each, acknowledged (QoS 1)."""

import asyncio
import ssl
from contextlib import suppress
from typing import Final

from tracker.alerts.carriers.mqtt_link import BrokerLink, make_tls
from tracker.alerts.carriers.notice import CONTENT_TYPE, Notice, encode
from tracker.alerts.carriers.verdict import Verdict, explain_failure
from tracker.model.channel import Mqtt
from tracker.model.delivery import Delivery
from tracker.settings import Remote

DEADLINE: Final = 15.0  # s, for all of it: the connection, where there is none, and the acknowledgement
HEADER: Final = 64  # bytes of a packet besides topic and payload, at most: its type, length, id and properties
NOBODY: Final = "_"  # in a topic for a device or geofence that a message has not; no id begins like this
# Answers that the next attempt would get too: the topic is none, the payload is none, the packet is too large.
FOR_EVER: Final = (0x90, 0x99, 0x95)
DEAD_SIZE: Final = "the broker takes {} bytes at most, and this message has {}"


class Broker:
    """One connection for all, made when there is something to send and kept; one that broke is made anew by the next
    attempt, and how soon that is made is the breaker's matter. `close` it.
    """

    is_for_people = False

    def __init__(self, server: Remote, tls: ssl.SSLContext | None = None) -> None:
        self.server = server
        self.tls = tls or make_tls(server)
        self.link: BrokerLink | None = None
        self.linking = asyncio.Lock()

    async def check(self, channel: Mqtt) -> None:
        """The topic was held against its rules; whether we may publish there the broker says to each message."""

    def endpoint(self, channel: Mqtt) -> str:
        return f"mqtt {self.server.host}:{self.server.port}"

    async def send(self, channel: Mqtt, message: Notice) -> Verdict:
        topic, payload = make_topic(channel.topic, message.delivery), encode(message)
        try:
            async with asyncio.timeout(DEADLINE):
                link = await self.connect()
                if (size := len(topic.encode()) + len(payload) + HEADER) > link.largest:
                    return Verdict("dead", error=DEAD_SIZE.format(link.largest, size))
                code = await link.publish(topic, payload, CONTENT_TYPE)
        except TimeoutError as error:
            self.unlink()  # it hangs: what it may answer yet is not waited for
            return explain_failure(error)
        except OSError as error:
            return explain_failure(error)
        if not code.is_failure:
            return Verdict("sent", code.value)
        told = f"{code.value}: {code}"
        return Verdict("dead" if code.value in FOR_EVER else "refused", code.value, told)

    async def connect(self) -> BrokerLink:
        """The connection; OSError where there is none and none can be made."""
        async with self.linking:
            if self.link is None or not self.link.is_open:
                self.unlink()
                self.link = BrokerLink(self.server, self.tls)
                await self.link.open()
            return self.link

    def unlink(self) -> None:
        if self.link is not None:
            self.link.cut()
            self.link = None

    async def close(self) -> None:
        """Says goodbye, so that the broker does not take us for lost; for a second, where it does not listen."""
        if self.link is not None and self.link.is_open:
            with suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self.link.leave()
        self.unlink()


def make_topic(template: str, delivery: Delivery) -> str:
    """Ids and types hold nothing that means something in a topic."""
    for name, value in (("device", delivery.device), ("geofence", delivery.geofence), ("type", delivery.type)):
        template = template.replace(f"{{{name}}}", value or NOBODY)
    return template
