"""What the operator's settings name of other servers: the provider of sign-ins, the one that takes letters, the
broker that phones publish to.

What speaks to them is imported where they are named: most operators name none, and each start would wait for it.
"""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tracker.alerts.postbox import Postbox
from tracker.settings import Settings
from tracker.sources.sources import Sources
from tracker.start import base_url

if TYPE_CHECKING:
    from tracker.access.provider import OidcProvider
    from tracker.sources.broker import BrokerFeed


def make_provider(settings: Settings) -> "OidcProvider | None":
    """None where the operator named none."""
    if settings.oidc_issuer is None or settings.oidc_client_id is None:
        return None
    from tracker.access.provider import OidcClient, OidcProvider

    client = OidcClient(settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret)
    return OidcProvider(client, settings.oidc_name or urlsplit(settings.oidc_issuer).hostname or "OpenID Connect")


def make_postbox(settings: Settings) -> Postbox | None:
    """None where the operator named no SMTP server."""
    if settings.smtp is None or settings.smtp_from is None:
        return None
    from tracker.alerts.carriers.mail import Mail

    return Postbox(Mail(settings.smtp, settings.smtp_from), base_url(settings))


def make_feed(
    settings: Settings, sources: Sources, is_connected: Callable[[int], Awaitable[bool]]
) -> "BrokerFeed | None":
    """None where the operator named no broker of OwnTracks."""
    if settings.owntracks is None:
        return None
    from tracker.sources.broker import BrokerFeed

    return BrokerFeed(settings.owntracks, sources, is_connected)
