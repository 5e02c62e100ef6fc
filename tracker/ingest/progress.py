"""Progress: how far the stream of one device is stored, by the numbers of its frames."""

from typing import Final

AHEAD: Final = 1_000  # numbers kept beyond a gap; further on we say too little, which is allowed


class Progress:
    """`through` is a number such that its frame and all before it, of this `boot`, are stored. Never too high.

    The first number of a boot may be 0 or 1. After a restart of the server it begins again at what the checkpoint knew.
    """

    def __init__(self, boot: str, through: int = 0) -> None:
        self.boot = boot
        self.through = through
        self.ahead: set[int] = set()

    def stored(self, seq: int) -> None:
        if seq <= self.through:
            return
        if len(self.ahead) >= AHEAD:
            self.ahead.clear()  # the gap will not close any more
        self.ahead.add(seq)
        while self.through + 1 in self.ahead:
            self.through += 1
            self.ahead.discard(self.through)


Streams = dict[int, Progress]  # by the device's key


def begin_stream(streams: Streams, device: int, boot: str) -> Progress:
    """Of this boot: the one that is under way, or a new one in the place of another boot's."""
    progress = streams.get(device)
    if progress is None or progress.boot != boot:
        progress = streams[device] = Progress(boot)
    return progress


def count_stored(streams: Streams, device: int, boot: str, seq: int) -> None:
    """The stream is looked up each time: another boot of the device may have begun one that this number is not of."""
    progress = streams.get(device)
    if progress is not None and progress.boot == boot:
        progress.stored(seq)
