"""When a message that failed is tried again: the schedule of Standard Webhooks, with two steps more at its beginning,
and jitter."""

from typing import Final

# s after the attempt before; the first is made at once. After the last the message is a dead letter, 3 days later.
# The steps of 20 and 60 s are ours: a broker that is restarted is away for that long, and an alert should not
# wait for five minutes.
# Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
SCHEDULE: Final = (0, 5, 20, 60, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
JITTER: Final = 0.1  # of the wait, added: those that failed together do not come back together
LONGEST_RETRY_AFTER: Final = 86_400.0  # s


def next_wait(attempts: int, chance: float, retry_after: float | None = None) -> float | None:
    """Seconds from the failure of attempt number `attempts` to the next; None: that was the last. `chance`: 0 to 1."""
    if attempts >= len(SCHEDULE):
        return None
    wait = SCHEDULE[attempts] * (1 + JITTER * chance)
    return max(wait, min(retry_after or 0.0, LONGEST_RETRY_AFTER))
