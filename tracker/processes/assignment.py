"""Assignment: what a process is told by its parent, over its standard input: there nobody else reads a secret."""

import pickle
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from tracker.settings import Settings

Role = Literal["server", "carriers"]


@dataclass(frozen=True)
class Assignment:
    """`inherited` are the numbers of sockets that the parent opened and hands down."""

    parent: int  # its pid
    settings: Settings
    database_url: str
    log_level: str
    inherited: tuple[int, ...] = ()
    number: int = 0  # of a server, among those of this machine
    nats_url: str | None = None  # by which servers hear each other; None: there is one
    doors: Path | None = None  # by which servers of this machine give each other connections; None: there is one

    def encode(self) -> bytes:
        return pickle.dumps(self)


class Listening(msgspec.Struct, frozen=True):
    """What a server answers once it takes connections, as a line of JSON. `code`: of the first sign-in link."""

    addresses: list[str]
    code: str | None

    def say(self) -> None:
        """To our parent, who reads our standard output."""
        print(msgspec.json.encode(self).decode(), flush=True)


def read_assignment() -> Assignment | None:
    """From our parent, who is the same program: nothing of a stranger is unpickled. None: it is gone."""
    try:
        found = pickle.load(sys.stdin.buffer)
    except EOFError:
        return None
    assert isinstance(found, Assignment)
    return found
