"""XML of strangers: the elements asked for, one after the other. A document that declares anything is refused, so no
entity is ever expanded and nothing is fetched."""

from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import Final
from xml.parsers import expat

from tracker.errors import Invalid, Malformed, TooLarge
from tracker.xml import make_parser

CHUNK: Final = 64 * 1024  # bytes that are parsed at once
DEEPEST: Final = 64
MOST_INSIDE: Final = 500_000  # elements in one that was asked for
LONGEST_TOKEN: Final = 256 * 1024  # bytes
LONGEST_TEXT: Final = 4 * 1024 * 1024  # characters


class Element:
    """`tag` without its namespace."""

    __slots__ = ("attributes", "children", "pieces", "tag")

    def __init__(self, tag: str, attributes: dict[str, str]) -> None:
        self.tag = tag
        self.attributes = attributes
        self.children: list[Element] = []
        self.pieces: list[str] = []

    @property
    def text(self) -> str:
        return "".join(self.pieces).strip()

    def all(self, tag: str) -> Iterator["Element"]:
        return (child for child in self.children if child.tag == tag)

    def text_of(self, tag: str) -> str | None:
        """None where it has no such child, or one without text."""
        return next((child.text for child in self.all(tag)), "") or None


def elements(body: bytes, root: str, wanted: frozenset[str], kept: frozenset[str] | None = None) -> Iterator[Element]:
    """The outermost elements with a wanted tag, and in them those with a kept one, None: all. Malformed for what is
    no XML, Invalid for a DOCTYPE or another root, TooLarge."""
    body = body.lstrip()  # what a template or an editor left before the declaration, where XML wants nothing
    if body.startswith(BOM_UTF8):
        body = BOM_UTF8 + body.removeprefix(BOM_UTF8).lstrip()  # it stays, for it says the encoding
    reader = _Reader(root, wanted, kept)
    try:
        for begin in range(0, len(body), CHUNK):
            reader.parser.Parse(body[begin : begin + CHUNK], False)
            not_too_long(begin + CHUNK, reader.parser.CurrentByteIndex)
            yield from reader.take()
        reader.parser.Parse(b"", True)
    except expat.ExpatError as error:
        if error.code == expat.errors.codes[expat.errors.XML_ERROR_NO_MEMORY]:
            raise MemoryError from None
        raise Malformed(f"the body is no XML: {error}") from None
    except (ValueError, LookupError) as error:  # encodings that are none
        raise Malformed(f"the body is no XML: {error}") from None


def not_too_long(given: int, begins: int) -> None:
    """What expat holds back until it has the end of it: a tag, a comment. Each is handed over whole, a tag with all its
    attributes; and older expats look through all of it again with each piece that comes.

    `begins` is -1 where it did not look at all: it waits until what it holds has doubled. To count from there would
    refuse a long text behind one long comment; and what has doubled is looked at, and then counted.
    """
    if begins >= 0 and given - begins > LONGEST_TOKEN:
        raise TooLarge(f"a tag or a comment of more than {LONGEST_TOKEN:,} bytes")


class _Reader:
    """Expat's callbacks."""

    def __init__(self, root: str, wanted: frozenset[str], kept: frozenset[str] | None) -> None:
        self.parser = make_parser(self)
        self.parser.buffer_size = CHUNK
        self._root = root
        self._wanted = wanted
        self._kept = kept
        self._depth = 0
        self._open: list[Element | None] = []  # from the wanted one inwards; None: it is not kept
        self._inside = 0  # elements in the wanted one
        self._letters = 0  # of the text in it
        self._done: list[Element] = []

    def take(self) -> list[Element]:
        done, self._done = self._done, []
        return done

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if self._depth == 0 and tag != self._root:
            raise Invalid(f"the outermost element is {tag[:40]}, not {self._root}")
        self._depth += 1
        if self._depth > DEEPEST:
            raise Malformed("the document is nested too deeply")
        if self._open:
            self._add(tag, attributes)
        elif tag in self._wanted:
            self._open.append(Element(tag, attributes))
            self._inside = self._letters = 0

    def _add(self, tag: str, attributes: dict[str, str]) -> None:
        parent = self._open[-1]
        if parent is None or (self._kept is not None and tag not in self._kept):
            self._open.append(None)
            return
        self._inside += 1
        if self._inside > MOST_INSIDE:
            raise TooLarge(f"a {self._open[0].tag if self._open[0] else tag} of more than {MOST_INSIDE:,} elements")
        element = Element(tag, attributes)
        parent.children.append(element)
        self._open.append(element)

    def text(self, text: str) -> None:
        if self._open and (element := self._open[-1]) is not None:
            self._letters += len(text)
            if self._letters > LONGEST_TEXT:
                raise TooLarge(f"a {element.tag} of more than {LONGEST_TEXT:,} characters")
            element.pieces.append(text)

    def end(self, tag: str) -> None:
        self._depth -= 1
        if self._open:
            element = self._open.pop()
            if not self._open and element is not None:
                self._done.append(element)


def place_of(lon: str, lat: str, where: str) -> list[float]:
    """Invalid for what are no numbers; their limits are looked at with the geometry."""
    try:
        if "_" not in lon + lat:  # Python's own way to write a thousand
            return [float(lon), float(lat)]
    except ValueError:
        pass
    raise Invalid(f"geometry: {where} is no longitude and latitude: {lon[:20]}, {lat[:20]}", field="geometry")
