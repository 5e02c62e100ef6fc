"""The words of the device stream: messages become frozen types here, once, and leave as bytes here.

Text frames are decoded whole and typed; only where that fails, fix by fix, so that a bad one costs no neighbour.
"""

import re
from typing import Annotated, Any, Final

import msgspec

from tracker.errors import BadFrame, BadJson, FrameTooLarge, TooManyFixes, error_code
from tracker.ingest.columns import KIND, decode_columns
from tracker.ingest.text_block import FEW, WireFix, find_block
from tracker.model import absent
from tracker.model.command import Command
from tracker.model.fix import Fix, Refusal
from tracker.model.frame import Frame, Outcome
from tracker.model.moment import format_ms, from_datetime, now_ms, parse
from tracker.model.note import NO_NUL, Standing, Utterance
from tracker.pipeline.accept import Refused, accept

VERSION: Final = 1
MOST_SAID: Final = 1_000  # characters of what is said of an error, which may quote what was sent
KEPT_TEXT: Final = 2_000  # characters of a bad fix or frame kept in quarantine
MAX_SEQ: Final = (1 << 53) - 1  # what a JavaScript number counts to


class Hello(msgspec.Struct, frozen=True, tag="hello"):
    device: Annotated[str, msgspec.Meta(max_length=64)]
    boot: Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=NO_NUL)] = "0"
    token: str | None = None
    version: int = VERSION
    binary: bool = False


class Result(msgspec.Struct, frozen=True, tag="result"):
    """The device's answer to a command."""

    id: Annotated[str, msgspec.Meta(max_length=64, pattern=NO_NUL)]
    ok: bool
    detail: Annotated[str, msgspec.Meta(max_length=2_000, pattern=NO_NUL)] | None = None


class Read(msgspec.Struct, frozen=True, tag="read"):
    """Whoever holds the device has read the message that came as this command."""

    id: Annotated[str, msgspec.Meta(max_length=64, pattern=NO_NUL)]


class Unreadable(msgspec.Struct, frozen=True):
    """A message that is no frame of fixes and cannot be read. `id`: that of the result, where it can be."""

    said: str
    id: str | None = None


class Envelope(msgspec.Struct, frozen=True):
    """What of any message says what it is."""

    type: Any = None
    id: Any = None
    seq: Any = None


Talk = Hello | Result | Read | Utterance | Standing
Message = Talk | Frame | Unreadable
Seq = Annotated[int, msgspec.Meta(ge=0, le=MAX_SEQ)]


class WireFixes(msgspec.Struct, frozen=True, tag="fixes", gc=False):
    seq: Seq
    fixes: list[WireFix]
    lane: str | None = None


class LooseFixes(msgspec.Struct, frozen=True, tag="fixes"):
    """A frame whose fixes are looked at one by one."""

    seq: Seq
    fixes: list[msgspec.Raw]
    lane: str | None = None


MESSAGE: Final[msgspec.json.Decoder[Talk | WireFixes]] = msgspec.json.Decoder(Talk | WireFixes)
LOOSE: Final = msgspec.json.Decoder(LooseFixes)
ONE: Final = msgspec.json.Decoder(WireFix)
ANY: Final = msgspec.json.Decoder(dict[str, Any])
ENVELOPE: Final = msgspec.json.Decoder(Envelope)
TALK: Final[dict[object, type[Talk]]] = {
    "hello": Hello,
    "result": Result,
    "read": Read,
    "message": Utterance,
    "status": Standing,
}
LONGEST_ID: Final = 64  # characters of an id that we give
BACKLOG: Final = "backlog"


def decode_message(
    message: str | bytes, device: int, received_at: int, max_fixes: int, max_bytes: int = 1 << 20
) -> Message:
    """Any message of a device. A frame that can never be accepted is still a Frame, refused whole; its seq is -1 where
    none can be read."""
    try:
        check_size(message, max_bytes)
        if isinstance(message, bytes):
            return decode_columns(message, device, received_at, max_fixes)
        decoded = MESSAGE.decode(message)
        if isinstance(decoded, WireFixes):
            return to_frame(decoded, device, received_at, max_fixes)
        return decoded
    except (msgspec.DecodeError, RecursionError) as error:
        return decode_talk(message) or decode_loosely(message, error, device, received_at, max_fixes)
    except BadFrame as error:
        # A message that is too large is named by its id; it is no frame, and has no seq.
        talk = decode_talk(message) if isinstance(error, FrameTooLarge) else None
        names_id = isinstance(talk, Utterance) or (isinstance(talk, Unreadable) and talk.id is not None)
        return talk if talk and names_id else refuse_whole(message, error, device, received_at)


def decode_talk(message: str | bytes) -> Talk | Unreadable | None:
    """What says of itself that it is no frame of fixes, also where it cannot be read. None: it may be one. What we do
    not know and has a seq is taken for a frame, whose sender waits for an answer that names it."""
    try:
        envelope = ENVELOPE.decode(message)
    except (msgspec.DecodeError, RecursionError):
        return None
    kind = TALK.get(envelope.type) if isinstance(envelope.type, str) else None
    if kind is None:
        is_unknown = isinstance(envelope.type, str) and envelope.type != "fixes" and envelope.seq is None
        return Unreadable(f"there is no message {envelope.type[:40]!r}") if is_unknown else None
    try:
        found: Talk = absent.decode(message, kind)
        return found
    except (msgspec.DecodeError, RecursionError) as error:
        id = envelope.id
        return Unreadable(str(error), id if isinstance(id, str) and len(id) <= LONGEST_ID else None)


def to_frame(wire: WireFixes, device: int, received_at: int, max_fixes: int) -> Frame:
    check_count(len(wire.fixes), max_fixes)
    now = received_at // 1000
    block = find_block(wire.fixes, now) if len(wire.fixes) >= FEW else None
    entries = block or [to_entry(index, fix, now) for index, fix in enumerate(wire.fixes)]
    return Frame(device, wire.seq, received_at, entries, wire.lane == BACKLOG)


def check_count(count: int, max_fixes: int) -> None:
    if count > max_fixes:
        raise TooManyFixes(f"fixes: expected 1 to {max_fixes}, got {count}; split this frame")
    if count < 1:
        raise BadFrame(f"fixes: expected 1 to {max_fixes}, got none")


def check_size(message: str | bytes, max_bytes: int) -> None:
    size = len(message) if isinstance(message, bytes) or message.isascii() else len(message.encode())
    if size > max_bytes:
        raise FrameTooLarge(f"{size} bytes are more than {max_bytes}; split this frame")


def to_entry(index: int, fix: WireFix, now: int) -> Fix | Refusal:
    try:
        return accept(from_datetime(fix.at), fix.lon, fix.lat, now, fix)
    except Refused as refused:
        return Refusal(index, refused.args[0], clip(msgspec.json.encode(fix)))


def decode_loosely(message: str | bytes, error: Exception, device: int, received_at: int, max_fixes: int) -> Frame:
    """The frame is not as it should be: take what can be taken of it."""
    try:
        wire = LOOSE.decode(message)
        check_count(len(wire.fixes), max_fixes)
    except BadFrame as worse:
        return refuse_whole(message, worse, device, received_at)
    except (msgspec.DecodeError, RecursionError):
        return refuse_whole(message, error, device, received_at)
    now = received_at // 1000
    entries = [find_entry(index, raw, now) for index, raw in enumerate(wire.fixes)]
    return Frame(device, wire.seq, received_at, entries, wire.lane == BACKLOG)


def find_entry(index: int, raw: msgspec.Raw, now: int) -> Fix | Refusal:
    text = bytes(raw)
    try:
        return to_entry(index, ONE.decode(text), now)
    except (msgspec.DecodeError, RecursionError):
        pass
    try:
        return retime(index, ANY.decode(text), now)
    except (msgspec.DecodeError, RecursionError, TypeError):
        return Refusal(index, "bad_value", clip(text))
    except (ValueError, OverflowError):  # no such time, or one beyond the years that there are
        return Refusal(index, "bad_time", clip(text))


def retime(index: int, fields: dict[str, Any], now: int) -> Fix | Refusal:
    """A fix whose time only `parse` reads, such as a leap second. ValueError where the time is what is wrong."""
    at = fields.get("at")
    if not isinstance(at, str):
        raise TypeError("at: expected a string")
    fields["at"] = format_ms(parse(at))
    return to_entry(index, msgspec.convert(fields, WireFix), now)


def refuse_whole(message: str | bytes, error: Exception, device: int, received_at: int) -> Frame:
    """Names the seq where one can be read, so that the sender knows which frame to drop."""
    if isinstance(error, msgspec.ValidationError):
        error = BadFrame(str(error))
    elif not isinstance(error, BadFrame):
        error = BadJson()
    said = str(error)[:MOST_SAID]
    return Frame(device, find_seq(message), received_at, [], whole=Refusal(-1, error_code(error), clip(message), said))


def find_seq(message: str | bytes) -> int:
    """-1 where there is none. A broken text is searched for it."""
    if isinstance(message, bytes):
        return int.from_bytes(message[4:8], "little") if len(message) >= 8 and message[0] == KIND else -1
    found = SEQ.search(message, 0, 4_000)
    return int(found[1]) if found else -1


SEQ: Final = re.compile(r'"seq"\s*:\s*(\d{1,15})(?![\d.eE])')


def clip(message: str | bytes) -> str:
    """Text that PostgreSQL takes: no NUL, and no more than is worth looking at. Bytes that are no text as hex."""
    return make_readable(message)[:KEPT_TEXT].replace("\0", "\ufffd")


def make_readable(message: str | bytes) -> str:
    if isinstance(message, str):
        return message
    try:
        return message.decode()  # all of it: a part of it may end within a letter
    except UnicodeDecodeError:
        return message[:KEPT_TEXT].hex()


def encode_welcome(device: str, acked: int, window: int, max_fixes: int, max_bytes: int, heartbeat: int) -> str:
    return encode(
        type="welcome",
        device=device,
        acked=acked,
        window=window,
        max_fixes=max_fixes,
        max_bytes=max_bytes,
        heartbeat=heartbeat,
        version=VERSION,
        server_time=format_ms(now_ms()),
    )


def encode_answer(frame: Frame, outcome: Outcome) -> str:
    """The ack of a frame, or the error where the whole of it was refused."""
    if frame.whole is not None:
        return encode_error(frame.whole.reason, frame.whole.said, frame.seq)
    if not outcome.refusals:
        return (
            f'{{"type":"ack","seq":{frame.seq},"stored":{outcome.stored},'
            f'"duplicate":{outcome.duplicate},"quarantined":[]}}'
        )
    quarantined = [{"index": refusal.index, "reason": refusal.reason} for refusal in outcome.refusals]
    return encode(
        type="ack", seq=frame.seq, stored=outcome.stored, duplicate=outcome.duplicate, quarantined=quarantined
    )


def encode_error(code: str, message: str, seq: int = -1, id: str | None = None) -> str:
    """`seq`: the frame, `id`: the command, that it is about."""
    about = ({"seq": seq} if seq >= 0 else {}) | ({} if id is None else {"id": id})
    return encode(type="error", code=code, message=message, **about)


def encode_command(command: Command) -> str:
    return encode(
        type="command", id=command.id, name=command.name, args=command.args, expires=format_ms(command.expires)
    )


def encode_message_ack(id: str) -> str:
    return encode(type="message_ack", id=id)


def encode_seen(id: str, by: str) -> str:
    """Somebody has seen the alarm of this message."""
    return encode(type="seen", id=id, by=by)


def encode_going_away(after_ms: int) -> str:
    return f'{{"type":"going_away","after_ms":{after_ms}}}'


def encode(**fields: Any) -> str:
    return msgspec.json.encode(fields).decode()
