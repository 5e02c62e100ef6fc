"""Settings: every value a person may set, read from the environment in one place and passed on as values."""

import os
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tracker.errors import Invalid

Network = IPv4Network | IPv6Network

CONTACT = re.compile(r"(mailto:[^@\s]+@|https://)[^@\s]+")
ISSUER = re.compile(r"(https://[^\s/?#@]+|http://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?)(/[^\s?#]*)?")
PREFIX = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*")
OIDC = ("oidc_issuer", "oidc_client_id", "oidc_client_secret", "oidc_name")
NATS = re.compile(r"(nats|tls)://[^\s/?#]+/?")
MOST_PROCESSES = 64
BOUNDS = ("reader_streams", "reader_sessions", "reader_tracks")
SENDER = re.compile(r"[^<>@\x00-\x1f]+@[^<>@\s]+|[^<>\x00-\x1f]*<[^<>@\s]+@[^<>@\s]+>")


@dataclass(frozen=True)
class Remote:
    """A server of somebody's that the operator lets us use, out of a URL."""

    scheme: str
    host: str
    port: int
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    authority: Path | None = None  # a file of certificates that are trusted beside the system's


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The command line wins over the environment; the README lists these, and a test compares."""

    bind: str = "127.0.0.1:8000"  # TRACKER_BIND
    data: Path = field(default_factory=lambda: Path(".tracker"))  # TRACKER_DATA: the private cluster
    database_url: str | None = None  # TRACKER_DATABASE_URL: another PostGIS instead of the private one
    admin_token: str | None = None  # TRACKER_ADMIN_TOKEN: an admin token for scripts, 32 characters or more
    origins: tuple[str, ...] = ()  # TRACKER_ORIGINS: further origins whose pages may use the cookie, comma-separated
    origin_cookies: bool = False  # TRACKER_ORIGIN_COOKIES: yes: those pages may read with the cookie, too
    map_style: str | None = None  # TRACKER_MAP_STYLE: URL of another style, or of a .pmtiles in the Protomaps schema
    map_source: str | None = (
        None  # TRACKER_MAP_SOURCE: the archive that `tracker map add` cuts streets from, URL or file
    )
    tls_certificate: Path | None = None  # TRACKER_TLS_CERTIFICATE
    tls_key: Path | None = None  # TRACKER_TLS_KEY
    log_level: str = "info"  # TRACKER_LOG_LEVEL
    private_receivers: tuple[Network, ...] = ()  # TRACKER_PRIVATE_RECEIVERS: networks alerts may go to, not public
    smtp: Remote | None = None  # TRACKER_SMTP_URL: the server that takes alerts by e-mail, as smtp://user:pass@host:587
    smtp_from: str | None = None  # TRACKER_SMTP_FROM: whose e-mail it is, as Tracker <alerts@example.org>
    mqtt: Remote | None = None  # TRACKER_MQTT_URL: the broker that takes alerts, as mqtt://user:pass@host:1883
    owntracks: Remote | None = None  # TRACKER_OWNTRACKS_URL: the broker of OwnTracks, as mqtt://user:pass@host:1883
    broker_ca: Path | None = None  # TRACKER_BROKER_CA: certificates of an authority of one's own, for those brokers
    home_assistant: str | None = None  # TRACKER_HOME_ASSISTANT: the prefix by which it discovers devices at the broker
    trust_clock: bool = False  # TRACKER_TRUST_CLOCK: yes: start also where stored fixes came later than it is now
    metrics_token: str | None = None  # TRACKER_METRICS_TOKEN: opens /metrics and nothing else, 32 characters or more
    reader_streams: int = 50  # TRACKER_READER_STREAMS: live sockets and event streams of one person or token at once
    reader_sessions: int = 50  # TRACKER_READER_SESSIONS: browsers one is signed in with; then the oldest ends
    reader_tracks: int = 4  # TRACKER_READER_TRACKS: tracks that one person or token has read at once
    oidc_issuer: str | None = None  # TRACKER_OIDC_ISSUER: an OpenID Connect provider, as https://login.example.org
    oidc_client_id: str | None = None  # TRACKER_OIDC_CLIENT_ID: what we are there
    oidc_client_secret: str | None = field(default=None, repr=False)  # TRACKER_OIDC_CLIENT_SECRET
    oidc_name: str | None = None  # TRACKER_OIDC_NAME: what its people call it, for the button at the door
    processes: int = 1  # TRACKER_PROCESSES: how many serve; auto: one for each core but one
    nats_url: str | None = field(default=None, repr=False)  # TRACKER_NATS_URL: by which processes hear each other
    push_contact: str | None = None  # TRACKER_PUSH_CONTACT: whom push services may ask, a mailto: or https: address

    def __post_init__(self) -> None:
        host, _, port = self.bind.rpartition(":")
        if not host or not port.isdecimal() or int(port) > 65_535:
            raise Invalid("the address has to be HOST:PORT, such as 127.0.0.1:8000", field="bind")
        self._check_brokers()
        self._check_processes()
        if self.admin_token is not None and len(self.admin_token) < 32:
            raise Invalid("TRACKER_ADMIN_TOKEN must have 32 characters or more", field="admin_token")
        if self.metrics_token is not None and len(self.metrics_token) < 32:
            raise Invalid("TRACKER_METRICS_TOKEN must have 32 characters or more", field="metrics_token")
        for name in BOUNDS:
            if getattr(self, name) < 1:
                raise Invalid(f"TRACKER_{name.upper()} has to be 1 or more", field=name)
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise Invalid("TLS needs both a certificate and a key", field="tls_certificate")
        if (self.oidc_issuer is None) != (self.oidc_client_id is None):
            raise Invalid("OpenID Connect needs TRACKER_OIDC_ISSUER and TRACKER_OIDC_CLIENT_ID", field="oidc_issuer")
        if self.oidc_issuer is not None and not ISSUER.fullmatch(self.oidc_issuer):
            raise Invalid("TRACKER_OIDC_ISSUER has to be https://, and on this machine http://", field="oidc_issuer")
        if (self.smtp is None) != (self.smtp_from is None):
            raise Invalid("e-mail needs both TRACKER_SMTP_URL and TRACKER_SMTP_FROM", field="smtp_from")
        if self.push_contact is not None and not CONTACT.fullmatch(self.push_contact):
            raise Invalid("TRACKER_PUSH_CONTACT: not as mailto:ops@example.org is, nor https", field="push_contact")
        if self.smtp_from is not None and not SENDER.fullmatch(self.smtp_from):
            raise Invalid("TRACKER_SMTP_FROM: not an address as Tracker <alerts@example.org> is one", field="smtp_from")

    def _check_processes(self) -> None:
        if not 1 <= self.processes <= MOST_PROCESSES:
            raise Invalid(f"the number of processes has to be 1 to {MOST_PROCESSES}, or auto", field="processes")
        if self.nats_url is not None and not NATS.fullmatch(self.nats_url):
            raise Invalid("TRACKER_NATS_URL has to be nats://user:password@host:4222, or tls://", field="nats_url")

    def _check_brokers(self) -> None:
        if self.broker_ca is not None:
            _check_authority(self.broker_ca)
        if self.home_assistant is not None and (self.mqtt is None or not PREFIX.fullmatch(self.home_assistant)):
            raise Invalid(
                "TRACKER_HOME_ASSISTANT has to be a prefix such as homeassistant, and needs TRACKER_MQTT_URL",
                field="home_assistant",
            )


def from_environment(environment: Mapping[str, str] = os.environ, **given: object) -> Settings:
    """The environment, overridden by what was `given` on the command line (None counts as not given)."""

    def text(name: str) -> str | None:
        """The variable, or what is in the file that the variable with _FILE names: so containers get their secrets."""
        if file := environment.get(f"TRACKER_{name.upper()}_FILE"):
            return Path(file).read_text(encoding="utf-8").strip() or None
        return environment.get(f"TRACKER_{name.upper()}") or None

    plain = (
        "bind",
        "database_url",
        "admin_token",
        "map_style",
        "map_source",
        "log_level",
        "smtp_from",
        "push_contact",
        "metrics_token",
        "home_assistant",
        "nats_url",
    )
    found: dict[str, object] = {name: text(name) for name in (*plain, *OIDC)}
    found |= {
        name: Path(value) for name in ("data", "tls_certificate", "tls_key", "broker_ca") if (value := text(name))
    }
    if origins := text("origins"):
        found["origins"] = tuple(origin.strip() for origin in origins.split(",") if origin.strip())
    found |= {name: is_yes(value) for name in ("origin_cookies", "trust_clock") if (value := text(name))}
    found |= {name: _whole(value, name) for name in BOUNDS if (value := text(name))}
    if processes := text("processes"):
        found["processes"] = count_processes(processes)
    if networks := text("private_receivers"):
        found["private_receivers"] = tuple(_network(each) for each in networks.split(",") if each.strip())
    if smtp := text("smtp_url"):
        found["smtp"] = remote(smtp, "TRACKER_SMTP_URL", {"smtp": 587, "smtps": 465, "smtp+plain": 25})
    authority = Path(file) if (file := text("broker_ca")) else None
    for name in ("mqtt", "owntracks"):
        if url := text(f"{name}_url"):
            broker = remote(url, f"TRACKER_{name.upper()}_URL", {"mqtt": 1883, "mqtts": 8883})
            found[name] = replace(broker, authority=authority)
    found |= {name: value for name, value in given.items() if value is not None}
    return Settings(**{name: value for name, value in found.items() if value is not None})  # type: ignore[arg-type]


def _whole(text: str, name: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise Invalid(f"TRACKER_{name.upper()} has to be a whole number", field=name)
    return int(text)


def count_processes(text: str) -> int:
    """`auto`: one for each core but one, which PostgreSQL needs."""
    return max(1, (os.cpu_count() or 2) - 1) if text == "auto" else _whole(text, "processes")


def is_yes(text: str) -> bool:
    return text.lower() in ("1", "yes", "true", "on")


def remote(url: str, name: str, ports: Mapping[str, int]) -> Remote:
    """`ports` are the schemes there are, with the port of each. Invalid without the URL: it may hold a password."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = urlsplit(""), None, None
    if parts.scheme not in ports or not host or parts.path not in ("", "/") or parts.query or parts.fragment:
        forms = " or ".join(f"{scheme}://" for scheme in ports)
        raise Invalid(f"{name} has to be {forms}user:password@host:port; what is special in them as %40", field=name)
    user, password = (unquote(each) if each is not None else None for each in (parts.username, parts.password))
    return Remote(parts.scheme, host, port or ports[parts.scheme], user, password)


def _check_authority(file: Path) -> None:
    """It is read at the start, and not by whoever connects first: a file that is none is the operator's to hear of."""
    try:
        ssl.create_default_context(cafile=file)
    except OSError as error:
        raise Invalid(f"TRACKER_BROKER_CA: no certificates in {file}: {error}", field="broker_ca") from None


def _network(text: str) -> Network:
    try:
        return ip_network(text.strip())
    except ValueError as error:
        raise Invalid(f"TRACKER_PRIVATE_RECEIVERS: {error}", field="private_receivers") from None
