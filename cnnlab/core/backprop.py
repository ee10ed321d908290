"""Backpropagation: for every layer the gradient of a loss by its input and its parameters.

Each function takes `grad`, the loss's gradient by the layer's output (and of its shape), and what the layer itself was
called with, and returns the gradients by what it was called with. Chained from the last layer to the first they train a
network. Convolution and pooling refer to `cnnlab.core.convolution` and `cnnlab.core.pooling` for their arguments,
normalisations to `cnnlab.core.normalization`. `explain_input` and `explain_weight` show one number's sum term by term.

Bad input (empty, ragged, complex, boolean or non-finite arrays, a gradient of the wrong shape, the layers' own
refusals, more than 256 MB) is refused with a ValueError that names the parameter. Sources: Rumelhart, Hinton &
Williams 1986; EE541, unit 8.
"""

import numpy as np

from cnnlab.core import checks
from cnnlab.core._conv_backward import check_gradient, conv_layer_backward, correlate_backward
from cnnlab.core._explain_backward import (
    InputExplanation,
    InputTerm,
    WeightExplanation,
    WeightTerm,
    explain_input,
    explain_weight,
)
from cnnlab.core._norm_backward import (
    batch_norm_backward,
    group_norm_backward,
    instance_norm_backward,
    layer_norm_backward,
    local_response_norm_backward,
)
from cnnlab.core._pool_backward import pool_backward
from cnnlab.core.activations import ACTIVATIONS, cross_entropy_gradient, log_softmax, softmax

__all__ = [
    "InputExplanation",
    "InputTerm",
    "WeightExplanation",
    "WeightTerm",
    "activation_backward",
    "batch_norm_backward",
    "conv_layer_backward",
    "correlate_backward",
    "cross_entropy_gradient",
    "explain_input",
    "explain_weight",
    "group_norm_backward",
    "instance_norm_backward",
    "layer_norm_backward",
    "linear_backward",
    "local_response_norm_backward",
    "log_softmax_backward",
    "pool_backward",
    "softmax_backward",
]


def activation_backward(grad, x, name="relu"):
    """Gradient by the input of an activation: grad times the activation's slope at x, element by element.

    name: a key of `cnnlab.core.activations.ACTIVATIONS`; grad and x of the same shape, which the result has too.

    >>> activation_backward([5.0, 5.0], [-1.0, 1.0])
    array([0., 5.])
    """
    checks.choice("name", name, tuple(ACTIVATIONS))
    grad, x = _alike(grad, x)
    return _finite(lambda: grad * ACTIVATIONS[name].derivative(x))


def linear_backward(grad, x, weight):
    """Gradients of the dense layer y = x weight^T + bias: x (N, in), weight (out, in), grad (N, out).

    Returns (dx, dweight, dbias): grad weight, grad^T x, and the sum of grad over the examples.

    >>> dx, dweight, dbias = linear_backward([[1.0, 10.0]], [[2.0, 3.0]], [[1.0, 0.0], [0.0, 1.0]])
    >>> dx, dweight, dbias
    (array([[ 1., 10.]]), array([[ 2.,  3.],
           [20., 30.]]), array([ 1., 10.]))
    """
    grad, x, weight = checks.real("grad", grad, 2), checks.real("x", x, 2), checks.real("weight", weight, 2)
    if weight.shape[1] != x.shape[1]:
        checks.refuse("weight.shape", weight.shape, f"must be (out, {x.shape[1]}) for x of shape {x.shape}")
    check_gradient(grad, (x.shape[0], weight.shape[0]))
    checks.workspace("weight.shape", weight.shape, 8 * 2 * (grad.size + x.size + weight.size))
    dx, dweight = _finite(lambda: grad @ weight), _finite(lambda: grad.T @ x)
    return dx, dweight, _finite(lambda: grad.sum(axis=0))


def softmax_backward(grad, x, axis=-1):
    """Gradient by the scores x of softmax along `axis`: s (grad - sum(grad s)), with the probabilities s.

    >>> softmax_backward([1.0, 0.0], [0.0, 0.0])
    array([ 0.25, -0.25])
    """
    grad, x = _alike(grad, x)
    probabilities = softmax(x, axis)
    return _finite(lambda: probabilities * (grad - (grad * probabilities).sum(axis=axis, keepdims=True)))


def log_softmax_backward(grad, x, axis=-1):
    """Gradient by the scores x of log-softmax along `axis`: grad - s sum(grad), with the probabilities s.

    >>> log_softmax_backward([1.0, 0.0], [0.0, 0.0])
    array([ 0.5, -0.5])
    """
    grad, x = _alike(grad, x)
    probabilities = np.exp(log_softmax(x, axis))
    return _finite(lambda: grad - probabilities * grad.sum(axis=axis, keepdims=True))


def _alike(grad, x):
    grad, x = checks.real("grad", grad), checks.real("x", x)
    check_gradient(grad, x.shape)
    return grad, x


def _finite(compute):
    """What `compute` returns; refused where it passes the largest number."""
    with np.errstate(over="ignore", invalid="ignore"):
        result = compute()
    if not checks.is_finite(result):
        checks.refuse("grad", "array", f"is too large: the gradient passes the range of {result.dtype}")
    return result
