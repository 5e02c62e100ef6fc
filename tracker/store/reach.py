"""The database on the first contact: what is wrong with it, in a sentence for who named it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import parse_qs, urlsplit

import asyncpg

from tracker.errors import DatabaseAway, DatabaseUnusable
from tracker.store.migrate import migrate

NAMED: Final = "--database (TRACKER_DATABASE_URL)"
GRANTS: Final = 'create extension if not exists postgis; alter database "NAME" owner to "USER";'
CONNECT_S: Final = 10
# Among them: it starts or ends, has too many connections, no memory, or no room on its disk.
PASSING: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InternalClientError,
)


async def bring_up_to_date(url: str) -> list[str]:
    """Migrates, and returns the names of what was applied. DatabaseUnusable where the database cannot be used."""
    async with tell_plainly(url):
        conn = await asyncpg.connect(url, timeout=CONNECT_S)
        try:
            await _check(conn, url)
        finally:
            await conn.close()
        return await migrate(url)


@asynccontextmanager
async def tell_plainly(url: str) -> AsyncIterator[None]:
    """What asyncpg raises becomes DatabaseUnusable: where the database is, what it said, and what to look at.
    DatabaseAway where that may pass by itself."""
    kind = DatabaseUnusable
    try:
        yield
    except (OSError, TimeoutError) as error:
        why = getattr(error, "strerror", None) or str(error) or "no answer in time"
        kind = DatabaseAway
        told = f"does not answer ({why}): is it running, and is {NAMED} right?"
    except asyncpg.InvalidAuthorizationSpecificationError as error:
        told = f"does not let us in ({error}): check user and password in {NAMED}"
    except asyncpg.InvalidCatalogNameError as error:
        told = f"is not there ({error}): make it first, or mend {NAMED}"
    except PASSING as error:
        kind = DatabaseAway
        told = f"cannot be used now ({error}): try again in a while"
    except asyncpg.InsufficientPrivilegeError as error:
        told = f"does not let us make our tables ({error}): as its superuser, run there once: {GRANTS}"
    except (asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        told = f"cannot be used ({error}): {NAMED} has to look like postgresql://user:password@host:5432/name"
    else:
        return
    raise kind(f"{describe_place(url)} {told}")


async def _check(conn: asyncpg.Connection, url: str) -> None:
    if await conn.fetchval("select pg_is_in_recovery()"):
        raise DatabaseUnusable(f"{describe_place(url)} is a standby that can only be read; name the primary in {NAMED}")
    if not await conn.fetchval("select exists (select from pg_available_extensions where name = 'postgis')"):
        major = conn.get_server_version().major
        raise DatabaseUnusable(
            f"{describe_place(url)} has no PostGIS; install it on its machine (Debian: postgresql-{major}-postgis-3)"
        )


def describe_place(url: str) -> str:
    """Where the database is, in words for people. Without user and password, for it is shown and logged."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or parse_qs(parts.query).get("host", [""])[0] or "this machine"
        return f"the database {parts.path.lstrip('/') or ''} at {host}:{parts.port or 5432}".replace("  ", " ")
    except ValueError:
        return "the database"
