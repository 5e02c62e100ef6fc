"""Which addresses a receiver may have: public ones, and those of the networks the operator allows."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from tracker.settings import Network

Address = IPv4Address | IPv6Address

# Python's `is_global` calls these public in one version or another, and each leads to somebody's inside.
REFUSED: Final[tuple[Network, ...]] = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",
        "100.64.0.0/10",  # this host; carriers' and clouds' own, with the metadata of one of them
        "192.0.0.0/24",  # the metadata of another cloud
        "192.88.99.0/24",  # relays of 6to4
        "198.18.0.0/15",
        "240.0.0.0/4",
        "2002::/16",
        "2001::/23",  # 6to4 and Teredo lead to any IPv4 address
        "168.63.129.16/32",  # the platform inside one large cloud, by an address that looks public
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.175.48.0/24",
        "2620:4f:8000::/48",  # anycast of AS112 and AMT: whoever is near answers
        "3fff::/20",
        "3ffe::/16",  # documentation, and the 6bone that is no more
    )
)
# All of IPv6 that is given out. Outside of it IPv4 is hidden in many ways: NAT64, mapped, translated, compatible.
UNICAST: Final = IPv6Network("2000::/3")


def is_allowed(text: str, private: Sequence[Network] = ()) -> bool:
    """`text` is an address as a resolver answers it; `private` are networks that are allowed although not public."""
    address = make_plain(text)
    if any(address in network for network in private):
        return True
    if isinstance(address, IPv6Address) and address not in UNICAST:
        return False
    return address.is_global and not address.is_multicast and not any(address in network for network in REFUSED)


def make_plain(text: str) -> Address:
    """Without a zone, and an IPv4 address written as IPv6 as what it is."""
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
