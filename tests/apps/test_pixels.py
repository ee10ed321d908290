"""The explorers of the first lesson in process: every setting to both ends, every example, every refusal."""

import random

import numpy as np
import pytest

from cnnlab.apps import hubel_wiesel, pixels, pixels_cost
from cnnlab.apps.hubel_wiesel import HubelWiesel
from cnnlab.apps.pixels import PixelsExplorer
from cnnlab.apps.pixels_cost import DenseAgainstConvolution


@pytest.fixture(params=[PixelsExplorer, HubelWiesel, DenseAgainstConvolution])
def any_explorer(request):
    app = request.param()
    yield app
    app.close()


@pytest.fixture
def explorer():
    app = PixelsExplorer()
    yield app
    app.close()


@pytest.fixture
def cells():
    app = HubelWiesel()
    yield app
    app.close()


@pytest.fixture
def layers():
    app = DenseAgainstConvolution()
    yield app
    app.close()


def limits(app):
    modules = {PixelsExplorer: pixels, HubelWiesel: hubel_wiesel, DenseAgainstConvolution: pixels_cost}
    return next(module.LIMITS for kind, module in modules.items() if isinstance(app, kind))


def finite(result):
    values = [value for value in vars(result).values() if not isinstance(value, dict)]
    return all(np.isfinite(value).all() for value in values)


def test_every_slider_at_both_ends_and_in_random_combinations(any_explorer):
    for name, (low, high) in limits(any_explorer).items():
        for value in (low, high):
            setattr(any_explorer, name, value)
            assert finite(any_explorer.result())
    rng = random.Random(1)
    for _ in range(20):
        for name, (low, high) in limits(any_explorer).items():
            setattr(any_explorer, name, rng.randint(low, high))
        assert finite(any_explorer.result())


def test_what_no_slider_reaches_is_refused_by_name(any_explorer):
    before = any_explorer.state
    for name, (low, high) in limits(any_explorer).items():
        for value in (low - 1, high + 1, "x"):
            with pytest.raises(ValueError, match=rf"^{name}=.*: \w+"):
                setattr(any_explorer, name, value)
    assert any_explorer.state == before


@pytest.mark.parametrize(
    ("name", "value"),
    [("input", "dog"), ("channels", "two"), ("zoom", 4), ("zoom", 27), ("position", (0, 96)), ("position", 1.5)],
)
def test_other_bad_settings_of_the_pixels(explorer, name, value):
    with pytest.raises(ValueError, match=rf"^{name}=.*: \w+"):
        setattr(explorer, name, value)


@pytest.mark.parametrize("name", list(pixels.EXAMPLES))
def test_every_example_moves_the_picture(explorer, name):
    for setting, value in explorer.examples[name].items():
        setattr(explorer, setting, value)
    assert explorer.result().mean_squared > 0


def test_a_few_pixels_are_farther_than_other_pictures(explorer):
    result = explorer.result()
    nearer = {name for name, far in result.others.items() if far < result.mean_squared}
    assert {"an even card", "Cat"} <= nearer
    explorer.input, explorer.right = "Grass", 4
    assert explorer.result().others["Brick"] < explorer.result().mean_squared


def test_nothing_moved_is_no_distance(explorer):
    explorer.right = 0
    assert explorer.result().mean_squared == 0


def test_the_lectures_photograph_and_layer(layers):
    assert layers.result().values == 260 * 194 * 3
    for setting, value in pixels_cost.EXAMPLES["Inside a network: 16 to 32 channels, 64×64"].items():
        setattr(layers, setting, value)
    result = layers.result()
    assert (result.values, result.outputs, result.convolution) == (65_536, 131_072, 4_640)
    assert result.dense == 8_590_065_664
    layers.dense = "few"
    assert layers.result().dense == 100 * 65_537


def test_a_dense_layer_grows_sixteenfold_where_the_convolution_stays(layers):
    layers.height, layers.width = 64, 64
    small = layers.result()
    layers.height, layers.width = 128, 128
    large = layers.result()
    assert large.dense / small.dense == pytest.approx(16, rel=1e-3)
    assert large.convolution == small.convolution


def test_the_simple_cell_wants_its_angle_and_its_place(cells):
    cells.offset = 0
    for preferred in (0, 45, 90, 135):
        cells.preferred = cells.angle = preferred
        result = cells.result()
        best = hubel_wiesel.ANGLES[result.by_angle[:, 0].argmax()]
        assert abs(best - preferred) <= 2
        assert result.by_angle[:, 0].max() > 8 * np.median(result.by_angle[:, 0])
        assert hubel_wiesel.OFFSETS[result.by_offset[:, 0].argmax()] == 0


def test_the_complex_cell_tolerates_place_and_contrast(cells):
    cells.angle = cells.preferred = 90
    cells.offset = 0
    simple, complex_ = cells.result().by_offset.T
    wide = [(answers >= answers.max() / 2).sum() for answers in (simple, complex_)]
    assert wide[1] > 2 * wide[0]
    light = cells.result()
    cells.light = False
    dark = cells.result()
    assert light.simple > 50 and dark.simple == 0
    assert dark.complex == pytest.approx(light.complex)
