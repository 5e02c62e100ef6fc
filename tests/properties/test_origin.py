"""Laws of an allowed origin: the same place is let in however it is written, any other is not."""

from hypothesis import given
from hypothesis import strategies as some

from tracker.access.origin import is_allowed

hosts = some.lists(some.text("abcxyz", min_size=1, max_size=8), min_size=1, max_size=4).map(".".join)
ports = some.integers(1, 65_535)


@given(hosts, ports, some.sampled_from(["http", "https"]))
def test_the_servers_own_page_is_let_in(host: str, port: int, scheme: str) -> None:
    assert is_allowed(f"{scheme}://{host}:{port}", scheme=scheme, host=f"{host}:{port}", origins=())
    assert is_allowed(f"{scheme}://{host.upper()}", scheme=scheme, host=host, origins=())


@given(hosts, hosts, ports, ports)
def test_another_host_or_port_is_not(host: str, other: str, port: int, another: int) -> None:
    expected = (host, port) == (other, another)
    assert is_allowed(f"https://{other}:{another}", scheme="https", host=f"{host}:{port}", origins=()) is expected
    assert is_allowed(f"http://{host}:{port}", scheme="https", host=f"{host}:{port}", origins=()) is False


@given(some.text(max_size=60))
def test_no_text_is_let_in_by_accident_and_none_breaks_it(text: str) -> None:
    assert is_allowed(text, scheme="https", host="fleet.example.org", origins=("https://other.example.org",)) is False


@given(hosts)
def test_a_suffix_and_a_user_are_somebody_else(host: str) -> None:
    for origin in (
        f"https://evil{host}",
        f"https://{host}.evil.net",
        f"https://{host}@evil.net",
        f"https://evil@{host}",
    ):
        assert is_allowed(origin, scheme="https", host=host, origins=()) is False
