"""The arithmetic explorer as a learner meets it, and its numbers held to core."""

import random
import re

import pytest
import torch
from playwright.sync_api import expect
from torch import nn

from cnnlab.apps.arithmetic import LIMITS, MODES, PUZZLE, ArithmeticExplorer, solutions
from cnnlab.apps.arithmetic_menu import worked
from cnnlab.widgets.modules import bundle

pytestmark = pytest.mark.browser

LESSON = "03_arithmetic"


class Explorer:
    """What a learner sees and does."""

    def __init__(self, page):
        self.page = page
        self.root = page.get_by_role("region", name="Arithmetic explorer")
        self.root.scroll_into_view_if_needed()
        self.root.locator(".cnn-tiles div").first.wait_for()

    def settle(self):
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def picture(self, name):
        self.settle()
        return self.root.locator(f".cnn-{name} canvas").evaluate("(canvas) => canvas.toDataURL()")

    def text(self, part):
        self.settle()
        return self.root.locator(part).inner_text()

    def tiles(self):
        self.settle()
        return self.root.locator(".cnn-tiles b").all_inner_texts()

    def control(self, label):
        return self.root.get_by_label(label, exact=True)

    def example(self, name):
        self.control("Example").select_option(name)
        self.settle()

    def press(self, name):
        self.root.get_by_role("button", name=name, exact=True).click()
        self.settle()


@pytest.fixture(scope="module")
def page(open_lesson):
    with open_lesson("page", LESSON) as page:
        page.set_default_timeout(5_000)
        yield page


@pytest.fixture
def explorer(page):
    page.reload()
    return Explorer(page)


@pytest.mark.parametrize("place", ["page", "voila"])
def test_a_slider_moved_by_keyboard_changes_picture_and_text(open_lesson, axe_violations, place):
    with open_lesson(place, LESSON) as page:
        explorer = Explorer(page)
        before = explorer.picture("input"), explorer.picture("output"), explorer.text(".cnn-summary:last-of-type")
        assert explorer.tiles()[0] == "8 × 3 × 3"
        explorer.control("Stride").focus()
        page.keyboard.press("ArrowLeft")
        assert explorer.tiles()[0] == "8 × 6 × 6"
        after = explorer.picture("input"), explorer.picture("output"), explorer.text(".cnn-summary:last-of-type")
        assert all(old != new for old, new in zip(before, after, strict=True))
        assert "output 6×6" in after[2] and "hatched" in before[2] and "hatched" not in after[2]
        assert axe_violations(page, "body" if place == "page" else ".cnnlab") == []


def test_every_worked_size_comes_out(explorer):
    for name, _, example in worked():
        explorer.example(name)
        assert explorer.text(".cnn-output figcaption b") == f"{example.output}×{example.output}", name
        assert ("Not covered at the end" in explorer.text(".cnn-summary:last-of-type")) == bool(example.uncovered)
    assert explorer.tiles()[:3] == ["96 × 55 × 55", "34,944", "105,415,200"]


def test_kinds_of_layers_keep_the_place_of_what_is_below(explorer):
    def place():
        return explorer.root.locator(".cnn-facts").bounding_box()["y"]

    before = place()
    for kind, size in [("transposed", "11×11"), ("1-D", "3 cells"), ("causal", "3 cells"), ("2-D", "3×3")]:
        explorer.control(kind).check()
        assert explorer.text(".cnn-output figcaption b") == size
        assert place() == before, kind


def test_output_padding_stays_within_its_limit(explorer):
    explorer.example("The same, output padding 1")
    assert explorer.tiles()[0] == "1 × 6 × 6"
    explorer.control("Stride").focus()
    explorer.page.keyboard.press("Home")
    explorer.settle()
    assert explorer.control("Output pad., typed").input_value() == "0"
    assert explorer.text(".cnn-notice") == ""


def test_a_puzzle_counts_what_was_found(explorer):
    explorer.press("Puzzle")
    task = explorer.text(".cnn-task")
    size, n, count = map(int, re.search(r"Make (\d+) cells of (\d+):.*Found 0 of (\d+)", task).groups())
    answers = solutions("2-D", n, size)
    assert len(answers) == count
    explorer.press("Check")
    for setting in answers[:2]:
        for name in ("kernel", "stride", "dilation", "padding"):
            box = explorer.control(f"{name.capitalize()}, typed")
            box.fill(str(setting[name]))
            box.press("Enter")
        explorer.press("Check")
    assert f"Found 2 of {count}" in explorer.text(".cnn-task")
    explorer.press("Check")
    assert "already" in explorer.text(".cnn-question .cnn-verdict >> visible=true")
    explorer.press("Show the rest")
    assert f"Found {count} of {count}" in explorer.text(".cnn-task")
    assert explorer.root.locator(".cnn-found button").count() == count
    explorer.press("Leave")
    expect(explorer.root.locator(".cnn-task")).to_be_hidden()


def test_a_wrong_prediction_names_its_slip(explorer):
    explorer.example("Back from 3×3, stride 2")
    explorer.press("Predict the output size")
    assert explorer.text(".cnn-output figcaption b") == "?" and "5 × 5" not in explorer.root.inner_text()
    for answer, word in [("7", "padding is missing"), ("2", "That is the convolution"), ("5", "Right: 5×5")]:
        for axis in ("rows", "columns"):
            explorer.control(f"Predicted output {axis}").fill(answer)
        explorer.press("Check")
        assert word in explorer.root.locator(".cnn-predict .cnn-verdict").first.inner_text()


def test_state_text_goes_there_and_back(explorer):
    state = explorer.root.get_by_label("State as text", exact=False)
    explorer.example("Causal, dilation 4")
    saved, tiles = state.input_value(), explorer.tiles()
    explorer.example("Rows and columns differ")
    assert explorer.tiles() != tiles
    state.fill(saved)
    state.press("Enter")
    assert explorer.tiles() == tiles
    state.fill("mode=1-D size=3 kernel=9 padding=0 dilation=1")
    state.press("Enter")
    assert "kernel=9: it reaches over 9 columns" in explorer.text(".cnn-notice")


@pytest.mark.parametrize("width", [390, 1280])
def test_no_sideways_scrolling(open_lesson, width):
    with open_lesson("page", LESSON, viewport={"width": width, "height": 720}) as page:
        explorer = Explorer(page)
        for name in ("Rows and columns differ", "The same, output padding 1", "Causal, kernel 2, dilation 8"):
            explorer.example(name)
            assert page.evaluate("document.documentElement.scrollWidth") <= width


# The page's numbers and lines of PyTorch, held to core and to torch.


@pytest.fixture(scope="module")
def engine(page):
    for name in ("compute", "puzzle"):
        page.evaluate(
            "async ([name, source]) => { window[name] = await import("
            "URL.createObjectURL(new Blob([source], {type: 'text/javascript'}))) }",
            [name, bundle(f"explorers/arithmetic_{name}.js")],
        )
    return page


def random_setting(rng):
    pair = lambda low, high: [rng.randint(low, high), rng.randint(low, high)]  # noqa: E731
    mode = rng.choice(MODES)
    named = mode != "transposed" and rng.random() < 0.3
    return {
        "mode": mode,
        "size": pair(1, 14),
        "kernel": pair(1, 5),
        "stride": pair(1, 4),
        "dilation": pair(1, 3),
        "padding": rng.choice(["valid", "same", "full"]) if named else pair(0, 4),
        "output_padding": pair(0, 1),
        "channels": pair(1, 4),
        "bias": rng.random() < 0.5,
    }


def test_the_page_computes_what_core_computes(engine):
    rng = random.Random(7)
    settings = [random_setting(rng) for _ in range(300)]
    answers = engine.evaluate(
        """(settings) => settings.map((setting) => {
          try {
            const {cost, axes, series} = compute.compute(setting);
            const used = series ? [axes[1]] : axes;
            return {...cost, uncovered: used.map((axis) => axis.uncovered), line: compute.torchLine(setting, axes)};
          } catch (error) { return {refused: error.message}; }
        })""",
        settings,
    )
    shown = 0
    for setting, answer in zip(settings, answers, strict=True):
        try:
            told = ArithmeticExplorer.compute(**setting)
        except ValueError as refusal:
            assert answer.get("refused", "").split("=")[0] == str(refusal).split("=")[0], setting
            continue
        shown += 1
        assert tuple(answer["shape"]) == told.shape, setting
        assert tuple(answer["uncovered"]) == told.uncovered
        assert (answer["parameters"], answer["macs"]) == (told.parameters, told.multiply_adds)
        assert answer["memory"] == told.memory
        layer = eval(answer["line"], {"nn": nn})
        axes = (1,) if setting["mode"] in ("1-D", "causal") else (0, 1)
        with torch.no_grad():
            output = layer(torch.zeros(1, setting["channels"][0], *(setting["size"][axis] for axis in axes)))
        assert tuple(output.shape[1:]) == told.shape, answer["line"]
        assert sum(p.numel() for p in layer.parameters()) == told.parameters
    assert shown >= 150


def test_numbers_in_the_cells_are_what_torch_adds_up(engine):
    """A kernel of ones over ones counts the input cells of a window, or of a transposed output cell."""
    rng = random.Random(11)
    compared = 0
    for _ in range(60):
        setting = random_setting(rng) | {"mode": rng.choice(["2-D", "transposed"]), "channels": [1, 1], "bias": False}
        found = engine.evaluate(
            """(setting) => { try {
              const {pictures, axes} = compute.compute(setting);
              return {pictures, line: compute.torchLine(setting, axes)};
            } catch { return null; } }""",
            setting,
        )
        if found is None:
            continue
        layer = eval(found["line"], {"nn": nn})
        for weight in layer.parameters():
            nn.init.ones_(weight)
        with torch.no_grad():
            output = layer(torch.ones(1, 1, *setting["size"]))[0, 0].tolist()
        key = "uses" if setting["mode"] == "transposed" else "holds"
        rows, columns = (
            axis["uses"][axis["real"][0] :][: axis["real"][1]] if key == "uses" else axis["holds"]
            for axis in found["pictures"]
        )
        assert output == [[down * across for across in columns] for down in rows], setting
        compared += 1
    assert compared >= 25


@pytest.mark.parametrize("mode", MODES)
def test_puzzles_have_the_solutions_that_core_finds(engine, mode):
    ranges = engine.evaluate("compute.RANGES")
    assert {name: tuple(ends) for name, ends in ranges.items()} == PUZZLE
    assert set(PUZZLE) < set(LIMITS)
    for n in (4, 7, 9):
        for size in range(1, 14):
            found = engine.evaluate("([mode, n, size]) => compute.solutions(mode, n, size)", [mode, n, size])
            assert found == solutions(mode, n, size)
