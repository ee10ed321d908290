"""Running a cell twice leaves nothing behind: what its first run made is closed when the second makes its own."""

from IPython import get_ipython

_made = {}  # cell -> (which run of it, the widgets that run made)


def replace_earlier(widget):
    """Note that the running cell made `widget`, and close what an earlier run of the same cell made."""
    shell = get_ipython()
    if shell is None:
        return
    cell, run = _cell_of(shell), shell.execution_count
    earlier_run, widgets = _made.get(cell, (run, []))
    if earlier_run != run:
        for old in widgets:
            old.layout.close()  # a widget of its own, which stays open otherwise
            old.close()
        widgets = []
    _made[cell] = (run, [*widgets, widget])


def _cell_of(shell):
    """What stays the same when a cell is run again: its identity where the front end tells it, or its text."""
    parent = shell.get_parent() if hasattr(shell, "get_parent") else {}
    history = shell.history_manager.input_hist_raw
    return parent.get("metadata", {}).get("cellId") or (history[-1] if history else "")
