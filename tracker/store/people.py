"""Table person: who signs in, and by which password."""

from collections.abc import Collection, Sequence

import asyncpg

from tracker.errors import Conflict
from tracker.model.person import Credentials, Person

COLUMNS = "p.key, p.email, p.name, p.is_owner, p.language"


async def has_people(conn: asyncpg.Connection) -> bool:
    return bool(await conn.fetchval("select exists (select from person)"))


async def insert_person(
    conn: asyncpg.Connection, email: str, name: str, password: str | None, *, is_owner: bool
) -> Person:
    """`password` is its hash. Conflict where the address, in whatever case, has an account."""
    row = await conn.fetchrow(
        f"""insert into person as p (email, name, password, is_owner) values ($1, $2, $3, $4)
            on conflict (lower(email)) do nothing returning {COLUMNS}""",
        email,
        name,
        password,
        is_owner,
    )
    if row is None:
        raise Conflict("this e-mail address has an account already")
    return Person(**row)


async def select_person(conn: asyncpg.Connection, key: int, *, lock: bool = False) -> Person | None:
    """`lock`: nobody changes it until the transaction ends."""
    row = await conn.fetchrow(f"select {COLUMNS} from person p where key = $1 {'for update' if lock else ''}", key)
    return Person(**row) if row else None


async def select_person_by_email(conn: asyncpg.Connection, email: str) -> Person | None:
    """Upper and lower case are one."""
    row = await conn.fetchrow(f"select {COLUMNS} from person p where lower(email) = lower($1)", email)
    return Person(**row) if row else None


async def select_credentials(conn: asyncpg.Connection, email: str) -> Credentials | None:
    """The same, with what this person signs in by."""
    row = await conn.fetchrow(
        f"""select {COLUMNS}, p.password, p.ways, coalesce(f.is_on, false) as factor
            from person p left join second_factor f on f.person = p.key where lower(p.email) = lower($1)""",
        email,
    )
    if row is None:
        return None
    person = Person(row["key"], row["email"], row["name"], row["is_owner"], row["language"])
    return Credentials(person, row["password"], row["ways"], row["factor"])


async def select_people(
    conn: asyncpg.Connection, *, after: int, limit: int, among: Sequence[int] | None = None
) -> list[Person]:
    """In the order they came; `among`: of these only."""
    rows = await conn.fetch(
        f"""select {COLUMNS} from person p
            where key > $1 and ($3::int[] is null or key = any($3)) order by key limit $2""",
        after,
        limit,
        among,
    )
    return [Person(**row) for row in rows]


async def select_password(conn: asyncpg.Connection, key: int) -> str | None:
    hashed: str | None = await conn.fetchval("select password from person where key = $1", key)
    return hashed


async def update_password(conn: asyncpg.Connection, key: int, password: str) -> int:
    """Its hash; how often the ways to sign in have changed by now. Who holds a session, a link to reset it or an
    invitation to the former one keeps none: see callers."""
    return await conn.fetchval("update person set password = $2 where key = $1 returning ways", key, password) or 0


async def update_person(conn: asyncpg.Connection, person: Person) -> None:
    """Conflict where another has the address."""
    try:
        await conn.execute(
            "update person set email = $2, name = $3, is_owner = $4, language = $5 where key = $1",
            person.key,
            person.email,
            person.name,
            person.is_owner,
            person.language,
        )
    except asyncpg.UniqueViolationError:
        raise Conflict("this e-mail address has an account already", field="email") from None


async def lock_owners(conn: asyncpg.Connection) -> Sequence[int]:
    """The owners, held until the transaction ends: of two that go at once, the second sees the first gone."""
    rows = await conn.fetch("select key from person where is_owner order by key for update")
    return [row["key"] for row in rows]


async def delete_person(conn: asyncpg.Connection, key: int) -> bool:
    """With the sessions, whose sockets hear of it, and the places in groups. Its own devices are erased before."""
    return bool(await conn.fetchval("delete from person where key = $1 returning true", key))


async def select_own_devices(conn: asyncpg.Connection, person: int) -> Sequence[str]:
    """The ids of this person's own devices."""
    return [row["id"] for row in await conn.fetch("select id from device where person = $1 order by key", person)]


async def update_owner_of_device(conn: asyncpg.Connection, device: int, person: int | None) -> None:
    """Inside a transaction. What becomes somebody's own leaves its groups: its person says who sees it from now on."""
    await conn.execute("update device set person = $2 where key = $1", device, person)
    if person is not None:
        await conn.execute("delete from group_device where device = $1", device)


async def select_owners_of_devices(conn: asyncpg.Connection, devices: Collection[int]) -> dict[int, int]:
    """Of those of these devices that are somebody's own, whose they are."""
    rows = await conn.fetch(
        "select key, person from device where key = any($1::integer[]) and person is not null", list(devices)
    )
    return {row["key"]: row["person"] for row in rows}


async def select_owner_of_device(conn: asyncpg.Connection, device: int) -> int | None:
    """Whose own it is; None for one that is nobody's."""
    person: int | None = await conn.fetchval("select person from device where key = $1", device)
    return person


async def select_language(conn: asyncpg.Connection, email: str, otherwise: int | None) -> str | None:
    """Of who has this address; of somebody who has no account yet, that of the person who writes to them."""
    language: str | None = await conn.fetchval(
        """select coalesce((select language from person where lower(email) = lower($1)),
                           (select language from person where key = $2))""",
        email,
        otherwise,
    )
    return language
