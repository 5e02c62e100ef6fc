"""The one way out: HTTP to an address that somebody else chose. It reaches public addresses only, follows nothing,
and gives up in time.

The name is resolved once, every answer has to be allowed, and the connection goes to the address that was checked,
while Host and SNI stay the name's: a name that answers otherwise the second time gains nothing. h11 knows no redirects,
proxies, cookies or decompression, so there are none to switch off.
"""

import asyncio
import ssl
from collections.abc import Sequence
from functools import cached_property
from time import monotonic
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import h11

from tracker.alerts.carriers.addresses import is_allowed, make_plain
from tracker.alerts.carriers.exchange import Exchange, HttpReply, Incoming
from tracker.alerts.carriers.resolver import Resolve, Resolver
from tracker.errors import Invalid, ReceiverRefused
from tracker.settings import Network

DEADLINE: Final = 15.0  # s, for all of it: name, connection, TLS, request and answer
CONNECT: Final = 5.0  # s for each address
KEPT: Final = 64  # connections that wait for the next message
IDLE: Final = 20.0  # s that one is kept
MOST_ADDRESSES: Final = 4  # of a name that are tried
LONGEST_URL: Final = 2000


class Peer(NamedTuple):
    host: str
    port: int
    is_tls: bool


class Dialer:
    """One for the process; `close` it. `resolve` gives all addresses of a name, OSError where it has none; None: by a
    resolver of its own."""

    def __init__(
        self,
        private: Sequence[Network] = (),
        resolve: Resolve | None = None,
        deadline: float = DEADLINE,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.private = private
        self.resolver = Resolver()
        self.resolve = resolve or self.resolver.addresses
        self.deadline = deadline
        self._tls = tls
        self.kept: list[tuple[Peer, float, Exchange]] = []  # the oldest first; since when, monotonic s

    @cached_property
    def tls(self) -> ssl.SSLContext:
        """Made when it is first used: to read all certificates takes 25 ms and some MB, to import what finds them as
        long, and the server, which only looks names up, never needs them."""
        if self._tls is not None:
            return self._tls
        from httpcore2 import default_ssl_context

        return default_ssl_context()

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """Of the name, all allowed. ReceiverRefused where one is not: a name with both is not to be trusted."""
        try:
            found = await self.resolve(host, port)
        except TimeoutError:
            raise ReceiverRefused(f"{host} could not be looked up in time") from None
        except (OSError, UnicodeError):
            raise ReceiverRefused(f"{host} is not a name with an address") from None
        if not found or not all(is_allowed(each, self.private) for each in found):
            raise ReceiverRefused(f"{host} has an address that is not public")
        return found

    async def check(self, url: str, field: str = "channel.url") -> Sequence[str]:
        """Before it is stored: Invalid where the URL could never be called. It is checked again with each call. The
        addresses it leads to now."""
        host, port = endpoint(url, field)
        try:
            return await self.addresses(host, port)
        except ReceiverRefused as error:
            raise Invalid(f"{field}: {error}", field=field) from None

    def is_private(self, addresses: Sequence[str]) -> bool:
        """All in networks that the operator named."""
        return all(any(make_plain(each) in network for network in self.private) for each in addresses)

    async def post(self, url: str, headers: dict[str, str], body: bytes) -> HttpReply:
        """Raises one of FAILURES."""
        origin, parts = Peer(*endpoint(url), url.startswith("https:")), urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        given = [(name.encode(), value.encode()) for name, value in headers.items()]
        async with asyncio.timeout(self.deadline):
            exchange = self.take(origin) or await self.connect(origin)
            try:
                reply = await exchange.post(parts.netloc.rstrip(":").encode(), target.encode(), given, body)
                self.keep(origin, exchange)
                return reply
            except BaseException:
                exchange.abort()
                raise

    async def connect(self, origin: Peer) -> Exchange:
        """To an address that was checked, never to a name: the first of the name's that answers."""
        addresses = (await self.addresses(origin.host, origin.port))[:MOST_ADDRESSES]
        for address in addresses[:-1]:
            try:
                return await self._connect(origin, address)
            except OSError:  # of which TimeoutError is one
                continue
        return await self._connect(origin, addresses[-1])

    async def _connect(self, origin: Peer, address: str) -> Exchange:
        async with asyncio.timeout(CONNECT):
            _, inbox = await asyncio.get_running_loop().create_connection(
                Incoming,
                address,
                origin.port,
                ssl=self.tls if origin.is_tls else None,
                server_hostname=origin.host if origin.is_tls else None,
            )
        return Exchange(inbox)

    def take(self, origin: Peer) -> Exchange | None:
        """A connection that was kept, if there is one."""
        self.prune()
        for index, (place, _, exchange) in enumerate(self.kept):
            if place == origin:
                del self.kept[index]
                return exchange
        return None

    def keep(self, origin: Peer, exchange: Exchange) -> None:
        """For the next message, if it can take one."""
        self.kept.append((origin, monotonic(), exchange))
        exchange.rest()
        self.prune()

    def prune(self) -> None:
        """Those that are too old, too many, or of which more came than was asked for."""
        since = monotonic() - IDLE
        for place in list(self.kept):
            if place[1] < since or not place[2].is_clean or len(self.kept) > KEPT:
                self.kept.remove(place)
                place[2].abort()

    async def close(self) -> None:
        for _, _, exchange in self.kept:
            exchange.abort()
        self.kept.clear()
        await self.resolver.close()


FAILURES: Final = (ReceiverRefused, Invalid, OSError, h11.ProtocolError)


def endpoint(url: str, field: str = "channel.url") -> tuple[str, int]:
    """Host and port of an http or https URL. Invalid for any other, and for one that carries a password."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if parts.scheme not in ("http", "https") or not host or len(url) > LONGEST_URL or not url.isascii():
        raise Invalid(f"{field}: not an http or https address", field=field)
    if any(letter.isspace() for letter in url) or not url.isprintable():
        raise Invalid(f"{field}: not an http or https address", field=field)
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise Invalid(f"{field}: without a name, a password or a #", field=field)
    return host, port or (443 if parts.scheme == "https" else 80)
