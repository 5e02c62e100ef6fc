"""Bounds: how much one reader has open at once, so that a stolen token, or a program gone wild, starves nobody else."""

from typing import Final
from weakref import WeakSet

import msgspec

from tracker.errors import ReaderFull
from tracker.model.token import Token

STREAMS: Final = 50  # live sockets and event streams: the open tabs of a person, the screens on somebody's walls
SESSIONS: Final = 50
TRACKS: Final = 4  # each is a query that takes a connection of few, or a file of years
SWEPT: Final = 1000  # readers: from there on those that have nothing open are looked for


class Seat:
    """What is counted where there is nothing else to count: it is taken until `leave`, or until nobody holds it."""

    __slots__ = ("__weakref__",)


class Bound:
    """`most` things of one kind for each reader. What is forgotten by everybody else is not counted any longer, so an
    answer that was never begun to be sent takes no place for ever."""

    def __init__(self, most: int, name: str) -> None:
        self._most = most
        self._name = name
        self._held: dict[tuple[str, int], WeakSet[object]] = {}

    def check(self, token: Token) -> None:
        """ReaderFull where there is no place left."""
        reader = find_reader(token)
        if reader is not None and len(self._held.get(reader, ())) >= self._most:
            raise ReaderFull(f"{self._most} {self._name} are open already, and a reader has no more at once")

    def enter(self, token: Token, thing: object) -> None:
        """The same, or the place is taken."""
        self.check(token)
        if (reader := find_reader(token)) is None:
            return
        if len(self._held) >= SWEPT:
            self._held = {each: held for each, held in self._held.items() if held}
        self._held.setdefault(reader, WeakSet()).add(thing)

    def leave(self, token: Token, thing: object) -> None:
        """Also of what never entered."""
        reader = find_reader(token)
        if reader is None or (held := self._held.get(reader)) is None:
            return
        held.discard(thing)
        if not held:
            del self._held[reader]


class Bounds(msgspec.Struct, frozen=True):
    """Of the process. Sessions are rows: beyond `sessions` the one used longest ago ends, for who is refused would be
    the person, and not the thief."""

    streams: Bound = msgspec.field(default_factory=lambda: Bound(STREAMS, "streams"))
    tracks: Bound = msgspec.field(default_factory=lambda: Bound(TRACKS, "tracks"))
    sessions: int = SESSIONS


def make_bounds(streams: int, sessions: int, tracks: int) -> Bounds:
    return Bounds(Bound(streams, "streams"), Bound(tracks, "tracks"), sessions)


def find_reader(token: Token) -> tuple[str, int] | None:
    """Whose the places are: a person's in all its sessions together, a token's. None for the operator's own token,
    which measures and repairs, and is as good as the machine."""
    if token.person is not None:
        return "person", token.person
    return None if token.id == 0 else ("token", token.id)
