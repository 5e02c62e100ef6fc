"""The server under test as a process, and the laws that hold after every attack."""

import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from tests.patience import PATIENCE_S, is_busy

from .raw import TEXT, Address, Client

ROOT = Path(__file__).parents[2]
P99_S = 0.050
GROWTH = 20 * 2**20
ENOUGH_S = 0.4
"""So that the 99th of a hundred is not the worst of ten."""


class Server:
    def __init__(self, **wanted: Any) -> None:
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed in stop
        self._bystander: subprocess.Popen[str] | None = None
        self.limits: dict[str, float] = wanted.get("limits", {})
        command = [wanted.pop("python", sys.executable), "-m", "tests.websocket.echo", json.dumps(wanted)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self._log, text=True, cwd=ROOT)
        assert self.process.stdout is not None
        address = self.process.stdout.readline()
        if not address:
            raise RuntimeError(self.log())
        self.address = Address(int(address.rpartition(":")[2]), wanted.get("authority"))

    def open(self, path: str = "/echo", extra: str = "", behind: bytes = b"", *, rcvbuf: int | None = None) -> Client:
        client = Client.open(self.address, path, extra, behind, rcvbuf=rcvbuf)
        assert client.status == 101, client.head
        return client

    def stats(self) -> dict[str, Any]:
        client = self._room_for_one()
        client.send(TEXT, b"?")
        opcode, payload = client.receive()
        client.close()
        assert opcode == TEXT, self.log()
        found: dict[str, Any] = json.loads(payload)
        return found

    def _room_for_one(self) -> Client:
        end = time.monotonic() + PATIENCE_S
        while (client := Client.open(self.address, "/stats")).status != 101:  # full: those that left are not out yet
            client.close()
            assert time.monotonic() < end, client.head
        return client

    def until(self, what: str, holds: Callable[[dict[str, Any]], bool], timeout: float = PATIENCE_S) -> dict[str, Any]:
        """Wait until the stats say so."""
        end = time.monotonic() + timeout
        while not holds(stats := self.stats()):
            assert time.monotonic() < end, f"{what}: still {stats}"
            time.sleep(0.02)
        return stats

    @contextmanager
    def laws(self, *, growth: int = GROWTH, p99_s: float = P99_S) -> Iterator[None]:
        """Around an attack: nobody else waits, nothing grows, nothing is left behind, nothing is logged."""
        self._latencies()
        before, told = self.stats(), len(self.log())
        began = time.monotonic()
        yield
        time.sleep(max(0.0, began + ENOUGH_S - time.monotonic()))
        waited, computed = self._latencies()["p99"], self.stats()["beat"]
        assert computed < p99_s, f"the loop was busy for {computed * 1000:.0f} ms"
        assert waited < p99_s or is_busy(), f"a bystander waited {waited * 1000:.0f} ms"
        same = ("tasks", "fds", "sockets", "wires", "total")
        after = self.until("left behind", lambda now: all(now[name] <= before[name] for name in same))
        assert after["failures"] == before["failures"], self.log()
        assert after["rss"] - before["rss"] < growth, f"grew by {(after['rss'] - before['rss']) / 2**20:.1f} MB"
        assert after["opened"] - sum(after["closed"].values()) == after["sockets"] - 1, "opened and closed do not match"
        assert "Traceback" not in self.log()[told:], self.log()[told:]

    def log(self) -> str:
        self._log.seek(0)
        return self._log.read()

    def stop(self) -> int:
        """Ask it to end; its exit status."""
        for process in (self._bystander, self.process):
            if process is not None and process.poll() is None:
                process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        finally:
            self.process.communicate()
            self._log.close()
            if self._bystander is not None:
                self._bystander.communicate()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _latencies(self) -> dict[str, float]:
        """Of the bystander, since last asked."""
        if self._bystander is None:
            words = [str(self.address.port), *([self.address.authority] if self.address.authority else [])]
            command = [sys.executable, "-m", "tests.websocket.bystander", *words]
            self._bystander = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
            )
            assert self._answer() == "ready\n"
        assert self._bystander.stdin is not None
        self._bystander.stdin.write("\n")
        self._bystander.stdin.flush()
        seen: dict[str, float] = json.loads(self._answer() or "{}")
        assert seen.get("count"), f"the bystander was cut: {self.log()}"
        return seen

    def _answer(self) -> str:
        assert self._bystander is not None
        assert self._bystander.stdout is not None
        return self._bystander.stdout.readline()
