"""A person's own devices: how a device gets its person, and loses it."""

import asyncpg

from tracker.access.guard import caller
from tracker.access.objects import check_removal
from tracker.access.relation import see_person
from tracker.errors import NotAllowed, NotFound
from tracker.model.audit import Deed
from tracker.model.sight import Sight
from tracker.store.audit import insert_audit
from tracker.store.devices import select_devices_by_id
from tracker.store.people import select_owner_of_device, select_person_by_email, update_owner_of_device
from tracker.store.pool import open_connection


async def give_device(conn: asyncpg.Connection, sight: Sight, device: int, person: int) -> bool:
    """To this person, or with 0 to nobody. `device` is the key of one that the caller may change. NotAllowed for one
    that is somebody else's: a manager of a group it was put into would take it over. False: it is so already."""
    whose, token = await select_owner_of_device(conn, device), caller()
    if whose == (person or None):
        return False
    if whose is None:
        await check_removal(conn, sight, "devices", "device", device)  # nobody else sees it afterwards
    elif token is None or token.person != whose:
        raise NotAllowed("this device is somebody's own")
    if person:
        await see_person(conn, person)
    await update_owner_of_device(conn, device, person or None)
    return True


async def give_device_at(url: str, id: str, email: str) -> None:
    """The same from the command line, beside a server that runs or not. NotFound for an unknown device or person."""
    conn = await open_connection(url)
    try:
        async with conn.transaction():
            device = (await select_devices_by_id(conn, [id])).get(id)
            found = await select_person_by_email(conn, email)
            if device is None:
                raise NotFound(f"there is no device {id}")
            if found is None:
                raise NotFound(f"nobody has the e-mail address {email}")
            if await select_owner_of_device(conn, device.key) != found.key:
                await update_owner_of_device(conn, device.key, found.key)
                await insert_audit(conn, Deed("device.given", id, detail={"whose": found.key}))
    finally:
        await conn.close()
