"""Which languages there are. Another one is one more file and a line here, in the check of the table person and in the
page's words."""

from collections.abc import Mapping
from typing import Final, Literal

from tracker.words.de import GERMAN
from tracker.words.en import ENGLISH
from tracker.words.phrases import Phrases

Language = Literal["en", "de"]

ALL: Final[Mapping[str, Phrases]] = {"en": ENGLISH, "de": GERMAN}


def find_words(language: str | None) -> Phrases:
    """English for who never said."""
    return ALL.get(language or "", ENGLISH)
