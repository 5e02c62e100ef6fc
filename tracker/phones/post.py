"""Post: one HTTP request of a phone, as far as a codec needs it."""

import msgspec


class Post(msgspec.Struct, frozen=True):
    """`query`: behind the question mark, not decoded. `agent`: the User-Agent. `received_at` in ms, for apps that say
    no time. `secret`: what OwnTracks' messages of this device are encrypted with, where the device has one. `is_one`:
    it holds one object; of several that say no time not all can be of now."""

    body: bytes
    query: str = ""
    agent: str = ""
    received_at: int = 0
    secret: str | None = None
    is_one: bool = True
