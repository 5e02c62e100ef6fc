"""Roster: the devices connected to this process. The newest connection of a device wins, a revoked token ends its own,
and all of one writer are held back together while it is full."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Protocol

from tracker.errors import NotSignedIn, Replaced, TrackerError
from tracker.metrics import Metrics
from tracker.model.device import Device
from tracker.model.token import Token
from tracker.store.alarms import SeenAlarm
from tracker.websocket import Socket


class Party(Protocol):
    """What the roster knows of a connection. `device` is None until its hello is answered."""

    socket: Socket
    token: Token | None
    device: Device | None

    def fail(self, error: TrackerError) -> None:
        """Say why, and close."""

    def send_commands(self) -> None:
        """A command was queued for the device."""

    def send_answers(self) -> None:
        """Those that `answer_soon` was called for."""

    def tell_seen(self, id: str, by: str) -> None:
        """Somebody has seen the alarm of this message."""

    def dismiss(self, after_ms: int) -> None:
        """Send the device away; it may come back after `after_ms`."""


def find_one(device: int) -> int:
    return 0


class Roster:
    """`find_strand`: the number of the writer that a device's fixes go to; one alone writes for all."""

    def __init__(self, metrics: Metrics, find_strand: Callable[[int], int] = find_one) -> None:
        self.find_strand = find_strand
        self.metrics = metrics
        self.members: set[Party] = set()  # bound: the connections the listener takes
        self.by_device: dict[int, Party] = {}  # those whose hello was answered, by the device's key
        self.pressed: set[int] = set()  # writers for which all of their devices are waiting
        self.is_ending = False
        self.answering: list[Party] = []  # bound: the members

    def add(self, member: Party) -> None:
        self.members.add(member)
        self.metrics.connections.set(len(self.members))

    def remove(self, member: Party) -> None:
        self.members.discard(member)
        self.metrics.connections.set(len(self.members))
        # An older connection closes after the newer one took its place, and must not take that one out.
        if member.device and self.by_device.get(member.device.key) is member:
            del self.by_device[member.device.key]

    def answer_soon(self, member: Party) -> None:
        """Before anything else happens, but after what happens now: a batch answers a device's frames one by one, and
        what is said to it of all of them is one write."""
        if not self.answering:
            asyncio.get_running_loop().call_soon(self.send_answers)
        self.answering.append(member)

    def send_answers(self) -> None:
        answering, self.answering = self.answering, []
        for member in answering:
            member.send_answers()

    def replace(self, member: Party, device: int) -> None:
        """`member` speaks for the device from now on; an older connection of it is closed."""
        if older := self.by_device.get(device):
            older.fail(Replaced())
        self.by_device[device] = member

    def send_commands(self, device: int) -> None:
        """A command was queued for this device; one that is not connected is sent it with its next hello."""
        if member := self.by_device.get(device):
            member.send_commands()

    def tell_seen(self, seen: Iterable[SeenAlarm]) -> None:
        """To the devices that called; one that is not connected hears it with its next hello."""
        for each in seen:
            if member := self.by_device.get(each.device):
                member.tell_seen(each.message, each.by)

    def revoke(self, token: int) -> None:
        for member in [each for each in self.members if each.token and each.token.id == token]:
            member.fail(NotSignedIn("the token was revoked"))

    def press(self, member: Party) -> None:
        """The member's writer is full: read none of its devices until it has room. To stop only the member that offered
        the last frame would not bound the memory, for each of the others may still send a window. A member that came
        after the others were stopped is stopped when it offers something."""
        strand = self.find_strand_of(member)
        pressed = [member] if strand in self.pressed else self.find_alike(strand)
        self.pressed.add(strand)
        for each in pressed:
            each.socket.pause_reading()

    def find_strand_of(self, member: Party) -> int:
        return 0 if member.device is None else self.find_strand(member.device.key)

    def find_alike(self, strand: int) -> list[Party]:
        return [each for each in self.members if self.find_strand_of(each) == strand]

    def release(self, member: Party) -> None:
        """The member's writer has room again."""
        strand = self.find_strand_of(member)
        if strand in self.pressed and not self.is_ending:
            for each in self.find_alike(strand):
                each.socket.resume_reading()
        self.pressed.discard(strand)

    def let(self, member: Party) -> None:
        """It may be read again, for its own part."""
        if self.find_strand_of(member) not in self.pressed and not self.is_ending:
            member.socket.resume_reading()

    def hold(self) -> None:
        """Take no more frames: what came is about to be the last."""
        self.is_ending = True
        for member in tuple(self.members):
            member.socket.pause_reading()

    def dismiss(self, after_ms: int) -> None:
        """Tell every device to come back. The sockets are closed by whoever closes all of the server's."""
        for member in tuple(self.members):
            member.dismiss(after_ms)
