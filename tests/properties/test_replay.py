"""A paced replay: when each recorded moment comes round again."""

from hypothesis import given
from hypothesis import strategies as st

from tracker.model.fix import Fix
from tracker.simulator.recorded import RecordedFix
from tracker.simulator.replay import DeviceClock, by_time

moments = st.lists(st.integers(0, 100_000), min_size=1, max_size=30)


@given(recorded=moments, speed=st.floats(0.1, 1e6))
def test_later_stays_later_and_the_same_stays_the_same(recorded: list[int], speed: float) -> None:
    times = sorted(recorded)
    clock = DeviceClock(5_000_000, times[0], speed)
    given = [clock.at(at) for at in times]
    assert given[0] == 5_000_000
    for n in range(1, len(times)):
        assert (given[n] > given[n - 1]) == (times[n] > times[n - 1])
        assert given[n] >= 5_000_000 + round((times[n] - times[0]) / speed)


@given(recorded=st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 1000)), max_size=30))
def test_devices_drive_beside_each_other_each_in_its_own_order(recorded: list[tuple[str, int]]) -> None:
    entries = [RecordedFix(device, Fix(at, n, 0)) for n, (device, at) in enumerate(recorded)]
    timeline = by_time(iter(entries))
    dues = [due for due, _ in timeline]
    assert dues == sorted(dues)
    assert all(due >= entry.fix.at for due, entry in timeline)
    for device in "abc":
        numbers = [entry.fix.lon_e7 for _, entry in timeline if entry.device == device]
        assert numbers == [n for n, (id, _) in enumerate(recorded) if id == device]
