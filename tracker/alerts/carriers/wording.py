"""Wording: what a message says to people, the same by every channel that reaches people."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from typing import Final, NamedTuple

import msgspec

from tracker.alerts.carriers.notice import Notice
from tracker.geo.towns import say_near
from tracker.model.clock import zone_of
from tracker.model.names import Names
from tracker.words.en import ENGLISH
from tracker.words.languages import find_words
from tracker.words.phrases import Phrases

LISTED: Final = 20  # events of a storm that are told one by one
LATE_S: Final = 300.0  # s from the event until it was found out; below that nobody needs to be told
OLD_S: Final = 60.0  # s; a place older than that is said to be old
LONGEST_NAME: Final = 80  # characters


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


class Addressee(NamedTuple):
    """Who is told: in which words, and by which clocks."""

    words: Phrases
    zone: tzinfo


class Wording(msgspec.Struct, frozen=True):
    """`title` is one line, `lines` tell it in order; none of them holds a control character."""

    title: str
    lines: tuple[str, ...]


def make_wording(message: Notice) -> Wording:
    events, reader = read_events(message), find_addressee(message)
    words = reader.words
    if not events:
        return Wording(words.unreadable.format(count=message.delivery.count), ())
    if len(events) == 1:
        (event,) = events
        return Wording(sentence(event, message.names, reader), tuple(_details(message, event, reader)))
    listed = [f"{_time(each.at, reader.zone)}  {_short(each, message.names, reader)}" for each in events[:LISTED]]
    rest = [words.more.format(count=len(events) - LISTED)] if len(events) > LISTED else []
    return Wording(_summary(events, message.names, words), (*listed, *rest))


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


def find_addressee(message: Notice) -> Addressee:
    """The zone is what the subscription says, else that of its quiet hours, else none."""
    wish = message.subscription.wish
    named = wish.zone or (wish.quiet.zone if wish.quiet else None)
    return Addressee(find_words(message.subscription.language), zone_of(named) if named else UTC)


def say_place(message: Notice, event: WordedEvent) -> str:
    """`2 km north of Limerick`; nothing where no town is known near it."""
    town = message.find_town(event.lon, event.lat)
    if town is None or event.lon is None or event.lat is None:
        return ""
    return one_line(say_near(town, event.lon, event.lat, find_addressee(message).words))


def say_time(message: Notice, event: WordedEvent) -> str:
    """By the reader's clocks, and by those of where it happened, should they show another hour."""
    words, zone = find_addressee(message)
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
    return words.there.format(moment=told, clock=f"{there:%H:%M %Z}")


def sentence(event: WordedEvent, names: Names, reader: Addressee) -> str:
    """What happened, in a few words."""
    evidence, (words, zone) = read_figures(event), reader
    form = words.said.get(event.type, words.other_in if event.geofence else words.other)
    if event.type == "retraction":
        form = words.after_all.format(what=words.denied.get(evidence.type or "", words.correction))
    if event.type == "absent" and evidence.unknown:
        form = words.unknown
    old = evidence.age_s if evidence.age_s and evidence.age_s > OLD_S else None
    return form.format(
        device=one_line(names.device(event.device)) or words.a_device,
        geofence=one_line(names.geofence(event.geofence or "")) or words.a_geofence,
        other=one_line(names.device(evidence.other or "")) or words.another,
        dwell=words.dwell.format(time=duration(evidence.dwell_s, words)) if evidence.dwell_s else "",
        speed=_speed(evidence, words),
        age=words.old.format(time=duration(old, words)) if old else "",
        until=words.until.format(clock=f"{evidence.until.astimezone(zone):%H:%M}") if evidence.until else "",
        silent=_silence(evidence, words),
        way=words.way.format(metres=f"{evidence.distance:.0f}") if evidence.distance else "",
        battery=words.battery.format(percent=f"{evidence.battery * 100:.0f}") if evidence.battery is not None else "",
        same=words.same.format(count=evidence.same) if evidence.same else "",
        type=one_line(event.type),
    )


def read_figures(event: WordedEvent) -> Figures:
    try:
        return msgspec.json.decode(event.evidence, type=Figures)
    except msgspec.ValidationError:  # another server's: the sentence does without
        return Figures()


def duration(seconds: float, words: Phrases = ENGLISH) -> str:
    """As 45 s, 10 min, 2 h 3 min or 3 d 4 h."""
    whole = round(seconds)
    days, hours, minutes, second = words.units
    for big, small, size, part in ((days, hours, 86_400, 3_600), (hours, minutes, 3_600, 60), (minutes, second, 60, 1)):
        if whole >= size:
            rest = whole % size // part
            return f"{whole // size} {big}" + (f" {rest} {small}" if rest else "")
    return f"{whole} {second}"


def one_line(text: str) -> str:
    """A name as it can stand in a line: no control characters, no marks that turn the writing round."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(shown.split())[:LONGEST_NAME]


def _details(message: Notice, event: WordedEvent, reader: Addressee) -> list[str]:
    words, zone = reader
    if event.type == "test":
        return [words.tested]
    where = words.nowhere
    if event.lat is not None and event.lon is not None:
        where = words.somewhere.format(lat=f"{event.lat:.5f}", lon=f"{event.lon:.5f}")
    near = say_place(message, event)
    lines = [f"{say_time(message, event)}, {f'{near}, ' if near else ''}{where}."]
    if event.type == "sos" and (text := read_figures(event).text):
        lines.append(words.text.format(text=text))
    if event.type == "retraction" and (wrong := read_figures(event).event):
        lines.append(words.wrong.format(event=wrong))
    if _is_late(event):
        passed = duration((event.detected_at - event.at).total_seconds(), words)
        lines.append(words.late.format(time=passed, moment=_time(event.detected_at, zone)))
    return [*lines, words.number.format(event=event.id)]


def _short(event: WordedEvent, names: Names, reader: Addressee) -> str:
    late = reader.words.told_late if _is_late(event) else ""
    return reader.words.short.format(what=sentence(event, names, reader), event=event.id, late=late)


def _summary(events: Sequence[WordedEvent], names: Names, words: Phrases) -> str:
    counts = Counter(event.type for event in events).most_common()
    shown = ", ".join(f"{count} {words.counted.get(type, one_line(type))}" for type, count in counts)
    devices = {event.device for event in events}
    several = words.devices.format(count=len(devices))
    who = one_line(names.device(devices.pop())) if len(devices) == 1 else several
    return words.summary.format(count=len(events), who=who, what=shown)


def _is_late(event: WordedEvent) -> bool:
    return event.late or (event.detected_at - event.at).total_seconds() > LATE_S


def _speed(evidence: Figures, words: Phrases) -> str:
    if evidence.peak is None or evidence.limit is None:
        return ""
    return words.speed.format(peak=f"{evidence.peak * 3.6:.0f}", limit=f"{evidence.limit * 3.6:.0f}")


def _silence(evidence: Figures, words: Phrases) -> str:
    if not evidence.silent_s:
        return ""
    empty = words.empty if evidence.empty_since else ""
    return words.silence.format(time=duration(evidence.silent_s, words)) + empty


def _time(moment: datetime, zone: tzinfo) -> str:
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S %Z")
