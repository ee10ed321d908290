"""How quick the explorers feel: `python -m bench.explorers`.

In headless Chromium under the dashboard, in one run: from a key press to changed pixels, pictures a second while a
slider is dragged for five seconds at 60 moves a second, and how old the last picture is after the release. Each
explorer, and as the peer the same demonstration done with `interact` and matplotlib. Then the memory of each kernel.
"""

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))
from conftest import CHROMIUM, CHROMIUM_OPTIONS, Server, unused_port  # noqa: E402

KEYS = 20
DRAG = 5.0  # seconds
MOVE = 1 / 60

# lesson, explorer, slider, and what changes on the screen
EXPLORERS = [
    ("02_convolution", "Convolution explorer", "Kernel size", ".cnn-output canvas"),
    ("01_images", "Pixels explorer", "Right, px", ".cnn-view1 canvas"),
    ("01_images", "Hubel and Wiesel’s bar", "Angle, °", ".cnn-input canvas"),
    ("03_arithmetic", "Arithmetic explorer", "Kernel", ".cnn-input canvas"),
    ("04_channels", "Channels explorer", "Stride", ".cnn-output canvas"),
    ("04_channels", "Wiring explorer", "Channels in", "svg"),
    ("05_pooling", "Pooling explorer", "Size", ".cnn-output canvas"),
    ("05_pooling", "Equivariance explorer", "Right, px", ".cnn-way3 canvas"),
    ("06_receptive_fields", "Receptive field explorer", "Kernel", ".cnn-input canvas"),
    ("06_receptive_fields", "Effective receptive field", "Layers", ".cnn-strength canvas"),
    ("07_normalization", "Activation gallery", "Point x", ".cnn-curve svg"),
    ("07_normalization", "Batch norm in five steps", "Scale γ", "svg"),
    ("08_backprop", "Backpropagation explorer", "Padding", ".cnn-gradient canvas"),
    ("09_architectures", "One change", "Channels", ".cnn-change table"),
    ("07_normalization", "Spread through random layers", "Weight scale", ".cnn-spreads svg"),
    ("10_build", "Network builder", "Input size", ".cnn-built tbody"),
]

PEER = """
import matplotlib.pyplot as plt
import numpy as np
from ipywidgets import interact

from cnnlab.core import convolution, images

cat = images.picture("Cat", 112)


@interact(size=(1, 11), stride=(1, 8))
def show(size=3, stride=1):
    kernel = np.outer(np.ones(size), np.arange(size) - (size - 1) / 2)
    figure, axes = plt.subplots(1, 3, figsize=(12, 4))
    pictures = (cat, kernel, convolution.correlate(cat, kernel, stride=stride))
    for ax, picture, title in zip(axes, pictures, ("input", "kernel", "output")):
        ax.imshow(picture, cmap="gray")
        ax.set_title(f"{title} {picture.shape}")
    plt.show()
"""

# Looks at every frame whether the picture has changed, and notes when.
WATCH = """
(selector) => {
  const sign = () => {
    const node = document.querySelector(selector);
    if (!node) return "";
    if (node.tagName === "IMG") return node.src.length + node.src.slice(-400) + node.src.slice(2000, 2400);
    if (node.tagName !== "CANVAS") return node.innerHTML;
    const { data } = node.getContext("2d").getImageData(0, 0, node.width, node.height);
    let sum = 0;
    for (let i = 0; i < data.length; i += 41) sum = (sum * 31 + data[i]) | 0;
    return sum + " " + node.width;
  };
  window.watch = { changes: [], keys: [], moves: [] };
  let last = sign();
  const look = (now) => {
    const seen = sign();
    if (seen !== last) { last = seen; window.watch.changes.push(performance.now()); }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
  addEventListener("keydown", (event) => window.watch.keys.push(event.timeStamp), true);
  addEventListener("pointermove", (event) => event.buttons && window.watch.moves.push(event.timeStamp), true);
}
"""


def measure(page, picture, handle, track):
    """(key to pixels: median, 95th percentile in ms; pictures a second; age of the last picture in ms)."""
    page.evaluate(WATCH, picture)
    handle.focus()
    page.keyboard.press("Home")
    page.wait_for_timeout(500)
    delays = []
    for i in range(KEYS):
        page.evaluate("watch.changes = []; watch.keys = []")
        page.keyboard.press("ArrowLeft" if i % 2 else "ArrowRight")
        page.wait_for_function("watch.changes.length && watch.keys.length", timeout=10_000)
        delays.append(page.evaluate("watch.changes[0] - watch.keys[0]"))
        page.wait_for_timeout(120)
    box = track.bounding_box()
    places = [*range(1, 10), *range(9, 0, -1)]  # every move of the pointer is another value
    middle = box["y"] + box["height"] / 2
    start = handle.bounding_box()
    page.mouse.move(start["x"] + start["width"] / 2, middle) if track != handle else page.mouse.move(
        box["x"] + box["width"] * 0.22, middle
    )
    page.mouse.down()
    page.evaluate("watch.changes = []; watch.moves = []")
    began = time.perf_counter()
    count = 0
    while (now := time.perf_counter() - began) < DRAG:
        if now >= count * MOVE:
            page.mouse.move(box["x"] + box["width"] * (places[count % len(places)] + 0.5) / 11, middle)
            count += 1
    page.evaluate("watch.released = performance.now()")
    page.mouse.up()
    page.wait_for_timeout(2_000)
    changes, moves, released = page.evaluate("[watch.changes, watch.moves, watch.released]")
    during = [change for change in changes if change <= released]
    late = max([change - moves[-1] for change in changes if change >= moves[-1]], default=0.0)
    return statistics.median(delays), sorted(delays)[int(0.95 * KEYS)], len(during) / DRAG, late, len(moves) / DRAG


def kernels_memory(server):
    """MiB (proportional set size) of each kernel of a server."""
    kernels = [process for process in server.family()[1:] if "ipykernel" in " ".join(process.cmdline())]
    return [kernel.memory_full_info().pss / 2**20 for kernel in kernels if kernel.is_running()]


def main():
    subprocess.run([sys.executable, "-c", "import matplotlib.pyplot"], check=True)  # its font cache, made once
    program = next(filter(None, map(shutil.which, CHROMIUM)))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        folder = Path(folder)
        shutil.copytree(ROOT / "notebooks", folder / "notebooks")
        shutil.copy(ROOT / "voila.json", folder)
        metadata = {
            "title": "Peer",
            "cnnlab": {"question": "interact and matplotlib", "minutes": 1, "needs": "torch-free"},
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        }
        peer = new_notebook(cells=[new_code_cell(PEER)], metadata=metadata)
        nbformat.write(peer, folder / "notebooks/99_peer.ipynb")
        command = [sys.executable, "-m", "cnnlab.serving.dashboard", f"--port={unused_port()}"]
        server = Server(command, folder, folder)
        browser = playwright.chromium.launch(executable_path=program, args=CHROMIUM_OPTIONS)
        rows = {}
        try:
            for lesson, name, slider, picture in EXPLORERS:
                page = browser.new_page(viewport={"width": 1280, "height": 720})
                began = time.perf_counter()
                page.goto(f"{server.url}voila/render/{lesson}.ipynb")
                root = page.get_by_role("region", name=name)
                root.locator(picture).first.wait_for()
                opened = time.perf_counter() - began
                print(f"{lesson}: {name}", flush=True)
                page.wait_for_timeout(1_000)
                root.scroll_into_view_if_needed()
                handle = root.get_by_label(slider, exact=True)
                rows[name] = (*measure(page, f'[aria-label="{name}"] {picture}', handle, handle), opened)
                rows[name] += (kernels_memory(server)[-1],)
                page.close()
            page = browser.new_page(viewport={"width": 1280, "height": 720})
            began = time.perf_counter()
            page.goto(f"{server.url}voila/render/99_peer.ipynb", timeout=120_000)
            page.locator(".jp-OutputArea img").first.wait_for(timeout=60_000)
            opened = time.perf_counter() - began
            page.wait_for_timeout(1_000)
            handle, track = page.locator(".noUi-handle").first, page.locator(".noUi-target").first
            rows["interact + matplotlib"] = (*measure(page, ".jp-OutputArea img", handle, track), opened)
            rows["interact + matplotlib"] += (kernels_memory(server)[-1],)
        finally:
            browser.close()
            server.stop()
    print_table(rows)


def print_table(rows):
    peer = rows["interact + matplotlib"]
    heads = ("key, ms", "p95", "pictures/s", "last after", "moves/s", "open, s", "MiB")
    print(f"{'':26}" + "".join(f"{head:>12}" for head in heads) + f"{'key ratio':>12}{'pictures':>12}")
    for name, row in rows.items():
        figures = "".join(f"{value:12.1f}" for value in row)
        print(f"{name:26}{figures}{peer[0] / row[0]:11.1f}x{row[2] / peer[2]:11.1f}x")
    print("goals: key ratio 6x or more, pictures 4x or more, last picture within 50 ms, kernel under 70 MiB")


if __name__ == "__main__":
    main()
