"""Gathering: one link for many phones, and how far each of them came."""

from datetime import datetime
from typing import Final, Literal

import msgspec

Step = Literal["scanned", "allowed", "placed", "steady"]  # each after those before it
STEPS: Final[tuple[Step, ...]] = ("scanned", "allowed", "placed", "steady")


class Gathering(msgspec.Struct, frozen=True):
    """`most` phones may come until `expires_at`."""

    key: int
    id: str
    name: str
    group: int  # key
    group_id: str
    most: int
    expires_at: datetime


class GatheringPhone(msgspec.Struct, frozen=True):
    """One of them. `denied`: its person said no to being asked for the position."""

    key: int
    device: str
    number: int
    step: Step
    denied: bool
    scanned_at: datetime
    reminded_at: datetime | None


def find_step(allowed: bool, placed: bool, steady: bool) -> Step:
    """What is further on implies what is before it: a position without a word about permission was allowed."""
    return "steady" if steady else "placed" if placed else "allowed" if allowed else "scanned"


def count_steps(phones: list[GatheringPhone]) -> dict[str, int]:
    """How many came at least so far."""
    reached = [STEPS.index(phone.step) for phone in phones]
    return {step: sum(1 for each in reached if each >= index) for index, step in enumerate(STEPS)}
