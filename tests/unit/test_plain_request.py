"""Which requests are plain enough to be answered without HTTP in full."""

import pytest

from tracker.websocket.plain_request import PlainAnswer, encode_letters, read_request, write_answer

PLAIN = ("POST /in/abc_-9?lat=1.5&lon=2 HTTP/1.1", "Host: tracker.example:8000", "Content-Length: 4")

MORE = (
    *("Cookie: a=b", "Authorization: Bearer x", "Origin: https://a.example", "Transfer-Encoding: chunked", "Host: y"),
    *("Upgrade: h2c", "Expect: 100-continue", "X-Tracker-Via: a", "Connection: upgrade", "Content-Length: 4"),
    "X: \x01",
)


def read(*lines: str, behind: bytes = b"body") -> object:
    return read_request("\r\n".join([*lines, "", ""]).encode("latin-1") + behind)


def test_a_plain_one_is_read() -> None:
    more = "User-Agent: okhttp/4.12.0", "Connection: close", "Content-Type: application/json; charset=utf-8"
    asked = read_request("\r\n".join([*PLAIN, *more, "", ""]).encode() + b"bodyGET /")
    assert asked is not None
    assert (asked.method, asked.path, asked.query) == ("POST", "/in/abc_-9", "lat=1.5&lon=2")
    assert (asked.agent, asked.body, asked.is_last) == ("okhttp/4.12.0", b"body", True)
    assert asked.size == len("\r\n".join([*PLAIN, *more, "", ""])) + 4


def test_letters_that_nobody_encoded_are_read_where_h11_would_refuse_them() -> None:
    asked = read_request("\r\n".join([PLAIN[0].replace("lon", "n=Zo\xeb&lon"), *PLAIN[1:], "", ""]).encode() + b"body")
    assert asked is not None and asked.query.encode("latin-1").decode() == "lat=1.5&n=Zo\xeb&lon=2"


@pytest.mark.parametrize(
    ("given", "encoded"),
    [
        ("GET /in/a?n=Zo\xc3\xab&b HTTP/1.1\r\nX: \xeb\r\n", "GET /in/a?n=Zo%C3%AB&b HTTP/1.1\r\nX: \xeb\r\n"),
        ("PUT /in/a?%20\xff HTTP/1.0\r\n\r\n\xff", "PUT /in/a?%20%FF HTTP/1.0\r\n\r\n\xff"),
        *(
            (same, same)
            for same in ("GET /in/a?b HTTP/1.1\r\n", "GET /\xff?b HTTP/1.1\r\n", "GET /?\xff HTTP", "X: /?\xff")
        ),
        *((same, same) for same in ("", "GET /?a \xff HTTP/1.1\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff")),
    ],
)
def test_letters_are_encoded_for_the_route(given: str, encoded: str) -> None:
    assert encode_letters(given.encode("latin-1")) == encoded.encode("latin-1")


@pytest.mark.parametrize("more", MORE)
def test_what_the_route_may_ask_more_about_is_not(more: str) -> None:
    assert read(*PLAIN) is not None
    assert read(*PLAIN, more) is None


@pytest.mark.parametrize(
    "lines",
    [
        (PLAIN[0], PLAIN[2]),  # no host
        (*PLAIN[:2], "Content-Length: +4"),
        (*PLAIN[:2], "Content-Length: 4, 4"),
        (*PLAIN[:2], "Content-Length: 99999"),
        (PLAIN[0].replace("1.1", "1.0"), *PLAIN[1:]),
        (PLAIN[0].replace("POST", "PUT"), *PLAIN[1:]),
        (PLAIN[0].replace("/in/", "http://a.example/in/"), *PLAIN[1:]),
        (PLAIN[0].replace("abc", "a%62c"), *PLAIN[1:]),
        (PLAIN[0].replace("lat", "l#t"), *PLAIN[1:]),
    ],
)
def test_nor_is_what_could_be_read_in_two_ways(lines: tuple[str, ...]) -> None:
    assert read(*lines) is None


def test_a_head_that_is_not_there_yet_is_none_and_a_body_is_waited_for() -> None:
    head = "\r\n".join([*PLAIN, "", ""]).encode()
    assert not any(read_request(head[:size]) for size in range(len(head)))
    asked = read_request(head + b"bo")
    assert asked is not None and asked.size == len(head) + 4 and asked.body == b"bo"


def test_an_answer_says_what_http_asks_for() -> None:
    head, _, body = write_answer(PlainAnswer(200, b"[]", "application/json"), is_last=True).partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "HTTP/1.1 200 OK" and lines[1].startswith("date: ") and lines[1].endswith(" GMT")
    assert lines[2:] == ["content-length: 2", "content-type: application/json", "connection: close"]
    assert body == b"[]"
    assert len(write_answer(PlainAnswer(200, b"", "text/plain"), is_last=False)) < 90
