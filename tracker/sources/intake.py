"""One connection to a broker that brings what phones publish; it is acknowledged by whoever has stored it."""

import asyncio
import ssl
from collections import deque
from collections.abc import Sequence
from typing import Any, Final

import msgspec
import structlog
from paho.mqtt.client import MQTTMessage
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from tracker.alerts.carriers.mqtt_link import KEEP_ALIVE, BrokerLink
from tracker.logs import Seldom
from tracker.settings import Remote

seldom = Seldom(structlog.get_logger())

OPEN: Final = 15.0  # s until we are subscribed
UNDER_WAY: Final = 100  # messages it may send us before the first of them is acknowledged: MQTT's receive maximum
LARGEST: Final = 1_000_000  # bytes of a message; a larger one the broker keeps from us
MOST: Final = 1_000  # that wait; of more, those that were published with QoS 0, which nothing bounds, are dropped
REMEMBERED: Final = 7 * 86_400  # s for which the broker keeps for us what comes while we are away


class Published(msgspec.Struct, frozen=True):
    """One message as it came. `id` is the broker's, for the acknowledgement; `qos` 0 needs none."""

    topic: str
    payload: bytes
    id: int
    qos: int


class Intake(BrokerLink):
    """Used once: opened, and when it is gone, another is made. What was not acknowledged comes again to that one."""

    def __init__(self, server: Remote, tls: ssl.SSLContext | None, name: str) -> None:
        """`name`: by which the broker knows our session, and keeps it."""
        super().__init__(server, tls, name, acks_by_hand=True)
        self.subscribed: asyncio.Future[None] = self.loop.create_future()
        self.heard: deque[Published] = deque()  # bound: UNDER_WAY, and MOST of those without acknowledgement
        self.is_there = asyncio.Event()  # something was heard, or nothing will be any more
        self.client.on_subscribe = lambda _client, _data, _id, codes, _properties: self._tell(self._on_subscribe, codes)
        self.client.on_message = lambda _client, _data, message: self._hear(message)

    async def subscribe(self, topics: Sequence[str]) -> None:
        """Opens it. OSError, or TimeoutError, where it cannot be, with what the system or the broker says."""
        async with asyncio.timeout(OPEN):
            await self.open()
            # What is retained comes once: with each connection it would look as if a dead phone had spoken.
            options = SubscribeOptions(qos=1, retainHandling=SubscribeOptions.RETAIN_SEND_IF_NEW_SUB)
            self.client.subscribe([(topic, options) for topic in topics])
            await self.subscribed

    def _connect(self) -> None:
        session = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        session.SessionExpiryInterval = REMEMBERED
        session.ReceiveMaximum = UNDER_WAY
        session.MaximumPacketSize = LARGEST
        self.client.connect(self.server.host, self.server.port, KEEP_ALIVE, clean_start=False, properties=session)

    async def take(self) -> list[Published]:
        """What has come, in its order. ConnectionResetError where nothing will come any more."""
        await self.is_there.wait()
        if not self.is_open:
            raise ConnectionResetError("the connection to the broker ended")
        taken, self.heard = list(self.heard), deque()
        self.is_there.clear()
        return taken

    def acknowledge(self, messages: Sequence[Published]) -> None:
        """They are stored. Where the connection is gone they come again, and are recognised."""
        for each in messages:
            if each.qos:
                self.client.ack(each.id, each.qos)

    async def publish_order(self, topic: str, payload: bytes, expires_s: int) -> ReasonCode:
        """The broker's answer. OSError where the connection is lost meanwhile. The broker drops it when it expires."""
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.MessageExpiryInterval = max(1, expires_s)
        return await self._send(topic, payload, properties)

    def cut(self) -> None:
        """The broker keeps our session."""
        super().cut()
        self._part()

    def _hear(self, message: MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""  # nobody's; it is acknowledged, or it would come for ever
        self._tell(self._on_message, Published(topic, bytes(message.payload), message.mid, message.qos))

    def _on_message(self, message: Published) -> None:
        if not message.qos and len(self.heard) >= MOST:
            seldom.warning("more comes from the broker with QoS 0 than can be stored; it is dropped")
            return
        self.heard.append(message)
        self.is_there.set()

    def _on_subscribe(self, codes: Sequence[ReasonCode]) -> None:
        if self.subscribed.done():
            return
        refused = [code for code in codes if code.is_failure]
        if len(refused) == len(codes):
            self.subscribed.set_exception(ConnectionRefusedError(f"the broker lets us hear nothing: {refused[0]}"))
        else:
            self.subscribed.set_result(None)

    def _part(self) -> None:
        super()._part()
        self.client.on_subscribe = self.client.on_message = None

    def _on_end(self, code: ReasonCode) -> None:
        super()._on_end(code)
        self.is_there.set()

    def _list_futures(self) -> list[asyncio.Future[Any]]:
        return [*super()._list_futures(), self.subscribed]
