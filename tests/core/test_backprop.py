"""Every gradient against torch's autograd, over random shapes and all options; explanations against gradients."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from cnnlab.core import _windows, activations, backprop, convolution, normalization, pooling

TOLERANCE = {np.float32: {"rtol": 1e-5, "atol": 1e-5}, np.float64: {"rtol": 1e-9, "atol": 1e-9}}
CONVOLUTIONS = (functional.conv1d, functional.conv2d, functional.conv3d)
MAX_POOLS = (functional.max_pool1d, functional.max_pool2d, functional.max_pool3d)
AVERAGE_POOLS = (functional.avg_pool1d, functional.avg_pool2d, functional.avg_pool3d)

kinds = pytest.mark.parametrize("kind", TOLERANCE)
some = settings(max_examples=150, deadline=None)
few = settings(max_examples=60, deadline=None)


def random_values(data, shape, kind=np.float64):
    return np.random.default_rng(data.draw(st.integers(0, 10**6))).normal(0, 1, shape).astype(kind)


def autograd(function, grad_of, *inputs):
    """Gradients by the inputs, and the gradient by the output that `grad_of(shape)` chose, all in float64."""
    leaves = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in inputs]
    output = function(*leaves)
    grad = grad_of(output.shape)
    gradients = torch.autograd.grad(output, leaves, torch.tensor(grad, dtype=torch.float64))
    return grad, [gradient.numpy() for gradient in gradients]


def assert_alike(ours, expected, kind=np.float64):
    assert ours.dtype == kind
    assert ours.shape == expected.shape
    np.testing.assert_allclose(ours, expected, **TOLERANCE[kind])


def torch_pad(x, padding, mode):
    """Pad by (before, after) an axis as torch does, which holds its own modes, one axis at a time."""
    name = {"zeros": "constant"}.get(mode, mode)
    flat = [side for pair in reversed(padding) for side in pair]
    return functional.pad(x, flat, mode=name)


@st.composite
def conv_settings(draw):
    axes = draw(st.integers(1, 3))

    def per_axis(low, high):
        return tuple(draw(st.integers(low, high)) for _ in range(axes))

    mode = draw(st.sampled_from(["zeros", "reflect", "replicate", "circular", "constant"]))
    size = per_axis(3, 9 if axes < 3 else 5)
    sides = tuple((draw(st.integers(0, 2)), draw(st.integers(0, 2))) for _ in range(axes))
    kernel, dilation, stride = per_axis(1, 3), per_axis(1, 2), per_axis(1, 3)
    padded = [n + before + after for n, (before, after) in zip(size, sides, strict=True)]
    kernel = tuple(
        taps if apart * (taps - 1) < n else 1 for taps, apart, n in zip(kernel, dilation, padded, strict=True)
    )
    groups = draw(st.integers(1, 3))
    channels, filters = groups * draw(st.integers(1, 2)), groups * draw(st.integers(1, 2))
    return {
        "x": (draw(st.integers(1, 3)), channels, *size),
        "weight": (filters, channels // groups, *kernel),
        "options": {"stride": stride, "padding": sides, "dilation": dilation, "groups": groups, "padding_mode": mode},
    }


@kinds
@given(data=st.data(), shapes=conv_settings())
@some
def test_conv_layer_backward_agrees_with_autograd(kind, data, shapes):
    x, weight = random_values(data, shapes["x"], kind), random_values(data, shapes["weight"], kind)
    bias, options = random_values(data, shapes["weight"][0], kind), shapes["options"]
    value = 0.5 if options["padding_mode"] == "constant" else 0

    def forward(x, weight, bias):
        if options["padding_mode"] == "constant":
            x = functional.pad(x, [s for pair in reversed(options["padding"]) for s in pair], value=value)
        else:
            x = torch_pad(x, options["padding"], options["padding_mode"])
        fixed = {name: options[name] for name in ("stride", "dilation", "groups")}
        return CONVOLUTIONS[x.ndim - 3](x, weight, bias, **fixed)

    grad, expected = autograd(forward, lambda shape: random_values(data, tuple(shape), kind), x, weight, bias)
    gradients = backprop.conv_layer_backward(grad, x, weight, value=value, **options)
    for ours, theirs in zip(gradients, expected, strict=True):
        assert_alike(ours, theirs, kind)


@pytest.mark.parametrize("padding", ["valid", "same", "full", 1])
def test_named_paddings(padding):
    rng = np.random.default_rng(0)
    x, weight = rng.normal(size=(2, 3, 6, 7)), rng.normal(size=(4, 3, 4, 3))
    sides = {"valid": (0, 0, 0, 0), "same": (1, 1, 1, 2), "full": (2, 2, 3, 3), 1: (1, 1, 1, 1)}[padding]

    def forward(x, weight):
        return functional.conv2d(functional.pad(x, sides), weight)

    grad, expected = autograd(forward, lambda shape: rng.normal(size=shape), x, weight)
    dx, dweight, _ = backprop.conv_layer_backward(grad, x, weight, padding=padding)
    assert_alike(dx, expected[0])
    assert_alike(dweight, expected[1])


def test_input_gradient_is_the_full_correlation_with_the_kernel_turned():
    rng = np.random.default_rng(1)
    x, kernel, grad = rng.normal(size=(6, 7)), rng.normal(size=(3, 2)), rng.normal(size=(4, 6))
    dx, dkernel = backprop.correlate_backward(grad, x, kernel)
    np.testing.assert_allclose(dx, convolution.correlate(grad, np.rot90(kernel, 2), padding="full"))
    np.testing.assert_allclose(dkernel, convolution.correlate(x, grad))


def test_multi_channel_input_gradient_sums_over_the_filters():
    rng = np.random.default_rng(2)
    x, weight, grad = rng.normal(size=(1, 2, 5, 5)), rng.normal(size=(3, 2, 3, 3)), rng.normal(size=(1, 3, 3, 3))
    dx, _, _ = backprop.conv_layer_backward(grad, x, weight)
    for channel in range(2):
        parts = [convolution.convolve(grad[0, f], weight[f, channel], padding="full") for f in range(3)]
        np.testing.assert_allclose(dx[0, channel], sum(parts))


def test_whole_numbers_stay_exact():
    x = np.array([[2**40 + 1, 1, 3]])
    dx, dkernel = backprop.correlate_backward([[1, 1]], x, [[2**30, 1]])
    assert dkernel.tolist() == [[2**40 + 2, 4]]
    assert dx.tolist() == [[2**30, 2**30 + 1, 1]]
    x8 = np.full((1, 1, 20), 127, np.int8)
    _, dweight, dbias = backprop.conv_layer_backward(np.full((1, 1, 20), 127, np.int8), x8, np.ones((1, 1, 1), np.int8))
    assert (dweight.item(), dbias.item()) == (127 * 127 * 20, 127 * 20)


@pytest.mark.parametrize("channels", [1, 2])
def test_gradient_descent_on_a_kernel_finds_the_kernel_that_made_the_picture(channels):
    rng = np.random.default_rng(3)
    x, true = rng.normal(size=(4, channels, 8, 8)), rng.normal(size=(1, channels, 3, 3))
    target, weight = convolution.conv_layer(x, true), np.zeros_like(true)
    for _ in range(200):
        error = convolution.conv_layer(x, weight) - target
        weight -= 0.3 * backprop.conv_layer_backward(error / error.size, x, weight)[1]
    np.testing.assert_allclose(weight, true, atol=1e-6)


@st.composite
def pool_settings(draw):
    axes = draw(st.integers(1, 3))
    size = tuple(draw(st.integers(1, 3)) for _ in range(axes))
    return {
        "x": (2, draw(st.integers(1, 2)), *(draw(st.integers(taps, 7)) for taps in size)),
        "size": size,
        "stride": draw(st.one_of(st.none(), st.just(tuple(draw(st.integers(1, 3)) for _ in range(axes))))),
        "padding": tuple(draw(st.integers(0, taps // 2)) for taps in size),
        "ceil_mode": draw(st.booleans()),
    }


@kinds
@given(data=st.data(), case=pool_settings(), mode=st.sampled_from(["max", "average", "min"]), tied=st.booleans())
@some
def test_pool_backward_agrees_with_autograd(kind, data, case, mode, tied):
    x = random_values(data, case["x"], kind)
    x = np.round(x).astype(kind) if tied else x
    count_padding = data.draw(st.booleans())
    axes, stride = len(case["size"]), case["stride"] or case["size"]

    def forward(x):
        if mode == "average":
            return AVERAGE_POOLS[axes - 1](x, case["size"], stride, case["padding"], case["ceil_mode"], count_padding)
        sign = 1 if mode == "max" else -1
        pool = MAX_POOLS[axes - 1]
        return sign * pool(sign * x, case["size"], stride, case["padding"], ceil_mode=case["ceil_mode"])

    grad, (expected,) = autograd(forward, lambda shape: random_values(data, tuple(shape), kind), x)
    settings = {name: case[name] for name in ("stride", "padding", "ceil_mode")}
    ours = backprop.pool_backward(grad, x, case["size"], mode=mode, count_padding=count_padding, **settings)
    assert_alike(ours, expected, kind)


@given(data=st.data(), dilation=st.integers(1, 3), padding=st.integers(0, 1))
@few
def test_dilated_max_pool_backward_agrees_with_autograd(data, dilation, padding):
    x = random_values(data, (1, 2, 8, 9))

    def forward(x):
        return functional.max_pool2d(x, 3, 2, padding, dilation)

    grad, (expected,) = autograd(forward, lambda shape: random_values(data, tuple(shape)), x)
    assert_alike(backprop.pool_backward(grad, x, 3, stride=2, padding=padding, dilation=dilation), expected)


def test_dilated_average_pool_backward_is_the_transpose_of_the_pool():
    rng = np.random.default_rng(4)
    settings = {"stride": 2, "padding": ((1, 0), (2, 1)), "dilation": 2, "mode": "average", "count_padding": False}
    x = rng.normal(size=(7, 9))
    pooled = pooling.pool(x, 3, **settings)
    grad = rng.normal(size=pooled.shape)
    assert (pooled * grad).sum() == pytest.approx((x * backprop.pool_backward(grad, x, 3, **settings)).sum())


def test_a_stride_beyond_every_array_leaves_one_window():
    dx, dkernel = backprop.correlate_backward([4], [1, 2, 3], [5, 6], stride=2**62)
    assert (dx.tolist(), dkernel.tolist()) == ([20, 24, 0], [4, 8])


def test_ties_go_to_the_first_in_reading_order():
    assert backprop.pool_backward([[1.0]], [[7, 7], [7, 7]], 2).tolist() == [[1, 0], [0, 0]]
    assert backprop.pool_backward([[1.0]], [[8, 7], [7, 7]], 2, mode="min").tolist() == [[0, 1], [0, 0]]


NORMS = {
    "batch": (functional.batch_norm, backprop.batch_norm_backward, {}),
    "eval": (functional.batch_norm, backprop.batch_norm_backward, {"training": False}),
    "layer": (functional.layer_norm, backprop.layer_norm_backward, {}),
    "instance": (functional.instance_norm, backprop.instance_norm_backward, {}),
    "group": (functional.group_norm, backprop.group_norm_backward, {}),
}


@kinds
@pytest.mark.parametrize("name", NORMS)
@given(data=st.data(), eps=st.sampled_from([1e-3, 0.1]))
@few
def test_norm_backward_agrees_with_autograd(name, kind, data, eps):
    spatial = tuple(data.draw(st.lists(st.integers(2, 4), min_size=name == "instance", max_size=3)))
    groups = data.draw(st.integers(1, 3))
    channels = groups * data.draw(st.integers(1, 2))
    x = random_values(data, (data.draw(st.integers(2, 3)), channels, *spatial), kind)
    shape = x.shape[1:] if name == "layer" else channels
    gamma, beta = random_values(data, shape, kind), random_values(data, shape, kind)
    mean, variance = random_values(data, channels), np.abs(random_values(data, channels)) + 0.5

    def forward(x, gamma, beta):
        running = torch.tensor(mean), torch.tensor(variance)
        if name in ("batch", "eval"):
            return functional.batch_norm(x, *running, gamma, beta, training=name == "batch", eps=eps)
        if name == "layer":
            return functional.layer_norm(x, x.shape[1:], gamma, beta, eps)
        if name == "instance":
            return functional.instance_norm(x, weight=gamma, bias=beta, eps=eps)
        return functional.group_norm(x, groups, gamma, beta, eps)

    grad, expected = autograd(forward, lambda shape: random_values(data, tuple(shape), kind), x, gamma, beta)
    _, backward, options = NORMS[name]
    options = dict(options, running_mean=mean, running_var=variance) if name == "eval" else options
    arguments = (grad, x, groups, gamma) if name == "group" else (grad, x, gamma)
    for ours, theirs in zip(backward(*arguments, eps=eps, **options), expected, strict=True):
        assert_alike(ours, theirs, kind)


@kinds
@given(
    data=st.data(),
    size=st.integers(1, 6),
    alpha=st.sampled_from([1e-4, 0.1, 2.0]),
    beta=st.sampled_from([0.0, 0.75, 2.0]),
)
@few
def test_local_response_norm_backward_agrees_with_autograd(kind, data, size, alpha, beta):
    spatial = data.draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    x = random_values(data, (2, data.draw(st.integers(1, 7)), *spatial), kind)

    def forward(x):
        return functional.local_response_norm(x, size, alpha, beta, k=1.5)

    grad, (expected,) = autograd(forward, lambda shape: random_values(data, tuple(shape), kind), x)
    options = {"beta": beta, "k": 1.5}
    ours = backprop.local_response_norm_backward(grad, x, size, alpha=alpha, convention="torch", **options)
    assert_alike(ours, expected, kind)
    assert_alike(backprop.local_response_norm_backward(grad, x, size, alpha=alpha / size, **options), expected, kind)


def test_norm_backward_without_scale_has_scale_one():
    rng = np.random.default_rng(5)
    x, grad = rng.normal(size=(3, 2, 4)), rng.normal(size=(3, 2, 4))
    for backward, ones in ((backprop.batch_norm_backward, np.ones(2)), (backprop.layer_norm_backward, np.ones((2, 4)))):
        for bare, scaled in zip(backward(grad, x), backward(grad, x, ones), strict=True):
            np.testing.assert_array_equal(bare, scaled)


def test_batch_norm_passes_no_gradient_to_the_mean_or_the_scale_of_its_input():
    rng = np.random.default_rng(6)
    x, grad = rng.normal(size=(8, 3)), rng.normal(size=(8, 3))
    dx, _, _ = backprop.batch_norm_backward(grad, x, eps=0)
    np.testing.assert_allclose(dx.sum(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose((dx * normalization.batch_norm(x, eps=0)).sum(axis=0), 0, atol=1e-12)


@kinds
@pytest.mark.parametrize("name", activations.ACTIVATIONS)
def test_activation_backward_is_grad_times_slope(name, kind):
    x = np.linspace(-3, 3, 12).reshape(3, 4).astype(kind)
    grad = np.arange(12).reshape(3, 4).astype(kind)
    ours = backprop.activation_backward(grad, x, name)
    assert_alike(ours, grad * activations.ACTIVATIONS[name].derivative(x), kind)


@given(data=st.data(), axis=st.integers(-2, 1))
@few
def test_softmax_and_linear_backward_agree_with_autograd(data, axis):
    x, weight, bias = (random_values(data, shape) for shape in ((3, 4), (5, 4), (5,)))

    def grad_of(shape):
        return random_values(data, tuple(shape))

    grad, expected = autograd(functional.linear, grad_of, x, weight, bias)
    for ours, theirs in zip(backprop.linear_backward(grad, x, weight), expected, strict=True):
        assert_alike(ours, theirs)
    grad, (expected,) = autograd(lambda z: torch.softmax(z, axis), grad_of, x)
    assert_alike(backprop.softmax_backward(grad, x, axis), expected)
    grad, (expected,) = autograd(lambda z: torch.log_softmax(z, axis), grad_of, x)
    assert_alike(backprop.log_softmax_backward(grad, x, axis), expected)


def test_a_whole_network_agrees_with_autograd():
    rng = np.random.default_rng(7)
    x, labels = rng.normal(size=(2, 1, 8, 8)), np.array([1, 0])
    weight, gamma, beta, dense = (rng.normal(size=s) for s in ((3, 1, 3, 3), (3,), (3,), (2, 48)))

    def forward(x, weight, gamma, beta, dense):
        y = functional.conv2d(x, weight, padding=1)
        y = functional.relu(functional.batch_norm(y, None, None, gamma, beta, training=True))
        y = functional.max_pool2d(y, 2).flatten(1)
        return functional.cross_entropy(functional.linear(y, dense), torch.tensor(labels))

    _, expected = autograd(forward, lambda shape: np.ones(tuple(shape)), x, weight, gamma, beta, dense)

    made = convolution.conv_layer(x, weight, padding=1)
    normalized = normalization.batch_norm(made, gamma, beta)
    active = activations.relu(normalized)
    flat = pooling.pool(active, 2).reshape(2, -1)
    grad = backprop.cross_entropy_gradient(flat @ dense.T, labels)
    grad, ddense, _ = backprop.linear_backward(grad, flat, dense)
    grad = backprop.pool_backward(grad.reshape(2, 3, 4, 4), active, 2)
    grad = backprop.activation_backward(grad, normalized, "relu")
    grad, dgamma, dbeta = backprop.batch_norm_backward(grad, made, gamma)
    dx, dweight, _ = backprop.conv_layer_backward(grad, x, weight, padding=1)
    for ours, theirs in zip((dx, dweight, dgamma, dbeta, ddense), expected, strict=True):
        assert_alike(ours, theirs)


@st.composite
def one_channel(draw):
    axes = draw(st.integers(1, 2))
    size = tuple(draw(st.integers(3, 7)) for _ in range(axes))
    settings = {
        "stride": tuple(draw(st.integers(1, 3)) for _ in range(axes)),
        "padding": tuple((draw(st.integers(0, 2)), draw(st.integers(0, 2))) for _ in range(axes)),
        "dilation": tuple(draw(st.integers(1, 2)) for _ in range(axes)),
    }
    settings["padding_mode"] = draw(st.sampled_from(_windows.PADDING_MODES))
    settings["value"] = 1.5
    return size, tuple(draw(st.integers(1, 2)) for _ in range(axes)), settings


@given(data=st.data(), case=one_channel())
@some
def test_explanations_add_up_to_the_gradients(data, case):
    size, taps, settings = case
    x, kernel = random_values(data, size), random_values(data, taps)
    output = convolution.correlate(x, kernel, **settings)
    grad = random_values(data, output.shape)
    dx, dkernel = backprop.correlate_backward(grad, x, kernel, **settings)
    for position in np.ndindex(x.shape):
        found = backprop.explain_input(grad, x, kernel, position, **settings)
        assert found.total == pytest.approx(dx[position], rel=1e-12, abs=1e-12)
        assert (found.window * found.reflected_kernel).sum() == pytest.approx(found.total, rel=1e-12, abs=1e-12)
        for term in found.terms:
            assert (term.weight, term.gradient) == (kernel[term.kernel], grad[term.output])
            assert term.input == position or settings["padding_mode"] not in ("zeros", "constant")
        assert [term.output for term in found.terms] == sorted(term.output for term in found.terms)
    for position in np.ndindex(kernel.shape):
        found = backprop.explain_weight(grad, x, kernel, position, **settings)
        assert found.total == pytest.approx(dkernel[position], rel=1e-12, abs=1e-12)
        assert len(found.terms) == grad.size
        assert sum(term.value for term in found.terms) == pytest.approx(
            convolution.correlate(x, one_tap(position, kernel.shape), **settings).sum(), rel=1e-12, abs=1e-12
        )


def one_tap(position, shape):
    kernel = np.zeros(shape)
    kernel[position] = 1
    return kernel


def test_a_copy_in_the_padding_sends_its_gradient_to_the_cell_it_copies():
    grad, x, kernel = [1, 10, 100], [1, 2, 3], [4, 5, 6]
    found = backprop.explain_input(grad, x, kernel, 0, padding=1, padding_mode="replicate")
    assert str(found) == "dL/dx[0] = (4)·(1) + (5)·(1) + (4)·(10) = 49"
    assert [term.input for term in found.terms] == [(-1,), (0,), (0,)]
    around = backprop.explain_input(grad, x, kernel, 0, padding=1, padding_mode="circular")
    assert [(term.output, term.input) for term in around.terms] == [((0,), (0,)), ((1,), (0,)), ((2,), (3,))]
    met = backprop.explain_weight(grad, x, kernel, 0, padding=1, padding_mode="reflect").terms[0]
    assert (met.input, met.value) == ((-1,), 2)


def test_explanation_of_the_centre_cell_shows_the_kernel_turned():
    kernel = np.arange(1, 10).reshape(3, 3)
    grad = np.arange(1, 10).reshape(3, 3) * 10
    found = backprop.explain_input(grad, np.zeros((5, 5)), kernel, (2, 2))
    assert found.window.tolist() == grad.tolist()
    assert found.reflected_kernel.tolist() == [[9, 8, 7], [6, 5, 4], [3, 2, 1]]
    assert [(term.output, term.weight) for term in found.terms[:2]] == [((0, 0), 9), ((0, 1), 8)]
    corner = backprop.explain_input(grad, np.zeros((5, 5)), kernel, (0, 0))
    assert [(term.output, term.kernel) for term in corner.terms] == [((0, 0), (0, 0))]


def test_an_input_cell_that_no_window_reads_has_no_terms():
    found = backprop.explain_input([[1.0]], np.ones((3, 3)), np.ones((2, 2)), (2, 2), stride=2)
    assert (found.terms, found.total) == ((), 0)
    assert str(found) == "dL/dx[2, 2] = 0 (no window reads it) = 0"


IMAGE, WEIGHT, GRAD = np.ones((2, 4, 5, 5)), np.ones((6, 2, 3, 3)), np.ones((2, 6, 3, 3))
CONV = (GRAD, IMAGE, WEIGHT)


@pytest.mark.parametrize(
    "call, parameter",
    [
        (lambda: backprop.conv_layer_backward(*CONV), r"weight.shape\[1\]"),
        (lambda: backprop.conv_layer_backward(*CONV, groups=3), "groups"),
        (lambda: backprop.conv_layer_backward(*CONV, groups=0), "groups"),
        (lambda: backprop.conv_layer_backward(*CONV, groups=2, stride=0), "stride"),
        (lambda: backprop.conv_layer_backward(*CONV, groups=2, stride=-1), "stride"),
        (lambda: backprop.conv_layer_backward(*CONV, groups=2, padding=-1), "padding"),
        (lambda: backprop.conv_layer_backward(*CONV, groups=2, dilation=0), "dilation"),
        (lambda: backprop.conv_layer_backward(*CONV, groups=2, dilation=3), "weight.shape"),
        (lambda: backprop.conv_layer_backward(*CONV, groups=2, padding=1), "grad.shape"),
        (lambda: backprop.conv_layer_backward(*CONV, groups=2, padding_mode="mirror"), "padding_mode"),
        (lambda: backprop.conv_layer_backward(GRAD, IMAGE, np.nan * WEIGHT, groups=2), "weight"),
        (lambda: backprop.conv_layer_backward(GRAD > 0, IMAGE, WEIGHT, groups=2), "grad"),
        (lambda: backprop.conv_layer_backward(GRAD, IMAGE * 1j, WEIGHT, groups=2), "x"),
        (lambda: backprop.conv_layer_backward(GRAD, IMAGE[0], WEIGHT, groups=2), "weight.ndim"),
        (lambda: backprop.conv_layer_backward(GRAD[:1], IMAGE, WEIGHT, groups=2), "grad.shape"),
        (lambda: backprop.conv_layer_backward(1e200 * GRAD, IMAGE, 1e200 * WEIGHT, groups=2), "x|grad"),
        (lambda: backprop.correlate_backward([1.0], [[1.0]], [[1.0]]), "grad.ndim"),
        (lambda: backprop.correlate_backward([1.0], [1.0, 2.0], [1.0, 2.0, 3.0]), "kernel.shape"),
        (lambda: backprop.correlate_backward([1.0] * 3, [1.0, 2.0], [1.0]), "grad.shape"),
        (lambda: backprop.correlate_backward([2**61] * 5, [1], [1], padding=2, padding_mode="replicate"), "grad"),
        (lambda: backprop.pool_backward([[1.0]], np.ones((4, 4)), 2), "grad.shape"),
        (lambda: backprop.pool_backward([[1.0]], np.ones((2, 2)), 3), "size"),
        (lambda: backprop.pool_backward([[1.0]], np.ones((2, 2)), 2, mode="median"), "mode"),
        (lambda: backprop.pool_backward([[1.0]], np.ones((2, 2)), 2, stride=0), "stride"),
        (lambda: backprop.pool_backward([[np.inf]], np.ones((2, 2)), 2), "grad"),
        (lambda: backprop.pool_backward([[1.0]], [], 2), "x.shape"),
        (lambda: backprop.batch_norm_backward([[1.0]], np.ones((2, 2))), "grad.shape"),
        (lambda: backprop.batch_norm_backward([[1.0]], [[1.0]]), "x.shape"),
        (lambda: backprop.batch_norm_backward(np.ones((2, 1)), np.ones((2, 1)), [1.0, 2.0]), "gamma.shape"),
        (lambda: backprop.batch_norm_backward(np.ones((2, 1)), np.ones((2, 1)), training=False), "running_mean"),
        (lambda: backprop.batch_norm_backward(np.full((2, 1), 1e308), [[1.0], [2.0]], [1e9]), "grad"),
        (lambda: backprop.layer_norm_backward(np.ones((2, 2)), np.ones((2, 2)), dimensions=3), "dimensions"),
        (lambda: backprop.instance_norm_backward(np.ones((2, 2)), np.ones((2, 2))), "x.shape"),
        (lambda: backprop.group_norm_backward(np.ones((2, 3)), np.ones((2, 3)), 2), "groups"),
        (lambda: backprop.activation_backward([1.0], [1.0, 2.0]), "grad.shape"),
        (lambda: backprop.activation_backward([1.0], [1.0], "maxout"), "name"),
        (lambda: backprop.softmax_backward([1.0], [1.0], axis=1), "axis"),
        (lambda: backprop.linear_backward([[1.0]], [[1.0, 2.0]], [[1.0]]), "weight.shape"),
        (lambda: backprop.linear_backward([[1.0, 2.0]], [[1.0]], [[1.0]]), "grad.shape"),
        (lambda: backprop.linear_backward([[1e200]], [[1e200]], [[1e200]]), "grad"),
        (lambda: backprop.explain_input([1.0], [1.0], [1.0], 1), "position"),
        (lambda: backprop.explain_input([1.0], [1.0], [1.0], (0, 0)), "position"),
        (lambda: backprop.explain_input([1.0], [1.0], [1.0], -1), "position"),
        (lambda: backprop.explain_weight([1.0], [1.0], [1.0], 1), "position"),
        (lambda: backprop.explain_weight([1.0, 2.0], [1.0], [1.0], 0), "grad.shape"),
        (lambda: backprop.explain_weight([1.0], [1.0], [1.0], 0, stride=0.5), "stride"),
        (lambda: backprop.explain_input([1.0], [1.0], [1.0], 0, padding_mode="mirror"), "padding_mode"),
        (lambda: backprop.explain_input([1.0] * 3, [1.0], [1.0], 0, padding=1, padding_mode="reflect"), "padding"),
        (lambda: backprop.explain_weight([1.0], [1.0], [1.0], 0, padding_mode="constant", value=np.nan), "value"),
        (lambda: backprop.local_response_norm_backward([[1.0]], np.ones((2, 2))), "grad.shape"),
        (lambda: backprop.local_response_norm_backward([1.0], [1.0]), "x.ndim"),
        (lambda: backprop.local_response_norm_backward([[1.0]], [[1.0]], 0), "size"),
        (lambda: backprop.local_response_norm_backward([[1.0]], [[0.0]], k=0), "k"),
    ],
)
def test_bad_arguments_are_refused_by_name(call, parameter):
    with pytest.raises(ValueError, match=rf"^({parameter})=.*: \w"):
        call()
