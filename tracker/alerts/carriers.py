"""The carriers of this process, made of what the operator set up."""

from tracker.alerts.carrier import Carriers, Unset
from tracker.alerts.dialer import Dialer
from tracker.alerts.mail import Mail
from tracker.alerts.webhooks import Webhooks
from tracker.model.channel import Email, Webhook
from tracker.settings import Remote


def build_carriers(dialer: Dialer, *, smtp: Remote | None = None, smtp_from: str | None = None) -> Carriers:
    """They use the dialer, and close it."""
    mail = Mail(smtp, smtp_from) if smtp and smtp_from else Unset("e-mail", "TRACKER_SMTP_URL or TRACKER_SMTP_FROM is")
    return Carriers({Webhook: Webhooks(dialer), Email: mail}, dialer.close)
