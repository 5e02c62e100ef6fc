"""The carriers of this process, made of what the operator set up. What speaks SMTP and MQTT is imported where there is
such a server: two processes make carriers with each start."""

from typing import TYPE_CHECKING, Any

from tracker.alerts.carriers.carrier import Carrier, Carriers, Unset
from tracker.alerts.carriers.dialer import Dialer
from tracker.alerts.carriers.push import Push
from tracker.alerts.carriers.vapid import Vapid
from tracker.alerts.carriers.webhooks import Webhooks
from tracker.model.channel import Email, Mqtt, Webhook, WebPush
from tracker.settings import Remote

if TYPE_CHECKING:
    from tracker.alerts.carriers.broker import Broker
    from tracker.alerts.carriers.mail import Mail


def build_carriers(
    dialer: Dialer,
    vapid: Vapid,
    *,
    smtp: Remote | None = None,
    smtp_from: str | None = None,
    mqtt: Remote | None = None,
) -> Carriers:
    """They use the dialer, and close it."""
    broker = make_broker(mqtt) if mqtt else None
    mail = make_mail(smtp, smtp_from) if smtp and smtp_from else None
    by_kind: dict[type, Carrier[Any]] = {
        Webhook: Webhooks(dialer),
        WebPush: Push(dialer, vapid),
        Email: mail or Unset("e-mail", "TRACKER_SMTP_URL and TRACKER_SMTP_FROM"),
        Mqtt: broker or Unset("MQTT", "TRACKER_MQTT_URL"),
    }

    async def close() -> None:
        await dialer.close()
        if broker:
            await broker.close()

    return Carriers(by_kind, vapid.public, close)


def make_broker(server: Remote) -> "Broker":
    from tracker.alerts.carriers.broker import Broker

    return Broker(server)


def make_mail(server: Remote, sender: str) -> "Mail":
    from tracker.alerts.carriers.mail import Mail

    return Mail(server, sender)
