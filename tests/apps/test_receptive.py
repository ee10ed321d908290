"""The receptive-field apps in process: presets, both ends of every control, refusals, the measured fields."""

import itertools
import random

import numpy as np
import pytest

from cnnlab.apps import receptive_effective as effective
from cnnlab.apps.receptive import LIMITS, MOST_LAYERS, ReceptiveFields
from cnnlab.apps.receptive_compare import LIMITS as COMPARED
from cnnlab.apps.receptive_compare import KernelComparison
from cnnlab.apps.receptive_menu import PRESETS, SIDE, layer
from cnnlab.core import receptive_field


@pytest.fixture
def explorer():
    app = ReceptiveFields()
    yield app
    app.close()


def preset(name):
    return ReceptiveFields(**PRESETS[name])


def columns(name):
    result = preset(name).result()
    return [[getattr(row, key)[0] for row in result.table] for key in ("output_size", "start", "jump", "size")]


def test_the_lectures_table_and_unit():
    name = "Lecture: conv 7/2, batch norm, ReLU, max pooling"
    assert columns(name) == [[256, 128, 128, 128, 64], [0.5] * 5, [1, 2, 2, 2, 4], [1, 7, 7, 7, 11]]
    app = preset(name)
    assert (app.selected, app.unit) == (2, [1, 1])
    assert app.result().field == ((0, 6), (0, 6))
    assert app.result().whole == ((-1, 6), (-1, 6))


@pytest.mark.parametrize(
    ("name", "sizes", "fields"),
    [
        ("Two 3×3 layers see 5×5", [5, 3, 1], [1, 3, 5]),
        ("Three 3×3 layers see 7×7", [16, 14, 12, 10], [1, 3, 5, 7]),
        ("One 7×7 layer", [16, 10], [1, 7]),
        ("LeNet-5", [32, 28, 14, 10, 5, 1], [1, 5, 6, 14, 16, 32]),
        ("AlexNet", [227, 55, 27, 27, 13, 13, 13, 13, 6], [1, 11, 19, 51, 67, 99, 131, 163, 195]),
        ("Dilated stack: 1, 2, 4, 8", [64] * 5, [1, 3, 7, 15, 31]),
        ("ResNet-18, first layers", [224, 112, 56, 56, 56, 56, 56, 28, 28], [1, 7, 11, 19, 27, 35, 43, 51, 67]),
    ],
)
def test_presets(name, sizes, fields):
    assert columns(name)[0] == sizes
    assert columns(name)[3] == fields


def test_vgg_sees_212_pixels_at_the_end():
    sizes, _, jumps, fields = columns("VGG-16")
    assert (sizes[-1], jumps[-1], fields[-1], fields[-2]) == (7, 32, 212, 196)


def test_holes_of_a_dilated_stack_are_not_read():
    result = preset("Dilated stack with holes: 2, 2, 2").result()
    assert [len(read) for read in result.read] == [7, 7]
    assert [stop - start for start, stop in result.field] == [13, 13]


def test_every_control_at_both_ends(explorer):
    explorer.size = SIDE
    for kernel, stride, padding, dilation in itertools.product(*LIMITS.values()):
        explorer.layers = [layer("first", kernel, stride, padding, dilation), layer("second", 3, padding=1)]
        for explorer.selected, explorer.unit, explorer.pixel in [(0, (0, 0), None), (2, (999, 0), (0, 255)), (9, 0, 0)]:
            result = explorer.result()
            assert result.table[-1].output_size[0] >= 1
            assert (result.seeing is None) == (explorer.pixel is None)
    explorer.layers = [layer(f"conv{i}", 3, padding=1) for i in range(MOST_LAYERS)]
    explorer.size = 1
    assert explorer.result().table[-1].output_size == (1, 1)
    explorer.layers = []
    assert explorer.result().field == ((0, 1), (0, 1))


def test_random_combinations(explorer):
    rng = random.Random(0)
    shown = 0
    for _ in range(150):
        explorer.size = rng.randint(1, SIDE)
        explorer.layers = [
            tuple(rng.randint(low, min(high, 5)) for low, high in LIMITS.values()) for _ in range(rng.randint(0, 6))
        ]
        explorer.selected, explorer.unit = rng.randint(0, 7), (rng.randint(0, 300), rng.randint(0, 300))
        explorer.pixel = rng.choice([None, (rng.randint(0, 300), rng.randint(0, 300))])
        try:
            result = explorer.result()
        except ValueError as refusal:
            assert "more than its padded input" in str(refusal)
            continue
        shown += 1
        for (start, stop), read in zip(result.field, result.read, strict=True):
            assert not len(read) or start <= read[0] <= read[-1] < stop
    assert shown > 50


def test_layers_as_core_takes_them(explorer):
    explorer.layers = [
        (3, 2),
        ("pool", 2, 2),
        {"kernel": (5, 5), "name": "c"},
        receptive_field.Layer("d", 3, padding=1),
    ]
    assert explorer.layers[0] == layer("layer 1", 3, 2)
    assert explorer.layers[2:] == [layer("c", 5), layer("d", 3, padding=1)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("size", 0),
        ("size", 257),
        ("layers", 3),
        ("layers", [(12,)]),
        ("layers", [(3, 5)]),
        ("layers", [((3, 1),)]),
        ("layers", [(3, 1, "same")]),
        ("layers", [(3, 1, 1)] * 25),
        ("layers", [{"kernel": 2, "stride": 2, "ceil_mode": True}]),
        ("selected", -1),
        ("unit", (1, 2, 3)),
        ("pixel", -1),
        ("picture", "Dog"),
    ],
)
def test_bad_settings_are_refused_and_change_nothing(explorer, name, value):
    before = explorer.state
    with pytest.raises(ValueError, match=r"^\S+=.*: \w+"):
        setattr(explorer, name, value)
    assert explorer.state == before


def test_comparison_has_the_lectures_weights():
    assert KernelComparison(layers=3, channels=3).result().filter_weights == (147, 81)
    two = KernelComparison(layers=2, channels=1, side=10).result()
    assert (two.kernel, two.filter_weights, two.multiply_adds) == (5, (25, 18), (2500, 1800))
    for setting in itertools.product(*COMPARED.values()):
        result = KernelComparison(**dict(zip(COMPARED, setting, strict=True))).result()
        assert result.ways.shape == (result.kernel, result.kernel)
        assert result.ways.sum() == 9 ** setting[0]
    for name, value in [("layers", 5), ("layers", 1), ("channels", 0), ("side", 2.5)]:
        with pytest.raises(ValueError, match=f"^{name}="):
            KernelComparison(**{name: value})


@pytest.mark.parametrize("kind", effective.KINDS)
def test_the_effective_field_grows_like_the_square_root_of_the_depth(kind):
    app = effective.EffectiveField(kind=kind)
    sides = app.result().effectives
    assert sides[0] == 3 and sides == sorted(sides)
    depths = np.array(effective.DEPTHS)
    deep = depths >= 4
    power = np.polyfit(np.log(depths[deep]), np.log(np.array(sides)[deep]), 1)[0]
    assert 0.4 < power < 0.6
    for app.depth in effective.DEPTHS:
        result = app.result()
        assert result.strength.shape == (result.field, result.field) == (2 * app.depth + 1,) * 2
        assert result.strength.sum() == pytest.approx(1)
        assert result.effective <= result.field
    assert app.fields[kind]["effectives"] == sides


def test_with_all_weights_alike_the_gradient_counts_the_ways():
    ways = KernelComparison(layers=4).result().ways
    np.testing.assert_allclose(effective.measured(effective.KINDS[0])[4], ways / ways.sum(), rtol=1e-12)


def test_measured_fields_do_not_change_from_run_to_run():
    first = effective.measured(effective.KINDS[1])[8]
    effective.measured.cache_clear()
    np.testing.assert_array_equal(effective.measured(effective.KINDS[1])[8], first)


@pytest.mark.parametrize(("name", "value"), [("depth", 5), ("depth", 0), ("kind", "trained"), ("view", "both")])
def test_what_was_not_measured_is_refused(name, value):
    with pytest.raises(ValueError, match=f"^{name}="):
        effective.EffectiveField(**{name: value})
