"""The carriers of this process, made of what the operator set up."""

from tracker.alerts.carrier import Carriers
from tracker.alerts.dialer import Dialer
from tracker.alerts.webhooks import Webhooks
from tracker.model.channel import Webhook


def build_carriers(dialer: Dialer) -> Carriers:
    """They use the dialer, and close it."""
    return Carriers({Webhook: Webhooks(dialer)}, dialer.close)
