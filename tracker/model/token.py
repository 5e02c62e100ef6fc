"""Token: 256 random bits that say who calls. Only its hash is ever kept."""

from typing import Literal

import msgspec

TokenKind = Literal["device", "viewer", "admin"]


class Token(msgspec.Struct, frozen=True):
    """`device` is the key of the one device a device token may send as. `id` 0 is the operator's own admin token."""

    id: int
    kind: TokenKind
    device: int | None = None
    name: str = ""
