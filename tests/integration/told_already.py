"""Scripts in which a geofence that comes into force notes who is inside, each with what has to be told, whatever dies.
The places are those of told_scripts; places 4 and 5 lie inside and outside `a`, two metres
from its border."""

from typing import Any, Final

from tests.integration.player import Script
from tests.integration.told_changes import EXPECTED
from tests.integration.told_scripts import TRUCKS, fence
from tracker.model.moment import format_ms, now_ms

NOTED: Final[dict[str, Any]] = {"already_inside": "noted"}
BALANCED: Final[dict[str, Any]] = NOTED | {"preset": "balanced"}

ALREADY: Final[dict[str, tuple[Script, list[str]]]] = {
    "drawn round a device, which is noted and dwells": (
        [
            ("send", (0, 0)),
            fence(dwell=60, **NOTED),
            ("send", (30, 0)),
            ("crash",),
            ("send", (70, 0), (95, 1)),
        ],
        ["dwell a 60", "exit a 95"],
    ),
    "parked for hours when it is drawn, and dwells from then on": (
        [
            ("ago", 7200),
            ("send", (0, 0)),
            ("ago", 0),
            fence(dwell=60, **NOTED),
            ("standing", "visible"),
            ("crash",),
            ("send", (7230, 0), (7240, 1)),
        ],
        ["exit a 7240"],
    ),
    "parked for hours, and over when it is drawn": (
        [
            ("ago", 7200),
            ("send", (0, 0)),
            ("ago", 0),
            fence(expires=format_ms(now_ms() - 3_600_000), **NOTED),
            ("crash",),
            ("send", (30, 1)),
        ],
        [],
    ),
    "noted, and gone with its next fix": (
        [("send", (0, 0)), fence(**NOTED), ("crash",), ("send", (30, 1), (40, 0))],
        ["exit a 30", "enter a 40"],
    ),
    "outside when it was drawn": (
        [("send", (0, 1)), fence(**NOTED), ("take_over",), ("send", (10, 0), (20, 1))],
        ["enter a 10", "exit a 20"],
    ),
    "nobody knows where it was": (
        [fence(**NOTED), ("send", (0, 0)), ("crash",), ("send", (9, 1))],
        ["enter a 0", "exit a 9"],
    ),
    "noted by something that is no fix, and a checkpoint": (
        [
            ("send", (0, 0)),
            fence(**NOTED),
            ("checkpoint",),
            ("restart",),
            ("standing", "visible"),
            ("crash", 4),
            ("category", "truck"),
            ("slice",),
            ("crash",),
            ("send", (10, 0), (20, 1)),
        ],
        ["exit a 20"],
    ),
    "noted by another category": (
        [
            ("category", "truck"),
            ("send", (0, 0)),
            fence(**TRUCKS, **NOTED),
            ("category", "van"),
            ("crash",),
            ("send", (10, 0)),
        ],
        [],
    ),
    "a late fix from before the place that counts": (
        [
            ("send", (0, 1), (40, 0)),
            fence(**NOTED),
            ("send", (20, 1)),
            ("crash",),
            ("fold_in",),
            ("send", (30, 1)),
            ("fold_in",),
            ("take_over",),
            ("send", (50, 1)),
        ],
        ["exit a 50"],
    ),
    "late fixes from after it": (
        [
            ("send", (0, 0)),
            fence(**NOTED),
            ("send", (40, 0)),
            ("crash",),
            ("send", (20, 1)),
            ("fold_in",),
            ("crash",),
            ("send", (50, 1)),
        ],
        ["exit a 20", "enter a 40", "exit a 50"],
    ),
    "a late fix that waits while it is drawn": (
        [
            ("send", (0, 0), (40, 1)),
            ("send", (60, 0)),
            ("send", (50, 1)),
            fence(**NOTED),
            ("crash", 5),
            ("send", (70, 1)),
        ],
        ["exit a 70"],
    ),
    "moved over a device, and the late fix that comes then": (
        [
            fence(2, **NOTED),
            ("send", (0, 0)),
            fence(**NOTED),
            ("crash",),
            ("send", (10, 0)),
            ("send", (5, 2)),
            ("fold_in",),
            ("send", (20, 1)),
        ],
        ["exit a 5", "enter a 10", "exit a 20"],
    ),
    "off and on again, seen meanwhile or not": (
        [
            fence(**NOTED),
            ("send", (0, 1), (5, 0)),
            ("send2", (5, 0)),
            fence(enabled=False, **NOTED),
            ("crash",),
            ("send", (10, 0)),
            fence(**NOTED),
            ("take_over",),
            ("send", (20, 0), (30, 1)),
            ("send2", (30, 1)),
        ],
        ["enter a 5", "enter a 5", "exit a 30", "exit a 30"],
    ),
    "deleted, brought back, and a late fix": (
        [
            fence(**NOTED),
            ("send", (0, 1), (5, 0)),
            fence(None),
            ("send", (10, 0)),
            fence(**NOTED),
            ("crash",),
            ("send", (20, 0)),
            ("send", (7, 1)),
            ("fold_in",),
            ("send", (30, 1)),
        ],
        ["enter a 5", "exit a 30"],
    ),
    "in doubt at the border, and inside after all": (
        [
            ("send", (0, 4)),
            fence(**BALANCED),
            ("send", (10, 4)),
            ("crash",),
            ("send", (20, 0)),
            ("take_over",),
            ("send", (30, 0), (40, 1), (50, 1)),
        ],
        ["exit a 40"],
    ),
    "in doubt at the border, on either side of it, and inside after all": (
        [
            ("send", (0, 4)),
            fence(**BALANCED),
            ("send", (10, 5)),
            ("crash",),
            ("send", (20, 0), (30, 0), (40, 1), (50, 1)),
        ],
        ["exit a 40"],
    ),
    "in doubt at the border, and outside after all": (
        [("send", (0, 4)), fence(**BALANCED), ("crash",), ("send", (10, 1), (20, 0)), ("crash",), ("send", (30, 0))],
        ["enter a 20"],
    ),
    "in doubt, and a late fix from after the change": (
        [
            ("send", (0, 4)),
            fence(**BALANCED),
            ("send", (40, 0)),
            ("crash",),
            ("send", (20, 0)),
            ("fold_in",),
            ("crash",),
            ("send", (50, 1), (60, 1)),
        ],
        ["exit a 50"],
    ),
    "in doubt through two changes": (
        [
            ("send", (0, 4)),
            fence(**BALANCED),
            ("standing", "visible"),
            fence(dwell=30, **BALANCED),
            ("crash",),
            ("send", (10, 0), (20, 0)),
            ("send", (15, 0)),
            ("fold_in",),
            ("send", (45, 0)),
        ],
        ["dwell a 40"],
    ),
    "on its way in when something else is changed": (
        [
            fence(**BALANCED),
            ("send", (0, 1), (10, 0)),
            fence(dwell=900, **BALANCED),
            ("crash",),
            ("send", (20, 0), (30, 0)),
        ],
        ["enter a 20"],
    ),
    "told by the clock, and taken back": (
        [
            ("send", (0, 0)),
            fence(dwell=60, **NOTED),
            ("send2", (0, 1)),
            ("crash",),
            ("clock", 100),
            ("crash",),
            ("send", (30, 1)),
        ],
        ["dwell a 60", "retraction(dwell) a 60", "exit a 30"],
    ),
    "expected, and there before anybody asked": (
        [("send", (0, 0)), fence(**EXPECTED, **NOTED), ("crash",), ("judged",), ("send", (10, 1))],
        ["exit a 10"],
    ),
    "a finer twin of the place that counts": (
        [("send", (0, 0), (10, 0)), fence(**NOTED), ("phone", (10.5, 0)), ("fold_in",), ("crash",), ("send", (20, 1))],
        ["exit a 20"],
    ),
    "noted, changed, and a late fix": (
        [
            ("send", (0, 0)),
            fence(**NOTED),
            ("send", (20, 0)),
            fence(dwell=30, **NOTED),
            ("crash",),
            ("send", (40, 0)),
            ("send", (10, 1)),
            ("fold_in",),
            ("send", (50, 1)),
        ],
        ["dwell a 30", "retraction(dwell) a 30", "exit a 10", "enter a 40", "exit a 50"],
    ),
}
