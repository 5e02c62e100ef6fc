"""Objects in what came as JSON, and what of it is passed over: that is kept as a fault, for who drops it in silence
answers 200 to a phone that then forgets it."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from tracker.phones.values import moment, text_of

DEEP: Final = 4  # lists in lists, at most
MOST: Final = 5_000  # objects of one body; no app sends more than 1,000
LOOKED_AT: Final = 20  # of what is passed over

Object = dict[str, Any]
Fault = tuple[str, str]  # why, and what came


class Gathered(NamedTuple):
    objects: list[Object]
    faults: tuple[Fault, ...] = ()


def gather(given: Any) -> Gathered:
    """One object, or those of a list, and of lists in it. `null` and what is empty say nothing, and are no fault."""
    objects: list[Object] = []
    odd: list[Any] = []
    walk(given, 0, objects, odd)
    beyond = objects[MOST:]
    faults = [pass_over(odd, "no objects")] if odd else []
    faults += [pass_over(beyond, f"more than {MOST:,} objects")] if beyond else []
    return Gathered(objects[:MOST], tuple(faults))


def walk(value: Any, depth: int, objects: list[Object], odd: list[Any]) -> None:
    if isinstance(value, dict):
        objects.append(value)
    elif isinstance(value, list) and depth <= DEEP:
        for each in value:
            walk(each, depth + 1, objects, odd)
    elif value not in (None, "", []):
        odd.append(value)


def find_newest(objects: Sequence[Object], time: str) -> Object:
    """By what stands below `time`; the last of those that say the same. What was not sent before may come behind it."""
    return max(reversed(objects), key=lambda each: moment(each.get(time)) or 0, default={})


def pass_over(values: list[Any], why: str) -> Fault:
    return f"{len(values)} passed over: {why}", text_of(values[:LOOKED_AT])
