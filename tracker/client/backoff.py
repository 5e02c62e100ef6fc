"""How a connection ended, and whether and when a device comes back."""

import random

import msgspec

NO_RETURN = range(4500, 5000)  # the server says that trying again cannot help
FIRST_S, LONGEST_S = 0.5, 30.0


class Ending(msgspec.Struct, frozen=True):
    """`code` is the WebSocket close code, 1006 where there was none; `after_ms` what going_away asked for."""

    code: int
    reason: str = ""
    after_ms: int = 0

    def __str__(self) -> str:
        return f"{self.code} {self.reason}".rstrip()

    @property
    def final(self) -> bool:
        return self.code in NO_RETURN


def read_status(status: int, retry_after: str | None) -> Ending:
    """A handshake refused over HTTP, in the words of close codes."""
    if status in (401, 403, 404):
        return Ending({401: 4501, 403: 4504, 404: 4504}[status], f"HTTP {status}")
    seconds = int(retry_after) if retry_after and retry_after.isdigit() else 0
    told = f", come again in {seconds} s" if seconds else ""
    return Ending(4029 if status == 429 else 1006, f"HTTP {status}{told}", seconds * 1000)


def choose_wait(ending: Ending, failures: int, rng: random.Random) -> float:
    """Seconds until the next attempt: full jitter, so that ten thousand devices do not come back in one instant."""
    longest = min(LONGEST_S, FIRST_S * 2.0 ** min(failures, 16))
    return ending.after_ms / 1000 + rng.uniform(0, longest)
