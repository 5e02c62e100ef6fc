"""Settings: every value a person may set, read from the environment in one place and passed on as values."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from tracker.errors import Invalid

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The command line wins over the environment; the README lists these, and a test compares."""

    bind: str = "127.0.0.1:8000"  # TRACKER_BIND
    data: Path = field(default_factory=lambda: Path(".tracker"))  # TRACKER_DATA: the private cluster
    database_url: str | None = None  # TRACKER_DATABASE_URL: another PostGIS instead of the private one
    admin_token: str | None = None  # TRACKER_ADMIN_TOKEN: an admin token for scripts, 32 characters or more
    origins: tuple[str, ...] = ()  # TRACKER_ORIGINS: further origins whose pages may use the cookie, comma-separated
    map_style: str | None = None  # TRACKER_MAP_STYLE: URL of another style, or of a .pmtiles in the Protomaps schema
    tls_certificate: Path | None = None  # TRACKER_TLS_CERTIFICATE
    tls_key: Path | None = None  # TRACKER_TLS_KEY
    log_level: str = "info"  # TRACKER_LOG_LEVEL
    private_receivers: tuple[Network, ...] = ()  # TRACKER_PRIVATE_RECEIVERS: networks alerts may go to, not public

    def __post_init__(self) -> None:
        host, _, port = self.bind.rpartition(":")
        if not host or not port.isdecimal() or int(port) > 65_535:
            raise Invalid("the address has to be HOST:PORT, such as 127.0.0.1:8000", field="bind")
        if self.admin_token is not None and len(self.admin_token) < 32:
            raise Invalid("TRACKER_ADMIN_TOKEN must have 32 characters or more", field="admin_token")
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise Invalid("TLS needs both a certificate and a key", field="tls_certificate")


def from_environment(environment: Mapping[str, str] = os.environ, **given: object) -> Settings:
    """The environment, overridden by what was `given` on the command line (None counts as not given)."""

    def text(name: str) -> str | None:
        """The variable, or what is in the file that the variable with _FILE names: so containers get their secrets."""
        if file := environment.get(f"TRACKER_{name.upper()}_FILE"):
            return Path(file).read_text(encoding="utf-8").strip() or None
        return environment.get(f"TRACKER_{name.upper()}") or None

    plain = ("bind", "database_url", "admin_token", "map_style", "log_level")
    found: dict[str, object] = {name: text(name) for name in plain}
    found |= {name: Path(value) for name in ("data", "tls_certificate", "tls_key") if (value := text(name))}
    if origins := text("origins"):
        found["origins"] = tuple(origin.strip() for origin in origins.split(",") if origin.strip())
    if networks := text("private_receivers"):
        found["private_receivers"] = tuple(_network(each) for each in networks.split(",") if each.strip())
    found |= {name: value for name, value in given.items() if value is not None}
    return Settings(**{name: value for name, value in found.items() if value is not None})  # type: ignore[arg-type]


def _network(text: str) -> Network:
    try:
        return ip_network(text.strip())
    except ValueError as error:
        raise Invalid(f"TRACKER_PRIVATE_RECEIVERS: {error}", field="private_receivers") from None
