"""Where the PostgreSQL of this machine lies, if it has PostGIS with it."""

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tracker.errors import PostgisMissing

# Debian and Ubuntu, Red Hat, Homebrew on both kinds of Mac, Postgres.app, from source. What is on PATH comes last.
PLACES: Final = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
    "/usr/local/pgsql/bin",
)
OLDEST_MAJOR: Final = 14


@dataclass(frozen=True)
class Binaries:
    """The folder with `postgres` and `initdb`, and their major version."""

    folder: Path
    major: int


def find_binaries(major: int | None = None, *, places: Sequence[str] = PLACES) -> Binaries:
    """The newest PostgreSQL that has PostGIS, or the newest of that `major`: a cluster opens only with its own.

    Raises PostgisMissing, saying what was found instead.
    """
    found = sorted(set(_installed(places)), key=lambda each: each.major, reverse=True)
    usable = [each for each in found if each.major >= OLDEST_MAJOR and _has_postgis(each)]
    for binaries in usable:
        if major in (None, binaries.major):
            return binaries
    raise PostgisMissing(_explain(major, found, usable))


def _installed(places: Sequence[str]) -> Iterator[Binaries]:
    folders = [folder for pattern in places for folder in Path("/").glob(pattern.removeprefix("/"))]
    if on_path := shutil.which("postgres"):
        folders.append(Path(on_path).resolve().parent)
    for folder in folders:
        if (folder / "postgres").exists() and (folder / "initdb").exists():
            yield Binaries(folder, _major(folder / "postgres"))


def _major(postgres: Path) -> int:
    told = subprocess.run([postgres, "-V"], capture_output=True, text=True, env={"LC_ALL": "C"}, check=False).stdout
    match = re.search(r"(\d+)", told)
    return int(match[1]) if match else 0


def _has_postgis(binaries: Binaries) -> bool:
    folder, major = binaries.folder, binaries.major
    shares = [Path(f"/usr/share/postgresql/{major}"), folder.parent / "share/postgresql", folder.parent / "share"]
    if (pg_config := folder / "pg_config").exists():
        told = subprocess.run([pg_config, "--sharedir"], capture_output=True, text=True, check=False).stdout
        shares.insert(0, Path(told.strip()))
    return any((share / "extension/postgis.control").exists() for share in shares)


def _explain(major: int | None, found: list[Binaries], usable: list[Binaries]) -> str:
    if major is not None and usable:
        have = ", ".join(str(each.major) for each in usable)
        return (
            f"the data was made by PostgreSQL {major}, and this machine has PostGIS for {have} only. Install"
            f" PostgreSQL {major} with PostGIS again (Debian: postgresql-{major}-postgis-3), or move the data by a dump"
        )
    if found:
        have = ", ".join(f"{each.major} in {each.folder}" for each in found)
        return f"PostgreSQL is here ({have}), but not {OLDEST_MAJOR} or newer with PostGIS (Debian: postgresql-postgis)"
    return "no PostgreSQL found. Debian, Ubuntu: apt-get install postgresql-postgis. macOS: brew install postgis"
