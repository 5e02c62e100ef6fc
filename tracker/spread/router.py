"""Router: the owners of all strands as one. What is of a device goes to the owner of its strand."""

from collections.abc import Sequence

from tracker.ingest.lanes import Sender
from tracker.ingest.note_queue import Noting
from tracker.ingest.owner import Speaker
from tracker.model.device import Device
from tracker.model.frame import Frame
from tracker.model.note import Note
from tracker.spread.remote import RemoteOwner
from tracker.store.ownership import find_strand


class Router:
    """`owners` by the number of their strand."""

    def __init__(self, owners: Sequence[RemoteOwner]) -> None:
        self.owners = owners

    def find(self, device: int) -> RemoteOwner:
        return self.owners[find_strand(device)]

    async def enter(self, member: Speaker, device: Device) -> int:
        return await self.find(device.key).enter(member, device)

    def leave(self, member: Speaker) -> None:
        """One that waits for its welcome has no device yet."""
        for each in self.owners:
            each.leave(member)

    def know(self, device: Device) -> None:
        self.find(device.key).know(device)

    def offer(self, frame: Frame, sender: Sender) -> bool:
        return self.find(frame.device).offer(frame, sender)

    def note(self, note: Note, noting: Noting) -> None:
        self.find(note.device).note(note, noting)

    def count(self, member: Speaker, seq: int) -> None:
        if member.device is not None:
            self.find(member.device.key).count(member, seq)

    @property
    def has_room(self) -> bool:
        """Of any of them: one strand without an owner is to refuse its own devices, and no others."""
        return any(each.has_room for each in self.owners)

    def has_room_for(self, device: int) -> bool:
        return self.find(device).has_room

    async def drain(self) -> None:
        for each in self.owners:
            await each.drain()
