"""Lesson 13 as a learner meets it: recorded runs are there at once, training starts and stops, gradients answer."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_depths_are_trained_runs_replayed_and_gradients_answer(open_lesson, axe_violations):
    with open_lesson("voila", "13_resnet") as page:
        recorded = page.get_by_role("region", name="Plain and residual, recorded")
        recorded.scroll_into_view_if_needed()
        expect(recorded.locator(".cnn-summary")).to_contain_text("plain-56: 31.4 % of the training images right")
        expect(recorded.locator("svg path.cnn-stroke")).to_have_count(4)

        app = page.get_by_role("region", name="Plain against residual")
        app.scroll_into_view_if_needed()
        app.get_by_role("button", name="Start").click()
        expect(app.locator(".cnn-summary")).to_contain_text("plain-8", timeout=60_000)
        app.get_by_role("button", name="Stop").click()
        expect(app.get_by_role("button", name="Go on")).to_be_enabled(timeout=5_000)

        gradient = page.get_by_role("region", name="Gradient by layer")
        gradient.scroll_into_view_if_needed()
        words = gradient.locator(".cnn-summary")
        before = words.inner_text()
        gradient.get_by_label("Batch norm").uncheck()
        expect(words).not_to_have_text(before, timeout=10_000)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert not axe_violations(page, ".cnnlab")
