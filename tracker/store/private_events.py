"""Which events are private: what a device did while it was vague or paused is told to those only whose own it is."""

from collections.abc import Iterable, Sequence
from typing import Final

import asyncpg

from tracker.model.event import Transition
from tracker.model.evidence import Evidence
from tracker.model.moment import parse
from tracker.model.sight import EVERYTHING, Sight
from tracker.store.privacies import Span, select_overlaps
from tracker.store.seen import Args

# A device that was deleted since has the id '', which is nobody's own: were it left out, what was private to it alone
# would be told to all.
PRIVATE_OF: Final = """array(select coalesce(p.id, '') from unnest(e.private_of) as kept (key)
      left join device p on p.key = kept.key) as private"""


async def find_private(
    conn: asyncpg.Connection, transitions: Sequence[Transition], detected_at: int
) -> dict[int, set[int]]:
    """By the place in the sequence, the keys of the devices that have to be kept from others. A transition says
    something of all times between the first it names and the one that decided it; and when it was found out, a device
    that was paused by then shows that it is there."""
    spans: list[Span] = []
    for number, each in enumerate(transitions):
        times = (each.at, each.fix.at, each.decided_at, *find_times(each))
        for device in {each.device, each.other or each.device}:
            spans.append((number, device, min(times), max(times)))
            spans.append((number, device, detected_at, detected_at))
    return await select_overlaps(conn, spans)


def find_times(transition: Transition) -> Iterable[int]:
    """The times (ms) of which its evidence says something."""
    evidence: Evidence = transition.evidence
    crossings = (evidence.crossing, evidence.enter, evidence.exit)
    told = (*(each.at for each in (*evidence.fixes, *crossings) if each), evidence.since, evidence.peak_at)
    yield from (parse(each) for each in told if each)
    if evidence.until:
        yield parse(evidence.until)
    if evidence.silent_s:
        yield transition.at - round(evidence.silent_s * 1000)
    if evidence.confirmed_after_s:
        yield transition.at + round(evidence.confirmed_after_s * 1000)


def own_only(sight: Sight, args: Args) -> str:
    """Added to a select of `event e`."""
    if sight is EVERYTHING:
        return ""
    args.append(list(sight.own.keys))
    return f" and (e.private_of is null or e.private_of <@ ${len(args)}::integer[])"
