"""Postbox: letters of the server's own to people, invitations and new passwords, by the operator's SMTP server."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

import structlog

from tracker.logs import Seldom
from tracker.store.pool import AWAY
from tracker.words.languages import find_words

if TYPE_CHECKING:
    from tracker.alerts.carriers.mail import Mail

logger = structlog.get_logger()
seldom = Seldom(logger)

WAITING: Final = 100  # letters; full: who asks for one is told that it was not sent
Letter = tuple[str, str, str]  # to whom, the subject, the text
Writing = Callable[[], Awaitable[Letter | None]]


class Postbox:
    """`base` is where a browser finds us, as the operator says it: what a request says of that may be anybody's, and a
    link in a letter is believed. One letter at a time; a letter that cannot be sent is told in the log, and is gone:
    whoever waits for it asks again.
    """

    def __init__(self, mail: "Mail", base: str) -> None:
        self.mail = mail
        self.base = base.rstrip("/")
        self._waiting: asyncio.Queue[Writing] = asyncio.Queue(WAITING)

    def link_to(self, kind: str, code: str) -> str:
        return f"{self.base}/#{kind}={code}"

    def offer(self, writing: Writing) -> bool:
        """`writing` is done later, so that who asks cannot tell from the time whether there was anything to write."""
        try:
            self._waiting.put_nowait(writing)
        except asyncio.QueueFull:
            return False
        return True

    def offer_letter(self, letter: Letter) -> bool:
        async def write() -> Letter:
            return letter

        return self.offer(write)

    async def run(self) -> None:
        """Until cancelled. What speaks SMTP is imported here, where letters are sent: without an operator's server for
        them no start has to wait for it."""
        from aiosmtplib import SMTPException

        from tracker.alerts.carriers.mail import DEADLINE

        while True:
            writing = await self._waiting.get()
            try:
                async with asyncio.timeout(DEADLINE):
                    letter = await writing()
                    if letter is not None:
                        await self.mail.post_note(*letter)
            except (SMTPException, ValueError, *AWAY) as error:
                seldom.warning("a letter was not sent", error=type(error).__name__)


def invite(to: str, group: str, link: str, language: str | None) -> Letter:
    words = find_words(language)
    return to, words.invited.format(group=group), "\n".join(words.invitation).format(group=group, link=link)


def offer_reset(to: str, link: str, language: str | None) -> Letter:
    words = find_words(language)
    return to, words.reset, "\n".join(words.password).format(link=link)
