"""What an operator does to an installation from a shell, each as one command, with the server running or not."""

from typing import Any

import click

from tracker.access.codes import make_reset_at
from tracker.access.links import make_link_at
from tracker.access.own import give_device_at
from tracker.access.tokens import issue_at
from tracker.errors import TrackerError
from tracker.processes.database import database
from tracker.processes.loop import console
from tracker.settings import Settings
from tracker.start import base_url, link_to
from tracker.store.reach import bring_up_to_date


async def migrate_tables(settings: Settings) -> None:
    async with database(settings) as (url, _):
        done = await bring_up_to_date(url)
    console.print("\n".join(done) if done else "nothing to do")


async def print_token(settings: Settings, kind: Any, name: str) -> None:
    """The token alone on standard output, so that a script can take it."""
    async with database(settings) as (url, _):
        await bring_up_to_date(url)
        click.echo(await issue_at(url, kind, name))


async def print_link(settings: Settings, url: str | None) -> None:
    async with database(settings) as (database_url, _):
        await bring_up_to_date(database_url)
        click.echo(link_to(url or base_url(settings), await make_link_at(database_url)))


async def print_reset(settings: Settings, url: str | None, email: str) -> None:
    async with database(settings) as (database_url, _):
        await bring_up_to_date(database_url)
        try:
            code = await make_reset_at(database_url, email)
        except TrackerError as error:
            raise click.ClickException(str(error)) from None
        click.echo(link_to(url or base_url(settings), code, "password"))


async def give(settings: Settings, device: str, email: str) -> None:
    async with database(settings) as (database_url, _):
        await bring_up_to_date(database_url)
        try:
            await give_device_at(database_url, device, email)
        except TrackerError as error:
            raise click.ClickException(str(error)) from None
        click.echo(f"{device} is shown to {email} alone, until {email} puts it into a group")
