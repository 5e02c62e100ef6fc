"""Person: somebody who signs in, known inside by a number; the e-mail address says who it is outside."""

import re
from typing import Final

import msgspec

# What is before the @ is the mail server's business; what breaks a header or a line is ours.
EMAIL: Final = re.compile(r"[^\s@<>\x00-\x1f\x7f,;\"\\]{1,64}@[^\s@<>\x00-\x1f\x7f,;\"\\]{1,189}")
SHORTEST_PASSWORD: Final = 10  # characters
LONGEST_PASSWORD: Final = 1000


class Person(msgspec.Struct, frozen=True):
    """`key` is the number that the API calls `id`. `is_owner`: of the installation. `language`: None for who never
    chose one."""

    key: int
    email: str
    name: str
    is_owner: bool
    language: str | None = None


class Proof(msgspec.Struct, frozen=True):
    """That somebody is this person, shown in whatever way. `ways`: how often what the person signs in by had changed
    when the proof was looked at; once that is another number, it proves nothing."""

    person: int
    ways: int


class Credentials(msgspec.Struct, frozen=True):
    """What a person signs in by. `password` is its hash, None where there is none; `factor`: a code is asked for,
    too."""

    person: Person
    password: str | None
    ways: int
    factor: bool


def fault_of_email(email: str) -> str | None:
    """Why a text is no e-mail address; None: it can be one."""
    return None if EMAIL.fullmatch(email) else "not an e-mail address"


def fault_of_password(password: str, email: str) -> str | None:
    """Why a password is none. Length is what counts; rules about digits only make people write them down."""
    if len(password) < SHORTEST_PASSWORD:
        return f"a password has {SHORTEST_PASSWORD} characters or more"
    if len(password) > LONGEST_PASSWORD:
        return f"a password has {LONGEST_PASSWORD} characters at most"
    if len(set(password)) < 4 or password.casefold() in (email.casefold(), email.casefold().partition("@")[0]):
        return "this password is the first that is tried"
    return None
