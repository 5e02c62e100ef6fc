"""A PostgreSQL that may be hurt: the faults of the database, each as one call."""

import asyncio
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.patience import PATIENCE_S
from tracker.postgis.cluster import Cluster


class Patient:
    """A cluster of its own, durable unless said otherwise, with the ways in which a database goes away."""

    def __init__(self, cluster: Cluster, thread: ThreadPoolExecutor) -> None:
        self.cluster = cluster
        self.thread = thread

    @property
    def url(self) -> str:
        return self.cluster.url

    def stop_at_once(self) -> None:
        """As `pg_ctl stop -m immediate` does: no checkpoint, no goodbye, and the log to be replayed."""
        pid = self.cluster.pid
        assert pid is not None
        os.kill(pid, signal.SIGQUIT)
        end = time.monotonic() + PATIENCE_S
        while self.cluster.pid is not None:
            assert time.monotonic() < end, "PostgreSQL did not stop"
            time.sleep(0.02)

    async def start(self) -> None:
        """In a thread that stays: PostgreSQL is told to end when the thread that started it does."""
        await asyncio.get_running_loop().run_in_executor(self.thread, self.cluster.start)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Every process of it stopped, its sockets open: nothing answers, and nothing fails either."""
        pid = self.cluster.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)  # first: from now on it makes no others
        everyone = [*children(pid), pid]
        try:
            signal_all(everyone, signal.SIGSTOP)
            yield
        finally:
            signal_all(everyone, signal.SIGCONT)


def signal_all(pids: list[int], number: signal.Signals) -> None:
    """One that has ended by itself meanwhile needs none."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@contextmanager
def patient() -> Iterator[Patient]:
    folder = Path(tempfile.mkdtemp(prefix="tracker-"))
    folder.chmod(0o711)  # PostgreSQL's own account has to get in
    cluster = Cluster(folder / "data", durable=True)
    with ThreadPoolExecutor(1) as thread:
        thread.submit(cluster.start).result()
        try:
            yield Patient(cluster, thread)
        finally:
            cluster.stop()
            shutil.rmtree(folder)
