"""Vapid: who sends, as push services wish to know it (RFC 8292): a key that browsers are told when they subscribe."""

from typing import Final
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    derive_private_key,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from tracker.alerts.carriers.push_encryption import point_of
from tracker.model import base64url

VALID: Final = 12 * 3600  # s; a day at most, by the RFC
HEADER: Final = base64url.encode(b'{"typ":"JWT","alg":"ES256"}')
KEY_BYTES: Final = 32


class PushClaims(msgspec.Struct, frozen=True, omit_defaults=True):
    aud: str
    exp: int
    sub: str | None = None


class Vapid:
    """`contact`: whom a push service may ask, a mailto: or https: address; some refuse to serve who names none."""

    def __init__(self, key: bytes, contact: str | None = None) -> None:
        self.key: EllipticCurvePrivateKey = derive_private_key(int.from_bytes(key, "big"), SECP256R1())
        self.contact = contact
        self.public = base64url.encode(point_of(self.key.public_key()))

    def authorization(self, endpoint: str, now: int) -> str:
        """The header for a message to this endpoint; `now` in s since 1970."""
        parts = urlsplit(endpoint)
        claims = PushClaims(f"{parts.scheme}://{parts.netloc}", now + VALID, self.contact)
        signed = f"{HEADER}.{base64url.encode(msgspec.json.encode(claims))}"
        r, s = decode_dss_signature(self.key.sign(signed.encode(), ECDSA(SHA256())))
        signature = r.to_bytes(KEY_BYTES, "big") + s.to_bytes(KEY_BYTES, "big")
        return f"vapid t={signed}.{base64url.encode(signature)}, k={self.public}"


def new_key() -> bytes:
    return generate_private_key(SECP256R1()).private_numbers().private_value.to_bytes(KEY_BYTES, "big")
