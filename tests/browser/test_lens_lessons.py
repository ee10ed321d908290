"""The lessons on what a network sees, as a learner meets them: the pointer on a picture, a click on a map."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_the_patch_follows_the_pointer_and_the_scores_answer(open_lesson):
    with open_lesson("voila", "15_attribution") as page:
        app = page.get_by_role("region", name="Occlusion", exact=True)
        app.scroll_into_view_if_needed()
        words = app.locator(".cnn-summary")
        expect(words).to_contain_text("now says", timeout=20_000)
        picture = app.locator("canvas").first
        frame = picture.bounding_box()
        picture.hover(position={"x": frame["width"] * 0.05, "y": frame["height"] * 0.95})
        expect(app.get_by_label("Down %, typed")).to_have_value("95")
        expect(words).to_contain_text("still says", timeout=10_000)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_map_opens_and_a_unit_is_worked_out(open_lesson):
    with open_lesson("voila", "14_feature_maps") as page:
        app = page.get_by_role("region", name="The whole network", exact=True)
        app.get_by_label("relu1, channel 2", exact=True).click()
        expect(app.locator(".cnn-summary")).to_contain_text("relu1: max(0,", timeout=20_000)
        app.get_by_label("conv1, channel 2", exact=True).click()
        expect(app.locator(".cnn-summary")).to_contain_text("bias", timeout=10_000)
        opened = app.get_by_role("application")
        before = app.locator("figcaption").inner_text()
        opened.press("ArrowDown")
        expect(app.locator("figcaption")).not_to_have_text(before, timeout=10_000)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
