"""A server whose machine boots years behind: nobody is refused for being from the future, and it goes on by itself."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import asyncpg
import httpx2
import pytest
from websockets.exceptions import InvalidStatus

from tests.patience import PATIENCE_S
from tests.running import RunningServer
from tracker.clock import find_fault
from tracker.model.moment import DAY_MS, format_ms, now_ms, now_us

YEAR_MS: Final = 365 * DAY_MS
# The clock that the server's process sees runs behind by what stands in a file, in ms.
BEHIND = """
import os, time
from pathlib import Path
right = time.time_ns
time.time_ns = lambda: right() - int(Path(os.environ["BEHIND"]).read_text() or 0) * 1_000_000
from tracker.processes.child import main
main()
"""


class Clock:
    def __init__(self, file: Path) -> None:
        self.file = file
        self.set_behind(0)

    def set_behind(self, ms: int) -> None:
        """At once: a reader sees the one or the other."""
        new = self.file.with_suffix(".new")
        new.write_text(str(ms))
        new.rename(self.file)


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    return Clock(tmp_path / "behind")


@pytest.fixture
def odd(database_url: str, clock: Clock) -> Iterator[RunningServer]:
    server = RunningServer(database_url, program=BEHIND, BEHIND=str(clock.file))
    yield server
    server.end()


def reasons(server: RunningServer) -> list[str]:
    answer = httpx2.get(f"{server.url}/readyz", timeout=PATIENCE_S)
    found: list[str] = answer.json()["reasons"]
    assert answer.status_code == 503
    return found


async def is_refused(server: RunningServer, token: str) -> bool:
    """With the word to come back."""
    with pytest.raises(InvalidStatus) as caught:
        async with server.socket("/ws/device", token):
            pass
    return caught.value.response.status_code == 503 and "Retry-After" in caught.value.response.headers


async def test_a_boot_years_behind(odd: RunningServer, clock: Clock, conn: asyncpg.Connection) -> None:
    clock.set_behind(10 * YEAR_MS)
    odd.start(until_ready=False)
    token = odd.new_device("van")
    odd.wait_for(lambda: "shows 20" in reasons(odd)[0])
    assert await is_refused(odd, token)
    clock.set_behind(0)
    odd.wait_for(odd.is_ready)
    async with odd.device("van", token) as device:
        ack = await device.fixes(1, {"at": format_ms(now_ms()), "lon": 24.9, "lat": 60.2})
    assert (ack["stored"], ack["quarantined"]) == (1, [])
    assert odd.stop() == 0

    clock.set_behind(2 * DAY_MS)  # a board that took the time of its last shutdown
    odd.start(until_ready=False)
    odd.wait_for(lambda: "fixes are stored that came until" in reasons(odd)[0])
    assert await is_refused(odd, token)
    assert odd.text().count("the clock is wrong") == 1
    clock.set_behind(0)
    odd.wait_for(odd.is_ready)
    assert await conn.fetchval("select count(*) from quarantine") == 0
    assert odd.stop() == 0

    clock.set_behind(2 * DAY_MS)  # it was ahead when those came, and somebody says so
    odd.environment["TRACKER_TRUST_CLOCK"] = "yes"
    odd.start()


def test_what_is_wrong() -> None:
    now = now_us()
    minute = 60_000_000
    assert find_fault(now, None) is None
    assert find_fault(now, now) is None
    assert find_fault(now, now + 9 * minute) is None  # no fix is refused for so little
    assert find_fault(now, now + 11 * minute) is not None
    assert find_fault(0, None) is not None
