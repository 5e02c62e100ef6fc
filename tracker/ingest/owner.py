"""Owner: what a session, and a request of a phone, need of the process that folds their devices. That one is asked here
and nowhere else, so it does not matter to them which process it is."""

from typing import Protocol

from tracker.ingest.lanes import ROOM, Sender
from tracker.ingest.note_queue import Noting
from tracker.ingest.progress import begin_stream, count_stored
from tracker.ingest.roster import Party
from tracker.ingest.writer import Writer
from tracker.model.device import Device
from tracker.model.frame import Frame
from tracker.model.note import Note


class Speaker(Party, Protocol):
    """A connection as the owner knows it. `boot`: which of the device's lives the numbers of its frames belong to."""

    boot: str


class Owner(Protocol):
    async def enter(self, member: Speaker, device: Device) -> int:
        """`member` speaks for the device from now on. Returns how far the frames of its boot are stored. StorageDown
        where the owner does not answer. Who was closed meanwhile, by a newer connection of the device, is not to be
        welcomed any more: it would be told how far the stream was before."""
        ...

    def leave(self, member: Speaker) -> None:
        """Its connection is closed; what it offered is stored all the same."""
        ...

    def know(self, device: Device) -> None:
        """Before what a request says of it, who enters nowhere."""
        ...

    def offer(self, frame: Frame, sender: Sender) -> bool:
        """Takes the frame in any case. False: the sender must not read on until `resume`."""
        ...

    def note(self, note: Note, noting: Noting) -> None:
        """`noting` hears when it is stored."""
        ...

    def count(self, member: Speaker, seq: int) -> None:
        """The member's frame of this number is stored: by that the next hello is told how far its frames are."""
        ...

    @property
    def has_room(self) -> bool:
        """Whether what is offered now, of any device at all, is stored soon."""
        ...

    def has_room_for(self, device: int) -> bool:
        """The same for this device. Another one's owner may be away."""
        ...

    async def drain(self) -> None:
        """Wait until everything offered so far is committed and answered."""
        ...


class LocalOwner:
    """This process."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer

    async def enter(self, member: Speaker, device: Device) -> int:
        """Awaits nothing, so the roster is told of the newer connection in the same moment."""
        self.writer.log.memory.know(device)
        return begin_stream(self.writer.log.memory.progress, device.key, member.boot).through

    def leave(self, member: Speaker) -> None:
        """The roster knows."""

    def know(self, device: Device) -> None:
        if self.writer.log.memory.devices.get(device.key) != device:
            self.writer.log.memory.know(device)

    def offer(self, frame: Frame, sender: Sender) -> bool:
        return self.writer.offer(frame, sender)

    def note(self, note: Note, noting: Noting) -> None:
        self.writer.note(note, noting)

    def count(self, member: Speaker, seq: int) -> None:
        if member.device:
            count_stored(self.writer.log.memory.progress, member.device.key, member.boot, seq)

    @property
    def has_room(self) -> bool:
        return self.writer.is_storing and self.writer.lanes.waiting < ROOM

    def has_room_for(self, device: int) -> bool:
        return self.has_room

    async def drain(self) -> None:
        await self.writer.drain()
