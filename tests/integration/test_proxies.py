"""The server behind proxies that people use, at the root and below a path: the page, sign-in, the streams. And behind
some that are set up wrongly."""

import ssl
from collections.abc import Iterator
from typing import Final

import httpx2
import pytest
from websockets.asyncio.client import connect

from tests.databases import Databases, copied
from tests.patience import PATIENCE_S
from tests.phone_samples import encode, owntracks
from tests.proxied import proxied, secured
from tests.running import ADMIN_TOKEN, RunningServer, Talk, running
from tracker.model.moment import format_ms, now_ms


@pytest.fixture(scope="module")
def server(databases: Databases) -> Iterator[RunningServer]:
    with copied(databases) as url, running(url) as server:
        yield server


CASES: Final = {
    "nginx-root.conf": "",
    "nginx-path.conf": "/tracker",
    "Caddyfile-root": "",
    "Caddyfile-path": "/tracker",
}


@pytest.mark.parametrize(("name", "below"), CASES.items(), ids=CASES)
async def test_behind_a_proxy(server: RunningServer, name: str, below: str) -> None:
    with proxied(name, server) as host:
        base = f"{host}{below}"
        async with httpx2.AsyncClient(timeout=PATIENCE_S) as browser:
            page = await browser.get(f"{base}/")
            assert page.status_code == 200 and 'src="./assets/' in page.text
            script = page.text.partition('src="./')[2].partition('"')[0]
            assert (await browser.get(f"{base}/{script}")).status_code == 200
            if below:
                bare = await browser.get(base)
                assert bare.status_code in (301, 302, 308) and bare.headers["Location"].endswith(f"{below}/")
            origin = {"Origin": host}
            foreign = await browser.post(
                f"{base}/api/session", json={"token": "x"}, headers={"Origin": "https://e.org"}
            )
            assert foreign.status_code == 403
            signed = await browser.post(f"{base}/api/session", json={"token": ADMIN_TOKEN}, headers=origin)
            assert signed.status_code == 201, signed.text
            assert f"Path={below}/" in signed.headers["Set-Cookie"]
            made = await browser.post(f"{base}/api/devices", json={"id": name}, headers=origin)
            assert (made.status_code, made.headers["Location"]) == (201, f"{below}/api/devices/{name}")
            reference = (await browser.get(f"{base}/openapi.json")).json()
            assert reference["servers"] == [{"url": below or "/"}]
            cookie = signed.headers["Set-Cookie"].partition(";")[0]
            address = base.replace("http://", "ws://")
            async with connect(f"{address}/ws/live", additional_headers=origin | {"Cookie": cookie}) as ws:
                talk = Talk(ws)
                await talk.say(type="subscribe", viewport=[-180, -90, 180, 90])
                await talk.hear("snapshot")
            async with browser.stream("GET", f"{base}/api/events/stream") as stream:
                async for line in stream.aiter_lines():  # at once, though nothing happens: nobody collects it first
                    assert line.startswith("retry:")
                    break


async def test_where_no_host_is_passed_the_refusal_says_what_came(server: RunningServer) -> None:
    with proxied("nginx-root.conf", server, {"proxy_set_header Host $http_host;": ""}) as host:
        async with httpx2.AsyncClient(timeout=PATIENCE_S) as browser:
            refused = await browser.post(f"{host}/api/session", json={"token": ADMIN_TOKEN}, headers={"Origin": host})
            assert refused.status_code == 403
            said = refused.json()["detail"]
            assert f"Origin is {host}" in said and f"Host is {server.address}" in said and "TRACKER_ORIGINS" in said


async def test_a_device_behind_a_proxy_that_drops_idle_sockets_goes_on_where_it_was(server: RunningServer) -> None:
    token = server.new_device("idle")
    with proxied("nginx-root.conf", server, {"proxy_read_timeout 75s": "proxy_read_timeout 1s"}) as host:
        address = f"{host.replace('http://', 'ws://')}/ws/device"
        for seq in (1, 2):
            async with connect(address, additional_headers={"Authorization": f"Bearer {token}"}) as ws:
                talk = Talk(ws)
                await talk.say(type="hello", device="idle", boot="b1")
                assert (await talk.hear("welcome"))["acked"] == seq - 1
                fix = {"at": format_ms(now_ms()), "lon": 24.9, "lat": 60.2}
                assert (await talk.fixes(seq, fix))["stored"] == 1
                assert await talk.closed() == 1006  # nobody closed it: it is simply gone


async def test_events_pass_a_proxy_that_buffers_as_they_happen(server: RunningServer) -> None:
    """nginx buffers unless told otherwise; the answer itself tells it."""
    token = server.new_device("eager")
    server.new_geofence(
        {
            "type": "Feature",
            "id": "here",
            "geometry": {"type": "Point", "coordinates": [24.9, 60.2]},
            "properties": {"name": "Here", "radius": 100, "preset": "strict"},
        }
    )
    buffering = {"proxy_http_version 1.1;": "proxy_http_version 1.1; proxy_buffering on; proxy_buffers 8 64k;"}
    with proxied("nginx-root.conf", server, buffering) as host:
        async with (
            httpx2.AsyncClient(timeout=PATIENCE_S, headers=server.credentials) as reader,
            reader.stream("GET", f"{host}/api/events/stream") as stream,
            server.device("eager", token) as device,
        ):
            lines = stream.aiter_lines()
            assert (await anext(lines)).startswith("retry:")
            await device.fixes(1, {"at": format_ms(now_ms()), "lon": 24.9, "lat": 60.2})
            while '"enter"' not in await anext(lines):
                pass


async def test_a_phone_speaks_https_to_caddy_by_an_authority_of_its_own(server: RunningServer) -> None:
    """As in a network without a name that the internet knows: phones are given the authority's certificate."""
    token = server.new_device("phone")
    with secured(server) as (url, root):
        trust = ssl.create_default_context(cafile=str(root))
        async with httpx2.AsyncClient(
            base_url=url, verify=trust, timeout=PATIENCE_S, headers=server.credentials
        ) as http:
            page = await http.get("/track")
            assert page.status_code == 200 and "text/html" in page.headers["content-type"]
            address = (await http.get("/api/devices/phone")).json()["ingest_url"]
            assert address.startswith(f"{url}/in/")  # which the app is to be given
            assert (await http.post(address, content=encode(owntracks(now_ms())))).json() == []
            pairing = (await http.post("/api/devices/phone/pairing", json={})).json()["url"]
            assert pairing.startswith(f"{url}/track#")
        place = url.replace("https", "wss") + "/ws/device"
        async with connect(place, ssl=trust, additional_headers={"Authorization": f"Bearer {token}"}) as socket:
            await socket.send('{"type":"hello","device":"phone","boot":"b","version":1}')
            assert "welcome" in str(await socket.recv())
