"""Normalisation: batch norm in its five steps, layer, instance and group norm, local response normalisation.

All but the last are one operation, `normalize`, over different axes of (N, C, *spatial):

    batch norm      N and spatial    one mean a channel, over the mini-batch
    layer norm      C and spatial    one mean an example
    instance norm   spatial          one mean an example and channel
    group norm      spatial and the channels of a group

Means and variances are computed in float64 and the result has the type of x: float32 and float64 stay, any other number
type becomes float64. Bad input (empty, ragged, complex, boolean or non-finite arrays, parameters of the wrong shape,
values whose variance passes the largest number) is refused with a ValueError that names it.
"""

import math
from dataclasses import dataclass

import numpy as np

from cnnlab.core import checks
from cnnlab.core._batch_norm import BatchNormSteps, batch_norm, batch_norm_steps
from cnnlab.core._standardize import per_channel, standardize, workspace

__all__ = [
    "BatchNormSteps",
    "batch_norm",
    "batch_norm_steps",
    "group_norm",
    "instance_norm",
    "layer_norm",
    "local_response_norm",
    "normalize",
]


def normalize(x, axes, *, eps=1e-5):
    """(x - mean) / sqrt(variance + eps), with the mean and the biased variance over `axes` (an int or a tuple).

    >>> normalize([[1.0, 3.0], [10.0, 30.0]], 1, eps=0)
    array([[-1.,  1.],
           [-1.,  1.]])
    """
    x = checks.real("x", x)
    return standardize(x, checked_axes(x, axes), eps).normalized


def checked_axes(x, axes):
    """Return `axes` as a tuple of different axes of x, counted from the front."""
    axes = tuple(axes) if checks.is_sequence(axes) else (axes,)
    found = [checks.integer("axes", axis, -x.ndim) for axis in axes]
    if not found or max(found) >= x.ndim or len({axis % x.ndim for axis in found}) < len(found):
        checks.refuse("axes", axes, f"must be different numbers from {-x.ndim} to {x.ndim - 1}")
    return tuple(axis % x.ndim for axis in found)


def layer_norm(x, gamma=None, beta=None, *, dimensions=None, eps=1e-5):
    """Layer norm: every example by its own mean and variance, over its last `dimensions` axes (default: all but N).

    gamma, beta: scale and shift, of the shape of the normalised axes, as in PyTorch's LayerNorm; None for 1 and 0.
    Source: Ba, Kiros & Hinton 2016.

    >>> layer_norm([[1.0, 3.0], [10.0, 30.0]], eps=0)
    array([[-1.,  1.],
           [-1.,  1.]])
    """
    x = checks.real("x", x)
    axes, shape = trailing(x, dimensions)
    scale, shift = parameter("gamma", gamma, shape), parameter("beta", beta, shape)
    return standardize(x, axes, eps).scaled(scale, shift)


def trailing(x, dimensions):
    """The axes that layer norm averages over, and their shape."""
    dimensions = max(x.ndim - 1, 1) if dimensions is None else checks.integer("dimensions", dimensions, 1)
    if dimensions > x.ndim:
        checks.refuse("dimensions", dimensions, f"must be at most {x.ndim}, the axes of x")
    return tuple(range(x.ndim - dimensions, x.ndim)), x.shape[x.ndim - dimensions :]


def instance_norm(x, gamma=None, beta=None, *, eps=1e-5):
    """Instance norm: every channel of every example by its own mean and variance, over the spatial axes.

    x: (N, C, *spatial) with at least two spatial positions; gamma, beta: (C,), or None for 1 and 0.
    Source: Ulyanov, Vedaldi & Lempitsky 2016.

    >>> instance_norm([[[1.0, 3.0], [10.0, 30.0]]], eps=0)
    array([[[-1.,  1.],
            [-1.,  1.]]])
    """
    x = checks.real("x", x)
    check_positions(x)
    scale, shift = per_channel("gamma", gamma, x), per_channel("beta", beta, x)
    return standardize(x, tuple(range(2, x.ndim)), eps).scaled(scale, shift)


def check_positions(x):
    """Refuse what instance norm could take no spread of."""
    if x.ndim < 3 or math.prod(x.shape[2:]) < 2:
        checks.refuse("x.shape", x.shape, "must be (N, C, *spatial) with two positions or more to take a mean over")


def group_norm(x, groups, gamma=None, beta=None, *, eps=1e-5):
    """Group norm: the channels of every example in `groups` equal parts, each by its own mean and variance.

    x: (N, C, *spatial); groups: a divisor of C (1: as layer norm, C: as instance norm); gamma, beta: (C,), or None for
    1 and 0. Source: Wu & He 2018.

    >>> group_norm([[[1.0], [3.0], [10.0], [30.0]]], 2, eps=0)[0, :, 0]
    array([-1.,  1., -1.,  1.])
    """
    x = checks.real("x", x)
    split, axes = grouped(x, groups)
    scale, shift = per_channel("gamma", gamma, x), per_channel("beta", beta, x)
    normalized = standardize(split, axes, eps)
    return normalized.scaled(scale, shift, x.shape)


def grouped(x, groups):
    """x as (N, groups, C / groups, *spatial) and the axes that group norm averages over."""
    if x.ndim < 2:
        checks.refuse("x.ndim", x.ndim, "must be 2 or more: (N, C, *spatial)")
    groups = checks.integer("groups", groups, 1)
    if x.shape[1] % groups:
        checks.refuse("groups", groups, f"must divide the {x.shape[1]} channels")
    split = x.reshape(x.shape[0], groups, x.shape[1] // groups, *x.shape[2:])
    return split, tuple(range(2, split.ndim))


def parameter(name, value, shape):
    """A scale or shift as a float64 array of one exact shape, or None."""
    if value is None:
        return None
    value = checks.real(name, value)
    if value.shape != shape:
        checks.refuse(f"{name}.shape", value.shape, f"must be {shape}")
    return value.astype(np.float64)


def local_response_norm(x, size=5, *, alpha=1e-4, beta=0.75, k=None, convention="alexnet"):
    """Local response normalisation: x / (k + alpha * sum of squares of `size` neighbouring channels) ** beta.

    x: (N, C, *spatial). The channels size // 2 before to (size - 1) // 2 after each one count, as far as they exist.
    convention: "alexnet" is the formula above with k = 2, as published; "torch" takes alpha / size times the sum, with
    k = 1. k and beta are 0 or more, alpha too; k = 0 is refused where all the squares are 0.
    Source: Krizhevsky, Sutskever & Hinton 2012, section 3.3.

    >>> local_response_norm(np.ones((1, 5, 1)), alpha=1, beta=1)[0, :, 0]  # 3, 4, 5, 4, 3 channels within reach
    array([0.2       , 0.16666667, 0.14285714, 0.16666667, 0.2       ])
    """
    x = checks.real("x", x)
    response = response_of_neighbours(x, size, alpha, beta, k, convention)
    return (x / response.base**response.beta).astype(x.dtype)


@dataclass(frozen=True, eq=False)
class NeighbourResponse:
    """What a local response normalisation divides by: base ** beta, with base = k + weight * the sum of squares."""

    size: int
    weight: float
    beta: float
    base: np.ndarray


def response_of_neighbours(x, size, alpha, beta, k, convention):
    """Check the arguments of `local_response_norm`; the base of its divisor in float64."""
    if x.ndim < 2:
        checks.refuse("x.ndim", x.ndim, "must be 2 or more: (N, C, *spatial)")
    size = checks.integer("size", size, 1)
    checks.choice("convention", convention, ("alexnet", "torch"))
    alpha, beta = checks.within("alpha", alpha, 0, 1e6), checks.within("beta", beta, 0, 10)
    k = (2.0 if convention == "alexnet" else 1.0) if k is None else checks.within("k", k, 0, 1e6)
    weight = alpha if convention == "alexnet" else alpha / size
    workspace(x)
    with np.errstate(over="ignore"):
        base = k + weight * sum_of_neighbours(x.astype(np.float64) ** 2, size)
    if not np.isfinite(base).all():
        checks.refuse("x", x, "is too large: the sum of its squares passes the largest number; scale it down")
    if k == 0 and not base.all():
        checks.refuse("k", k, "must be above 0 where a channel and its neighbours are all 0")
    return NeighbourResponse(size, weight, beta, base)


def sum_of_neighbours(squares, size):
    """For each channel the sum over the channels size // 2 before to (size - 1) // 2 after it."""
    channels = squares.shape[1]
    total = np.zeros_like(squares)
    for offset in range(-min(size // 2, channels - 1), min((size - 1) // 2, channels - 1) + 1):
        low, high = max(0, -offset), min(channels, channels - offset)
        total[:, low:high] += squares[:, low + offset : high + offset]
    return total
