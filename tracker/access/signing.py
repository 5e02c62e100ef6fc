"""Signing: what browsers make and sign with a passkey, by py_webauthn. Imported where the first passkey is used, for
the library takes up to a third of a second of each start."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
import webauthn
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from tracker.access.challenges import LIFETIME
from tracker.access.origin import Petitioner
from tracker.model.person import Person
from tracker.store.passkeys import NewPasskey, PublicKey


class Signing:
    """Stateless. Nothing found: None, whatever is wrong with it."""

    # Discoverable, so that nobody has to say who she is before; with a finger or a PIN: two factors in one.
    WANTED: Final = AuthenticatorSelectionCriteria(
        resident_key=ResidentKeyRequirement.REQUIRED,
        require_resident_key=True,
        user_verification=UserVerificationRequirement.REQUIRED,
    )

    def make_creation(
        self, person: Person, petitioner: Petitioner, known: Sequence[bytes], challenge: bytes
    ) -> msgspec.Raw:
        """PublicKeyCredentialCreationOptions, as JSON."""
        options = webauthn.generate_registration_options(
            rp_id=petitioner.host,
            rp_name=petitioner.host,
            user_id=b"%d" % person.key,
            user_name=person.email,
            user_display_name=person.name,
            challenge=challenge,
            timeout=LIFETIME * 1000,
            authenticator_selection=self.WANTED,
            exclude_credentials=[PublicKeyCredentialDescriptor(id=each) for each in known],
        )
        return msgspec.Raw(webauthn.options_to_json(options).encode())

    def read_new(
        self, shown: Mapping[str, Any], challenge: bytes, petitioner: Petitioner, name: str
    ) -> NewPasskey | None:
        try:
            found = webauthn.verify_registration_response(
                credential=dict(shown),
                expected_challenge=challenge,
                expected_rp_id=petitioner.host,
                expected_origin=petitioner.origin,
                require_user_verification=True,
            )
        except WebAuthnException:
            return None
        return NewPasskey(found.credential_id, found.credential_public_key, found.sign_count, petitioner.host, name)

    def make_request(self, petitioner: Petitioner, challenge: bytes) -> msgspec.Raw:
        """PublicKeyCredentialRequestOptions, as JSON."""
        options = webauthn.generate_authentication_options(
            rp_id=petitioner.host,
            challenge=challenge,
            timeout=LIFETIME * 1000,
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return msgspec.Raw(webauthn.options_to_json(options).encode())

    def count(self, shown: Mapping[str, Any], challenge: bytes, petitioner: Petitioner, known: PublicKey) -> int | None:
        """How many signatures it has made by now."""
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
            return None
        return found.new_sign_count
