"""A server that lies: it acks what it has not committed. The harness has to catch it, or it would catch nothing."""

from tracker.cli import main
from tracker.ingest.writer import Sender, Writer
from tracker.model.frame import Frame, Outcome


class Nobody:
    """Was answered already."""

    def committed(self, frame: Frame, outcome: Outcome) -> None: ...

    def resume(self) -> None: ...


honest_offer = Writer.offer


def offer(writer: Writer, frame: Frame, sender: Sender) -> bool:
    honest_offer(writer, frame, Nobody())
    sender.committed(frame, Outcome(len(frame.entries), 0))
    return True


def lie() -> None:
    Writer.offer = offer  # type: ignore
    main()
