"""The pairs of devices that the writer decides by, and how near the two of each are."""

from collections.abc import Mapping

import asyncpg
import msgspec

from tracker.model.pair import Nearness, Pair
from tracker.model.state import State
from tracker.pipeline.fold import Folded
from tracker.pipeline.nearness import meet
from tracker.store.pairs import select_all_pairs, select_nearness


class Meetings:
    """As of a revision. What was told comes from the log of transitions, so that it stays true across restarts."""

    def __init__(self) -> None:
        self.revision = -1
        self.pairs: dict[int, Pair] = {}
        self.by_device: dict[int, list[Pair]] = {}
        self.nearness: dict[int, Nearness] = {}  # by pair

    async def refresh(self, conn: asyncpg.Connection, revision: int) -> None:
        """Pairs changed. Of one that did itself, what was seen and not told yet is forgotten."""
        pairs = {pair.key: pair for pair in await select_all_pairs(conn)}
        nearness = await select_nearness(conn, [key for key in pairs if key not in self.pairs])
        for key, known in self.nearness.items():
            if key in pairs:
                nearness[key] = known if pairs[key] == self.pairs[key] else Nearness(known.is_near, known.told_at)
        self.pairs, self.nearness, self.by_device = pairs, nearness, {}
        for pair in self.pairs.values():
            for device in pair.keys:
                self.by_device.setdefault(device, []).append(pair)
        self.revision = revision

    def met(self, folded: Folded, states: Mapping[int, State]) -> Folded:
        """With what the batch says of the pairs. `states`: those before it."""
        if self.by_device.keys().isdisjoint(folded.states):
            return folded
        met = meet(folded.rows, states, self.by_device, self.nearness)
        transitions = [*folded.transitions, *met.transitions]
        return msgspec.structs.replace(folded, transitions=transitions, nearness=met.nearness)

    def forget(self, device: int) -> None:
        """It was deleted, and its pairs with it."""
        for pair in self.by_device.pop(device, []):
            other = pair.keys[1] if pair.keys[0] == device else pair.keys[0]
            self.by_device[other] = [each for each in self.by_device[other] if each != pair]
            del self.pairs[pair.key]
            self.nearness.pop(pair.key, None)
