"""A real server in a process of its own, for tests that talk to it over sockets, kill it and start it again."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2
import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.lines import read_lines
from tests.patience import PATIENCE_S
from tests.ports import free_port
from tracker.processes import keeping

ROOT = Path(__file__).resolve().parent.parent
ADMIN_TOKEN = "an-admin-token-for-tests-of-43-characters-x"
START_S = 120.0  # on a machine that is busy and has nothing of it in memory yet
PROGRAM = keeping.PROGRAM
COMMAND = "from tracker.cli import main; main()"
# What quart_schema imports where it finds it. No installation has it, only this environment, for other tools: a fifth
# of the time a server takes to start.
UNINSTALLED = "import sys; sys.modules.update(dict.fromkeys(('attr', 'attrs', 'pydantic', 'pydantic_core')))"
CERTIFICATES = False  # nothing here is TLS, and to read those of the world takes 40 ms of each client


class RunningServer:
    """One `tracker serve` on a free port of loopback, on the database it is given. The port stays the same after a
    restart. `program`: another one for its processes, for a server with a fault built in."""

    def __init__(self, database_url: str, *, program: str = PROGRAM, **environment: str) -> None:
        self.program = program
        self.database_url = database_url
        self.environment = environment
        self.address = f"127.0.0.1:{free_port()}"
        self.log = Path(tempfile.mkstemp(prefix="tracker-", suffix=".log")[1])
        self.data = tempfile.TemporaryDirectory(prefix="tracker-data-")  # several processes keep theirs apart by it
        self.process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    @property
    def credentials(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {ADMIN_TOKEN}"}

    @property
    def pid(self) -> int:
        """Of the process that serves."""
        return self.pids()["server"]

    def pids(self) -> dict[str, int]:
        """Of the parent's children that live, by what they are."""
        children = children_of(self.process.pid)
        commands = {pid: command_of(pid) for pid in children}
        return {words[-1]: pid for pid, words in commands.items() if words and words[-1] in ("server", "carriers")}

    def start(self, *, until_ready: bool = True) -> None:
        """Returns when /readyz says so, or when it listens."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("TRACKER_")}
        settings = {
            "TRACKER_DATABASE_URL": self.database_url,
            "TRACKER_ADMIN_TOKEN": ADMIN_TOKEN,
            "TRACKER_DATA": self.data.name,
        }
        self.log.write_bytes(b"")
        program = f"{UNINSTALLED}\n{self.program}"
        command = f"from tracker.processes import keeping; keeping.PROGRAM = {program!r}; {COMMAND}"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", command, "serve", "--bind", self.address],
                env=inherited | settings | self.environment,
                cwd=ROOT,
                stdout=log,
                stderr=log,
            )
        self.address = self.wait_for(self._announced)
        if until_ready:
            self.wait_for(self.is_ready)

    def wait_for(self, look: Any) -> Any:
        end = time.monotonic() + START_S
        while not (found := look()):
            assert self.process.poll() is None, f"the server ended:\n{self.text()}"
            assert time.monotonic() < end, f"the server did not start:\n{self.text()}"
            time.sleep(0.02)
        return found

    def _announced(self) -> str | None:
        lines = [line for line in read_lines(self.log) if line.startswith("listening on ")]
        return lines[0].removeprefix("listening on ") if lines else None

    def is_ready(self) -> bool:
        try:
            return httpx2.get(f"{self.url}/readyz", timeout=5, verify=CERTIFICATES).status_code == 200
        except httpx2.TransportError:
            return False

    def text(self) -> str:
        return self.log.read_text()

    def kill(self) -> None:
        """As kill -9 of the parent does, which takes the others along."""
        children = self.pids().values()
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        end = time.monotonic() + PATIENCE_S
        while any(command_of(pid) for pid in children):
            assert time.monotonic() < end, "its processes outlived it"
            time.sleep(0.01)

    def stop(self, within: float = PATIENCE_S) -> int:
        """As SIGTERM does. The exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(within)

    def end(self) -> None:
        """Nothing of it is left, whatever became of the test."""
        if hasattr(self, "process") and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.kill()
        self.log.unlink()
        self.data.cleanup()

    def api(self) -> httpx2.Client:
        return httpx2.Client(base_url=self.url, headers=self.credentials, timeout=PATIENCE_S, verify=CERTIFICATES)

    def empty(self) -> None:
        """No device, no geofence, no subscription, for the next test that shares it. What was logged stays."""
        assert self.process.poll() is None, f"the server ended:\n{self.text()}"
        with self.api() as api:
            for path, kind in (("devices", "devices"), ("geofences", "features"), ("subscriptions", "subscriptions")):
                for each in api.get(f"/api/{path}").raise_for_status().json()[kind]:
                    answer = api.delete(f"/api/{path}/{each['id']}")  # a page may have taken it away meanwhile
                    assert answer.is_success or answer.status_code == 404, answer.text

    def new_device(self, id: str) -> str:
        """Its token."""
        with self.api() as api:
            answer = api.post("/api/devices", json={"id": id})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["token"])

    def new_geofence(self, feature: dict[str, Any]) -> dict[str, Any]:
        with self.api() as api:
            answer = api.post("/api/geofences", json=feature)
        assert answer.status_code == 201, answer.text
        created: dict[str, Any] = answer.json()
        return created

    @asynccontextmanager
    async def socket(self, path: str, token: str | None = ADMIN_TOKEN, **options: Any) -> AsyncIterator["Talk"]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        plain: dict[str, Any] = {"compression": None, "max_size": None, "open_timeout": PATIENCE_S}
        address = f"ws://{self.address}{path}"
        async with connect(address, additional_headers=headers, **plain | {"ping_timeout": PATIENCE_S} | options) as ws:
            yield Talk(ws)

    @asynccontextmanager
    async def device(self, id: str, token: str, boot: str = "b1", **hello: Any) -> AsyncIterator["Talk"]:
        """A device that was welcomed; `talk.welcome` is what it was told."""
        async with self.socket("/ws/device", token) as talk:
            await talk.say(type="hello", device=id, boot=boot, **hello)
            talk.welcome = await talk.hear()
            assert talk.welcome["type"] == "welcome", talk.welcome
            yield talk

    @asynccontextmanager
    async def viewer(self, **wish: Any) -> AsyncIterator["Talk"]:
        """A viewer that subscribed to the world; the answer and the snapshot are still to be heard."""
        async with self.socket("/ws/live") as talk:
            await talk.say(**{"type": "subscribe", "viewport": [-180, -90, 180, 90], "rate": 20} | wish)
            yield talk


class Talk:
    """A socket that speaks JSON, and waits for what it wants to hear."""

    def __init__(self, ws: ClientConnection) -> None:
        self.ws = ws
        self.welcome: dict[str, Any] = {}

    async def say(self, **message: Any) -> None:
        await self.ws.send(msgspec.json.encode(message).decode())

    async def send(self, message: str | bytes) -> None:
        await self.ws.send(message)

    async def hear(self, kind: str | None = None, within: float = PATIENCE_S) -> dict[str, Any]:
        """The next message; of this type, where one is named: others are passed over."""
        async with asyncio.timeout(within):
            while True:
                message = await self.ws.recv()
                decoded = {"type": "binary", "data": message} if isinstance(message, bytes) else loads(message)
                if kind is None or decoded["type"] == kind:
                    return decoded

    async def fixes(self, seq: int, *fixes: dict[str, Any], **more: Any) -> dict[str, Any]:
        """Send one frame and wait for its answer."""
        await self.say(type="fixes", seq=seq, fixes=fixes, **more)
        while (answer := await self.hear()).get("seq") != seq:
            assert answer["type"] != "error", answer
        return answer

    async def closed(self, within: float = PATIENCE_S) -> int | None:
        """The code it is closed with."""
        async with asyncio.timeout(within):
            with suppress(ConnectionClosed):
                while True:
                    await self.ws.recv()
        return self.ws.close_code


def children_of(pid: int) -> list[int]:
    """Of its first thread; none for a process that is gone."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def command_of(pid: int) -> list[str]:
    """Empty for one that is gone, or is dead and not yet buried."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")[:-1]
    except OSError:
        return []


def loads(message: str) -> dict[str, Any]:
    decoded: dict[str, Any] = msgspec.json.decode(message)
    return decoded


@contextmanager
def running(database_url: str, *, program: str = PROGRAM, **environment: str) -> Iterator[RunningServer]:
    server = RunningServer(database_url, program=program, **environment)
    try:
        server.start()
        yield server
    finally:
        server.end()


@asynccontextmanager
async def running_beside(database_url: str, *, program: str = PROGRAM) -> AsyncIterator[RunningServer]:
    """The same for a test whose loop has other work while the server starts."""
    server = RunningServer(database_url, program=program)
    try:
        await asyncio.to_thread(server.start)
        yield server
    finally:
        server.end()
