"""Impossible jumps: a receiver that was spoofed, or lost itself, is not believed until it stays where it says."""

from typing import Final

from tracker.geo.distance import distance
from tracker.model.fix import E7, Fix

FASTEST: Final = 400.0  # m/s: airliners with a jet stream behind them reach 350
SLACK: Final = 200.0  # m, on top of both accuracies: clocks of a second and rough first fixes are no jump
CONFIRMATIONS: Final = 3  # this many fixes in a row that agree with each other are believed
NEAR_E7: Final = int(0.001 * E7)  # closer in both coordinates is within the slack, wherever on Earth


def is_possible(before: Fix, fix: Fix) -> bool:
    """Could one device have measured both? Symmetric in time."""
    if abs(fix.lon_e7 - before.lon_e7) < NEAR_E7 and abs(fix.lat_e7 - before.lat_e7) < NEAR_E7:
        return True  # nearly every fix is answered here, without the trigonometry of a distance
    way = distance(before.lon, before.lat, fix.lon, fix.lat)
    slack = SLACK + (before.accuracy or 0.0) + (fix.accuracy or 0.0)
    return way <= slack + FASTEST * abs(fix.at - before.at) / 1000
