"""XML of strangers, read by expat piece by piece: what declares anything is refused. Where its letters are not as XML
wants them what can only be meant is read: programs write an `&` as it is, marks of control that are in a name, and
another encoding than they say."""

import codecs
import re
from html.entities import html5
from typing import Final, Protocol
from xml.parsers import expat

from tracker.errors import Invalid, Malformed

DECLARATION: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{1,40})[\"'][^>]{0,200}\?>"
)
WIDE: Final = ("utf-16", "utf-32", "ucs-2", "ucs-4", "unicode")  # what .NET says of each text it wrote in memory
# What programs write under these names has more letters than they had first.
EAST_ASIAN: Final = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "cp950",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
} | {name: name for name in ("gb18030", "big5hkscs", "cp950", "cp932", "cp949", "euc_jp")}
CONTROLS: Final = bytes(set(range(0x20)) - set(b"\t\n\r"))
NO_LETTERS: Final = (b"\xef\xbf\xbe", b"\xef\xbf\xbf")  # U+FFFE and U+FFFF
# What does not end is taken to the end: to give it up would try the rest anew from each beginning in it.
AMPERSAND: Final = re.compile(
    rb"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)|<!DOCTYPE.*\Z"
    rb"|&(?!(?:amp|lt|gt|quot|apos);)(?:#(?:x([0-9a-fA-F]{1,8})|([0-9]{1,10}));|([A-Za-z][A-Za-z0-9]{1,31};))?",
    re.DOTALL,
)
WINDOWS: Final = {0xDC00 + each: bytes([each]).decode("cp1252", "replace") for each in range(0x80, 0x100)}
LETTERS: Final = "characters that XML cannot hold are left out"
AMPERSANDS: Final = "an & that stands for nothing is read as it is, and names of characters as in HTML"
NO_UTF_8: Final = "what is not in UTF-8 is read as Windows-1252"


class Handler(Protocol):
    """What is told of a document. `tag` is an element's name without its namespace."""

    def start(self, tag: str, attributes: dict[str, str]) -> None: ...
    def text(self, text: str) -> None: ...
    def end(self, tag: str) -> None: ...


def make_parser(handler: Handler) -> expat.XMLParserType:
    """Its `Parse` raises Invalid for a DOCTYPE. To allow one and forbid only its entities would need a list of all that
    it may name or expand, which has to be right for every version of expat; none of our formats has one."""
    parser = expat.ParserCreate()  # to be told namespaces would refuse a prefix that nobody declared, as `gx:` often is
    parser.buffer_text = True  # otherwise a text comes in as many calls as it has lines
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = lambda name, attributes: handler.start(name.rpartition(":")[2], attributes)
    parser.CharacterDataHandler = handler.text
    parser.EndElementHandler = lambda name: handler.end(name.rpartition(":")[2])
    return parser


def _refuse(*_: object) -> None:
    raise Invalid("a DOCTYPE is not allowed: one may name files to read, or expand to more than there is room for")


def is_wide(body: bytes) -> bool:
    """Whether it is in UTF-16, by how it begins."""
    return body[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) or b"\0" in body.lstrip()[:2]


def find_encoding(body: bytes) -> str:
    """What it says of itself, in small letters; utf-8 where it says nothing, or begins as only UTF-8 does."""
    if body.startswith(codecs.BOM_UTF8):
        return "utf-8"
    declaration = DECLARATION.match(body)
    return declaration[1].decode().lower() if declaration else "utf-8"


def mend(body: bytes, said: str | None = None) -> tuple[bytes, list[str]]:
    """With a note on each kind of what was mended. What is in UTF-16 is given back as it is. `said`: the encoding that
    the beginning said of it, where this is a later part. Malformed where the text is not in it."""
    if is_wide(body):
        return body, []
    notes = list[str]()
    body = _into_utf_8(body, said or find_encoding(body), notes)
    body = _with_ampersands(body, notes) if b"&" in body else body
    return _without_controls(body, notes), notes


def _into_utf_8(body: bytes, said: str, notes: list[str]) -> bytes:
    if said.startswith(WIDE):
        notes.append(f"the file says that it is in {said}; it is read as UTF-8")
    elif (encoding := _name(said)) in EAST_ASIAN:
        try:
            text = body.decode(EAST_ASIAN[encoding]).encode()
        except ValueError:
            raise Malformed(f"the body is no XML: it says that it is in {said}, and is not") from None
        return _without_declaration(text)
    elif encoding not in ("utf-8", "ascii"):
        return body
    body = _without_declaration(body)
    try:
        if not body.isascii():
            body.decode()
    except UnicodeDecodeError:
        notes.append(NO_UTF_8)
        return body.decode(errors="surrogateescape").translate(WINDOWS).encode()  # what is in UTF-8 stays what it is
    return body


def _without_declaration(body: bytes) -> bytes:
    declaration = DECLARATION.match(body)
    return body[declaration.end() :] if declaration else body


def _name(encoding: str) -> str:
    try:
        return codecs.lookup(encoding).name
    except LookupError:
        return ""


def _without_controls(body: bytes, notes: list[str]) -> bytes:
    found = body.translate(None, CONTROLS)
    for letter in NO_LETTERS:
        found = found.replace(letter, b"")
    if len(found) < len(body):
        notes.append(LETTERS)
    return found


def _with_ampersands(body: bytes, notes: list[str]) -> bytes:
    odd = set[bytes]()

    def replace(match: re.Match[bytes]) -> bytes:
        hexadecimal, decimal, name = match.groups()
        if not match[0].startswith(b"&"):
            return match[0]
        if hexadecimal or decimal:
            return match[0] if _is_letter(int(hexadecimal or decimal, 16 if hexadecimal else 10)) else b"\0"
        odd.add(match[0])
        letters = html5.get(name.decode()) if name else None
        return "".join(f"&#{ord(each)};" for each in letters).encode() if letters else b"&amp;" + match[0][1:]

    found = AMPERSAND.sub(replace, body)
    if odd:
        notes.append(AMPERSANDS)
    return found


def _is_letter(number: int) -> bool:
    """XML 1.0, 2.2."""
    if number < 0x20:
        return number in (0x9, 0xA, 0xD)
    return number <= 0xD7FF or 0xE000 <= number <= 0xFFFD or 0x10000 <= number <= 0x10FFFF
