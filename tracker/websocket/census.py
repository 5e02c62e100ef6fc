"""How many connections there are, in total and from each address."""

import resource
from collections import Counter
from ipaddress import IPv6Address
from typing import Final

from .limits import Limits

_NEARLY: Final = 0.95  # full


class Census:
    """Counted from accept to the end of the TCP connection, whatever it speaks in between."""

    def __init__(self, limits: Limits) -> None:
        descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.most = max(1, min(limits.connections, descriptors - limits.spare_descriptors))
        self.total = 0
        self._limits = limits
        self._by_host: Counter[str] = Counter()

    def refusal(self, address: str) -> int | None:
        """The HTTP status for one more from this address: 503 full, 429 too many of yours, None welcome."""
        if self.is_full:
            return 503
        if address in self._limits.uncounted_addresses:
            return None
        return 429 if self._by_host[group_address(address)] >= self._limits.connections_per_address else None

    @property
    def is_full(self) -> bool:
        return self.total >= self.most

    @property
    def has_places(self) -> bool:
        """Some are left for who comes by itself, if one more is given to us."""
        return self.total < _NEARLY * self.most

    def enter(self, address: str) -> None:
        self.total += 1
        self._by_host[group_address(address)] += 1

    def leave(self, address: str) -> None:
        self.total -= 1
        key = group_address(address)
        self._by_host[key] -= 1
        if not self._by_host[key]:
            del self._by_host[key]


def group_address(address: str) -> str:
    """The address, or for IPv6 its /64, which is what one customer gets."""
    if ":" not in address:
        return address
    number = int(IPv6Address(address.partition("%")[0]))
    mapped = IPv6Address(number).ipv4_mapped
    return str(mapped) if mapped else f"{number >> 64:x}::/64"
