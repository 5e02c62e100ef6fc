"""Header: text of strangers as the value of a line in the head of a letter (RFC 2047), and never as a line of its own.

Written here, because the e-mail package reads what it is given: it decodes an encoded word that stands in a name, line
breaks included.
"""

import base64
from collections.abc import Iterator
from typing import Final

WORD_BYTES: Final = 45  # of text in one encoded word: 75 characters with what is round it
PLAIN_BYTES: Final = 200  # of a line that is sent as it is; servers take 998
FOLD: Final = "\r\n "


def header(text: str) -> str:
    """As it is where it is short ASCII that nobody could take for anything else; encoded otherwise."""
    is_plain = text.isascii() and text.isprintable() and "=?" not in text and len(text) <= PLAIN_BYTES
    return text if is_plain else FOLD.join(map(_encoded_word, _pieces(text)))


def quoted(name: str) -> str:
    """The name of a person beside an address."""
    shown = header(name)
    if shown != name or name.replace(" ", "").isalnum():
        return shown
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _encoded_word(piece: bytes) -> str:
    return f"=?utf-8?b?{base64.b64encode(piece).decode()}?="


def _pieces(text: str) -> Iterator[bytes]:
    """Whole characters: a reader decodes each word by itself. A lone surrogate is none, and is shown as unknown."""
    piece = b""
    for letter in text:
        encoded = letter.encode("utf-8", "replace")
        if len(piece) + len(encoded) > WORD_BYTES:
            yield piece
            piece = b""
        piece += encoded
    yield piece
