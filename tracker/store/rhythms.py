"""Table device_rhythm: how often a device usually reports, by the hour of the day."""

from typing import Final

import asyncpg

from tracker.model.rhythm import Rhythm

DAYS: Final = 14
FEWEST: Final = 20  # gaps of an hour of the day; of fewer nothing is concluded


async def select_rhythm(conn: asyncpg.Connection, device: int) -> Rhythm | None:
    gaps = await conn.fetchval("select gaps from device_rhythm where device = $1", device)
    return None if gaps is None else tuple(gaps)


async def select_to_learn(conn: asyncpg.Connection) -> int | None:
    """A device whose rhythm is a day old, or not known: one that reports by an app, and of which nobody said how often
    it should."""
    device: int | None = await conn.fetchval(
        """select d.key from device d left join device_rhythm r on r.device = d.key
           where d.interval_s is null and (r.learned_at is null or r.learned_at < now() - interval '1 day')
             and exists (select from device_app a
                         where a.device = d.key and a.last_seen > now() - make_interval(days => $1))
           order by r.learned_at nulls first, d.key limit 1""",
        DAYS,
    )
    return device


async def learn_rhythm(conn: asyncpg.Connection, device: int) -> None:
    """The median gap after a fix, by the hour in which it was measured. Nudges `tracker_device`. Nothing where the
    device was deleted meanwhile, or is being deleted."""
    await conn.execute(
        """with gap as (select extract(hour from at at time zone 'UTC')::int as hour,
                              extract(epoch from lead(at) over (order by at) - at) as seconds
                       from fix where device = $1 and at > now() - make_interval(days => $2) and at <= now()),
                known as (select hour, percentile_cont(0.5) within group (order by seconds) as median from gap
                          where seconds is not null group by hour having count(*) >= $3),
                made as (insert into device_rhythm (device, gaps)
                         select d.key, array(select known.median::real from generate_series(0, 23) as each (hour)
                                             left join known using (hour) order by each.hour)
                         from device d where d.key = $1 for key share skip locked
                         on conflict (device) do update set gaps = excluded.gaps, learned_at = now() returning device)
           select pg_notify('tracker_device', device::text) from made""",
        device,
        DAYS,
        FEWEST,
    )
