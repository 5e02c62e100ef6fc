"""OwnTracks' encrypted messages: NaCl's secretbox by a key that is shared with the phone."""

import binascii
from base64 import b64decode
from typing import Any, Final

import msgspec
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

NONCE: Final = 24  # bytes before the box
KEY: Final = 32  # bytes: the secret, filled up with zeros


def open_sealed(message: dict[str, Any], secret: str | None) -> dict[str, Any] | str:
    """What was inside; as it came where it is not encrypted. A text: why it stays closed."""
    if message.get("_type") != "encrypted":
        return message
    if secret is None:
        return "give the key"
    try:
        data = b64decode(str(message.get("data")), validate=True)
        opened = SecretBox(secret.encode()[:KEY].ljust(KEY, b"\0")).decrypt(data[NONCE:], data[:NONCE])
        found = msgspec.json.decode(opened)
    except (binascii.Error, ValueError, CryptoError, RecursionError):
        return "another key, or broken"
    return found if isinstance(found, dict) and found.get("_type") != "encrypted" else "nothing that can be read inside"
