"""A lesson open in a real browser: on its static page, under Voila, or in JupyterLab."""

import shutil
import sys
import time
from contextlib import contextmanager

import pytest

from cnnlab.widgets.modules import bundle


@pytest.fixture(scope="session")
def lab_copy(server, free_port, root, tmp_path_factory):
    """JupyterLab on a copy of the notebooks, which it may save."""
    folder = tmp_path_factory.mktemp("lab")
    shutil.copytree(root / "notebooks", folder / "notebooks")
    options = [f"--ServerApp.port={free_port()}", "--IdentityProvider.token=", "--no-browser", "--log-level=INFO"]
    with server([sys.executable, "-m", "cnnlab.serving.lab", *options], folder) as running:
        yield running


@pytest.fixture(scope="session")
def open_lesson(open_page, request):
    """A function: `with open_lesson(place, name, **context) as page` gives the lesson's page, its widgets drawn."""

    @contextmanager
    def opened(place, name, **context):
        with open_page(**context, **({"offline": True} if place == "page" else {})) as page:
            if place == "page":
                page.goto((request.getfixturevalue("site") / f"{name}.html").as_uri())
            elif place == "voila":
                page.goto(f"{request.getfixturevalue('voila_server')}voila/render/{name}.ipynb")
            else:
                page.goto(f"{request.getfixturevalue('lab_copy').url.split('/lab')[0]}/lab/tree/{name}.ipynb?reset")
                page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=60_000)
                page.get_by_role("menuitem", name="Run", exact=True).click()
                page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
            page.locator(".cnnlab").first.wait_for(timeout=60_000)
            yield page

    return opened


@pytest.fixture(scope="session")
def axe_violations():
    """A function: the accessibility rules that an element of the page breaks, as readable lines."""
    from axe_core_python.sync_playwright import Axe

    axe = Axe()

    def violations(page, selector=".cnnlab"):
        found = axe.run(page, context=selector)["violations"]
        return [f"{rule['id']} ({rule['impact']}): {node['html'][:200]}" for rule in found for node in rule["nodes"]]

    return violations


class Part:
    """One explorer of a page, as a learner sees and uses it."""

    def __init__(self, page, name):
        self.page = page
        self.root = page.get_by_role("region", name=name, exact=True)
        self.root.scroll_into_view_if_needed()
        self.settle()

    def settle(self):
        """Wait until the page has drawn what it was told."""
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def control(self, label):
        return self.root.get_by_label(label, exact=True)

    def press(self, label, *keys):
        """Keys on a control."""
        self.control(label).focus()
        for key in keys:
            self.page.keyboard.press(key)
        self.settle()

    def choose(self, label, option):
        self.control(label).select_option(option)
        self.settle()

    def button(self, name):
        self.root.get_by_role("button", name=name, exact=True).click()
        self.settle()

    def text(self, part="summary"):
        """What stands in the first element of class cnn-<part>."""
        self.settle()
        return self.root.locator(f".cnn-{part}").first.inner_text()

    def seen(self, selector="canvas"):
        """The pictures (canvas) and charts (anything else) that the selector finds, to compare with later ones."""
        self.settle()
        picture = "(e) => e.tagName === 'CANVAS' ? e.toDataURL() : e.innerHTML"
        return [node.evaluate(picture) for node in self.root.locator(selector).all()]

    def changed(self, selector, before, patience=15):
        """Wait until `seen(selector)` is no longer what it was; returns whether that happened."""
        end = time.monotonic() + patience
        while self.seen(selector) == before:
            if time.monotonic() > end:
                return False
        return True


@pytest.fixture(scope="session")
def part():
    """A function: `part(page, name)` gives the explorer of that name (its region's label) as a `Part`."""
    return Part


@pytest.fixture(scope="session")
def import_module():
    """A function: `import_module(page, name, entry)` makes the exports of a JavaScript module `window[name]`."""

    def imported(page, name, entry):
        page.evaluate(
            "async ([name, source]) => { window[name] = await import("
            "URL.createObjectURL(new Blob([source], {type: 'text/javascript'}))) }",
            [name, bundle(entry).replace("export default", "const shown =")],
        )

    return imported
