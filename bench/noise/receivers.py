"""Receivers: what a device says of where it is. All errors are in metres; the engine is told of none but
by `accuracy`."""

from typing import Final, NamedTuple

import numpy as np

from bench.noise.plane import Floats, fix
from bench.noise.ways import Random, Way
from tracker.model.fix import Fix

Span = tuple[float, float]
NO_GAP = (0.0, 0.0)
SIGMA: Final = 0.66  # of one axis, of errors of which 68 % are within 1 m


class Astray(NamedTuple):
    """Now and then a fix, or several in a row, lie far off: by reflections, or a Wi-Fi station that has moved."""

    every: float  # s between two, on average
    metres: Span
    seconds: Span
    accuracy: Span | None = None  # what is claimed then; None: what is always claimed

    def times(self, rng: Random, end: float) -> list[tuple[float, float]]:
        """(begin, end) of each time astray."""
        begins = np.cumsum(rng.exponential(self.every, int(3 * end / self.every) + 10))
        return [(float(at), float(at) + rng.uniform(*self.seconds)) for at in begins if at < end]


class Receiver(NamedTuple):
    """`sigma` is of one axis, and the error wanders: what is left of it after `tau` seconds is 1/e. Of an honest
    receiver it is a share of SIGMA times the accuracy."""

    every: Span  # s from fix to fix
    accuracy: Span  # m, claimed
    sigma: Span  # m, drawn once for each track
    tau: Span = (20.0, 20.0)  # s, the same
    astray: tuple[Astray, ...] = ()
    gap: Span = NO_GAP  # s without a fix, from when to when
    settling: Span = (
        NO_GAP  # s after the gap, and the error with which it begins: claimed as it is, shrinking to the usual
    )
    doppler: bool = True  # whether it says a speed
    honest: bool = False  # whether the error of each fix is as large as claimed: within it for two thirds of the fixes

    def fixes(self, way: Way, rng: Random) -> list[Fix]:
        t = self.moments(way.seconds, rng)
        x, y = way.at(t)
        scale, claimed = np.ones(len(t)), rng.uniform(*self.accuracy, len(t))
        if self.settling != NO_GAP:
            scale, claimed = self.settled(t, claimed)
        if self.honest:
            scale = SIGMA * claimed
        sigma, tau = rng.uniform(*self.sigma), rng.uniform(*self.tau)
        x, y = (place + scale * wander(rng, t, sigma, tau) for place in (x, y))
        for astray in self.astray:
            x, y, claimed = led(astray, rng, t, x, y, claimed)
        speed = np.maximum(0.0, way.speed(t) + rng.normal(0, 0.3, len(t)))
        return [
            fix(at, east, north, round(float(accuracy), 1), round(float(pace), 2) if self.doppler else None)
            for at, east, north, accuracy, pace in zip(t.tolist(), x.tolist(), y.tolist(), claimed, speed, strict=True)
        ]

    def moments(self, end: float, rng: Random) -> Floats:
        t = np.cumsum(rng.uniform(*self.every, int(end / self.every[0]) + 1))
        kept: Floats = t[(t < end) & ~((self.gap[0] < t) & (t < self.gap[1]))]
        return np.round(kept, 3)

    def settled(self, t: Floats, claimed: Floats) -> tuple[Floats, Floats]:
        """(scale of the error, accuracy): behind the gap both begin large."""
        since = t - self.gap[1]
        left = np.where(since >= 0, np.clip(1 - since / self.settling[0], 0.0, 1.0), 0.0)
        claims = claimed + left * (self.settling[1] - claimed)
        return claims / claimed, claims


def wander(rng: Random, t: Floats, sigma: float, tau: float) -> Floats:
    """A Gauss-Markov process: each error is what is left of the one before, and something new."""
    kept = np.exp(-np.diff(t, prepend=t[0] - 100 * tau) / tau)
    fresh = rng.normal(0, sigma, len(t)) * np.sqrt(1 - kept**2)
    error, errors = 0.0, np.empty(len(t))
    for number in range(len(t)):
        error = errors[number] = kept[number] * error + fresh[number]
    return errors


def led(astray: Astray, rng: Random, t: Floats, x: Floats, y: Floats, claimed: Floats) -> tuple[Floats, Floats, Floats]:
    x, y, claimed = x.copy(), y.copy(), claimed.copy()
    for begin, end in astray.times(rng, float(t[-1])):
        then = (t >= begin) & (t < end)
        angle, metres = rng.uniform(0, 2 * np.pi), rng.uniform(*astray.metres)
        x[then] += metres * np.cos(angle)
        y[then] += metres * np.sin(angle)
        if astray.accuracy is not None:
            claimed[then] = rng.uniform(*astray.accuracy)
    return x, y, claimed
