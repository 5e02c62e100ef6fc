"""By our own device stream, as any device speaks it: the connection stays while there is something to send."""

import asyncio
import socket
from collections.abc import Sequence
from typing import Final

from tracker.alerts.carriers.dialer import MOST_ADDRESSES, Dialer, endpoint
from tracker.alerts.carriers.verdict import LONGEST_ERROR, legible
from tracker.alerts.forwarding.outlet import HEADER, Sent, mark, read_via
from tracker.client.address import stream_url
from tracker.client.buffer import Buffer
from tracker.client.device import DeviceClient, TurnedAway
from tracker.errors import Invalid, ReceiverRefused
from tracker.model.fix import Row
from tracker.model.forward import Forward

DEADLINE: Final = 20.0  # s for one batch, the connection included
CONNECT: Final = 5.0  # s for each address


class StreamOutlet:
    def __init__(self, dialer: Dialer, forward: Forward, own: str, tasks: asyncio.TaskGroup, most: int) -> None:
        """`most` rows at a time."""
        self.dialer = dialer
        self.forward = forward
        self.own = own
        self.client = DeviceClient(
            stream_url(forward.url),
            forward.name,
            forward.secret or "",
            Buffer(most, lanes=False),
            tls=dialer.tls if forward.url.startswith("https:") else None,
            dial=self.dial,
            headers={HEADER: own},
        )
        self.running = tasks.create_task(self.client.run(), name=f"forward {forward.device}")

    async def dial(self) -> socket.socket:
        """To an address that was checked, never to a name. OSError where there is none."""
        host, port = endpoint(self.forward.url)
        try:
            addresses = (await self.dialer.addresses(host, port))[:MOST_ADDRESSES]
        except (ReceiverRefused, Invalid) as error:
            raise OSError(str(error)) from None
        for address in addresses[:-1]:
            try:
                return await connect(address, port)
            except OSError:  # of which TimeoutError is one
                continue
        return await connect(addresses[-1], port)

    async def send(self, rows: Sequence[Row]) -> Sent:
        """All or nothing: of a batch that was acked in part the rest comes again with what is known already."""
        self.client.put(*(mark(row.fix, (*read_via(row.fix), self.own)) for row in rows))
        try:
            async with asyncio.timeout(DEADLINE):
                await self.client.until_empty()
        except TurnedAway as error:
            return Sent(0, legible(str(error))[:LONGEST_ERROR])
        except TimeoutError:
            return Sent(0, legible(self.client.tally.trouble)[:LONGEST_ERROR] or "no ack in time")
        return Sent(len(rows))

    def close(self) -> None:
        self.running.cancel()


async def connect(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setblocking(False)
    try:
        async with asyncio.timeout(CONNECT):
            await asyncio.get_running_loop().sock_connect(made, (address, port))
    except BaseException:
        made.close()
        raise
    return made
