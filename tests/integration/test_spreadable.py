"""What is spread by device over several databases one day is ready for it: whatever has to be unique there, or points
somewhere, names the device, for a node can look after nothing that lies on another."""

import asyncpg

# With the fixes of a device on one node lie all tables that are large because of fixes. Events, the outbox and
# deliveries stay together on one, where their numbers are given.
SPREAD = ("fix", "transition", "position", "anchor", "quarantine")
UNIQUE = """
    select t.relname as of_table, i.relname as named, pg_get_indexdef(x.indexrelid) as definition
    from pg_index x join pg_class t on t.oid = x.indrelid join pg_class i on i.oid = x.indexrelid
    where t.relname = any($1) and t.relnamespace = current_schema()::regnamespace and x.indisunique
      and not exists (select from pg_attribute a where a.attrelid = t.oid and a.attname = 'device'
                        and a.attnum = any(x.indkey[0:x.indnkeyatts - 1]))"""
FOREIGN = """
    select t.relname as of_table, c.conname as named, pg_get_constraintdef(c.oid) as definition
    from pg_constraint c join pg_class t on t.oid = c.conrelid join pg_class f on f.oid = c.confrelid
    where c.contype = 'f' and c.conparentid = 0 and t.relnamespace = current_schema()::regnamespace
      and (t.relname = any($1) or f.relname = any($1))
      and not exists (select from pg_attribute a where a.attrelid = t.oid and a.attname = 'device'
                        and a.attnum = any(c.conkey))"""
WITHOUT = """
    select relname from pg_class t where relname = any($1) and relnamespace = current_schema()::regnamespace
      and not exists (select from pg_attribute a where a.attrelid = t.oid and a.attname = 'device' and a.attnotnull)"""


async def test_what_is_spread_by_device_names_it(conn: asyncpg.Connection) -> None:
    there = await conn.fetchval(
        "select count(*) from pg_class where relname = any($1) and relkind in ('r', 'p')", SPREAD
    )
    assert there == len(SPREAD)
    for question in (WITHOUT, UNIQUE, FOREIGN):
        assert [tuple(row) for row in await conn.fetch(question, SPREAD)] == []


async def test_one_that_does_not_is_found(conn: asyncpg.Connection) -> None:
    await conn.execute("create unique index slip on transition (told)")
    await conn.execute("alter table fix add column source integer references source (key)")
    found = [row["named"] for question in (UNIQUE, FOREIGN) for row in await conn.fetch(question, SPREAD)]
    assert found == ["slip", "fix_source_fkey"]
