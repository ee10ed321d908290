"""The explorers of channels in process: worked examples, every setting to both ends, random ones, refusals."""

import itertools
import json
import random

import numpy as np
import pytest

from cnnlab.apps import channels_inception, channels_wiring
from cnnlab.apps.channels import LIMITS, ChannelsExplorer
from cnnlab.apps.channels_inception import InceptionExplorer
from cnnlab.apps.channels_menu import EXAMPLES, LAYERS, volumes
from cnnlab.apps.channels_wiring import KINDS, WiringExplorer, shares
from cnnlab.core import images


@pytest.fixture(params=[ChannelsExplorer, WiringExplorer, InceptionExplorer])
def any_app(request):
    app = request.param()
    yield app
    app.close()


@pytest.fixture
def explorer():
    app = ChannelsExplorer()
    yield app
    app.close()


@pytest.fixture
def wiring():
    app = WiringExplorer()
    yield app
    app.close()


@pytest.fixture
def inception():
    app = InceptionExplorer()
    yield app
    app.close()


def put(app, settings):
    for name, value in settings.items():
        setattr(app, name, value)
    return app.result()


def test_opens_on_the_worked_example_with_the_lectures_numbers(explorer):
    worked = images.WORKED["Two filters on three channels"]
    np.testing.assert_array_equal(explorer.result().output, worked.output)


@pytest.mark.parametrize("name", EXAMPLES)
def test_contributions_and_bias_make_up_the_output(explorer, name):
    result = put(explorer, EXAMPLES[name])
    bias = np.array(explorer.bias)[:, None, None]
    np.testing.assert_allclose(result.contributions.sum(axis=1) + bias, result.output)
    assert result.contributions.shape[:2] == (len(explorer.weights), 3)


@pytest.mark.parametrize("name", list(volumes()))
def test_every_input_with_every_setting_at_both_ends(explorer, name):
    explorer.input = name
    for stride, padding in itertools.product(*LIMITS.values()):
        assert put(explorer, {"stride": stride, "padding": padding}).output.min() > -1e4


@pytest.mark.parametrize(
    ("name", "kind", "parameters"),
    [
        ("Conv2d(16, 32, 3) on 64×64", "standard", 4_640),
        ("Conv2d(16, 32, 3) on 64×64", "separable", 688),
        ("Two filters 3×3 on three channels", "standard", 56),
        ("AlexNet, layer 1", "standard", 34_944),
        ("Three channels to four, 5×5", "standard", 3 * 4 * 5 * 5 + 4),
    ],
)
def test_layers_have_the_lectures_parameters(wiring, name, kind, parameters):
    assert put(wiring, {**LAYERS[name], "kind": kind}).wired.parameters == parameters


def test_the_dense_layer_of_the_lecture(wiring):
    result = wiring.result()
    assert result.dense.parameters == 8_590_065_664
    assert (result.wired.weights, result.wired.biases, result.shape) == (4_608, 32, (32, 64, 64))


def test_alexnets_first_layer_as_weights_and_biases(wiring):
    result = put(wiring, LAYERS["AlexNet, layer 1"])
    assert (result.wired.weights, result.wired.biases, result.shape) == (34_848, 96, (96, 55, 55))


@pytest.mark.parametrize("kind", KINDS)
def test_every_wiring_with_every_control_at_both_ends(wiring, kind):
    wiring.kind, answered = kind, 0
    limits = channels_wiring.LIMITS
    names = ("kernel", "size", "stride", "groups")
    for inputs, filters, pad, *values in itertools.product(
        (1, 128), (1, 128), (True, False), *(limits[name] for name in names)
    ):
        settings = {"channels": [inputs, filters], "pad": pad, **dict(zip(names, values, strict=True))}
        try:
            result = put(wiring, settings)
        except ValueError as refusal:
            assert str(refusal).split("=")[0] in ("kernel", "groups")
            continue
        answered += 1
        assert 1 <= result.seen <= inputs
        if kind not in ("separable", "shuffled"):
            assert result.wired.weights <= result.standard.weights
            assert result.wired.multiply_adds == result.wired.weights * result.shape[1] ** 2
    assert answered >= 10


def test_a_shuffle_lets_every_output_see_several_groups(wiring):
    wiring.channels, wiring.groups = [16, 32], 4
    seen = {kind: put(wiring, {"kind": kind}).seen for kind in KINDS}
    assert seen == {"standard": 16, "1×1": 16, "grouped": 4, "depth-wise": 1, "separable": 16, "shuffled": 16}
    assert shares(16, 24) == [1, 2, 4, 8]


def test_inception_at_the_lectures_widths(inception):
    result = inception.result()
    assert round(result.naive_total / 1e6) == 854
    # The lecture prints 358M, which counts the 3x3 layer twice.
    twice = result.total + 28 * 28 * 192 * 3 * 3 * 64
    assert (result.total, round(twice / 1e6)) == (271_351_808, 358)
    assert (result.channels, result.naive_channels) == (480, 672)
    inception.bottlenecks = False
    assert inception.result().total == result.naive_total


def test_inception_with_every_control_at_both_ends_and_between(inception):
    rng = random.Random(1)
    limits = channels_inception.LIMITS
    ends = list(itertools.product(*limits.values()))
    between = [[rng.randint(*ends) for ends in limits.values()] for _ in range(60)]
    for bottlenecks in (True, False):
        for values in [*ends, *between]:
            settings = dict(zip(limits, values, strict=True)) | {"bottlenecks": bottlenecks}
            result = put(inception, settings)
            assert result.total == sum(result.branches.values()) >= 1
            assert bottlenecks or result.total == result.naive_total


@pytest.mark.parametrize(
    ("app", "name", "value"),
    [
        (ChannelsExplorer, "input", "dog"),
        (ChannelsExplorer, "weights", np.ones((4, 3, 3, 3))),
        (ChannelsExplorer, "weights", np.ones((1, 2, 3, 3))),
        (ChannelsExplorer, "bias", [1, 2, 3, 4]),
        (ChannelsExplorer, "stride", 0),
        (ChannelsExplorer, "padding", 3),
        (ChannelsExplorer, "filter", 3),
        (ChannelsExplorer, "position", (-1, 0)),
        (WiringExplorer, "kind", "none"),
        (WiringExplorer, "channels", (0, 1)),
        (WiringExplorer, "channels", 129),
        (WiringExplorer, "kernel", 4),
        (WiringExplorer, "size", 257),
        (WiringExplorer, "pad", 1),
        (WiringExplorer, "groups", 0),
        (InceptionExplorer, "reduce3", 0),
        (InceptionExplorer, "depth", 1.5),
        (InceptionExplorer, "bottlenecks", 0),
    ],
)
def test_bad_settings_are_refused_by_name_and_change_nothing(app, name, value):
    made = app()
    before = made.state
    with pytest.raises(ValueError, match=rf"^{name}.*=.*: \w+"):
        setattr(made, name, value)
    assert made.state == before
    made.close()


def test_settings_can_be_given_at_the_start(any_app):
    copy = type(any_app)(**any_app.state)
    assert json.dumps(copy.state) == json.dumps(any_app.state)
    copy.close()
