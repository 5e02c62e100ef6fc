"""The cases of the Autobahn test suite against every way in.

kosoku drives Autobahn's own case files without the Python 2.7 that its runner needs; docs/websocket.md says how to run
the original. Cases 12 and 13 are about compression, which is not negotiated: they must say so, and some are asked.
"""

import gc

import pytest
from kosoku import FailureError, run_fuzzingclient

from .conftest import WAYS, started

FRAMING = ["1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "10.*"]
LARGE = ["9.*"]

LIMITS = {
    "message_bytes": 2**24,
    "frames_per_s": 10**6,
    "first_message_s": None,
    "write_s": 60,
    "buffered_bytes": 2**26,
}

ALLOWED = {
    "NON-STRICT": {
        # A good message right before a bad frame in the same packet is not answered any more: the close goes out first.
        "3.2",
        "3.3",
        "3.4",
        "4.1.3",
        "4.1.4",
        "4.1.5",
        "4.2.3",
        "4.2.4",
        "4.2.5",
        "5.15",
        # Bad UTF-8 inside a frame is refused at the end of the frame, not at the bad byte.
        "6.4.3",
        "6.4.4",
    },
    "INFORMATIONAL": {"7.1.6", "7.13.1", "7.13.2"},
}


@pytest.mark.parametrize("way", [way for way in WAYS if "TLS" not in way])
async def test_no_case_of_autobahn_fails(way: str, identity: dict[str, str]) -> None:
    """Not over TLS: kosoku cannot be told whom to trust."""
    with started(WAYS[way], identity, limits=LIMITS) as server:
        found = await verdicts(f"ws://127.0.0.1:{server.address.port}/echo", FRAMING + LARGE * (way == "handed over"))
    assert len(found) >= 247
    for case, verdict in found.items():
        assert verdict == "OK" or case in ALLOWED.get(verdict, ()), f"{case}: {verdict}"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_compression_is_not_negotiated() -> None:
    """These cases read files that they never close, hence the filter."""
    with started({}, {}, limits=LIMITS) as server:
        found = await verdicts(f"ws://127.0.0.1:{server.address.port}/echo", ["12.1.1", "12.3.1", "13.1.1", "13.5.1"])
    gc.collect()
    assert set(found.values()) == {"UNIMPLEMENTED"}, found


async def verdicts(url: str, cases: list[str]) -> dict[str, str]:
    """Of each case the worse of the two: what was said, and how it was closed."""
    try:
        results = await run_fuzzingclient(url, cases, concurrency=8)
    except FailureError as failure:
        results = failure.results
    return {result.case_id: verdict(result.behavior.value, result.behavior_close.value) for result in results}


def verdict(said: str, closed: str) -> str:
    return said if said != "OK" else closed
