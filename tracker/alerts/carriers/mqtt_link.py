"""One connection to an MQTT 5 broker. paho runs it in a thread of its own; what it says comes to the loop."""

import asyncio
import secrets
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from paho.mqtt.client import MQTT_ERR_SUCCESS, Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from tracker.settings import Remote

CONNECT: Final = 5.0  # s for each address of the broker, and for each step of TLS
KEEP_ALIVE: Final = 30  # s of silence until it is asked whether it is there
LARGEST: Final = 256 * 1024 * 1024  # bytes of a packet, by the protocol


def make_tls(server: Remote) -> ssl.SSLContext | None:
    """None where it is spoken to in the clear. The operator's own authority is trusted beside those of the system: with
    `cafile` they would not be read, and a broker that changes to a public certificate would be refused."""
    if server.scheme != "mqtts":
        return None
    tls = ssl.create_default_context()
    if server.authority is not None:
        tls.load_verify_locations(server.authority)
    return tls


class BrokerLink:
    """Used once: opened, and when it is gone, another is made. The messages it had are not its to send again."""

    def __init__(
        self, server: Remote, tls: ssl.SSLContext | None, name: str | None = None, *, acks_by_hand: bool = False
    ) -> None:
        """`name`: by which the broker knows our session; None: one that nobody else has. `acks_by_hand`: of what it
        tells us, paho says of itself that it was taken only where this is false."""
        self.server = server
        self.loop = asyncio.get_running_loop()
        self.opened: asyncio.Future[None] = self.loop.create_future()
        self.ended = asyncio.Event()
        self.waiting: dict[int, asyncio.Future[ReasonCode]] = {}  # by packet id: not acknowledged yet
        self.largest = LARGEST  # bytes of a packet that the broker takes
        self.is_open = False
        client = Client(
            CallbackAPIVersion.VERSION2,
            name or f"tracker-{secrets.token_hex(8)}",
            protocol=MQTTProtocolVersion.MQTTv5,
            reconnect_on_failure=False,
            manual_ack=acks_by_hand,
        )
        client.connect_timeout = CONNECT
        client.on_connect = lambda _client, _data, _flags, code, properties: self._tell(self._on_open, code, properties)
        client.on_publish = lambda _client, _data, id, code, _properties: self._tell(self._on_answer, id, code)
        client.on_disconnect = lambda _client, _data, _flags, code, _properties: self._tell(self._on_end, code)
        if server.user is not None:
            client.username_pw_set(server.user, server.password)
        if tls is not None:
            client.tls_set_context(tls)
        self.client = client

    async def open(self) -> None:
        """OSError where it cannot be, with what the system or the broker says."""
        try:
            await asyncio.to_thread(self._connect)
        except BaseException:
            self._part()
            raise
        self.client.loop_start()
        await self.opened

    def _connect(self) -> None:
        self.client.connect(self.server.host, self.server.port, KEEP_ALIVE)

    async def publish(self, topic: str, payload: bytes, content_type: str, *, retain: bool = False) -> ReasonCode:
        """The broker's answer. `retain`: it keeps this for who subscribes later. OSError where the connection is lost
        meanwhile."""
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.ContentType = content_type
        properties.PayloadFormatIndicator = 1  # text
        return await self._send(topic, payload, properties, retain=retain)

    async def _send(self, topic: str, payload: bytes, properties: Properties, *, retain: bool = False) -> ReasonCode:
        sent = self.client.publish(topic, payload, qos=1, retain=retain, properties=properties)
        if sent.rc != MQTT_ERR_SUCCESS:
            raise ConnectionError("the connection to the broker is lost")
        answer: asyncio.Future[ReasonCode] = self.loop.create_future()
        self.waiting[sent.mid] = answer
        try:
            return await answer
        finally:
            del self.waiting[sent.mid]

    async def leave(self) -> None:
        self.client.disconnect()
        await self.ended.wait()

    def cut(self) -> None:
        """At once, whatever the broker does: its thread ends when the socket does."""
        self.is_open = False
        self.client.disconnect()
        if isinstance(sock := self.client.socket(), socket.socket):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _tell(self, what: Callable[..., None], *values: Any) -> None:
        """From paho's thread. The loop may be gone, and then nobody waits."""
        with suppress(RuntimeError):
            self.loop.call_soon_threadsafe(what, *values)

    def _on_open(self, code: ReasonCode, properties: Properties | None) -> None:
        if self.opened.done():
            return
        if code.is_failure:
            self.opened.set_exception(ConnectionRefusedError(f"the broker says: {code}"))
            return
        self.largest = getattr(properties, "MaximumPacketSize", LARGEST)
        self.is_open = True
        self.opened.set_result(None)

    def _on_answer(self, id: int, code: ReasonCode) -> None:
        if (answer := self.waiting.get(id)) and not answer.done():
            answer.set_result(code)

    def _part(self) -> None:
        """The client and we hold each other through these: cut, it closes its sockets as soon as nobody holds us, where
        the collector would find them first, one day."""
        self.client.on_connect = self.client.on_publish = self.client.on_disconnect = None

    def _on_end(self, code: ReasonCode) -> None:
        self.is_open = False
        self._part()
        self.ended.set()
        for each in self._list_futures():
            if not each.done():
                each.set_exception(ConnectionResetError(f"the connection to the broker ended: {code}"))
                each.exception()  # it may be that nobody waits for this one

    def _list_futures(self) -> list[asyncio.Future[Any]]:
        """What ends with the connection."""
        return [self.opened, *self.waiting.values()]
