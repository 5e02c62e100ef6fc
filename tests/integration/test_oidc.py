"""People sign in at a real OpenID Connect provider (npm's oidc-provider), and what liars get."""

import asyncio
import base64
import hmac
import re
import subprocess
import time
from base64 import b32decode
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
import httpx2
import msgspec
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from quart import Quart

from tests.integration.conftest import ADMIN, Caller
from tests.integration.people import GOOD, ORIGIN, Browser, make_group, make_person
from tests.lines import read_lines
from tests.patience import PATIENCE_S
from tests.running import ROOT
from tracker.access.begun import Begun
from tracker.access.gate import Gate
from tracker.access.passwords import Passwords
from tracker.access.provider import OidcClient, OidcProvider
from tracker.api.app import Parts, build_app
from tracker.errors import NotSignedIn, ProviderDown
from tracker.live.table import Table
from tracker.metrics import Metrics
from tracker.model.totp import STEP, make_code

CALLBACK = f"{ORIGIN}/api/oidc/callback"
SECRET = "a:secret/with+letters"


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    said = tmp_path_factory.mktemp("oidc") / "out"
    script = ROOT / "tests" / "integration" / "oidc_provider.mjs"
    with said.open("wb") as out:
        command = ["node", str(script), str(ROOT / "web"), msgspec.json.encode([CALLBACK]).decode()]
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
    try:
        end = time.monotonic() + PATIENCE_S
        while not (found := [line for line in read_lines(said) if line.startswith("http")]):
            assert process.poll() is None and time.monotonic() < end, said.read_text()
            time.sleep(0.02)
        yield found[0]
    finally:
        process.kill()
        process.wait()


def make_app(gate: Gate, ready: Any, passwords: Passwords, client: OidcClient) -> Quart:
    provider = OidcProvider(client, "Example Login")
    parts = Parts(gate=gate, table=Table(), metrics=Metrics(), ready=ready, passwords=passwords, provider=provider)
    return build_app(parts)


@pytest.fixture
def app(gate: Gate, ready: Any, passwords: Passwords, issuer: str) -> Quart:
    return make_app(gate, ready, passwords, OidcClient(issuer, "tracker", SECRET))


async def begin(browser: Browser, **wish: str) -> str:
    begun = await browser.call("POST", "/api/oidc/start", wish)
    assert begun.status_code == 200, await begun.get_data(as_text=True)
    return str((await begun.get_json())["url"])


async def sign_in_there(url: str, name: str) -> str:
    """As a browser does at the provider's pages; the address that it is sent back to."""
    async with httpx2.AsyncClient(timeout=PATIENCE_S) as there:
        answer = await there.get(url)
        for _ in range(20):
            if answer.is_redirect:
                target = str(answer.url.join(answer.headers["Location"]))
                if target.startswith(ORIGIN):
                    return target.removeprefix(ORIGIN)
                answer = await there.get(target)
                continue
            form = re.search(r'action="([^"]+)"', answer.text)
            prompt = re.search(r'name="prompt" value="(\w+)"', answer.text)
            assert form and prompt, answer.text
            given = {"prompt": prompt[1], "login": name, "password": "any"}
            answer = await there.post(str(answer.url.join(form[1])), data=given)
    raise AssertionError("the provider sends nobody back")


async def come_back(browser: Browser, path: str) -> str:
    """Where the page is opened."""
    answer = await browser.call("GET", path, Origin="null")
    assert answer.status_code == 303, await answer.get_data(as_text=True)
    return str(answer.headers["Location"])


async def bind(browser: Browser, name: str, current: str = GOOD) -> str:
    return await come_back(browser, await sign_in_there(await begin(browser, current=current), name))


async def test_an_account_is_bound_by_its_person_and_signed_in_by_the_subject(app: Quart, admin: Caller) -> None:
    ann = await make_person(admin, "ann@example.org")
    doors = await (await Caller(app, None).get("/api/doors")).get_json()
    assert doors["provider"] == "Example Login"
    stranger = Browser(app)
    assert await come_back(stranger, await sign_in_there(await begin(stranger), "sub-of-ann")) == "/#oidc=unknown"
    assert not stranger.cookie  # whatever e-mail address the provider says is verified
    browser = Browser(app)
    await browser.sign_in("ann@example.org")
    wrong = await browser.call("POST", "/api/oidc/start", {"current": "not her password"})
    assert wrong.status_code == 422
    assert await bind(browser, "sub-of-ann") == "/#oidc=bound"
    (bond,) = (await browser.json(f"/api/people/{ann}/identities"))["identities"]
    assert bond["shown"] == "ann@example.org" and bond["used_at"] is None

    again = Browser(app)
    assert await come_back(again, await sign_in_there(await begin(again), "sub-of-ann")) == "/"
    assert (await again.json("/api/me"))["person"] == ann
    assert await come_back(again, await sign_in_there(await begin(again), "another")) == "/#oidc=unknown"
    assert (await browser.call("DELETE", f"/api/people/{ann}/identities/{bond['id']}")).status_code == 204
    late = Browser(app)
    assert await come_back(late, await sign_in_there(await begin(late), "sub-of-ann")) == "/#oidc=unknown"
    deeds = [each["deed"] for each in (await browser.json("/api/audit"))["entries"]]
    assert deeds[-2:] == ["identity.bound", "identity.removed"]


async def test_the_providers_second_factor_is_trusted(app: Quart, admin: Caller) -> None:
    """Ours is asked for beside the password, and beside nothing else."""
    ann = await make_person(admin, "ann@example.org")
    browser = Browser(app)
    await browser.sign_in("ann@example.org")
    assert await bind(browser, "sub-of-ann") == "/#oidc=bound"
    path = f"/api/people/{ann}/second-factor"
    secret = (await (await browser.call("POST", path, {"current": GOOD})).get_json())["secret"]
    code = make_code(b32decode(secret), int(time.time()) // STEP * STEP)
    assert (await browser.call("PUT", path, {"code": code})).status_code == 200
    by_password, by_provider = Browser(app), Browser(app)
    refused = await by_password.sign_in("ann@example.org")
    assert refused.status_code == 401 and (await refused.get_json())["field"] == "code" and not by_password.cookie
    assert await come_back(by_provider, await sign_in_there(await begin(by_provider), "sub-of-ann")) == "/"
    assert (await by_provider.json("/api/me"))["person"] == ann


async def test_an_identity_is_one_persons_and_the_last_way_in_stays(
    app: Quart, admin: Caller, conn: asyncpg.Connection
) -> None:
    await make_person(admin, "ann@example.org")
    bob = await make_person(admin, "bob@example.org")
    one, two = Browser(app), Browser(app)
    await one.sign_in("ann@example.org")
    await two.sign_in("bob@example.org")
    assert await bind(one, "shared") == "/#oidc=bound"
    assert await bind(two, "shared") == "/#oidc=taken"
    assert await bind(two, "bob") == "/#oidc=bound"
    await conn.execute("update person set password = null where key = $1", bob)
    (bond,) = (await two.json(f"/api/people/{bob}/identities"))["identities"]
    assert (await two.call("DELETE", f"/api/people/{bob}/identities/{bond['id']}")).status_code == 409
    await one.call("DELETE", "/api/session")
    assert (await one.call("POST", "/api/oidc/start", {"current": GOOD})).status_code == 401


async def test_who_is_invited_joins_by_the_provider(app: Quart, admin: Caller, conn: asyncpg.Connection) -> None:
    await make_person(admin, "ann@example.org")
    await make_group(conn, "north")
    wanted = {"email": "cid@example.org", "group": "north", "role": "viewer"}
    made = await (await admin.post("/api/invitations", wanted)).get_json()
    code = made["link"].partition("=")[2]
    browser = Browser(app)
    assert await come_back(browser, await sign_in_there(await begin(browser, invitation=code), "Cid")) == "/"
    me = await browser.json("/api/me")
    assert (me["name"], me["groups"], me["owner"]) == ("Cid", [{"id": "north", "role": "viewer"}], False)
    assert await conn.fetchval("select email from person where key = $1", me["person"]) == "cid@example.org"
    other = Browser(app)
    path = await sign_in_there(await begin(other, invitation=code), "Dan")
    assert await come_back(other, path) == "/#oidc=unknown"  # it works once
    assert await conn.fetchval("select count(*) from person") == 2


async def test_what_another_browser_began_signs_nobody_in(app: Quart, admin: Caller) -> None:
    """A link to the callback that somebody prepared, a code that was stolen, an answer that comes twice."""
    await make_person(admin, "ann@example.org")
    ann, thief = Browser(app), Browser(app)
    await ann.sign_in("ann@example.org")
    assert await bind(ann, "ann") == "/#oidc=bound"
    before = ann.cookie
    prepared = await sign_in_there(await begin(thief), "thief")
    for path in (prepared, prepared.replace("state=", "state=x"), "/api/oidc/callback", "/api/oidc/callback?code=x"):
        assert await come_back(ann, path) == "/#oidc=refused", path
    assert ann.cookie == before

    stolen = await sign_in_there(await begin(ann), "ann")
    own = await begin(thief)  # the thief's state, with the code of somebody else
    state, code = parse_qs(urlsplit(own).query)["state"][0], parse_qs(urlsplit(stolen).query)["code"][0]
    forged = f"/api/oidc/callback?state={state}&code={code}"
    assert await come_back(thief, forged) == "/#oidc=refused" and not thief.cookie

    fresh = Browser(app)
    path = await sign_in_there(await begin(fresh), "ann")
    jar = fresh.client.cookie_jar
    assert jar is not None
    (kept,) = [each for each in jar if each.name == "tracker_oidc"]
    assert await come_back(fresh, path) == "/"
    replayed = Browser(app)
    assert replayed.client.cookie_jar is not None
    replayed.client.cookie_jar.set_cookie(kept)
    assert await come_back(replayed, path) == "/#oidc=refused" and not replayed.cookie


async def test_nobody_is_sent_elsewhere(app: Quart) -> None:
    evil = "https://evil.example"
    browser = Browser(app)
    for name in ("next", "redirect", "redirect_uri", "return_to", "url", "iss", "error", "state", "code"):
        assert await come_back(browser, f"/api/oidc/callback?{name}={evil}") == "/#oidc=refused", name
    assert (await browser.call("POST", "/api/oidc/start", {}, Origin=evil)).status_code == 403
    begun = await begin(browser, redirect=evil, next=evil)
    assert parse_qs(urlsplit(begun).query)["redirect_uri"] == [CALLBACK] and evil not in begun


async def test_a_public_client_has_pkce_alone(gate: Gate, ready: Any, passwords: Passwords, issuer: str) -> None:
    app = make_app(gate, ready, passwords, OidcClient(issuer, "open"))
    await make_person(Caller(app, ADMIN), "ann@example.org")
    browser = Browser(app)
    await browser.sign_in("ann@example.org")
    assert await bind(browser, "ann-there") == "/#oidc=bound"


async def test_a_provider_that_is_away_or_is_another_is_told(gate: Gate, ready: Any, passwords: Passwords) -> None:
    app = make_app(gate, ready, passwords, OidcClient("http://127.0.0.1:9", "tracker", SECRET))
    assert (await Browser(app).call("POST", "/api/oidc/start", {})).status_code == 503


class Liar:
    """A provider that says whatever a test wants. `token`: what it gives for a code."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "one"})
        self.token: Callable[[], str] = lambda: ""
        self.issuer = ""
        self.called = ""  # what it calls itself, if otherwise

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readline()).split()[1].decode()
        if path == "/.well-known/openid-configuration":
            said: Any = {"issuer": self.called or self.issuer} | {
                name: f"{self.issuer}/{name}" for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
            }
        else:
            said = {"id_token": self.token()} if path == "/token_endpoint" else {"keys": [self.key.as_dict(False)]}
        body = msgspec.json.encode(said)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(body), body))
        await writer.drain()
        writer.close()


def sign_by_secret(claims: dict[str, Any], secret: bytes) -> str:
    parts = [msgspec.json.encode(each) for each in ({"alg": "HS256", "kid": "one"}, claims)]
    signed = b".".join(base64.urlsafe_b64encode(each).rstrip(b"=") for each in parts)
    mark = base64.urlsafe_b64encode(hmac.digest(secret, signed, "sha256")).rstrip(b"=")
    return (signed + b"." + mark).decode()


async def test_a_token_that_is_not_ours_proves_nothing() -> None:
    liar, begun = Liar(), Begun("state", "nonce", "verifier", CALLBACK)
    async with await asyncio.start_server(liar.answer, "127.0.0.1", 0) as server:
        liar.issuer = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        provider = OidcProvider(OidcClient(liar.issuer, "tracker", SECRET), "Liar")
        now = int(time.time())
        right = {"iss": liar.issuer, "sub": "ann", "aud": "tracker", "exp": now + 60, "iat": now, "nonce": "nonce"}
        other = RSAKey.generate_key(2048, {"kid": "one"})

        def sign(claims: dict[str, Any], key: Any = liar.key, alg: str = "RS256") -> str:
            return jwt.encode({"alg": alg, "kid": "one"}, claims, key, algorithms=[alg])

        liar.token = lambda: sign(right)
        assert (await provider.finish(begun, "code", None)).subject == "ann"
        liar.token = lambda: sign(right | {"aud": ["tracker", "x"], "azp": "tracker"})
        assert (await provider.finish(begun, "code", liar.issuer)).subject == "ann"
        wrong: dict[str, Callable[[], str]] = {
            "another key": lambda: sign(right, other),
            "the public key as a secret": lambda: sign_by_secret(right, liar.key.as_pem(False)),
            "our secret": lambda: sign_by_secret(right, SECRET.encode()),
            "no signature": lambda: ".".join([*sign(right).split(".")[:2], ""]),
            "none": lambda: "eyJhbGciOiJub25lIn0." + sign(right).split(".")[1] + ".",
            "nothing": lambda: "",
            "another issuer": lambda: sign(right | {"iss": "https://evil.example"}),
            "another audience": lambda: sign(right | {"aud": "other"}),
            "several audiences": lambda: sign(right | {"aud": ["tracker", "other"]}),
            "another party": lambda: sign(right | {"azp": "other"}),
            "over": lambda: sign(right | {"exp": now - 3600}),
            "of the future": lambda: sign(right | {"iat": now + 3600}),
            "another sign-in": lambda: sign(right | {"nonce": "other"}),
            "without a nonce": lambda: sign({name: each for name, each in right.items() if name != "nonce"}),
            "nobody": lambda: sign(right | {"sub": ""}),
        }
        for name, token in wrong.items():
            liar.token = token
            with pytest.raises(NotSignedIn):
                await provider.finish(begun, "code", None)
                pytest.fail(name)
        with pytest.raises(NotSignedIn, match="another provider"):
            await provider.finish(begun, "code", "https://evil.example")
        liar.called = "https://evil.example"
        with pytest.raises(ProviderDown, match="calls itself"):
            await OidcProvider(OidcClient(liar.issuer, "tracker"), "Liar").begin(CALLBACK)
