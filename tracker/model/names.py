"""Names: what people call devices, geofences and all else, and what may be one."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

import msgspec

LONGEST_NAME: Final = 200  # characters
CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")  # with all that breaks a line
# Letters and marks by their category, and nothing to see: fillers, joiners, the empty pattern of Braille.
BLANK: Final = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0]")


def fault_of_name(name: str) -> str | None:
    """Why a text can be no name: nobody could see it in a list, or it would break a line. None: it can be one."""
    if CONTROL.search(name):
        return "control characters and line breaks are not allowed"
    if not any(unicodedata.category(letter)[0] in "LNPS" for letter in BLANK.sub("", name)):
        return "has nothing in it that can be seen"
    return None


class Names(msgspec.Struct, frozen=True):
    """By id. One without a name, or that is gone by now, is called by its id."""

    devices: Mapping[str, str] = msgspec.field(default_factory=dict)
    geofences: Mapping[str, str] = msgspec.field(default_factory=dict)

    def device(self, id: str) -> str:
        return self.devices.get(id) or id

    def geofence(self, id: str) -> str:
        return self.geofences.get(id) or id
