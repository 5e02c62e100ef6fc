"""Settings: the command line wins over the environment, and says nothing where it is silent."""

import pytest

from tracker.errors import Invalid
from tracker.settings import Remote, from_environment


def test_what_is_not_given_on_the_command_line_comes_from_the_environment() -> None:
    environment = {"TRACKER_DATABASE_URL": "postgresql:///a", "TRACKER_BIND": "127.0.0.1:1"}
    settings = from_environment(environment, database_url=None, bind="127.0.0.1:2")
    assert (settings.database_url, settings.bind) == ("postgresql:///a", "127.0.0.1:2")


@pytest.mark.parametrize("bind", ["nonsense", ":8000", "127.0.0.1:", "127.0.0.1:http", "127.0.0.1:70000"])
def test_an_address_that_is_none_is_told_in_a_sentence(bind: str) -> None:
    with pytest.raises(Invalid, match="HOST:PORT"):
        from_environment({}, bind=bind)


def test_a_server_of_the_operators_is_read_from_its_url() -> None:
    environment = {"TRACKER_SMTP_URL": "smtp://tracker:p%40ss@[::1]", "TRACKER_SMTP_FROM": "Tracker <a@example.org>"}
    settings = from_environment(environment)
    assert settings.smtp == Remote("smtp", "::1", 587, "tracker", "p@ss")
    assert "p@ss" not in repr(settings)


@pytest.mark.parametrize("url", ["smtp://", "http://x", "smtp://x:y", "smtp://x/y", "smtp://x?y=1", "x:25", "smtp://["])
def test_a_url_that_is_none_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(Invalid, match="TRACKER_SMTP_URL has to be smtp://"):
        from_environment({"TRACKER_SMTP_URL": url, "TRACKER_SMTP_FROM": "a@example.org"})


@pytest.mark.parametrize("sender", ["nobody", "a@b\nBcc: c@d", "A <a@b> <c@d>", "@", "a@", "A <a b>"])
def test_a_sender_that_is_no_address_is_refused(sender: str) -> None:
    with pytest.raises(Invalid, match="TRACKER_SMTP_FROM"):
        from_environment({"TRACKER_SMTP_URL": "smtp://x", "TRACKER_SMTP_FROM": sender})


@pytest.mark.parametrize("contact", ["ops@example.org", "mailto:ops", "http://x.org", "https://", "mailto:a@b c"])
def test_a_contact_that_nobody_can_reach_is_refused(contact: str) -> None:
    with pytest.raises(Invalid, match="TRACKER_PUSH_CONTACT"):
        from_environment({"TRACKER_PUSH_CONTACT": contact})


@pytest.mark.parametrize("text", ["0", "-1", "many", "1.5", "٣", "9999999999"])
def test_a_bound_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="TRACKER_READER_TRACKS"):
        from_environment({"TRACKER_READER_TRACKS": text})
    assert from_environment({"TRACKER_READER_TRACKS": "7"}).reader_tracks == 7


@pytest.mark.parametrize("text", ["0", "-1", "many", "65"])
def test_a_number_of_processes_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match=r"processes|TRACKER_PROCESSES"):
        from_environment({"TRACKER_PROCESSES": text})
    assert from_environment({"TRACKER_PROCESSES": "4"}).processes == 4
    assert from_environment({"TRACKER_PROCESSES": "auto"}).processes >= 1


@pytest.mark.parametrize("url", ["localhost:4222", "http://x", "nats://", "nats://a b"])
def test_a_nats_that_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(Invalid, match="TRACKER_NATS_URL"):
        from_environment({"TRACKER_NATS_URL": url})
    assert "secret" not in repr(from_environment({"TRACKER_NATS_URL": "nats://u:secret@h:4222"}))


def test_email_needs_both() -> None:
    for name, value in (("TRACKER_SMTP_URL", "smtp://x"), ("TRACKER_SMTP_FROM", "a@example.org")):
        with pytest.raises(Invalid, match="both"):
            from_environment({name: value})
