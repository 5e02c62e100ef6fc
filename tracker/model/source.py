"""Source: an address for what speaks for many devices: a forwarding server, a gateway, a broker."""

import msgspec


class Source(msgspec.Struct, frozen=True):
    """`group`: the key of the group whose source it is; None: the installation's."""

    key: int
    id: str
    name: str
    group: int | None = None


class UnknownDevice(msgspec.Struct, frozen=True):
    """A name that a source says and that is no device. `note`: what it said last that is no fix; `fixes`: how many of
    the last day are kept. `first_seen`, `last_seen` in µs."""

    name: str
    app: str
    note: str | None
    fixes: int
    first_seen: int
    last_seen: int
