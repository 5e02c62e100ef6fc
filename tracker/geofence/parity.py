"""Parity: from a place known to be inside or outside, walk straight to another and count the borders crossed.

In plain floating point, with a bound on its error: what lies closer to zero than the bound is `unsure`, and is asked of
GEOS, whose arithmetic is exact. So the answers are GEOS's own, and on the border is inside.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
# 20 times what the rounding of the products below can come to (about 2**-51 of their factors, twice).
BOUND: Final = 1e-14


def walks(x: Floats, y: Floats, ax: Floats, ay: Floats, bx: Floats, by: Floats) -> tuple[Bools, Bools]:
    """(crosses, unsure) for walks from the origin to x, y and edges from a to b. Shapes broadcast.

    Each of the four is twice the area of a triangle; its sign says on which side of a line its third corner is.
    """
    from_a = x * ay - y * ax
    from_b = x * by - y * bx
    origin: Any = ax * by - ay * bx
    place = origin + from_a - from_b
    reach = np.abs(ax) + np.abs(ay) + np.abs(bx) + np.abs(by) + np.abs(x) + np.abs(y)
    bound = BOUND * reach * reach
    nearest = np.minimum(np.minimum(np.abs(from_a), np.abs(from_b)), np.minimum(np.abs(origin), np.abs(place)))
    crosses = ((from_a > 0) != (from_b > 0)) & ((place > 0) != (origin > 0))
    return crosses, nearest <= bound
