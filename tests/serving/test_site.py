"""Static pages: alive with no kernel, no server and no network."""

import base64
import functools
import gzip
import http.server
import json
import re
import subprocess
import sys
import threading
from contextlib import contextmanager

import pytest

from cnnlab.serving.site import widgets

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def trial_site(trial_folder):
    """The trial lesson as a site."""
    subprocess.run([sys.executable, "-m", "cnnlab.serving.site"], cwd=trial_folder, check=True)
    return trial_folder / "site"


@contextmanager
def http_server(folder):
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
    handler.log_message = lambda *_: None
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}/"
        running.shutdown()


def check_alive(page):
    slider = page.get_by_label("value").first
    slider.wait_for()
    slider.press("ArrowRight")
    assert page.locator("output").all_inner_texts() == ["4 8 7 of 3"] * 2
    assert page.locator(".log").all_inner_texts() == ["vvc"] * 2  # as under a kernel
    assert page.locator(".trial").first.evaluate("e => getComputedStyle(e).borderTopColor") == "rgb(1, 2, 3)"


def test_alive_as_a_file_without_a_network(open_page, trial_site):
    with open_page(offline=True) as page:
        page.goto((trial_site / "index.html").as_uri())
        page.get_by_role("link", name="A trial").click()
        check_alive(page)


def test_alive_after_its_server_has_stopped(open_page, trial_site):
    with open_page() as page:
        with http_server(trial_site) as address:
            page.goto(address)
            page.wait_for_function("document.querySelector('.cnnlab-gallery img').naturalWidth === 4")  # loads lazily
            page.get_by_role("link", name="A trial").click()
            page.get_by_label("value").first.wait_for()
        check_alive(page)


def test_page_shows_all_but_what_needs_a_kernel(quiet_page, trial_site):
    quiet_page.goto((trial_site / "01_trial.html").as_uri())
    assert quiet_page.locator("math").count() == 3
    assert quiet_page.get_by_alt_text("a dot").evaluate("image => image.naturalWidth") == 4
    text = quiet_page.locator("main").inner_text()
    assert "printed" in text and "Seen in Lab" in text and "import anywidget" in text
    assert "print(6 * 7 * 1000)" in text and "42000" not in text
    assert "Colab only" not in text
    boxes = quiet_page.locator(".cnnlab-needs-kernel")
    assert boxes.count() == 2  # the ipywidgets slider and the tagged cell
    assert "make dashboard" in boxes.first.inner_text()


@pytest.mark.parametrize(("scheme", "paper"), [("light", "rgb(255, 255, 255)"), ("dark", "rgb(22, 25, 29)")])
@pytest.mark.parametrize("width", [1280, 390])
def test_page_follows_the_scheme_and_the_screen(open_page, trial_site, scheme, paper, width):
    with open_page(color_scheme=scheme, viewport={"width": width, "height": 720}) as page:
        for name in ("index.html", "01_trial.html"):
            page.goto((trial_site / name).as_uri())
            assert page.evaluate("getComputedStyle(document.body).backgroundColor") == paper
            assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_page_says_what_failed(open_page, trial_site, tmp_path):
    html = (trial_site / "01_trial.html").read_text()
    packed = re.search(r'(id="cnnlab-widgets"[^>]*>)([^<]*)', html)
    broken = gzip.decompress(base64.b64decode(packed[2])).replace(b"function render(", b"function wrong(")
    (tmp_path / "page.html").write_text(html.replace(packed[2], base64.b64encode(gzip.compress(broken)).decode()))
    with open_page() as page:
        page.goto((tmp_path / "page.html").as_uri())
        page.get_by_text("This part could not start").first.wait_for()
        assert page.faults
        page.faults.clear()


def test_every_lesson_is_a_page_of_its_own(quiet_page, site, root):
    """Small, with no address that a browser would load, and quiet."""
    lessons = sorted((root / "notebooks").glob("[0-9][0-9]_*.ipynb"))
    for name in ["index", *(path.stem for path in lessons)]:
        page = site / f"{name}.html"
        assert page.stat().st_size < 500_000, name
        markup = re.sub(r"<script.*?</script>", "", page.read_text(encoding="utf-8"), flags=re.S)
        assert not re.search(r"""<(script|link|img|iframe)\b[^>]*(src|href)=["'](https?:)?//""", markup), name
        quiet_page.goto(page.as_uri())
        assert quiet_page.evaluate("document.documentElement.scrollWidth") <= 1280, name


def test_modules_and_styles_are_stored_once_and_large_ones_refused():
    def model(**state):
        return {"model_name": "AnyModel", "state": {"_esm": "export default {}", "_css": "p {}", **state}}

    saved = {"a": model(x=1), "b": model(x=2), "c": model(_esm="x" * 400_000), "d": {"model_name": "Int", "state": {}}}
    notebook = type("Notebook", (), {"metadata": {"widgets": {"application/vnd.jupyter.widget-state+json": {}}}})
    notebook.metadata["widgets"]["application/vnd.jupyter.widget-state+json"]["state"] = saved
    parts = json.loads(json.dumps(widgets(notebook)))
    assert parts["modules"] == ["export default {}"] and parts["styles"] == ["p {}"]
    assert set(parts["models"]) == {"a", "b"} and parts["models"]["b"]["state"] == {"x": 2}
