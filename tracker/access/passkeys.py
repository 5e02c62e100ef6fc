"""Passkeys: how a browser makes one, and is let in by one."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import asyncpg
import msgspec

from tracker.access.challenges import Challenges, find_end
from tracker.access.origin import Petitioner
from tracker.errors import Invalid, NotSignedIn
from tracker.model import base64url
from tracker.model.person import Person, Proof
from tracker.store.challenges import use_challenge
from tracker.store.passkeys import (
    Passkey,
    insert_passkey,
    select_credentials,
    select_public_key,
    update_passkey_used,
)
from tracker.store.pool import borrow

if TYPE_CHECKING:
    from tracker.access.signing import Signing

SIGN_IN: Final = "sign in"
UNKNOWN: Final = "this passkey is not known here, or its signature is too old"


def load_signing() -> "Signing":
    """Imported here and not above, where it would be a part of each start; in a thread, for it takes a while."""
    from tracker.access.signing import Signing

    return Signing()


class Passkeys:
    """One for the process."""

    def __init__(self, pool: asyncpg.Pool, challenges: Challenges | None = None) -> None:
        self._pool = pool
        self._challenges = challenges or Challenges()

    async def begin(self, person: Person, petitioner: Petitioner) -> msgspec.Raw:
        """PublicKeyCredentialCreationOptions, as JSON, for a new one."""
        signing = await asyncio.to_thread(load_signing)
        async with borrow(self._pool) as conn:
            known = await select_credentials(conn, person.key)
        return signing.make_creation(person, petitioner, known, self._challenges.make(_purpose(person)))

    async def add(
        self, conn: asyncpg.Connection, person: Person, petitioner: Petitioner, name: str, shown: Mapping[str, Any]
    ) -> Passkey:
        """In a transaction. Invalid where it was not made for this person, at this site, just now."""
        challenge = self._read_challenge(shown, _purpose(person))
        if challenge is None:
            raise Invalid("credential: it took too long, or is of another page; try again", field="credential")
        signing = await asyncio.to_thread(load_signing)
        new = signing.read_new(shown, challenge, petitioner, name)
        if new is None:
            raise Invalid("credential: this is no passkey for this site", field="credential")
        if not await use_challenge(conn, challenge, find_end(challenge) * 1000):
            raise Invalid("credential: it was added already", field="credential")
        return await insert_passkey(conn, person.key, new)

    async def ask(self, petitioner: Petitioner) -> msgspec.Raw:
        """PublicKeyCredentialRequestOptions, as JSON: the same for everybody, so that they tell of no account."""
        signing = await asyncio.to_thread(load_signing)
        return signing.make_request(petitioner, self._challenges.make(SIGN_IN))

    async def admit(self, shown: Mapping[str, Any], petitioner: Petitioner) -> Proof:
        """Whose passkey has signed. NotSignedIn, with the same words for one that is not known and one that is
        wrong."""
        challenge, credential = self._read_challenge(shown, SIGN_IN), _read_id(shown)
        if challenge is None or credential is None:
            raise NotSignedIn(UNKNOWN)
        signing = await asyncio.to_thread(load_signing)
        async with borrow(self._pool) as conn:
            known = await select_public_key(conn, credential, petitioner.host)
            if known is None:
                raise NotSignedIn(UNKNOWN)
            count = signing.count(shown, challenge, petitioner, known)
            if count is None or not await use_challenge(conn, challenge, find_end(challenge) * 1000):
                raise NotSignedIn(UNKNOWN)
            if not await update_passkey_used(conn, known.id, known.sign_count, count):
                raise NotSignedIn(UNKNOWN)
        return known.proof

    def _read_challenge(self, shown: Mapping[str, Any], purpose: str) -> bytes | None:
        """The challenge that was signed, if it is an open one of ours."""
        try:
            client = msgspec.json.decode(base64url.decode(shown["response"]["clientDataJSON"]))
            challenge = base64url.decode(client["challenge"])
        except (KeyError, TypeError, ValueError, AttributeError, msgspec.DecodeError):
            return None
        return challenge if self._challenges.is_open(challenge, purpose) else None


def _purpose(person: Person) -> str:
    return f"passkey of {person.key}"


def _read_id(shown: Mapping[str, Any]) -> bytes | None:
    try:
        return base64url.decode(shown["rawId"])
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
