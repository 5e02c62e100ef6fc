"""Webhooks: a signed CloudEvent by HTTP POST, as Standard Webhooks say."""

from typing import Final

from tracker.alerts.carriers.dialer import FAILURES, Dialer
from tracker.alerts.carriers.notice import CONTENT_TYPE, Notice, encode
from tracker.alerts.carriers.signature import make_signed_headers
from tracker.alerts.carriers.template import fill_template
from tracker.alerts.carriers.verdict import Verdict, explain_failure, read_answer
from tracker.model.channel import Webhook
from tracker.model.moment import now_ms

AGENT: Final = "tracker-webhooks/1"


class Webhooks:
    is_for_people = False

    def __init__(self, dialer: Dialer) -> None:
        self.dialer = dialer

    async def check(self, channel: Webhook) -> None:
        await self.dialer.check(channel.url)

    def endpoint(self, channel: Webhook) -> str:
        return channel.url

    async def send(self, channel: Webhook, message: Notice) -> Verdict:
        if channel.template is None:
            content_type, body = CONTENT_TYPE, encode(message)
        else:
            content_type, body = fill_template(channel.template, message)
        headers = {"content-type": content_type, "user-agent": AGENT, "accept": "*/*"}
        try:
            headers |= make_signed_headers(message.subscription.secrets, message.id, now_ms() // 1000, body)
            reply = await self.dialer.post(channel.url, headers, body)
        except FAILURES as error:
            return explain_failure(error)
        return read_answer(reply.status, reply.retry_after)
