"""Who says a hello: whose token was shown with the handshake, or else in the hello."""

import asyncpg
import pytest

from tracker.access.gate import Gate
from tracker.access.tokens import issue, new_secret
from tracker.errors import NotAllowed, NotSignedIn
from tracker.ingest.errands import Lookups, identify
from tracker.ingest.frames import Hello
from tracker.model.device import Device
from tracker.store.devices import insert_device

PEER = "192.0.2.1"


async def test_a_hello_is_of_the_device_whose_token_is_shown(pool: asyncpg.Pool, gate: Gate, device: Device) -> None:
    async with pool.acquire() as conn:
        await insert_device(conn, "bus", "Bus")
        token, secret = await issue(conn, "device", device=device.key)
        viewer, shown = await issue(conn, "viewer")
    lookups = Lookups()
    for hello, given in (
        (Hello(device.id, token=secret), None),
        (Hello(device.id), token),
        (Hello(device.id, token=shown), token),
    ):
        found, by = await identify(pool, lookups, gate, hello, given, PEER)
        assert (found.key, by.id) == (device.key, token.id), "the token of the handshake comes first"
    for hello in (Hello(device.id), Hello(device.id, token=new_secret())):
        with pytest.raises(NotSignedIn):
            await identify(pool, lookups, gate, hello, None, PEER)
    for hello, given, why in (
        (Hello("bus", token=secret), None, "another device's"),
        (Hello(device.id, token=shown), None, "a device's own token"),
        (Hello("bus"), viewer, "a device's own token"),
    ):
        with pytest.raises(NotAllowed, match=why):
            await identify(pool, lookups, gate, hello, given, PEER)
