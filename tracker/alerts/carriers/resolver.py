"""Resolver: the addresses of names that somebody else chose, asked of the DNS by questions of our own.

The system's getaddrinfo runs in threads that cannot be called back: a few names whose servers keep silent would hold
them all, and with them every other look-up of the process. c-ares asks without threads of ours, so a name that hangs
holds nothing but its own question. It reads /etc/hosts and resolv.conf, but no other module of nsswitch.
"""

import asyncio
import socket
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import ip_address
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import aiodns

DEADLINE: Final = 5.0  # s for one name, whatever the servers do
ONE_TRY: Final = 1.5  # s until the next server, or the same once more, is asked
TRIES: Final = 2
SILENT: Final = 5.0  # s for which a name that hung is not asked for again
REMEMBERED: Final = 1_000  # names that hung; the oldest is forgotten
AT_ONCE: Final = 1_024  # names being asked for; further ones are refused, to be tried again

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class Resolver:
    """`options`: those of c-ares, for who does not ask the servers of this system. `close` it."""

    def __init__(self, **options: Any) -> None:
        self.options = options
        self.dns: aiodns.DNSResolver | None = None  # made in the loop that asks
        self.asking: dict[str, asyncio.Task[list[str]]] = {}  # by name: who asks for the same waits for the same answer
        self.silent: OrderedDict[str, float] = OrderedDict()  # by name: until when, monotonic s

    async def addresses(self, host: str, port: int) -> list[str]:
        """All of them, in the order to try. OSError where there are none; TimeoutError where nobody answers."""
        if (address := literal(host)) is not None:
            return [address]
        name = host.lower().rstrip(".")
        if self.silent.get(name, 0.0) > monotonic():
            raise TimeoutError(f"{host} could not be looked up a moment ago")
        if (task := self.asking.get(name)) is None:
            if len(self.asking) >= AT_ONCE:
                raise OSError("too many names are being looked up")
            task = self.asking[name] = asyncio.create_task(self._ask(name, port), name=f"look-up of {name}")
            task.add_done_callback(lambda done: self._answered(name, done))
        return await asyncio.shield(task)

    async def close(self) -> None:
        for task in list(self.asking.values()):
            task.cancel()
        await asyncio.gather(*self.asking.values(), return_exceptions=True)
        if self.dns is not None:
            self.dns.cancel()  # now: what is still asked would answer into a loop that is gone
            await self.dns.close()

    async def _ask(self, name: str, port: int) -> list[str]:
        import aiodns  # here, where names are asked for: a server leaves that to the carriers, and imports less

        if self.dns is None:
            self.dns = aiodns.DNSResolver(timeout=ONE_TRY, tries=TRIES, **self.options)
        try:
            async with asyncio.timeout(DEADLINE):
                found = await self.dns.getaddrinfo(
                    name, family=socket.AF_UNSPEC, port=port, proto=0, type=socket.SOCK_STREAM
                )
        except aiodns.error.DNSError as error:
            if error.args[0] == aiodns.error.ARES_ETIMEOUT:
                raise TimeoutError(f"{name} could not be looked up in time") from None
            raise OSError(f"{name}: {error.args[-1]}") from None
        return list(dict.fromkeys(_text(node.addr[0]) for node in found.nodes))

    def _answered(self, name: str, done: asyncio.Task[list[str]]) -> None:
        self.asking.pop(name, None)
        if not done.cancelled() and isinstance(done.exception(), TimeoutError):
            self.silent[name] = monotonic() + SILENT
            while len(self.silent) > REMEMBERED:
                self.silent.popitem(last=False)


def literal(host: str) -> str | None:
    """An address as it is; None for a name. OSError for what is neither: other programs read `127.1`, `0x7f.1` and
    2130706433 as addresses, and no name of the DNS ends in a number."""
    try:
        return str(ip_address(host))
    except ValueError:
        last = host.rstrip(".").rpartition(".")[2].lower()
        if last.isdigit() or last.startswith("0x"):
            raise OSError(f"{host} is no address") from None
        return None


def _text(address: str | bytes) -> str:
    return address.decode() if isinstance(address, bytes) else address
