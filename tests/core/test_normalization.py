"""Normalisations against torch, batch norm's steps against the lecture's formulas."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from torch.nn import functional

from cnnlab.core import normalization

TOLERANCE = {np.float32: {"rtol": 1e-5, "atol": 2e-5}, np.float64: {"rtol": 1e-9, "atol": 1e-9}}
kinds = pytest.mark.parametrize("kind", TOLERANCE)
few = settings(max_examples=60, deadline=None)


def random_values(data, shape, kind, positive=False):
    values = np.random.default_rng(data.draw(st.integers(0, 10**6))).normal(1, 2, shape)
    return (np.abs(values) + 0.1 if positive else values).astype(kind)


def maps(data, kind, min_dims=2, min_side=1):
    return random_values(data, data.draw(arrays.array_shapes(min_dims=min_dims, max_dims=5, min_side=min_side)), kind)


def scale_and_shift(data, shape, kind):
    if not data.draw(st.booleans()):
        return None, None
    return random_values(data, shape, kind), random_values(data, shape, kind)


def in_torch(*values):
    """In float64 always: with a variance near 0 torch's own float32 results are off by more than the tolerance."""
    return [None if value is None else torch.tensor(value, dtype=torch.float64) for value in values]


@kinds
@given(data=st.data(), training=st.booleans(), momentum=st.floats(0, 1), eps=st.sampled_from([1e-5, 1e-3, 0.1]))
@few
def test_batch_norm_and_its_moving_averages_agree_with_torch(kind, data, training, momentum, eps):
    x = maps(data, kind, min_side=2)
    channels = x.shape[1]
    gamma, beta = scale_and_shift(data, channels, kind)
    mean, variance = random_values(data, channels, kind), random_values(data, channels, kind, positive=True)
    torch_mean, torch_variance = in_torch(mean, variance)
    expected = functional.batch_norm(
        in_torch(x)[0], torch_mean, torch_variance, *in_torch(gamma, beta), training, momentum, eps
    )
    options = {"running_mean": mean, "running_var": variance, "training": training, "momentum": momentum, "eps": eps}
    steps = normalization.batch_norm_steps(x, gamma, beta, **options)
    assert all(getattr(steps, name).dtype == kind for name in ("output", "mean", "running_variance_after"))
    np.testing.assert_allclose(steps.output, expected, **TOLERANCE[kind])
    np.testing.assert_allclose(steps.running_mean_after, torch_mean, **TOLERANCE[kind])
    np.testing.assert_allclose(steps.running_variance_after, torch_variance, **TOLERANCE[kind])
    np.testing.assert_array_equal(steps.output, normalization.batch_norm(x, gamma, beta, **options))


def test_the_five_steps_follow_the_lecture():
    x = np.random.default_rng(3).normal(5, 2, (4, 3, 2, 2))
    gamma, beta = np.array([1.0, 2.0, 0.5]), np.array([0.0, 1.0, -1.0])
    old_mean, old_variance = np.array([1.0, 2.0, 3.0]), np.array([1.0, 4.0, 9.0])
    steps = normalization.batch_norm_steps(
        x, gamma, beta, running_mean=old_mean, running_var=old_variance, alpha=0.9, unbiased=False, eps=0
    )
    channels = x.transpose(1, 0, 2, 3).reshape(3, -1)
    count = channels.shape[1]
    mean = channels.sum(axis=1) / count
    variance = ((channels - mean[:, None]) ** 2).sum(axis=1) / count
    assert steps.count == count == 16
    np.testing.assert_allclose(steps.mean, mean)
    np.testing.assert_allclose(steps.variance, variance)
    np.testing.assert_allclose(steps.deviation, np.sqrt(variance))
    normalized = (channels - mean[:, None]) / np.sqrt(variance)[:, None]
    np.testing.assert_allclose(steps.normalized.transpose(1, 0, 2, 3).reshape(3, -1), normalized)
    output = gamma[:, None] * normalized + beta[:, None]
    np.testing.assert_allclose(steps.output.transpose(1, 0, 2, 3).reshape(3, -1), output)
    np.testing.assert_array_equal(steps.running_mean_before, old_mean)
    np.testing.assert_allclose(steps.running_mean_after, 0.9 * old_mean + 0.1 * mean)
    np.testing.assert_allclose(steps.running_variance_after, 0.9 * old_variance + 0.1 * variance)


def test_the_steps_read_as_five_lines():
    x = np.random.default_rng(4).normal(size=(4, 6, 2))
    training = str(normalization.batch_norm_steps(x)).splitlines()
    assert [line[:2] for line in training] == ["1.", "2.", "3.", "4.", "5."]
    assert "..." in training[1] and "divided by M - 1" in training[4]
    steps = normalization.batch_norm_steps(x, running_mean=np.zeros(6), running_var=np.ones(6), training=False)
    assert str(steps).endswith("5. moving averages: unchanged in eval")


def test_alpha_and_momentum_name_the_same_average_and_unbiased_its_variance():
    x = np.array([[1.0], [2.0], [6.0]])
    lecture = normalization.batch_norm_steps(x, alpha=0.75)
    torch_like = normalization.batch_norm_steps(x, momentum=0.25)
    np.testing.assert_array_equal(lecture.running_mean_after, torch_like.running_mean_after)
    np.testing.assert_array_equal(lecture.running_variance_after, torch_like.running_variance_after)
    biased = normalization.batch_norm_steps(x, alpha=0.75, unbiased=False)
    assert lecture.running_variance_after == pytest.approx(0.75 + 0.25 * 7)
    assert biased.running_variance_after == pytest.approx(0.75 + 0.25 * 14 / 3)
    np.testing.assert_array_equal(lecture.output, biased.output)


def test_moving_averages_converge_to_the_data_and_eval_leaves_them_alone():
    rng = np.random.default_rng(0)
    mean = variance = None
    for _ in range(300):
        steps = normalization.batch_norm_steps(rng.normal(7, 3, (64, 1)), running_mean=mean, running_var=variance)
        mean, variance = steps.running_mean_after, steps.running_variance_after
    assert mean == pytest.approx(7, abs=0.5)
    assert variance == pytest.approx(9, rel=0.2)
    steps = normalization.batch_norm_steps([[7.0]], running_mean=mean, running_var=variance, training=False)
    np.testing.assert_array_equal(steps.running_mean_after, mean)
    np.testing.assert_array_equal(steps.mean, mean)


def test_a_large_offset_costs_float32_no_precision():
    x = (np.random.default_rng(1).normal(0, 1, (64, 1)) + 1e4).astype(np.float32)
    exact = normalization.batch_norm(x.astype(np.float64))
    np.testing.assert_allclose(normalization.batch_norm(x), exact, atol=1e-6)


@kinds
@given(data=st.data())
@few
def test_layer_norm_agrees_with_torch(kind, data):
    x = maps(data, kind, min_side=2)
    dimensions = data.draw(st.one_of(st.none(), st.integers(1, x.ndim)))
    shape = x.shape[x.ndim - (dimensions or x.ndim - 1) :]
    gamma, beta = scale_and_shift(data, shape, kind)
    expected = functional.layer_norm(in_torch(x)[0], shape, *in_torch(gamma, beta))
    ours = normalization.layer_norm(x, gamma, beta, dimensions=dimensions)
    assert ours.dtype == kind
    np.testing.assert_allclose(ours, expected, **TOLERANCE[kind])


@kinds
@given(data=st.data())
@few
def test_instance_norm_agrees_with_torch(kind, data):
    x = maps(data, kind, min_dims=3, min_side=2)
    gamma, beta = scale_and_shift(data, x.shape[1], kind)
    expected = functional.instance_norm(in_torch(x)[0], weight=in_torch(gamma)[0], bias=in_torch(beta)[0])
    ours = normalization.instance_norm(x, gamma, beta)
    assert ours.dtype == kind
    np.testing.assert_allclose(ours, expected, **TOLERANCE[kind])


@kinds
@given(data=st.data(), groups=st.integers(1, 3), per_group=st.integers(1, 3))
@few
def test_group_norm_agrees_with_torch(kind, data, groups, per_group):
    spatial = data.draw(arrays.array_shapes(min_dims=0, max_dims=3, min_side=2, max_side=4))
    x = random_values(data, (data.draw(st.integers(2, 3)), groups * per_group, *spatial), kind)
    gamma, beta = scale_and_shift(data, x.shape[1], kind)
    expected = functional.group_norm(in_torch(x)[0], groups, *in_torch(gamma, beta))
    ours = normalization.group_norm(x, groups, gamma, beta)
    assert ours.dtype == kind
    np.testing.assert_allclose(ours, expected, **TOLERANCE[kind])


def test_the_four_norms_are_one_operation_over_different_axes():
    x = np.random.default_rng(2).normal(size=(3, 4, 5, 6))
    np.testing.assert_array_equal(normalization.batch_norm(x), normalization.normalize(x, (0, 2, 3)))
    np.testing.assert_array_equal(normalization.layer_norm(x), normalization.normalize(x, (1, 2, 3)))
    np.testing.assert_array_equal(normalization.instance_norm(x), normalization.normalize(x, (-2, -1)))
    np.testing.assert_allclose(normalization.group_norm(x, 1), normalization.layer_norm(x))
    np.testing.assert_allclose(normalization.group_norm(x, 4), normalization.instance_norm(x))


@kinds
@given(data=st.data(), size=st.integers(1, 8), alpha=st.floats(0, 2), beta=st.floats(0, 2), k=st.floats(0.5, 3))
@few
def test_local_response_norm_agrees_with_torch_and_with_the_paper(kind, data, size, alpha, beta, k):
    x = maps(data, kind, min_dims=3)
    expected = functional.local_response_norm(in_torch(x)[0], size, alpha, beta, k)
    ours = normalization.local_response_norm(x, size, alpha=alpha, beta=beta, k=k, convention="torch")
    assert ours.dtype == kind
    np.testing.assert_allclose(ours, expected, **TOLERANCE[kind])
    paper = normalization.local_response_norm(x, size, alpha=alpha / size, beta=beta, k=k)
    np.testing.assert_allclose(paper, expected, **TOLERANCE[kind])


def test_local_response_norm_defaults_are_the_published_ones():
    x = np.arange(1.0, 8.0).reshape(1, 7, 1)
    middle = 4 / (2 + 1e-4 * (2**2 + 3**2 + 4**2 + 5**2 + 6**2)) ** 0.75
    assert normalization.local_response_norm(x)[0, 3, 0] == pytest.approx(middle, rel=1e-15)
    expected = functional.local_response_norm(torch.tensor(x), 5)
    np.testing.assert_allclose(normalization.local_response_norm(x, convention="torch"), expected, rtol=1e-12)


def test_whole_numbers_are_computed_in_float64():
    x = np.array([[100], [127]], np.int8)
    for result in (normalization.batch_norm(x), normalization.local_response_norm(x), normalization.normalize(x, 0)):
        assert result.dtype == np.float64
    np.testing.assert_allclose(normalization.batch_norm(x, eps=0), [[-1], [1]])


IMAGES = np.ones((2, 4, 3, 3))
BATCH = np.arange(6.0).reshape(3, 2)


@pytest.mark.parametrize("bad", [[], [[1.0], [1.0, 2.0]], [[np.nan]], [[np.inf]], [[True]], [[1j]], None, [["a"]]])
@pytest.mark.parametrize(
    "name", ["batch_norm", "batch_norm_steps", "layer_norm", "instance_norm", "local_response_norm"]
)
def test_bad_arrays_are_refused_by_name(name, bad):
    with pytest.raises(ValueError, match=r"^x(\.\w+)?=.*: \w"):
        getattr(normalization, name)(bad)


@pytest.mark.parametrize(
    "call, parameter",
    [
        (lambda: normalization.batch_norm([1.0, 2.0]), "x.ndim"),
        (lambda: normalization.batch_norm([[1.0, 2.0]]), "x.shape"),
        (lambda: normalization.batch_norm(BATCH, [1.0]), "gamma.shape"),
        (lambda: normalization.batch_norm(BATCH, [1.0, 2.0], 3.0), "beta.ndim"),
        (lambda: normalization.batch_norm(BATCH, [1.0, np.nan]), "gamma"),
        (lambda: normalization.batch_norm(BATCH, training=False), "running_mean"),
        (lambda: normalization.batch_norm(BATCH, running_mean=[0, 0], training=False), "running_var"),
        (lambda: normalization.batch_norm(BATCH, running_var=[1, -1]), "running_var"),
        (lambda: normalization.batch_norm(BATCH, training=1), "training"),
        (lambda: normalization.batch_norm(BATCH, unbiased="yes"), "unbiased"),
        (lambda: normalization.batch_norm(BATCH, momentum=1.1), "momentum"),
        (lambda: normalization.batch_norm(BATCH, alpha=-0.1), "alpha"),
        (lambda: normalization.batch_norm(BATCH, alpha=0.9, momentum=0.1), "alpha"),
        (lambda: normalization.batch_norm(BATCH, alpha=0.9, momentum={}), "alpha"),
        (lambda: normalization.batch_norm(BATCH, eps=-1), "eps"),
        (lambda: normalization.batch_norm(BATCH, eps=np.nan), "eps"),
        (lambda: normalization.batch_norm(np.ones((2, 2)), eps=0), "eps"),
        (lambda: normalization.batch_norm(BATCH * 1e200), "x"),
        (lambda: normalization.batch_norm((BATCH * 1e30).astype(np.float32)), "x"),
        (lambda: normalization.batch_norm(BATCH, [1e308, 1e308], [1e308, 1e308]), "gamma"),
        (lambda: normalization.batch_norm(BATCH.astype(np.float32), running_mean=[1e300, 0.0]), "running_mean"),
        (lambda: normalization.batch_norm(np.ones((4_000, 4_000), np.float32)), "x.shape"),
        (lambda: normalization.normalize(BATCH, 2), "axes"),
        (lambda: normalization.normalize(BATCH, (0, -2)), "axes"),
        (lambda: normalization.normalize(BATCH, ()), "axes"),
        (lambda: normalization.layer_norm(BATCH, dimensions=3), "dimensions"),
        (lambda: normalization.layer_norm(IMAGES, np.ones(4)), "gamma.shape"),
        (lambda: normalization.instance_norm(BATCH), "x.shape"),
        (lambda: normalization.instance_norm(np.ones((2, 3, 1))), "x.shape"),
        (lambda: normalization.group_norm(IMAGES, 3), "groups"),
        (lambda: normalization.group_norm(IMAGES, 0), "groups"),
        (lambda: normalization.group_norm([1.0], 1), "x.ndim"),
        (lambda: normalization.local_response_norm([1.0]), "x.ndim"),
        (lambda: normalization.local_response_norm(IMAGES, 0), "size"),
        (lambda: normalization.local_response_norm(IMAGES, 2.5), "size"),
        (lambda: normalization.local_response_norm(IMAGES, alpha=-1), "alpha"),
        (lambda: normalization.local_response_norm(IMAGES, beta=-1), "beta"),
        (lambda: normalization.local_response_norm(IMAGES, k=-1), "k"),
        (lambda: normalization.local_response_norm(0 * IMAGES, k=0), "k"),
        (lambda: normalization.local_response_norm(IMAGES, convention="caffe"), "convention"),
        (lambda: normalization.local_response_norm(1e200 * IMAGES), "x"),
    ],
)
def test_bad_arguments_are_refused_by_name(call, parameter):
    with pytest.raises(ValueError, match=rf"^{parameter}=.*: \w"):
        call()
