"""The lesson on training as a learner meets it: start, curves that move, stop within a second, go on."""

import time

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_start_watch_stop_and_go_on(open_lesson, axe_violations):
    with open_lesson("voila", "11_training") as page:
        app = page.get_by_role("region", name="Training", exact=True)
        app.scroll_into_view_if_needed()
        status, loss = app.get_by_role("status"), app.locator('svg[aria-label^="Loss on training images"]')
        app.get_by_label("Epochs", exact=True).fill("40")
        app.get_by_role("button", name="Start").click()
        expect(status).to_contain_text("done", timeout=30_000)
        curve = loss.inner_html()
        page.wait_for_timeout(600)
        assert loss.inner_html() != curve, "the curve does not move"
        # The page stays responsive: another explorer of the same kernel's page answers while training runs.
        began = time.monotonic()
        app.get_by_label("Shifts, px", exact=True).focus()
        page.keyboard.press("ArrowRight")
        expect(app.get_by_label("Shifts, px, typed")).to_have_value("2")
        assert time.monotonic() - began < 1
        app.get_by_role("button", name="Stop").click()
        expect(status).to_have_text("Stopped.", timeout=2_000)
        stopped = loss.inner_html()
        page.wait_for_timeout(500)
        assert loss.inner_html() == stopped, "it went on after the stop"
        app.get_by_role("button", name="Go on").click()
        expect(status).to_contain_text("done", timeout=10_000)
        page.wait_for_timeout(600)
        assert loss.inner_html() != stopped
        app.get_by_role("button", name="Stop").click()
        expect(app.get_by_role("button", name="Start anew")).to_be_enabled(timeout=5_000)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert not axe_violations(page, ".cnnlab")


def test_without_a_kernel_it_says_so(open_lesson):
    with open_lesson("page", "11_training", viewport={"width": 390, "height": 800}) as page:
        app = page.get_by_role("region", name="Training", exact=True)
        app.scroll_into_view_if_needed()
        app.get_by_role("button", name="Start").click()
        expect(app.get_by_role("alert")).to_contain_text("a kernel is needed here", timeout=8_000)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
