"""Whose turn it is: at most so many long runs at once on a server, the others in a queue that knows its order.

Where the environment variable CNNLAB_TRAININGS holds a number, that many kernels of one user work at a time. Places and
tickets are file locks, which the operating system takes back from a process that dies.
"""

import getpass
import os
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from cnnlab.core import checks

LOOK_AGAIN = 0.2  # seconds


def most_at_once():
    """How many runs may go on at once; 0 for any number."""
    wanted = os.environ.get("CNNLAB_TRAININGS", "").strip() or "0"
    if not wanted.isdecimal():
        checks.refuse("CNNLAB_TRAININGS", wanted, "must be a whole number of trainings, or nothing for no limit")
    return int(wanted)


def cores():
    """How many cores a run should take: one stays with the page and the other apps, the rest is shared by all runs."""
    mine = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, (mine - 1) // max(1, most_at_once()))


@contextmanager
def my_turn(stopped, waiting):
    """Hold a place while the `with` lasts; yields False where `stopped()` said yes before one was free.

    waiting(n) is called whenever this run has become the n-th in the queue.
    """
    places, folder = most_at_once(), _folder()
    if not places or folder is None:
        yield True
        return
    place = _queue(folder, places, stopped, waiting)
    try:
        yield place is not None
    finally:
        if place is not None:
            place.release()


def _queue(folder, places, stopped, waiting):
    """The lock on a place, once it is this run's turn; None where `stopped()` says yes before."""
    told, ticket = None, _draw_ticket(folder)
    try:
        while not stopped():
            ahead, place = _look(folder, ticket, places)
            if place is not None:
                return place
            if ahead != told:
                waiting(ahead + 1)
            told = ahead
            time.sleep(LOOK_AGAIN)
        return None
    finally:
        with _door(folder):
            _drop(ticket)


def _folder():
    """Where the locks lie; None where this machine cannot keep any, and then nobody waits."""
    folder = Path(tempfile.gettempdir()) / f"cnnlab-{getpass.getuser()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        (folder / "door").touch()
    except OSError:
        return None
    return folder


def _door(folder):
    """A lock held for milliseconds. Who holds it looks at the queue and changes it, nobody else does: a ticket that is
    not locked is then one whose owner died, never one that is just being drawn."""
    from filelock import FileLock

    return FileLock(folder / "door")


def _taken(path):
    """A lock on the file, taken now; None where another run has it."""
    from filelock import FileLock, Timeout

    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return None
    return lock


def _draw_ticket(folder):
    """A lock on a file whose number is above that of all others in the queue."""
    with _door(folder):
        last = max((int(path.name.removeprefix("ticket-")) for path in folder.glob("ticket-*")), default=0)
        return _taken(folder / f"ticket-{last + 1:06}")


def _look(folder, ticket, places):
    """(how many wait before this ticket, the lock on a place if it is this ticket's turn and one is free)."""
    with _door(folder):
        mine = Path(ticket.lock_file).name
        ahead = 0
        for path in sorted(folder.glob("ticket-*")):
            if path.name < mine:
                left = _taken(path)
                ahead += left is None
                if left is not None:  # whoever drew it is gone
                    _drop(left)
        free = (_taken(folder / f"place-{number}") for number in range(places))
        return ahead, None if ahead else next(filter(None, free), None)


def _drop(ticket):
    ticket.release()
    Path(ticket.lock_file).unlink(missing_ok=True)
