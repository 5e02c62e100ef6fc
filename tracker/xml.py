"""XML of strangers, read by expat piece by piece: what declares anything is refused."""

from typing import Protocol
from xml.parsers import expat

from tracker.errors import Invalid


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
