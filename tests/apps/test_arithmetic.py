"""The arithmetic explorer in process: every example, every setting to both ends, random ones, puzzles, refusals."""

import itertools
import random

import pytest

from cnnlab.apps.arithmetic import LIMITS, MODES, PUZZLE, ArithmeticExplorer, Result, solutions
from cnnlab.apps.arithmetic_menu import EXAMPLES, worked
from cnnlab.core import arithmetic, images


@pytest.fixture
def explorer():
    app = ArithmeticExplorer()
    yield app
    app.close()


def put(explorer, settings):
    for name, value in settings.items():
        setattr(explorer, name, value)
    return explorer.result()


def test_opens_on_a_setting_with_something_left_over(explorer):
    result = explorer.result()
    assert result.shape == (8, 3, 3) and result.uncovered == (1, 1)


def test_every_worked_size_is_an_example_with_the_lectures_numbers(explorer):
    seen = {example.name: put(explorer, settings) for _, settings, example in worked()}
    assert seen.keys() == images.SIZES.keys()
    for name, example in images.SIZES.items():
        assert seen[name].shape[1:] == (example.output, example.output), name
        assert seen[name].uncovered == (example.uncovered, example.uncovered), name


def test_the_layers_of_the_lectures(explorer):
    layers = {name: put(explorer, settings) for name, settings in EXAMPLES["Convolution"].items()}
    six = layers["32×32×3, six filters 5×5×3"]
    assert six.shape == (6, 28, 28)
    alexnet = layers["AlexNet, layer 1: 227×227×3, 96 filters 11×11×3"]
    assert (alexnet.shape, alexnet.parameters, alexnet.multiply_adds) == ((96, 55, 55), 34_944, 105_415_200)


def test_the_transposed_examples(explorer):
    shapes = [put(explorer, settings).shape[1] for settings in EXAMPLES["Transposed convolution"].values()]
    assert shapes == [5, 6, 7, 8, 8]


@pytest.mark.parametrize("name", EXAMPLES["Series"])
def test_series_have_one_axis(explorer, name):
    settings = EXAMPLES["Series"][name]
    result = put(explorer, settings)
    assert len(result.shape) == 2
    if settings["mode"] == "causal":
        assert result.shape[1] == settings["size"][1]


@pytest.mark.parametrize("mode", MODES)
def test_every_control_at_both_ends(explorer, mode):
    answered = 0
    explorer.mode = mode
    for values in itertools.product(*LIMITS.values()):
        try:
            result = put(explorer, dict(zip(LIMITS, values, strict=True)))
        except ValueError as refusal:
            assert str(refusal).split("=")[0] in ("kernel", "padding", "output_padding")
            continue
        answered += 1
        assert min(result.shape) >= 1 and result.parameters >= 2 and result.multiply_adds >= 1
    assert answered >= 20


def test_random_settings_are_those_of_core(explorer):
    rng = random.Random(3)
    for _ in range(200):
        mode = rng.choice(MODES)
        settings = {name: [rng.randint(low, min(high, 9)) for _ in "hw"] for name, (low, high) in LIMITS.items()}
        if mode != "transposed" and rng.random() < 0.4:
            settings["padding"] = rng.choice(arithmetic.NAMED_PADDINGS)
        try:
            result = put(explorer, {"mode": mode, **settings})
        except ValueError:
            continue
        assert isinstance(result, Result)
        assert sum(result.memory.values()) == 4 * (
            result.parameters
            + result.memory["input"] // 4
            + result.shape[0] * result.shape[1] * (result.shape[2] if len(result.shape) == 3 else 1)
        )


@pytest.mark.parametrize("mode", MODES)
def test_puzzles_list_every_solution(mode):
    found = solutions(mode, 6, 8 if mode == "transposed" else 3)
    assert len(found) >= 3
    assert len({tuple(setting.values()) for setting in found}) == len(found)
    for setting in found:
        assert all(low <= setting[name] <= high for name, (low, high) in PUZZLE.items())
    if mode == "2-D":
        assert {"kernel": 4, "stride": 1, "dilation": 1, "padding": 0, "output_padding": 0} in found
        ranges = [range(low, high + 1) for low, high in (PUZZLE["kernel"], PUZZLE["stride"], PUZZLE["padding"])]
        by_hand = [
            (k, s, p, d) for k, s, p in itertools.product(*ranges) for d in (1, 2) if (k > 1 or d == 1)
            if 6 + 2 * p >= d * (k - 1) + 1 and (6 + 2 * p - (d * (k - 1) + 1)) // s + 1 == 3
        ]  # fmt: skip
        assert len(found) == len(by_hand)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mode", "3-D"),
        ("size", 0),
        ("size", 257),
        ("kernel", (3, 12)),
        ("stride", 0),
        ("stride", 1.5),
        ("dilation", (1, 2, 3)),
        ("padding", "some"),
        ("padding", -1),
        ("output_padding", 8),
        ("channels", (0, 1)),
        ("bias", 1),
        ("position", (-1, 0)),
        ("puzzle", 0),
    ],
)
def test_bad_settings_are_refused_by_name_and_change_nothing(explorer, name, value):
    before = explorer.state
    with pytest.raises(ValueError, match=rf"^{name}.*=.*: \w+"):
        setattr(explorer, name, value)
    assert explorer.state == before


def test_settings_that_do_not_go_together_are_refused(explorer):
    explorer.mode, explorer.output_padding = "transposed", 3
    with pytest.raises(ValueError, match="output_padding=3: must be less than the stride 2"):
        explorer.result()
    explorer.output_padding, explorer.padding = 0, "same"
    with pytest.raises(ValueError, match="padding=same"):
        explorer.result()
