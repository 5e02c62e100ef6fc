"""A reader of a stream is cut where it takes nothing, not where its line is slow."""

import asyncio
from collections.abc import AsyncGenerator

from hypothesis import given
from hypothesis import strategies as st

from tracker.api.event_stream import PIECE, cut_stalled


async def generate(pages: list[bytes]) -> AsyncGenerator[bytes, None]:
    for page in pages:
        yield page


@given(st.lists(st.integers(0, 3 * PIECE + 1), max_size=4))
def test_a_page_goes_in_pieces_that_each_have_their_own_time(sizes: list[int]) -> None:
    pages = [bytes(index % 251 for index in range(size)) for size in sizes]

    async def take() -> list[bytes]:
        return [piece async for piece in cut_stalled(generate(pages), set(), 10.0)]

    pieces = asyncio.run(take())
    assert b"".join(pieces) == b"".join(pages)
    assert all(0 < len(piece) <= PIECE for piece in pieces)
