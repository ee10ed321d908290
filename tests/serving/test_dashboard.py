"""The dashboard in a real browser: its home page, a lesson, its refusals, its processes."""

import json
import re
import signal
import socket
import sys
import time
from urllib.parse import urljoin

import pytest
from watching import kernels, status, wait_until

pytestmark = pytest.mark.browser

LESSON = "voila/render/01_trial.ipynb"


def test_home_is_the_gallery_without_a_kernel(quiet_page, trial):
    quiet_page.goto(trial.url)
    card = quiet_page.get_by_role("link", name="A trial")
    assert "Does it live?" in card.inner_text() and "5 minutes · torch-free" in card.inner_text()
    assert card.locator("img").evaluate("image => image.naturalWidth") == 4
    assert kernels(trial) == []
    card.click()
    quiet_page.get_by_label("value").first.wait_for()


def test_the_repository_dashboard_shows_every_lesson(quiet_page, voila_server, root):
    quiet_page.goto(voila_server)
    lessons = len(list((root / "notebooks").glob("[0-9][0-9]_*.ipynb")))
    assert quiet_page.locator(".cnnlab-gallery li").count() == lessons


def test_lesson_is_alive(quiet_page, trial):
    quiet_page.goto(trial.url + LESSON)
    slider = quiet_page.get_by_label("value").first
    slider.wait_for()  # a key pressed while the page is still hidden goes nowhere
    slider.press("ArrowRight")
    assert quiet_page.locator("output").all_inner_texts() == ["4 8 7 of 3"] * 2
    assert quiet_page.locator(".log").all_inner_texts() == ["vvc"] * 2  # as on the static page
    assert quiet_page.locator("math").count() == 3
    assert quiet_page.title() == "A trial"
    text = quiet_page.locator("body").inner_text()
    assert "printed" in text and "42000" in text
    assert "Seen in Lab" not in text and "import anywidget" not in text and "¶" not in text


@pytest.mark.parametrize(("scheme", "dark"), [("light", False), ("dark", True)])
@pytest.mark.parametrize("width", [1280, 390])
def test_lesson_follows_the_scheme_and_the_screen(open_page, trial, scheme, dark, width):
    with open_page(color_scheme=scheme, viewport={"width": width, "height": 720}) as page:
        page.goto(trial.url + LESSON)
        page.get_by_label("value").first.wait_for()
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (paper == "rgb(22, 25, 29)") == dark
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_only_lessons_are_served(trial):
    before = len(kernels(trial))
    for path in (
        "voila/render/unlisted.ipynb",
        "voila/render/../voila.json",
        "voila/render/secret.txt",
        "voila/tree",
        "voila/tree/notebooks",
        "voila/api/contents/",
        "voila/files/secret.txt",
        "voila/files/01_trial.ipynb",
        "voila/files/..%2fvoila.json",
    ):
        assert status(trial.url + path) in (403, 404), path
    assert len(kernels(trial)) == before
    assert status(trial.url + "voila/render/index.ipynb") == 200  # leads home


def test_visitors_cannot_choose_the_template(quiet_page, trial):
    quiet_page.goto(trial.url + LESSON + "?template=classic&theme=dark")
    quiet_page.get_by_role("link", name="All lessons").wait_for()


def test_error_page_is_quiet(open_page, trial):
    with open_page() as page:
        page.goto(trial.url + "voila/render/none.ipynb")
        assert page.get_by_role("heading", name="404").is_visible()
        assert {fault for fault in page.faults if "404" not in fault} == set()
        page.faults.clear()


def test_a_busy_port_gives_the_next(dashboard):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        with dashboard(port=taken) as running:
            assert int(running.url.rstrip("/").rpartition(":")[2]) > taken
            assert status(running.url) == 200


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_make_dashboard_leaves_no_process_behind(server, root, trial_folder, free_port, open_page, how):
    # -o: whoever runs the tests has the environment already.
    binaries = sys.executable.rpartition("/")[0]
    command = ["make", "-f", root / "Makefile", "-o", ".venv/lessons.stamp", "dashboard", f"BIN={binaries}"]
    with server([*command, f"PORT={free_port()}"], trial_folder) as running, open_page() as page:
        page.goto(running.url + LESSON)
        page.get_by_label("value").first.wait_for()
        assert len(kernels(running)) == 1
        running.stop(how)  # fails if a kernel outlives it
        assert "Traceback" not in running.log()
        page.faults.clear()  # the page misses its server


def test_idle_kernels_are_culled_but_not_under_an_open_page(dashboard, open_page):
    options = ["--MappingKernelManager.cull_idle_timeout=5", "--MappingKernelManager.cull_interval=1"]
    with dashboard(*options) as running:
        with open_page() as page:
            page.goto(running.url + LESSON)
            page.get_by_label("value").first.wait_for()
            time.sleep(8)
            assert len(kernels(running)) == 1
        wait_until(lambda: not kernels(running))


def test_a_page_that_is_left_ends_its_kernel(dashboard, open_page):
    with dashboard() as running, open_page() as page:
        page.goto(running.url + LESSON)
        page.get_by_label("value").first.wait_for()
        assert len(kernels(running)) == 1
        page.goto(running.url)
        wait_until(lambda: not kernels(running), patience=10)


JUPYTERS_OWN = "jupyter_server.services.kernels.connection.channels.ZMQChannelsWebsocketConnection"
PROBE = """
import socket, sys
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection as Connection
original = Connection.connect
def connect(self):
    result = original(self)
    stream = self.websocket_handler.ws_connection.stream
    print("nodelay", stream.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY), flush=True)
    return result
Connection.connect = connect
from cnnlab.serving.{program} import main
main(sys.argv[1:])
"""


@pytest.mark.parametrize(
    ("options", "nodelay"),
    [([], 1), (["--Voila.kernel_websocket_connection_class=" + JUPYTERS_OWN], 0)],
    ids=["ours", "Jupyter's own"],
)
def test_dashboard_sends_small_packets_at_once(server, trial_folder, free_port, open_page, options, nodelay):
    command = [sys.executable, "-c", PROBE.format(program="dashboard"), f"--port={free_port()}", *options]
    with server(command, trial_folder) as running, open_page() as page:
        page.goto(running.url + LESSON)
        page.get_by_label("value").first.wait_for()
        wait_until(lambda: "nodelay" in running.log())
        assert f"nodelay {nodelay}" in running.log()


def test_lab_sends_small_packets_at_once(server, trial_folder, free_port, open_page):
    options = [f"--ServerApp.port={free_port()}", "--IdentityProvider.token=", "--no-browser", "--log-level=INFO"]
    with server([sys.executable, "-c", PROBE.format(program="lab"), *options], trial_folder) as running:
        with open_page() as page:
            page.goto(running.url + "/tree/01_trial.ipynb")
            settings = json.loads(page.locator("#jupyter-config-data").text_content())
            assert "@jupyterlab/apputils-extension:announcements" in settings["disabledExtensions"]
            wait_until(lambda: page.wait_for_timeout(100) or "nodelay" in running.log())
        assert "nodelay 1" in running.log()


def test_binder_opens_the_gallery_and_a_lesson(server, root, trial_folder, free_port, open_page, monkeypatch):
    """As on Binder: Jupyter's server, Voila as its extension, the configuration that postBuild copies."""
    monkeypatch.setenv("JUPYTER_PATH", str(root / "cnnlab/serving/data"))
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", str(root / "cnnlab/serving/jupyter"))
    options = [f"--port={free_port()}", "--ip=127.0.0.1", "--no-browser", "--allow-root", "-y"]
    command = [sys.executable, "-m", "jupyter_server", *options, "--IdentityProvider.token=", "--log-level=INFO"]
    with server(command, trial_folder) as running, open_page() as page:
        page.goto(re.match(r"http://[^/]+/", running.url)[0] + "voila/render/notebooks/index.ipynb")
        link = page.get_by_role("link", name="A trial").get_attribute("href")  # opens a tab of its own
        page.goto(urljoin(page.url, link))
        slider = page.get_by_label("value").first
        slider.wait_for()
        slider.press("ArrowRight")
        assert page.locator("output").first.inner_text() == "4 8 7 of 3"
        assert page.locator("math").count() == 3
