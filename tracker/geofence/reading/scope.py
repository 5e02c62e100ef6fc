"""The properties that say to whom a geofence applies, and when, become a Scope, or are refused by name."""

import re
from typing import Annotated, Final

import msgspec

from tracker.errors import Invalid
from tracker.model.clock import DAYS, Day, parse_clock, zone_of
from tracker.model.device import is_slug
from tracker.model.geofence import EVERYWHERE, Expectation, Hours, Scope, Window
from tracker.model.moment import parse

MOST_DEVICES: Final = 1000
CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


class ActiveWindow(msgspec.Struct, frozen=True):
    """`from` `to` (`08:00`), every day or on the `days` it starts; where `to` is not later, it ends the next day."""

    from_: str = msgspec.field(name="from")
    to: str
    days: Annotated[list[Day], msgspec.Meta(min_length=1, max_length=7)] | None = None


class Active(msgspec.Struct, frozen=True):
    """In any of the `windows`, by the clocks of `zone` (`Europe/Helsinki`)."""

    zone: str
    windows: Annotated[list[ActiveWindow], msgspec.Meta(min_length=1, max_length=100)]


class ScopeProperties(msgspec.Struct, frozen=True):
    """What is absent limits nothing; where several are given, all have to hold."""

    enabled: bool = True
    active: Active | None = None
    expires: str | None = None
    devices: Annotated[list[str], msgspec.Meta(min_length=1, max_length=MOST_DEVICES)] | None = None
    categories: (
        Annotated[
            list[Annotated[str, msgspec.Meta(min_length=1, max_length=64)]], msgspec.Meta(min_length=1, max_length=100)
        ]
        | None
    ) = None


class Expected(msgspec.Struct, frozen=True):
    """These `devices` are to be inside between `from` and `by` (`08:15`) by the clocks of `zone`, every day or on the
    `days` on which it begins; where `by` is not later than `from`, it is the next day's."""

    devices: Annotated[list[str], msgspec.Meta(min_length=1, max_length=MOST_DEVICES)]
    by: str
    zone: str
    from_: str = msgspec.field(name="from", default="00:00")
    days: Annotated[list[Day], msgspec.Meta(min_length=1, max_length=7)] | None = None


def expectations_of(given: list[Expected] | None) -> tuple[Expectation, ...]:
    """Invalid names the property."""
    return tuple(_expectation(each, f"expect[{i}]") for i, each in enumerate(given or ()))


def _expectation(given: Expected, where: str) -> Expectation:
    _zone(given.zone, f"{where}.zone")
    window = _window(ActiveWindow(given.from_, given.by, given.days), where, end="by")
    return Expectation(_devices(given.devices, f"{where}.devices"), window, given.zone)


def scope_of(given: ScopeProperties) -> Scope:
    """Invalid names the property."""
    scope = Scope(
        enabled=given.enabled,
        hours=None if given.active is None else _hours(given.active),
        expires=None if given.expires is None else _expires(given.expires),
        devices=None if given.devices is None else _devices(given.devices),
        categories=None if given.categories is None else _categories(given.categories),
    )
    return EVERYWHERE if scope == EVERYWHERE else scope  # the one object: `applies` asks for it by identity


def _hours(given: Active) -> Hours:
    _zone(given.zone, "active.zone")
    return Hours(given.zone, tuple(_window(each, f"active.windows[{i}]") for i, each in enumerate(given.windows)))


def _zone(name: str, where: str) -> None:
    try:
        zone_of(name)
    except ValueError as error:
        raise _invalid(where, str(error)) from None


def _window(given: ActiveWindow, where: str, end: str = "to") -> Window:
    days = tuple(range(7)) if given.days is None else tuple(sorted({DAYS.index(day) for day in given.days}))
    return Window(days, _minute(given.from_, f"{where}.from"), _minute(given.to, f"{where}.{end}"))


def _minute(text: str, where: str) -> int:
    try:
        return parse_clock(text)
    except ValueError as error:
        raise _invalid(where, str(error)) from None


def _expires(text: str) -> int:
    try:
        return parse(text)
    except (ValueError, OverflowError):
        raise _invalid("expires", "not a time of RFC 3339 with an offset") from None


def _devices(given: list[str], where: str = "devices") -> frozenset[str]:
    for index, id in enumerate(given):
        if not is_slug(id):
            raise _invalid(f"{where}[{index}]", "not an id of a device: 1 to 64 letters, digits, '.', '_' or '-'")
    return frozenset(given)


def _categories(given: list[str]) -> frozenset[str]:
    for index, category in enumerate(given):
        if CONTROL.search(category):
            raise _invalid(f"categories[{index}]", "control characters are not allowed")
    return frozenset(given)


def _invalid(where: str, reason: str) -> Invalid:
    return Invalid(f"properties.{where}: {reason}", field=f"properties.{where}")
