"""What a phone's app is answered when something is wrong, and calls for help that say an odd time."""

from typing import Any, cast

import pytest

from tests.phone_samples import AT
from tracker.metrics import Metrics
from tracker.model.moment import format_ms
from tracker.phones.values import LAST_MS
from tracker.pipeline.accept import OLDEST_MS
from tracker.posts import PostOffice, make_take
from tracker.sources.frames import make_call
from tracker.websocket import PlainRequest


@pytest.mark.parametrize(
    ("at", "written"),
    [
        (AT, format_ms(AT)),
        (None, format_ms(AT + 5)),
        (OLDEST_MS, format_ms(OLDEST_MS)),
        (OLDEST_MS - 1, None),
        (0, None),
        (-70_000_000_000_000, None),  # before the year 1, which no date can say
        (-LAST_MS, None),
        (LAST_MS, None),
    ],
)
def test_a_call_for_help_is_made_whatever_time_it_says(at: int | None, written: str | None) -> None:
    call = make_call(at, (AT + 5) * 1000)
    assert (call.alarm, call.at) == ("sos", written)


@pytest.mark.parametrize("office", ["closed", "broken"])
async def test_the_short_way_is_never_silent(office: str) -> None:
    """`broken`: what nobody thought of. An app that hears nothing waits, and one that is told 503 comes again."""
    is_open = {"closed": lambda: False, "broken": lambda: bool(1 // 0)}[office]
    nothing = cast(Any, None)
    take = make_take(PostOffice(nothing, nothing, nothing, is_open, lambda: "own"), Metrics())
    answer = await take(PlainRequest(9, "GET", "/in/abc", "n=Zo\xeb", "", b"", is_last=False), "127.0.0.1")
    assert answer is not None and answer.status == 503 and ("retry-after", "5") in answer.headers
    assert await take(PlainRequest(9, "GET", "/other", "", "", b"", is_last=False), "127.0.0.1") is None
