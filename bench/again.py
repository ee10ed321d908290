"""Again and again: each notebook run twenty times from top to bottom, then in twenty random orders, in one kernel.

`python -m bench.again [rounds] [notebook...]`. Threads, widgets and memory must not grow. In a random order a cell may
fail for a name that is not yet there; what counts is what it leaves behind.
"""

import random
import sys
from pathlib import Path

import nbformat
from jupyter_client.manager import start_new_kernel

FOLDER = Path(__file__).parents[1] / "notebooks"
ROUNDS = 20
LOOK = """
import gc, json, threading
from ipywidgets.widgets import widget
gc.collect()
memory = next(int(line.split()[1]) for line in open("/proc/self/smaps_rollup") if line.startswith("Pss:"))
print(json.dumps([threading.active_count(), len(widget._instances), memory // 1024]))
"""


def run(client, source):
    """What a cell printed."""
    printed = []

    def hear(message):
        if message["msg_type"] == "stream":
            printed.append(message["content"]["text"])

    client.execute_interactive(source, timeout=120, output_hook=hear, store_history=True)
    return "".join(printed)


def watch(path, rounds, order):
    """(threads, widgets, MiB) after the second and after the last round; the first one fills caches."""
    cells = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    cells = [cell.source for cell in cells if "colab" not in cell.metadata.get("tags", [])]
    manager, client = start_new_kernel(cwd=str(FOLDER))
    try:
        seen = []
        for _ in range(rounds):
            for source in order(cells):
                run(client, source)
            seen.append(tuple(map(int, run(client, LOOK).strip(" []\n").split(","))))
        return seen[min(1, rounds - 1)], seen[-1]
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    names = sys.argv[2:] or [path.stem for path in sorted(FOLDER.glob("*.ipynb"))]
    chance = random.Random(0)
    orders = {"in order": lambda cells: cells, "in any order": lambda cells: chance.sample(cells, len(cells))}
    for name in names:
        for kind, order in orders.items():
            early, late = watch(FOLDER / f"{name}.ipynb", rounds, order)
            grown = [
                f"{what} {a} -> {b}" for what, a, b in zip(("threads", "widgets", "MiB"), early, late, strict=True)
            ]
            print(f"{name:24} {kind:13} {', '.join(grown)}", flush=True)


if __name__ == "__main__":
    main()
