"""Signatures of Standard Webhooks: HMAC-SHA256 over id, time and body, one for each secret that counts."""

import base64
import binascii
import hmac
import secrets
from collections.abc import Sequence
from typing import Final

from tracker.errors import Invalid

PREFIX: Final = "whsec_"
SECRET_BYTES: Final = 32


def new_webhook_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signature(secret: str, id: str, timestamp: int, body: bytes) -> str:
    """`timestamp` in s since 1970. Invalid where the secret is not base64."""
    signed = b"%s.%d.%s" % (id.encode(), timestamp, body)
    return "v1," + base64.b64encode(hmac.digest(_key(secret), signed, "sha256")).decode()


def make_signed_headers(keys: Sequence[str], id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """While a secret is replaced there are two signatures, and the receiver may know either secret."""
    return {
        "webhook-id": id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signature(key, id, timestamp, body) for key in keys),
    }


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise Invalid("the secret is not base64", field="secret") from None
