"""Activation functions with their derivatives; softmax and cross-entropy come along from `cnnlab.core._softmax`.

Every function takes an array x of any shape and returns one of the same shape; float32 and float64 stay what they are,
any other number type is computed in float64. Nothing overflows: the formulas only ever raise e to negative powers.
Empty, ragged, complex, boolean or non-finite x is refused with a ValueError that names it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cnnlab.core import checks
from cnnlab.core._softmax import (
    cross_entropy,
    cross_entropy_gradient,
    log_softmax,
    log_softmax_derivative,
    softmax,
    softmax_derivative,
)

__all__ = [
    "ACTIVATIONS",
    "Activation",
    "cross_entropy",
    "cross_entropy_gradient",
    "gelu",
    "gelu_derivative",
    "leaky_relu",
    "leaky_relu_derivative",
    "log_softmax",
    "log_softmax_derivative",
    "relu",
    "relu_derivative",
    "sigmoid",
    "sigmoid_derivative",
    "silu",
    "silu_derivative",
    "softmax",
    "softmax_derivative",
    "tanh",
    "tanh_derivative",
]


def relu(x):
    """Rectified linear unit, max(0, x), element by element.

    Source: Nair & Hinton 2010; Krizhevsky et al. 2012, section 3.1.

    >>> relu([-2.0, 0.0, 3.0])
    array([0., 0., 3.])
    """
    return np.maximum(_checked(x), 0)


def relu_derivative(x):
    """Slope of ReLU: 1 where x > 0, else 0 (at 0 the convention of every framework).

    >>> relu_derivative([-2.0, 0.0, 3.0])
    array([0., 0., 1.])
    """
    x = _checked(x)
    return (x > 0).astype(x.dtype)


def leaky_relu(x, slope=0.01):
    """Leaky ReLU: x where x > 0, else slope * x, with `slope` from -1 to 1. Source: Maas et al. 2013.

    >>> leaky_relu([-2.0, 3.0], slope=0.1)
    array([-0.2,  3. ])
    """
    x, slope = _checked(x), checks.within("slope", slope, -1, 1)
    return np.where(x > 0, x, x * x.dtype.type(slope))


def leaky_relu_derivative(x, slope=0.01):
    """Slope of leaky ReLU: 1 where x > 0, else `slope`.

    >>> leaky_relu_derivative([-2.0, 3.0], slope=0.1)
    array([0.1, 1. ])
    """
    x, slope = _checked(x), checks.within("slope", slope, -1, 1)
    return np.where(x > 0, x.dtype.type(1), x.dtype.type(slope))


def sigmoid(x):
    """Logistic function 1 / (1 + exp(-x)), element by element.

    Negative x are computed as exp(x) / (1 + exp(x)), the same number without overflow.

    >>> sigmoid([-1000.0, 0.0, 1000.0])
    array([0. , 0.5, 1. ])
    """
    return _sigmoid(_checked(x))


def sigmoid_derivative(x):
    """Slope of the logistic function, s(x) s(-x): at most 1/4, which is why deep sigmoid networks learn slowly.

    >>> sigmoid_derivative([0.0, 1000.0])
    array([0.25, 0.  ])
    """
    x = _checked(x)
    return _sigmoid(x) * _sigmoid(-x)


def tanh(x):
    """Hyperbolic tangent, element by element: 2 s(2x) - 1 for the logistic function s.

    >>> tanh([-1000.0, 0.0, 1000.0])
    array([-1.,  0.,  1.])
    """
    return np.tanh(_checked(x))


def tanh_derivative(x):
    """Slope of tanh, 1 - tanh(x)^2, computed as 4 z / (1 + z)^2 with z = exp(-2 |x|), exact in the tails too.

    >>> tanh_derivative([0.0, 1000.0])
    array([1., 0.])
    """
    z = np.exp(-np.abs(_checked(x))) ** 2
    return 4 * z / (1 + z) ** 2


def gelu(x, approximate="none"):
    """Gaussian error linear unit, x Phi(x), with Phi the distribution function of the standard normal.

    `approximate="none"` is exact; `"tanh"` is 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).
    Source: Hendrycks & Gimpel 2016, section 2.

    >>> gelu([-1.0, 0.0, 1.0]).round(4)
    array([-0.1587,  0.    ,  0.8413])
    """
    x = _checked(x, copies=8)
    if checks.choice("approximate", approximate, ("none", "tanh")) == "tanh":
        return x * _sigmoid(2 * _gelu_angle(x))  # (1 + tanh u) / 2 is the logistic function of 2u
    return x * _normal_cdf(x)


def gelu_derivative(x, approximate="none"):
    """Slope of GELU: Phi(x) + x phi(x) with the normal density phi; for "tanh" the slope of that formula.

    >>> gelu_derivative([-1.0, 0.0, 1.0]).round(4)
    array([-0.0833,  0.5   ,  1.0833])
    """
    x = _checked(x, copies=10)
    near = np.clip(x, -40, 40)  # beyond, the density is 0 in every floating-point type
    if checks.choice("approximate", approximate, ("none", "tanh")) == "tanh":
        angle = 2 * _gelu_angle(x)
        angle_slope = 2 * math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * near**2)
        return _sigmoid(angle) + near * _sigmoid(angle) * _sigmoid(-angle) * angle_slope
    density = np.exp(-(near**2) / 2) / math.sqrt(2 * math.pi)
    return _normal_cdf(x) + near * density


def silu(x):
    """Sigmoid linear unit (swish), x s(x) with the logistic function s.

    Source: Hendrycks & Gimpel 2016; Ramachandran et al. 2017 (as "swish").

    >>> silu([-1.0, 0.0, 1.0]).round(4)
    array([-0.2689,  0.    ,  0.7311])
    """
    x = _checked(x)
    return x * _sigmoid(x)


def silu_derivative(x):
    """Slope of SiLU: s(x) + x s(x) s(-x).

    >>> silu_derivative([0.0, 1000.0])
    array([0.5, 1. ])
    """
    x = _checked(x)
    return _sigmoid(x) + x * _sigmoid(x) * _sigmoid(-x)


@dataclass(frozen=True)
class Activation:
    """One entry of the gallery: the function, its derivative, its formula (LaTeX), what it is known for, its source."""

    function: Callable
    derivative: Callable
    formula: str
    note: str
    source: str


def _gelu_tanh(x):
    return gelu(x, approximate="tanh")


def _gelu_tanh_derivative(x):
    return gelu_derivative(x, approximate="tanh")


#: The gallery, by name; every function and derivative takes one array.
ACTIVATIONS = {
    "relu": Activation(
        relu,
        relu_derivative,
        r"\max(0, x)",
        "Slope 1 wherever it is on, so gradients pass undiminished; a unit that is always off learns nothing.",
        "Nair & Hinton 2010; Krizhevsky et al. 2012, section 3.1",
    ),
    "leaky_relu": Activation(
        leaky_relu,
        leaky_relu_derivative,
        r"\max(x, 0.01\,x)",
        "Lets a little gradient through where ReLU is off, so no unit is dead for good.",
        "Maas et al. 2013",
    ),
    "sigmoid": Activation(
        sigmoid,
        sigmoid_derivative,
        r"\frac{1}{1 + e^{-x}}",
        "Output between 0 and 1; slope at most 1/4 and almost 0 for large |x|, so gradients vanish in deep stacks.",
        "Rumelhart et al. 1986",
    ),
    "tanh": Activation(
        tanh,
        tanh_derivative,
        r"\tanh x",
        "Output between -1 and 1, centred on 0; saturates like the sigmoid, with slope 1 at the centre.",
        "LeCun et al. 1998",
    ),
    "gelu": Activation(
        gelu,
        gelu_derivative,
        r"x\,\Phi(x)",
        "A smooth ReLU that dips below 0; ConvNeXt and transformers use it.",
        "Hendrycks & Gimpel 2016",
    ),
    "gelu_tanh": Activation(
        _gelu_tanh,
        _gelu_tanh_derivative,
        r"\frac{x}{2}\left(1 + \tanh\left(\sqrt{2/\pi}\,(x + 0.044715\,x^3)\right)\right)",
        "GELU with tanh in place of the error function; within 0.0005 of the exact form.",
        "Hendrycks & Gimpel 2016",
    ),
    "silu": Activation(
        silu,
        silu_derivative,
        r"\frac{x}{1 + e^{-x}}",
        "x times its own sigmoid; also called swish, used by EfficientNet.",
        "Hendrycks & Gimpel 2016; Ramachandran et al. 2017",
    ),
}


def _checked(x, copies=6):
    """x as floats; refused before a formula with so many intermediate arrays would need too much memory."""
    checked = checks.real("x", x)
    checks.workspace("x.shape", checked.shape, copies * checked.nbytes)
    return checked


def _sigmoid(x):
    z = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, z) / (1 + z)


def _normal_cdf(x):
    """Phi(x) = erfc(-x / sqrt 2) / 2, exact in the tails too; NumPy has no erfc, the standard library has."""
    scaled = (x.ravel().astype(np.float64) / -math.sqrt(2)).flat
    values = np.fromiter(map(math.erfc, scaled), np.float64, count=x.size)
    return (values / 2).reshape(x.shape).astype(x.dtype)


def _gelu_angle(x):
    near = np.clip(x, -40, 40)  # beyond, tanh is 1 in every floating-point type
    return math.sqrt(2 / math.pi) * (near + 0.044715 * near**3)
