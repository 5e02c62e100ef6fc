"""Codes of an authenticator app: six digits, another each half minute (RFC 6238, with SHA-1, which all apps know)."""

import hmac
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

STEP: Final = 30  # s
DIGITS: Final = 6
EARLY, LATE = 1, 1  # steps by which a phone's clock may be wrong


def find_step(secret: bytes, code: str, at: float) -> int | None:
    """The number of the half minute (since 1970) a code is of, if that is now or one beside it; `at` in s. None: the
    code is wrong. All are compared, so that it takes as long for each."""
    totp, now, found = _make(secret), int(at) // STEP, None
    for step in range(max(0, now - LATE), now + EARLY + 1):
        if hmac.compare_digest(totp.generate(step * STEP), code.encode("utf-8", "surrogatepass")):
            found = step
    return found


def make_code(secret: bytes, at: float) -> str:
    """What the app shows at this time, in s."""
    return _make(secret).generate(int(at)).decode()


def make_url(secret: bytes, email: str, issuer: str) -> str:
    """What the QR code says to the app; its `secret` is for who types it."""
    return _make(secret).get_provisioning_uri(email, issuer)


def _make(secret: bytes) -> TOTP:
    return TOTP(secret, DIGITS, SHA1(), STEP)  # a MAC by it is sound
