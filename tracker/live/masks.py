"""Masks: which slots of the table a reader may see."""

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from tracker.model.sight import Sight


def mask_devices(sight: Sight, size: int) -> NDArray[np.bool_] | None:
    """By slot, so many of them; None: all. Kept with the sight, since equal rights are one object."""
    if sight.devices is None and not sight.hidden.keys and not sight.guises:
        return None
    kept: NDArray[np.bool_] | None = sight.__dict__.get("kept")
    if kept is None or len(kept) != size:
        kept = np.full(size, sight.devices is None)
        if sight.devices is not None:
            kept[_below(sight.devices.keys, size)] = True
        kept[_below(sight.hidden.keys, size)] = False
        kept[_below(sight.guises, size)] = False
        kept[_below(sight.veiled.keys(), size)] = False
        kept[_below(sight.veiled.values(), size)] = True
        sight.__dict__["kept"] = kept
    return kept


def whole_mask(sight: Sight, size: int) -> NDArray[np.bool_]:
    found = mask_devices(sight, size)
    return np.ones(size, np.bool_) if found is None else found


def _below(keys: Collection[int], size: int) -> NDArray[np.int64]:
    found = np.fromiter(keys, np.int64, len(keys))
    return found[found < size]
