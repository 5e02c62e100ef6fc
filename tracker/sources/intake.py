"""One connection to a broker that brings what phones publish. paho runs it in a thread of its own; what it hears comes
to the loop, and is acknowledged by whoever has stored it."""

import asyncio
import socket
import ssl
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final

import msgspec
import structlog
from paho.mqtt.client import MQTT_ERR_SUCCESS, Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from tracker.logs import Seldom
from tracker.settings import Remote

seldom = Seldom(structlog.get_logger())

CONNECT: Final = 5.0  # s for each address of the broker, and for each step of TLS
OPEN: Final = 15.0  # s until we are subscribed
KEEP_ALIVE: Final = 30  # s of silence until it is asked whether it is there
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


class Intake:
    """Used once: opened, and when it is gone, another is made. What was not acknowledged comes again to that one."""

    def __init__(self, server: Remote, tls: ssl.SSLContext | None, name: str) -> None:
        """`name`: by which the broker knows our session, and keeps it."""
        self.server = server
        self.loop = asyncio.get_running_loop()
        self.opened: asyncio.Future[None] = self.loop.create_future()
        self.subscribed: asyncio.Future[None] = self.loop.create_future()
        self.waiting: deque[Published] = deque()  # bound: UNDER_WAY, and MOST of those without acknowledgement
        self.is_there = asyncio.Event()  # something waits, or nothing will come any more
        self.is_open = False
        self.sending: dict[int, asyncio.Future[ReasonCode]] = {}  # by packet id: not acknowledged by the broker yet
        client = Client(
            CallbackAPIVersion.VERSION2,
            name,
            protocol=MQTTProtocolVersion.MQTTv5,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        client.connect_timeout = CONNECT
        client.on_connect = lambda _client, _data, _flags, code, _properties: self._tell(self._on_open, code)
        client.on_subscribe = lambda _client, _data, _id, codes, _properties: self._tell(self._on_subscribe, codes)
        client.on_message = lambda _client, _data, message: self._hear(message)
        client.on_publish = lambda _client, _data, id, code, _properties: self._tell(self._on_sent, id, code)
        client.on_disconnect = lambda _client, _data, _flags, code, _properties: self._tell(self._on_end, code)
        if server.user is not None:
            client.username_pw_set(server.user, server.password)
        if tls is not None:
            client.tls_set_context(tls)
        self.client = client

    async def open(self, topics: Sequence[str]) -> None:
        """OSError, or TimeoutError, where it cannot be, with what the system or the broker says."""
        async with asyncio.timeout(OPEN):
            await asyncio.to_thread(self._connect)
            self.client.loop_start()
            await self.opened
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
        taken, self.waiting = list(self.waiting), deque()
        self.is_there.clear()
        return taken

    def acknowledge(self, messages: Sequence[Published]) -> None:
        """They are stored. Where the connection is gone they come again, and are recognised."""
        for each in messages:
            if each.qos:
                self.client.ack(each.id, each.qos)

    async def publish(self, topic: str, payload: bytes, expires_s: int) -> ReasonCode:
        """The broker's answer. OSError where the connection is lost meanwhile. The broker drops it when it expires."""
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.MessageExpiryInterval = max(1, expires_s)
        sent = self.client.publish(topic, payload, qos=1, properties=properties)
        if sent.rc != MQTT_ERR_SUCCESS:
            raise ConnectionError("the connection to the broker is lost")
        answer = self.sending[sent.mid] = self.loop.create_future()
        try:
            code: ReasonCode = await answer
            return code
        finally:
            del self.sending[sent.mid]

    def cut(self) -> None:
        """At once, whatever the broker does: its thread ends when the socket does. The broker keeps our session."""
        self.is_open = False
        self.client.disconnect()
        if isinstance(sock := self.client.socket(), socket.socket):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        self._part()

    def _tell(self, what: Callable[..., None], *values: Any) -> None:
        """From paho's thread. The loop may be gone, and then nobody waits."""
        with suppress(RuntimeError):
            self.loop.call_soon_threadsafe(what, *values)

    def _hear(self, message: MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""  # nobody's; it is acknowledged, or it would come for ever
        self._tell(self._on_message, Published(topic, bytes(message.payload), message.mid, message.qos))

    def _on_message(self, message: Published) -> None:
        if not message.qos and len(self.waiting) >= MOST:
            seldom.warning("more comes from the broker with QoS 0 than can be stored; it is dropped")
            return
        self.waiting.append(message)
        self.is_there.set()

    def _on_open(self, code: ReasonCode) -> None:
        if self.opened.done():
            return
        if code.is_failure:
            self.opened.set_exception(ConnectionRefusedError(f"the broker says: {code}"))
            return
        self.is_open = True
        self.opened.set_result(None)

    def _on_subscribe(self, codes: Sequence[ReasonCode]) -> None:
        if self.subscribed.done():
            return
        refused = [code for code in codes if code.is_failure]
        if len(refused) == len(codes):
            self.subscribed.set_exception(ConnectionRefusedError(f"the broker lets us hear nothing: {refused[0]}"))
        else:
            self.subscribed.set_result(None)

    def _on_sent(self, id: int, code: ReasonCode) -> None:
        if (answer := self.sending.get(id)) and not answer.done():
            answer.set_result(code)

    def _part(self) -> None:
        """The client and we hold each other through these: cut, it closes its sockets as soon as nobody holds us."""
        client = self.client
        client.on_connect = client.on_publish = client.on_disconnect = None
        client.on_subscribe = client.on_message = None

    def _on_end(self, code: ReasonCode) -> None:
        self.is_open = False
        self._part()
        self.is_there.set()
        futures: list[asyncio.Future[Any]] = [self.opened, self.subscribed, *self.sending.values()]
        for each in futures:
            if not each.done():
                each.set_exception(ConnectionResetError(f"the connection to the broker ended: {code}"))
                each.exception()  # it may be that nobody waits for this one
