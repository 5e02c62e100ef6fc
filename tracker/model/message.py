"""Message: a line of the conversation with whoever holds a device. The thread holds both directions."""

from typing import Literal

import msgspec

from tracker.model.moment import format_ms

Direction = Literal["up", "down"]  # up: from the device
MessageState = Literal["queued", "sent", "delivered", "read", "failed", "expired"]


class Message(msgspec.Struct, frozen=True):
    """`number` counts up without gaps in the order of commit. `id` is the device's own, or that of the command by which
    it goes out. `at`: when it was written."""

    number: int
    device: str
    direction: Direction
    id: str
    text: str
    at: int  # ms
    received_at: int  # ms
    state: MessageState
    alarm: str | None = None
    event: int | None = None  # of the alarm


class ToldMessage(msgspec.Struct, frozen=True):
    """A message as every reader gets it, on the live stream and over HTTP: the same, times as text."""

    number: int
    device: str
    direction: Direction
    id: str
    text: str
    at: str
    received_at: str
    state: MessageState
    alarm: str | None
    event: int | None


def tell_message(message: Message) -> ToldMessage:
    return ToldMessage(
        message.number,
        message.device,
        message.direction,
        message.id,
        message.text,
        format_ms(message.at),
        format_ms(message.received_at),
        message.state,
        message.alarm,
        message.event,
    )
