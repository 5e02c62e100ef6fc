"""What the answer of a receiver means, by the rules of Standard Webhooks."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import msgspec

GONE: Final = 410
LONGEST_ERROR: Final = 200  # characters in the log


class Outcome(msgspec.Struct, frozen=True):
    """`status` None: no answer. `retry_after` in s, as the receiver wished."""

    status: int | None = None
    error: str | None = None
    retry_after: float | None = None

    @property
    def is_sent(self) -> bool:
        return self.error is None

    @property
    def is_gone(self) -> bool:
        return self.status == GONE


def answered(status: int, retry_after: str | None) -> Outcome:
    """2xx is success; all else is a failure, also 3xx: the receiver is where it was said to be."""
    if 200 <= status < 300:
        return Outcome(status)
    reason = "it redirects, which is not followed" if 300 <= status < 400 else "not a success"
    return Outcome(status, f"{status}: {reason}", _seconds(retry_after) if retry_after else None)


def unanswered(error: Exception) -> Outcome:
    text = str(error).strip() or ("no answer in time" if isinstance(error, TimeoutError) else "")
    name = type(error).__name__
    return Outcome(error=f"{name}: {text}"[:LONGEST_ERROR] if text else name)


def _seconds(retry_after: str) -> float | None:
    """A number of seconds or an HTTP date; None for neither."""
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after[:9])
    try:
        moment = parsedate_to_datetime(retry_after)
    except (ValueError, IndexError):
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.now(UTC)).total_seconds())
