"""The explorers of activations and normalisation in process: every control to both ends, and what each refuses."""

import itertools
import random

import numpy as np
import pytest

from cnnlab.apps import activations, batch_norm, norms, spread
from cnnlab.apps.activations import FUNCTIONS, ActivationGallery
from cnnlab.apps.batch_norm import BatchNormExplorer
from cnnlab.apps.norms import NormsExplorer
from cnnlab.apps.spread import SpreadExplorer

# Per explorer: setting -> what it may be, ends first.
SETTINGS = {
    ActivationGallery: {
        "function": list(FUNCTIONS),
        **{name: list(limits) for name, limits in activations.LIMITS.items()},
        "layers": [1, activations.MOST_LAYERS],
        "compare": [True, False],
    },
    BatchNormExplorer: {
        "step": [0, batch_norm.BATCHES - 1, 7],
        "size": [2, batch_norm.MOST_VALUES, 5],
        **{name: list(limits) for name, limits in batch_norm.LIMITS.items()},
        "training": [True, False],
        "unbiased": [True, False],
        "convention": list(batch_norm.CONVENTIONS),
    },
    NormsExplorer: {
        "norm": list(norms.NORMS),
        "groups": list(norms.GROUPS),
        "size": [1, norms.CHANNELS],
        **{name: list(limits) for name, limits in norms.LIMITS.items()},
        "cell": [(0, 0, 0), tuple(n - 1 for n in norms.SHAPE)],
    },
    SpreadExplorer: {
        "depth": [2, spread.MOST_LAYERS],
        "scale": list(spread.SCALES),
        "function": list(FUNCTIONS),
        "batch_norm": [False, True],
        "seed": [1, spread.MOST_SEED],
    },
}


def numbers(result):
    """All the numbers of a result."""
    if hasattr(result, "steps"):
        return np.concatenate([result.means, result.variances, result.steps.output.ravel()])
    return np.concatenate([np.ravel(getattr(result, name)) for name in result.__dataclass_fields__])


@pytest.fixture(params=SETTINGS, ids=lambda kind: kind.__name__)
def app(request):
    app = request.param()
    app.possible = SETTINGS[request.param]
    yield app
    app.close()


def test_every_control_at_every_end(app):
    for name, ends in app.possible.items():
        first = getattr(app, name)
        for value in ends:
            setattr(app, name, value)
            assert np.isfinite(numbers(app.result())).all(), f"{name}={value}"
        setattr(app, name, first)


def test_random_combinations(app):
    rng = random.Random(1)
    for _ in range(12 if isinstance(app, SpreadExplorer) else 60):
        for name, values in app.possible.items():
            setattr(app, name, rng.choice(values))
        assert np.isfinite(numbers(app.result())).all(), app.state


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        *itertools.product([ActivationGallery], ["function"], ["Relu", 3]),
        *itertools.product([ActivationGallery], ["point", "mean"], [6.1, "x", float("nan")]),
        *itertools.product([ActivationGallery], ["layers"], [0, 31, 1.5]),
        (ActivationGallery, "leak", 0),
        (ActivationGallery, "spread", 0),
        (ActivationGallery, "compare", 1),
        *itertools.product([BatchNormExplorer], ["size"], [0, 13, 2.5]),
        *itertools.product([BatchNormExplorer], ["step"], [-1, 31]),
        *itertools.product([BatchNormExplorer], ["alpha"], [-0.1, 1.1]),
        (BatchNormExplorer, "gamma", 3.1),
        (BatchNormExplorer, "convention", "torch"),
        (BatchNormExplorer, "training", "yes"),
        (BatchNormExplorer, "batches", [[1.0]]),
        (BatchNormExplorer, "batches", np.full((31, 12), 10.5)),
        (BatchNormExplorer, "values", range(13)),
        (BatchNormExplorer, "values", [11]),
        *itertools.product([NormsExplorer], ["groups"], [0, 4, 7]),
        *itertools.product([NormsExplorer], ["cell"], [(0, 0), (3, 0, 0), (0, -1, 0)]),
        (NormsExplorer, "norm", "weight"),
        (NormsExplorer, "gain", 0),
        (NormsExplorer, "size", 7),
        *itertools.product([SpreadExplorer], ["depth"], [1, 31]),
        *itertools.product([SpreadExplorer], ["scale"], [0, 3.1]),
        (SpreadExplorer, "function", "step"),
        (SpreadExplorer, "seed", 0),
    ],
)
def test_bad_settings_are_refused_by_name_and_change_nothing(kind, name, value):
    app = kind()
    before = app.state
    with pytest.raises(ValueError, match=r"^(values|batches|" + name + r").*: \w+"):
        setattr(app, name, value)
    assert app.state == before
    app.close()


def test_the_gallery_opens_with_dead_units_and_the_leak_revives_them():
    gallery = ActivationGallery()
    assert 0 < gallery.result().dead < activations.UNITS
    gallery.function = "leaky_relu"
    assert gallery.result().dead == gallery.result().off == 0
    gallery.function, gallery.point = "sigmoid", 0
    assert gallery.result().through == 0.25**gallery.layers
    gallery.mean = 6
    assert gallery.result().vanishing > gallery.result().inputs.size / 2
    gallery.close()


def test_five_steps_by_hand():
    explorer = BatchNormExplorer(step=0, gamma=2, beta=1)
    explorer.values = [2, 2, 8, 8]
    assert explorer.values == [2, 2, 8, 8] and explorer.size == 4
    steps = explorer.result().steps
    assert (steps.mean, steps.variance) == (5, 9)
    np.testing.assert_allclose(steps.output.ravel(), [-1, -1, 3, 3], atol=1e-5)
    np.testing.assert_allclose([steps.running_mean_after, steps.running_variance_after], [[0.5], [2.1]])
    explorer.unbiased = False
    np.testing.assert_allclose(explorer.result().steps.running_variance_after, [1.8])
    explorer.close()


def test_one_value_is_refused_in_training_and_fine_in_eval():
    explorer = BatchNormExplorer(size=1)
    with pytest.raises(ValueError, match="two values a channel or more in training"):
        explorer.result()
    explorer.training = False
    assert explorer.result().steps.output.shape == (1, 1)
    explorer.close()


def test_moving_averages_come_near_all_the_data():
    explorer = BatchNormExplorer(step=30, size=12)
    result = explorer.result()
    assert abs(result.means[-1] - batch_norm.CENTRE) < 0.5
    assert abs(result.variances[-1] - batch_norm.SPREAD**2) < 1.5
    assert (result.means[0], result.variances[0]) == (0, 1)
    explorer.close()


def test_only_batch_norm_lets_one_example_change_the_others():
    explorer = NormsExplorer()
    for norm in norms.NORMS:
        explorer.norm, explorer.gain, explorer.offset = norm, 1, 0
        before = explorer.result().output
        explorer.gain, explorer.offset = 3, 2
        after = explorer.result().output
        assert np.allclose(before[1:], after[1:]) == (norm != "batch")
        assert np.allclose(before[0], after[0], atol=1e-3) == (norm in ("layer", "instance", "group"))
    explorer.close()


@pytest.mark.parametrize(
    ("norm", "cells"), [("batch", 12), ("layer", 24), ("instance", 4), ("group", 12), ("response", 4)]
)
def test_cells_that_share_a_mean(norm, cells):
    explorer = NormsExplorer(norm=norm)
    result = explorer.result()
    assert result.shared.sum() == cells and result.shared[tuple(explorer.cell)]
    if norm != "response":  # the normalised cells that share a mean have mean 0
        assert abs(result.output[result.shared].mean()) < 1e-12
    explorer.close()


def test_batch_norm_holds_the_spread_at_any_scale():
    explorer = SpreadExplorer()
    for scale in (0.1, 1, 3):
        explorer.scale = scale
        result = explorer.result()
        assert 0.4 < result.normed[-1] < 0.8
    assert result.plain[-1] > 1e6
    explorer.scale = 0.1
    assert explorer.result().plain[-1] < 1e-30
    explorer.scale = np.sqrt(2)
    assert 0.1 < explorer.result().plain[-1] < 10
    explorer.close()


def test_random_numbers_are_normal():
    numbers = spread.normals(1, 100_000)
    assert abs(numbers.mean()) < 0.01 and abs(numbers.std() - 1) < 0.01
    assert abs(np.corrcoef(numbers[:-1], numbers[1:])[0, 1]) < 0.01
    assert not np.array_equal(numbers[:10], spread.normals(2, 10))
