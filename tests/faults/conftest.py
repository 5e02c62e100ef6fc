"""A cluster of its own for what hurts it."""

from collections.abc import Iterator

import asyncpg
import pytest

from tests.faults.cluster import Patient, patient


@pytest.fixture(scope="session")
def durable() -> Iterator[Patient]:
    """It keeps its promises: fsync on."""
    with patient() as durable:
        yield durable


@pytest.fixture
async def durable_url(durable: Patient) -> str:
    """A fresh database on it; its server makes the tables. A test that failed may have left it stopped."""
    await durable.start()
    conn = await asyncpg.connect(durable.url)
    name = f"d{await conn.fetchval('select count(*) from pg_database')}"
    await conn.execute(f"create database {name}")
    await conn.close()
    return durable.url.replace("/postgres?", f"/{name}?")
