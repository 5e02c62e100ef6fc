"""Why phones stop: known causes by app, each with what to change and where it was reported. Data, to be added to."""

from typing import Final, NamedTuple


class Cause(NamedTuple):
    """`app`: as an App is called; empty: any."""

    app: str
    text: str
    source: str


BACKGROUND: Final = "allow location always, and exempt the app from battery optimisation"

CAUSES: Final = (
    Cause("OwnTracks", f"The app may have been stopped in the background: {BACKGROUND}.", "owntracks.org/booklet"),
    Cause(
        "Traccar Client",
        f"Stopped in the background, or waiting behind a point that was refused: see its log, {BACKGROUND}.",
        "HttpUploader.kt of traccar/traccar-client: one refused point holds up all newer ones",
    ),
    Cause(
        "Overland",
        "iOS may have ended the app: open it once, allow location always, and choose a tracking mode that is not off.",
        "README of aaronpk/Overland-iOS",
    ),
    Cause(
        "GPSLogger",
        "It gives up after three failed attempts: switch on automatic sending, which sends the file again.",
        "mendhak/gpslogger: three attempts, then the point is lost",
    ),
    Cause(
        "Traccar server",
        "The server that forwards has said nothing: look whether it runs, and whether the device still reports to it.",
        "traccar/traccar: forward.type=json",
    ),
    Cause("", f"Phones stop what runs in the background: {BACKGROUND}.", "dontkillmyapp.com"),
)


def find_cause(app: str | None) -> Cause:
    return next(cause for cause in CAUSES if cause.app in (app, ""))
