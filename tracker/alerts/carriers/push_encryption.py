"""What is said to a browser goes through a push service that must not read it: RFC 8291, in the coding of RFC 8188."""

import secrets
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

POINT_BYTES: Final = 65
AUTH_BYTES: Final = 16
RECORD_BYTES: Final = 4096
LARGEST: Final = 3993  # bytes of plaintext: a record, without its header, its tag and the mark of the last one
LAST: Final = b"\x02"


def encrypt(plaintext: bytes, point: bytes, auth: bytes) -> bytes:
    """For the browser whose public key and secret these are. ValueError for more than LARGEST, or for no point."""
    return seal(plaintext, point, auth, generate_private_key(SECP256R1()), secrets.token_bytes(16))


def seal(plaintext: bytes, point: bytes, auth: bytes, key: EllipticCurvePrivateKey, salt: bytes) -> bytes:
    """With a key and a salt that are used for this message only."""
    if len(plaintext) > LARGEST:
        raise ValueError(f"{len(plaintext)} bytes, and a push message has {LARGEST} at most")
    own = point_of(key.public_key())
    shared = key.exchange(ECDH(), read_point(point))
    secret = _derive(shared, auth, b"WebPush: info\0" + point + own, 32)
    content_key = _derive(secret, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derive(secret, salt, b"Content-Encoding: nonce\0", 12)
    header = salt + RECORD_BYTES.to_bytes(4, "big") + bytes([len(own)]) + own
    return header + AESGCM(content_key).encrypt(nonce, plaintext + LAST, None)


def read_point(point: bytes) -> EllipticCurvePublicKey:
    """Uncompressed. ValueError for what is no point of the curve: a key that is one gives nothing away."""
    if len(point) != POINT_BYTES:
        raise ValueError(f"{len(point)} bytes, and a key has {POINT_BYTES}")
    return EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)


def point_of(key: EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _derive(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(secret)
