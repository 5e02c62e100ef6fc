"""A battery that runs low, and a place that is only repeated: told by the fixes that move the marker, as they come.

Fixes that come late decide nothing here: that a battery was low an hour ago helps nobody any more.
"""

from typing import Final

import msgspec

from tracker.model.event import Kind, Transition
from tracker.model.evidence import Evidence, make_seen
from tracker.model.fix import Fix
from tracker.model.moment import format_ms
from tracker.model.state import State
from tracker.model.vigil import Still, Vigil

LOW: Final = 0.15  # of the battery
RECOVERED: Final = 0.25  # from here on it may be told to be low again: it was charged, and does not waver about LOW
FROZEN_MS: Final = 7_200_000
FROZEN_FIXES: Final = 20
DRAINED: Final = 0.05  # so much the battery moves while a phone measures nothing and goes on sending
NOTHING: Final = Vigil()

Watched = tuple[Vigil | None, tuple[Transition, ...]]


def is_watched(state: State, fix: Fix) -> bool:
    """Whether `watch` may say anything: of most fixes it need not be asked."""
    return state.vigil is not None or may_begin(state.newest, fix)


def may_begin(newest: Fix | None, fix: Fix) -> bool:
    """Whether there may be something to know after this fix where nothing was known before."""
    return fix.battery is not None and (fix.battery <= LOW or is_same_place(newest, fix))


def watch(device: int, state: State, fix: Fix) -> Watched:
    """What is known after this fix, which moves the marker from where it was in `state`. None: nothing."""
    before = state.vigil or NOTHING
    is_low, low = watch_battery(device, before, fix)
    still, frozen = watch_place(device, before, state.newest, fix)
    after = Vigil(is_low, still, before.steps, before.steps_since)
    return (None if after == NOTHING else after), (*low, *frozen)


def watch_battery(device: int, before: Vigil, fix: Fix) -> tuple[bool, tuple[Transition, ...]]:
    if fix.battery is None:
        return before.is_low, ()
    if before.is_low:
        return fix.battery < RECOVERED, ()
    if fix.battery > LOW:
        return False, ()
    return True, (tell(device, "battery_low", fix, Evidence(fixes=(make_seen(fix),), battery=round(fix.battery, 2))),)


def watch_place(
    device: int, before: Vigil, newest: Fix | None, fix: Fix
) -> tuple[Still | None, tuple[Transition, ...]]:
    if newest is None or not is_same_place(newest, fix) or fix.at <= newest.at:
        return None, ()
    still = count_in(before.still or count_in(Still(newest.at, 0, steps=before.steps), newest), fix)
    if still.is_told or not is_frozen(still, before.steps, fix.at):
        return still, ()
    evidence = Evidence(
        fixes=(make_seen(fix),),
        since=format_ms(still.since),
        same=still.count,
        battery=None if fix.battery is None else round(fix.battery, 2),
    )
    return msgspec.structs.replace(still, is_told=True), (tell(device, "frozen", fix, evidence),)


def count_in(still: Still, fix: Fix) -> Still:
    batteries = [each for each in (still.least, still.most, fix.battery) if each is not None]
    return msgspec.structs.replace(
        still,
        count=still.count + 1,
        least=min(batteries, default=None),
        most=max(batteries, default=None),
    )


def is_frozen(still: Still, steps: int | None, at: int) -> bool:
    if still.count < FROZEN_FIXES or at - still.since < FROZEN_MS:
        return False
    is_drained = still.least is not None and still.most is not None and round(still.most - still.least, 4) >= DRAINED
    return is_drained or (still.steps is not None and steps is not None and steps > still.steps)


def is_same_place(newest: Fix | None, fix: Fix) -> bool:
    return newest is not None and newest.lon_e7 == fix.lon_e7 and newest.lat_e7 == fix.lat_e7


def follow_steps(state: State, steps: int | None, since: int | None = None) -> State:
    """After the device said how many steps it has counted. A count that went back, or is of another time, began anew.
    Of one time it cannot go back: what is less was said before, and comes again."""
    if steps is None:
        return state
    vigil = state.vigil or NOTHING
    still, is_other = vigil.still, since != vigil.steps_since
    if since is not None and not is_other and vigil.steps is not None and steps < vigil.steps:
        return state
    if still is not None and (still.steps is None or steps < still.steps or is_other):
        still = msgspec.structs.replace(still, steps=steps)
    vigil = msgspec.structs.replace(vigil, steps=steps, steps_since=since, still=still)
    return msgspec.structs.replace(state, vigil=vigil)


def tell(device: int, kind: Kind, fix: Fix, evidence: Evidence) -> Transition:
    return Transition(device, 0, kind, fix.at, fix, fix.at, evidence)
