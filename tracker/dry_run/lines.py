"""The lines of an answer, each a JSON object."""

from typing import Final

import msgspec

_encoder: Final = msgspec.json.Encoder()


class ProgressLine(msgspec.Struct, frozen=True, tag="progress"):
    """`done` from 0 to 1; how many fixes were looked at so far."""

    done: float
    fixes: int


class TrialEvent(msgspec.Struct, frozen=True):
    """As events are elsewhere, but without a number. `detected_at` is when the fix that decided it was measured."""

    type: str
    device: str
    geofence: str | None
    at: str
    detected_at: str
    late: bool
    lon: float
    lat: float
    evidence: msgspec.Raw


class EventLine(msgspec.Struct, frozen=True, tag="event"):
    event: TrialEvent


class DoneLine(msgspec.Struct, frozen=True, tag="done"):
    """The last line, where all went well."""

    fixes: int
    devices: int
    events: int
    seconds: float


class ErrorLine(msgspec.Struct, frozen=True, tag="error"):
    """The last line otherwise; what came before is true, but not all."""

    title: str
    status: int
    detail: str


Line = ProgressLine | EventLine | DoneLine | ErrorLine


def encode(line: Line) -> bytes:
    return _encoder.encode(line) + b"\n"
