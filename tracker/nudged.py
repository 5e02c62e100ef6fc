"""Nudged: what rarely changes, and what this process does when the database says that it has."""

from tracker.model.device import Device
from tracker.model.sight import EVERYTHING
from tracker.server import Server
from tracker.store.alarms import select_seen
from tracker.store.devices import select_device_by_key, select_devices
from tracker.store.events import select_oldest
from tracker.store.nudges import Channel
from tracker.store.pool import borrow
from tracker.store.rhythms import select_rhythm
from tracker.store.sessions import select_ended
from tracker.store.tokens import select_revoked


class Nudged:
    """One for the process."""

    def __init__(self, server: Server) -> None:
        self.server = server

    async def nudge(self, channel: Channel, number: int) -> None:
        if channel == "tracker_revoked":
            self.server.roster.revoke(number)
            self.server.hub.revoke(number)
        elif channel == "tracker_session":
            self.server.hub.end_session(number)
        elif channel == "tracker_command":
            self.server.roster.send_commands(number)
            self.server.answers.notice(number)
            if self.server.feed is not None:
                self.server.feed.send_commands(number)
        elif channel == "tracker_message":
            self.server.hub.notice_message(number)
        elif channel == "tracker_seen":
            await self.refresh_seen(number)
        elif channel == "tracker_events_cut":
            await self.refresh_oldest()
        elif channel == "tracker_rights":
            self.server.hub.rights_moved.set()
            self.server.addresses.forget_names()
        elif channel == "tracker_geofences":
            self.notice_change()
        else:
            await self.refresh_device(number)

    def notice_change(self) -> None:
        for writer in self.server.writers:
            writer.notice_change()

    async def refresh_oldest(self) -> None:
        """Viewers that come back are told from it whether anything they missed is gone."""
        async with borrow(self.server.pool) as conn:
            self.server.hub.head.oldest = await select_oldest(conn)

    async def refresh_device(self, key: int) -> None:
        async with borrow(self.server.pool) as conn:
            device, rhythm = await select_device_by_key(conn, key), await select_rhythm(conn, key)
        self.know(key, device)
        if device is not None:
            log = self.server.find_writer(key).log
            log.silences.learn(device, rhythm, log.states[key])

    def know(self, key: int, device: Device | None) -> None:
        """A device as it is now in the table; None: it was deleted, and nothing more of it may be stored."""
        self.server.hub.change_device(key, device)
        self.server.addresses.forget(key)
        if device is None:
            for writer in self.server.writers:
                if writer is self.server.find_writer(key) or key in writer.log.memory.meetings.distant:
                    writer.forget(key)
            if self.server.spread is not None:
                self.server.spread.forget(key)
        else:
            self.server.find_writer(key).log.memory.know(device)

    async def look(self) -> None:
        """After a time without nudges: all devices, open tokens and sessions, commands, geofences, the oldest event."""
        async with borrow(self.server.pool) as conn:
            devices = {device.key: device for device in await select_devices(conn, EVERYTHING)}
            callers = [each.token for each in self.server.roster.members] + [
                each.token for each in self.server.hub.viewers
            ]
            tokens = {token.id for token in callers if token}
            revoked = await select_revoked(conn, tokens)
            ended = await select_ended(conn, {token.session for token in callers if token and token.session})
        self.server.addresses.forget_all()
        self.server.answers.notice_all()
        for key in devices.keys() | self.server.table.devices.keys():
            if devices.get(key) != self.server.table.devices.get(key):
                self.know(key, devices.get(key))
        for token in revoked:
            await self.nudge("tracker_revoked", token)
        for session in ended:
            self.server.hub.end_session(session)
        for device in list(self.server.roster.by_device):
            self.server.roster.send_commands(device)
        self.server.hub.notice_message(None)
        self.notice_change()
        await self.refresh_oldest()

    async def refresh_seen(self, event: int) -> None:
        async with borrow(self.server.pool) as conn:
            self.server.roster.tell_seen(await select_seen(conn, event=event))
