"""What devices say beside their fixes, folded as the fixes are: each with a stamp of the writer, in its transaction."""

from collections.abc import Mapping, Sequence
from typing import Final

import asyncpg
import msgspec

from tracker.ingest.inputs import Taken
from tracker.ingest.memory import Memory
from tracker.model.event import Alarm, Transition
from tracker.model.evidence import Evidence, make_seen
from tracker.model.moment import parse, to_datetime
from tracker.model.note import SOS, Note, Standing, Utterance, Walk
from tracker.model.state import State
from tracker.pipeline.changes import note_changes
from tracker.pipeline.fold import Folded
from tracker.pipeline.silence import device_time, follow_standing, is_excused
from tracker.pipeline.vigil import follow_steps
from tracker.store.device_status import Row, Walked, insert_statuses, insert_walks
from tracker.store.messages import insert_utterances, select_said

FURTHEST_AHEAD_MS: Final = 600_000  # of a message's own time: beyond it the clock is wrong, and ours stands
OLDEST_MS: Final = 946_684_800_000  # 2000-01-01


class Noted(msgspec.Struct):
    """What a batch of notes came to, in the making."""

    stamp: int
    states: dict[int, State] = {}
    statuses: list[Row] = []
    walks: list[Walked] = []
    utterances: list[tuple[Note, Utterance, int, int]] = []
    alarms: list[Alarm] = []
    transitions: list[Transition] = []


async def fold_notes(
    conn: asyncpg.Connection, memory: Memory, notes: Sequence[Note], taken: Taken, states: Mapping[int, State]
) -> Folded:
    given = [(note.device, note.said.id) for note in notes if isinstance(note.said, Utterance)]
    known = await select_said(conn, given) if given else set()
    noted = Noted(taken.stamp)
    for note in notes:
        noted.stamp = max(noted.stamp + 1, note.received_at)
        state = noted.states.get(note.device) or states[note.device]
        if isinstance(note.said, Standing | Walk):
            state, inside = note_changes(memory.devices[note.device], state, taken.fences)
            noted.transitions += inside
            take_state(noted, note, note.said, state)
        elif (note.device, note.said.id) not in known:
            known.add((note.device, note.said.id))
            take_utterance(noted, note, note.said, state, memory)
    if noted.statuses:
        await insert_statuses(conn, noted.statuses)
    if noted.walks:
        await insert_walks(conn, noted.walks)
    if noted.utterances:
        await insert_utterances(conn, noted.utterances)
    return Folded(
        [], noted.states, noted.transitions, [], noted.stamp, alarms=noted.alarms, has_messages=bool(noted.utterances)
    )


def take_state(noted: Noted, note: Note, said: Standing | Walk, state: State) -> None:
    if isinstance(said, Standing):
        take_standing(noted, note, said, state)
    else:
        take_walk(noted, note, said, state)


def take_standing(noted: Noted, note: Note, said: Standing, state: State) -> None:
    after = follow_steps(follow_standing(state, said.excuses, noted.stamp), said.steps)
    noted.states[note.device] = msgspec.structs.replace(after, stamp=noted.stamp)
    battery = said.battery if said.battery is not None and 0 <= said.battery <= 1 else None
    until = read_moment(said.until)
    noted.statuses.append(
        (
            note.device,
            noted.stamp,
            said.page,
            battery,
            said.steps,
            said.paused,
            to_datetime(until) if until is not None else None,
            said.location,
        )
    )


def take_walk(noted: Noted, note: Note, said: Walk, state: State) -> None:
    """A pause goes on: an app says at rest, too, how many steps it counted. One that a fix has ended does not come
    back."""
    after = follow_steps(state, said.steps, said.since)
    noted.states[note.device] = msgspec.structs.replace(after, stamp=noted.stamp)
    noted.walks.append((note.device, noted.stamp, said.steps, is_excused(state)))


def take_utterance(noted: Noted, note: Note, said: Utterance, state: State, memory: Memory) -> None:
    now = note.received_at // 1000
    at = read_moment(said.at)
    if at is None or not OLDEST_MS <= at <= now + FURTHEST_AHEAD_MS:
        at = now
    noted.utterances.append((note, said, at, noted.stamp))
    if said.alarm != SOS:
        return
    newest = state.newest
    evidence = Evidence(message=said.id, text=said.text or None)
    if newest is not None:
        step = memory.silences.steps.since(state.received_at)
        age = max(0, device_time(state, newest, note.received_at - step) - newest.at)
        evidence = msgspec.structs.replace(evidence, fixes=(make_seen(newest),), age_s=round(age / 1000, 1))
    noted.alarms.append(Alarm(note.device, "sos", said.id, at, newest, evidence))


def read_moment(text: str | None) -> int | None:
    """Milliseconds; None for none, or what is none: a call for help is not refused for its clock."""
    try:
        return None if text is None else parse(text)
    except (ValueError, OverflowError):
        return None
