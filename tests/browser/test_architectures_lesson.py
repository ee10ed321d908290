"""The lesson on architectures as a learner meets it, and its engine held to `cnnlab.core`."""

import random
import re

import pytest

from cnnlab.apps import architectures_menu as menu
from cnnlab.apps.architectures import ALONE, NetworkExplorer
from cnnlab.apps.architectures_change import CHANGES, OneChange

pytestmark = pytest.mark.browser

LESSON = "09_architectures"
EXPLORER = "Network explorer"


@pytest.fixture(scope="module")
def page(open_lesson):
    with open_lesson("page", LESSON) as page:
        page.set_default_timeout(5_000)
        yield page


@pytest.fixture
def explorer(page, part):
    page.reload()
    return part(page, EXPLORER)


def random_state(rng):
    names = list(menu.networks())
    state = {"network": rng.choice(names), "other": rng.choice([ALONE, *names])}
    state |= {name: rng.randint(0, 400) for name in ("layer", "other_layer")}
    return state | {"place": [rng.choice([0, 1, rng.random()]) for _ in range(2)]}


def test_the_page_computes_what_core_computes(open_page, import_module):
    rng = random.Random(0)
    states = [random_state(rng) for _ in range(120)]
    changes = [
        {"change": change, "channels": 4 * rng.randint(4, 256), "side": rng.randint(4, 112)}
        for change in CHANGES
        for _ in range(10)
    ]
    with open_page() as page:
        page.goto("about:blank")
        import_module(page, "engine", "explorers/architectures_compute.js")
        import_module(page, "change", "explorers/architectures_change.js")
        answers = page.evaluate(
            "([states, networks]) => states.map((state) => engine.compute(state, networks))", [states, menu.networks()]
        )
        counted = page.evaluate("(states) => states.map(change.compute)", changes)
    for state, answer in zip(states, answers, strict=True):
        views = NetworkExplorer.compute(**state)
        expected = [[list(v.unit), [list(a) for a in v.field], [list(a) for a in v.whole]] for v in views]
        assert [[v["unit"], v["field"], v["whole"]] for v in answer] == expected, state
    for state, answer in zip(changes, counted, strict=True):
        sides = OneChange.compute(**state)
        expected = [[side.parameters, side.multiply_adds, side.field] for side in sides]
        assert [[side["parameters"], side["multiply_adds"], side["field"]] for side in answer] == expected, state


def rows(explorer, panel=0):
    explorer.settle()
    table = explorer.root.locator(".cnn-arch-panel").nth(panel).locator("tbody tr")
    return [re.sub(r"^[▸▾]\s*", "", text).split("\t") for text in table.all_inner_texts()]


def test_alexnets_table(explorer):
    lines = [[re.sub(r"\s+", " ", cell).strip() for cell in row] for row in rows(explorer)]
    assert len(lines) == 12
    assert lines[0][1:] == ["55×55×96", "34,944", "105,415,200", "11×11"]
    assert lines[9][1:] == ["4,096", "37,752,832", "37,748,736", "355×355"]
    assert "62,378,344" in explorer.text("arch-title")
    assert "94 % of the parameters" in explorer.text("arch-share")
    assert "sees 51×51 pixels" in explorer.text("arch-words")


def test_blocks_open_and_close_and_layers_are_chosen(explorer):
    explorer.choose("Network", "resnet50")
    closed = len(rows(explorer))
    before = explorer.seen()
    explorer.button("Open layer1.0")
    assert len(rows(explorer)) == closed + 12
    explorer.root.get_by_title("layer1.0.conv2", exact=True).click()
    assert "conv 3×3, 64 (layer1.0.conv2) sees 19×19 pixels" in explorer.text("arch-words")
    assert explorer.seen() != before
    explorer.press("Close layer1.0", "Enter")
    assert len(rows(explorer)) == closed
    explorer.root.locator(".cnn-skyline-bar").last.click()
    assert "sees the whole picture" in explorer.text("arch-words")


def test_two_networks_and_one_place(explorer):
    explorer.choose("Network", "vgg16")
    explorer.choose("Beside it", "resnet50")
    heights = explorer.seen(".cnn-skyline")
    assert len(heights) == 2
    canvases = explorer.root.locator(".cnn-input canvas")
    box = canvases.first.bounding_box()
    explorer.page.mouse.click(box["x"] + box["width"] * 0.7, box["y"] + box["height"] * 0.7)
    explorer.page.mouse.move(0, 0)
    explorer.settle()
    words = explorer.root.locator(".cnn-arch-words").all_inner_texts()
    assert all("pixels" in text for text in words)
    first = [int(re.search(r"rows (\d+)", text)[1]) for text in words]
    assert all(start > 90 for start in first)
    explorer.choose("Beside it", "none")
    assert explorer.root.locator(".cnn-arch-panel:visible").count() == 1


def test_one_change(page, part):
    change = part(page, "One change")
    assert "55 %" in change.root.inner_text()
    change.control("dense layers → global pooling").check()
    change.press("Channels", "End")
    change.press("Map side", "Home")
    before, after = OneChange.compute(change="head", channels=1024, side=4)
    assert f"{before.parameters:,}" in change.root.inner_text()
    assert f"{after.multiply_adds:,}" in change.root.inner_text()


def test_the_figures_as_a_table_without_plotly(page):
    assert page.locator("td", has_text="NASNetLarge").count() == 1


def test_no_formula_is_left_as_its_source(page):
    assert not re.search(r"\\[a-z]+|\$\S", page.locator("main").inner_text())


def test_the_page_is_accessible(open_lesson, part, axe_violations):
    for scheme in ("light", "dark"):
        with open_lesson("page", LESSON, color_scheme=scheme) as page:
            explorer = part(page, EXPLORER)
            explorer.choose("Beside it", "resnet50")
            part(page, "One change")
            assert axe_violations(page) == []


@pytest.mark.parametrize("width", [390, 1280])
def test_no_sideways_scrolling(open_lesson, part, width):
    with open_lesson("page", LESSON, viewport={"width": width, "height": 720}) as page:
        explorer = part(page, EXPLORER)
        if width == 1280:
            assert explorer.root.bounding_box()["height"] <= 720
        explorer.choose("Beside it", "inception_v3")
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_chart_under_voila_asks_nothing_of_other_hosts(open_lesson):
    with open_lesson("voila", LESSON) as page:
        chart = page.locator(".js-plotly-plot")
        chart.wait_for(timeout=60_000)
        chart.scroll_into_view_if_needed()
        chart.get_by_text("multiply-adds", exact=True).first.click()
        chart.locator(".xtitle", has_text="multiply-adds").wait_for()
