"""Servers and a browser for the tests, all real: subprocesses and the system's Chromium."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).parents[1]
ADDRESS = re.compile(r"https?://127\.0\.0\.1:\d+/\S*")
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
# None of these asks anything of the outside, which keeps the record of requests the page's own.
CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# A shell's background jobs ignore Ctrl-C, and so would the servers that they start, which are stopped by it.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def root():
    """The repository."""
    return ROOT


def unused_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def free_port():
    """A function that returns a port nobody listens on."""
    return unused_port


class Server:
    """A server process that prints its address: `url`, `process`, `cwd`, `log()`, `family()`, `stop()`."""

    def __init__(self, command, cwd, folder):
        self.path, self.cwd = folder / "log.txt", Path(cwd)
        # What the user has opened and set in Jupyter stays out of the tests, and the tests out of it.
        jupyters = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR")
        with open(self.path, "w") as output:
            self.process = subprocess.Popen(
                command,
                cwd=cwd,
                env={**os.environ, **{name: str(folder / name.lower()) for name in (*jupyters, "IPYTHONDIR")}},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.url = self._address()

    def log(self):
        return self.path.read_text(errors="replace")

    def _address(self, patience=60):
        end = time.monotonic() + patience
        while time.monotonic() < end:
            if found := ADDRESS.search(self.log()):
                return found[0]
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        self.process.kill()
        raise AssertionError(f"no address from {self.process.args}:\n{self.log()}")

    def family(self):
        """The server and every process below it."""
        import psutil

        try:
            server = psutil.Process(self.process.pid)
            return [server, *server.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def stop(self, how=signal.SIGINT):
        """Stop as Ctrl-C does (the whole group hears it) or tell this process alone; fail if any of them is left."""
        import psutil

        family = self.family()
        if self.process.poll() is None:
            os.killpg(self.process.pid, how) if how is signal.SIGINT else self.process.send_signal(how)
        try:
            self.process.wait(20)
        finally:
            _, left = psutil.wait_procs(family, timeout=2)
            left = [process for process in left if process.status() != psutil.STATUS_ZOMBIE]  # dead, but not buried
            for process in left:
                process.kill()
        assert not left, f"left behind: {left}"


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """A function: `with server(command, cwd) as running` gives a Server, stopped and checked at the end."""

    @contextmanager
    def start(command, cwd=ROOT):
        running = Server([str(part) for part in command], cwd, tmp_path_factory.mktemp("server"))
        try:
            yield running
        finally:
            running.stop()

    return start


@pytest.fixture(scope="session")
def voila_server(server):
    """The dashboard's address, such as http://127.0.0.1:12345/."""
    with server([sys.executable, "-m", "cnnlab.serving.dashboard", f"--port={unused_port()}"]) as running:
        yield running.url


@pytest.fixture(scope="session")
def lab_server(server):
    """JupyterLab's address, such as http://127.0.0.1:12345/lab (no token; a lesson is at /lab/tree/NN_topic.ipynb)."""
    options = [f"--ServerApp.port={unused_port()}", "--IdentityProvider.token=", "--no-browser", "--log-level=INFO"]
    with server([sys.executable, "-m", "cnnlab.serving.lab", *options]) as running:
        yield running.url


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder of the static pages, built once."""
    folder = tmp_path_factory.mktemp("site")
    subprocess.run([sys.executable, "-m", "cnnlab.serving.site", "notebooks", str(folder)], cwd=ROOT, check=True)
    return folder


@pytest.fixture(scope="session")
def browser():
    from playwright.sync_api import sync_playwright

    program = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if program is None:
        pytest.fail(f"no browser found: install one of {', '.join(CHROMIUM)}")
    with sync_playwright() as playwright:
        # After each key and click the page gets the time of a frame to answer, as it does from people.
        running = playwright.chromium.launch(executable_path=program, args=CHROMIUM_OPTIONS, slow_mo=25)
        yield running
        running.close()


@pytest.fixture(scope="session")
def open_page(browser):
    """A function: `with open_page(**context) as page` gives a page that must stay quiet.

    Console errors, page errors, failing answers and requests to another host (which are refused) are kept in
    `page.faults`; any left there at the end fail the test. `context` takes what Playwright's `new_context` takes:
    `viewport`, `color_scheme="dark"`, `offline=True`.
    """

    @contextmanager
    def opened(**context):
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 720}, **context})
        page = context.new_page()
        page.faults = faults = []

        def judge(route):
            address = urlsplit(route.request.url)
            if address.scheme in ("http", "https", "ws", "wss") and address.hostname != "127.0.0.1":
                faults.append(f"request to another host: {route.request.url}")
                route.abort()
            else:
                route.continue_()

        context.route("**/*", judge)

        def hear(message):
            # A failing answer is recorded below; a page of Voila's own, as on Binder, cannot say goodbye to its kernel.
            if message.type == "error" and not message.text.startswith("Failed to load resource"):
                faults.append(f"console: {message.text} ({message.location})")

        def check(response):
            if response.status >= 400 and "/voila/api/shutdown/" not in response.url:
                faults.append(f"{response.status} for {response.url}")

        page.on("console", hear)
        page.on("response", check)
        # Aborted: the page itself changed its mind.
        page.on("requestfailed", lambda r: "ABORTED" in r.failure or faults.append(f"{r.failure} for {r.url}"))
        page.on("pageerror", lambda error: faults.append(f"page error: {error}"))
        page.on("websocket", lambda s: urlsplit(s.url).hostname == "127.0.0.1" or faults.append(f"socket: {s.url}"))
        try:
            yield page
            assert not faults, "\n".join(faults)
        finally:
            context.close()

    return opened


@pytest.fixture
def quiet_page(open_page):
    """A page of 1280x720 that fails the test on any console error, page error, failing answer or foreign request."""
    with open_page() as page:
        yield page
