"""Passkeys: how a browser makes one, and is let in by one. py_webauthn reads and checks what browsers sign."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import asyncpg
import msgspec
import webauthn
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from tracker.access.challenges import LIFETIME, Challenges
from tracker.errors import Invalid, NotSignedIn
from tracker.model.person import Person, Proof
from tracker.store.passkeys import (
    NewPasskey,
    Passkey,
    insert_passkey,
    select_credentials,
    select_public_key,
    update_passkey_used,
)
from tracker.store.pool import borrow

SIGN_IN: Final = "sign in"
UNKNOWN: Final = "this passkey is not known here, or its signature is too old"
# Discoverable, so that nobody has to say who she is before; with a finger or a PIN, so that it is two factors in one.
WANTED: Final = AuthenticatorSelectionCriteria(
    resident_key=ResidentKeyRequirement.REQUIRED,
    require_resident_key=True,
    user_verification=UserVerificationRequirement.REQUIRED,
)


class Petitioner(NamedTuple):
    """Of the page that asks: its origin, which was let in, and the host that a passkey is bound to."""

    origin: str
    host: str


def find_petitioner(origin: str) -> Petitioner:
    return Petitioner(origin, urlsplit(origin).hostname or "")


class Passkeys:
    """One for the process."""

    def __init__(self, pool: asyncpg.Pool, challenges: Challenges | None = None) -> None:
        self._pool = pool
        self._challenges = challenges or Challenges()

    async def begin(self, person: Person, petitioner: Petitioner) -> msgspec.Raw:
        """PublicKeyCredentialCreationOptions, as JSON, for a new one."""
        async with borrow(self._pool) as conn:
            known = await select_credentials(conn, person.key)
        options = webauthn.generate_registration_options(
            rp_id=petitioner.host,
            rp_name=petitioner.host,
            user_id=b"%d" % person.key,
            user_name=person.email,
            user_display_name=person.name,
            challenge=self._challenges.make(_purpose(person)),
            timeout=LIFETIME * 1000,
            authenticator_selection=WANTED,
            exclude_credentials=[PublicKeyCredentialDescriptor(id=each) for each in known],
        )
        return msgspec.Raw(webauthn.options_to_json(options).encode())

    async def add(
        self, conn: asyncpg.Connection, person: Person, petitioner: Petitioner, name: str, shown: Mapping[str, Any]
    ) -> Passkey:
        """In a transaction. Invalid where it was not made for this person, at this site, just now."""
        challenge = self._read_challenge(shown, _purpose(person))
        if challenge is None:
            raise Invalid("credential: it took too long, or is of another page; try again", field="credential")
        try:
            found = webauthn.verify_registration_response(
                credential=dict(shown),
                expected_challenge=challenge,
                expected_rp_id=petitioner.host,
                expected_origin=petitioner.origin,
                require_user_verification=True,
            )
        except WebAuthnException:
            raise Invalid("credential: this is no passkey for this site", field="credential") from None
        self._challenges.use(challenge)
        new = NewPasskey(found.credential_id, found.credential_public_key, found.sign_count, petitioner.host, name)
        return await insert_passkey(conn, person.key, new)

    def ask(self, petitioner: Petitioner) -> msgspec.Raw:
        """PublicKeyCredentialRequestOptions, as JSON: the same for everybody, so that they tell of no account."""
        options = webauthn.generate_authentication_options(
            rp_id=petitioner.host,
            challenge=self._challenges.make(SIGN_IN),
            timeout=LIFETIME * 1000,
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return msgspec.Raw(webauthn.options_to_json(options).encode())

    async def admit(self, shown: Mapping[str, Any], petitioner: Petitioner) -> Proof:
        """Whose passkey has signed. NotSignedIn, with the same words for one that is not known and one that is
        wrong."""
        challenge, credential = self._read_challenge(shown, SIGN_IN), _read_id(shown)
        if challenge is None or credential is None:
            raise NotSignedIn(UNKNOWN)
        async with borrow(self._pool) as conn:
            known = await select_public_key(conn, credential, petitioner.host)
            if known is None:
                raise NotSignedIn(UNKNOWN)
            try:
                found = webauthn.verify_authentication_response(
                    credential=dict(shown),
                    expected_challenge=challenge,
                    expected_rp_id=petitioner.host,
                    expected_origin=petitioner.origin,
                    credential_public_key=known.key,
                    credential_current_sign_count=known.sign_count,
                    require_user_verification=True,
                )
            except WebAuthnException:
                raise NotSignedIn(UNKNOWN) from None
            if not self._challenges.is_open(challenge, SIGN_IN):  # somebody answered it while we looked
                raise NotSignedIn(UNKNOWN)
            self._challenges.use(challenge)
            if not await update_passkey_used(conn, known.id, known.sign_count, found.new_sign_count):
                raise NotSignedIn(UNKNOWN)
        return known.proof

    def _read_challenge(self, shown: Mapping[str, Any], purpose: str) -> bytes | None:
        """The challenge that was signed, if it is an open one of ours."""
        try:
            client = msgspec.json.decode(base64url_to_bytes(shown["response"]["clientDataJSON"]))
            challenge = base64url_to_bytes(client["challenge"])
        except (KeyError, TypeError, ValueError, AttributeError, msgspec.DecodeError):
            return None
        return challenge if self._challenges.is_open(challenge, purpose) else None


def _purpose(person: Person) -> str:
    return f"passkey of {person.key}"


def _read_id(shown: Mapping[str, Any]) -> bytes | None:
    try:
        return base64url_to_bytes(shown["rawId"])
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
