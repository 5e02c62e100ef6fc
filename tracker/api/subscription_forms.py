"""Subscriptions as they are written in JSON: read, held against their limits, and shown."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec

from tracker.api.channel_forms import ChannelForm, show_channel
from tracker.api.edge import Slug, clean
from tracker.errors import Invalid
from tracker.model.clock import DAYS, Day, format_clock, parse_clock, zone_of
from tracker.model.device import ERASED
from tracker.model.sight import Sight
from tracker.model.subscription import Quiet, Subscription, Wish
from tracker.words.languages import Language

Type = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_.-]{0,63}$")]
Seconds = Annotated[int, msgspec.Meta(ge=0, le=7 * 86_400)]


class QuietHours(msgspec.Struct, frozen=True):
    """Every day `from` `to` (`22:00`) by the clocks of `zone` (`Europe/Helsinki`), or on the `days` it starts.

    `then`: `hold` sends what came in the meantime when they end, `drop` does not.
    """

    from_: str = msgspec.field(name="from")
    to: str
    zone: str
    days: list[Day] | None = None
    then: Literal["hold", "drop"] = "hold"


class SubscriptionChange(msgspec.Struct, frozen=True):
    """What is absent stays. An empty list: all; `quiet` false: none; `cooldown`, `group`, `max_age` in seconds;
    `zone`: by whose clocks times are told in words (`Europe/Helsinki`), an empty one: UTC. `language`: in which they
    are written; an empty one: that of the reader, else of who made it."""

    name: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    types: Annotated[list[Type], msgspec.Meta(max_length=50)] | None = None
    geofences: Annotated[list[Slug], msgspec.Meta(max_length=1000)] | None = None
    devices: Annotated[list[Slug], msgspec.Meta(max_length=1000)] | None = None
    categories: (
        Annotated[list[Annotated[str, msgspec.Meta(min_length=1, max_length=64)]], msgspec.Meta(max_length=100)] | None
    ) = None
    quiet: QuietHours | bool | None = None
    cooldown: Seconds | None = None
    group: Annotated[int, msgspec.Meta(ge=0, le=3600)] | None = None
    max_age: Seconds | None = None
    zone: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    channel: ChannelForm | None = None
    enabled: bool | None = None
    language: Language | Literal[""] | None = None


class NewSubscription(SubscriptionChange, frozen=True):
    """Only `channel` is required. Without filters it is for all events. `in_group`, or a `group` that is a name and no
    number: which group of people it is put into; needed from a manager of several. `personal`: nobody's but one's own,
    by `webpush` or by `email` to one's own address; so is whatever one makes who manages no group."""

    id: Slug | None = None
    group: Annotated[int, msgspec.Meta(ge=0, le=3600)] | Slug | None = None  # type: ignore[assignment]
    in_group: Slug | None = None
    personal: bool | None = None


def read_group(new: NewSubscription) -> tuple[NewSubscription, str | None]:
    """The wish with its seconds alone, and the group it is to be in."""
    if isinstance(new.group, str):
        return msgspec.structs.replace(new, group=None), new.group
    return new, new.in_group


class SubscriptionAnswer(msgspec.Struct, frozen=True):
    """`secret` is there when it was just made, and never again; `reason` says why the server disabled it; `language` is
    the one that was set, null for none."""

    id: str
    name: str
    enabled: bool
    reason: str | None
    types: list[str] | None
    geofences: list[str] | None
    devices: list[str] | None
    categories: list[str] | None
    quiet: QuietHours | None
    cooldown: int
    group: int
    max_age: int
    channel: ChannelForm
    zone: str | None = None
    personal: bool = False
    language: str | None = None
    secret: str | msgspec.UnsetType = msgspec.UNSET


def change_wish(wish: Wish, change: SubscriptionChange, sight: Sight) -> Wish:
    """What its writer does not see, and so could not name, stays in a list that is given anew."""
    names = ("types", "geofences", "devices", "categories")
    filters = {name: _filter(name, getattr(change, name), getattr(wish, name)) for name in names}
    for name, sees in (("devices", sight.sees_device), ("geofences", sight.sees_fence)):
        if (given := filters[name]) is not None:
            filters[name] = given | {each for each in getattr(wish, name) or () if not sees(each)}
    numbers: dict[str, Any] = {
        name: given for name in ("cooldown", "group", "max_age") if (given := getattr(change, name)) is not None
    }
    if change.zone:
        _check_zone(change.zone, "zone")
    zone = wish.zone if change.zone is None else change.zone or None
    return msgspec.structs.replace(wish, **filters, **numbers, quiet=_make_quiet(change.quiet, wish.quiet), zone=zone)


def shown(subscription: Subscription, sight: Sight, secret: str | None = None) -> SubscriptionAnswer:
    """Naming the devices and geofences its reader sees."""
    wish = subscription.wish
    return SubscriptionAnswer(
        subscription.id,
        subscription.name,
        subscription.enabled,
        subscription.reason,
        _list_names(wish.types),
        _list_seen(wish.geofences, sight.sees_fence),
        _list_seen(wish.devices, sight.sees_device),
        _list_names(wish.categories),
        _hours(wish.quiet) if wish.quiet else None,
        wish.cooldown,
        wish.group,
        wish.max_age,
        show_channel(subscription.channel),
        wish.zone,
        subscription.person is not None,
        subscription.chosen,
        secret or msgspec.UNSET,
    )


def _filter(name: str, given: list[str] | None, kept: frozenset[str] | None) -> frozenset[str] | None:
    if given is None:
        return kept
    return frozenset(clean(each, name) for each in given) or None


def _list_seen(filter: frozenset[str] | None, sees: Callable[[str], bool]) -> list[str] | None:
    """Where none is left a word stands for the others: an empty list would mean all."""
    return None if filter is None else sorted(each for each in filter if sees(each)) or [ERASED]


def _list_names(filter: frozenset[str] | None) -> list[str] | None:
    return None if filter is None else sorted(filter)


def _make_quiet(given: QuietHours | bool | None, kept: Quiet | None) -> Quiet | None:
    if given is None:
        return kept
    if given is True:
        raise Invalid("quiet: from when to when?", field="quiet")
    if given is False:
        return None
    _check_zone(given.zone, "quiet.zone")
    start, end = _minute(given.from_, "quiet.from"), _minute(given.to, "quiet.to")
    days = tuple(sorted({DAYS.index(day) for day in given.days})) if given.days else None
    return Quiet(start, end, given.zone, days, given.then)


def _check_zone(name: str, field: str) -> None:
    try:
        zone_of(name)
    except ValueError:
        raise Invalid(f"{field}: not a time zone as Europe/Helsinki is one", field=field) from None


def _minute(text: str, field: str) -> int:
    try:
        return parse_clock(text)
    except ValueError as error:
        raise Invalid(f"{field}: {error}", field=field) from None


def _hours(quiet: Quiet) -> QuietHours:
    days: list[Any] | None = [DAYS[day] for day in quiet.days] if quiet.days is not None else None
    return QuietHours(format_clock(quiet.start), format_clock(quiet.end), quiet.zone, days, quiet.then)
