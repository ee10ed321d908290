"""An app that computes in the kernel, slowly: nothing queues, the newest state wins."""

import shutil
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import expect

from cnnlab.widgets.modules import bundle

pytestmark = pytest.mark.browser

SLOW = '''
import time

import numpy as np
import traitlets

from cnnlab.apps.base import KernelApp
from cnnlab.plots import paint


class Slow(KernelApp):
    """Takes a quarter of a second for every answer, and counts them."""

    size = traitlets.Any(3).tag(sync=True, state=True)
    label = traitlets.Unicode("Slow").tag(sync=True)
    controls = traitlets.List([{"kind": "slider", "name": "size", "label": "Size", "min": 1, "max": 60}]).tag(sync=True)
    calls = 0

    @staticmethod
    def compute(*, size):
        Slow.calls += 1
        time.sleep(0.25)
        if size == 60:
            raise ValueError("size=60: must be less than 60")
        return size

    @staticmethod
    def draw(size):
        grey = paint.png(np.full((4, 4), size), low=0, high=60)
        return {"pictures": {"Grey": grey}, "text": f"size {size}, {Slow.calls} answers"}


Slow()
'''


@pytest.fixture(scope="module")
def address(server, free_port, root, tmp_path_factory):
    folder = tmp_path_factory.mktemp("slow")
    (folder / "notebooks").mkdir()
    shutil.copy(root / "voila.json", folder)
    metadata = {
        "title": "Slow",
        "cnnlab": {"question": "Does it queue?", "minutes": 1, "needs": "torch-free"},
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
    }
    nbformat.write(
        new_notebook(cells=[new_code_cell(SLOW), new_code_cell("Slow()")], metadata=metadata),
        folder / "notebooks/01_slow.ipynb",
    )
    with server([sys.executable, "-m", "cnnlab.serving.dashboard", f"--port={free_port()}"], folder) as running:
        yield f"{running.url}voila/render/01_slow.ipynb"


def test_the_newest_state_wins_and_nothing_queues(address, quiet_page):
    quiet_page.goto(address)
    app, other = (quiet_page.get_by_role("region", name="Slow").nth(i) for i in (0, 1))
    words, slider = app.locator(".cnn-summary"), app.get_by_label("Size", exact=True)
    expect(words).to_contain_text("size 3", timeout=30_000)
    slider.focus()
    for _ in range(40):  # a second and a half of keys: six answers at a quarter of a second each
        quiet_page.keyboard.press("ArrowRight")
        quiet_page.wait_for_timeout(35)
    expect(words).to_contain_text("size 43", timeout=2_000)
    answers = int(words.inner_text().split()[2])
    assert answers < 25, f"{answers} answers to 40 keys"
    settled = words.inner_text()
    quiet_page.wait_for_timeout(800)
    assert words.inner_text() == settled, "something was still in a queue"
    expect(other.locator(".cnn-summary")).to_contain_text("size 3")


# A page's side of a KernelApp, with a kernel that answers when the test says so.
FAKE = """
async (source) => {
  const { default: { render } } = await import(URL.createObjectURL(new Blob([source], {type: "text/javascript"})));
  const state = { controls: [{kind: "slider", name: "size", label: "Size", min: 1, max: 60}], label: "Slow", size: 1,
                  answer: {number: 1, pictures: {}, text: "first", refusal: ""} };
  const listeners = {};
  const model = {
    get: (name) => state[name],
    set(name, value) { state[name] = value; (listeners[`change:${name}`] ?? []).forEach((handle) => handle()); },
    on: (event, handle) => (listeners[event] ??= []).push(handle),
    off() {},
    save_changes: () => saved.push(state.size),
  };
  const saved = [];
  Object.assign(window, {model, saved});
  render({model, el: document.body});
}
"""


def test_one_question_is_under_way_at_a_time(quiet_page):
    quiet_page.goto("about:blank")
    quiet_page.evaluate(FAKE, bundle("explorers/panel.js"))
    quiet_page.get_by_label("Size", exact=True).focus()
    for _ in range(9):
        quiet_page.keyboard.press("ArrowRight")
        quiet_page.wait_for_timeout(150)
    first, *others = quiet_page.evaluate("saved")
    assert first < 10 and not others, "asked again before the first answer"
    expect(quiet_page.get_by_role("status")).to_have_text("computing …")
    quiet_page.evaluate("model.set('answer', {number: 2, pictures: {}, text: 'second', refusal: ''})")
    quiet_page.wait_for_timeout(300)
    assert quiet_page.evaluate("saved") == [first, 10], "the newest state is asked for, and once"


def test_a_refusal_is_red_and_the_picture_stays(address, quiet_page):
    quiet_page.goto(address)
    app = quiet_page.get_by_role("region", name="Slow").first
    expect(app.locator(".cnn-summary")).to_contain_text("size 3", timeout=30_000)
    picture = app.locator("canvas").evaluate("(canvas) => canvas.toDataURL()")
    app.get_by_label("Size", exact=True).focus()
    quiet_page.keyboard.press("End")
    expect(app.locator(".cnn-notice")).to_have_text("size=60: must be less than 60")
    assert app.locator("canvas").evaluate("(canvas) => canvas.toDataURL()") == picture
    quiet_page.keyboard.press("Home")
    expect(app.locator(".cnn-summary")).to_contain_text("size 1,")
    expect(app.locator(".cnn-notice")).to_have_text("")
    assert app.locator("canvas").evaluate("(canvas) => canvas.toDataURL()") != picture
