"""Sealed: what a browser keeps for us during a sign-in elsewhere, which it can neither read nor change."""

from typing import Final

import msgspec
from cryptography.fernet import Fernet, InvalidToken

from tracker.access.provider import Begun

LIFETIME: Final = 600  # s
COOKIE: Final = "tracker_oidc"


class Purpose(msgspec.Struct, frozen=True):
    """What the sign-in is for: `person` (and its `session`), to whom the identity is to be bound; `invitation`, the
    code by which somebody joins; neither: to sign in."""

    begun: Begun
    person: int | None = None
    session: int | None = None
    invitation: str | None = None


class Seal:
    """One for the process: after a new start, who was on the way begins again."""

    def __init__(self) -> None:
        self._key = Fernet(Fernet.generate_key())

    def close(self, purpose: Purpose) -> str:
        return self._key.encrypt(msgspec.json.encode(purpose)).decode()

    def open(self, sealed: str | None) -> Purpose | None:
        """None for what is not ours, or is ten minutes old."""
        try:
            return msgspec.json.decode(self._key.decrypt(sealed or "", ttl=LIFETIME), type=Purpose)
        except (InvalidToken, UnicodeError):
            return None
