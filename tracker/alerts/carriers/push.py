"""Push: alerts that a browser shows, also while the page is closed (RFC 8030), through the service it chose."""

import hashlib
from collections.abc import Sequence
from typing import Final

import msgspec

from tracker.alerts.carriers.dialer import FAILURES, Dialer
from tracker.alerts.carriers.notice import Notice
from tracker.alerts.carriers.push_encryption import LARGEST, encrypt
from tracker.alerts.carriers.vapid import Vapid
from tracker.alerts.carriers.verdict import Verdict, explain_failure, read_answer
from tracker.alerts.carriers.wording import find_only, make_wording, read_events
from tracker.errors import Invalid
from tracker.model import base64url
from tracker.model.channel import WebPush
from tracker.model.moment import now_ms

DAY: Final = 86_400  # s that the service keeps it for a browser that is away, unless the subscription says less
FIELD: Final = "channel.endpoint"


class PushNotice(msgspec.Struct, frozen=True):
    """What the page's worker gets. `url` is the page to open; a notice with the `tag` of another takes its place."""

    title: str
    body: str
    url: str
    tag: str
    type: str
    count: int


class Push:
    is_for_people = True

    def __init__(self, dialer: Dialer, vapid: Vapid) -> None:
        self.dialer = dialer
        self.vapid = vapid

    async def check(self, channel: WebPush) -> None:
        """Push services speak https. One of the operator's own, in a network he named, may do without."""
        addresses = await self.dialer.check(channel.endpoint, FIELD)
        if not channel.endpoint.startswith("https://") and not self.dialer.is_private(addresses):
            raise Invalid(f"{FIELD}: not an https address", field=FIELD)

    def endpoint(self, channel: WebPush) -> str:
        return channel.endpoint

    async def send(self, channel: WebPush, message: Notice) -> Verdict:
        keys = channel.keys
        body = encrypt(make_push_body(message), base64url.decode(keys.p256dh), base64url.decode(keys.auth))
        headers = {
            "authorization": self.vapid.authorization(channel.endpoint, now_ms() // 1000),
            "content-type": "application/octet-stream",
            "content-encoding": "aes128gcm",
            "ttl": str(message.subscription.wish.max_age or DAY),
            "urgency": "high",
            "topic": make_topic(message.id),
        }
        try:
            reply = await self.dialer.post(channel.endpoint, headers, body)
        except FAILURES as error:
            return explain_failure(error)
        return read_push_answer(reply.status, reply.retry_after)


def read_push_answer(status: int, retry_after: str | None) -> Verdict:
    """As for a webhook, but that a browser which is gone answers 404 too, and what is too large is so for ever."""
    if status in (404, 410):
        return Verdict("gone", status, f"the browser is subscribed no more: its push service answered {status}")
    if status == 413:
        return Verdict("dead", status, "413: too large for its push service")
    return read_answer(status, retry_after)


def make_push_body(message: Notice) -> bytes:
    """As many lines as there is room for."""
    wording, delivery = make_wording(message), message.delivery
    url = make_url(message)

    def write_notice(lines: Sequence[str]) -> bytes:
        body = "\n".join(lines)
        return msgspec.json.encode(PushNotice(wording.title, body, url, message.id, delivery.type, delivery.count))

    lines = list(wording.lines)
    while len(found := write_notice(lines)) > LARGEST:
        lines = [*lines[:-2], "…"]
    return found


def make_url(message: Notice) -> str:
    """Of the page, below wherever it is: the event and its device on the map."""
    device, event = message.delivery.device, find_only(read_events(message))
    asked = [f"device={device}"] if device else []
    asked += [f"event={event}"] if event else []
    return f"/?{'&'.join(asked)}" if asked else "/"


def make_topic(id: str) -> str:
    """A second attempt takes the place of the first, if that one is still with the service: a browser shows one."""
    return base64url.encode(hashlib.sha256(id.encode()).digest())[:32]
