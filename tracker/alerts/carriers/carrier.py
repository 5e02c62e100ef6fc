"""Carrier: one way to send messages, for one kind of channel. The dispatcher knows no other difference between them."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from tracker.alerts.carriers.notice import Notice
from tracker.alerts.carriers.verdict import Verdict
from tracker.errors import Invalid
from tracker.model.channel import Channel, Webhook

C = TypeVar("C", contravariant=True)


class Carrier(Protocol[C]):
    is_for_people: bool  # then its messages come with names

    async def check(self, channel: C) -> None:
        """Before it is stored: Invalid where nothing could ever be sent by it."""

    def endpoint(self, channel: C) -> str:
        """Whom it depends on: channels with the same endpoint work or fail together, and share a breaker."""

    async def send(self, channel: C, message: Notice) -> Verdict:
        """One attempt, within half a minute. A failure is a Verdict, not an exception."""


@dataclass(frozen=True)
class Carriers:
    """The carrier of each kind of channel. `push_key`: what browsers know us by. `close` ends what they keep open."""

    by_kind: Mapping[type, Carrier[Any]]
    push_key: str
    close: Callable[[], Awaitable[None]]

    def of(self, channel: Channel) -> Carrier[Any]:
        return self.by_kind[type(channel)]

    def need_names(self, channel: Channel) -> bool:
        """Whether people read what it sends."""
        return self.of(channel).is_for_people or (isinstance(channel, Webhook) and channel.template is not None)


class Unset:
    """Stands for a carrier that the operator did not set up: it takes nothing new, and what waits fails, saying why."""

    is_for_people = False

    def __init__(self, kind: str, needs: str) -> None:
        """`needs`: the settings, as people read them."""
        self.kind = kind
        self.reason = f"this server sends no {kind}: it needs {needs}"

    async def check(self, channel: Channel) -> None:
        raise Invalid(f"channel.kind: {self.reason}", field="channel.kind")

    def endpoint(self, channel: Channel) -> str:
        return self.kind

    async def send(self, channel: Channel, message: Notice) -> Verdict:
        return Verdict("failed", error=self.reason)
