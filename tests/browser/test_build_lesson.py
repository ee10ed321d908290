"""The lesson "Build your own" as a learner meets it; its counts held to torch, its code run."""

import random

import pytest
import torch
from playwright.sync_api import expect

from cnnlab import nets
from cnnlab.apps.build import LIMITS, NetworkBuilder
from cnnlab.apps.build_menu import PRESETS
from cnnlab.nets.layer_list import KINDS, build_module

pytestmark = pytest.mark.browser

LESSON = "10_build"
STACKS = 60


@pytest.fixture(scope="module")
def engine(open_page, import_module):
    with open_page() as page:
        page.goto("about:blank")
        import_module(page, "twin", "explorers/build_compute.js")
        import_module(page, "writer", "explorers/build_code.js")
        yield page


def computed(engine, state):
    """(what the page shows of the layers, its code)"""
    return engine.evaluate("(state) => { const r = twin.compute(state); return [r, writer.codeOf(r, state)]; }", state)


def random_state(rng):
    usual = {"conv": {"channels": (1, 12)}, "linear": {"features": (1, 30), "inputs": (0, 0)}}
    layers = []
    for _ in range(rng.randint(0, 8)):
        kind = rng.choice([kind for kind in KINDS if kind not in ("flatten", "linear")])
        ends = {name: usual.get(kind, {}).get(name, known[:2]) for name, known in KINDS[kind].items()}
        layers.append({"kind": kind, **{name: rng.randint(*end) for name, end in ends.items()}})
    layers.append({"kind": "flatten"})
    if rng.random() < 0.5:
        layers.append({"kind": rng.choice(["linear", "norm", "conv"])})
    layers = [
        {"kind": la["kind"], **{n: la.get(n, known[2]) for n, known in KINDS[la["kind"]].items()}} for la in layers
    ]
    return {"size": rng.randint(6, 40), "channels": rng.randint(1, 4), "classes": rng.randint(1, 9), "layers": layers}


def held(engine, state):
    """Compare the page with torch; returns whether the stack fits."""
    shown, code = computed(engine, state)
    size = (1, state["channels"], state["size"], state["size"])
    try:
        module = build_module(state["layers"], state["channels"], state["classes"], state["size"])
    except ValueError as refusal:
        assert shown["broken"]["name"] in str(refusal)
        return False
    assert shown["broken"] is None
    table = nets.summary(module, size)
    for key in ("parameters", "buffers", "multiply_adds", "memory"):
        assert shown["totals"][key] == getattr(table, key), key
    for ours, row in zip(shown["rows"][1:], table, strict=True):
        assert ours["name"] == row.name
        assert (1, *ours["shape"]) == row.output_shape
        known = ours["field"] and "from" not in ours["field"]
        expected = (row.receptive_field[0], row.jump[0], row.start[0]) if row.receptive_field else None
        field = ours["field"]
        assert ((field["size"], field["jump"], field["first"] + field["size"] / 2) if known else None) == expected
    names = {}
    exec(code, names)
    theirs = names["Net"]()
    assert {n: p.shape for n, p in theirs.state_dict().items()} == {n: p.shape for n, p in module.state_dict().items()}
    theirs.load_state_dict(module.state_dict())
    x = torch.rand(size)
    assert torch.equal(theirs.eval()(x), module.eval()(x))
    return True


def test_the_page_computes_what_torch_computes(engine):
    rng = random.Random(10)
    fitting = sum(held(engine, random_state(rng)) for _ in range(STACKS))
    assert STACKS / 4 < fitting < STACKS
    for name, preset in PRESETS.items():
        if name != "AlexNet":  # 62 million random numbers, twice
            assert held(engine, preset) is not name.startswith("Broken")


def test_every_repair_leads_on(engine):
    """Where a stack breaks there are two repairs, and each of them mends that place."""
    rng = random.Random(3)
    repaired = 0
    while repaired < 40:
        state = random_state(rng)
        shown, _ = computed(engine, state)
        if not shown["broken"]:
            continue
        broken = shown["broken"]
        assert len({words for words, _, _ in broken["repairs"]}) == 2
        for _, layers, selected in broken["repairs"]:
            NetworkBuilder(layers=layers)  # Python takes them
            after, _ = computed(engine, {**state, "layers": layers})
            assert after["broken"] is None or after["broken"]["number"] >= min(broken["number"], selected)
            assert (after["broken"] or {}).get("why") != broken["why"] or after["broken"]["name"] != broken["name"]
        repaired += 1


def test_a_learner_builds_breaks_and_repairs(open_lesson, part):
    with open_lesson("voila", LESSON) as page:
        builder = part(page, "Network builder")
        assert "61,706 parameters" in builder.text()
        builder.press("Input size", *["ArrowRight"] * 4)
        assert "linear1 does not fit. It was made for a list of 400 numbers, and gets a list of 576" in builder.text(
            "why"
        )
        builder.button("Average the maps to 5×5 before flattening")
        assert "✓ Every layer fits" in builder.text("why") and "61,706 parameters" in builder.text()
        assert "nn.AdaptiveAvgPool2d(5)" in builder.text("code")

        builder.choose("Start from", "Broken: maps into a dense layer")
        builder.button("Average each map first, then flatten")
        assert "✓ Every layer fits" in builder.text("why")

        table = builder.root.get_by_role("group", name="Layers; arrow keys")
        builder.choose("Start from", "MLP")
        rows = table.locator("tbody tr")
        assert rows.count() == 7
        table.focus()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("d")  # dropout behind relu1
        page.keyboard.press("Alt+ArrowUp")
        builder.settle()
        assert [rows.nth(i).locator("button").inner_text() for i in (2, 3, 4)] == ["linear1", "dropout1 50 %", "relu1"]
        page.keyboard.press("Delete")
        builder.settle()
        assert rows.count() == 7

        grip, target = rows.nth(1).locator(".cnn-grip"), rows.nth(3)
        grip.hover()
        page.mouse.down()
        target.hover()
        page.mouse.up()
        builder.settle()
        assert "linear1 does not fit" in builder.text("why")
        builder.choose("Start from", "MLP")
        builder.root.get_by_role("button", name="Batch norm").hover()
        page.mouse.down()
        rows.nth(2).hover()
        page.mouse.up()
        builder.settle()
        assert rows.nth(3).locator("button").inner_text() == "norm1"

        state = builder.root.get_by_label("State as text", exact=False)
        state.fill("size=16 channels=1 classes=4 layers=conv:8,3,2,1;relu;adaptive;flatten selected=1")
        state.press("Enter")
        builder.settle()
        assert "8×8×8" in rows.nth(1).inner_text() and "116 parameters" in builder.text()
        state.fill("layers=conv:8,99")
        state.press("Enter")
        expect(builder.root.locator(".cnn-notice")).to_contain_text("kernel=99: must be a whole number from 1 to 11")


def test_python_and_page_share_the_network(open_lesson, part, axe_violations):
    with open_lesson("voila", LESSON) as page:
        builder = part(page, "Network builder")
        builder.choose("Start from", "VGG style")
        assert axe_violations(page) == []
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 720})
            assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_limits_are_those_of_the_page(engine):
    shown, _ = computed(engine, {**PRESETS["MLP"], "size": LIMITS["size"][1]})
    assert shown["rows"][1]["shape"] == [256 * 256]
