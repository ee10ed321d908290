"""The lesson on receptive fields as a learner meets it, and its engine held to `cnnlab.core`."""

import random
import re

import numpy as np
import pytest
from playwright.sync_api import expect

from cnnlab.apps.receptive import ReceptiveFields
from cnnlab.apps.receptive_compare import KernelComparison
from cnnlab.apps.receptive_menu import PRESETS
from cnnlab.widgets.modules import bundle

pytestmark = pytest.mark.browser

LESSON = "06_receptive_fields"
SETTINGS = 200


def settle(page):
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def part(page, name):
    found = page.get_by_role("region", name=name)
    found.scroll_into_view_if_needed()
    found.locator("canvas").first.wait_for()
    settle(page)
    return found


def explorer_of(page):
    return part(page, "Receptive field explorer")


def text(root, name):
    settle(root.page)
    return root.locator(f".cnn-{name}").inner_text()


def picture(root, name="input"):
    settle(root.page)
    return root.locator(f".cnn-{name} canvas").evaluate("(canvas) => canvas.toDataURL()")


def choose(root, preset):
    root.get_by_label("Stack of layers").select_option(preset)
    settle(root.page)


def table(root):
    settle(root.page)
    return [row.inner_text().split("\t") for row in root.locator("tbody tr").all()]


@pytest.fixture(scope="module")
def engine(open_page):
    with open_page() as page:
        page.goto("about:blank")
        for name, entry in {
            "engine": "explorers/receptive_table.js",
            "compare": "explorers/receptive_compare.js",
        }.items():
            page.evaluate(
                "async ([name, source]) => { window[name] = await import("
                "URL.createObjectURL(new Blob([source], {type: 'text/javascript'}))) }",
                [name, bundle(entry)],
            )
        yield page


def random_state(rng):
    layers = [
        (f"layer{i}", rng.randint(1, 7), rng.choice([1, 1, 2, 3]), rng.randint(0, 5), rng.choice([1, 1, 2, 3]))
        for i in range(rng.randint(0, 6))
    ]
    spot = lambda: [rng.randint(0, 80), rng.randint(0, 80)]  # noqa: E731
    pixel = rng.choice([None, spot()])
    return {"size": rng.randint(1, 64), "layers": layers, "selected": rng.randint(0, 7), "unit": spot(), "pixel": pixel}


def test_the_page_computes_what_core_computes(engine):
    apps = [ReceptiveFields(**random_state(random.Random(seed))) for seed in range(SETTINGS)]
    apps += [ReceptiveFields(**state) for state in PRESETS.values()]
    answers = engine.evaluate(
        """(states) => states.map((state) => {
          try { return engine.compute(state); } catch (error) { return {refused: error.message}; }
        })""",
        [{name: value for name, value in app.state.items() if name != "picture"} for app in apps],
    )
    shown = 0
    for app, answer in zip(apps, answers, strict=True):
        try:
            expected = app.result()
        except ValueError:
            assert "refused" in answer, app.state
            continue
        assert "refused" not in answer, (app.state, answer)
        shown += 1
        assert [[row[key] for key in ("n", "first", "jump", "size")] for row in answer["rows"]] == [
            list(row.axes[0][:4]) for row in expected.table
        ]
        assert answer["unit"] == list(expected.unit)
        for key in ("field", "whole"):
            assert answer[key] == [list(pair) for pair in getattr(expected, key)], (key, app.state)
        assert answer["read"] == [read.tolist() for read in expected.read]
        seeing = expected.seeing and [[list(pair) for pair in units] for units in expected.seeing]
        assert answer["seeing"] == seeing
    assert shown >= 100


def test_the_comparison_in_the_page_is_that_of_core(engine):
    for layers in (2, 3, 4):
        for channels, side in [(1, 8), (3, 56), (64, 224)]:
            state = {"layers": layers, "channels": channels, "side": side}
            answer, expected = (
                engine.evaluate("(state) => compare.compute(state)", state),
                KernelComparison(**state).result(),
            )
            for key in ("filter_weights", "weights", "multiply_adds"):
                assert answer[key] == list(getattr(expected, key))
            np.testing.assert_array_equal(answer["ways"]["data"], expected.ways.ravel())


@pytest.mark.parametrize("place", ["page", "voila"])
def test_a_slider_moved_by_keyboard_changes_picture_and_text(open_lesson, axe_violations, place):
    with open_lesson(place, LESSON) as page:
        root = explorer_of(page)
        expect(root.locator(".cnn-summary")).to_contain_text("of pool3 sees")
        page.wait_for_timeout(300)  # the browser reads the photograph
        before = picture(root), text(root, "summary"), text(root, "rules")
        root.get_by_label("Kernel", exact=True).focus()
        page.keyboard.press("ArrowRight")
        settle(page)
        assert root.get_by_label("Kernel, typed").input_value() == "3"
        assert picture(root) != before[0]
        assert text(root, "summary") != before[1]
        page.keyboard.press("ArrowLeft")
        settle(page)
        assert (text(root, "summary"), text(root, "rules")) == before[1:]
        for name in ("One large kernel or several small ones", "Effective receptive field"):
            part(page, name)
        assert axe_violations(page) == []


@pytest.fixture(scope="module")
def page(open_lesson):
    with open_lesson("page", LESSON) as page:
        page.set_default_timeout(5_000)
        yield page


@pytest.fixture
def root(page):
    page.reload()
    return explorer_of(page)


def test_the_lectures_numbers(root):
    choose(root, "Lecture: conv 7/2, batch norm, ReLU, max pooling")
    rows = table(root)
    assert [row[1:5] for row in rows] == [
        ["256", "0.5", "1", "1"],
        *[["128", "0.5", "2", "7"]] * 3,
        ["64", "0.5", "4", "11"],
    ]
    assert "sees rows 0–5, columns 0–5 (edges 0 to 6 and 0 to 6)" in text(root, "summary")
    assert "Its whole field is 7×7; the rest lies in the padding" in text(root, "summary")


def test_pointing_at_a_unit_and_at_a_pixel(root):
    choose(root, "Two 3×3 layers see 5×5")
    root.get_by_role("button", name="conv1 3").click()
    settle(root.page)
    box = root.locator(".cnn-output canvas").bounding_box()
    root.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert "Unit [1, 1] of conv1 sees rows 1–3, columns 1–3" in text(root, "summary")
    box = root.locator(".cnn-input canvas").bounding_box()
    root.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert "Pixel [2, 2] is seen by 9 units of conv1" in text(root, "summary")
    root.page.mouse.move(0, 0)
    assert [row[5] for row in table(root)] == ["1×1", "3×3", "1×1"]
    root.locator(".cnn-input canvas").focus()
    root.page.keyboard.press("ArrowUp")
    root.page.keyboard.press("ArrowUp")
    assert "Pixel [0, 2] is seen by 3 units of conv1: row 0, columns 0–2" in text(root, "summary")
    root.page.keyboard.press("Escape")
    root.locator(".cnn-output canvas").focus()
    root.page.keyboard.press("ArrowLeft")
    assert text(root, "summary").startswith("Unit [1, 0] of conv1")


def test_layers_are_added_removed_moved_and_dragged(root):
    choose(root, "AlexNet")

    def labels():
        return [row[0].split(maxsplit=1)[-1].split()[0] for row in table(root)]

    assert labels() == ["input", "conv1", "pool1", "conv2", "pool2", "conv3", "conv4", "conv5", "pool5"]
    root.get_by_role("button", name="Move up").click()
    assert labels()[3:5] == ["pool2", "conv2"]
    root.get_by_role("button", name="Move down").press("Enter")
    assert labels()[3:5] == ["conv2", "pool2"]
    root.get_by_role("button", name="Add a layer").click()
    assert labels()[4:7] == ["pool2", "new1", "conv3"]
    root.get_by_role("button", name="Remove").click()
    assert labels()[4:6] == ["pool2", "conv3"]
    first, last = (root.locator(".cnn-grip").nth(i).bounding_box() for i in (1, 4))
    root.page.mouse.move(first["x"] + 5, first["y"] + 8)
    root.page.mouse.down()
    root.page.mouse.move(last["x"] + 5, last["y"] + 8, steps=6)
    root.page.mouse.up()
    assert labels()[1:5] == ["pool1", "conv2", "pool2", "conv1"]
    assert [row[4] for row in table(root)][-1] == "183"


def test_what_does_not_fit_is_red_and_the_last_good_picture_stays(root):
    choose(root, "LeNet-5")
    good = table(root)
    root.get_by_label("Input size, typed").fill("20")
    root.get_by_label("Input size, typed").press("Enter")
    expect(root.locator(".cnn-notice")).to_contain_text("C5 (layer 5) spans 5 cells, more than its padded input’s 2")
    assert table(root) == good
    root.get_by_label("Input size, typed").fill("40")
    root.get_by_label("Input size, typed").press("Enter")
    expect(root.locator(".cnn-notice")).to_have_text("")
    assert table(root)[-1][1] == "3"


@pytest.mark.parametrize(("answer", "word"), [("2", "kernel alone"), ("28", "not multiply"), ("10", "Right: 10×10")])
def test_prediction_names_the_slip(root, answer, word):
    state = root.get_by_label("State as text", exact=False)
    state.fill("size=64 layers=a:7,1,0,1;b:2,2,0,1;c:2,1,0,1 selected=3")
    state.press("Enter")
    root.get_by_role("button", name="Predict the field").click()
    assert "?" in table(root)[3]
    root.get_by_label("Predicted field").fill(answer)
    root.get_by_role("button", name="Check").click()
    assert word in text(root, "verdict")


def test_state_text_goes_there_and_back(root):
    choose(root, "LeNet-5")
    state = root.get_by_label("State as text", exact=False)
    saved, rows = state.input_value(), table(root)
    choose(root, "AlexNet")
    state.fill(saved)
    state.press("Enter")
    assert table(root) == rows
    for bad, word in [("size=0", "size=0"), ("layers=a:3", "name:kernel"), ("unit=1", "two whole numbers")]:
        state.fill(bad)
        state.press("Enter")
        assert word in text(root, "notice")


def test_the_effective_field(page):
    root = part(page, "Effective receptive field")
    before = picture(root, "strength"), text(root, "effective-words")
    root.get_by_label("Layers", exact=True).focus()
    page.keyboard.press("End")
    assert "32 layers, random weights: a unit can see 65×65 pixels" in text(root, "effective-words")
    assert picture(root, "strength") != before[0]
    page.keyboard.press("ArrowLeft")
    assert text(root, "effective-words").startswith("24 layers")
    root.get_by_label("Network").select_option("all weights alike")
    side = int(re.search(r"middle (\d+)×", text(root, "effective-words"))[1])
    assert side < 65 / 3


def test_the_comparison(page):
    root = part(page, "One large kernel or several small ones")
    assert "147" in root.inner_text() and "81" in root.inner_text()
    root.get_by_label("Channels", exact=True).focus()
    page.keyboard.press("End")
    settle(page)
    assert "3,136" in root.inner_text()


def test_no_formula_is_left_as_its_source(page):
    words = page.locator("main").inner_text()
    assert not re.search(r"\\[a-z]+|\$\S", words)
    assert page.locator("main math").count() > 5


@pytest.mark.parametrize("width", [390, 1280])
def test_no_sideways_scrolling(open_lesson, width):
    with open_lesson("page", LESSON, viewport={"width": width, "height": 720}) as page:
        root = explorer_of(page)
        for preset in ("VGG-16", "Two 3×3 layers see 5×5", "Dilated stack: 1, 2, 4, 8"):
            choose(root, preset)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        if width == 1280:
            assert root.bounding_box()["height"] <= 720
