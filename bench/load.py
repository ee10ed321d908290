"""A class arrives: `python -m bench.load [students] [lesson...]`.

Students without a browser, who speak the page's protocol: all arrive at once, then all drag one slider for ten seconds.
Measured: seconds until the last page has the state of its widgets, the 95th percentile of a slider's answer from
Python, and the kernels' memory. Then sixty arrive where there are forty seats. A page also loads scripts and draws,
which these students do not; Chromium as one of the class gives that time.
"""

import asyncio
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from playwright.async_api import async_playwright
from tornado.httpclient import AsyncHTTPClient, HTTPClientError

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests/serving")]
from conftest import CHROMIUM, CHROMIUM_OPTIONS, Server, unused_port  # noqa: E402
from page_client import Page  # noqa: E402
from watching import kernels  # noqa: E402

STUDENTS, SEATS, ARRIVALS = 30, 40, 60
DRAG = 10.0  # seconds
MOVES = 10  # a second: what the page tells Python of a drag


def p95(values):
    return sorted(values)[int(0.95 * (len(values) - 1))]


async def drag(page):
    """Seconds that each change of a number in the first widget that has one took."""
    comm, name, value = next(
        (comm, name, value)
        for comm, state in page.models.items()
        for name, value in state.items()
        if type(value) is int and not name.startswith("_") and name not in ("number", "tabbable")
    )
    answers, end = [], time.perf_counter() + DRAG
    while (began := time.perf_counter()) < end:
        answers.append(await page.set(comm, **{name: value + len(answers) % 2}))
        await asyncio.sleep(max(0, 1 / MOVES - (time.perf_counter() - began)))
    return answers


async def witness(address, first):
    """Seconds until a real browser, one of the class, shows the first explorer."""
    program = next(filter(None, map(shutil.which, CHROMIUM)))
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=CHROMIUM_OPTIONS)
        page = await browser.new_page()
        began = time.perf_counter()
        await page.goto(address, timeout=120_000)
        await page.locator(first).first.wait_for(timeout=120_000)
        seconds = time.perf_counter() - began
        await browser.close()
        return seconds


async def arrive(address):
    began = time.perf_counter()
    page = await Page.open(address)
    return page, time.perf_counter() - began


async def lesson(server, name, students):
    address = f"{server.url}voila/render/{name}.ipynb"
    browser, *arrivals = await asyncio.gather(
        witness(address, ".cnnlab"), *(arrive(address) for _ in range(students - 1))
    )
    pages, seconds = zip(*arrivals, strict=True)
    memory = [kernel.memory_full_info().pss / 2**20 for kernel in kernels(server)]
    answers = [answer for one in await asyncio.gather(*map(drag, pages)) for answer in one]
    await asyncio.gather(*(page.close() for page in pages))
    print(
        f"{name}: {students} students, all ready after {max(*seconds, browser):.1f} s (browser {browser:.1f} s), "
        f"slider {1000 * median(answers):.0f} ms, p95 {1000 * p95(answers):.0f} ms of {len(answers)}, "
        f"memory a student {median(memory):.0f} MiB, most {max(memory):.0f} MiB",
        flush=True,
    )


async def crowd(server, name):
    """Sixty at forty seats."""
    address = f"{server.url}voila/render/{name}.ipynb"

    async def one():
        try:
            return (await arrive(address))[0]
        except HTTPClientError as refusal:
            assert b"The class is full" in refusal.response.body
            return refusal.code

    came = await asyncio.gather(*(one() for _ in range(ARRIVALS)))
    inside = [page for page in came if isinstance(page, Page)]
    answers = [answer for answers in await asyncio.gather(*map(drag, inside)) for answer in answers]
    print(
        f"{ARRIVALS} arrivals, {SEATS} seats: {len(inside)} inside, {came.count(503)} polite pages; "
        f"slider p95 {1000 * p95(answers):.0f} ms",
        flush=True,
    )
    await asyncio.gather(*(page.close() for page in inside))


def main():
    students = int(sys.argv[1]) if len(sys.argv) > 1 else STUDENTS
    AsyncHTTPClient.configure(None, max_clients=1000)
    wanted = sys.argv[2:] or ["06_receptive_fields", "11_training"]
    subprocess.run([sys.executable, "-c", "import matplotlib.pyplot"], check=True)  # its font cache, made once
    with tempfile.TemporaryDirectory() as folder:
        options = [f"--port={unused_port()}", "--Classroom.threads=1", f"--Classroom.seats={SEATS}"]
        server = Server([sys.executable, "-m", "cnnlab.serving.dashboard", *options], ROOT, Path(folder))
        try:
            for name in wanted:
                asyncio.run(lesson(server, name, students))
            if students == STUDENTS:
                asyncio.run(crowd(server, wanted[0]))
        finally:
            server.stop()


if __name__ == "__main__":
    main()
