"""Whose turn it is: at most so many long runs at once on a server, the others in a queue that knows its order.

Where the environment variable CNNLAB_TRAININGS holds a number, that many kernels of one user work at a time. Places and
tickets are file locks, which the operating system takes back from a process that dies.
"""

import getpass
import os
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

LOOK_AGAIN = 0.2  # seconds


def most_at_once():
    """How many runs may go on at once; 0 for any number."""
    wanted = os.environ.get("CNNLAB_TRAININGS", "")
    return int(wanted) if wanted.isdecimal() else 0


@contextmanager
def my_turn(stopped, waiting):
    """Hold a place while the `with` lasts; yields False where `stopped()` said yes before one was free.

    waiting(n) is called whenever this run has become the n-th in the queue.
    """
    places = most_at_once()
    if not places:
        yield True
        return
    from filelock import FileLock

    folder = Path(tempfile.gettempdir()) / f"cnnlab-{getpass.getuser()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    with ExitStack() as held:
        ticket = folder / f"ticket-{time.time_ns():020d}-{os.getpid()}"
        queued = held.enter_context(ExitStack())
        queued.callback(ticket.unlink, missing_ok=True)
        queued.enter_context(FileLock(ticket))
        told = None
        while not stopped():
            ahead = sum(_is_held(other) for other in sorted(folder.glob("ticket-*")) if other.name < ticket.name)
            if ahead == 0:
                for number in range(places):
                    place = FileLock(folder / f"place-{number}")
                    if _taken(place):
                        held.callback(place.release)
                        queued.close()
                        yield True
                        return
            if told != ahead:
                told = ahead
                waiting(ahead + 1)
            time.sleep(LOOK_AGAIN)
        yield False


def _taken(lock):
    from filelock import Timeout

    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    return True


def _is_held(ticket):
    """Whether the ticket's owner is alive; what a dead one left is cleared away."""
    from filelock import FileLock

    lock = FileLock(ticket)
    if not _taken(lock):
        return True
    lock.release()
    ticket.unlink(missing_ok=True)
    return False
