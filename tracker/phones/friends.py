"""Friends as OwnTracks shows them: a card with the name, and where somebody is. Pure."""

from collections.abc import Iterable
from typing import Any, Final

from tracker.model.friend import Friend

LETTERS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
PLACES: Final = len(LETTERS) ** 2


def write_friends(friends: Iterable[Friend]) -> list[dict[str, Any]]:
    """The app tells them apart by two letters, so no two have the same ones."""
    found: list[dict[str, Any]] = []
    taken = set[int]()
    for friend in friends:
        place = friend.key % PLACES
        while place in taken:
            place = (place + 1) % PLACES
        taken.add(place)
        about = {"tid": LETTERS[place // 36] + LETTERS[place % 36], "topic": f"owntracks/tracker/{friend.id}"}
        found.append({"_type": "card", "name": friend.name} | about)
        found.append({"_type": "location", "lat": friend.lat, "lon": friend.lon, "tst": friend.at // 1000} | about)
    return found
