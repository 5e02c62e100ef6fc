"""A connection to PostgreSQL that breaks when told to: cut, frozen, slow, or cut while a COMMIT is under way."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

from tests.patience import PATIENCE_S

COMMIT = b"COMMIT;\0"
SOCKET = ".s.PGSQL.5432"


class Proxy:
    """Stands between a client and the unix socket of a cluster. New connections are taken unless it is away."""

    def __init__(self, url: str, folder: Path) -> None:
        self.to = Path(parse_qs(urlsplit(url).query)["host"][0]) / SOCKET
        self.at = folder / SOCKET
        self.url = f"{url.split('?')[0]}?host={quote(str(folder), safe='')}&port=5432"
        self.delay_s = 0.0
        self.commits_to_lose = 0  # replies: the COMMIT itself gets through
        self.commits_to_stop = 0
        self.lost = 0
        self.is_away = False
        self.links: set[Link] = set()

    async def dial(self) -> "Ends":
        return await asyncio.open_unix_connection(self.to)

    def part(self) -> None:
        """Away until `is_away` is taken back."""
        self.is_away = True
        self.cut()

    def cut(self) -> None:
        for link in tuple(self.links):
            link.cut()

    def freeze(self) -> None:
        """The connections there are pass nothing on any more, and nobody is told."""
        for link in self.links:
            link.is_frozen = True

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_away:
            writer.transport.abort()
            return
        try:
            upstream = await self.dial()
        except OSError:
            writer.transport.abort()
            return
        link = Link(self, (reader, writer), upstream)
        self.links.add(link)
        try:
            await link.run()
        finally:
            self.links.discard(link)


Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Link:
    def __init__(self, proxy: Proxy, client: Ends, server: Ends) -> None:
        self.proxy = proxy
        self.client = client
        self.server = server
        self.is_frozen = False
        self.is_losing = False  # the reply to a COMMIT

    def cut(self) -> None:
        for _, writer in (self.client, self.server):
            writer.transport.abort()

    async def run(self) -> None:
        ways = [asyncio.ensure_future(self.forward()), asyncio.ensure_future(self.back())]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            self.cut()
            await asyncio.gather(*ways, return_exceptions=True)

    async def forward(self) -> None:
        while data := await self.client[0].read(65_536):
            if COMMIT in data and not self.may_commit():
                return
            await self.pass_on(data, self.server[1])

    def may_commit(self) -> bool:
        proxy = self.proxy
        if proxy.commits_to_stop:
            proxy.commits_to_stop -= 1
            proxy.lost += 1
            return False
        if proxy.commits_to_lose:
            proxy.commits_to_lose -= 1
            self.is_losing = True
        return True

    async def back(self) -> None:
        while data := await self.server[0].read(65_536):
            if self.is_losing:
                self.proxy.lost += 1
                return  # it was committed, and nobody will know
            await self.pass_on(data, self.client[1])

    async def pass_on(self, data: bytes, writer: asyncio.StreamWriter) -> None:
        if self.is_frozen:
            return
        if self.proxy.delay_s:
            await asyncio.sleep(self.proxy.delay_s)
        writer.write(data)
        await writer.drain()


@asynccontextmanager
async def proxy(url: str) -> AsyncIterator[Proxy]:
    with tempfile.TemporaryDirectory(prefix="tracker-") as folder:
        proxy = Proxy(url, Path(folder))
        listener = await asyncio.start_unix_server(proxy.serve, proxy.at)
        try:
            yield proxy
        finally:
            listener.close()
            proxy.cut()
            with suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE_S):
                    while proxy.links:  # noqa: ASYNC110
                        await asyncio.sleep(0.01)
