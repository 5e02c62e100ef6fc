"""Placing: which messages the events of the outbox become, by quiet hours, cooldown and grouping. No clock, no I/O."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from tracker.alerts.quiet import find_quiet_end
from tracker.model.delivery import Lane, Parcel, Shipment
from tracker.model.subscription import Subscription

LARGEST_GROUP: Final = 500  # events in one message; then the next begins


@dataclass
class Known:
    """What went before; `place` goes on with it. `told`: by device and geofence, in ms."""

    told: dict[Lane, int] = field(default_factory=dict)
    groups: dict[int, Shipment] = field(default_factory=dict)  # by subscription: the group that still takes events


def place(
    parcels: Iterable[Parcel], subscriptions: Mapping[int, Subscription], known: Known, now: int
) -> list[Shipment]:
    """In the order of the parcels; shipments with an id are groups that grew. Those of deleted subscriptions go."""
    shipments: dict[int, Shipment] = {}
    for parcel in parcels:
        if subscription := subscriptions.get(parcel.subscription):
            shipment = _place_parcel(parcel, subscription, known, now)
            shipment.add(parcel)
            shipments[id(shipment)] = shipment
    return list(shipments.values())


def _place_parcel(parcel: Parcel, subscription: Subscription, known: Known, now: int) -> Shipment:
    wish = subscription.wish
    lane = Lane(parcel.subscription, parcel.device, parcel.geofence)
    held = find_quiet_end(wish.quiet, now) if wish.quiet else None
    if held is not None and wish.quiet is not None and wish.quiet.then == "drop":
        return Shipment(lane, parcel.type, now, state="skipped", reason="quiet hours")
    # Who was told what is not so has to hear it, and a call for help is repeated on purpose.
    if wish.cooldown and parcel.type not in ("retraction", "sos"):
        told = known.told.get(lane)
        if told is not None and parcel.detected_at - told < wish.cooldown * 1000:
            return Shipment(lane, parcel.type, now, state="skipped", reason="cooldown")
        known.told[lane] = parcel.detected_at
    if wish.group:
        return _find_group(parcel, known, held or now + wish.group * 1000)
    return Shipment(lane, parcel.type, held or now)


def _find_group(parcel: Parcel, known: Known, not_before: int) -> Shipment:
    group = known.groups.get(parcel.subscription)
    if group is None or group.count >= LARGEST_GROUP:
        group = Shipment(Lane(parcel.subscription, "", ""), parcel.type, not_before)
        known.groups[parcel.subscription] = group
    return group
