"""The phone behind an app: its system, and who made it. The User-Agent of many apps is that of Android's or Apple's own
HTTP, which names them; people name the make in what they note of a device. Pure."""

import re
from functools import lru_cache
from typing import Final, NamedTuple

ANDROID, IOS = "Android", "iOS"
LONGEST: Final = 300  # characters of a User-Agent that are looked at

SYSTEMS: Final = (
    (IOS, re.compile(r"\b(?:CFNetwork|Darwin|iPhone|iPad|iOS)\b")),
    (ANDROID, re.compile(r"\b(?:Android|Dalvik|okhttp)\b", re.IGNORECASE)),
)
# By the names of phones, and by the numbers of models, which stand in place of a name.
MAKES: Final = (
    ("Xiaomi", re.compile(r"\b(?:xiaomi|redmi|poco|miui|hyperos)\b|\bMi \d|\b2\d{3}[A-Z0-9]{4,6}[A-Z]{1,2}\b", re.I)),
    ("Samsung", re.compile(r"\b(?:samsung|galaxy)\b|\b(?:SM|GT)-[A-Z]\d{3}", re.I)),
    ("Honor", re.compile(r"\bHONOR\b|\b(?:HRY|COL|NEM|BKL)-[A-Z]")),
    ("Huawei", re.compile(r"\bhuawei\b|\b[A-Z]{3}-(?:L|AL|TL|LX)\d{1,2}", re.I)),
    ("OnePlus", re.compile(r"\boneplus\b", re.I)),
    ("OPPO", re.compile(r"\b(?:oppo|realme)\b|\b(?:CPH|RMX)\d{4}", re.I)),
    ("vivo", re.compile(r"\bvivo\b[ _]?[A-Z]?\d|\bV2\d{3}[A-Z]?\b")),
    ("Nokia", re.compile(r"\bnokia\b|\bTA-1\d{3}\b", re.I)),
)


class Maker(NamedTuple):
    """None for what is not said."""

    system: str | None = None
    make: str | None = None


@lru_cache(maxsize=1024)  # a phone says the same with every post
def find_maker(agent: str) -> Maker:
    """Apple makes what iOS runs on."""
    agent = agent[:LONGEST]
    system = next((name for name, words in SYSTEMS if words.search(agent)), None)
    return Maker(system, "Apple" if system == IOS else find_make(agent))


def find_make(text: str) -> str | None:
    return next((name for name, words in MAKES if words.search(text)), None)
