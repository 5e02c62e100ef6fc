"""An OpenID Connect provider: the authorization code flow with PKCE. joserfc holds tokens against the provider's
keys."""

import asyncio
import base64
import hashlib
import secrets
import time
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

import httpx2
import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from tracker.access.begun import Begun
from tracker.errors import NotSignedIn, ProviderDown
from tracker.model.subject import OidcSubject

DEADLINE: Final = 10.0  # s, of one answer, from the first byte that goes to the last that comes
LARGEST: Final = 256 * 1024  # bytes of an answer
KEPT: Final = 3600.0  # s that what a provider says of itself, and its keys, are believed
AGAIN: Final = 30.0  # s at least between two looks for a key that is not known
LEEWAY: Final = 60  # s by which the clocks of the two may differ
ALGORITHMS: Final = ["RS256", "PS256", "ES256", "EdDSA", "Ed25519"]  # none that the client's secret would sign
LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


class OidcClient(msgspec.Struct, frozen=True):
    """What we are at the provider. `secret` None: a public client, which has PKCE alone."""

    issuer: str
    id: str
    secret: str | None = None


class ProviderFacts(msgspec.Struct, frozen=True):
    """What a provider says of itself."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False


class IdToken(msgspec.Struct, frozen=True):
    id_token: str


class IdClaims(msgspec.Struct, frozen=True):
    """Of an ID token, as far as we ask. `aud`: one or several."""

    iss: str
    sub: str
    aud: str | list[str]
    exp: float
    iat: float
    nonce: str | None = None
    azp: str | None = None
    email: str | None = None
    name: str | None = None


class OidcProvider:
    """One for the process; it asks the provider nothing before somebody signs in."""

    def __init__(self, client: OidcClient, name: str) -> None:
        self.client = client
        self.name = name  # what its people call it
        self._about: ProviderFacts | None = None
        self._keys: KeySet | None = None
        self._asked = {"about": 0.0, "keys": 0.0}  # monotonic s
        self._asking = asyncio.Lock()

    async def begin(self, redirect: str) -> tuple[Begun, str]:
        """With the address that the browser is sent to. ProviderDown."""
        about = await self._find_about()
        begun = Begun(new_word(), new_word(), new_word(), redirect)
        challenge = hashlib.sha256(begun.verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": self.client.id,
            "redirect_uri": redirect,
            "scope": "openid email profile",
            "state": begun.state,
            "nonce": begun.nonce,
            "code_challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        joined = "&" if urlsplit(about.authorization_endpoint).query else "?"
        return begun, f"{about.authorization_endpoint}{joined}{urlencode(asked)}"

    async def finish(self, begun: Begun, code: str, issuer: str | None) -> OidcSubject:
        """Whose code it is. NotSignedIn where the provider or its token do not say so; ProviderDown. `issuer`: who says
        that it sent the browser back (RFC 9207)."""
        about = await self._find_about()
        is_missing = issuer is None and about.authorization_response_iss_parameter_supported
        if is_missing or (issuer is not None and issuer != about.issuer):
            raise NotSignedIn("another provider answered")
        claims = await self._read_token(await self._exchange(about, begun, code))
        self._check(claims, about, begun)
        return OidcSubject(
            about.issuer, claims.sub, (claims.email or claims.name or "")[:254], (claims.name or "")[:200]
        )

    async def _exchange(self, about: ProviderFacts, begun: Begun, code: str) -> str:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": begun.redirect,
            "code_verifier": begun.verifier,
        }
        headers = {}
        id, secret = self.client.id, self.client.secret
        if secret is None:
            form["client_id"] = id
        elif "client_secret_basic" in about.token_endpoint_auth_methods_supported:
            pair = f"{quote(id, safe='')}:{quote(secret, safe='')}".encode()
            headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
        else:
            form |= {"client_id": id, "client_secret": secret}
        body = await self._ask("POST", about.token_endpoint, data=form, headers=headers)
        try:
            return msgspec.json.decode(body, type=IdToken).id_token
        except msgspec.DecodeError:
            raise ProviderDown("the provider gave no ID token") from None

    async def _read_token(self, token: str) -> IdClaims:
        """With its signature held against the keys, which are asked for once more where one is not known yet."""
        for is_last in (False, True):
            keys = await self._find_keys(anew=is_last)
            try:
                claims = jwt.decode(token, keys, algorithms=ALGORITHMS).claims
                return msgspec.convert(claims, IdClaims)
            except (JoseError, ValueError, msgspec.ValidationError):  # an unknown key, or a token that is none
                continue
        raise NotSignedIn("the provider's token is not signed by it")

    def _check(self, claims: IdClaims, about: ProviderFacts, begun: Begun) -> None:
        """OpenID Connect Core, 3.1.3.7."""
        now, audience = time.time(), [claims.aud] if isinstance(claims.aud, str) else claims.aud
        is_ours = self.client.id in audience and (len(audience) == 1 or claims.azp == self.client.id)
        is_now = claims.exp > now - LEEWAY and claims.iat < now + LEEWAY
        if claims.azp not in (None, self.client.id) or claims.iss != about.issuer or not (is_ours and is_now):
            raise NotSignedIn("the provider's token is for somebody else, or too old")
        if claims.nonce != begun.nonce or not 0 < len(claims.sub) <= 255 or "\0" in claims.sub:
            raise NotSignedIn("the provider's token is of another sign-in")

    async def _find_about(self) -> ProviderFacts:
        async with self._asking:
            if self._about is None or time.monotonic() - self._asked["about"] > KEPT:
                body = await self._ask("GET", f"{self.client.issuer.rstrip('/')}/.well-known/openid-configuration")
                self._about = self._read_about(body)
                self._asked["about"] = time.monotonic()
            return self._about

    def _read_about(self, body: bytes) -> ProviderFacts:
        try:
            about = msgspec.json.decode(body, type=ProviderFacts)
        except msgspec.DecodeError:
            raise ProviderDown("the provider does not say what it is") from None
        if about.issuer != self.client.issuer:
            raise ProviderDown("the provider calls itself otherwise than TRACKER_OIDC_ISSUER does")
        if not all(is_safe(each) for each in (about.authorization_endpoint, about.token_endpoint, about.jwks_uri)):
            raise ProviderDown("the provider has an address without https")
        return about

    async def _find_keys(self, *, anew: bool) -> KeySet:
        about = await self._find_about()
        async with self._asking:
            age = time.monotonic() - self._asked["keys"]
            if self._keys is None or age > (AGAIN if anew else KEPT):
                body = await self._ask("GET", about.jwks_uri)
                try:
                    self._keys = KeySet.import_key_set(msgspec.json.decode(body))
                except (JoseError, msgspec.DecodeError, ValueError, KeyError, TypeError):
                    raise ProviderDown("the provider's keys cannot be read") from None
                self._asked["keys"] = time.monotonic()
            return self._keys

    async def _ask(self, method: str, url: str, **sent: Any) -> bytes:
        """Bounded in time and size; no redirect is followed."""
        try:
            async with (
                asyncio.timeout(DEADLINE),
                httpx2.AsyncClient(timeout=DEADLINE) as http,
                http.stream(method, url, **sent) as response,
            ):
                body = bytearray()
                async for piece in response.aiter_bytes():
                    body += piece
                    if len(body) > LARGEST:
                        raise ProviderDown("the provider's answer has no end")
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError):
            raise ProviderDown from None
        if method == "POST" and response.status_code in (400, 401, 403):
            raise NotSignedIn("the provider does not know this code")
        if response.status_code != 200:
            raise ProviderDown
        return bytes(body)


def new_word() -> str:
    return secrets.token_urlsafe(32)


def is_safe(url: str) -> bool:
    """https; on this machine itself plain http will do."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK))
