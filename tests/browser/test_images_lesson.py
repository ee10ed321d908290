"""The first lesson as a learner meets it, and its explorers' arithmetic held to `cnnlab.core`."""

import random

import numpy as np
import pytest
from playwright.sync_api import expect

from cnnlab.apps import hubel_wiesel, pixels, pixels_cost
from cnnlab.apps.hubel_wiesel import HubelWiesel
from cnnlab.apps.pixels import PixelsExplorer
from cnnlab.apps.pixels_cost import DenseAgainstConvolution

pytestmark = pytest.mark.browser

LESSON = "01_images"
SETTINGS = 100


EXPLORERS = {
    "Pixels explorer": ("Right, px", "canvas", "summary"),
    "Dense layer against convolution": ("Rows", ".cnn-growth svg", "dc-costs"),
    "Hubel and Wiesel’s bar": ("Angle, °", ".cnn-tuning svg, canvas", "summary"),
}


@pytest.mark.parametrize("place", ["page", "voila"])
def test_a_slider_moved_by_keyboard_changes_picture_and_text(open_lesson, axe_violations, place, part):
    with open_lesson(place, LESSON) as page:
        for name, (label, pictures, text) in EXPLORERS.items():
            explorer = part(page, name)
            explorer.press(label, "Home")
            before = explorer.seen(pictures), explorer.text(text)
            explorer.press(label, "ArrowRight", "ArrowRight")
            after = explorer.seen(pictures), explorer.text(text)
            assert after[0] != before[0] and after[1] != before[1], name
            explorer.press(label, "ArrowLeft", "ArrowLeft")
            assert (explorer.seen(pictures), explorer.text(text)) == before, name
        assert axe_violations(page, "body" if place == "page" else ".cnnlab") == []


@pytest.mark.parametrize("width", [390, 1280])
def test_no_sideways_scrolling_at_either_end_of_any_slider(open_lesson, width):
    with open_lesson("page", LESSON, viewport={"width": width, "height": 720}) as page:
        for key in ("End", "Home"):
            for slider in page.locator(".cnnlab input[type=range]").all():
                slider.focus()
                page.keyboard.press(key)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator(".cnn-bad").count() == 0
        assert "\\" not in page.locator("main").inner_text(), "a formula is shown as its source"


@pytest.fixture(scope="module")
def page(open_lesson):
    with open_lesson("page", LESSON) as page:
        page.set_default_timeout(5_000)
        yield page


def test_pointing_reads_the_pixel_and_its_neighbourhood(page, part):
    explorer = part(page, "Pixels explorer")
    explorer.root.get_by_role("button", name="Back to the original").click()
    assert "distance 0" in explorer.text("verdict")
    canvas = explorer.root.locator(".cnn-view0 canvas")
    before = explorer.seen(".cnn-near canvas")
    canvas.hover(position={"x": 41, "y": 81})  # two pixels of the page each
    row, column = 40, 20
    red, green, blue = pixels.in_colour("Astronaut")[row, column]
    assert f"row {row}, column {column}: red {red}, green {green}, blue {blue}" in explorer.text()
    assert explorer.seen(".cnn-near canvas") != before
    colour = explorer.seen(".cnn-view0 canvas")
    explorer.control("channels apart").check()
    assert explorer.seen(".cnn-view0 canvas") != colour
    explorer.control("in colour").check()


def test_examples_show_what_is_nearer(page, part):
    explorer = part(page, "Pixels explorer")
    explorer.control("Example").select_option("A few pixels to the right")
    assert "farther from the original than an even card, Cat" in explorer.text("verdict")
    explorer.control("Example").select_option("Something in front")
    assert "nearer to the original than every other" in explorer.text("verdict")


def test_a_prediction_is_covered_until_it_is_made(page, part):
    explorer = part(page, "Pixels explorer")
    explorer.root.get_by_role("button", name="Predict the distance").click()
    assert explorer.text("px-far") == "?"
    assert "distance" not in explorer.text()
    explorer.root.get_by_role("button", name="yes, something is").click()
    explorer.settle()
    verdict = explorer.root.get_by_role("status").inner_text()
    assert verdict.startswith(("Right. Nearer: ", "Not so. Next comes "))
    mine, *others = [
        int(cell.replace(",", ""))
        for cell in explorer.root.locator(".cnn-px-distances td:last-child").all_inner_texts()
    ]
    assert verdict.startswith("Right.") == (min(others) < mine)


def test_a_tuning_curve_is_drawn_as_the_bar_turns(page, part):
    explorer = part(page, "Hubel and Wiesel’s bar")
    explorer.root.get_by_role("button", name="Erase curves").click()
    explorer.press("Angle, °", "Home")
    dots = explorer.root.locator(".cnn-tuning circle")
    few = dots.count()
    explorer.press("Angle, °", *["ArrowRight"] * 6)
    assert dots.count() > few
    assert "so far" in explorer.root.get_by_label("Tuning curve").get_attribute("aria-label")
    explorer.root.get_by_role("button", name="Show curves").click()
    explorer.settle()
    assert dots.count() == 2
    bar = explorer.root.locator(".cnn-input canvas")
    bar.focus()
    explorer.press("Place, cells", "Home")
    before = explorer.text()
    bar.click(position={"x": 102, "y": 102})
    assert explorer.text() != before


def test_exercises_recognise_slips(page):
    asked = page.get_by_role("region", name="A colour JPEG")
    for value, word in [("50440", "counts pixels"), ("151320", "Right")]:
        asked.get_by_label("Answer").fill(value)
        asked.get_by_role("button", name="Check").click()
        expect(asked.get_by_role("status")).to_contain_text(word)


@pytest.fixture(scope="module")
def engines(open_page, import_module):
    with open_page() as page:
        page.goto("about:blank")
        for name in ("pixels_compute", "hubel_wiesel_compute", "pixels_cost"):
            import_module(page, name, f"explorers/{name}.js")
        yield page


def random_settings(limits, **more):
    for seed in range(SETTINGS):
        rng = random.Random(seed)
        yield {name: rng.randint(*ends) for name, ends in limits.items()} | {
            name: rng.choice(values) for name, values in more.items()
        }


def test_the_page_changes_pictures_as_core_does(engines):
    table = {name: pixels.in_colour(name) for name in pixels.PICTURES}
    engines.evaluate(
        "([table, side]) => { window.pictures = Object.fromEntries(Object.entries(table).map(([name, data]) =>"
        " [name, {rows: side, cols: side, data: Float64Array.from(data)}])) }",
        [{name: picture.ravel().tolist() for name, picture in table.items()}, pixels.SIDE],
    )
    for setting in random_settings(pixels.LIMITS, input=pixels.PICTURES):
        # Whole pictures are slow to carry over: every seventh value, and distances over all of them.
        found = engines.evaluate(
            "(state) => { const {seen, mse, distances} = pixels_compute.compare(pictures, state);"
            " return {seen: [...seen.data.filter((_, i) => i % 7 === 0)], mse,"
            " others: distances.map(({name, mse}) => [name, mse])} }",
            setting,
        )
        expected = PixelsExplorer.compute(**setting)
        np.testing.assert_array_equal(found["seen"], expected.seen.ravel()[::7])
        assert found["mse"] == pytest.approx(expected.mean_squared, rel=1e-12)
        assert dict(found["others"]) == pytest.approx(expected.others, rel=1e-9)


def test_the_page_answers_as_the_cells_of_core_do(engines):
    for setting in random_settings(hubel_wiesel.LIMITS, light=[True, False]):
        found = engines.evaluate(
            "(state) => { const r = hubel_wiesel_compute.compute(state); return {bar: [...r.stimulus.data],"
            " even: [...r.even.data], odd: [...r.odd.data], now: [r.simple, r.complex],"
            " angle: r.byAngle.map((one) => [one.simple, one.complex]),"
            " offset: r.byOffset.map((one) => [one.simple, one.complex])} }",
            setting,
        )
        expected = HubelWiesel.compute(**setting)
        np.testing.assert_array_equal(found["bar"], expected.stimulus.ravel())
        near = {"rtol": 1e-6, "atol": 1e-9}
        np.testing.assert_allclose(found["even"], expected.even.ravel(), **near)
        np.testing.assert_allclose(found["odd"], expected.odd.ravel(), **near)
        np.testing.assert_allclose(found["now"], [expected.simple, expected.complex], **near)
        np.testing.assert_allclose(found["angle"], expected.by_angle, **near)
        np.testing.assert_allclose(found["offset"], expected.by_offset, **near)


def test_the_page_counts_parameters_as_core_does(engines):
    settings = list(random_settings(pixels_cost.LIMITS, dense=["same", "few"]))
    found = engines.evaluate("(settings) => settings.map(pixels_cost.compute)", settings)
    for setting, counted in zip(settings, found, strict=True):
        expected = DenseAgainstConvolution.compute(**setting)
        assert {name: counted[name] for name in vars(expected)} == vars(expected)
