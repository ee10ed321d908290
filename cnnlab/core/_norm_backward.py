"""Gradients of the normalisations: the arguments stand in `cnnlab.core.normalization`."""

import numpy as np

from cnnlab.core import checks, normalization
from cnnlab.core._batch_norm import standardized_batch
from cnnlab.core._conv_backward import check_gradient
from cnnlab.core._standardize import per_channel, standardize


def batch_norm_backward(grad, x, gamma=None, *, running_mean=None, running_var=None, training=True, eps=1e-5):
    """Gradients of a loss by x, gamma and beta of `batch_norm`, given `grad` by its output.

    grad: the shape of x, (N, C) or (N, C, *spatial); the rest as `batch_norm` had it. Returns (dx, dgamma, dbeta),
    shaped as x, (C,) and (C,). In training the mean and the variance depend on x too, so with g = gamma * grad and z
    the normalised x, over all values of a channel

        dx = (g - mean(g) - z mean(g z)) / sqrt(variance + eps),

    which sums to 0 in every channel; in eval dx = g / sqrt(running_var + eps). dgamma sums grad * z, dbeta sums grad.
    Source: Ioffe & Szegedy 2015, section 3.

    >>> dx, dgamma, dbeta = batch_norm_backward([[1.0], [0.0], [0.0]], [[1.0], [2.0], [3.0]])
    >>> dgamma.round(3), dbeta
    (array([-1.225]), array([1.]))
    """
    x = checks.real("x", x)
    standardized, _, _ = standardized_batch(x, running_mean, running_var, training, eps)
    grad, scale, over = _gradient(grad, x), per_channel("gamma", gamma, x), (0, *range(2, x.ndim))
    with np.errstate(over="ignore", invalid="ignore"):
        by_normalized = _scaled(grad, scale)
        dx = (
            _by_input(by_normalized, standardized, over) if training else by_normalized * standardized.inverse_deviation
        )
        return _finished(x, dx, *_by_scale_and_shift(grad, standardized.values, over))


def layer_norm_backward(grad, x, gamma=None, *, dimensions=None, eps=1e-5):
    """Gradients of a loss by x, gamma and beta of `layer_norm`, given `grad` by its output.

    Returns (dx, dgamma, dbeta), the last two of the shape of the normalised axes; arguments as `layer_norm` had,
    formula as for batch norm.

    >>> dx, dgamma, dbeta = layer_norm_backward([[1.0, 0.0]], [[1.0, 3.0]])
    >>> dgamma.round(3), dbeta
    (array([-1.,  0.]), array([1., 0.]))
    """
    x = checks.real("x", x)
    over, shape = normalization.trailing(x, dimensions)
    grad, scale = _gradient(grad, x), normalization.parameter("gamma", gamma, shape)
    standardized = standardize(x, over, eps)
    with np.errstate(over="ignore", invalid="ignore"):
        dx = _by_input(_scaled(grad, scale), standardized, over)
        return _finished(x, dx, *_by_scale_and_shift(grad, standardized.values, tuple(range(x.ndim - len(over)))))


def instance_norm_backward(grad, x, gamma=None, *, eps=1e-5):
    """Gradients of a loss by x, gamma and beta of `instance_norm`, given `grad` by its output.

    Returns (dx, dgamma, dbeta), shaped as x, (C,) and (C,); arguments as `instance_norm` had, formula as for batch
    norm.

    >>> instance_norm_backward([[[1.0, 0.0]]], [[[1.0, 3.0]]])[2]
    array([1.])
    """
    x = checks.real("x", x)
    normalization.check_positions(x)
    return group_norm_backward(grad, x, x.shape[1], gamma, eps=eps)


def group_norm_backward(grad, x, groups, gamma=None, *, eps=1e-5):
    """Gradients of a loss by x, gamma and beta of `group_norm`, given `grad` by its output.

    Returns (dx, dgamma, dbeta), shaped as x, (C,) and (C,); arguments as `group_norm` had, formula as for batch norm.

    >>> group_norm_backward([[[1.0], [0.0]]], [[[1.0], [3.0]]], 1)[2]
    array([1., 0.])
    """
    x = checks.real("x", x)
    split, over = normalization.grouped(x, groups)
    grad, scale = _gradient(grad, x), per_channel("gamma", gamma, x)
    standardized = standardize(split, over, eps)
    with np.errstate(over="ignore", invalid="ignore"):
        dx = _by_input(_scaled(grad, scale).reshape(split.shape), standardized, over).reshape(x.shape)
        normalized = standardized.values.reshape(x.shape)
        return _finished(x, dx, *_by_scale_and_shift(grad, normalized, (0, *range(2, x.ndim))))


def local_response_norm_backward(grad, x, size=5, *, alpha=1e-4, beta=0.75, k=None, convention="alexnet"):
    """Gradient of a loss by x of `local_response_norm`, given `grad` by its output; arguments as that had.

    With b = k + alpha * sum of squares (torch: alpha / size), channel j of x stands in its own numerator, and in the
    divisor of every channel i that counts j among its neighbours:

        dx_j = grad_j / b_j ** beta - 2 alpha beta x_j * sum over those i of grad_i x_i / b_i ** (beta + 1).

    Source: Krizhevsky, Sutskever & Hinton 2012, section 3.3.

    >>> local_response_norm_backward([[1.0, 0.0]], [[1.0, 1.0]], 3, alpha=1, beta=1)  # b = 2 + 1 + 1
    array([[ 0.125, -0.125]])
    """
    x = checks.real("x", x)
    response = normalization.response_of_neighbours(x, size, alpha, beta, k, convention)
    grad = _gradient(grad, x)
    with np.errstate(over="ignore", invalid="ignore"):
        own = grad * response.base**-response.beta
        through_divisor = own * x / response.base
        # who counts j: from (size - 1) // 2 before j to size // 2 after it, which is the window turned round
        gathered = normalization.sum_of_neighbours(through_divisor[:, ::-1], response.size)[:, ::-1]
        (dx,) = _finished(x, own - 2 * response.weight * response.beta * x * gathered)
    return dx


def _gradient(grad, x):
    grad = checks.real("grad", grad)
    check_gradient(grad, x.shape)
    checks.workspace("x.shape", x.shape, 6 * 8 * x.size)
    return grad.astype(np.float64)


def _scaled(grad, scale):
    return grad if scale is None else grad * scale


def _by_input(by_normalized, standardized, over):
    """(g - mean(g) - z mean(g z)) / deviation: the normalised values z are left out of what changes mean and spread."""
    z = standardized.values
    mean = by_normalized.mean(axis=over, keepdims=True)
    along = (by_normalized * z).mean(axis=over, keepdims=True)
    return (by_normalized - mean - z * along) * standardized.inverse_deviation


def _by_scale_and_shift(grad, normalized, over):
    return (grad * normalized).sum(axis=over), grad.sum(axis=over)


def _finished(x, *gradients):
    """The gradients in the type of x."""
    gradients = tuple(gradient.astype(x.dtype) for gradient in gradients)
    if not all(checks.is_finite(gradient) for gradient in gradients):
        checks.refuse("grad", "array", f"is too large: a gradient passes the range of {x.dtype}")
    return gradients
