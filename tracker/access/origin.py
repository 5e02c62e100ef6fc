"""Origin: which pages may use the cookie."""

from collections.abc import Collection
from typing import Final, NamedTuple
from urllib.parse import urlsplit

PORTS: Final = {"http": 80, "https": 443}


class Petitioner(NamedTuple):
    """Of the page that asks: its origin, which was let in, and the host that a passkey is bound to."""

    origin: str
    host: str


def find_petitioner(origin: str) -> Petitioner:
    return Petitioner(origin, urlsplit(origin).hostname or "")


def is_allowed(origin: str | None, *, scheme: str, host: str, origins: Collection[str]) -> bool:
    """True for the server's own origin and the `origins` of the operator, compared whole: scheme, host and port.

    `null`, a missing origin, a suffix and another port are all somebody else. Behind a proxy that ends TLS the request
    is plain and the page is not, so a plain request also takes the https page of its own host; never the other way.
    """
    place = _place(origin)
    if place is None:
        return False
    if is_listed(origin, origins):
        return True
    secure = scheme in ("https", "wss")
    return (not secure or place[0] == "https") and place == _place(f"{place[0]}://{host}")


def is_listed(origin: str | None, origins: Collection[str]) -> bool:
    """True for the `origins` of the operator only."""
    if not origin or not origins:  # as most requests, each of which asks twice
        return False
    place = _place(origin)
    return place is not None and place in {_place(each) for each in origins}


def _place(origin: str | None) -> tuple[str, str, int] | None:
    try:
        parts = urlsplit(origin or "")
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in PORTS or not parts.hostname or parts.username is not None or parts.path not in ("", "/"):
        return None
    return parts.scheme, parts.hostname, port or PORTS[parts.scheme]
