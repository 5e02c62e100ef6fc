"""Wording: what a message says to people, the same by every channel that reaches people."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Final

import msgspec

from tracker.alerts.carriers.notice import Notice
from tracker.geo.towns import say_near
from tracker.model.clock import zone_of
from tracker.model.names import Names

LISTED: Final = 20  # events of a storm that are told one by one
LATE_S: Final = 300.0  # s from the event until it was found out; below that nobody needs to be told
OLD_S: Final = 60.0  # s; a place older than that is said to be old
LONGEST_NAME: Final = 80  # characters

SAID: Final[Mapping[str, str]] = {
    "enter": "{device} entered {geofence}",
    "exit": "{device} left {geofence}",
    "cross": "{device} passed through {geofence}",
    "dwell": "{device} has been in {geofence}{dwell}",
    "speeding": "{device} was too fast in {geofence}{speed}",
    "offline": "{device} is offline{silent}",
    "online": "{device} is online again",
    "near": "{device} is near {other}",
    "apart": "{device} and {other} are apart again",
    "battery_low": "The battery of {device} is low{battery}",
    "frozen": "{device} repeats an old place{same}",
    "silent": "Is {device} all right? It is unusually silent{silent}",
    "moving": "{device} has set out",
    "stopped": "{device} has stopped",
    "moved": "{device} was moved while parked{way}",
    "sos": "{device} calls for help{age}",
    "absent": "{device} was not in {geofence}{until}",
    "test": "A test: alerts arrive here",
}
DENIED: Final[Mapping[str, str]] = {
    "enter": "{device} did not enter {geofence}",
    "exit": "{device} did not leave {geofence}",
    "cross": "{device} did not pass through {geofence}",
    "dwell": "{device} did not stay in {geofence}",
    "speeding": "{device} was not too fast in {geofence}",
}
COUNTED: Final[Mapping[str, str]] = {
    "enter": "entered",
    "exit": "left",
    "cross": "passed through",
    "dwell": "stayed",
    "speeding": "too fast",
    "near": "near each other",
    "apart": "apart again",
    "battery_low": "battery low",
    "frozen": "place repeated",
    "silent": "unusually silent",
    "moving": "set out",
    "stopped": "stopped",
    "moved": "moved while parked",
    "retraction": "corrected",
    "sos": "called for help",
    "absent": "not there",
}


class Figures(msgspec.Struct, frozen=True):
    """What of an event's evidence people are told. Seconds, metres per second."""

    event: int | None = None
    type: str | None = None
    other: str | None = None
    dwell_s: float | None = None
    limit: float | None = None
    peak: float | None = None
    silent_s: float | None = None
    distance: float | None = None
    until: datetime | None = None
    unknown: bool = False
    battery: float | None = None
    same: int | None = None
    empty_since: str | None = None
    text: str | None = None
    age_s: float | None = None


class WordedEvent(msgspec.Struct, frozen=True):
    """An event as it is in a delivery. Lenient: an older or a newer server may have written it."""

    id: int
    type: str = ""
    device: str = ""
    geofence: str | None = None
    at: datetime = datetime.fromtimestamp(0, UTC)
    detected_at: datetime = datetime.fromtimestamp(0, UTC)
    late: bool = False
    lon: float | None = None
    lat: float | None = None
    evidence: msgspec.Raw = msgspec.Raw(b"{}")


class Wording(msgspec.Struct, frozen=True):
    """`title` is one line, `lines` tell it in order; none of them holds a control character."""

    title: str
    lines: tuple[str, ...]


def make_wording(message: Notice) -> Wording:
    events = read_events(message)
    if not events:
        return Wording(f"{message.delivery.count} events that this server cannot read", ())
    zone = find_zone(message)
    if len(events) == 1:
        (event,) = events
        return Wording(sentence(event, message.names, zone), tuple(_details(message, event, zone)))
    listed = [f"{_time(each.at, zone)}  {_short(each, message.names, zone)}" for each in events[:LISTED]]
    rest = [f"and {len(events) - LISTED} more"] if len(events) > LISTED else []
    return Wording(_summary(events, message.names), (*listed, *rest))


def read_events(message: Notice) -> list[WordedEvent]:
    """The oldest first; none where a newer server wrote them: who is told of something can look it up, who is not told
    cannot."""
    try:
        return msgspec.json.decode(message.delivery.body, type=list[WordedEvent])
    except msgspec.DecodeError:
        return []


def find_only(events: Sequence[WordedEvent]) -> int | None:
    """The number of the event, where it is one alone and one that was stored; None for several, and for a test."""
    return events[0].id or None if len(events) == 1 else None


def find_zone(message: Notice) -> tzinfo:
    """The reader's: what the subscription says, else that of its quiet hours, else none."""
    wish = message.subscription.wish
    named = wish.zone or (wish.quiet.zone if wish.quiet else None)
    return zone_of(named) if named else UTC


def say_place(message: Notice, event: WordedEvent) -> str:
    """`2 km north of Limerick`; nothing where no town is known near it."""
    town = message.find_town(event.lon, event.lat)
    if town is None or event.lon is None or event.lat is None:
        return ""
    return one_line(say_near(town, event.lon, event.lat))


def say_time(message: Notice, event: WordedEvent) -> str:
    """By the reader's clocks, and by those of where it happened, should they show another hour."""
    zone = find_zone(message)
    told = _time(event.at, zone)
    town = message.find_town(event.lon, event.lat)
    if town is None:
        return told
    try:
        there = event.at.astimezone(zone_of(town.zone))
    except ValueError:  # a zone this system has no clocks of
        return told
    if there.utcoffset() == event.at.astimezone(zone).utcoffset():
        return told
    return f"{told} ({there:%H:%M %Z} there)"


def sentence(event: WordedEvent, names: Names, zone: tzinfo = UTC) -> str:
    """What happened, in a few words; `zone`: the reader's."""
    evidence = read_figures(event)
    form = SAID.get(event.type, "{device}: {type} {geofence}" if event.geofence else "{device}: {type}")
    if event.type == "retraction":
        form = DENIED.get(evidence.type or "", "A correction for {device}") + " after all"
    if event.type == "absent" and evidence.unknown:
        form = "Nobody knows whether {device} was in {geofence}{until}: it says nothing"
    return form.format(
        device=one_line(names.device(event.device)) or "A device",
        geofence=one_line(names.geofence(event.geofence or "")) or "a geofence",
        other=one_line(names.device(evidence.other or "")) or "another device",
        dwell=f" for {duration(evidence.dwell_s)}" if evidence.dwell_s else "",
        speed=_speed(evidence),
        age=f"; the place is {duration(evidence.age_s)} old" if evidence.age_s and evidence.age_s > OLD_S else "",
        until=f" by {evidence.until.astimezone(zone):%H:%M}" if evidence.until else "",
        silent=_silence(evidence),
        way=f": {evidence.distance:.0f} m" if evidence.distance else "",
        battery=f": {evidence.battery:.0%}" if evidence.battery is not None else "",
        same=f", the same in {evidence.same} fixes" if evidence.same else "",
        type=one_line(event.type),
    )


def read_figures(event: WordedEvent) -> Figures:
    try:
        return msgspec.json.decode(event.evidence, type=Figures)
    except msgspec.ValidationError:  # another server's: the sentence does without
        return Figures()


def duration(seconds: float) -> str:
    """As 45 s, 10 min, 2 h 3 min or 3 d 4 h."""
    whole = round(seconds)
    for big, small, size, part in (("d", "h", 86_400, 3_600), ("h", "min", 3_600, 60), ("min", "s", 60, 1)):
        if whole >= size:
            rest = whole % size // part
            return f"{whole // size} {big}" + (f" {rest} {small}" if rest else "")
    return f"{whole} s"


def one_line(text: str) -> str:
    """A name as it can stand in a line: no control characters, no marks that turn the writing round."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(shown.split())[:LONGEST_NAME]


def _details(message: Notice, event: WordedEvent, zone: tzinfo) -> list[str]:
    if event.type == "test":
        return ["Nothing happened. Somebody wished to see whether alerts arrive."]
    where = "at an unknown place"
    if event.lat is not None and event.lon is not None:
        where = f"at {event.lat:.5f}, {event.lon:.5f} (latitude, longitude)"
    near = say_place(message, event)
    lines = [f"{say_time(message, event)}, {f'{near}, ' if near else ''}{where}."]
    if event.type == "sos" and (text := read_figures(event).text):
        lines.append(f"It says: {text}")
    if event.type == "retraction" and (wrong := read_figures(event).event):
        lines.append(f"Event {wrong} said otherwise. It was wrong, as fixes show that came after it.")
    if _is_late(event):
        passed = duration((event.detected_at - event.at).total_seconds())
        lines.append(f"This is told late: found out {passed} after it happened, {_time(event.detected_at, zone)}.")
    return [*lines, f"Event {event.id}."]


def _short(event: WordedEvent, names: Names, zone: tzinfo) -> str:
    late = ", told late" if _is_late(event) else ""
    return f"{sentence(event, names, zone)} (event {event.id}{late})"


def _summary(events: Sequence[WordedEvent], names: Names) -> str:
    counts = Counter(event.type for event in events).most_common()
    shown = ", ".join(f"{count} {COUNTED.get(type, one_line(type))}" for type, count in counts)
    devices = {event.device for event in events}
    who = one_line(names.device(devices.pop())) if len(devices) == 1 else f"{len(devices)} devices"
    return f"{len(events)} events of {who}: {shown}"


def _is_late(event: WordedEvent) -> bool:
    return event.late or (event.detected_at - event.at).total_seconds() > LATE_S


def _speed(evidence: Figures) -> str:
    if evidence.peak is None or evidence.limit is None:
        return ""
    return f": {evidence.peak * 3.6:.0f} km/h where {evidence.limit * 3.6:.0f} are allowed"


def _silence(evidence: Figures) -> str:
    if not evidence.silent_s:
        return ""
    empty = "; its battery is probably empty" if evidence.empty_since else ""
    return f": nothing came for {duration(evidence.silent_s)}{empty}"


def _time(moment: datetime, zone: tzinfo) -> str:
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S %Z")
