"""Mail: alerts as e-mail, through the operator's SMTP server."""

import asyncio
import secrets
import socket
import ssl
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from email.charset import QP, Charset
from email.message import Message as Letter
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import format_datetime, parseaddr
from typing import Final

from aiosmtplib import (
    SMTP,
    SMTPDataError,
    SMTPException,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)
from aiosmtplib.response import SMTPResponse

from tracker.alerts.carriers.header import header, quoted
from tracker.alerts.carriers.notice import Notice
from tracker.alerts.carriers.template import link_to
from tracker.alerts.carriers.verdict import Verdict, explain_failure
from tracker.alerts.carriers.wording import make_wording, one_line
from tracker.model.channel import Email
from tracker.model.moment import now_ms, to_datetime
from tracker.settings import Remote
from tracker.words.languages import find_words

DEADLINE: Final = 30.0  # s for all of it; the dispatcher's lease is longer
FAREWELL: Final = 2.0  # s for the QUIT of a letter that is over
REMEMBERED: Final = 1000  # letters that some of their recipients have; of the oldest is forgotten who
# The newer policies decode what looks encoded in a header, and Python below 3.11.10 writes the line breaks that come
# out of it: whoever names a device would write headers. This one takes headers as they are.
LINES: Final = compat32.clone(linesep="\r\n", max_line_length=None, cte_type="7bit")
READABLE: Final = Charset("utf-8")
READABLE.body_encoding = QP  # plain text is seen as it is, and no line is too long for a server
PASSWORD: Final = (530, 534, 535, 538)  # RFC 4954: answers about the password, whatever they answer to
Refusals = dict[str, SMTPResponse]


class Mail:
    """`sender` is an address, or a name with one: `Tracker <alerts@example.org>`. `tls`: whom it trusts, if not those
    the system does. A connection for each letter: servers close an idle one, and alerts are few.
    """

    is_for_people = True

    def __init__(self, server: Remote, sender: str, tls: ssl.SSLContext | None = None) -> None:
        self.server = server
        self.name, self.address = parseaddr(sender)
        self.domain = self.address.rpartition("@")[2]
        self.tls = tls
        self.host = _find_own_name(self.domain)
        self.settled: OrderedDict[str, frozenset[str]] = OrderedDict()  # by message id: who has it, or never will

    async def check(self, channel: Email) -> None:
        """The addresses were held against the rule for them; whether somebody reads there is found out by sending."""

    def endpoint(self, channel: Email) -> str:
        return f"smtp {self.server.host}:{self.server.port}"

    async def send(self, channel: Email, message: Notice) -> Verdict:
        settled = self.settled.get(message.id, frozenset())
        if not (recipients := [each for each in channel.to if each not in settled]):
            return Verdict("sent")
        try:
            async with asyncio.timeout(DEADLINE):
                refusals = await self.post(recipients, self.letter(channel, message))
        except SMTPRecipientsRefused as error:
            refusals = {each.recipient: SMTPResponse(each.code, each.message) for each in error.recipients}
        except SMTPResponseException as error:
            return _read_refusal(error)
        except (SMTPException, OSError, ValueError) as error:
            return explain_failure(error)
        return self.settle(message.id, recipients, refusals)

    def letter(self, channel: Email, message: Notice) -> Letter:
        """The same for every attempt, so that a mailbox knows what it has already."""
        wording, subscription = make_wording(message), message.subscription
        named = f"{one_line(subscription.name)} ({subscription.id})" if subscription.name else subscription.id
        link = [link_to(message)] if message.page else []
        whence = find_words(subscription.language).subscription.format(name=named)
        text = "\n".join([wording.title, "", *wording.lines, *link, "", whence, ""])
        letter = self.write(channel.to, wording.title, text)
        letter["Date"] = format_datetime(to_datetime(message.delivery.created_at))
        letter["Message-ID"] = f"<{message.id}@{self.domain}>"
        return letter

    def write(self, recipients: Sequence[str], subject: str, text: str) -> Letter:
        """Without its date and number."""
        letter = MIMEText(text, "plain", READABLE, policy=LINES)  # type: ignore[arg-type]  # any of them does
        letter["From"] = f"{quoted(self.name)} <{self.address}>" if self.name else self.address
        letter["To"] = ",\r\n ".join(recipients)
        letter["Subject"] = header(subject)
        letter["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's out-of-office note answers
        return letter

    async def post_note(self, to: str, subject: str, text: str) -> None:
        """A letter of the server's own, to one person. Raises what `post` does."""
        letter = self.write([to], subject, text)
        letter["Date"] = format_datetime(to_datetime(now_ms()))
        letter["Message-ID"] = f"<{secrets.token_hex(16)}@{self.domain}>"
        await self.post([to], letter)

    async def post(self, recipients: Sequence[str], letter: Letter) -> Refusals:
        """Those who did not take it. SMTPRecipientsRefused where nobody did."""
        is_tls = self.server.scheme == "smtps"
        # A password goes over TLS or not at all: whoever cuts STARTTLS out of the talk is not to read it.
        start = {"smtp": True if self.server.user else None, "smtp+plain": False}.get(self.server.scheme)
        smtp = SMTP(
            hostname=self.server.host,
            port=self.server.port,
            username=self.server.user,
            password=self.server.password,
            use_tls=is_tls,
            start_tls=False if is_tls else start,
            tls_context=self.tls,
            local_hostname=self.host,
            timeout=DEADLINE,
        )
        try:
            await smtp.connect()
            refusals, _ = await smtp.sendmail(self.address, recipients, letter.as_bytes())
            with suppress(SMTPException, OSError):  # it is taken, whatever comes of the farewell
                await smtp.quit(timeout=FAREWELL)
            return refusals
        finally:
            smtp.close()

    def settle(self, id: str, recipients: Sequence[str], refusals: Refusals) -> Verdict:
        """Who was refused for now is tried again, alone. Who was refused for good is told of, and that is that."""
        later = {each for each, answer in refusals.items() if answer.code < 500}
        self.settled[id] = self.settled.pop(id, frozenset()) | (set(recipients) - later)
        if not later:
            del self.settled[id]
        while len(self.settled) > REMEMBERED:
            self.settled.popitem(last=False)
        if not refusals:
            return Verdict("sent", 250)
        status = next(iter(refusals.values())).code
        told = _told(refusals.items())
        if later:
            return Verdict("refused", status, told)
        return Verdict("dead" if len(refusals) == len(recipients) else "sent", status, told)


def _read_refusal(error: SMTPResponseException) -> Verdict:
    """5xx to the letter itself is for ever. To a greeting or a password it is the operator's to mend."""
    told = f"{error.code} {error.message}"
    is_letter = isinstance(error, SMTPSenderRefused | SMTPDataError) and error.code not in PASSWORD
    if is_letter and error.code >= 500:
        return Verdict("dead", error.code, told)
    return Verdict("failed", error.code, told)


def _told(refusals: Iterable[tuple[str, SMTPResponse]]) -> str:
    return "; ".join(f"{each}: {answer.code} {answer.message}" for each, answer in refusals)


def _find_own_name(domain: str) -> str:
    """For the EHLO. Servers turn away a name without a dot, as a container has; asking the DNS would block."""
    name = socket.gethostname()
    return name if "." in name else domain
