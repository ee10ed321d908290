"""The explorers of the pooling lesson in process: every setting to both ends, every example, every refusal."""

import random

import numpy as np
import pytest

from cnnlab.apps import equivariance, pooling, pooling_axes
from cnnlab.apps.equivariance import EquivarianceExplorer
from cnnlab.apps.pooling import PoolingExplorer
from cnnlab.apps.pooling_axes import AxesClassifier
from cnnlab.core import images


@pytest.fixture
def explorer():
    app = PoolingExplorer()
    yield app
    app.close()


@pytest.fixture
def layers():
    app = EquivarianceExplorer()
    yield app
    app.close()


@pytest.fixture
def classifier():
    app = AxesClassifier()
    yield app
    app.close()


def choose(app, state):
    for setting, value in state.items():
        setattr(app, setting, value)
    return app.result()


def test_the_lectures_numbers(explorer):
    result = choose(explorer, pooling.EXAMPLES["The lecture’s 10×10: 11, 13, … 99"])
    expected = [[11 + 2 * column + 20 * row for column in range(5)] for row in range(5)]
    np.testing.assert_array_equal(result.output, expected)
    assert result.output[-1, -1] == 99
    np.testing.assert_array_equal(result.winners, expected)  # each number stands at its own place


@pytest.mark.parametrize("name", list(pooling.EXAMPLES))
def test_every_example_of_pooling(explorer, name):
    result = choose(explorer, pooling.EXAMPLES[name])
    assert result.output.shape == (result.rows.result, result.columns.result)
    assert result.everything["min"] <= result.everything["average"] <= result.everything["max"]


@pytest.mark.parametrize("name", list(pooling.inputs()))
@pytest.mark.parametrize("mode", ["max", "average", "min"])
def test_every_slider_at_both_ends(explorer, name, mode):
    explorer.input, explorer.mode = name, mode
    for size in pooling.LIMITS["size"]:
        for stride in pooling.LIMITS["stride"]:
            for padding in (0, size // 2):
                explorer.size, explorer.stride, explorer.padding = size, stride, padding
                assert np.isfinite(explorer.result().output).all()


def test_padding_never_wins_but_is_averaged(explorer):
    image = -np.ones((4, 4), int)
    settings = {"image": image, "size": 2, "stride": 2, "padding": 1}
    assert (PoolingExplorer.compute(**settings, mode="max").output == -1).all()
    assert PoolingExplorer.compute(**settings, mode="average").output[0, 0] == -0.25


def test_more_padding_than_half_a_window_is_refused(explorer):
    explorer.padding = 3
    with pytest.raises(ValueError, match="padding=3: must be at most half of the size, 1"):
        explorer.result()


@pytest.mark.parametrize(
    ("name", "value"),
    [("size", 0), ("size", 7), ("stride", 0), ("padding", 4), ("mode", "median"), ("input", "dog"), ("position", 1.5)],
)
def test_bad_settings_of_pooling_are_refused_by_name(explorer, name, value):
    before = explorer.state
    with pytest.raises(ValueError, match=rf"^{name}=.*: \w+"):
        setattr(explorer, name, value)
    assert explorer.state == before


@pytest.mark.parametrize("name", list(equivariance.EXAMPLES))
def test_every_example_of_shifts(layers, name):
    result = choose(layers, equivariance.EXAMPLES[name])
    assert np.isfinite([result.error, *result.curve, *result.other_curve]).all()
    assert result.curve[layers.right] == result.error


@pytest.mark.parametrize("kernel", equivariance.OFFERED)
@pytest.mark.parametrize("kind", equivariance.POOLINGS)
def test_without_stride_in_a_circle_both_ways_agree_exactly(layers, kernel, kind):
    state = {"kernel": kernel, "pooling": kind, "stride": 1, "blur": True, "right": 5, "down": 3}
    result = choose(layers, state)
    assert result.error == max(result.curve) == 0
    assert result.averages[0] == pytest.approx(result.averages[1])
    assert result.maxima[0] == pytest.approx(result.maxima[1])


@pytest.mark.parametrize("stride", [2, 3, 4])
def test_with_a_stride_only_its_multiples_agree(layers, stride):
    result = choose(layers, {"stride": stride, "down": 0})
    agreeing = [shift for shift, error in enumerate(result.curve) if error == 0]
    assert agreeing == list(range(0, 9, stride))


def test_borders_break_it_and_a_blur_softens_a_stride(layers):
    assert choose(layers, equivariance.EXAMPLES["Borders: zeros come in"]).error > 10
    for plain, blurred in [
        ("Max pooling, stride 2", "Max pooling, stride 2, blurred first"),
        ("Zhang’s signal", "Zhang’s signal, blurred first"),
        ("Aliasing: fine stripes, every 2nd pixel", "No aliasing: blurred first"),
    ]:
        first = choose(layers, equivariance.EXAMPLES[plain])
        second = choose(layers, equivariance.EXAMPLES[blurred])
        assert 0 < second.error < 0.7 * first.error
        assert first.other_curve == second.curve


def test_zhangs_signal_has_the_papers_numbers(layers):
    choose(layers, equivariance.EXAMPLES["Zhang’s signal"])
    np.testing.assert_array_equal(layers.result().map, [[0, 1, 0, 1]])
    np.testing.assert_array_equal(layers.result().before, [[1] * 8])
    layers.blur = True
    np.testing.assert_array_equal(layers.result().map, [[0.5, 1, 0.5, 1]])
    np.testing.assert_array_equal(layers.result().before, [[0.75] * 8])


def test_random_settings_of_the_layer(layers):
    rng = random.Random(2)
    for _ in range(30):
        layers.input, layers.kernel = rng.choice(list(equivariance.inputs())), rng.choice(equivariance.OFFERED)
        layers.pooling, layers.border = rng.choice(equivariance.POOLINGS), rng.choice(equivariance.BORDERS)
        layers.blur = rng.random() < 0.5
        for name, ends in equivariance.LIMITS.items():
            setattr(layers, name, rng.randint(*ends))
        assert np.isfinite(layers.result().error)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("size", 1),
        ("size", 5),
        ("stride", 0),
        ("right", 9),
        ("down", -1),
        ("blur", 1),
        ("kernel", "Emboss"),
        ("pooling", "min"),
        ("border", "reflect"),
        ("input", "dog"),
    ],
)
def test_bad_settings_of_the_layer_are_refused_by_name(layers, name, value):
    with pytest.raises(ValueError, match=rf"^{name}=.*: \w+"):
        setattr(layers, name, value)


def test_the_lectures_axes(classifier):
    result = classifier.result()
    for name in ("vertical", "horizontal"):
        np.testing.assert_array_equal(result.maps[name], images.WORKED[f"Axes, {name}"].output)
    assert (result.maxima, result.axes) == ({"vertical": 2, "horizontal": 4}, True)


@pytest.mark.parametrize(
    ("name", "axes"),
    [
        ("A clean pair of axes", True),
        ("The same, moved", True),
        ("A vertical line alone", False),
        ("A horizontal line alone", False),
        ("A diagonal", False),
        ("All bright", False),
        ("A hole where they should cross", True),
    ],
)
def test_what_the_classifier_says(classifier, name, axes):
    classifier.image = pooling_axes.EXAMPLES[name]
    assert classifier.result().axes is axes


def test_the_classifier_at_both_ends(classifier):
    for value in (-pooling_axes.MOST, pooling_axes.MOST):
        for threshold in (0, 4):
            classifier.image, classifier.threshold = np.full((4, 4), value), threshold
            assert np.isfinite(list(classifier.result().maxima.values())).all()


@pytest.mark.parametrize(
    ("name", "value"),
    [("image", [[1, 2], [3, 4]]), ("image", np.full((4, 4), 10)), ("image", "x"), ("threshold", 5), ("threshold", "x")],
)
def test_bad_settings_of_the_classifier_are_refused_by_name(classifier, name, value):
    with pytest.raises(ValueError, match=rf"^{name}.*=.*: \w+"):
        setattr(classifier, name, value)
