"""What a process of ours does first: binds its life to its parent's, takes its assignment, works until told to end."""

import ctypes
import gc
import os
import signal
import sys
import threading
import time
from importlib import import_module
from typing import Final

WORK: Final = {"server": "tracker.serving", "carriers": "tracker.processes.carriers"}  # each has a `work`
NICENESS: Final = {"server": 0, "carriers": 5}  # what strangers answer is read when no fix waits for the processor
TURN: Final = 0.0005  # s after which a thread that computes gives the interpreter to who waits: a tenth of the default
PR_SET_PDEATHSIG: Final = 1
LOOK: Final = 0.5  # s, where the kernel does not tell


def main() -> None:
    """What takes a second to import is imported when our end is settled."""
    parent = os.getppid()
    die_with(parent)
    gc.disable()  # nothing of what is imported is garbage, and to look for it again and again is a third of the time
    from tracker import logs
    from tracker.processes.assignment import read_assignment
    from tracker.processes.loop import run_loop, until_signalled

    role = sys.argv[1]
    os.nice(NICENESS[role])
    sys.setswitchinterval(TURN)
    work = import_module(WORK[role]).work
    gc.freeze()
    gc.enable()
    assignment = read_assignment()
    if assignment is None or assignment.parent != parent:
        return  # it ended before it told us what to do
    secrets = tuple(filter(None, (assignment.settings.admin_token, assignment.nats_url)))
    name = role if assignment.nats_url is None or role == "carriers" else f"{role} {assignment.number + 1}"
    logs.configure(assignment.log_level, secrets=secrets, process=name)
    run_loop(until_signalled(lambda shutdown: work(assignment, shutdown)))


def die_with(parent: int) -> None:
    """A parent that was killed takes us along, whatever we are at: a server without one would hold the database and the
    address against the next."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    else:
        threading.Thread(target=watch, args=(parent,), daemon=True).start()


def watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK)
    os.kill(os.getpid(), signal.SIGKILL)
