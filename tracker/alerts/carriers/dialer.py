"""The one way out: HTTP to an address that somebody else chose. It reaches public addresses only, follows nothing,
and gives up in time.

The name is resolved once, every answer has to be allowed, and the connection goes to the address that was checked,
while Host and SNI stay the name's: a name that answers otherwise the second time gains nothing. httpcore knows no
redirects, proxies, cookies or decompression, so there are none to switch off.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import httpcore2

from tracker.alerts.carriers.addresses import is_allowed, plain
from tracker.errors import Invalid, ReceiverRefused
from tracker.settings import Network

DEADLINE: Final = 15.0  # s, for all of it: name, connection, TLS, request and answer
CONNECT: Final = 5.0  # s for each address
LARGEST_ANSWER: Final = 64 * 1024  # bytes; the rest is not read
CONNECTIONS: Final = 64
IDLE: Final = 20.0  # s a connection is kept for the next message
MOST_ADDRESSES: Final = 4  # of a name that are tried
LONGEST_URL: Final = 2000

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class Reply(NamedTuple):
    status: int
    retry_after: str | None


async def resolve(host: str, port: int) -> list[str]:
    """All addresses of a name, in the order to try. OSError where it has none."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Dialer:
    """One for the process; `close` it."""

    def __init__(
        self,
        private: Sequence[Network] = (),
        resolve: Resolve = resolve,
        deadline: float = DEADLINE,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.private = private
        self.resolve = resolve
        self.deadline = deadline
        self.pool = httpcore2.AsyncConnectionPool(
            ssl_context=tls or httpcore2.default_ssl_context(),
            max_connections=CONNECTIONS,
            keepalive_expiry=IDLE,
            network_backend=CheckedBackend(self),
        )

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """Of the name, all allowed. ReceiverRefused where one is not: a name with both is not to be trusted."""
        try:
            found = await self.resolve(host, port)
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
            async with asyncio.timeout(CONNECT):
                return await self.addresses(host, port)
        except (ReceiverRefused, TimeoutError) as error:
            reason = str(error) or f"{host} could not be looked up in time"
            raise Invalid(f"{field}: {reason}", field=field) from None

    def is_private(self, addresses: Sequence[str]) -> bool:
        """All in networks that the operator named."""
        return all(any(plain(each) in network for network in self.private) for each in addresses)

    async def post(self, url: str, headers: dict[str, str], body: bytes) -> Reply:
        """Raises ReceiverRefused, TimeoutError, or an error of httpcore2 or ssl (see FAILURES)."""
        async with asyncio.timeout(self.deadline):
            async with self.pool.stream("POST", url, headers=list(headers.items()), content=body) as response:
                told = dict(response.headers)
                await _read(response)
                after = told.get(b"retry-after", told.get(b"Retry-After"))
                return Reply(response.status, after.decode("latin-1") if after else None)

    async def close(self) -> None:
        await self.pool.aclose()


FAILURES: Final = (
    ReceiverRefused,
    Invalid,
    OSError,
    TimeoutError,
    ssl.SSLError,
    httpcore2.NetworkError,
    httpcore2.ProtocolError,
    httpcore2.TimeoutException,
    httpcore2.PoolTimeout,
    httpcore2.UnsupportedProtocol,
)


async def _read(response: httpcore2.Response) -> None:
    """To the end, so that the connection can be kept; or to the limit, and then it is closed."""
    size = 0
    async for chunk in response.aiter_stream():
        size += len(chunk)
        if size > LARGEST_ANSWER:
            return


class CheckedBackend(httpcore2.AsyncNetworkBackend):
    """Connects to addresses that were checked, never to a name."""

    def __init__(self, dialer: Dialer) -> None:
        self.dialer = dialer
        self.sockets = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        addresses = await self.dialer.addresses(host, port)
        for number, address in enumerate(addresses[:MOST_ADDRESSES], 1):
            try:
                return await self.sockets.connect_tcp(address, port, timeout=CONNECT)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                if number == min(len(addresses), MOST_ADDRESSES):
                    raise
        raise ReceiverRefused

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore2.AsyncNetworkStream:
        raise ReceiverRefused

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


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
