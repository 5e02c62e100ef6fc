"""Who folds which devices: owners, their leases on partitions, and the mark that each batch leaves.

An owner is alive while its session holds an advisory lock on its epoch, and while it renews its expiry: the lock ends
with a killed process at once, the expiry ends for one that hangs. Whoever takes over fences the owner before, in the
same row that every batch updates, so no batch of a fenced owner can commit.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from asyncpg import Connection, PostgresError, Record

from tracker.errors import Fenced
from tracker.store.advisory import end_holders

PARTITIONS: Final = 64
ALL: Final = tuple(range(PARTITIONS))
# Of several processes each owns some strands of the log: each of these has its owner, its stamps and its batches. More
# of them are shared out more evenly, and cost each process that owns several a batch more at a time.
STRANDS: Final = 8
EXPIRY: Final = "10 seconds"
LOADING: Final = "10 minutes"  # to read the states after taking over; a process that is killed meanwhile holds no lock
LOAD: Final = f"update owner set expires_at = now() + interval '{LOADING}' where id = $1"
LOCK_CLASS: Final = 0x74726B  # "trk": first half of the advisory lock's key; the epoch is the other


Part = Callable[[Connection, Collection[int]], Awaitable[None]]


class Moved(Exception):
    """What a batch was decided by is no longer so, and nothing of it is stored."""


def find_partition(device: int) -> int:
    """By the device's key, which is with each of its fixes, and in SQL the same. Its id would have to be looked up."""
    return device % PARTITIONS


def list_strand(strand: int) -> list[int]:
    """Its partitions."""
    return list(range(strand, PARTITIONS, STRANDS))


def find_strand(device: int) -> int:
    return device % STRANDS


async def select_free_strands(conn: Connection) -> list[int]:
    """Those that no living owner holds, as far as a look without a lock tells."""
    rows = await conn.fetch(
        """select partition % $1 as strand from lease l left join owner o on o.id = l.owner
           group by 1 having bool_and(o.id is null or o.fenced or o.expires_at < now() or not exists (
               select from pg_locks where locktype = 'advisory' and classid = $2 and objid = o.epoch and objsubid = 2
                 and granted and database = (select oid from pg_database where datname = current_database())))
           order by 1""",
        STRANDS,
        LOCK_CLASS,
    )
    return [row["strand"] for row in rows]


async def insert_owner(conn: Connection, owner: UUID, name: str) -> int:
    """Register, and hold the lock that says this session lives. Returns the epoch. Rows of owners that have nothing and
    can have nothing any more go meanwhile: one is left by each take. Who was fenced is as well served by none."""
    await delete_owners(conn)
    epoch: int = await conn.fetchval(
        f"insert into owner (id, name, expires_at) values ($1, $2, now() + interval '{EXPIRY}') returning epoch",
        owner,
        name,
    )
    await lock_epoch(conn, epoch)
    return epoch


async def delete_owners(conn: Connection) -> None:
    """One that stands by renews nothing, so its lock is looked at, too. Between its row and its lock lie moments."""
    await conn.execute(
        """delete from owner o using (
               select id from owner where (fenced or expires_at < now() - interval '1 minute')
                 and not exists (select from lease where lease.owner = owner.id) for update skip locked
           ) as old
           where o.id = old.id and (o.fenced or not exists (
               select from pg_locks where locktype = 'advisory' and classid = $1 and objid = o.epoch and objsubid = 2
                 and granted and database = (select oid from pg_database where datname = current_database())))""",
        LOCK_CLASS,
    )


async def lock_epoch(conn: Connection, epoch: int) -> None:
    """Held until the session ends. An earlier session of the same owner is ended first, and its end waited for: it may
    not know yet that nobody listens to it, and until it is gone it may still commit."""
    await end_holders(conn, LOCK_CLASS, [epoch])
    await conn.execute("select pg_advisory_lock($1, $2)", LOCK_CLASS, epoch)


async def take_leases(
    conn: Connection, owner: UUID, partitions: Collection[int] = ALL, part: Part | None = None
) -> bool:
    """Take these partitions, fencing owners of them that died: all of them, or none where a living owner holds any. To
    take what is free and wait for the rest would let two that want different ones wait for each other. `part` is done
    when those before can store nothing more, and nobody else can yet."""
    async with conn.transaction():
        await conn.execute("lock table lease in share row exclusive mode")  # one taker at a time
        rows = await select_others(conn, owner, partitions)
        expired = [row["epoch"] for row in rows if row["expired"]]
        await end_holders(conn, LOCK_CLASS, expired)  # it may hang with its row locked
        dead = [row["id"] for row in rows if row["expired"] or await is_gone(conn, row["epoch"])]
        if dead:
            await conn.execute("update owner set fenced = true where id = any($1::uuid[])", dead)
        if len(dead) < len(rows):
            return False
        if part is not None:
            await part(conn, partitions)
        await set_owner(conn, owner, partitions)
    return True


async def select_others(conn: Connection, owner: UUID, partitions: Collection[int]) -> list[Record]:
    """Who may own any of these partitions still."""
    found: list[Record] = await conn.fetch(
        """select id, epoch, expires_at < now() as expired from owner
           where not fenced and id <> $1
             and id in (select owner from lease where partition = any($2::smallint[]))""",
        owner,
        partitions,
    )
    return found


async def set_owner(conn: Connection, owner: UUID, partitions: Collection[int]) -> None:
    """As `allow_loading`, too."""
    await conn.execute(
        f"""with taken as (update lease set owner = $1, epoch = epoch + 1
                          where partition = any($2::smallint[]) and owner is distinct from $1)
           {LOAD}""",
        owner,
        partitions,
    )


async def allow_loading(conn: Connection, owner: UUID) -> None:
    """It renews nothing until it has read what it took over."""
    await conn.execute(LOAD, owner)


async def is_gone(conn: Connection, epoch: int) -> bool:
    """Nobody holds the epoch's lock: the session that did has ended."""
    if not await conn.fetchval("select pg_try_advisory_lock($1, $2)", LOCK_CLASS, epoch):
        return False
    await conn.execute("select pg_advisory_unlock($1, $2)", LOCK_CLASS, epoch)
    return True


async def renew_owner(conn: Connection, owner: UUID) -> None:
    done = await conn.fetchval(
        f"""update owner set expires_at = now() + interval '{EXPIRY}' where id = $1 and not fenced returning true""",
        owner,
    )
    if not done:
        raise Fenced


class Revisions(NamedTuple):
    """What a batch must be decided by, and shown by. One more is a field here and its query in HEADS."""

    geofences: int
    pairs: int
    rights: int


HEADS: Final = ", ".join(  # as the fields of Revisions
    f"(select revision from {head})" for head in ("geofence_head", "pair_head", "rights_head")
)
FENCED: Final = "TR001"  # what the function mark_batch raises: see sql/0018_mark.sql
MOVED: Final = "TR002"


async def mark_batch(conn: Connection, owner: UUID, batch: int) -> Revisions:
    """The first statement of a batch. Returns the revisions it must be decided by.
    Raises Fenced where the owner lost its place, which then stays lost."""
    revisions = await conn.fetchrow(
        f"""update owner set batch = $2, expires_at = now() + interval '{EXPIRY}' where id = $1 and not fenced
           returning {HEADS}""",
        owner,
        batch,
    )
    if revisions is None:
        raise Fenced
    return Revisions(*revisions)


def make_mark_statement(owner: UUID, batch: int, revisions: Revisions) -> str:
    """The same for a batch that was decided by these revisions already: to be sent with what follows it, inside
    `raise_of_mark`. All values are ours and none is a text, so they stand in the statement."""
    expected = ", ".join(map(str, revisions))
    return f"select mark_batch('{owner}', {batch}, interval '{EXPIRY}', ({HEADS}) = ({expected}))"


@contextmanager
def raise_of_mark() -> Iterator[None]:
    """Raises Fenced as `mark_batch` does, and Moved where the batch must be decided by other revisions."""
    try:
        yield
    except PostgresError as error:
        if error.sqlstate == FENCED:
            raise Fenced from error
        if error.sqlstate == MOVED:
            raise Moved from error
        raise


async def select_batch(conn: Connection, owner: UUID) -> int:
    """The last batch that committed: tells whether a commit happened whose reply was lost."""
    row = await conn.fetchrow("select batch, fenced from owner where id = $1", owner)
    if row is None or row["fenced"]:
        raise Fenced
    return int(row["batch"])


async def release_owner(conn: Connection, owner: UUID, listened: Sequence[int] | None = None) -> None:
    """Give the partitions back in good order, so that the next owner need not wait until this one has expired.
    `listened`: what that one is to know."""
    await conn.execute(
        """with told as (update lease set listened = epoch || $2::bigint[]
                        where owner = $1 and $2::bigint[] is not null)
           update owner set fenced = true where id = $1""",
        owner,
        listened,
    )


async def select_checkpoints(conn: Connection, partitions: Iterable[int]) -> dict[int, datetime | None]:
    """Up to which received_at the positions of each partition are complete; None: never yet."""
    rows = await conn.fetch(
        "select partition, nullif(checkpoint, '-infinity') from lease where partition = any($1::smallint[])",
        list(partitions),
    )
    return dict(rows)


class Lease(NamedTuple):
    """Of an owner. `term`: counts up with each that takes over. `listened`: what was left to this one; None where any
    of its partitions has another past, or died."""

    term: int
    listened: list[int] | None


async def select_lease(conn: Connection, owner: UUID) -> Lease:
    rows = await conn.fetch(
        """select max(epoch) as term, case when listened[1] + 1 = epoch then listened[2:] end as listened
           from lease where owner = $1 group by 2""",
        owner,
    )
    term = max((row["term"] for row in rows), default=0)
    return Lease(term, rows[0]["listened"] if len(rows) == 1 else None)


async def select_newest_checkpoint(conn: Connection) -> datetime | None:
    """Of all partitions; None: never yet."""
    newest: datetime | None = await conn.fetchval("select max(checkpoint) from lease where checkpoint > '-infinity'")
    return newest


async def update_checkpoints(conn: Connection, owner: UUID, stamp: datetime) -> None:
    await conn.execute("update lease set checkpoint = $2 where owner = $1", owner, stamp)


async def insert_in_force(conn: Connection, owner: UUID, revision: int, stamp: int) -> None:
    """From this stamp on the owner decides by this revision of the geofences, in each of its partitions."""
    await conn.execute(
        """insert into in_force (partition, stamp, revision)
           select partition, $2, $3 from lease where owner = $1""",
        owner,
        stamp,
        revision,
    )


class InForce(NamedTuple):
    stamp: int  # µs
    revision: int


async def select_in_force(conn: Connection, partitions: Iterable[int]) -> dict[int, list[InForce]]:
    """By the partition: which revision was taken over when, the oldest first."""
    rows = await conn.fetch(
        """select partition, max(stamp) as stamp, revision from in_force where partition = any($1::smallint[])
           group by partition, revision order by partition, stamp, revision""",
        list(partitions),
    )
    found: dict[int, list[InForce]] = {}
    for row in rows:
        found.setdefault(row["partition"], []).append(InForce(row["stamp"], row["revision"]))
    return found


async def replace_in_force(conn: Connection, owner: UUID, history: Sequence[InForce]) -> None:
    """The same for all partitions of this owner."""
    await conn.execute(
        "delete from in_force old using lease where lease.owner = $1 and old.partition = lease.partition", owner
    )
    await conn.execute(
        """insert into in_force (partition, stamp, revision)
           select partition, stamp, revision from lease, unnest($2::bigint[], $3::bigint[]) as h (stamp, revision)
           where owner = $1""",
        owner,
        [each.stamp for each in history],
        [each.revision for each in history],
    )


async def delete_in_force(conn: Connection, owner: UUID, before: int) -> None:
    """What no fix that can still come late was decided by: the newest from before the stamp stays."""
    await conn.execute(
        """delete from in_force old using lease
           where lease.owner = $1 and old.partition = lease.partition and old.stamp < $2
             and exists (select from in_force later
                         where later.partition = old.partition and later.stamp > old.stamp and later.stamp < $2)""",
        owner,
        before,
    )
