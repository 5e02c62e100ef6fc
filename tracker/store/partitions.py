"""Partitions of the log by time: a day each, made ahead; long past ones are wider.

A decade of daily fixes would be 3,650 tables for a few thousand rows. So a partition that lies wholly more than two
months back is a year or a month wide where nothing is in the way, and a day wide otherwise.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Final

from asyncpg import Connection

from tracker.model.moment import DAY_MS, EPOCH

AHEAD: Final = 3  # days made before they begin
RECENT: Final = timedelta(days=62)
LOCK: Final = 0x74726B70  # "trkp": two processes never make the same one
Span = tuple[date, date]  # first day, and the first day after it

EPOCH_DAY: Final = EPOCH.date()


def find_day(at: int) -> date:
    return EPOCH_DAY + timedelta(days=at // DAY_MS)


async def select_spans(conn: Connection) -> list[Span]:
    """The spans there are, from their bounds in the catalogue. Their names say the same today, but whoever makes or
    renames a partition by hand would make them lie."""
    rows = await conn.fetch(
        """select (regexp_match(bound, 'FROM \\(''([^ '']+)'))[1]::date as first,
                  (regexp_match(bound, 'TO \\(''([^ '']+)'))[1]::date as after
           from pg_inherits i join pg_class c on c.oid = i.inhrelid,
                lateral pg_get_expr(c.relpartbound, c.oid) as bound
           where i.inhparent = 'fix'::regclass"""
    )
    return [(first, after) for first, after in rows]


async def create_missing(conn: Connection, days: Iterable[date], today: date) -> list[Span]:
    """Make a partition for each day that has none. Returns all spans there are then."""
    async with conn.transaction():
        await conn.execute("select pg_advisory_xact_lock($1)", LOCK)
        spans = await select_spans(conn)
        for day in sorted(days):
            if not is_covered(day, spans):
                spans.append(span := choose(day, today, spans))
                await conn.execute(make_statement(*span))
    return spans


def is_covered(day: date, spans: Iterable[Span]) -> bool:
    return any(first <= day < after for first, after in spans)


def choose(day: date, today: date, spans: Iterable[Span]) -> Span:
    """The widest of year, month and day that is over long enough and overlaps none there is."""
    spans = list(spans)
    wider = [span for span in (make_year(day), make_month(day)) if span[1] <= today - RECENT and is_free(span, spans)]
    return wider[0] if wider else (day, day + timedelta(days=1))


def make_year(day: date) -> Span:
    return date(day.year, 1, 1), date(day.year + 1, 1, 1)


def make_month(day: date) -> Span:
    first = day.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1)


def is_free(span: Span, spans: Iterable[Span]) -> bool:
    return all(span[1] <= first or after <= span[0] for first, after in spans)


def make_statement(first: date, after: date) -> str:
    name = f"fix_{first:%Y%m%d}" if (after - first).days == 1 else f"fix_{first:%Y%m%d}_{after:%Y%m%d}"
    return f"""create table {name} partition of fix
               for values from ('{first}T00:00:00Z') to ('{after}T00:00:00Z')"""


def find_days_ahead(today: date) -> list[date]:
    """Yesterday, for a clock at midnight, to a few days from now."""
    return [today + timedelta(days=offset) for offset in range(-1, AHEAD + 1)]


def today() -> date:
    return datetime.now(UTC).date()
