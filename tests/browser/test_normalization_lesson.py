"""Activations and normalisation: the page's numbers held to `cnnlab.core`, and the lesson as a learner meets it."""

import random
import re

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from playwright.sync_api import expect

from cnnlab.apps import activations, batch_norm, norms, spread
from cnnlab.apps.activations import ActivationGallery
from cnnlab.apps.batch_norm import BatchNormExplorer
from cnnlab.apps.norms import NormsExplorer
from cnnlab.apps.spread import SpreadExplorer
from cnnlab.widgets.modules import bundle

pytestmark = pytest.mark.browser

LESSON = "07_normalization"
REGIONS = {
    "gallery": "Activation gallery",
    "batch norm": "Batch norm in five steps",
    "norms": "Which cells share one mean?",
    "spread": "Spread through random layers",
}
EXACT = {"rtol": 1e-6, "atol": 1e-9}


@pytest.fixture(scope="module")
def engine(open_page):
    """A function: engine(module, expression, settings) pairs each setting with what the expression gives in the page,
    where `it` is the module."""
    with open_page() as page:
        page.goto("about:blank")

        def evaluate(module, expression, settings):
            shown = page.evaluate(
                """async ([source, settings]) => {
                  const it = await import(URL.createObjectURL(new Blob([source], {type: 'text/javascript'})));
                  const plain = (value) => {
                    if (value?.buffer) return [...value];
                    if (!value || typeof value !== 'object' || Array.isArray(value)) return value;
                    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, plain(part)]));
                  };
                  return settings.map((setting) => plain(((it, setting) => EXPRESSION)(it, setting)));
                }""".replace("EXPRESSION", expression),
                [bundle(module), settings],
            )
            return zip(settings, shown, strict=True)

        yield evaluate


def draw(rng, low, high):
    return round(rng.uniform(low, high), 3)


def test_the_page_computes_the_activations_of_core(engine):
    rng = random.Random(1)
    limits = activations.LIMITS
    settings = [
        {
            "function": rng.choice(list(activations.FUNCTIONS)),
            **{name: draw(rng, *limits[name]) for name in limits},
            "layers": rng.randint(1, 30),
            "compare": False,
        }
        for _ in range(150)
    ]
    noise = activations.noise()
    rows = f"{{rows: {noise.shape[0]}, cols: {noise.shape[1]}, data: Float64Array.from({noise.ravel().tolist()})}}"
    for setting, shown in engine("explorers/activations.js", f"it.compute(setting, {rows})", settings):
        told = ActivationGallery.compute(**setting)
        np.testing.assert_allclose(shown["value"], told.value, **EXACT)
        np.testing.assert_allclose(shown["slope"], told.slope, **EXACT)
        np.testing.assert_allclose(shown["through"], told.through, **EXACT)
        np.testing.assert_allclose(shown["outputs"], told.outputs.ravel(), **EXACT)
        np.testing.assert_allclose(shown["slopes"]["data"], told.slopes.ravel(), **EXACT)
        counts = shown["off"], shown["vanishing"], sum(shown["dead"])
        assert counts == (told.off, told.vanishing, told.dead), setting


def test_the_page_computes_the_five_steps_of_core(engine):
    rng = random.Random(2)
    settings = [
        {
            "batches": [[draw(rng, -10, 10) for _ in range(12)] for _ in range(31)],
            "step": rng.randint(0, 30),
            "size": rng.randint(1, 12),
            "gamma": draw(rng, -3, 3),
            "beta": draw(rng, -5, 5),
            "training": rng.random() < 0.5,
            "alpha": rng.choice([0, 1, draw(rng, 0, 1)]),
            "unbiased": rng.random() < 0.5,
            "convention": rng.choice(batch_norm.CONVENTIONS),
        }
        for _ in range(150)
    ]
    tried = "(() => { try { return it.compute(setting); } catch (error) { return {refused: error.message}; } })()"
    refused = 0
    for setting, shown in engine("explorers/batch_norm.js", tried, settings):
        try:
            told = BatchNormExplorer.compute(**setting)
        except ValueError:
            assert "no spread" in shown["refused"]
            refused += 1
            continue
        steps = told.steps
        np.testing.assert_allclose(shown["mean"], steps.mean[0], **EXACT)
        np.testing.assert_allclose(shown["variance"], steps.variance[0], **EXACT)
        np.testing.assert_allclose(shown["deviation"], steps.deviation[0], **EXACT)
        np.testing.assert_allclose(shown["normalized"], steps.normalized.ravel(), **EXACT)
        np.testing.assert_allclose(shown["output"], steps.output.ravel(), **EXACT)
        for name, whole in (("mean", told.means), ("variance", told.variances)):
            np.testing.assert_allclose([one[name] for one in shown["averages"]], whole, **EXACT)
            np.testing.assert_allclose(shown["after"][name], getattr(steps, f"running_{name}_after")[0], **EXACT)
    assert 0 < refused < 50


def test_the_line_of_pytorch_gives_the_same_numbers(engine):
    rng = random.Random(5)
    settings = [
        {
            "gamma": draw(rng, -3, 3),
            "beta": draw(rng, -5, 5),
            "training": i % 2 == 0,
            "alpha": draw(rng, 0, 1),
            "unbiased": True,
        }
        for i in range(40)
    ]
    batches = BatchNormExplorer().batches
    for setting, line in engine("explorers/batch_norm_facts.js", "it.torchLine(setting)", settings):
        steps = BatchNormExplorer.compute(batches=batches, step=5, size=7, convention="alpha", **setting).steps
        names = {
            "x": torch.tensor(steps.x).float(),
            "running_mean": torch.tensor(steps.running_mean_before).float(),
            "running_var": torch.tensor(steps.running_variance_before).float(),
        }
        output = eval(line, {"F": F, "torch": torch, **names})
        np.testing.assert_allclose(output, steps.output, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(names["running_mean"], steps.running_mean_after, rtol=1e-5)
        np.testing.assert_allclose(names["running_var"], steps.running_variance_after, rtol=1e-5)


def test_the_page_computes_the_norms_of_core(engine):
    rng = random.Random(3)
    settings = [
        {
            "norm": norms.NORMS[i % len(norms.NORMS)],
            "groups": rng.choice(norms.GROUPS),
            "size": rng.randint(1, 6),
            **{name: draw(rng, *limits) for name, limits in norms.LIMITS.items()},
            "cell": [rng.randrange(n) for n in norms.SHAPE],
        }
        for i in range(200)
    ]
    values = norms.values().tolist()
    for setting, shown in engine("explorers/norms.js", f"it.compute(setting, {values})", settings):
        told = NormsExplorer.compute(**setting)
        np.testing.assert_allclose(shown["block"], told.block.ravel(), **EXACT)
        np.testing.assert_allclose(shown["output"], told.output.ravel(), **EXACT)
        assert sorted(shown["shared"]) == np.flatnonzero(told.shared).tolist()


def test_the_page_computes_the_spread_of_core(engine):
    rng = random.Random(4)
    settings = [
        {
            "depth": rng.randint(2, 30),
            "scale": draw(rng, *spread.SCALES),
            "function": name,
            "batch_norm": False,
            "seed": rng.randint(1, 99),
        }
        for name in activations.FUNCTIONS
        for _ in range(3)
    ]
    for setting, shown in engine("explorers/spread.js", "it.compute(setting)", settings):
        told = SpreadExplorer.compute(**setting)
        for name in ("plain", "normed"):
            np.testing.assert_allclose([layer["deviation"] for layer in shown[name]], getattr(told, name), rtol=1e-6)
            np.testing.assert_allclose([layer["zeros"] for layer in shown[name]], getattr(told, f"{name}_zeros"))


class Region:
    """One explorer on the page: its controls by label, its pictures and its text as strings that can be compared."""

    def __init__(self, page, name):
        self.page = page
        self.root = page.get_by_role("region", name=REGIONS[name], exact=True)
        self.root.scroll_into_view_if_needed()
        self.root.locator(".cnn-stage").first.wait_for()

    def settle(self):
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def control(self, label):
        return self.root.get_by_label(label, exact=True)

    def press(self, label, *keys):
        self.settle()
        for key in keys:
            self.control(label).press(key)
        self.settle()

    def picture(self):
        self.settle()
        return self.root.evaluate(
            "(root) => [...root.querySelectorAll('svg')].map((svg) => svg.innerHTML)"
            ".concat([...root.querySelectorAll('canvas')].map((canvas) => canvas.toDataURL())).join()"
        )

    def text(self):
        self.settle()
        return self.root.inner_text()

    def button(self, name):
        self.root.get_by_role("button", name=name, exact=True).click()
        self.settle()


SLIDERS = {"gallery": "Mean", "batch norm": "Scale γ", "norms": "Brightness", "spread": "Weight scale"}


@pytest.mark.parametrize("place", ["page", "voila"])
def test_a_slider_moved_by_keyboard_changes_picture_and_text(open_lesson, axe_violations, place):
    with open_lesson(place, LESSON) as page:
        for name, label in SLIDERS.items():
            region = Region(page, name)
            picture, text = region.picture(), region.text()
            region.press(label, "ArrowRight")
            assert region.picture() != picture and region.text() != text, name
        assert axe_violations(page) == []


@pytest.fixture(scope="module")
def page(open_lesson):
    with open_lesson("page", LESSON) as page:
        page.set_default_timeout(5_000)
        yield page


@pytest.fixture
def region(page):
    page.reload()
    return lambda name: Region(page, name)


def test_the_point_is_moved_by_pointer_and_keyboard(region):
    gallery = region("gallery")
    gallery.control("Function").select_option("tanh")
    chart = gallery.root.get_by_role("application").first
    chart.focus()
    chart.press("Home")
    assert "At x = −6 tanh is −1" in gallery.text()
    box = chart.bounding_box()
    gallery.page.mouse.move(box["x"] + 80, box["y"] + 100)
    gallery.page.mouse.down()
    gallery.page.mouse.move(box["x"] + box["width"] - 2, box["y"] + 100, steps=3)
    gallery.page.mouse.up()
    assert "At x = 6 tanh is 1" in gallery.text()


def test_a_leak_revives_dead_units(region):
    gallery = region("gallery")
    dead = lambda: int(re.search(r"(\d+) of 24 units are dead", gallery.text())[1])  # noqa: E731
    assert dead() > 0
    gallery.press("Mean", "Home")
    assert dead() == 24
    gallery.control("Function").select_option("leaky ReLU")
    assert dead() == 0


def test_a_bead_is_dragged_and_typed(region):
    explorer = region("batch norm")
    bead = explorer.root.get_by_role("slider", name="Example 1", exact=True)
    box = bead.bounding_box()
    explorer.page.mouse.move(box["x"] + 9, box["y"] + 9)
    explorer.page.mouse.down()
    explorer.page.mouse.move(box["x"] + 2000, box["y"] + 9, steps=4)
    explorer.page.mouse.up()
    assert explorer.control("Value 1").input_value() == "10"
    explorer.control("Value 1").fill("-4,5")
    explorer.control("Value 1").press("Enter")
    explorer.settle()
    assert bead.get_attribute("aria-valuenow") == "-4.5"
    bead.press("PageUp")
    explorer.settle()
    assert bead.get_attribute("aria-valuenow") == "-3.5"
    for typed, word in [("99", "99 is outside −10 to 10; 10 is used"), ("much", "is needed; 10 stays")]:
        explorer.control("Value 1").fill(typed)
        explorer.control("Value 1").press("Enter")
        assert word in explorer.text()


def test_five_steps_of_a_small_mini_batch(region):
    explorer = region("batch norm")
    state = explorer.root.get_by_label("State as text", exact=False)
    state.fill("step=0 size=4 gamma=2 beta=1 alpha=0.9 unbiased=yes training=yes")
    state.press("Enter")
    for i, value in enumerate([2, 2, 8, 8], start=1):
        explorer.control(f"Value {i}").fill(str(value))
        explorer.control(f"Value {i}").press("Enter")
    text = explorer.text()
    assert "μ = 5, σ² = 9 (÷ 4), σ = √(σ² + ε) = 3" in text
    assert "(8 − 5) / 3 = 1" in text and "2 · 1 + 1 = 3" in text
    assert "μ 0.9 · 0 + (1 − 0.9) · 5 = 0.5" in text and "σ² 0.9 · 1 + (1 − 0.9) · 12 = 2.1 (÷ 3)" in text
    explorer.control("momentum").first.check()
    assert "μ (1 − 0.1) · 0 + 0.1 · 5 = 0.5" in explorer.text()
    explorer.control("moving variance ÷ (M − 1)").uncheck()
    assert "0.1 · 9 = 1.8 (÷ 4)" in explorer.text()
    explorer.control("eval").check()
    assert "moving averages, not of this mini-batch: μ = 0, σ² = 1" in explorer.text()


def test_one_value_has_no_spread_in_training(region):
    explorer = region("batch norm")
    picture = explorer.picture()
    explorer.press("Batch size", "Home")
    assert "one value alone has no spread" in explorer.text()
    assert explorer.picture() == picture
    explorer.control("eval").check()
    assert "no spread" not in explorer.text()
    assert explorer.picture() != picture


def test_undoing_gives_the_input_back(region):
    explorer = region("batch norm")
    explorer.button("γ and β that undo it")
    assert re.search(r"Example 1: (\S+) becomes \S+, then \1\.", explorer.text())


def test_prediction_names_the_slip(region):
    explorer = region("batch norm")
    state = explorer.root.get_by_label("State as text", exact=False)
    state.fill("step=0 size=4")
    state.press("Enter")
    for i, value in enumerate([8, 2, 2, 8], start=1):
        explorer.control(f"Value {i}").fill(str(value))
        explorer.control(f"Value {i}").press("Enter")
    explorer.control("Value 1").focus()
    explorer.button("Predict step 3")
    assert "(8 − 5) / 3 = ?" in explorer.text()
    answer = explorer.control("Predicted normalised value")
    for typed, word in [
        ("3", "That is x − μ"),
        ("0.33", "square root is missing"),
        ("-1", "sign is the wrong way"),
        ("0.87", "normalising takes M"),
        ("2.7", "subtracted first"),
        ("7", "Not yet"),
        ("", "Type a number"),
        ("1", "Right: 1."),
    ]:
        answer.fill(typed)
        answer.press("Enter")
        expect(explorer.root.locator(".cnn-verdict")).to_contain_text(word)
    assert "(8 − 5) / 3 = 1" in explorer.text()


def test_play_fills_the_moving_averages(region):
    explorer = region("batch norm")
    explorer.button("Step")
    assert "mini-batch 5 of 31" in explorer.text()
    explorer.button("Play")
    explorer.page.wait_for_timeout(1200)
    explorer.button("Pause")
    shown = int(re.search(r"mini-batch (\d+) of 31", explorer.text())[1])
    assert 5 < shown < 12


def test_the_marked_cells_follow_norm_groups_and_cell(region):
    explorer = region("norms")
    for norm, cells in [("Layer norm", 24), ("Instance norm", 4), ("Group norm", 12), ("Batch norm", 12)]:
        explorer.control(norm).check()
        assert f"{cells} marked cells" in explorer.text()
    explorer.control("Group norm").check()
    explorer.press("Groups", "ArrowRight", "ArrowRight")
    assert "4 marked cells" in explorer.text() and "same as instance norm" in explorer.text()
    assert "cannot be cut into 4 equal groups; 6 are used" in explorer.text()
    explorer.press("Groups", "Home")
    assert "24 marked cells" in explorer.text() and "same as layer norm" in explorer.text()
    text, grid = explorer.text(), explorer.root.get_by_role("application").first
    grid.focus()
    grid.press("ArrowDown")
    assert explorer.text() != text
    explorer.control("Local response norm").check()
    explorer.press("Neighbours", "End")
    assert "no mean, no deviation" in explorer.text()


def test_batch_norm_holds_the_spread(region):
    explorer = region("spread")
    explorer.press("Weight scale", "Home")
    assert "fades away" in explorer.text()
    explorer.press("Weight scale", "End")
    assert "explodes" in explorer.text()
    kept = float(re.search(r"the last layer has (\S+)\.$", explorer.text(), re.MULTILINE)[1])
    assert 0.4 < kept < 0.8
    picture = explorer.picture()
    explorer.control("with BN").check()
    assert explorer.picture() != picture
    explorer.button("He 1.41")
    assert "lasts" in explorer.text()
    explorer.button("Other random weights")
    assert "lasts" in explorer.text()


def test_exercises_recognise_slips(page):
    page.reload()
    for prompt, answers in {
        "A mini-batch of one channel": [
            ("0.87", "divides it by M"),
            ("0.333", "square root"),
            ("3", "now divide"),
            ("1", "Right"),
        ],
        "A gradient goes back": [("1/4", "one sigmoid alone"), ("1.25", "chain rule"), ("1/1024", "Right")],
        "The same mini-batch": [("4.6", "1 − momentum"), ("5", "only part of the way"), ("1.4", "Right")],
        "Group norm on": [("64", "batch norm"), ("512", "instance norm"), ("128", "Right")],
    }.items():
        asked = page.get_by_role("region", name=prompt)
        for value, word in answers:
            asked.get_by_label("Answer").fill(value)
            asked.get_by_role("button", name="Check").click()
            expect(asked.get_by_role("status")).to_contain_text(word)


@pytest.mark.parametrize("width", [390, 1280])
def test_no_sideways_scrolling_and_a_steady_stage(open_lesson, width):
    with open_lesson("page", LESSON, viewport={"width": width, "height": 720}) as page:
        for name, label in SLIDERS.items():
            region = Region(page, name)
            height = region.root.bounding_box()["height"]
            if width > 720:
                assert height <= 725, name
            for key in ("Home", "End"):
                region.press(label, key)
                assert page.evaluate("document.documentElement.scrollWidth") <= width, name
                charts = [box.bounding_box() for box in region.root.locator("svg:visible, canvas:visible").all()]
                assert all(box["x"] >= 0 and box["x"] + box["width"] <= width for box in charts), name
                if width > 720:
                    assert abs(region.root.bounding_box()["height"] - height) < 1, name
