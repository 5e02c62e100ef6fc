"""What a subscription may still be told: asked when its message is claimed, for rights may have changed by then."""

from collections.abc import Iterable
from typing import Final

import msgspec

from tracker.model.delivery import TEST, Delivery
from tracker.model.sight import Sight, Things
from tracker.model.subscription import Subscription
from tracker.store.rights import Contents, Rights

NO_LONGER: Final = "no longer allowed"


class About(msgspec.Struct, frozen=True):
    """Of an event in a message: what decides who may be told of it."""

    class Other(msgspec.Struct, frozen=True):
        other: str | None = None

    type: str
    device: str
    geofence: str | None = None
    evidence: Other = Other()


def find_sight(rights: Rights, subscription: Subscription) -> Sight:
    """What its person sees, or what the groups see that hold this subscription; where none does, all that is nobody's
    own. The person is asked of the subscription and not of the rights: those may not know it yet, or no longer."""
    if subscription.person is not None:
        return _find_sight_of_person(rights, subscription.person)
    holders = [each for each in rights.groups.values() if subscription.key in each.subscriptions]
    return _join(holders, Things()) if holders else Sight(None, rights.hidden, None, None)


def _find_sight_of_person(rights: Rights, person: int) -> Sight:
    """Of one who is gone by now: nothing."""
    own = rights.own.get(person, Things())
    if person in rights.owners:
        return Sight(None, rights.hidden.without(own), None, None)
    return _join([rights.groups[each] for each in rights.members.get(person, {}) if each in rights.groups], own)


def _join(groups: Iterable[Contents], own: Things) -> Sight:
    devices, fences = own, Things()
    for each in groups:
        devices, fences = devices.join(each.devices), fences.join(each.fences)
    return Sight(devices, Things(), fences)


def keep_allowed(sight: Sight, delivery: Delivery) -> Delivery | None:
    """The message with the events that this sight sees; None: there are none left."""
    if sight.is_all:
        return delivery
    events = msgspec.json.decode(delivery.body, type=list[msgspec.Raw])
    kept = [each for each in events if is_allowed(sight, msgspec.json.decode(each, type=About))]
    if len(kept) == len(events):
        return delivery
    body = msgspec.Raw(msgspec.json.encode(kept))
    return msgspec.structs.replace(delivery, body=body, count=len(kept)) if kept else None


def is_allowed(sight: Sight, event: About) -> bool:
    return event.type == TEST or sight.sees_all_of(event.device, event.evidence.other, event.geofence)
