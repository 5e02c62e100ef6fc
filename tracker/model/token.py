"""Token: who calls. 256 random bits of which only the hash is ever kept, or a person's sign-in."""

from typing import Literal

import msgspec

TokenKind = Literal["device", "viewer", "dispatcher", "manager", "admin", "person", "link"]


class Token(msgspec.Struct, frozen=True):
    """`device` is the key of the one device a device token may send as. `id` 0 is the operator's own admin token, or a
    person, who has none: `person` is the key, `session` the id of the sign-in, and `owner` says that the installation
    is this person's. `group` is the key of the one group a token is of; None: of everything that is not private.
    `link` is the key of the sharing link that was opened, and then `id` is below 0. `rights`: the revision of the
    rights when it was looked up. `expires` in ms; None: never."""

    id: int
    kind: TokenKind
    device: int | None = None
    name: str = ""
    person: int | None = None
    owner: bool = False
    group: int | None = None
    session: int | None = None
    rights: int = 0
    expires: int | None = None
    link: int | None = None
