"""Audit: who did what to what, when and from where."""

from collections.abc import Mapping

import msgspec

Scalar = str | int | float | bool | None


class Deed(msgspec.Struct, frozen=True):
    """What is about to be noted. `name` is as `person.invited`; `person` or `token` is who, neither the operator's own
    token or the command line, which has no `address`. `group`: the key of the group whose managers may read it."""

    name: str
    object: str
    person: int | None = None
    token: int | None = None
    address: str | None = None
    group: int | None = None
    detail: Mapping[str, Scalar] = {}


class Entry(msgspec.Struct, frozen=True):
    """One row as it is read. `who` is a name for people: the person's or the token's, as they are called today."""

    number: int
    at: str
    who: str
    person: int | None
    token: int | None
    address: str | None
    deed: str
    object: str
    group: str | None
    detail: Mapping[str, Scalar]


def find_who(person: int | None, token: int | None, address: str | None) -> str:
    """Where there is no name for them."""
    if person is not None:
        return f"person {person}, who is gone"
    if token is not None:
        return f"token {token}"
    return "operator" if address is not None else "command line"
