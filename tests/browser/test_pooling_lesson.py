"""The lesson on pooling as a learner meets it, and its explorers' arithmetic held to `cnnlab.core`."""

import random

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from playwright.sync_api import expect

from cnnlab.apps import equivariance, pooling_axes
from cnnlab.apps.equivariance import EquivarianceExplorer
from cnnlab.apps.pooling import PoolingExplorer
from cnnlab.apps.pooling_axes import AxesClassifier
from cnnlab.core.kernels import KERNELS
from cnnlab.widgets.modules import bundle

pytestmark = pytest.mark.browser

LESSON = "05_pooling"
SETTINGS = 120


EXPLORERS = {
    "Pooling explorer": ("Size", ".cnn-output canvas", "sum"),
    "Equivariance explorer": ("Right, px", "canvas", "summary"),
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
        axes = part(page, "Axes classifier")
        before = axes.text("ax-verdict")
        axes.press("Threshold", "End")
        assert before.startswith("Axes.") and axes.text("ax-verdict").startswith("No axes.")
        assert axe_violations(page, "body" if place == "page" else ".cnnlab") == []


@pytest.mark.parametrize("width", [390, 1280])
def test_no_sideways_scrolling_at_either_end_of_any_slider(open_lesson, width):
    with open_lesson("page", LESSON, viewport={"width": width, "height": 720}) as page:
        for key in ("End", "Home"):
            for slider in page.locator(".cnnlab input[type=range]").all():
                if slider.is_enabled():
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


def test_the_lectures_example_window_by_window(page, part):
    explorer = part(page, "Pooling explorer")
    explorer.choose("Example", "The lecture’s 10×10: 11, 13, … 99")
    found = []
    for _ in range(25):
        found.append(int(explorer.text("sum").rpartition("= ")[2]))
        explorer.root.get_by_role("button", name="Step", exact=True).click()
    assert found == [11 + 2 * column + 20 * row for row in range(5) for column in range(5)]
    assert explorer.text("sum") == "output[0, 0] = max(0, 1, 10, 11) = 11"
    assert "25 cells of 100 reach the output" in explorer.text()


def test_padding_is_told_apart(page, part):
    explorer = part(page, "Pooling explorer")
    explorer.choose("Example", "Padding never wins")
    assert "max(·, ·, ·" in explorer.text("sum") and "never wins" in explorer.text()
    explorer.control("average").check()
    assert "(0 + 0 + 0" in explorer.text("sum") and "counts as 0" in explorer.text()
    explorer.press("Size", "Home")
    assert explorer.text("sum").endswith("= 6"), "the padding goes where no window could hold it"


def test_state_text_goes_there_and_back(page, part):
    explorer = part(page, "Pooling explorer")
    explorer.choose("Example", "A photograph, a quarter of its side")
    state = explorer.root.get_by_label("State as text", exact=False)
    saved, picture = state.input_value(), explorer.seen()
    explorer.choose("Example", "The same, averaged")
    state.fill(saved)
    state.press("Enter")
    assert explorer.seen() == picture
    state.fill("size=9")
    state.press("Enter")
    assert "size=9: must be" in explorer.text("notice")


def test_both_ways_agree_until_something_breaks_it(page, part):
    explorer = part(page, "Equivariance explorer")
    explorer.choose("Example", "Convolution alone: both ways agree")
    assert explorer.text("eq-error").startswith("0 %")
    explorer.press("Stride", "ArrowRight")
    assert "no multiple of the stride 2" in explorer.text()
    plain = float(explorer.text("eq-error").split()[0])
    explorer.control("blur before the stride").check()
    assert 0 < float(explorer.text("eq-error").split()[0]) < plain
    explorer.choose("Example", "Borders: zeros come in")
    assert "zeros enter at the border" in explorer.text()


def test_predictions_are_covered_until_they_are_made(page, part):
    explorer = part(page, "Equivariance explorer")
    explorer.root.get_by_role("button", name="Predict: will they agree?").click()
    assert (explorer.text("eq-error"), explorer.text()) == ("?", "")
    explorer.root.get_by_role("button", name="no, they differ").click()
    explorer.settle()
    verdict = explorer.root.get_by_role("status").inner_text()
    assert verdict.startswith("Right.") == (not explorer.text("eq-error").startswith("0 %"))

    windows = part(page, "Pooling explorer")
    windows.choose("Example", "Overlapping windows: size 3, stride 2")
    windows.root.get_by_role("button", name="Predict the output size").click()
    windows.settle()
    assert "4×4" not in windows.root.locator(".cnn-main").inner_text()
    for answer, word in [("5", "Round down, not up"), ("3", "+ 1 is missing"), ("4", "Right: 4×4.")]:
        windows.control("Predicted output rows").fill(answer)
        windows.control("Predicted output columns").fill(answer)
        windows.root.get_by_role("button", name="Check").click()
        assert word in windows.text("verdict")


def test_pixels_can_be_typed_and_the_decision_follows(page, part):
    explorer = part(page, "Axes classifier")
    explorer.choose("Example", "A vertical line alone")
    assert explorer.text("ax-verdict").startswith("No axes. Only an upright line")
    for column in (1, 3, 4):
        explorer.control(f"Pixel, row 3, column {column}").fill("1")
        explorer.control(f"Pixel, row 3, column {column}").press("Enter")
    assert explorer.text("ax-verdict").startswith("Axes.")
    explorer.control("Pixel, row 1, column 1").fill("99")
    explorer.control("Pixel, row 1, column 1").press("Enter")
    assert "99 is outside" in explorer.text("notice")
    explorer.choose("Example", "The lecture’s image")
    explorer.root.locator(".cnn-horizontal-map canvas").focus()
    explorer.page.keyboard.press("ArrowRight")
    explorer.page.keyboard.press("ArrowDown")
    assert explorer.text().endswith("= 3.5")


def test_exercises_recognise_slips(page):
    asked = page.get_by_role("region", name="The numbers 0 to 99 fill")
    for value, word in [("21", "the stride is 2"), ("13", "second number"), ("31", "Right")]:
        asked.get_by_label("Answer").fill(value)
        asked.get_by_role("button", name="Check").click()
        expect(asked.get_by_role("status")).to_contain_text(word)


@pytest.fixture(scope="module")
def engines(open_page):
    with open_page() as page:
        page.goto("about:blank")
        for name in ("pooling_compute", "pooling_facts", "equivariance_compute", "pooling_axes"):
            source = bundle(f"explorers/{name}.js").replace("export default", "const shown =")
            page.evaluate(
                "async ([name, source]) => { window[name] = await import("
                "URL.createObjectURL(new Blob([source], {type: 'text/javascript'})));"
                " window.table = (rows) => ({rows: rows.length, cols: rows[0].length,"
                " data: Float64Array.from(rows.flat())}) }",
                [name, source],
            )
        yield page


def random_poolings():
    for seed in range(SETTINGS):
        rng = random.Random(seed)
        size = rng.randint(1, 6)
        rows, columns = rng.randint(3, 12), rng.randint(3, 12)
        yield {
            "image": [[rng.randint(-9, 9) for _ in range(columns)] for _ in range(rows)],
            "mode": rng.choice(["max", "average", "min"]),
            "size": size,
            "stride": rng.randint(1, 6),
            "padding": rng.randint(0, size // 2),
        }


def test_the_page_pools_as_core_and_torch_do(engines):
    settings = list(random_poolings())
    found = engines.evaluate(
        """(settings) => settings.map((setting) => {
          const image = table(setting.image);
          let result;
          try { result = pooling_compute.compute({...setting, image}); }
          catch (error) { return {refused: error.message}; }
          const {output: {rows, cols, data}, winners} = result;
          return {rows, cols, data: [...data], winners: [...winners], line: pooling_facts.torchLine(setting),
                  everything: pooling_compute.globalPool(image)};
        })""",
        settings,
    )
    shown = 0
    for setting, answer in zip(settings, found, strict=True):
        image = np.array(setting["image"])
        if "refused" in answer:
            with pytest.raises(ValueError):
                PoolingExplorer.compute(**setting | {"image": image})
            continue
        shown += 1
        expected = PoolingExplorer.compute(**setting | {"image": image})
        output = np.reshape(answer["data"], (answer["rows"], answer["cols"]))
        np.testing.assert_allclose(output, expected.output, rtol=1e-12, atol=1e-12)
        if expected.winners is not None:
            np.testing.assert_array_equal(answer["winners"], expected.winners.ravel())
        assert answer["everything"] == pytest.approx(expected.everything)
        x = torch.tensor(image, dtype=torch.float64)[None, None]
        np.testing.assert_allclose(eval(answer["line"], {"F": F, "x": x})[0, 0].numpy(), output, atol=1e-12)
    assert shown >= 100


def test_the_page_shifts_and_filters_as_core_does(engines):
    for seed in range(100):
        rng = random.Random(seed)
        setting = {name: rng.randint(*ends) for name, ends in equivariance.LIMITS.items()} | {
            "pooling": rng.choice(equivariance.POOLINGS),
            "border": rng.choice(equivariance.BORDERS),
            "blur": rng.random() < 0.5,
        }
        names = {
            "input": rng.choice(["Digit 3", "Digit 8", equivariance.SIGNAL, *["Cat"] * (seed % 10 == 0)]),
            "kernel": rng.choice(equivariance.OFFERED),
        }
        found = engines.evaluate(
            "([image, kernel, state]) => { const r = equivariance_compute.compare(table(image),"
            " {...state, kernel: table(kernel)}); return {map: [...r.map.data], after: [...r.after.data],"
            " before: [...r.before.data], error: r.error, curve: r.curve, other_curve: r.otherCurve,"
            " kept: r.kept, averages: r.averages, maxima: r.maxima} }",
            [equivariance.inputs()[names["input"]].tolist(), KERNELS[names["kernel"]].array.tolist(), setting],
        )
        expected = EquivarianceExplorer.compute(**names, **setting)
        for key, value in found.items():
            np.testing.assert_allclose(value, np.ravel(getattr(expected, key)), rtol=1e-6, atol=1e-8, err_msg=key)


def test_the_page_decides_as_core_does(engines):
    kernels = {name: kernel.tolist() for name, kernel in pooling_axes.KERNELS.items()}
    for seed in range(100):
        rng = random.Random(seed)
        state = {
            "image": [[rng.randint(-9, 9) for _ in range(4)] for _ in range(4)],
            "threshold": rng.randint(0, 8) / 2,
        }
        found = engines.evaluate(
            "([state, kernels]) => { const r = pooling_axes.compute({...state, kernels: Object.fromEntries("
            "Object.entries(kernels).map(([name, rows]) => [name, table(rows)]))});"
            " return {maps: Object.fromEntries(Object.entries(r.maps).map(([name, map]) => [name, [...map.data]])),"
            " maxima: r.maxima, axes: r.axes} }",
            [state, kernels],
        )
        expected = AxesClassifier.compute(**state)
        assert (found["maxima"], found["axes"]) == (expected.maxima, expected.axes)
        assert found["maps"] == {name: one.ravel().tolist() for name, one in expected.maps.items()}
