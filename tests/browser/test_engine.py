"""The page's engine held to `cnnlab.core`, and the line of PyTorch it writes held to torch."""

import random

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from cnnlab.core import arithmetic, convolution, slips
from cnnlab.plots import paint
from cnnlab.widgets.modules import bundle

SETTINGS = 400
MODES = ("zeros", "reflect", "replicate", "circular", "constant")

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page(open_page):
    with open_page() as page:
        page.goto("about:blank")
        for name, entry in {
            "engine": "convolution.js",
            "facts": "explorers/convolution_facts.js",
            "palette": "colours.js",
        }.items():
            page.evaluate(
                "async ([name, source]) => { window[name] = await import("
                "URL.createObjectURL(new Blob([source], {type: 'text/javascript'}))) }",
                [name, bundle(entry)],
            )
        yield page


@pytest.fixture(scope="module")
def settings():
    return [random_setting(random.Random(seed)) for seed in range(SETTINGS)]


def random_setting(rng):
    whole = rng.random() < 0.5
    draw = (lambda: rng.randint(-9, 9)) if whole else (lambda: rng.uniform(-9, 9))
    table = lambda rows, cols: [[draw() for _ in range(cols)] for _ in range(rows)]  # noqa: E731
    rows, cols = rng.randint(1, 14), rng.randint(1, 14)
    return {
        "image": table(rows, cols),
        "kernel": table(rng.randint(1, 6), rng.randint(1, 6)),
        "flip": rng.random() < 0.5,
        "stride": [rng.randint(1, 4), rng.randint(1, 4)],
        "dilation": [rng.randint(1, 3), rng.randint(1, 3)],
        "padding": rng.choice(["valid", "same", "full", [rng.randint(0, 7), rng.randint(0, 7)]]),
        "padding_mode": rng.choice(MODES),
        "fill": draw(),
        "whole": whole,
    }


def in_page(page, settings):
    """[{rows, cols, data, uncovered, line, axes}] from the page, or {refused} where it shows a red sentence."""
    return page.evaluate(
        """(settings) => settings.map((setting) => {
          const table = (rows) => ({rows: rows.length, cols: rows[0].length, data: Float64Array.from(rows.flat())});
          const state = {...setting, image: table(setting.image), kernel: table(setting.kernel)};
          let result;
          try { result = engine.compute(state); } catch (error) { return {refused: error.message}; }
          const {axes, output: {rows, cols, data}} = result;
          return {axes, rows, cols, data: [...data], line: facts.torchLine(axes, setting),
                  slips: axes.map((axis) => [...engine.slips(axis)])};
        })""",
        settings,
    )


def in_core(setting):
    slide = convolution.convolve if setting["flip"] else convolution.correlate
    names = ("stride", "padding", "dilation", "padding_mode")
    return slide(setting["image"], setting["kernel"], **{n: setting[n] for n in names}, value=setting["fill"])


def test_the_page_computes_what_core_computes(page, settings):
    shown = 0
    for setting, answer in zip(settings, in_page(page, settings), strict=True):
        try:
            expected = in_core(setting)
        except ValueError as refusal:
            assert "refused" in answer, f"core refuses ({refusal}), the page does not: {setting}"
            continue
        assert "refused" not in answer, f"the page refuses ({answer}), core does not: {setting}"
        shown += 1
        output = np.reshape(answer["data"], (answer["rows"], answer["cols"]))
        if setting["whole"]:
            np.testing.assert_array_equal(output, expected)
        else:
            np.testing.assert_allclose(output, expected, rtol=1e-6, atol=1e-9)
        for axis, found in enumerate(answer["axes"]):
            told = explanation(setting, axis)
            assert (found["size"], found["uncovered"], tuple(found["pads"])) == (
                told.result,
                told.uncovered,
                told.padding,
            )
    assert shown >= 200, f"only {shown} settings had an output"


def explanation(setting, axis, function=arithmetic.explain):
    n = (len(setting["image"]), len(setting["image"][0]))[axis]
    taps = (len(setting["kernel"]), len(setting["kernel"][0]))[axis]
    padding = setting["padding"] if isinstance(setting["padding"], str) else setting["padding"][axis]
    return function(n, taps, setting["stride"][axis], padding, setting["dilation"][axis])


def test_the_line_of_pytorch_gives_the_same_picture(page, settings):
    compared = 0
    for setting, answer in zip(settings, in_page(page, settings), strict=True):
        if "refused" in answer:
            continue
        x, w = (torch.tensor(setting[name], dtype=torch.float64)[None, None] for name in ("image", "kernel"))
        output = eval(answer["line"], {"F": F, "x": x, "w": w})[0, 0].numpy()
        np.testing.assert_allclose(output, in_core(setting), rtol=1e-9, atol=1e-9, err_msg=answer["line"])
        compared += 1
    assert compared >= 200


def test_the_slips_are_those_of_core(page, settings):
    several = 0
    for setting, answer in zip(settings, in_page(page, settings), strict=True):
        if "refused" in answer:
            continue
        for axis in (0, 1):
            told = explanation(setting, axis, slips.output_size_slips)
            assert dict(answer["slips"][axis]) == told
            several += len(told) > 2
    assert several >= 50


@pytest.mark.parametrize("scale", ["grey", "signed"])
def test_python_paints_in_the_colours_of_the_page(page, scale):
    values = np.linspace(-1.2, 1.2, 101)
    there = page.evaluate(
        """([scale, values]) => values.map((value) =>
             palette.cellColour(scale === "grey" ? palette.greyScale(-1, 1) : palette.signedScale(1), value))""",
        [scale, values.tolist()],
    )
    here = paint.colours(values[None], scale, low=-1, high=1)[0]
    np.testing.assert_allclose(here, there, atol=1)
