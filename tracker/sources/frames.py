"""A report of a phone's app as a frame of its device, or one of a source as frames by the names it says."""

from typing import Final, NamedTuple

from tracker.model.fix import Fix, Refusal
from tracker.model.frame import Frame
from tracker.model.moment import format_ms
from tracker.model.note import SOS, Utterance, Walk
from tracker.model.report import Report
from tracker.phones.judge import judge
from tracker.phones.named import split
from tracker.phones.values import LAST_MS
from tracker.pipeline.accept import OLDEST_MS

MOST_CALLS: Final = 5  # for help in one request, the last
NOBODY: Final = 0  # no device has this key
MANY: Final = 20  # fixes in one request; more are an app's backlog


def make_frame(device: int, report: Report, received_at: int) -> Frame:
    """`device`: the key; `received_at` in µs."""
    now = received_at // 1000
    entries: list[Fix | Refusal] = [judge(reading, index, now) for index, reading in enumerate(report.readings)]
    entries += [Refusal(-1, why, text) for why, text in report.faults]
    return Frame(device, -1, received_at, entries, len(entries) > MANY, app=report.app)


class Said(NamedTuple):
    """What one device said at once. `calls`: when somebody called for help (ms), None where no time is said.
    `is_paused`: it measures no more until something happens. `walk`: how many steps it counted."""

    frame: Frame
    calls: tuple[int | None, ...] = ()
    is_paused: bool = False
    walk: Walk | None = None


def make_said(report: Report, received_at: int) -> Said:
    """Whose it is, is found out later."""
    return Said(make_frame(NOBODY, report, received_at), report.calls, report.is_paused, report.walk)


def say_each(report: Report, received_at: int) -> dict[str, Said]:
    """By name. Below the empty one what names nobody, and what cannot be read."""
    return {name: make_said(each, received_at) for name, each in split(report).items()}


def find_notes(said: Said | Report, received_at: int) -> list[Utterance | Walk]:
    """What of it is no fix and is kept."""
    calls: list[Utterance | Walk] = [make_call(at, received_at) for at in said.calls[-MOST_CALLS:]]
    return calls if said.walk is None else [*calls, said.walk]


def make_call(at: int | None, received_at: int) -> Utterance:
    """What comes again with the same time is the same call."""
    at = received_at // 1000 if at is None else at
    return Utterance(f"sos-{at}", format_ms(at) if OLDEST_MS <= at < LAST_MS else None, alarm=SOS)


def explain_nameless(frame: Frame) -> str:
    """Why what names nobody cannot be given to anybody, with some of it."""
    for entry in frame.entries:
        if isinstance(entry, Refusal):
            return f"{entry.reason}: {entry.text}"
    return "it names no device"
