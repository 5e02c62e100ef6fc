"""Modes: which of the devices that a viewer sees are vague or paused, and until when, as it was told."""

from tracker.live import frames
from tracker.live.masks import mask_devices
from tracker.live.table import Table
from tracker.model.privacy import Privacy
from tracker.model.sight import Sight


class Modes:
    """Of one viewer. `upto`: the change of the table up to which it was told."""

    def __init__(self) -> None:
        self.by_slot: dict[int, Privacy] = {}
        self.upto = 0

    def tell(self, table: Table, sight: Sight, *, afresh: bool = False) -> list[str]:
        """What changed since, wherever the devices are; `afresh`: with all that are vague or paused."""
        self.upto = table.privacies_told
        before = self.by_slot
        if not table.privacies and not before:
            return []
        mask = mask_devices(sight, len(table.rows))
        self.by_slot = {slot: each for slot, each in table.privacies.items() if mask is None or mask[slot]}
        known = before.keys() | self.by_slot.keys()
        moved = [slot for slot in known if afresh or before.get(slot) != self.by_slot.get(slot)]
        # Of one that it may see no more nothing is said: it is gone.
        seen = [slot for slot in sorted(moved) if mask is None or mask[slot]]
        told = [(device.id, self.by_slot.get(slot)) for slot in seen if (device := table.devices.get(slot))]
        return frames.encode_privacies(told)
