"""What the operator's settings name of other servers: the provider of sign-ins, the one that takes letters, the
broker that phones publish to."""

from collections.abc import Callable
from urllib.parse import urlsplit

from tracker.access.provider import OidcClient, OidcProvider
from tracker.alerts.carriers.mail import Mail
from tracker.alerts.postbox import Postbox
from tracker.settings import Settings
from tracker.sources.broker import BrokerFeed
from tracker.sources.sources import Sources
from tracker.start import base_url


def make_provider(settings: Settings) -> OidcProvider | None:
    """None where the operator named none."""
    if settings.oidc_issuer is None or settings.oidc_client_id is None:
        return None
    client = OidcClient(settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret)
    return OidcProvider(client, settings.oidc_name or urlsplit(settings.oidc_issuer).hostname or "OpenID Connect")


def make_postbox(settings: Settings) -> Postbox | None:
    """None where the operator named no SMTP server."""
    if settings.smtp is None or settings.smtp_from is None:
        return None
    return Postbox(Mail(settings.smtp, settings.smtp_from), base_url(settings))


def make_feed(settings: Settings, sources: Sources, is_connected: Callable[[int], bool]) -> BrokerFeed | None:
    """None where the operator named no broker of OwnTracks."""
    return None if settings.owntracks is None else BrokerFeed(settings.owntracks, sources, is_connected)
