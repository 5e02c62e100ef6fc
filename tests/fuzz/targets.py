"""What is fuzzed: one codec each, by the sample that leads to it."""

from collections.abc import Callable
from typing import Final, NamedTuple

from tests.phone_samples import AT, SAMPLES, SECRET, encode, owntracks
from tests.properties.test_phones import check
from tracker.phones.decode import decode_post
from tracker.phones.mqtt import decode_message
from tracker.phones.post import Post


class Target(NamedTuple):
    """`attempt` raises where the codec does, or lets through what no fix may be."""

    name: str
    sample: bytes
    attempt: Callable[[bytes], None]


def try_body(data: bytes) -> None:
    check(decode_post(Post(data, "", "", AT, SECRET)))


def try_query(data: bytes) -> None:
    check(decode_post(Post(b"", data.decode("latin-1"), "", AT, SECRET)))


def try_message(data: bytes) -> None:
    check(decode_message("owntracks/jane/phone", data, SECRET, AT))


TARGETS: Final = (
    *(Target(each.name, each.body or each.query.encode(), try_body if each.body else try_query) for each in SAMPLES),
    Target("OwnTracks by MQTT", encode(owntracks()), try_message),
    Target("OwnTracks by MQTT, a line", b"X0,542A46AA,k,30365854,7575769,26,4,7,5,872", try_message),
)
