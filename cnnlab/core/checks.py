"""Refusals: every public function checks its arguments here, so that bad input gets one clear sentence.

A refusal is always ``ValueError("<parameter>=<value>: <what would do>")``.
"""

import operator

import numpy as np

WORKSPACE_LIMIT = 256_000_000  # bytes that one call may ask for, result and workspace together


def refuse(parameter, value, remedy):
    """Raise the one kind of error that the package raises for bad input."""
    shown = value if isinstance(value, str) else repr(value)
    shown = shown if len(shown) <= 60 else shown[:57] + "..."
    raise ValueError(f"{parameter}={shown}: {remedy}")


def integer(parameter, value, minimum):
    """Return `value` as an int of at least `minimum`; floats, bools and strings are refused."""
    if isinstance(value, (bool, np.bool_)):
        refuse(parameter, value, f"must be a whole number of {minimum} or more, not a truth value")
    try:
        number = operator.index(value)
    except TypeError:
        refuse(parameter, value, f"must be a whole number of {minimum} or more")
    if number < minimum:
        refuse(parameter, value, f"must be {minimum} or more")
    return number


def per_axis(parameter, value, axes, minimum):
    """Return one int an axis: `value` is an int for all axes or a sequence with one int an axis."""
    if not isinstance(value, (tuple, list, np.ndarray)):
        return (integer(parameter, value, minimum),) * axes
    if len(value) != axes:
        refuse(parameter, value, f"must be one whole number, or {axes} of them (one an axis)")
    return tuple(integer(parameter, number, minimum) for number in value)


def array(parameter, value, dimensions=None):
    """Return `value` as a non-empty array of finite real numbers with one of the `dimensions` (ints) allowed."""
    try:
        result = np.asarray(value)
    except ValueError:
        refuse(parameter, value, "must be a regular grid of numbers; its rows differ in length")
    if result.dtype.kind not in "iuf":
        refuse(parameter, value, f"must hold whole or real numbers, not {result.dtype}")
    if dimensions is not None and result.ndim not in np.atleast_1d(dimensions):
        wanted = " or ".join(str(n) for n in np.atleast_1d(dimensions))
        refuse(f"{parameter}.ndim", result.ndim, f"must be {wanted}")
    if result.size == 0:
        refuse(f"{parameter}.shape", result.shape, "must have at least one element on every axis")
    if result.dtype.kind == "f" and not np.isfinite(result).all():
        refuse(parameter, value, "must be finite; it holds NaN or infinity")
    return result


def workspace(parameter, value, size):
    """Refuse a call before it allocates, where `size` bytes pass the limit."""
    if size > WORKSPACE_LIMIT:
        refuse(parameter, value, f"would need {size / 1e6:,.0f} MB; the limit is {WORKSPACE_LIMIT / 1e6:,.0f} MB")


def real(parameter, value, dimensions=None):
    """Return `value` as a checked floating-point array: float32 and float64 stay, every other type becomes float64."""
    checked = array(parameter, value, dimensions)
    if checked.dtype in (np.float32, np.float64):
        return checked
    return checked.astype(np.float64)


def number(parameter, value, minimum=-np.inf, maximum=np.inf):
    """Return `value` as a finite float from `minimum` to `maximum`; truth values and strings are refused."""
    if isinstance(value, (bool, np.bool_, str, bytes)):
        refuse(parameter, value, "must be a number")
    try:
        checked = float(value)
    except (TypeError, ValueError, OverflowError):
        refuse(parameter, value, "must be a number")
    if not np.isfinite(checked):
        refuse(parameter, value, "must be finite")
    if not minimum <= checked <= maximum:
        refuse(parameter, value, f"must lie between {minimum:g} and {maximum:g}")
    return checked


def choice(parameter, value, choices):
    """Return `value` if it is one of the `choices` (strings, or True and False), else name them all."""
    for known in choices:
        if type(value) is type(known) and value == known:
            return value
    refuse(parameter, value, "must be one of " + ", ".join(map(repr, choices)))
