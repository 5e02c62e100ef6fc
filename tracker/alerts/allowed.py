"""What a subscription may still be told: asked when its message is claimed, for rights may have changed by then."""

from typing import Final

import msgspec

from tracker.model.delivery import TEST, Delivery
from tracker.model.sight import Sight, Things
from tracker.store.rights import Rights

NO_LONGER: Final = "no longer allowed"


class About(msgspec.Struct, frozen=True):
    """Of an event in a message: what decides who may be told of it."""

    class Other(msgspec.Struct, frozen=True):
        other: str | None = None

    type: str
    device: str
    geofence: str | None = None
    evidence: Other = Other()


def find_sight(rights: Rights, subscription: int) -> Sight:
    """What the groups see that hold this subscription; where none does, all that is nobody's own."""
    holders = [each for each in rights.groups.values() if subscription in each.subscriptions]
    if not holders:
        return Sight(None, rights.hidden, None, None)
    devices, fences = Things(), Things()
    for each in holders:
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
