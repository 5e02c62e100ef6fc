"""Quiet hours, cooldown, grouping, the schedule, the breaker: values in, values out."""

from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest

from tracker.alerts.breaker import AT_ONCE, FIRST_PAUSE, LONGEST_PAUSE, SPACING, TRIPS, Breaker
from tracker.alerts.carriers.verdict import read_answer
from tracker.alerts.matching import is_wished
from tracker.alerts.placing import LARGEST_GROUP, Known, place
from tracker.alerts.quiet import find_quiet_end
from tracker.alerts.schedule import SCHEDULE, next_wait
from tracker.model.channel import Webhook
from tracker.model.delivery import Lane, Parcel
from tracker.model.event import Event
from tracker.model.moment import from_datetime
from tracker.model.subscription import Quiet, Subscription, Wish

ZONE = "Europe/Helsinki"
NIGHT = Quiet(22 * 60, 6 * 60, ZONE)
NOW = from_datetime(datetime(2026, 11, 23, 12, 0, tzinfo=ZoneInfo(ZONE)))


def here(text: str) -> int:
    return from_datetime(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ZONE)))


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-11-23T21:59", None),
        ("2026-11-23T22:00", "2026-11-24T06:00"),
        ("2026-11-24T05:59", "2026-11-24T06:00"),
        ("2026-11-24T06:00", None),
        ("2026-12-31T23:00", "2027-01-01T06:00"),
        ("2026-03-28T23:00", "2026-03-29T06:00"),  # an hour is missing in this night
        ("2026-10-24T23:00", "2026-10-25T06:00"),  # and one is there twice in this
    ],
)
def test_quiet_hours_are_those_of_the_clock_on_the_wall(now: str, until: str | None) -> None:
    assert find_quiet_end(NIGHT, here(now)) == (here(until) if until else None)


@pytest.mark.parametrize(
    ("quiet", "now", "until"),
    [  # UTC. Helsinki puts its clocks on at 01:00 on 28 March and back at 01:00 on 25 October
        (Quiet(22 * 60, 210, ZONE), "2026-03-29T00:50", "2026-03-29T01:00"),  # 03:30 is skipped: they end with it
        (Quiet(22 * 60, 210, ZONE), "2026-03-29T01:00", None),
        (Quiet(22 * 60, 210, ZONE), "2026-10-25T00:20", "2026-10-25T00:30"),  # 03:30 for the first time
        (Quiet(22 * 60, 210, ZONE), "2026-10-25T00:40", None),
        (Quiet(22 * 60, 210, ZONE), "2026-10-25T01:20", "2026-10-25T01:30"),  # and for the second
        (Quiet(0, 0, "America/Santiago"), "2026-09-05T12:00", "2026-09-06T04:00"),  # no midnight in that night
        (Quiet(23 * 60, 30, "America/Santiago"), "2026-09-06T03:30", "2026-09-06T04:00"),
    ],
)
def test_quiet_hours_that_end_while_the_clocks_change(quiet: Quiet, now: str, until: str | None) -> None:
    def at(text: str) -> int:
        return from_datetime(datetime.fromisoformat(text + "+00:00"))

    assert find_quiet_end(quiet, at(now)) == (at(until) if until else None)


def test_quiet_hours_begin_on_certain_days() -> None:
    weekend = msgspec.structs.replace(NIGHT, days=(4, 5))  # the nights from Friday and from Saturday
    assert find_quiet_end(weekend, here("2026-11-28T03:00")) == here("2026-11-28T06:00")  # Saturday morning
    assert find_quiet_end(weekend, here("2026-11-27T03:00")) is None
    assert find_quiet_end(weekend, here("2026-11-29T23:00")) is None
    office = Quiet(7 * 60, 19 * 60, ZONE, (0, 1, 2, 3, 4))
    assert find_quiet_end(office, here("2026-11-23T12:00")) == here("2026-11-23T19:00")
    assert find_quiet_end(office, here("2026-11-22T12:00")) is None
    assert find_quiet_end(Quiet(0, 0, ZONE), here("2026-11-22T12:00")) == here("2026-11-23T00:00")  # all day


def parcel(event: int, detected_s: int = 0, device: str = "van", type: str = "enter", geofence: str = "port") -> Parcel:
    return Parcel(event, 1, device, geofence, type, NOW, NOW + detected_s * 1000, msgspec.Raw(b"%d" % event))


def subscription(**wish: object) -> dict[int, Subscription]:
    return {1: Subscription(1, "s", "", Wish(**wish), Webhook("http://x"), ("s",))}  # type: ignore[arg-type]


def test_cooldown_is_per_device_and_geofence_and_counts_from_what_was_told() -> None:
    parcels = [parcel(1, 0), parcel(2, 30), parcel(3, 30, "bus"), parcel(4, 59), parcel(5, 60), parcel(6, 61)]
    shipments = place(parcels, subscription(cooldown=60), Known(), NOW)
    assert [(shipment.state, shipment.reason) for shipment in shipments] == [
        ("waiting", None),
        ("skipped", "cooldown"),
        ("waiting", None),
        ("skipped", "cooldown"),
        ("waiting", None),
        ("skipped", "cooldown"),
    ]
    known = Known({Lane(1, "van", "port"): NOW})
    back = place([parcel(8, 5, type="retraction")], subscription(cooldown=60), known, NOW)
    assert back[0].state == "waiting", "who was told what is not so has to hear it"
    later = place([parcel(7, 10)], subscription(cooldown=60), Known({Lane(1, "van", "port"): NOW}), NOW)
    assert later[0].state == "skipped"


def test_groups_take_what_comes_until_they_are_full() -> None:
    known = Known()
    parcels = [parcel(n, type="enter" if n else "exit") for n in range(LARGEST_GROUP + 3)]
    first, second = place(parcels, subscription(group=30), known, NOW)
    assert (first.count, first.type, first.not_before - NOW) == (LARGEST_GROUP, "mixed", 30_000)
    assert (second.count, second.type, second.lane) == (3, "enter", Lane(1, "", ""))
    (grown,) = place([parcel(9)], subscription(group=30), known, NOW)
    assert grown is second and grown.count == 4


def test_what_is_held_is_sent_in_the_morning() -> None:
    night = here("2026-11-23T23:00")
    (held,) = place([parcel(1)], subscription(quiet=NIGHT), Known(), night)
    assert (held.state, held.not_before) == ("waiting", here("2026-11-24T06:00"))
    dropping = msgspec.structs.replace(NIGHT, then="drop")
    (dropped,) = place([parcel(1)], subscription(quiet=dropping, cooldown=60), (known := Known()), night)
    assert (dropped.state, dropped.reason, known.told) == ("skipped", "quiet hours", {})
    assert place([parcel(1)], {}, Known(), night) == []


def test_the_schedule_is_that_of_standard_webhooks_with_two_early_steps() -> None:
    waits = [next_wait(attempt, 0.0) for attempt in range(1, 13)]
    assert waits == [5, 20, 60, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400, None]
    assert len(SCHEDULE) == 12 and next_wait(4, 1.0) == 330
    assert next_wait(1, 0.0, retry_after=60) == 60 and next_wait(4, 0.0, retry_after=60) == 300
    assert next_wait(1, 0.0, retry_after=1e12) == 86400


@pytest.mark.parametrize(
    ("status", "is_sent"),
    [(200, True), (204, True), (299, True), (301, False), (410, False), (100, False), (404, False), (500, False)],
)
def test_only_2xx_is_success(status: int, is_sent: bool) -> None:
    assert (read_answer(status, None).result == "sent") is is_sent


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        ("nonsense", None),
        ("-5", None),
        ("9" * 400, 999_999_999),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("", None),
        ("Mon, 99999999999999999999 Jan 2020 00:00:00 GMT", None),
        ("Mon, 01 Jan 99999 00:00:00 GMT", None),
        ("Mon, 01 Jan 2020 00:00:00 +9999999999", None),
        ("\xff\x00", None),
        ("٣", None),
    ],
)
def test_retry_after_is_read_in_both_forms(header: str, seconds: float | None) -> None:
    assert read_answer(503, header).retry_after == seconds


def test_the_breaker_gives_up_probes_and_comes_back() -> None:
    breaker, now = Breaker(), 100.0
    assert breaker.slots(now) == 1, "nobody knows yet whether it answers"
    breaker.start(now)
    assert not breaker.settle(now, True)
    now += SPACING
    assert breaker.slots(now) == AT_ONCE
    for _ in range(TRIPS):
        breaker.start(now)
        assert not breaker.settle(now, False)
        now += SPACING
    assert breaker.is_open and breaker.slots(now) == 0
    now += FIRST_PAUSE
    assert breaker.slots(now) == 1
    breaker.start(now)
    assert breaker.slots(now + 1) == 0, "one probe at a time"
    breaker.settle(now, False)
    assert breaker.slots(now + FIRST_PAUSE) == 0 and breaker.slots(now + 2 * FIRST_PAUSE) == 1
    for _ in range(40):
        breaker.start(now)
        breaker.settle(now, False)
    now += LONGEST_PAUSE
    breaker.start(now)
    assert breaker.settle(now, True), "it is back"
    assert breaker.slots(now + SPACING) == AT_ONCE


def happened(type: str, evidence: bytes = b"{}", at: int = NOW - 10_000) -> Event:
    return Event(9, type, "van", "port", at, NOW, True, 7.0, 43.0, msgspec.Raw(evidence))


def test_a_retraction_goes_to_who_was_told_what_it_takes_back() -> None:
    wrong = happened("retraction", b'{"event":3,"type":"enter"}')
    assert is_wished(Wish(types=frozenset({"enter"})), wrong, frozenset())
    assert is_wished(Wish(types=frozenset({"retraction"})), wrong, frozenset())
    assert not is_wished(Wish(types=frozenset({"exit"})), wrong, frozenset())
    assert is_wished(Wish(max_age=5), wrong, frozenset()) and not is_wished(
        Wish(max_age=5), happened("enter"), frozenset()
    )
