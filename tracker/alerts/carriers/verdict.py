"""Verdict: what became of one attempt, and what that means for the message, its receiver and its subscription."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, Literal

import msgspec

GONE: Final = 410
LONGEST_ERROR: Final = 200  # characters in the log

# sent; failed: by the receiver, which is spared for a while; refused: this message only, and later it may be taken;
# dead: this message only, and never; gone: nobody is there any more, so the subscription ends.
VerdictKind = Literal["sent", "failed", "refused", "dead", "gone"]


class Verdict(msgspec.Struct, frozen=True):
    """`status` None: no answer. `error`: what went wrong; of a message that was sent, who did not take it.
    `retry_after` in s, as the receiver wished."""

    result: VerdictKind
    status: int | None = None
    error: str | None = None
    retry_after: float | None = None

    @property
    def told(self) -> str | None:
        """The error as it can be kept: strangers write it, in any encoding or none, and a table takes no NUL."""
        return legible(self.error)[:LONGEST_ERROR] if self.error is not None else None

    @property
    def is_well(self) -> bool:
        """The receiver answers as it should, whatever it thinks of this message."""
        return self.result in ("sent", "refused", "dead")


def read_answer(status: int, retry_after: str | None) -> Verdict:
    """By the rules of Standard Webhooks: 2xx is success; all else is a failure, also 3xx: the receiver is where it was
    said to be."""
    if 200 <= status < 300:
        return Verdict("sent", status)
    if status == GONE:
        return Verdict("gone", status, "its receiver answered 410 Gone")
    reason = "it redirects, which is not followed" if 300 <= status < 400 else "not a success"
    return Verdict("failed", status, f"{status}: {reason}", _parse_seconds(retry_after) if retry_after else None)


def explain_failure(error: Exception) -> Verdict:
    text = str(error).strip() or ("no answer in time" if isinstance(error, TimeoutError) else "")
    name = type(error).__name__
    return Verdict("failed", error=f"{name}: {text}" if text else name)


def legible(text: str) -> str:
    """One line of printable characters; what was none is a question mark."""
    shown = (each if each.isprintable() or each.isspace() else "\N{REPLACEMENT CHARACTER}" for each in text)
    return " ".join("".join(shown).split())


def _parse_seconds(retry_after: str) -> float | None:
    """A number of seconds or an HTTP date; None for neither."""
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after[:9])
    try:
        moment = parsedate_to_datetime(retry_after)
    except (ValueError, IndexError, TypeError, OverflowError):  # what it raises for the dates people send
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.now(UTC)).total_seconds())
