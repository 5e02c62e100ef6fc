"""Tries: how often a password may be guessed, by account and by address.

Nobody is locked out by strangers: failures elsewhere never refuse the one who comes from an address of her own. They
only leave each new address fewer tries at that account, so that many addresses together do not get many.
"""

import ipaddress
import time
from collections.abc import Callable
from hashlib import sha256
from typing import Final

from tracker.access.guesses import Guesses
from tracker.errors import TooMany

FREE_AT_ACCOUNT: Final = 5  # wrong passwords of one address for one account, before the first wait
FREE_AT_ADDRESS: Final = 20  # of one address for any accounts: a household, an office
FREE_OF_ACCOUNT: Final = 50  # of an account from anywhere; from then on a further address has one
LONGEST: Final = 254  # letters of an account, as of an address of mail


class Tries:
    """A try counts as failed from its beginning, so that those made at the same time count, too. A wait is told before
    the password is looked at, for that is costly."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._of_address = Guesses(clock, free=FREE_AT_ADDRESS)
        self._of_account = Guesses(clock, free=FREE_OF_ACCOUNT)
        self._of_both = Guesses(clock, free=FREE_AT_ACCOUNT)
        self._while_attacked = Guesses(clock, free=0)

    def begin(self, account: str, address: str) -> None:
        """TooMany while this address has to wait, at this account or altogether."""
        account, place, both = _name(account, address)
        wait = max(self._of_address.wait(place), self._of_both.wait(both), self._while_attacked.wait(both))
        if wait > 0:
            raise TooMany("too many failed sign-ins; wait a little", retry_after=wait)
        if self._of_account.count(account) >= FREE_OF_ACCOUNT:
            self._while_attacked.note_failure(both)
        self._of_account.note_failure(account)
        self._of_address.note_failure(place)
        self._of_both.note_failure(both)

    def take_back(self, account: str, address: str) -> None:
        """It was the right password, or was not looked at."""
        account, place, both = _name(account, address)
        self._of_account.take_back(account)
        self._of_address.take_back(place)
        self._of_both.take_back(both)
        self._while_attacked.take_back(both)

    def list_counts(self, name: str) -> dict[str, Guesses]:
        return {
            f"{name} of address": self._of_address,
            f"{name} of account": self._of_account,
            f"{name} of both": self._of_both,
            f"{name} while attacked": self._while_attacked,
        }


def _name(account: str, address: str) -> tuple[str, str, str]:
    account, place = _shorten(account.casefold()), find_place(address)
    return account, place, f"{account}\n{place}"


def _shorten(account: str) -> str:
    """What is asked for may be as long as a body, and is remembered here and told to the other processes."""
    return account if len(account) <= LONGEST else sha256(account.encode(errors="surrogatepass")).hexdigest()


def find_place(address: str) -> str:
    """The address, or of IPv6 the network a household has: who has one has 2^64 addresses in it."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return address
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, 64), strict=False))
