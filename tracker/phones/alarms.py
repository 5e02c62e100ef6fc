"""Which alarms of apps are calls for help. What a device finds out by itself, such as a fall or an empty battery, is
none."""

from typing import Any, Final

CALLS: Final = frozenset(("sos", "panic", "help", "emergency"))


def calls_for_help(value: Any) -> bool:
    """Traccar joins several alarms by commas."""
    return isinstance(value, str) and any(word.strip().lower() in CALLS for word in value.split(","))
