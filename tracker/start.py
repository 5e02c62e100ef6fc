"""What a person is told when the server has started: where it listens, where the data lies, how to get in."""

import os
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from rich.console import Console

from tracker.settings import Settings

LINK_FILE: Final = "owner-link"
EVERYWHERE: Final = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}  # what is listened on is no address to go to


@dataclass(frozen=True)
class Start:
    """`home`: the folder of the private PostGIS, None where the database is another. `code`: of the first sign-in link,
    None where somebody has been in already."""

    addresses: list[str]
    home: Path | None
    code: str | None


def announce(settings: Settings, console: Console, start: Start) -> None:
    tell = partial(console.print, highlight=False, markup=False, soft_wrap=True)
    if start.home is not None:
        tell(describe_home(start.home, settings.data.absolute()))
    if start.code is not None:
        link = link_to(base_url(settings, start.addresses[0]), start.code)
        tell(hand_out(link, start.home or settings.data.absolute()))
    tell(f"listening on {', '.join(start.addresses)}")


def describe_home(home: Path, wanted: Path) -> str:
    if home == wanted:
        return f"data in {home}"
    return f"data in {home}, for PostgreSQL does not run as root and its account cannot enter {wanted}"


def hand_out(link: str, folder: Path) -> str:
    """On a terminal, where one person reads it; else into a file of ours, for logs are read and kept by others."""
    if sys.stderr.isatty():
        return f"\n  Sign in, once and within a day: {link}\n"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_privately(folder / LINK_FILE, f"{link}\n")
    except OSError as error:
        return f"no sign-in link was written ({error.strerror}): `tracker sign-in` makes one"
    return f"a sign-in link for one use is in {folder / LINK_FILE}"


def write_privately(path: Path, text: str) -> None:
    """Appears whole, and is nobody else's for a moment: an existing file keeps the rights it has, so it is replaced."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    unfinished.replace(path)


def base_url(settings: Settings, bound: str | None = None) -> str:
    """Where a browser finds the server: the operator's own word for it, or what it listens on."""
    return settings.origins[0] if settings.origins else bound_url(settings, bound or settings.bind)


def bound_url(settings: Settings, bound: str) -> str:
    host, _, port = bound.rpartition(":")
    return f"{'https' if settings.tls_certificate else 'http'}://{EVERYWHERE.get(host, host)}:{port}"


def link_to(base: str, code: str, kind: str = "link") -> str:
    """Behind the #, which no browser sends and no log holds."""
    return f"{base.rstrip('/')}/#{kind}={code}"
