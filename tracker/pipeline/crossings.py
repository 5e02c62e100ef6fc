"""Crossings: what changed between two memberships of one device. The `strict` rule: a fix inside is inside."""

from collections.abc import Container


def crossings(
    before: frozenset[int], now: frozenset[int], known: Container[int]
) -> tuple[frozenset[int], frozenset[int]]:
    """(exits, enters), to be told in that order. A geofence not `known` any more was removed: no exit is told."""
    if before == now:
        return frozenset(), frozenset()
    return frozenset(key for key in before - now if key in known), now - before
