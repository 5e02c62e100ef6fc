"""What a reader is asked, and what it answers: values in MessagePack, each behind its length."""

from typing import Final, Literal

import msgspec

from tracker.geofence.reading.collection import Collection, Defaults, Draft

Format = Literal["geojson", "kml", "gpx", "shapefile"]
LENGTH: Final = 4  # bytes


class OneFeature(msgspec.Struct, frozen=True, tag="feature"):
    """The body is a GeoJSON Feature. `id` wins over its own."""

    id: str | None = None


class ManyFeatures(msgspec.Struct, frozen=True, tag="collection"):
    """The body is a file of the format."""

    format: Format
    defaults: Defaults


Task = OneFeature | ManyFeatures


class Drafts(msgspec.Struct, frozen=True, tag="drafts"):
    """Some of them, in order: so much as whoever waits for them decodes in a millisecond."""

    drafts: list[Draft]


class Remainder(msgspec.Struct, frozen=True, tag="rest"):
    """The last word of a collection: all of it but the drafts."""

    collection: Collection


class Rejection(msgspec.Struct, frozen=True, tag="refusal"):
    """The last word where it is refused as a whole: the name of the error, and what it says."""

    kind: str
    message: str
    field: str | None


Word = Drafts | Remainder | Rejection

_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(Word)


def encode(word: Word) -> bytes:
    text = _encoder.encode(word)
    return len(text).to_bytes(LENGTH) + text


def decode(text: bytes) -> Word:
    """Without the length."""
    found: Word = _decoder.decode(text)
    return found
