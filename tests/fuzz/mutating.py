"""What comes of a sample when somebody breaks it: values of another kind where the app has one, or bytes anywhere."""

from random import Random
from typing import Any, Final

import msgspec

ODD: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, -1, 1e308, -1e-308, 43628, 2**53, -(2**63), 10**11, 10**14, 978_307_199, "", " ", "0"),
    *("nan", "-inf", "1e999", "60,1", "1,234", "\u0660\u0661", "\0", "\ud7ff", "x" * 5_000, [], {}, [[]], [None]),
    *({"lat": 1, "lon": 2}, "2026-11-27T20:00:00Z", "0000-00-00", "%7B%22", "&lat=1&lon=2", "location", "encrypted"),
)
BYTES: Final = (
    b"",
    b"\0",
    b'"',
    b"{",
    b"]",
    b"&",
    b"=",
    b"%",
    b"%zz",
    b",",
    b"\xff",
    b"\x1f\x8b",
    b"--x\n",
    b"[" * 200,
)


def mutate(data: bytes, random: Random) -> bytes:
    for _ in range(random.randint(1, 4)):
        data = change_value(data, random) if random.random() < 0.6 else change_bytes(data, random)
    return data


def change_value(data: bytes, random: Random) -> bytes:
    try:
        value = msgspec.json.decode(data)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return change_field(data, random) if b"=" in data[:100] else change_bytes(data, random)
    try:
        return msgspec.json.encode(change(value, random))
    except (ValueError, TypeError, OverflowError, RecursionError):
        return data


def change(value: Any, random: Random) -> Any:
    """One of the values in it, or one of the objects that hold them."""
    if isinstance(value, dict) and value and random.random() < 0.85:
        name = random.choice(list(value))
        if random.random() < 0.1:
            return {each: kept for each, kept in value.items() if each != name}
        return value | {name: change(value[name], random)}
    if isinstance(value, list) and value and random.random() < 0.85:
        index = random.randrange(len(value))
        return [*value[:index], change(value[index], random), *value[index + (random.random() < 0.9) :]]
    return random.choice(ODD)


def change_field(data: bytes, random: Random) -> bytes:
    fields = data.split(b"&")
    index = random.randrange(len(fields))
    name, _, _ = fields[index].partition(b"=")
    fields[index] = name + b"=" + str(random.choice(ODD)).encode("utf-8", "replace")
    return b"&".join(fields)


def change_bytes(data: bytes, random: Random) -> bytes:
    at, end = sorted((random.randint(0, len(data)), random.randint(0, len(data))))
    end = min(end, at + 20) if random.random() < 0.8 else end
    return data[:at] + random.choice((*BYTES, data[at:end] * 2, bytes([random.randrange(256)]))) + data[end:]
