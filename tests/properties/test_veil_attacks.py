"""Who reads a link and wants to know more than it says: published methods, tried against what it sends.

Circles fitted to the ends of tracks are how Strava's zones fell (Hassan and others, "Analysis of Privacy Protections in
Fitness Tracking Social Networks", USENIX Security 2018); the fit is Taubin's (IEEE TPAMI 13, 1991), made exact by
Gauss and Newton.
"""

import itertools
from math import cos, hypot, pi, radians, sin

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray

from tests.moments import MONDAY
from tracker.geo.distance import distance
from tracker.links.grid import find_cell, measure_cell
from tracker.links.holes import covers, make_hole
from tracker.links.veil import Course, advance, find_day, look, veil_way
from tracker.model.fix import E7, Fix, Row
from tracker.model.share import Hole, Veil

HOME = (24.9384, 60.1699)
RADIUS = 200.0  # m
DEGREE = 111_195.0
FAR = 1 << 62
SECRETS = [bytes([number]) * 32 for number in range(12)]


def place(east: float, north: float) -> tuple[float, float]:
    """So many metres from home."""
    return HOME[0] + east / (DEGREE * cos(radians(HOME[1]))), HOME[1] + north / DEGREE


def metres(lon: float, lat: float) -> tuple[float, float]:
    return (lon - HOME[0]) * DEGREE * cos(radians(HOME[1])), (lat - HOME[1]) * DEGREE


def zone(east: float = 0.0, north: float = 0.0) -> shapely.Polygon:
    ring = [place(east + RADIUS * cos(turn), north + RADIUS * sin(turn)) for turn in np.linspace(0, 2 * pi, 65)]
    return shapely.Polygon(ring)


def hide(secret: bytes) -> Veil:
    return Veil(0, FAR, holes=(make_hole(secret, "home", zone()),), trail=None)


def row(at: int, east: float, north: float, flags: int = 0) -> Row:
    lon, lat = place(east, north)
    return Row(1, at * 1000, Fix(at, round(lon * E7), round(lat * E7), speed=10.0, heading=0.0, flags=flags))


def way_home(turn: float, start: float = 3000.0, speed: float = 10.0, bend: float = 0.0) -> list[tuple[float, float]]:
    """Every second's place of one that comes home from this direction, on a line that bends."""
    away = np.arange(start, 0.0, -speed)
    return [(far * cos(turn + bend * far / start), far * sin(turn + bend * far / start)) for far in away]


def ends(veil: Veil, places: list[tuple[float, float]], *, coming: bool) -> tuple[float, float]:
    """Where the shown part of a way to home, or from it, ends or begins, in metres from home."""
    steps = places if coming else places[::-1]
    rows = [row(MONDAY + 1000 * second, *step) for second, step in enumerate(steps)]
    shown = veil_way(veil, 0, rows, 0, FAR)
    end = shown[-1 if coming else 0].fix
    return metres(end.lon, end.lat)


def fit_circle(points: NDArray[np.float64]) -> tuple[float, float, float]:
    """Taubin's circle through points (n x 2), then the one with the least squares of distances."""
    middle = points.mean(axis=0)
    x, y = (points - middle).T
    z = x * x + y * y
    scaled = np.column_stack(((z - z.mean()) / (2 * np.sqrt(z.mean())), x, y))
    a0, a1, a2 = np.linalg.svd(scaled, full_matrices=False)[2][-1]
    a0 /= 2 * np.sqrt(z.mean())
    a0 = a0 if abs(a0) > 1e-12 else 1e-12
    found = np.array([-a1 / a0 / 2, -a2 / a0 / 2, 0.0])
    found[2] = np.hypot(x - found[0], y - found[1]).mean()
    for _ in range(30):
        away = np.maximum(np.hypot(x - found[0], y - found[1]), 1e-9)
        slope = np.column_stack(((found[0] - x) / away, (found[1] - y) / away, -np.ones_like(x)))
        step = np.linalg.lstsq(slope, found[2] - away, rcond=None)[0]
        if not np.isfinite(step).all() or np.abs(step).max() > 1e7:
            break
        found = found + step
    return float(found[0] + middle[0]), float(found[1] + middle[1]), float(found[2])


@pytest.mark.parametrize("coming", [True, False])
def test_circles_fitted_to_the_ends_of_tracks_miss_home(coming: bool) -> None:
    """To the ends of 3 tracks from all sides, of 10 and of 50 from any: on lines, on bends, slow and fast."""
    rng = np.random.default_rng(7)
    for secret in SECRETS:
        veil = hide(secret)
        sides = rng.uniform(0, 2 * pi) + np.arange(3) * 2 * pi / 3 + rng.normal(0, 0.2, 3)
        turns = [*sides, *rng.uniform(0, 2 * pi, 47)]
        found = np.array([ends(veil, come(turn, rng), coming=coming) for turn in turns])
        assert min(np.hypot(*found.T)) > RADIUS, "an end lies in what is hidden"
        for tracks in (3, 10, 50):
            east, north, radius = fit_circle(found[:tracks])
            assert hypot(east, north) > RADIUS, (secret[0], tracks, east, north)
            assert tracks == 3 or abs(radius - veil.holes[0].metres) < 25.0  # it is the hole that was found


def come(turn: float, rng: np.random.Generator) -> list[tuple[float, float]]:
    return way_home(turn, rng.uniform(1500, 2500), rng.uniform(4, 12), rng.normal(0, 0.3))


def test_the_attack_finds_a_disc_round_home() -> None:
    """So that the test above can fail."""
    veil = Veil(0, FAR, holes=(Hole(*HOME, 2.5 * RADIUS),), trail=None)
    rng = np.random.default_rng(1)
    found = np.array([ends(veil, come(turn, rng), coming=True) for turn in rng.uniform(0, 2 * pi, 10)])
    assert hypot(*fit_circle(found)[:2]) < RADIUS / 4


def test_the_middles_of_the_holes_of_all_links_are_one() -> None:
    """The overlap of two that differed would lie nearer."""
    assert make_hole(SECRETS[0], "home", zone()) == make_hole(SECRETS[0], "home", zone())
    middles = {(make_hole(secret, "home", zone()).lon) for secret in SECRETS}
    assert len(middles) == len(SECRETS)


@pytest.mark.parametrize("secret", SECRETS)
def test_a_hole_covers_what_it_hides(secret: bytes) -> None:
    hole = make_hole(secret, "home", zone(50.0, -80.0))
    assert all(covers([hole], *corner) for corner in zone(50.0, -80.0).exterior.coords)
    middle = place(50.0, -80.0)
    assert distance(*middle, hole.lon, hole.lat) > RADIUS


def walk(rng: np.random.Generator, minutes: int, speed: float) -> list[tuple[float, float]]:
    """Somebody on foot through streets: every five seconds' place, turning now and then."""
    east, north, turn, found = rng.uniform(-3000, 3000), rng.uniform(-3000, 3000), rng.uniform(0, 2 * pi), []
    for _ in range(minutes * 12):
        turn = turn + rng.choice([-1, 1]) * pi / 2 if rng.random() < 0.02 else turn
        east, north = east + 5 * speed * cos(turn), north + 5 * speed * sin(turn)
        found.append((east, north))
    return found


def changes(veil: Veil, steps: list[tuple[float, float]], day: int = 0) -> list[tuple[int, Fix, tuple[float, float]]]:
    """When the shown cell changed, by which fix that is seen, and where the walker was just then."""
    course, cell, found = Course(), None, []
    for number, step in enumerate(steps):
        given = row(MONDAY + 5000 * number, *step)
        course = advance(veil, day, course, given)
        shown = look(course, given.received_at)
        if shown is not None and (shown.fix.lon_e7, shown.fix.lat_e7) != cell:
            cell = (shown.fix.lon_e7, shown.fix.lat_e7)
            found.append((number, shown.fix, step))
    return found


def test_the_moment_of_a_change_says_nothing_of_where_in_the_cell_it_is() -> None:
    """Whoever takes it for the moment at which a border is crossed is further off than who takes the cell's middle."""
    rng = np.random.default_rng(3)
    veil, size = Veil(0, FAR, level=0, trail=None), measure_cell(0)
    by_border, by_middle, near = [], [], []
    for _ in range(60):
        steps = changes(veil, walk(rng, 90, rng.uniform(0.7, 2.0)))
        for (_, before, _), (_, after, here) in itertools.pairwise(steps):
            old, new = np.array(metres(before.lon, before.lat)), np.array(metres(after.lon, after.lat))
            border = (old + new) / 2
            by_border.append(hypot(*(border - here)))
            by_middle.append(hypot(*(new - here)))
            way = (new - old) / hypot(*(new - old))
            near.append(abs(float((border - here) @ way)) < size / 4)
    assert len(near) > 300
    assert np.mean(by_middle) < np.mean(by_border)
    assert np.mean(near) < 0.4  # a quarter, if it says nothing at all; all of them, if it said when


def test_speed_and_time_do_not_lead_into_the_cell() -> None:
    """Dead reckoning: from the middle of the last cell on, with the true speed, for the time since."""
    rng = np.random.default_rng(4)
    veil, off = Veil(0, FAR, level=1, trail=None), []
    for _ in range(60):
        speed = rng.uniform(0.7, 2.0)
        steps = changes(veil, walk(rng, 120, speed))
        for (first, one, _), (second, two, here) in itertools.pairwise(steps):
            old, new = np.array(metres(one.lon, one.lat)), np.array(metres(two.lon, two.lat))
            way = (new - old) / hypot(*(new - old))
            reckoned = old + way * speed * 5 * (second - first)
            off.append(hypot(*(reckoned - here)))
    assert len(off) > 100
    assert np.median(off) > measure_cell(1) / 2


def test_several_links_tell_no_more_than_the_finest() -> None:
    """Whenever they were made and whoever looks: the same samples, and of each the cells that hold it."""
    secret, rng = SECRETS[0], np.random.default_rng(5)
    day = find_day(secret, 1)
    for _ in range(10):
        steps = walk(rng, 60, 1.4)
        finest = changes(Veil(0, FAR, level=0), steps, day)
        late = changes(Veil(MONDAY + 1_800_000, FAR, level=0), steps, day)
        shown = {number: fix for number, fix, _ in finest}
        assert all(shown[number] == fix for number, fix, _ in late if number in shown)
        assert {number for number, _, _ in late[1:]} <= shown.keys()


def test_what_comes_late_on_purpose_shows_nothing_more() -> None:
    """A row that is late is no sample; and an exact link shows nothing before it came that long ago."""
    rng = np.random.default_rng(6)
    steps = walk(rng, 60, 1.4)
    rows = [row(MONDAY + 5000 * number, *step) for number, step in enumerate(steps)]
    late = [row(each.fix.at + 2500, *step, flags=1) for each, step in zip(rows, steps, strict=True)]
    mixed = sorted([*rows, *late], key=lambda each: each.fix.at)
    blurred = Veil(0, FAR, level=0, trail=None)
    assert veil_way(blurred, 0, mixed, 0, FAR) == veil_way(blurred, 0, rows, 0, FAR)


def test_a_blurred_place_has_nothing_but_its_cell_and_its_minute() -> None:
    shown = look(advance(Veil(0, FAR, level=2), 0, Course(), row(MONDAY + 12_345, 10.0, 20.0)), FAR)
    assert shown is not None
    lon_e7, lat_e7 = find_cell((shown.fix.lon_e7, shown.fix.lat_e7), 2)
    assert shown.fix == Fix(MONDAY, lon_e7, lat_e7) and shown.received_at == MONDAY * 1000
