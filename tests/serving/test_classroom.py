"""Seats, memory and threads; and what a page says that has lost its kernel or its server."""

import re
import shutil
import signal
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from watching import kernels, status, wait_until

pytestmark = pytest.mark.browser

LESSON = "voila/render/01_trial.ipynb"
HUNGRY = """
import numpy as np

try:
    print("got", len(np.ones(3 * 10**8 // 8)))
except MemoryError:
    print("refused")
"""


def test_a_full_class_is_told_so_and_no_kernel_starts(dashboard, open_page):
    with dashboard("--Classroom.seats=3") as running:

        def arrive(_):
            try:
                return urllib.request.urlopen(running.url + LESSON, timeout=60).status, ""
            except urllib.error.HTTPError as answer:
                return answer.code, answer.headers["Retry-After"] + answer.read().decode()

        with ThreadPoolExecutor(8) as crowd:
            answers = list(crowd.map(arrive, range(8)))
        assert sorted(code for code, _ in answers) == [200] * 3 + [503] * 5
        for code, text in answers:
            assert code == 200 or (text.startswith("30") and "The class is full" in text and "Traceback" not in text)
        assert len(kernels(running)) == 3
        with open_page() as page:
            page.goto(running.url + LESSON)
            assert page.get_by_role("heading", name="The class is full").is_visible()
            assert page.get_by_role("link", name="All lessons").is_visible()
            page.faults[:] = [fault for fault in page.faults if not fault.startswith("503")]
            kernels(running)[0].kill()  # somebody leaves
            wait_until(lambda: len(kernels(running)) == 2)
            page.wait_for_timeout(2_000)  # until the server has seen it
            page.reload()
            page.get_by_label("value").first.wait_for()


@pytest.fixture(scope="module")
def hungry(server, trial_folder, free_port, tmp_path_factory):
    """A dashboard whose lesson wants 300 MB where 250 MiB are given, and prints the environment."""
    folder = tmp_path_factory.mktemp("hungry")
    shutil.copytree(trial_folder, folder, dirs_exist_ok=True)
    notebook = nbformat.read(folder / "notebooks/01_trial.ipynb", as_version=4)
    told = "import os\n\nprint({k: v for k, v in os.environ.items() if 'THREADS' in k or 'CNNLAB' in k})"
    notebook.cells = new_notebook(cells=[new_code_cell(HUNGRY), new_code_cell(told)]).cells
    nbformat.write(notebook, folder / "notebooks/01_trial.ipynb")
    options = ["--Classroom.memory=250", "--Classroom.threads=1", "--Classroom.trainings=3"]
    with server([sys.executable, "-m", "cnnlab.serving.dashboard", f"--port={free_port()}", *options], folder) as it:
        yield it


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the limit is Linux's")
def test_a_kernel_that_wants_too_much_is_refused_and_lives(hungry, quiet_page):
    quiet_page.goto(hungry.url + LESSON)
    quiet_page.get_by_text("refused").wait_for()
    assert len(kernels(hungry)) == 1
    environment = quiet_page.get_by_text("OMP_NUM_THREADS").inner_text()
    assert "'OMP_NUM_THREADS': '1'" in environment and "'CNNLAB_TRAININGS': '3'" in environment
    assert "TOKEN" not in environment


def open_trial(page, running):
    page.goto(running.url + LESSON)
    page.get_by_label("value").first.wait_for()


def test_a_lost_kernel_is_told_within_five_seconds_and_none_takes_its_place(dashboard, open_page):
    with dashboard() as running, open_page() as page:
        open_trial(page, running)
        for _ in range(3):
            assert not page.get_by_role("alert").is_visible()
            kernels(running)[0].kill()
            began = time.monotonic()
            page.get_by_role("alert").get_by_text("has ended").wait_for(timeout=10_000)
            assert time.monotonic() - began < 5
            assert kernels(running) == []
            page.get_by_role("button", name="Reload with my settings").click()
            page.get_by_label("value").first.wait_for()
            wait_until(lambda: len(kernels(running)) == 1)
        page.faults[:] = [fault for fault in page.faults if "/api/kernels/" not in fault and "console" not in fault]


def test_a_page_without_its_server_says_so_and_takes_it_back(dashboard, open_page):
    with dashboard() as running, open_page() as page:
        open_trial(page, running)
        page.context.set_offline(True)
        page.get_by_role("alert").get_by_text("No answer from the server").wait_for(timeout=5_000)
        page.context.set_offline(False)
        page.get_by_role("alert").wait_for(state="hidden", timeout=10_000)
        running.process.send_signal(signal.SIGSTOP)  # a network that swallows everything
        began = time.monotonic()
        page.get_by_role("alert").get_by_text("No answer from the server").wait_for(timeout=10_000)
        assert time.monotonic() - began < 5.5
        running.process.send_signal(signal.SIGCONT)
        page.get_by_role("alert").wait_for(state="hidden", timeout=10_000)
        page.faults.clear()


def test_settings_come_back_after_a_lost_kernel_when_asked_for(server, free_port, open_page):
    command = [sys.executable, "-m", "cnnlab.serving.dashboard", f"--port={free_port()}"]
    with server(command) as running, open_page() as page:

        def slider():
            return page.get_by_role("region", name="Arithmetic explorer").get_by_label("Kernel", exact=True)

        page.goto(running.url + "voila/render/03_arithmetic.ipynb")
        slider().wait_for(timeout=60_000)
        first = slider().input_value()
        slider().press("ArrowRight")
        chosen = slider().input_value()
        assert chosen != first
        page.wait_for_timeout(1_000)
        page.reload()  # not asked for: as at first
        slider().wait_for(timeout=60_000)
        assert slider().input_value() == first
        slider().press("ArrowRight")
        page.wait_for_timeout(1_000)
        kernels(running)[-1].kill()
        page.get_by_role("button", name="Reload with my settings").click(timeout=10_000)
        page.get_by_role("alert").get_by_text("has ended").wait_for(state="detached")
        slider().wait_for(timeout=60_000)
        wait_until(lambda: slider().input_value() == chosen)
        page.faults[:] = [fault for fault in page.faults if "/api/kernels/" not in fault and "console" not in fault]


def test_a_token_is_asked_for_everywhere(server, trial_folder, free_port, open_page, monkeypatch):
    monkeypatch.setenv("CNNLAB_TOKEN", "open-sesame")
    command = [sys.executable, "-m", "cnnlab.serving.dashboard", f"--port={free_port()}"]
    with server(command, trial_folder) as running, open_page() as page:
        home = re.match(r"http://[^/]+/", running.url)[0]
        assert "open-sesame" not in running.log()
        for path in ("", LESSON, "voila/files/pictures/dot.png"):
            with urllib.request.urlopen(home + path) as answer:
                assert "/login" in answer.url and b"A trial" not in answer.read(), path
        assert kernels(running) == []
        page.goto(f"{home}?token=open-sesame")
        page.get_by_role("link", name="A trial").click()
        page.get_by_label("value").first.wait_for()
        assert page.get_by_alt_text("a dot").evaluate("image => image.naturalWidth") == 4
        assert status(f"{home}voila/files/pictures/dot.png?token=open-sesame") == 200


def test_make_serve_invents_a_token_and_prints_it(server, root, trial_folder, free_port):
    binaries = sys.executable.rpartition("/")[0]
    command = ["make", "-f", root / "Makefile", "-o", ".venv/lessons.stamp", "serve", f"BIN={binaries}"]
    with server([*command, "HOST=127.0.0.1", f"PORT={free_port()}"], trial_folder) as running:
        assert re.search(r"\?token=[0-9a-f]{20,}", running.url)
        assert status(running.url) == 200
        running.stop()
