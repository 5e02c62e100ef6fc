"""Note: what a device says that is no fix and is kept all the same: a message, how it is, or steps."""

from typing import Annotated, Final, Literal

import msgspec

NO_NUL: Final = r"\A[^\x00]*\Z"  # PostgreSQL's text takes every character but this one
LARGEST_TEXT: Final = 2_048  # bytes of a message
SOS: Final = "sos"

NoteId = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=NO_NUL)]


class Utterance(msgspec.Struct, frozen=True, tag="message"):
    """A message of whoever holds the device. `alarm`: "sos" calls for help."""

    id: NoteId
    at: str | None = None
    text: Annotated[str, msgspec.Meta(pattern=NO_NUL)] = ""
    alarm: Annotated[str, msgspec.Meta(max_length=64, pattern=NO_NUL)] | None = None


class Standing(msgspec.Struct, frozen=True, tag="status"):
    """How the device is. A page that is hidden gives no place, and one that is paused does not want to: neither is
    silent for that. `until`: when the pause ends by itself. `location`: what its person said to being asked for the
    position, where the page can find out."""

    page: Literal["visible", "hidden"] = "visible"
    battery: float | None = None
    steps: Annotated[int, msgspec.Meta(ge=0, le=1 << 53)] | None = None
    paused: bool = False
    until: str | None = None
    location: Literal["granted", "denied", "prompt"] | None = None

    @property
    def excuses(self) -> bool:
        return self.paused or self.page == "hidden"


class Walk(msgspec.Struct, frozen=True, tag="walk"):
    """Steps that an app counted from `since` (ms) on. Of how the device is it says nothing."""

    steps: int
    since: int | None = None


class Note(msgspec.Struct, frozen=True):
    """`device`: its key; `received_at`: µs."""

    device: int
    said: Utterance | Standing | Walk
    received_at: int
