"""`tracker stream`: its words become values, and its end one line for the person at the terminal."""

import os
from pathlib import Path

from rich.console import Console

from tracker.client.interval import LONGEST_S
from tracker.client.tally import Tally, say_counts
from tracker.errors import Invalid
from tracker.receiver.sources import BAUD_RATES, read_address
from tracker.receiver.stream import ReceiverPort, Target, stream


async def run_stream(
    console: Console, *, source: ReceiverPort, target: Target, interval: float, buffer: Path | None
) -> None:
    """`interval` in seconds. Raises Invalid, and what `stream` raises."""
    if not 0 <= interval <= LONGEST_S:
        raise Invalid(f"interval: expected 0 to {LONGEST_S} seconds", field="interval")
    kept = buffer or folder_of_state() / f"{target.device}.fixes"

    def say(line: str) -> None:
        console.print(line, highlight=False, markup=False)

    say(f"{target.device}: what is not sent yet is kept in {kept}")
    say(f"{target.device}: {describe(await stream(source, target, kept, round(interval * 1000), say))}")


def choose_source(gpsd: str | None, nmea: Path | None, baud: int | None) -> ReceiverPort:
    """Raises Invalid unless exactly one is named."""
    if (gpsd is None) == (nmea is None):
        raise Invalid("name one of --gpsd HOST:PORT and --nmea PATH", field="nmea")
    if baud is not None and baud not in BAUD_RATES:
        raise Invalid(f"baud: one of {', '.join(map(str, BAUD_RATES))}", field="baud")
    return ReceiverPort(None if gpsd is None else read_address(gpsd), nmea, baud)


def folder_of_state() -> Path:
    """Where the XDG base directories say that a program keeps what outlives it."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state") / "tracker"


def describe(tally: Tally) -> str:
    parts = [
        (tally.stored, "stored"),
        (tally.duplicate + tally.known, "already there"),
        (tally.quarantined.total(), "quarantined"),
        (tally.dropped, "dropped, since the buffer was full"),
        (tally.refused, "refused"),
        (tally.unreadable["damaged"], "damaged sentences"),
        (tally.unreadable["invalid"], "without a position"),
        (tally.unreadable["undated"], "without a date"),
    ]
    return say_counts(parts) or "nothing was sent"
