"""Phrases: the texts of one language. `{...}` are places that are filled in."""

from collections.abc import Mapping

import msgspec


class Phrases(msgspec.Struct, frozen=True):
    """`said`, `denied` and `counted` by the type of an event; `findings` by their codes, `causes`
    by their ids. `units`: of days, hours, minutes and seconds."""

    said: Mapping[str, str]
    denied: Mapping[str, str]
    counted: Mapping[str, str]
    other: str
    other_in: str
    after_all: str
    correction: str
    unknown: str
    a_device: str
    a_geofence: str
    another: str
    dwell: str
    speed: str
    old: str
    until: str
    silence: str
    empty: str
    way: str
    battery: str
    same: str
    tested: str
    nowhere: str
    somewhere: str
    text: str
    wrong: str
    late: str
    number: str
    short: str
    told_late: str
    devices: str
    summary: str
    more: str
    unreadable: str
    there: str
    within: str
    beside: str
    winds: tuple[str, ...]
    units: tuple[str, str, str, str]
    subscription: str
    invited: str
    invitation: tuple[str, ...]
    reset: str
    password: tuple[str, ...]
    findings: Mapping[str, str]
    causes: Mapping[str, str]
