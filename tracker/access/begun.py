"""A sign-in that is under way at an OpenID Connect provider, and the answer with which the browser comes back."""

import secrets
from collections.abc import Mapping

import msgspec

from tracker.errors import NotSignedIn


class Begun(msgspec.Struct, frozen=True):
    """A sign-in that is under way in one browser. `redirect`: where the provider sends it back to."""

    state: str
    nonce: str
    verifier: str
    redirect: str


def read_answer(given: Mapping[str, str], begun: Begun | None) -> str:
    """The code out of what the browser brought back. NotSignedIn where it is not the answer to what this browser
    began."""
    if begun is None or not secrets.compare_digest(given.get("state", "").encode(), begun.state.encode()):
        raise NotSignedIn("this is not the answer to what this browser asked")
    if not (code := given.get("code")) or "error" in given:
        raise NotSignedIn("the provider refused")
    return code
