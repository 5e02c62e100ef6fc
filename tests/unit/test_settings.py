"""Settings: the command line wins over the environment, and says nothing where it is silent."""

import pytest

from tracker.errors import Invalid
from tracker.settings import from_environment


def test_what_is_not_given_on_the_command_line_comes_from_the_environment() -> None:
    environment = {"TRACKER_DATABASE_URL": "postgresql:///a", "TRACKER_BIND": "127.0.0.1:1"}
    settings = from_environment(environment, database_url=None, bind="127.0.0.1:2")
    assert (settings.database_url, settings.bind) == ("postgresql:///a", "127.0.0.1:2")


@pytest.mark.parametrize("bind", ["nonsense", ":8000", "127.0.0.1:", "127.0.0.1:http", "127.0.0.1:70000"])
def test_an_address_that_is_none_is_told_in_a_sentence(bind: str) -> None:
    with pytest.raises(Invalid, match="HOST:PORT"):
        from_environment({}, bind=bind)
