"""The engine under test: fixes of one device in, what it tells of each geofence out."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from bench.noise.plane import seconds
from bench.noise.score import Told
from bench.noise.truth import Kind
from tracker.geofence.fences import NOWHERE, make_fences
from tracker.model.device import Device
from tracker.model.event import Transition
from tracker.model.evidence import Crossing
from tracker.model.fix import Fix
from tracker.model.geofence import Geofence
from tracker.model.moment import parse
from tracker.model.state import State
from tracker.pipeline.advance import advance
from tracker.pipeline.question import Question

DEVICE = Device(1, "noisy", "Noisy")


def told(fixes: Sequence[Fix], fences: Sequence[Geofence]) -> dict[int, list[Told]]:
    """By geofence key, in the order they were decided."""
    known = make_fences({fence.key: fence for fence in fences})
    state, found = State(), defaultdict[int, list[Told]](list)
    asked = known.ask(fixes, [None, *fixes[:-1]])
    for number, fix in enumerate(fixes):
        between = known.find_passing(asked, number, state.newest, fix)
        here = asked.here.get(number, NOWHERE)
        step = advance(DEVICE, state, Question(fix, number + 1, here, between), known)
        state = step.state
        for each in step.transitions:
            found[each.geofence] += events(each)
    return found


def events(each: Transition) -> Iterator[Told]:
    decided, evidence = seconds(each.decided_at), each.evidence
    if each.kind == "enter" or each.kind == "exit":
        yield met(each.kind, evidence.crossing, decided) or Told(each.kind, seconds(each.at), None, decided)
    elif each.kind == "cross":
        ends = met("enter", evidence.enter, decided), met("exit", evidence.exit, decided)
        yield from (end for end in ends if end)


def met(kind: Kind, crossing: Crossing | None, decided: float) -> Told | None:
    return Told(kind, seconds(parse(crossing.at)), crossing.plus_minus_s, decided) if crossing else None
