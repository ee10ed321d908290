"""What all normalisations share: subtract the mean, divide by the standard deviation, scale and shift."""

import math
from dataclasses import dataclass

import numpy as np

from cnnlab.core import checks


@dataclass(frozen=True, eq=False)
class Standardized:
    """x less its mean, divided by sqrt(variance + eps); all in float64, `kind` is the type that x had."""

    values: np.ndarray
    mean: np.ndarray
    variance: np.ndarray
    inverse_deviation: np.ndarray
    kind: np.dtype

    @property
    def normalized(self):
        """The values in the type of x."""
        return self.values.astype(self.kind)

    def scaled(self, gamma, beta, shape=None):
        """gamma * values + beta in the type and (if given) the shape of x; None stands for 1 and 0."""
        result = self.values if shape is None else self.values.reshape(shape)
        with np.errstate(over="ignore"):
            result = result.copy() if gamma is None else result * gamma
            if beta is not None:
                result += beta
            result = result.astype(self.kind, copy=False)
        if not checks.is_finite(result):
            checks.refuse("gamma", "array", f"is too large: the result passes the largest number of {self.kind}")
        return result


def standardize(x, axes, eps):
    """Normalise the checked array x over a tuple of axes, with the biased variance (divided by the count)."""
    eps = checks.within("eps", eps, 0, 1e6)
    workspace(x)
    with np.errstate(over="ignore", invalid="ignore"):
        mean = x.mean(axis=axes, keepdims=True, dtype=np.float64)
        variance = np.mean((x - mean) ** 2, axis=axes, keepdims=True)
    largest = float(np.finfo(x.dtype).max)
    if not (np.isfinite(mean).all() and (variance <= largest).all()):
        checks.refuse("x", x, f"is too large: its variance passes the largest number of {x.dtype}; scale it down")
    return from_moments(x, mean, variance, eps)


def from_moments(x, mean, variance, eps):
    """Normalise x by a mean and a variance (broadcast against it) that may come from elsewhere."""
    workspace(x)
    if eps == 0 and not variance.all():
        checks.refuse("eps", eps, "must be above 0 where a variance is 0")
    inverse_deviation = 1 / np.sqrt(variance + eps)
    with np.errstate(over="ignore"):
        values = x - mean
        values *= inverse_deviation
    if not checks.is_finite(values):
        checks.refuse("x", x, "is too large for this mean and variance; scale it down")
    return Standardized(values, mean, variance, inverse_deviation, x.dtype)


def per_channel(name, value, x):
    """A (C,) array as float64 that broadcasts over x (N, C, *spatial), or None."""
    if value is None:
        return None
    value = checks.real(name, value, 1)
    if x.ndim < 2 or value.shape != (x.shape[1],):
        wanted = x.shape[1] if x.ndim > 1 else "C"
        checks.refuse(f"{name}.shape", value.shape, f"must be ({wanted},), one number a channel of x {x.shape}")
    return value.astype(np.float64).reshape(-1, *(1,) * (x.ndim - 2))


def workspace(x):
    """Refuse x before the four float64 copies of it, result included, that a normalisation makes."""
    checks.workspace("x.shape", x.shape, 4 * 8 * math.prod(x.shape))
