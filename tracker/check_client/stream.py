"""Stream: what one client said, over all its connections, held against docs/protocol.md. No clock and no socket."""

import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from tracker.check_client.fixes import MEANT, examine_fix, show
from tracker.check_client.motion import Motion
from tracker.check_client.remark import HINT, LOST, Remark
from tracker.ingest.columns import BYTES_PER_FIX, HEAD
from tracker.ingest.columns import KIND as COLUMNS
from tracker.ingest.frames import TALK, VERSION, Hello, Talk, Unreadable, decode_message
from tracker.ingest.session import MAX_BYTES, MAX_FIXES, WINDOW
from tracker.model.device import SLUG
from tracker.model.fix import Fix, Refusal
from tracker.model.frame import Frame
from tracker.model.moment import DAY_MS

KINDS: Final = ("fixes", *TALK)
KEPT: Final = 200  # frames whose text is remembered, to know one that comes again


class Stream:
    def __init__(self) -> None:
        self.hello: Hello | None = None
        self.is_begun = False  # this connection has said something
        self.was_restarted = False  # a connection of it was ended on purpose
        self.seq = 0  # the highest of this boot
        self.acked = 0
        self.unanswered: set[int] = set()  # of this connection
        self.owed: set[int] = set()  # of earlier ones: not answered, and so to be sent again
        self.frames: dict[int, str | bytes] = {}  # bound: KEPT
        self.motion = Motion()
        self.places: dict[int, tuple[int, int]] = {}  # by `at`; bound: 10 * KEPT

    def begin(self) -> None:
        """A new connection."""
        self.owed |= self.unanswered
        self.unanswered.clear()
        self.is_begun = False

    def hear(self, message: str | bytes, now: int) -> tuple[Frame | Talk | None, list[Remark]]:
        """What it is to the server, and what is to be said of it. `now` in ms."""
        decoded = decode_message(message, 0, now * 1000, MAX_FIXES, MAX_BYTES)
        findings = list(self.examine_order(message, decoded))
        self.is_begun = True
        if isinstance(decoded, Hello):
            findings += self.examine_hello(decoded, message)
            return decoded, findings
        if isinstance(decoded, Unreadable):
            return None, [*findings, Remark("unreadable", f"{describe_type(message)}: {decoded.said}")]
        if isinstance(decoded, Frame):
            findings += self.examine_frame(message, decoded, now)
        return decoded, findings

    def examine_order(self, message: str | bytes, decoded: object) -> Iterator[Remark]:
        if not self.is_begun and not isinstance(decoded, Hello):
            said = 'the first message has to be {"type":"hello","device":"...","boot":"...","version":1} as text'
            yield Remark("no hello", f"{said}; this was {describe_type(message)}")
        if self.is_begun and isinstance(decoded, Hello):
            yield Remark("second hello", "a second hello on one connection: it is answered by an error")

    def examine_hello(self, hello: Hello, message: str | bytes) -> Iterator[Remark]:
        raw = msgspec.json.decode(message)
        before, self.hello = self.hello, hello
        if not SLUG.fullmatch(hello.device):
            yield Remark("device id", f"{hello.device!r} cannot be a device's id: letters, digits, . _ -, 64 at most")
        if raw.get("boot") is None:
            said = (
                "no `boot`: after a reinstall frames that are new would seem stored; draw one, and keep it with `seq`"
            )
            yield Remark("no boot", said, HINT)
        if hello.version != VERSION:
            yield Remark("version", f"`version` is {hello.version}; this contract is {VERSION}", HINT)
        if before is not None and (before.device, before.boot) != (hello.device, hello.boot):
            if self.owed and before.device == hello.device:
                numbers = show_numbers(self.owed)
                said = f"another `boot` while frames {numbers} had no answer: nobody knows what became of them"
                yield Remark("another boot", said, HINT)
            self.seq, self.acked, self.owed, self.frames = 0, 0, set(), {}

    def examine_frame(self, message: str | bytes, frame: Frame, now: int) -> Iterator[Remark]:
        yield from self.examine_seq(message, frame)
        raw = read_json(message)
        if frame.whole is not None:
            yield from examine_whole(message, frame.whole, raw)
        if isinstance(message, bytes):
            yield from examine_columns(message, now)
        elif isinstance(raw, dict):
            lane = raw.get("lane")
            if lane not in (None, "live", "backlog"):
                yield Remark("lane", f"`lane` is {show(lane)}, which is read as live; there are live and backlog", HINT)
            refused = {each.index: each for each in frame.entries if isinstance(each, Refusal)}
            fixes = raw.get("fixes")
            for index, fix in enumerate(fixes[:MAX_FIXES] if isinstance(fixes, list) else []):
                yield from examine_fix(fix, refused.get(index), now)
        for entry in frame.entries:
            if isinstance(entry, Fix):
                yield from self.follow(entry)
            elif isinstance(message, bytes):
                yield Remark(entry.reason, f"fix {entry.index} is quarantined as {entry.reason}")

    def follow(self, fix: Fix) -> Iterator[Remark]:
        place = self.places.setdefault(fix.at, (fix.lon_e7, fix.lat_e7))
        if place != (fix.lon_e7, fix.lat_e7):
            said = "two fixes of one time at two places: the second is quarantined as conflict; `at` needs milliseconds"
            yield Remark("conflict", said)
        if len(self.places) > 10 * KEPT:
            del self.places[next(iter(self.places))]
        yield from self.motion.follow(fix)

    def examine_seq(self, message: str | bytes, frame: Frame) -> Iterator[Remark]:
        seq = frame.seq
        if seq < 0:
            return
        if seq in self.frames and self.frames[seq] != message:
            yield Remark("same seq", f"`seq` {seq} came twice with different content: each frame needs its own")
        elif seq in self.frames and seq not in self.owed:
            yield Remark("sent twice", f"frame {seq} was answered and came again: it is stored once", HINT)
        elif seq not in self.owed and seq != self.seq + 1:
            yield Remark("seq", describe_jump(self.seq, seq))
        self.owed.discard(seq)
        self.seq = max(self.seq, seq)
        self.frames[seq] = message
        if len(self.frames) > KEPT:
            del self.frames[next(iter(self.frames))]
        self.unanswered.add(seq)
        if len(self.unanswered) > WINDOW:
            said = f"{len(self.unanswered)} frames without an answer: {WINDOW} may be, then the server closes with 4503"
            yield Remark("window", said)

    def answer(self, seq: int) -> None:
        self.unanswered.discard(seq)
        if seq == self.acked + 1:
            self.acked = seq

    def settle(self) -> Iterator[Remark]:
        """At the end: what was never sent again."""
        if lost := {seq for seq in self.owed if seq > self.acked}:
            said = f"frames {show_numbers(lost)} had no answer when a connection ended, and never came again: lost"
            yield Remark("not sent again", said)


def describe_jump(before: int, seq: int) -> str:
    if before == 0:
        return f"the first `seq` of a boot is 1, this was {seq}: `acked` stays 0"
    return f"`seq` went from {before} to {seq}, and not to {before + 1}: `acked` stops at a gap"


def examine_whole(message: str | bytes, refusal: Refusal, raw: Any) -> Iterator[Remark]:
    """The frame as a whole was refused."""
    if isinstance(message, bytes) and message.lstrip()[:1] in (b"{", b"["):
        yield Remark("JSON as binary", "JSON was sent as a binary message: send it as text (opcode 1)")
        return
    if isinstance(raw, list):
        yield Remark("array", 'an array came: a frame is an object, {"type":"fixes","seq":1,"fixes":[...]}')
        return
    if isinstance(raw, dict) and "type" not in raw:
        bare = any(MEANT.get(name.lower(), name) in ("lon", "lat") for name in raw)
        what = "a bare fix: put it into `fixes` of a frame" if bare else "no `type`"
        yield Remark("no type", f'{what}. A frame is {{"type":"fixes","seq":1,"fixes":[...]}}')
        return
    if isinstance(raw, dict) and raw.get("type") not in KINDS:
        yield Remark("type", f"`type` is {show(raw['type'])}: a device sends {', '.join(map(str, KINDS))}")
        return
    split = " (split it; never send it again as it is)" if refusal.reason.startswith("too_") else ""
    yield Remark(f"whole {refusal.said[:40]}", f"refused as {refusal.reason}: {refusal.said}{split}")


def examine_columns(message: bytes, now: int) -> Iterator[Remark]:
    if len(message) < HEAD.size or message[0] != COLUMNS:
        return
    swapped = int.from_bytes(message[2:4], "big")
    _, flags, count, _, base = HEAD.unpack_from(message)
    is_long = len(message) == HEAD.size + BYTES_PER_FIX * count
    if not is_long and len(message) == HEAD.size + BYTES_PER_FIX * swapped:
        yield Remark("big-endian", "read big-endian the count would be right: all numbers are little-endian")
    elif is_long and 0 < base < 1e11 and abs(base - now / 1000) < 10 * DAY_MS / 1000 * 365:
        yield Remark("base in seconds", "the base time is in seconds; expected milliseconds since 1970")
    if flags & ~1:
        yield Remark("flags", f"flags are {flags}: only bit 0, backlog, means something; keep the others 0", LOST)


def describe_type(message: str | bytes) -> str:
    if isinstance(message, bytes):
        return f"a binary message of {len(message)} bytes"
    raw = read_json(message)
    kind = raw.get("type") if isinstance(raw, dict) else None
    return f"a message of type {show(kind)}" if kind is not None else f"the text {message[:40]!r}"


def read_json(message: str | bytes) -> Any:
    if isinstance(message, bytes):
        return None
    try:
        return msgspec.json.decode(message)
    except (msgspec.DecodeError, RecursionError):
        return None


def show_numbers(numbers: set[int]) -> str:
    text = ", ".join(map(str, sorted(numbers)[:10]))
    return text + (", ..." if len(numbers) > 10 else "")


HEX: Final = re.compile(r"(?:[0-9a-fA-F]{2}\s*){8,}")


def read_line(line: str) -> str | bytes:
    """A recorded message: text as it is, binary as hex digits."""
    return bytes.fromhex(line) if HEX.fullmatch(line) else line
