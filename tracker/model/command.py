"""Command: what a device is told to do. Durable until answered or expired."""

import msgspec


class Command(msgspec.Struct, frozen=True):
    """`id` is what the device answers with; `result` is None until it did."""

    id: str
    device: str
    name: str
    args: msgspec.Raw  # a JSON object
    created_at: int  # ms
    expires: int  # ms
    answered_at: int | None = None
    ok: bool | None = None
    detail: str | None = None
