"""The lesson on backpropagation as a learner meets it, and its engines held to `cnnlab.core`."""

import random
import re

import numpy as np
import pytest
from playwright.sync_api import expect

from cnnlab.apps.backprop import BackwardExplorer
from cnnlab.apps.backprop_menu import EXAMPLES, OPERATIONS, UPSTREAM
from cnnlab.apps.backprop_train import LEARN, DigitTraining
from cnnlab.core import backprop
from cnnlab.widgets.modules import bundle

pytestmark = pytest.mark.browser

LESSON = "08_backprop"
SETTINGS = 350


def settle(page):
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def part(page, name):
    found = page.get_by_role("region", name=name)
    found.scroll_into_view_if_needed()
    found.locator("canvas").first.wait_for()
    settle(page)
    return found


def explorer_of(page):
    return part(page, "Backpropagation explorer")


def text(root, name):
    settle(root.page)
    return root.locator(f".cnn-{name}").inner_text()


def grid(root, label):
    return root.locator(f'canvas[aria-label^="{label}."]')


def picture(root, label):
    settle(root.page)
    return grid(root, label).evaluate("(canvas) => canvas.toDataURL()")


def choose(root, example):
    root.get_by_label("Example").select_option(example)
    settle(root.page)


@pytest.fixture(scope="module")
def engine(open_page):
    with open_page() as page:
        page.goto("about:blank")
        for name in ("compute", "network"):
            page.evaluate(
                "async ([name, source]) => { window[name] = await import("
                "URL.createObjectURL(new Blob([source], {type: 'text/javascript'}))) }",
                [name, bundle(f"explorers/backprop_{name}.js")],
            )
        yield page


def random_state(rng):
    def table(most):
        whole = rng.random() < 0.5
        rows, cols = rng.randint(1, most), rng.randint(1, most)
        return [[rng.randint(-9, 9) if whole else rng.uniform(-9, 9) for _ in range(cols)] for _ in range(rows)]

    return {
        "operation": rng.choice(OPERATIONS),
        "input": table(8),
        "kernel": table(4),
        "stride": rng.randint(1, 3),
        "padding": rng.randint(0, 3),
        "upstream": rng.choice(UPSTREAM),
    }


def test_the_page_computes_what_core_computes(engine):
    states = [random_state(random.Random(seed)) for seed in range(SETTINGS)]
    answers = engine.evaluate(
        """(states) => states.map((state) => {
          const grid = (rows, cols, value) =>
            Array.from({length: rows}, (_, r) => Array.from({length: cols}, (_, c) => value(r, c)));
          const listed = ({rows, cols, data}) => grid(rows, cols, (r, c) => data[r * cols + c]);
          let result;
          try { result = compute.compute(state); } catch (error) { return {refused: error.message}; }
          const {x, w, rows, cols, output, gradient, byInput, byWeight} = result;
          const told = (part, rows, cols) =>
            grid(rows, cols, (r, c) => compute.explain(result, part, [r, c], w.cols).total);
          return {
            output: listed(output),
            gradient: listed(gradient),
            by_input: listed(byInput),
            by_weight: byWeight && listed(byWeight),
            told: {
              output: told("output", rows, cols),
              by_input: told("input", x.rows, x.cols),
              by_weight: byWeight && told("weight", w.rows, w.cols),
            },
            wide: listed(compute.stretched(result).wide),
          };
        })""",
        states,
    )
    shown = 0
    for state, answer in zip(states, answers, strict=True):
        try:
            expected = BackwardExplorer.compute(**state)
        except ValueError as refusal:
            assert "refused" in answer, (refusal, state)
            continue
        assert "refused" not in answer, (answer, state)
        shown += 1
        for name in ("output", "gradient", "by_input", "by_weight"):
            wanted = getattr(expected, name)
            if wanted is None:
                assert answer[name] is None
                continue
            np.testing.assert_allclose(answer[name], wanted, rtol=1e-9, atol=1e-9, err_msg=f"{name} {state}")
            if name != "gradient":
                np.testing.assert_allclose(
                    answer["told"][name], wanted, rtol=1e-9, atol=1e-9, err_msg=f"{name} {state}"
                )
        if state["operation"] == "convolution":  # what lies under the turned kernel, as core explains it
            x, kernel = np.array(state["input"]), np.array(state["kernel"])
            place = tuple(random.Random(shown).randrange(n) for n in x.shape)
            settings = {"stride": state["stride"], "padding": state["padding"]}
            found = backprop.explain_input(expected.gradient, x, kernel, place, **settings)
            under = np.array(answer["wide"])[tuple(slice(p, p + k) for p, k in zip(place, kernel.shape, strict=True))]
            np.testing.assert_array_equal(under, found.window)
    assert shown >= 150


def test_the_network_in_the_page_is_trained_as_by_core(engine):
    app = DigitTraining()
    rng = random.Random(1)
    states = [{"digit": 3, "learn": LEARN[1], "rate": 0.3, "steps": steps} for steps in (0, 1, 40, 7)]
    states += [
        {
            "digit": rng.randint(0, 9),
            "learn": rng.choice(LEARN),
            "rate": rng.choice([0.1, 0.5, 3]),
            "steps": rng.randint(0, 60),
        }
        for _ in range(12)
    ]
    answers = engine.evaluate(
        """([start, pictures, states]) => {
          const train = network.trainer(start, pictures);
          return states.map((state) => {
            const {losses, weights, gradients, probabilities, maps, byInput} = train(state);
            const listed = (parts) => parts.map((part) => [...part]);
            const [shown, seen, by_input] = listed([probabilities, maps, byInput]);
            const rest = {probabilities: shown, maps: seen, by_input};
            return {losses, weights: listed(weights), gradients: listed(gradients), ...rest};
          });
        }""",
        [app.start, app.pictures, states],
    )
    for state, answer in zip(states, answers, strict=True):
        expected = DigitTraining.compute(**state)
        for name in ("losses", "probabilities", "maps", "by_input"):
            np.testing.assert_allclose(
                answer[name], np.ravel(getattr(expected, name)), rtol=1e-6, atol=1e-9, err_msg=str(state)
            )
        for name in ("weights", "gradients"):
            for found, wanted in zip(answer[name], getattr(expected, name), strict=True):
                np.testing.assert_allclose(found, wanted.ravel(), rtol=1e-6, atol=1e-9, err_msg=str(state))


@pytest.mark.parametrize("place", ["page", "voila"])
def test_a_slider_moved_by_keyboard_changes_picture_and_text(open_lesson, axe_violations, place):
    with open_lesson(place, LESSON) as page:
        root = explorer_of(page)
        before = picture(root, "Gradient of the input"), text(root, "sum")
        assert before[1].startswith("dL/dx[1, 1] =")
        root.get_by_label("Padding", exact=True).focus()
        page.keyboard.press("ArrowRight")
        settle(page)
        assert root.get_by_label("Padding, typed").input_value() == "1"
        assert picture(root, "Gradient of the input") != before[0]
        assert text(root, "sum") != before[1]
        page.keyboard.press("ArrowLeft")
        assert (picture(root, "Gradient of the input"), text(root, "sum")) == before
        training = part(page, "A network learns a digit")
        words = text(training, "train-words")
        training.get_by_role("button", name="One step").press("Enter")
        settle(page)
        assert (
            text(training, "train-words").startswith("1 step with rate 0.3") and text(training, "train-words") != words
        )
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


def test_the_sum_behind_each_number(root):
    choose(root, "One axis, by hand")
    assert text(root, "sum") == "dL/dx[0, 1] = 6·(−1) + 5·4 = 14"
    choose(root, "Stride 2, a cell that no window reads")
    assert "0 (no window reads it)" in text(root, "sum")
    choose(root, "Max pooling: all to the largest")
    assert "Backward, its gradient goes back to that cell alone" in text(root, "summary")
    choose(root, "Average pooling: 1/Q to each")
    assert "·1/4" in text(root, "sum")
    choose(root, "Gradient of a weight")
    assert text(root, "sum").startswith("dL/dw[0, 1] =")
    assert "a correlation of the input with dL/dy" in text(root, "summary")


def test_stepping_pointing_and_keys(root):
    root.get_by_role("button", name="Step", exact=True).click()
    assert text(root, "sum").startswith("dL/dx[1, 2]") and "cell 8 of 25" in text(root, "where")
    grid(root, "Output y").hover()
    assert text(root, "sum").startswith("y[1, 1] =")
    grid(root, "Gradient of the kernel").hover()
    assert text(root, "sum").startswith("dL/dw[1, 1] =")
    root.page.mouse.move(0, 0)
    grid(root, "Gradient of the input").focus()
    root.page.keyboard.press("ArrowDown")
    assert text(root, "sum").startswith("dL/dx[2, 2]")
    root.get_by_label("Weight, row 1, column 1").fill("-4")
    root.get_by_label("Weight, row 1, column 1").press("Enter")
    root.page.mouse.move(0, 0)
    grid(root, "Gradient of the input").focus()
    assert "(−4)·" in text(root, "sum")


def test_what_does_not_fit_is_red(root):
    root.get_by_label("Input size", exact=True).focus()
    root.page.keyboard.press("Home")
    root.get_by_label("Kernel size", exact=True).focus()
    root.page.keyboard.press("End")
    expect(root.locator(".cnn-notice")).to_contain_text("does not fit into the padded input of 3×3")
    root.page.keyboard.press("Home")
    expect(root.locator(".cnn-notice")).to_have_text("")


def test_prediction_names_the_slip(root):
    choose(root, "One axis, by hand")
    root.get_by_role("button", name="Predict a gradient").click()
    settle(root.page)
    assert text(root, "sum") == "Predict the gradient first."
    state = {name: value for name, value in EXAMPLES["One axis, by hand"].items() if name not in ("part", "position")}
    found = BackwardExplorer.compute(**state).by_input[0]
    asked = int(root.locator(".cnn-question span").inner_text().split(", ")[1].rstrip("]?"))
    field, check = root.get_by_label("Predicted gradient"), root.get_by_role("button", name="Check")
    field.fill(str(asked + 1))
    check.click()
    assert "value of the cell, not its gradient" in text(root, "verdict") or "alone" in text(root, "verdict")
    field.fill(str(found[asked]))
    check.click()
    assert text(root, "verdict").startswith("Right")


def test_the_button_trains_while_it_is_held(page):
    page.reload()
    root = part(page, "A network learns a digit")
    kernels = picture(root, "Kernel 1")
    button = root.get_by_role("button", name="One step")
    button.scroll_into_view_if_needed()
    box = button.bounding_box()
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.mouse.down()
    page.wait_for_timeout(1200)
    page.mouse.up()
    settle(page)
    made = int(root.get_by_label("Steps made, typed").input_value())
    assert made >= 4
    assert picture(root, "Kernel 1") != kernels
    button.click()
    settle(page)
    assert int(root.get_by_label("Steps made, typed").input_value()) == made + 1
    root.get_by_label("Steps made", exact=True).focus()
    page.keyboard.press("End")
    assert "Shown a 3, the network says 3 with probability" in text(root, "train-words")
    root.get_by_role("button", name="Start again").click()
    assert picture(root, "Kernel 1") == kernels


def test_gradients_of_autograd_stand_beside_while_they_belong_to_the_layer(open_page):
    app = BackwardExplorer()
    app.put_beside(app.result().by_input, app.result().by_weight)
    traits = {**app.state, "beside": app.beside, "examples": app.examples}
    with open_page() as page:
        page.goto("about:blank")
        page.evaluate(
            """async ([source, traits]) => {
              const file = new Blob([source], {type: "text/javascript"});
              const {default: widget} = await import(URL.createObjectURL(file));
              const model = {get: (name) => traits[name], set() {}, on() {}, off() {}, save_changes() {}};
              widget.render({model, el: document.body});
            }""",
            [bundle("explorers/backprop.js"), traits],
        )
        root = explorer_of(page)
        assert text(root, "beside") == f"autograd: {app.result().by_input[1, 1]:g}"
        root.get_by_label("Stride", exact=True).press("ArrowRight")
        assert text(root, "beside") == "autograd: run its cell again for this layer"
        root.get_by_label("y", exact=True).check()
        settle(page)
        assert root.locator(".cnn-beside").count() == 0


def test_no_formula_is_left_as_its_source(page):
    words = page.locator("main").inner_text()
    assert not re.search(r"\\[a-z]+|\$\S", words)
    assert page.locator("main math").count() > 5


@pytest.mark.parametrize("width", [390, 1280])
def test_no_sideways_scrolling(open_lesson, width):
    with open_lesson("page", LESSON, viewport={"width": width, "height": 720}) as page:
        root = explorer_of(page)
        for example in ("A handwritten digit", "Max pooling: all to the largest", "Stride 2"):
            choose(root, example)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        if width == 1280:
            assert root.bounding_box()["height"] <= 740
