"""Sessions: the devices connected to this process. The newest socket of a device wins; a revoked token closes its."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

import asyncpg

from tracker.access.gate import Gate
from tracker.errors import NotAllowed, NotSignedIn, Replaced, StorageDown, TrackerError
from tracker.ingest.frames import Hello, Result, encode_command, encode_error, encode_going_away
from tracker.ingest.progress import Progress
from tracker.ingest.session import Session
from tracker.ingest.writer import Writer
from tracker.metrics import Metrics
from tracker.model.device import Device
from tracker.model.token import Token
from tracker.store.commands import select_open_commands, update_command_answered
from tracker.store.devices import select_device_by_key
from tracker.store.pool import AWAY, borrow

CROWD: Final = 15.0  # s to wait for a connection: thousands come at once after a restart


class Sessions:
    def __init__(
        self, writer: Writer, gate: Gate, pool: asyncpg.Pool, tasks: asyncio.TaskGroup, metrics: Metrics
    ) -> None:
        self.writer = writer
        self.gate = gate
        self.pool = pool
        self.tasks = tasks
        self.metrics = metrics
        self.open: set[Session] = set()
        self.by_device: dict[int, Session] = {}
        self.is_pressed = False  # all are waiting for the writer
        self.is_ending = False

    def add(self, session: Session) -> None:
        self.open.add(session)
        self.metrics.connections.set(len(self.open))

    def remove(self, session: Session) -> None:
        self.open.discard(session)
        self.metrics.connections.set(len(self.open))
        if session.device and self.by_device.get(session.device.key) is session:
            del self.by_device[session.device.key]

    def greet(self, session: Session, hello: Hello) -> None:
        self.attend(session, self.introduce(session, hello))

    def answer(self, session: Session, result: Result) -> None:
        self.attend(session, self.keep_result(session, result))

    def attend(self, session: Session, work: Coroutine[Any, Any, None]) -> None:
        """Short work for one session. What goes wrong in it is the session's, never the server's."""
        self.tasks.create_task(self.guarded(session, work))

    async def guarded(self, session: Session, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except TrackerError as error:
            session.fail(error)
        except (*AWAY, asyncpg.PostgresError):
            session.fail(StorageDown())

    async def introduce(self, session: Session, hello: Hello) -> None:
        """Who is it, and may it be?"""
        token = session.token or await self.sign_in(session, hello)
        if token.kind != "device" or token.device is None:
            raise NotAllowed("only a device's own token may send its fixes")
        async with borrow(self.pool, wait=CROWD) as conn:
            device = await select_device_by_key(conn, token.device)
        if device is None or device.id != hello.device:
            raise NotAllowed("this token is another device's")
        if not session.is_closed:
            self.enter(session, device, token, hello)
            await self.send_commands(session, device)

    async def sign_in(self, session: Session, hello: Hello) -> Token:
        if hello.token is None:
            raise NotSignedIn
        return await self.gate.admit(hello.token, session.socket.peer)

    def enter(self, session: Session, device: Device, token: Token, hello: Hello) -> None:
        """No await in here: the older socket must be out before the newer one is told how far it got."""
        if older := self.by_device.get(device.key):
            older.fail(Replaced())
        self.by_device[device.key] = session
        self.writer.log.know(device)
        progress = self.writer.log.progress.get(device.key)
        if progress is None or progress.boot != hello.boot:
            progress = self.writer.log.progress[device.key] = Progress(hello.boot)
        session.welcome(device, token, progress.through)

    def stored(self, session: Session, seq: int) -> None:
        """A frame of this session is committed."""
        progress = self.writer.log.progress.get(session.device.key) if session.device else None
        if progress and session.hello and progress.boot == session.hello.boot:
            progress.stored(seq)

    async def send_commands(self, session: Session, device: Device) -> None:
        """Those it has not been sent on this socket; they stay open until it answers or they expire."""
        async with borrow(self.pool, wait=CROWD) as conn:
            commands = await select_open_commands(conn, device.key)
        for command in commands:
            if command.id not in session.told and not session.is_closed:
                session.told.add(command.id)
                session.socket.send(encode_command(command))

    async def keep_result(self, session: Session, result: Result) -> None:
        if session.device is None:
            return
        async with borrow(self.pool, wait=CROWD) as conn:
            known = await update_command_answered(
                conn, session.device.key, result.id, ok=result.ok, detail=result.detail
            )
        if not known and not session.is_closed:
            session.socket.send(encode_error("unknown_command", f"no open command {result.id}"))

    def commanded(self, device: int) -> None:
        """A command was queued for this device."""
        session = self.by_device.get(device)
        if session and session.device:
            self.attend(session, self.send_commands(session, session.device))

    def revoked(self, token: int) -> None:
        for session in [each for each in self.open if each.token and each.token.id == token]:
            session.fail(NotSignedIn("the token was revoked"))

    def press(self, session: Session) -> None:
        """The writer is full. Nobody is read until it has room, for all of them together could fill the memory with a
        window each; one that came later is told when it offers something."""
        pressed = (session,) if self.is_pressed else tuple(self.open)
        self.is_pressed = True
        for each in pressed:
            each.socket.pause_reading()

    def release(self) -> None:
        if self.is_pressed and not self.is_ending:
            for session in tuple(self.open):
                session.socket.resume_reading()
        self.is_pressed = False

    def hold(self) -> None:
        """Take no more frames: what came is about to be the last."""
        self.is_ending = True
        for session in tuple(self.open):
            session.socket.pause_reading()

    def dismiss(self, after_ms: int) -> None:
        """Tell every device to come back; its socket is closed by who closes all."""
        for session in tuple(self.open):
            session.is_closed = True
            session.socket.send(encode_going_away(after_ms))
            session.socket.resume_reading()  # to hear the answer to our close
