"""What other programs write into JSON that is none, and what can only be meant by it: Python's NaN and Infinity where a
table has no number, and half of a character where a name was cut in the middle of it."""

import re
from typing import Final

# A text that does not end is taken to the end: to give it up would try the rest anew from each quote in it.
TOKEN: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|-?\b(?:NaN|Infinity)\b', re.DOTALL)
ESCAPE: Final = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)
NO_NUMBERS: Final = "NaN and Infinity are no numbers in JSON, and are read as null"
HALVES: Final = "half of a character is left out of a text, and \ufffd stands for it"


def mend(text: bytes) -> tuple[bytes, list[str]]:
    """The text, and a note on each kind of what was mended; none where there was nothing."""
    notes = dict[str, None]()

    def replace(token: re.Match[bytes]) -> bytes:
        if not token[0].startswith(b'"'):
            notes[NO_NUMBERS] = None
            return b"null"
        return ESCAPE.sub(join, token[0]) if b"\\u" in token[0] else token[0]

    def join(escape: re.Match[bytes]) -> bytes:
        if escape[1] is None:
            return escape[0]
        notes[HALVES] = None
        return b"\\ufffd"

    return TOKEN.sub(replace, text), list(notes)
