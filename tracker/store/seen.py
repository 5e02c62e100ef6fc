"""A sight as SQL: what is added to a select, so that it finds what its reader may see. Who sees all adds nothing."""

from collections.abc import Collection
from typing import Any

from tracker.model.sight import Sight

Args = list[Any]  # of the select so far; what a clause needs is added


def seen_devices(sight: Sight, column: str, args: Args) -> str:
    """`column` holds keys of devices."""
    clause = "" if sight.devices is None else _require_any(column, sight.devices.keys, "integer", args)
    return clause + (_require_none(column, sight.hidden.keys, "integer", args) if sight.hidden.keys else "")


def seen_device_ids(sight: Sight, column: str, args: Args) -> str:
    """`column` holds ids of devices, or null."""
    if sight.devices is None and not sight.hidden.keys:
        return ""
    clause = "" if sight.devices is None else _require_any(column, sight.devices.ids, "text", args)
    clause += _require_none(column, sight.hidden.ids, "text", args) if sight.hidden.ids else ""
    return f" and ({column} is null or true{clause})"


def seen_fences(sight: Sight, column: str, args: Args) -> str:
    """`column` holds keys of geofences."""
    return "" if sight.fences is None else _require_any(column, sight.fences.keys, "integer", args)


def seen_fence_ids(sight: Sight, column: str, args: Args) -> str:
    """`column` holds ids of geofences, or null."""
    if sight.fences is None:
        return ""
    return f" and ({column} is null or true{_require_any(column, sight.fences.ids, 'text', args)})"


def seen_subscriptions(sight: Sight, column: str, args: Args) -> str:
    if sight.subscriptions is not None:
        return _require_any(column, sight.subscriptions, "integer", args)
    return _require_none(column, sight.foreign, "integer", args) if sight.foreign else ""


def _require_any(column: str, values: Collection[Any], kind: str, args: Args) -> str:
    args.append(list(values))
    return f" and {column} = any(${len(args)}::{kind}[])"


def _require_none(column: str, values: Collection[Any], kind: str, args: Args) -> str:
    args.append(list(values))
    return f" and {column} <> all(${len(args)}::{kind}[])"
