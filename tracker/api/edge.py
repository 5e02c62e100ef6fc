"""The edge: bytes and query strings become frozen values here, once, and values become bytes."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, TypeVar

import msgspec
from quart import Response, request

from tracker.errors import Invalid, Malformed, TooLarge, WrongType
from tracker.model import absent
from tracker.model.encoding import make_plain
from tracker.model.moment import parse
from tracker.model.names import CONTROL, fault_of_name

T = TypeVar("T")
LARGEST_BODY: Final = 64 * 1024  # bytes; a geofence may have more and says so itself
SPACED_OFFSET: Final = re.compile(r"^(.*\d) (\d\d:?\d\d)$")
LONGEST_PAGE: Final = 10_000
PREFIX: Final = re.compile(r"(/[A-Za-z0-9._~-]{1,64}){1,8}")
MISSING: Final = re.compile(r"Object missing required field `(.*)`")

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Cursor = Annotated[str, msgspec.Meta(max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")]  # an id, or '' for the beginning
Slug = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]

_encoder: Final = msgspec.json.Encoder()


class Page(msgspec.Struct, frozen=True):
    """How many are wished for; who asks for more than `most` gets a page and what to ask for next."""

    limit: Annotated[int, msgspec.Meta(ge=1)] = 1000

    @property
    def most(self) -> int:
        return min(self.limit, LONGEST_PAGE)


async def read_bytes(largest: int = LARGEST_BODY) -> bytes:
    """The JSON body as it came, but for a byte order mark. WrongType, TooLarge, Malformed."""
    if request.mimetype not in ("application/json", "application/geo+json"):
        raise WrongType
    body = await read_raw(largest)
    try:
        return make_plain(body)
    except ValueError:
        raise Malformed("the body is no text") from None


async def read_raw(largest: int = LARGEST_BODY) -> bytes:
    """The body as it came, whatever it is. TooLarge."""
    if (request.content_length or 0) > largest:
        raise TooLarge(f"the body may have {largest} bytes")
    body = await request.get_data(True, False, False)
    if len(body) > largest:
        raise TooLarge(f"the body may have {largest} bytes")
    return body


async def read_json(kind: type[T], largest: int = LARGEST_BODY) -> T:
    """The body as a value. Malformed where it is not JSON, Invalid with the field where it is not this kind."""
    body = await read_bytes(largest)
    try:
        found: T = absent.decode(body or b"{}", kind)
        return found
    except msgspec.ValidationError as error:
        raise explain_invalid(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Malformed("the body is not JSON") from None


def read_query(kind: type[T]) -> T:
    """The query string as a value; a parameter given twice counts once. Invalid with the field."""
    given: Mapping[str, Any] = request.args.to_dict()
    for name, text in given.items():
        clean(text, name)
    try:
        found = msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as error:
        raise explain_invalid(error) from None
    for field in msgspec.structs.fields(kind):  # type: ignore[arg-type]  # what a query becomes is a Struct
        if field.encode_name in given and getattr(found, field.name) is None:  # msgspec reads the word null as nothing
            raise Invalid(f"{field.encode_name}: null is no value", field=field.encode_name)
    return found


def read_moment(text: str, field: str) -> int:
    """Milliseconds of an RFC 3339 time. A `+` of its offset that a query string turned into a space is put back."""
    try:
        return parse(SPACED_OFFSET.sub(r"\1+\2", text))
    except (ValueError, OverflowError):
        raise Invalid(f"{field}: not a time of RFC 3339 with an offset", field=field) from None


def read_list(text: str | None, field: str) -> list[str] | None:
    """Values with commas between; None for none at all, which asks for all."""
    if not text:
        return None
    return [clean(value, field) for value in text.split(",") if value]


def clean(text: str, field: str) -> str:
    """The text, if it has no control characters: PostgreSQL refuses NUL, and a name has no use for the others."""
    if CONTROL.search(text):
        raise Invalid("control characters are not allowed", field=field)
    return text


def clean_name(text: str, field: str) -> str:
    """The text, if it can be a name."""
    fault = fault_of_name(text)
    if fault is not None:
        raise Invalid(f"{field}: {fault}", field=field)
    return text


def below() -> str:
    """The path at which a proxy shows us, such as /tracker, as it says in X-Forwarded-Prefix; '' without one."""
    given = request.headers.get("X-Forwarded-Prefix", "").rstrip("/")
    return given if PREFIX.fullmatch(given) else ""


def shown_origin() -> str:
    """Where the caller's browser finds this server, with the path below which a proxy shows it. A proxy that ends TLS
    makes a plain request of an https one: then the page's own origin says so, or X-Forwarded-Proto. Both are the
    caller's word, and this is an answer to nobody else."""
    is_secure = request.scheme == "https" or f"https://{request.host}" == request.headers.get("Origin")
    if is_secure or request.headers.get("X-Forwarded-Proto") == "https":
        return f"https://{request.host}{below()}"
    return f"http://{request.host}{below()}"


def answer(value: object, status: int = 200, mimetype: str = "application/json") -> Response:
    """Ends with a line's end: in a terminal the prompt stands below the answer, not behind it."""
    return Response(_encoder.encode(value) + b"\n", status, mimetype=mimetype)


def empty() -> Response:
    return Response(b"", 204)


def explain_invalid(error: msgspec.ValidationError, inside: str = "") -> Invalid:
    """msgspec's message ends in the place, as in "Expected `str`, got `int` - at `$.name`"."""
    reason, _, place = str(error).partition(" - at `")
    missing = MISSING.fullmatch(reason)  # the place is then that of the object which should have it
    parts = (inside, place.rstrip("`").lstrip("$."), missing[1] if missing else "")
    field = ".".join(part for part in parts if part) or None
    return Invalid(f"{field}: {reason}" if field else reason, field=field)
