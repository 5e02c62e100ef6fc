"""Bus: carries updates from the process that committed them to every process that shows them.

It holds no history and promises nothing: losing an update may cost time, never data. Nothing else in the program may
assume that writer and viewers share a process.
"""

from collections.abc import Callable
from typing import Protocol

from tracker.model.update import Update

Deliver = Callable[[Update], None]


class Publishing(Protocol):
    def publish(self, update: Update) -> None:
        """Never blocks. Called after commit, in order."""
        ...


class Bus(Publishing, Protocol):
    def subscribe(self, deliver: Deliver) -> None:
        """`deliver` is called on the loop for every update, those of this process included."""
        ...
