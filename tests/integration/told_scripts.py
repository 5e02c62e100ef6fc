"""Scripts in which something changes beside what is decided, each with what has to be told, whatever dies in between.

In the strict preset; `a` is a box of 64 m round place 0, place 1 lies 80 m east of it, 2 another 80 m.
"""

from typing import Any, Final

from tests.integration.player import AT, Script
from tracker.model.moment import format_ms

TRUCKS: Final[dict[str, Any]] = {"categories": ["truck"]}


def fence(place: int | None = 0, /, id: str = "a", **properties: Any) -> tuple[Any, ...]:
    return ("fence", id, place, properties)


def hours(begin: str, end: str) -> dict[str, Any]:
    return {"active": {"zone": "UTC", "windows": [{"from": begin, "to": end}]}}


SCRIPTS: Final[dict[str, tuple[Script, list[str]]]] = {
    "hidden, and not silent for it": (
        [
            ("interval", 60),
            ("send", (0, 0)),
            ("standing", "hidden"),
            ("crash", 4),
            ("outage",),
            ("crash",),
            ("standing", "visible"),
            ("send", (20, 0)),
        ],
        [],
    ),
    "visible again, and silent since": (
        [
            ("interval", 60),
            ("send", (0, 0)),
            ("standing", "hidden"),
            ("crash",),
            ("standing", "visible"),
            ("restart",),
            ("outage",),
            ("send", (20, 0)),
        ],
        ["offline 0", "online 0"],
    ),
    "hidden by its word, and sending all the same": (
        [("interval", 60), ("standing", "hidden"), ("outage",), ("send", (0, 0)), ("crash",), ("outage",)],
        ["offline 0"],
    ),
    "a call for help is one, whatever dies": (
        [("send", (0, 0)), ("crash", 5), ("sos", "m-1"), ("crash",), ("sos", "m-1"), ("cut", 3), ("sos", "m-2")],
        ["sos 0", "sos 0"],
    ),
    "a word of the device between a change and the next fix": (
        [
            fence(),
            ("send", (0, 0), (10, 0)),
            fence(dwell=60),
            ("standing", "visible"),
            ("crash",),
            ("send", (70, 0)),
        ],
        ["enter a 0", "dwell a 60"],
    ),
    "a word of the device ends no doubt of its own, a change does": (
        [
            fence(preset="balanced"),
            ("send", (0, 0), (10, 0), (20, 1)),
            fence(preset="balanced", dwell=900),
            ("standing", "visible"),
            ("crash",),
            ("send", (30, 1)),
            ("standing", "visible"),
            ("send", (40, 1)),
        ],
        ["enter a 0", "exit a 30"],
    ),
    "a finer twin between a change and the next fix": (
        [
            fence(),
            ("send", (0, 0), (10, 0)),
            fence(dwell=60),
            ("phone", (10.5, 0)),
            ("send", (70, 0)),
            ("crash",),
            ("fold_in",),
        ],
        ["enter a 0", "dwell a 60"],
    ),
    "a word of the device, a crash, then what came late": (
        [
            fence(),
            ("send", (125, 1), (115, 0)),
            ("standing", "hidden"),
            ("crash",),
            ("fold_in",),
            ("send", (130, 1)),
        ],
        ["enter a 115", "exit a 125"],
    ),
    "another category, a crash, then a late fix": (
        [
            fence(),
            ("send", (100, 1), (125, 1)),
            ("category", "truck"),
            ("send", (130, 1)),
            ("crash",),
            ("send", (115, 0)),
            ("fold_in",),
        ],
        ["enter a 115", "exit a 125"],
    ),
    "renamed, then a late fix from before it entered": (
        [
            ("send", (-70, 1)),
            fence(),
            ("send", (0, 0)),
            ("send", (5, 0)),
            fence(name="other"),
            ("crash",),
            ("send", (10, 0)),
            ("send", (-20, 1)),
            ("fold_in",),
        ],
        ["enter a 0"],
    ),
    "a longer dwell, then a late fix from before it entered": (
        [
            ("send", (-70, 1)),
            fence(dwell=60),
            ("send", (0, 0), (61, 0)),
            fence(dwell=120),
            ("crash",),
            ("send", (62, 0)),
            ("send", (-20, 1)),
            ("fold_in",),
            ("crash",),
            ("send", (200, 0)),
        ],
        ["enter a 0", "dwell a 60"],
    ),
    "moved after it was entered": (
        [
            ("send", (-70, 1)),
            fence(),
            ("send", (0, 0)),
            fence(2),
            ("crash",),
            ("send", (20, 0)),
            ("send", (-20, 1)),
            ("fold_in",),
        ],
        ["enter a 0", "exit a 20"],
    ),
    "a longer dwell after it was told": (
        [
            fence(dwell=60),
            ("send", (0, 0), (61, 0)),
            fence(dwell=120),
            ("restart",),
            ("send", (130, 0)),
            ("send", (30, 0)),
            ("fold_in",),
        ],
        ["enter a 0", "dwell a 60"],
    ),
    "moved, then a late fix from after": (
        [
            ("send", (-70, 1)),
            fence(),
            ("send", (0, 0)),
            ("send", (5, 0)),
            fence(2),
            ("send", (20, 0)),
            ("crash",),
            ("send", (10, 0)),
            ("fold_in",),
        ],
        ["enter a 0", "exit a 20", "retraction(exit) a 20", "exit a 10"],
    ),
    "of another category, then a late fix": (
        [
            ("category", "truck"),
            fence(**TRUCKS),
            ("send", (0, 1), (100, 0), (200, 1), (300, 1)),
            ("category", "car"),
            ("crash",),
            ("send", (310, 1), (50, 1)),
            ("fold_in",),
        ],
        ["enter a 100", "exit a 200"],
    ),
    "drawn round a device": (
        [("send", (0, 0)), fence(dwell=60), ("send", (30, 0)), ("crash",), ("send", (70, 0)), ("send", (95, 0))],
        ["enter a 30", "dwell a 90"],
    ),
    "a dwell given while nothing comes": (
        [fence(), ("send", (0, 0), (10, 0)), fence(dwell=60), ("restart",), ("send", (70, 0)), ("send", (80, 0))],
        ["enter a 0", "dwell a 60"],
    ),
    "a dwell given while nothing comes, told by the clock": (
        [fence(), ("send", (0, 0), (10, 0)), fence(dwell=60), ("restart",), ("send", (11, 0)), ("clock", 100)],
        ["enter a 0", "dwell a 60"],
    ),
    "for trucks only, and open again": (
        [
            ("category", "car"),
            fence(),
            ("send", (0, 0), (10, 0)),
            fence(**TRUCKS),
            ("restart",),
            ("send", (70, 0)),
            fence(),
            ("send", (80, 0)),
        ],
        ["enter a 0", "enter a 80"],
    ),
    "a truck since it is inside": (
        [
            ("category", "car"),
            fence(**TRUCKS),
            ("send", (-9, 1)),
            ("checkpoint",),
            ("send", (0, 0)),
            ("category", "truck"),
            ("crash",),
            ("send", (10, 0)),
            ("send", (70, 1)),
        ],
        ["enter a 10", "exit a 70"],
    ),
    "disabled and enabled": (
        [fence(), ("send", (0, 0)), fence(enabled=False), ("send", (10, 0)), fence(), ("crash",), ("send", (20, 0))],
        ["enter a 0", "enter a 20"],
    ),
    "disabled, left, enabled": (
        [fence(), ("send", (0, 0)), fence(enabled=False), ("send", (10, 1)), fence(), ("crash",), ("send", (20, 1))],
        ["enter a 0"],
    ),
    "disabled and enabled, then a late fix": (
        [
            fence(),
            ("send", (0, 0)),
            fence(enabled=False),
            ("send", (10, 0)),
            fence(),
            ("send", (20, 0)),
            ("crash",),
            ("send", (-20, 1)),
            ("fold_in",),
            ("send", (30, 0)),
        ],
        ["enter a 0", "enter a 20"],
    ),
    "disabled and enabled while nothing comes, then a late fix": (
        [
            fence(),
            ("send", (0, 0)),
            fence(enabled=False),
            ("checkpoint",),
            fence(),
            ("send", (20, 0)),
            ("crash",),
            ("send", (-20, 1)),
            ("fold_in",),
            ("send", (30, 1)),
        ],
        ["enter a 0", "exit a 30"],
    ),
    "valid for longer after it had ended": (
        [fence(expires=format_ms(AT + 30_000)), ("send", (0, 0), (40, 0)), fence(), ("crash",), ("send", (60, 0))],
        ["enter a 0", "enter a 60"],
    ),
    "a dwell told by the clock of a device that had left": (
        [fence(dwell=60), ("send", (0, 0), (10, 0)), ("clock", 70), ("crash",), ("send", (30, 1))],
        ["enter a 0", "dwell a 60", "retraction(dwell) a 60", "exit a 30"],
    ),
    "a late fix that waits while the geofence is moved": (
        [fence(), ("send", (0, 1), (60, 0)), ("send", (30, 0)), fence(2), ("crash",), ("send", (70, 0))],
        ["enter a 60", "retraction(enter) a 60", "enter a 30", "exit a 70"],
    ),
    "a late fix between what stands": (
        [
            fence(),
            ("send", (0, 0), (10, 1), (20, 0)),
            fence(dwell=600),
            ("crash",),
            ("send", (5, 1)),
            ("fold_in",),
            ("send", (30, 0)),
        ],
        ["enter a 0", "exit a 10", "enter a 20"],
    ),
    "deleted, and the same id again": (
        [
            fence(),
            ("send", (0, 0)),
            fence(None),
            ("crash",),
            ("send", (10, 0)),
            fence(),
            ("restart",),
            ("send", (20, 0)),
            ("send", (-10, 1)),
            ("fold_in",),
        ],
        ["enter a 0", "enter a 20"],
    ),
    "too fast, and the limit changes": (
        [
            fence(speed_limit=10),
            ("send", (0, 0, 20.0), (10, 0, 20.0)),
            fence(speed_limit=15),
            ("crash",),
            ("send", (20, 0, 20.0), (30, 0, 5.0), (70, 0, 5.0)),
        ],
        ["enter a 0", "speeding a 20"],
    ),
    "closed by its hours, and changed": (
        [
            fence(**hours("00:00", "00:01")),
            ("send", (0, 0), (50, 0), (70, 0)),
            fence(**hours("00:00", "00:05")),
            ("crash",),
            ("send", (80, 0)),
            ("send", (-20, 1)),
            ("fold_in",),
        ],
        ["enter a 0", "enter a 80"],
    ),
    "passed through": (
        [fence(preset="balanced"), ("send", (0, 1), (60, 1)), ("crash",), ("send2", (0, 1)), ("send", (120, 1))],
        [],
    ),
    "doubt ends with a change": (
        [
            fence(preset="balanced"),
            ("send", (0, 0), (10, 0), (20, 1)),
            fence(preset="balanced", dwell=900),
            ("crash",),
            ("send", (30, 1)),
            ("send", (40, 1)),
        ],
        ["enter a 0", "exit a 30"],
    ),
    "near each other across restarts": (
        [
            ("pair", 100),
            ("send", (0, 0)),
            ("send2", (1, 1)),
            ("crash",),
            ("send2", (2, 0)),
            ("send2", (3, 2)),
            ("restart",),
            ("send2", (4, 3)),
            ("pair", 90),
            ("crash",),
            ("send2", (5, 3)),
            ("send2", (6, 0)),
        ],
        ["near van-1 1", "apart van-1 3", "near van-1 6"],
    ),
    "half seen to be near, and a crash": (
        [
            ("pair", 200, "balanced"),
            ("send", (0, 0)),
            ("send2", (1, 0)),
            ("crash",),
            ("send2", (10, 0)),
            ("crash",),
            ("send2", (20, 0)),
        ],
        ["near van-1 1"],
    ),
    "changed, and the next to be decided is silence": (
        [
            ("interval", 60),
            fence(),
            ("send", (0, 0)),
            fence(dwell=60),
            ("outage",),
            ("crash",),
            ("send", (200, 0)),
        ],
        ["enter a 0", "dwell a 60", "offline 0", "online 0"],
    ),
}
