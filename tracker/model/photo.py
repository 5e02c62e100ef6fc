"""Photo: a small picture of a device, as it is stored and sent: nothing in it but what draws."""

import hashlib
from typing import Literal

import msgspec

Media = Literal["image/jpeg", "image/png", "image/webp"]


class Photo(msgspec.Struct, frozen=True):
    media: Media
    bytes: bytes

    @property
    def tag(self) -> str:
        """Which picture it is, 16 digits."""
        return hashlib.blake2b(self.bytes, digest_size=8).hexdigest()
