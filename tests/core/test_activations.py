"""Activations, softmax and cross-entropy against torch, its autograd and scipy's special functions."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import special
from torch.nn import functional

from cnnlab.core import activations
from cnnlab.core.activations import ACTIVATIONS

TORCH = {
    "relu": functional.relu,
    "leaky_relu": functional.leaky_relu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "gelu": functional.gelu,
    "gelu_tanh": lambda x: functional.gelu(x, approximate="tanh"),
    "silu": functional.silu,
}
TOLERANCE = {np.float32: {"rtol": 1e-5, "atol": 1e-6}, np.float64: {"rtol": 1e-11, "atol": 1e-12}}
HUGE = [-1.7e308, -1e200, -1e4, -800.0, -1e-320, 0.0, 1e-320, 800.0, 1e4, 1e200, 1.7e308]

some_values = arrays.arrays(np.float64, arrays.array_shapes(max_dims=3, max_side=4), elements=st.floats(-30, 30))
few = settings(max_examples=60, deadline=None)


def autograd(function, *inputs):
    """Output and the gradients of its sum, as NumPy arrays."""
    leaves = [torch.tensor(x, requires_grad=True) for x in inputs]
    output = function(*leaves)
    output.backward(torch.ones_like(output))
    return output.detach().numpy(), *(leaf.grad.numpy() for leaf in leaves)


@pytest.mark.parametrize("kind", TOLERANCE)
@pytest.mark.parametrize("name", ACTIVATIONS)
@given(x=some_values)
@few
def test_function_and_derivative_agree_with_torch(name, kind, x):
    x = x.astype(kind)
    value, slope = autograd(TORCH[name], x)
    entry = ACTIVATIONS[name]
    assert entry.function(x).dtype == entry.derivative(x).dtype == kind
    np.testing.assert_allclose(entry.function(x), value, **TOLERANCE[kind])
    np.testing.assert_allclose(entry.derivative(x), slope, **TOLERANCE[kind])


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("kind", TOLERANCE)
def test_huge_inputs_stay_finite(name, kind):
    with np.errstate(over="ignore"):
        x = np.clip(np.array(HUGE), np.finfo(kind).min, np.finfo(kind).max).astype(kind)
    entry = ACTIVATIONS[name]
    for values in (entry.function(x), entry.derivative(x)):
        assert np.isfinite(values).all()
    assert entry.derivative(x)[0] in (0, kind(0.01))
    assert entry.derivative(x)[-1] in (0, 1)


def test_gallery_covers_torch_table_and_explains_itself():
    assert set(ACTIVATIONS) == set(TORCH)
    for entry in ACTIVATIONS.values():
        assert entry.formula and entry.note.endswith(".") and entry.source


def test_whole_numbers_are_computed_in_float64():
    assert activations.relu(np.array([-3, 200], dtype=np.int16)).tolist() == [0.0, 200.0]
    assert activations.gelu(1).dtype == np.float64


def test_gelu_is_exact_in_the_tail():
    x = np.linspace(-30, 5, 500)
    np.testing.assert_allclose(activations.gelu(x), x * special.ndtr(x), rtol=1e-12)


def test_slopes_keep_their_relative_precision_in_the_tail():
    x = np.array([-300.0, -40.0, 40.0, 300.0])
    np.testing.assert_allclose(activations.sigmoid_derivative(x), np.exp(-np.abs(x)), rtol=1e-12)
    np.testing.assert_allclose(activations.tanh_derivative(x), 4 * np.exp(-2 * np.abs(x)), rtol=1e-12)


@given(x=some_values, data=st.data())
@few
def test_softmax_agrees_with_scipy_and_its_jacobian_with_autograd(x, data):
    axis = data.draw(st.integers(-x.ndim, x.ndim - 1))
    np.testing.assert_allclose(activations.softmax(x, axis), special.softmax(x, axis), rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(activations.log_softmax(x, axis), special.log_softmax(x, axis), rtol=1e-12, atol=1e-12)
    row = np.moveaxis(x, axis, -1).reshape(-1, x.shape[axis])[0]
    for function, jacobian in (
        (torch.softmax, activations.softmax_derivative),
        (torch.log_softmax, activations.log_softmax_derivative),
    ):
        expected = torch.autograd.functional.jacobian(lambda v, f=function: f(v, -1), torch.tensor(row)).numpy()
        np.testing.assert_allclose(jacobian(x, axis).reshape(-1, *expected.shape)[0], expected, atol=1e-12)


def test_softmax_of_scores_at_both_ends_of_the_number_range():
    x = np.array([[-1.7e308, 1.7e308], [1.7e308, 1.7e308]])
    assert activations.softmax(x).tolist() == [[0, 1], [0.5, 0.5]]
    assert activations.log_softmax(x)[0].tolist() == [-np.inf, 0]
    assert activations.cross_entropy(x[:1], [0]) == np.inf
    assert activations.cross_entropy(x[:1], [1]) == 0


@pytest.mark.parametrize("kind", TOLERANCE)
@given(data=st.data(), smoothing=st.floats(0, 1), reduction=st.sampled_from(["mean", "sum", "none"]))
@few
def test_cross_entropy_and_its_gradient_agree_with_torch(kind, data, smoothing, reduction):
    shape = data.draw(arrays.array_shapes(min_dims=2, max_dims=4, max_side=4))
    logits = data.draw(arrays.arrays(np.float64, shape, elements=st.floats(-20, 20))).astype(kind)
    labels = data.draw(arrays.arrays(np.int64, shape[:1] + shape[2:], elements=st.integers(0, shape[1] - 1)))

    def loss(z):
        return functional.cross_entropy(z, torch.tensor(labels), label_smoothing=smoothing, reduction=reduction)

    value, gradient = autograd(loss, logits)
    options = {"label_smoothing": smoothing, "reduction": reduction}
    ours = activations.cross_entropy(logits, labels, **options)
    assert ours.dtype == kind and ours.shape == value.shape
    np.testing.assert_allclose(ours, value, **TOLERANCE[kind])
    ours = activations.cross_entropy_gradient(logits, labels, **options)
    assert ours.dtype == kind
    np.testing.assert_allclose(ours, gradient, **TOLERANCE[kind])


def test_cross_entropy_of_ignorance_is_the_logarithm_of_the_number_of_classes():
    assert activations.cross_entropy(np.zeros((3, 10)), [1, 2, 3]) == pytest.approx(np.log(10), rel=1e-15)


@pytest.mark.parametrize("name", [n for n in activations.__all__ if n not in ("ACTIVATIONS", "Activation")])
@pytest.mark.parametrize("bad", [[], [[1.0], [1.0, 2.0]], [np.nan], [np.inf], [True], [1j], ["a"], None, object()])
def test_bad_arrays_are_refused_by_name(name, bad):
    labels = [[0]] if name.startswith("cross") else []
    with pytest.raises(ValueError, match=r"^(x|logits)(\.\w+)?=.*: \w"):
        getattr(activations, name)(bad, *labels)


@pytest.mark.parametrize(
    "call, parameter",
    [
        (lambda: activations.leaky_relu([1.0], slope=np.nan), "slope"),
        (lambda: activations.leaky_relu([1.0], slope=1e9), "slope"),
        (lambda: activations.gelu([1.0], approximate="erf"), "approximate"),
        (lambda: activations.softmax([1.0], axis=1), "axis"),
        (lambda: activations.softmax([1.0], axis=-2), "axis"),
        (lambda: activations.softmax(1.0), "x.ndim"),
        (lambda: activations.softmax_derivative(np.zeros(20_000)), "x.shape"),
        (lambda: activations.relu(np.zeros((8_000, 8_000), np.float32)), "x.shape"),
        (lambda: activations.cross_entropy([1.0, 2.0], [0]), "logits.ndim"),
        (lambda: activations.cross_entropy([[1.0, 2.0]], [2]), "labels"),
        (lambda: activations.cross_entropy([[1.0, 2.0]], [-1]), "labels"),
        (lambda: activations.cross_entropy([[1.0, 2.0]], [0.5]), "labels"),
        (lambda: activations.cross_entropy([[1.0, 2.0]], [[0]]), "labels.shape"),
        (lambda: activations.cross_entropy([[1.0, 2.0]], [0], label_smoothing=1.5), "label_smoothing"),
        (lambda: activations.cross_entropy_gradient([[1.0, 2.0]], [0], reduction="max"), "reduction"),
    ],
)
def test_bad_options_are_refused_by_name(call, parameter):
    with pytest.raises(ValueError, match=rf"^{parameter}=.*: \w"):
        call()
