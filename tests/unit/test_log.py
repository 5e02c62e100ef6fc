"""The log: JSON, one line each, and no secret in it however it came there."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as some

from tracker.access.tokens import new_secret
from tracker.logs import Redaction, Seldom, configure

OPERATOR = "an operator's word"
SECRET = new_secret()


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure("debug", secrets=(OPERATOR,), stream=stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


WAYS = {
    "in the text": lambda log: log.warning(f"who sent {SECRET} here"),
    "as an argument": lambda log: log.warning("header %s", f"Bearer {SECRET}"),
    "as a field": lambda log: log.warning("x", extra={"token": SECRET}),
    "a header of any kind": lambda log: log.warning("x", extra={"headers": {"Authorization": f"Basic {SECRET[4:]}"}}),
    "deep in a field": lambda log: log.warning("x", extra={"request": {"cookies": [f"tracker_session={SECRET[4:]}"]}}),
    "in JSON": lambda log: log.warning('{"type":"hello","token":"%s"}', SECRET[4:20]),
    "in bytes": lambda log: log.warning("x", extra={"body": f'{{"token": "{SECRET[4:20]}"}}'.encode()}),
    "in a URL": lambda log: log.warning(f"GET /in/{SECRET[4:20]}?id=van HTTP/1.1"),
    "in a fragment": lambda log: log.warning(f"open http://localhost:8000/#token={SECRET[4:20]}"),
    "without a name": lambda log: log.warning(f"hm: {SECRET[4:]}"),
    "the operator's own": lambda log: log.warning(f"got {OPERATOR}"),
    "of the database": lambda log: log.warning("postgresql://tracker:%s@db/tracker", SECRET[4:20]),
}


@pytest.mark.parametrize("way", WAYS)
def test_no_secret_reaches_the_log(lines: io.StringIO, way: str) -> None:
    WAYS[way](logging.getLogger("library"))
    written = lines.getvalue()
    assert "[redacted]" in written
    assert SECRET[4:20] not in written and OPERATOR not in written
    assert json.loads(written)["level"] == "warning"


def test_no_secret_reaches_the_log_by_a_traceback(lines: io.StringIO) -> None:
    try:
        raise ValueError(f"cannot read {SECRET}")
    except ValueError:
        structlog.get_logger("ours").exception("failed", device="van-12")
    told = json.loads(lines.getvalue())
    assert "ValueError: cannot read [redacted]" in told["exception"] and told["device"] == "van-12"


def test_a_text_cannot_make_a_line_of_its_own(lines: io.StringIO) -> None:
    logging.getLogger("x").info('van\n{"level":"error"}\x1b[31m\u2028')
    (line,) = lines.getvalue().splitlines()
    assert json.loads(line)["event"] == 'van\n{"level":"error"}\x1b[31m\u2028'


def test_ordinary_words_stay(lines: io.StringIO) -> None:
    structlog.get_logger().info("stored", fixes=12, device="van-12", at="2026-11-23T10:00:00.123Z", took=0.25, ok=None)
    told = json.loads(lines.getvalue())
    assert {key: told[key] for key in ("event", "fixes", "device", "at", "took", "ok")} == {
        "event": "stored",
        "fixes": 12,
        "device": "van-12",
        "at": "2026-11-23T10:00:00.123Z",
        "took": 0.25,
        "ok": None,
    }


@given(some.text(alphabet="ab-_./:?&= ", max_size=30), some.text(alphabet="ab-_./:?&= ", max_size=30))
def test_a_token_is_found_wherever_it_stands(before: str, after: str) -> None:
    redaction = Redaction()
    assert SECRET[4:24] not in redaction.text(f"{before}{SECRET}{after}")


@given(some.text())
def test_redaction_takes_any_text(text: str) -> None:
    assert isinstance(Redaction().text(text), str)


def test_what_fails_each_second_is_told_once_a_minute() -> None:
    lines: list[tuple[str, dict[str, object]]] = []

    class Lines:
        def warning(self, event: str, **fields: object) -> None:
            lines.append((event, fields))

    now = 0.0
    seldom = Seldom(Lines(), lambda: now)
    for second in range(150):
        now = float(second)
        seldom.warning("away", second=second)
        if second == 70:
            seldom.warning("other")
    assert lines == [
        ("away", {"second": 0}),
        ("away", {"second": 60, "meanwhile": 59}),
        ("other", {}),
        ("away", {"second": 120, "meanwhile": 59}),
    ]


def test_a_line_names_who_said_it(lines: io.StringIO) -> None:
    Seldom(structlog.get_logger()).warning("away")
    assert json.loads(lines.getvalue())["logger"] == __name__


def test_what_a_pool_says_of_a_database_that_is_away_is_one_line(lines: io.StringIO) -> None:
    for _ in range(5):
        try:
            raise ConnectionError("gone")
        except ConnectionError:
            logging.getLogger("asyncpg.pool").exception("Failed to restore the pool connection floor; retrying")
    [line] = lines.getvalue().splitlines()
    assert json.loads(line)["error"] == "ConnectionError('gone')" and "exception" not in line
