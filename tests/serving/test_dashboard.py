"""The dashboard in a real browser: its home page, its refusals, its processes."""

import pytest

pytestmark = pytest.mark.browser


def test_home_is_the_gallery_without_a_kernel(quiet_page, voila_server):
    quiet_page.goto(voila_server)
    assert quiet_page.get_by_role("heading", name="cnnlab").is_visible()
    assert quiet_page.locator(".cnnlab-gallery").count() == 1


def test_lab_opens_quietly(quiet_page, lab_server):
    quiet_page.goto(lab_server + "/tree/index.ipynb")
    quiet_page.get_by_role("paragraph").filter(has_text="Pick a lesson").wait_for(timeout=30_000)
