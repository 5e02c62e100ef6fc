"""What the simulator asks of the HTTP API, as an admin: devices with their tokens, and geofences."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from urllib.parse import quote

import httpx2
import msgspec

from tracker.client.running import raise_one_error
from tracker.client.tally import Tally
from tracker.errors import TrackerError

ATTEMPTS = 5
AT_A_TIME = 8  # requests: a polite number for a server that also has other work


class ApiRefused(TrackerError):
    """The server's API refused a request."""


class NewDevice(msgspec.Struct, frozen=True, omit_defaults=True):
    id: str
    name: str
    category: str | None = None


class _Answer(msgspec.Struct, frozen=True):
    token: str


class _Problem(msgspec.Struct, frozen=True):
    detail: str


@asynccontextmanager
async def open_api(url: str, admin_token: str) -> AsyncIterator[httpx2.AsyncClient]:
    """`url` is where the server is, as http:// or https://."""
    headers = {"Authorization": f"Bearer {admin_token}"}
    limits = httpx2.Limits(max_connections=AT_A_TIME)
    async with httpx2.AsyncClient(base_url=url, headers=headers, timeout=30.0, limits=limits) as api:
        yield api


async def register_devices(api: httpx2.AsyncClient, devices: Iterable[NewDevice], tally: Tally) -> dict[str, str]:
    """The token of each device by its id; one that is there already gets a new token."""
    gate, tokens = asyncio.Semaphore(AT_A_TIME), dict[str, str]()

    async def register(device: NewDevice) -> None:
        async with gate:
            tokens[device.id] = await _fetch_token(api, device, tally)
            tally.registered += 1
            tally.trouble = ""

    async with raise_one_error(), asyncio.TaskGroup() as group:
        for device in devices:
            group.create_task(register(device))
    return tokens


async def _fetch_token(api: httpx2.AsyncClient, device: NewDevice, tally: Tally) -> str:
    answer = await _send(api, "POST", "/api/devices", msgspec.json.encode(device), tally)
    if answer.status_code == 409:
        answer = await _send(api, "POST", f"/api/devices/{quote(device.id)}/token", None, tally)
    return msgspec.json.decode(_check_accepted(answer), type=_Answer).token


async def put_geofence(api: httpx2.AsyncClient, id: str, feature: Mapping[str, object]) -> None:
    """Create the geofence, or give it this shape if it is there."""
    body = msgspec.json.encode({**feature, "id": id})
    answer = await _send(api, "POST", "/api/geofences", body)
    if answer.status_code == 409:
        answer = await _send(api, "PUT", f"/api/geofences/{quote(id)}", body)
    _check_accepted(answer)


async def _send(
    api: httpx2.AsyncClient, method: str, path: str, body: bytes | None = None, tally: Tally | None = None
) -> httpx2.Response:
    """Waits as long as the server asks it to; `tally` says so to whoever waits."""
    headers, failures = {} if body is None else {"Content-Type": "application/json"}, 0
    while True:
        try:
            answer = await api.request(method, path, content=body, headers=headers)
            if answer.status_code not in (429, 503) or not answer.headers.get("Retry-After", "").isdigit():
                return answer
            seconds = int(answer.headers["Retry-After"])
            if tally is not None:
                tally.trouble = f"HTTP {answer.status_code}, come again in {seconds} s"
            await asyncio.sleep(seconds)
        except httpx2.TransportError as error:
            # Asked again even where the first may have been done: every request here may be done twice.
            failures += 1
            if failures == ATTEMPTS:
                raise ApiRefused(f"{api.base_url} does not answer: {error!r}") from error
            await asyncio.sleep(0.1 * 2**failures)


def _check_accepted(answer: httpx2.Response) -> bytes:
    if answer.is_success:
        return answer.content
    try:
        why = msgspec.json.decode(answer.content, type=_Problem).detail
    except msgspec.DecodeError:
        why = answer.text[:200]
    raise ApiRefused(f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {why}")
