"""Sealed: what a browser keeps for us during a sign-in elsewhere, which it can neither read nor change."""

from base64 import urlsafe_b64encode
from typing import Final

import msgspec
from cryptography.fernet import Fernet, InvalidToken

from tracker.access.begun import Begun

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
    """One for the process: after a new start, who was on the way begins again. `key`: 32 bytes by which several
    processes open what any of them closed; None: one of our own."""

    def __init__(self, key: bytes | None = None) -> None:
        self._key = Fernet(Fernet.generate_key() if key is None else urlsafe_b64encode(key))

    def close(self, purpose: Purpose) -> str:
        return self._key.encrypt(msgspec.json.encode(purpose)).decode()

    def open(self, sealed: str | None) -> Purpose | None:
        """None for what is not ours, or is ten minutes old."""
        try:
            return msgspec.json.decode(self._key.decrypt(sealed or "", ttl=LIFETIME), type=Purpose)
        except (InvalidToken, UnicodeError):
            return None
