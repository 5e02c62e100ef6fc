"""Where an archive of the world is: a file, or a server that answers ranges. Nothing it says is believed unchecked."""

import re
import time
from pathlib import Path
from typing import Final, Protocol

import httpx2

from tracker.errors import MapUnusable

TRIES: Final = 3
PAUSE_S: Final = 1.0  # before one asks again
TIMEOUT_S: Final = 30.0
ANSWERED: Final = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")


class WorldMap(Protocol):
    """`version` changes when what is there does; known once something was read."""

    name: str
    version: str

    def read(self, offset: int, length: int) -> bytes:
        """So many bytes from there on. MapUnusable where it does not give them."""
        ...

    def close(self) -> None: ...


class FileSource:
    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self.path = path
        found = path.stat()
        self.version = f"{found.st_size} {found.st_mtime_ns}"

    def read(self, offset: int, length: int) -> bytes:
        with self.path.open("rb") as file:
            file.seek(offset)
            read = file.read(length)
        if len(read) != length:
            raise MapUnusable(f"{self.name} ends too early: it has no {length} bytes at {offset}")
        return read

    def close(self) -> None:
        return


class HttpSource:
    """Range requests over one connection; what breaks off is asked for again, three times in all."""

    def __init__(self, url: str) -> None:
        self.name = url
        self.version = ""
        self.client = httpx2.Client(timeout=TIMEOUT_S, follow_redirects=True)

    def close(self) -> None:
        self.client.close()

    def read(self, offset: int, length: int) -> bytes:
        for left in reversed(range(TRIES)):
            try:
                return self._ask(offset, length)
            except httpx2.TransportError as error:
                if left == 0:
                    raise MapUnusable(
                        f"{self.name} broke off ({type(error).__name__}): run the command again"
                    ) from None
                time.sleep(PAUSE_S)
        raise AssertionError("a loop that returns or raises")

    def _ask(self, offset: int, length: int) -> bytes:
        wanted = {"Range": f"bytes={offset}-{offset + length - 1}", "Accept-Encoding": "identity"}
        with self.client.stream("GET", self.name, headers=wanted) as response:
            self._check(response, offset, length)
            read = bytearray()
            for part in response.iter_raw():
                read += part
                if len(read) > length:
                    break
        if len(read) != length:
            raise MapUnusable(f"{self.name} sent {len(read)} bytes where {length} were asked for")
        return bytes(read)

    def _check(self, response: httpx2.Response, offset: int, length: int) -> None:
        if response.status_code == 200:
            raise MapUnusable(f"{self.name} does not answer ranges: carry the file over and name its path")
        if response.status_code != 206:
            raise MapUnusable(f"{self.name} answers {response.status_code}")
        said = ANSWERED.fullmatch(response.headers.get("Content-Range", ""))
        if said is None or (int(said[1]), int(said[2])) != (offset, offset + length - 1):
            raise MapUnusable(f"{self.name} answered another range than was asked for")
        version = " ".join(response.headers.get(name, "") for name in ("ETag", "Last-Modified")) + f" {said[3]}"
        if self.version not in ("", version):
            raise MapUnusable(f"{self.name} has changed meanwhile: run the command again")
        self.version = version


def open_source(name: str) -> WorldMap:
    if name.startswith(("http://", "https://")):
        return HttpSource(name)
    path = Path(name)
    if not path.is_file():
        raise MapUnusable(f"there is no file {name}")
    return FileSource(path)
