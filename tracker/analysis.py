"""The database for people with tools of their own: psql, QGIS, notebooks."""

import asyncio
import shutil
import signal
import subprocess
from collections.abc import Sequence
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from tracker.errors import ClusterFailed, PostgisMissing
from tracker.postgis.cluster import Cluster
from tracker.processes.database import database
from tracker.settings import Settings
from tracker.store.pool import open_connection

READER: Final = "tracker_reader"  # sql/0013_analysis.sql makes it


def as_reader(url: str) -> str:
    """The same database for the role that only reads: without the password, which is another role's."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    kept = [each for each in parse_qsl(parts.query) if each[0] not in ("user", "password")]
    return urlunsplit(parts._replace(netloc=f"{READER}@{host}", query=urlencode(kept)))


def keywords(url: str) -> str:
    """As `host=... user=...`, which GDAL and QGIS take behind PG:."""
    parts = urlsplit(url)
    given = {"host": parts.hostname, "port": parts.port, "user": parts.username, "password": parts.password}
    given |= {"dbname": parts.path.lstrip("/")} | dict(parse_qsl(parts.query))
    return " ".join(f"{name}={_quoted(unquote(str(value)))}" for name, value in given.items() if value)


def _quoted(value: str) -> str:
    if quote(value, safe="/._-:+") == value:
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def where(settings: Settings) -> tuple[str, str | None]:
    """The owner's URL, and what stands in the way of using it."""
    if settings.database_url:
        return settings.database_url, None
    cluster = Cluster(settings.data)
    told = None if cluster.is_ready else "the private PostGIS does not run now; it does while the server does"
    return cluster.url, told


async def talk(settings: Settings, arguments: Sequence[str], *, as_owner: bool) -> int:
    """Runs psql on the server's database, which is started where it does not run. The exit code of psql."""
    psql = shutil.which("psql")
    if psql is None:
        raise PostgisMissing("there is no psql: it comes with PostgreSQL, in Debian's package postgresql-client")
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, lambda: None)  # it is psql's, which ends the query
    async with database(settings) as (url, _):
        if not as_owner and not settings.database_url:
            await _check_reader(url)
        return await asyncio.to_thread(subprocess.call, [psql, url if as_owner else as_reader(url), *arguments])


async def _check_reader(url: str) -> None:
    """A private PostGIS that no server of this version has used yet has no views."""
    conn = await open_connection(url)
    try:
        if await conn.fetchval("select to_regnamespace('analysis')") is None:
            raise ClusterFailed("this database has no views yet: run `tracker migrate`, or start the server once")
    finally:
        await conn.close()
