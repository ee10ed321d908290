"""The explorers of channels as a learner meets them, and their numbers held to core."""

import random

import numpy as np
import pytest
import torch
from playwright.sync_api import expect
from torch import nn

from cnnlab.apps.channels import ChannelsExplorer
from cnnlab.apps.channels_inception import BRANCHES, InceptionExplorer
from cnnlab.apps.channels_inception import LIMITS as INCEPTION_LIMITS
from cnnlab.apps.channels_wiring import KINDS, WiringExplorer, shares
from cnnlab.core import images
from cnnlab.widgets.modules import bundle

pytestmark = pytest.mark.browser

LESSON = "04_channels"


class Explorer:
    """What a learner sees and does in one of the three."""

    def __init__(self, page, name):
        self.page = page
        self.root = page.get_by_role("region", name=f"{name} explorer")
        self.root.scroll_into_view_if_needed()
        self.settle()

    def settle(self):
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def text(self, part):
        self.settle()
        return self.root.locator(part).inner_text()

    def control(self, label):
        return self.root.get_by_label(label, exact=True)

    def example(self, name):
        self.control("Example").select_option(name)
        self.settle()

    def press(self, name):
        self.root.get_by_role("button", name=name, exact=True).click()
        self.settle()

    def key(self, label, key):
        self.control(label).focus()
        self.page.keyboard.press(key)
        self.settle()

    def costs(self):
        """Rows of the table: name -> parameters, multiply-adds."""
        self.settle()
        rows = self.root.locator("tbody tr").all()
        cells = [[cell.inner_text() for cell in row.locator("th, td").all()] for row in rows]
        return {cell[0]: tuple(int(cell[i].replace(",", "")) for i in (1, -1)) for cell in cells}


@pytest.fixture(scope="module")
def page(open_lesson):
    with open_lesson("page", LESSON) as page:
        page.set_default_timeout(5_000)
        yield page


@pytest.mark.parametrize("place", ["page", "voila"])
def test_a_slider_moved_by_keyboard_changes_picture_and_text(open_lesson, axe_violations, place):
    with open_lesson(place, LESSON) as page:
        channels = Explorer(page, "Channels")
        channels.root.locator(".cnn-ch-sum strong").wait_for()
        canvas = channels.root.locator(".cnn-output canvas").first
        before = canvas.evaluate("(c) => c.toDataURL()"), channels.text(".cnn-summary")
        channels.key("Stride", "ArrowLeft")
        after = canvas.evaluate("(c) => c.toDataURL()"), channels.text(".cnn-summary")
        assert "each 3×3" in before[1] and "each 5×5" in after[1] and before[0] != after[0]
        wiring = Explorer(page, "Wiring")
        before = wiring.root.locator("svg").inner_html(), wiring.text(".cnn-summary")
        wiring.key("Channels in", "ArrowLeft")
        assert wiring.root.locator("svg").inner_html() != before[0]
        assert "15 of 15 input channels" in wiring.text(".cnn-summary") and "16 of 16" in before[1]
        inception = Explorer(page, "Inception")
        before = inception.text(".cnn-ch-module"), inception.text(".cnn-ch-total")
        inception.key("before 5×5", "ArrowLeft")
        assert inception.text(".cnn-ch-module") != before[0] and inception.text(".cnn-ch-total") != before[1]
        assert axe_violations(page, "body" if place == "page" else ".cnnlab") == []


def test_the_worked_example_stepped_cell_by_cell(page):
    page.reload()
    explorer = Explorer(page, "Channels")
    seen = []
    for _ in range(18):
        total = explorer.text(".cnn-ch-sum").split("=")[-1].strip()
        seen.append(int(total.replace("−", "-")))
        explorer.press("Step")
    assert seen == images.WORKED["Two filters on three channels"].output.ravel().tolist()
    assert explorer.text(".cnn-where") == "cell 1 of 18"


def test_a_weight_typed_and_a_bias_change_the_sum(page):
    page.reload()
    explorer = Explorer(page, "Channels")
    box = explorer.root.get_by_role("group", name="Weights for channel 1").get_by_label("Weight, row 2, column 2")
    box.fill("4")
    box.press("Enter")
    assert explorer.text(".cnn-ch-sum") == "output[0, 0, 0] = (−1) + 11 + 1 + bias 1 = 12"
    explorer.control("Bias").fill("-2")
    explorer.control("Bias").press("Enter")
    assert explorer.text(".cnn-ch-sum").endswith("bias (−2) = 9")


def test_one_control_rewires_the_layer_with_the_lectures_numbers(page):
    page.reload()
    explorer = Explorer(page, "Wiring")
    assert explorer.costs()["dense layer"] == (8_590_065_664, 8_589_934_592)
    assert explorer.costs()["standard convolution"] == (4_640, 18_874_368)
    wires = set()
    for kind, parameters in [("1×1", 544), ("grouped", 1_184), ("depth-wise", 160), ("separable", 688)]:
        explorer.control(kind).check()
        assert explorer.costs()[kind][0] == parameters
        wires.add(explorer.root.locator("svg").inner_html())
    explorer.control("shuffled").check()
    assert "Output channel 1 sees 16 of 16 input channels" in explorer.text(".cnn-summary")
    explorer.control("grouped").check()
    assert "Output channel 1 sees 4 of 16 input channels" in explorer.text(".cnn-summary")
    assert len(wires) == 4
    explorer.control("standard").check()
    explorer.example("AlexNet, layer 1")
    assert "34,848 weights + 96 biases = 34,944 parameters" in explorer.text(".cnn-cost")
    explorer.example("Two filters 3×3 on three channels")
    assert explorer.costs()["this wiring"][0] == 56


def test_groups_move_from_divisor_to_divisor(page):
    page.reload()
    explorer = Explorer(page, "Wiring")
    explorer.control("grouped").check()
    expect(explorer.control("Groups")).to_be_enabled()
    found = []
    for _ in range(4):
        found.append(explorer.control("Groups, typed").input_value())
        explorer.key("Groups", "ArrowRight")
    assert found == ["4", "8", "16", "16"]
    explorer.control("Filters, typed").fill("12")
    explorer.control("Filters, typed").press("Enter")
    explorer.settle()
    assert explorer.control("Groups, typed").input_value() == "4"
    assert explorer.text(".cnn-notice") == ""


def test_a_redraw_leaves_alone_what_is_being_typed(page):
    page.reload()
    explorer = Explorer(page, "Wiring")
    explorer.control("Filters, typed").fill("24")
    explorer.root.locator("svg rect[data-unit]").nth(5).hover()
    assert "Output channel 6" in explorer.text(".cnn-summary")
    explorer.control("Filters, typed").press("Enter")
    assert "24 biases" in explorer.text(".cnn-cost")


def test_a_wrong_prediction_names_its_slip(page):
    page.reload()
    explorer = Explorer(page, "Wiring")
    explorer.press("Predict the parameters")
    assert "4,640" not in explorer.root.inner_text()
    for answer, word in [("4608", "biases are missing"), ("320", "as deep as its input"), ("4,640", "Right: 4,640")]:
        explorer.control("Predicted parameters").fill(answer)
        explorer.press("Check")
        expect(explorer.root.get_by_role("status").first).to_contain_text(word)


def test_inception_is_recomputed_live(page):
    page.reload()
    explorer = Explorer(page, "Inception")
    assert explorer.text(".cnn-ch-total").startswith("271,351,808 multiply-adds (271M), 32 %")
    assert "854M" in explorer.text(".cnn-ch-total") and "358M" in explorer.text(".cnn-summary")
    explorer.control("naive").check()
    assert explorer.text(".cnn-ch-total").startswith("854,196,224")
    explorer.control("bottlenecks").check()
    explorer.settle()
    for label in ("before 3×3", "before 5×5", "after pooling"):
        explorer.key(label, "End")
    assert int(explorer.text(".cnn-ch-total").split()[0].replace(",", "")) > 854_196_224


@pytest.mark.parametrize("width", [390, 1280])
def test_no_sideways_scrolling(open_lesson, width):
    with open_lesson("page", LESSON, viewport={"width": width, "height": 720}) as page:
        channels, wiring = Explorer(page, "Channels"), Explorer(page, "Wiring")
        channels.example("Flower: how red, how bright")
        wiring.control("shuffled").check()
        wiring.settle()
        assert page.evaluate("document.documentElement.scrollWidth") <= width


# The page's numbers and lines of PyTorch, held to core and to torch.


@pytest.fixture(scope="module")
def engine(page):
    page.evaluate(
        "async (source) => { window.compute = await import("
        "URL.createObjectURL(new Blob([source], {type: 'text/javascript'}))) }",
        bundle("explorers/channels_compute.js"),
    )
    return page


def test_the_page_takes_layers_apart_as_core_does(engine):
    rng = np.random.default_rng(5)
    for _ in range(100):
        volume = rng.integers(-9, 10, (3, *rng.integers(3, 9, 2)))
        setting = {
            "weights": rng.integers(-3, 4, (rng.integers(1, 4), 3, 3, 3)).tolist(),
            "stride": int(rng.integers(1, 5)),
            "padding": int(rng.integers(0, 3)),
        }
        setting["bias"] = rng.integers(-3, 4, len(setting["weights"])).tolist()
        told = ChannelsExplorer.compute(volume=volume, **setting)
        parts, output = engine.evaluate(
            """([volume, setting]) => {
              const channels = volume.map((rows) => ({rows: rows.length, cols: rows[0].length, data: rows.flat()}));
              const {parts, output} = compute.layer(channels, setting);
              return [parts.map((one) => one.map(({data}) => [...data])), output.map(({data}) => [...data])];
            }""",
            [volume.tolist(), setting],
        )
        np.testing.assert_array_equal(np.reshape(parts, told.contributions.shape), told.contributions)
        np.testing.assert_array_equal(np.reshape(output, told.output.shape), told.output)


def random_wiring(rng):
    channels = [rng.choice([1, 2, 3, 4, 6, 8, 12]) for _ in "io"]
    return {
        "kind": rng.choice(KINDS),
        "channels": channels,
        "kernel": rng.choice([1, 3, 5]),
        "size": rng.randint(1, 9),
        "stride": rng.randint(1, 3),
        "pad": rng.random() < 0.6,
        "groups": rng.choice(shares(*channels)) if rng.random() < 0.9 else 5,
    }


def test_the_page_counts_as_core_and_torch_do(engine):
    rng = random.Random(9)
    settings = [random_wiring(rng) for _ in range(250)]
    answers = engine.evaluate(
        """(settings) => settings.map((setting) => {
          try {
            const found = compute.wiring(setting);
            const last = found.stages.columns.at(-1).count;
            const seen = Array.from({length: last}, (_, unit) => compute.reaching(found.stages, unit)[0].size);
            return {...found, stages: null, seenBy: seen, line: compute.torchLine(found, setting)};
          } catch (error) { return {refused: error.message}; }
        })""",
        settings,
    )
    shown = 0
    for setting, answer in zip(settings, answers, strict=True):
        try:
            told = WiringExplorer.compute(**setting)
        except ValueError as refusal:
            assert answer.get("refused", "").split("=")[0] == str(refusal).split("=")[0], setting
            continue
        shown += 1
        for name in ("wired", "standard", "dense"):
            cost = getattr(told, name)
            found = answer[name]
            assert (found["weights"], found["biases"], found["macs"]) == (
                cost.weights,
                cost.biases,
                cost.multiply_adds,
            ), setting
        assert (answer["filters"], answer["output"], answer["seen"]) == (told.shape[0], told.shape[1], told.seen)
        assert set(answer["seenBy"]) == {told.seen}, setting
        built = eval(answer["line"], {"nn": nn})
        assert sum(p.numel() for p in built.parameters()) == told.wired.parameters, answer["line"]
        with torch.no_grad():
            output = built(torch.zeros(1, setting["channels"][0], setting["size"], setting["size"]))
        assert tuple(output.shape[1:]) == told.shape
    assert shown >= 150


def test_the_shuffle_is_torchs(engine):
    for channels, groups in [(8, 2), (12, 3), (12, 4), (6, 6), (5, 1)]:
        sources = engine.evaluate(
            "([n, g]) => Array.from({length: n}, (_, i) => compute.shuffledFrom(i, n, g))", [channels, groups]
        )
        numbered = torch.arange(channels, dtype=torch.float32).reshape(1, channels, 1, 1)
        assert sources == nn.ChannelShuffle(groups)(numbered).flatten().int().tolist()


def test_the_page_counts_inception_as_core_does(engine):
    rng = random.Random(4)
    filters = {name: layers[-1][1] for name, layers in BRANCHES.items() if name != "pool"}
    for _ in range(100):
        setting = {name: rng.randint(*ends) for name, ends in INCEPTION_LIMITS.items()}
        setting["bottlenecks"] = rng.random() < 0.7
        told = InceptionExplorer.compute(**setting)
        found = engine.evaluate("([state, filters]) => compute.inception(state, filters)", [setting, filters])
        assert found["totals"] == told.branches and found["naive"] == told.naive
        assert (found["total"], found["naiveTotal"]) == (told.total, told.naive_total)
        assert (found["channels"], found["naiveChannels"]) == (told.channels, told.naive_channels)
