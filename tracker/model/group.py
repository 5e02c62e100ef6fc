"""Group: of people, and of what they may see. It never changes what is decided, only who sees it and who is told."""

from typing import Literal

import msgspec


class Group(msgspec.Struct, frozen=True):
    key: int
    id: str
    name: str


class Member(msgspec.Struct, frozen=True):
    """What or who is in a group; `role`: of a person, whose id is a number."""

    id: str
    role: Literal["viewer", "dispatcher", "manager"] | None = None
