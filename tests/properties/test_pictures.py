"""What strangers send as a picture: taken as one, without what does not draw, or refused; never anything else."""

from collections.abc import Callable
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.laws import examples
from tests.pictures import PLACE, TAIL, make_jpeg, make_png, make_webp
from tracker.api.pictures import read_photo
from tracker.errors import Invalid

MAKERS: Final[dict[str, Callable[..., bytes]]] = {
    "image/jpeg": make_jpeg,
    "image/png": make_png,
    "image/webp": make_webp,
}


@pytest.mark.parametrize("media", MAKERS)
def test_what_draws_is_kept_and_nothing_else(media: str) -> None:
    plain = read_photo(MAKERS[media](256, 200))
    rich = read_photo(MAKERS[media](256, 200, with_place=True))
    assert (plain.media, rich.media) == (media, media)
    assert plain.bytes == MAKERS[media](256, 200)
    assert PLACE not in rich.bytes and TAIL not in rich.bytes
    if media != "image/webp":  # which says anew how large it is
        assert rich == plain


@pytest.mark.parametrize("media", MAKERS)
@pytest.mark.parametrize("size", [(513, 4), (4, 513), (16_000, 16_000)])
def test_what_unpacks_to_much_is_refused(media: str, size: tuple[int, int]) -> None:
    with pytest.raises(Invalid, match="512"):
        read_photo(MAKERS[media](*size))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xd9",
        b"GIF89a\x04\0\x04\0",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"RIFF\x04\0\0\0WEBP",
        b"RIFF\xff\xff\xff\xffWEBPVP8 ",
        b"\x89PNG\r\n\x1a\n\0\0\0\0IEND\xaeB`\x82",
    ],
)
def test_what_is_no_picture_is_refused(body: bytes) -> None:
    with pytest.raises(Invalid):
        read_photo(body)


@settings(max_examples=examples(300))
@given(st.sampled_from(list(MAKERS)), st.booleans(), st.data())
def test_a_broken_one_is_refused_or_what_is_kept_of_it_is_whole(media: str, rich: bool, data: st.DataObject) -> None:
    body = bytearray(MAKERS[media](40, 30, with_place=rich))
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    del body[data.draw(st.integers(0, len(body))) or len(body) :]
    try:
        kept = read_photo(bytes(body))
    except Invalid:
        return
    assert len(kept.bytes) <= len(body) + 2
    assert read_photo(kept.bytes) == kept
