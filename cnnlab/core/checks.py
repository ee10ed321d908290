"""Refusals: every public function checks its arguments here, so that bad input gets one clear sentence.

A refusal is always ``ValueError("<parameter>=<value>: <what would do>")``.
"""

import operator
import reprlib

import numpy as np

WORKSPACE_LIMIT = 256_000_000  # bytes that one call may ask for, result and workspace together

_brief = reprlib.Repr()
_brief.maxstring = _brief.maxother = _brief.maxlong = 60


def refuse(parameter, value, remedy):
    """Raise the one kind of error that the package raises for bad input.

    >>> refuse("stride", 0, "must be 1 or more")
    Traceback (most recent call last):
    ValueError: stride=0: must be 1 or more
    """
    raise ValueError(f"{parameter}={_shown(value)}: {remedy}")


def _shown(value):
    """The value on one line of at most 60 characters, whatever it is."""
    try:
        text = value if isinstance(value, str) else _brief.repr(value)
    except ValueError:  # Python will not write out an int of more than 4300 digits
        text = f"<a very large {type(value).__name__}>"
    text = " ".join(text.split())
    return text if len(text) <= 60 else text[:57] + "..."


def integer(parameter, value, minimum):
    """Return `value` as an int of at least `minimum`; floats, bools and strings are refused.

    >>> integer("stride", 2, minimum=1)
    2
    """
    if isinstance(value, (bool, np.bool_)):
        refuse(parameter, value, f"must be a whole number of {minimum} or more, not a truth value")
    try:
        number = operator.index(value)
    except TypeError:
        refuse(parameter, value, f"must be a whole number of {minimum} or more")
    if number < minimum:
        refuse(parameter, value, f"must be {minimum} or more")
    if number >= 2**63:
        refuse(parameter, value, "must fit 64 bits")
    return number


def number(parameter, value):
    """Return `value` if it is one finite real number (an int stays an int); bools and strings are refused.

    >>> number("sigma", 1.5)
    1.5
    """
    found = array(parameter, value)
    if found.ndim != 0:
        refuse(parameter, value, "must be one number")
    return found.item()


def positive(parameter, value):
    """Return `value` if it is one finite number above zero.

    >>> positive("sigma", 2)
    2
    """
    found = number(parameter, value)
    if found <= 0:
        refuse(parameter, value, "must be above 0")
    return found


def per_axis(parameter, value, axes, minimum):
    """Return one int an axis: `value` is an int for all axes or a sequence with one int an axis.

    >>> per_axis("stride", 2, axes=2, minimum=1)
    (2, 2)
    """
    if not is_sequence(value):
        return (integer(parameter, value, minimum),) * axes
    if len(value) != axes:
        refuse(parameter, value, f"must be one whole number, or {axes} of them (one an axis)")
    return tuple(integer(parameter, entry, minimum) for entry in value)


def is_sequence(value):
    """Whether `value` holds one entry an axis: a tuple, a list or an array that is not a single number."""
    return isinstance(value, (tuple, list)) or (isinstance(value, np.ndarray) and value.ndim > 0)


def choice(parameter, value, options):
    """Return `value` if it is one of the strings in `options`.

    >>> choice("mode", "max", ("max", "average"))
    'max'
    """
    if not (isinstance(value, str) and value in options):
        refuse(parameter, value, "must be one of " + ", ".join(options))
    return value


def flag(parameter, value):
    """Return `value` as a bool if it is one; a number or a string in its place is refused."""
    if not isinstance(value, (bool, np.bool_)):
        refuse(parameter, value, "must be True or False")
    return bool(value)


def array(parameter, value, dimensions=None, *, finite=True):
    """Return `value` as a non-empty array of finite real numbers with one of the `dimensions` (ints) allowed.

    With `finite=False` the caller finds NaN and infinity itself.

    >>> array("kernel", [[1, 2], [3, 4]], dimensions=(1, 2, 3)).shape
    (2, 2)
    """
    if isinstance(value, np.ma.MaskedArray):
        refuse(parameter, value, "must be a plain array; its masked cells have no value")
    try:
        result = np.asarray(value)
    except (ValueError, TypeError, RuntimeError, OverflowError):
        refuse(parameter, value, "must be a regular grid of numbers; its rows differ in length or are no numbers")
    if result.dtype.kind not in "iuf":
        refuse(parameter, value, f"must hold whole or real numbers that fit 64 bits, not {result.dtype}")
    if dimensions is not None and result.ndim not in np.atleast_1d(dimensions):
        wanted = " or ".join(str(n) for n in np.atleast_1d(dimensions))
        refuse(f"{parameter}.ndim", result.ndim, f"must be {wanted}")
    if result.size == 0:
        refuse(f"{parameter}.shape", result.shape, "must have at least one element on every axis")
    workspace(f"{parameter}.shape", result.shape, result.size)  # of the look at every cell
    if finite:
        refuse_not_finite(parameter, result)
    return result


def refuse_not_finite(parameter, values):
    """Refuse an array with NaN or infinity in it."""
    if not is_finite(values):
        refuse(parameter, values, "must be finite; it holds NaN or infinity")


def is_finite(values):
    """Whether no element is NaN or infinite; one pass at memory speed in the usual case."""
    if values.dtype.kind != "f":
        return True
    if values.dtype.char in "fd" and values.flags.c_contiguous:
        flat = values.reshape(-1)
        with np.errstate(all="ignore"):
            if np.isfinite(np.dot(flat, flat)):  # NaN and infinity spread into the sum of squares
                return True
    return bool(np.isfinite(values).all())


def workspace(parameter, value, size):
    """Refuse a call before it allocates, where `size` bytes pass the limit."""
    if size > WORKSPACE_LIMIT:
        needed = f"{size / 1e6:,.0f} MB" if size < 10**15 else "more than a million GB"
        refuse(parameter, value, f"would need {needed}; the limit is {WORKSPACE_LIMIT / 1e6:,.0f} MB")


def within(parameter, value, lowest, highest):
    """Return `value` if it is one finite number from `lowest` to `highest`.

    >>> within("label_smoothing", 0.1, 0, 1)
    0.1
    """
    found = number(parameter, value)
    if not lowest <= found <= highest:
        refuse(parameter, value, f"must lie between {lowest:g} and {highest:g}")
    return found


def real(parameter, value, dimensions=None):
    """Return `value` as a checked floating-point array: float32 and float64 stay, every other type becomes float64.

    >>> real("x", [1, 2]).dtype
    dtype('float64')
    """
    checked = array(parameter, value, dimensions)
    if checked.dtype in (np.float32, np.float64):
        return checked
    workspace(f"{parameter}.shape", checked.shape, 8 * checked.size)
    return checked.astype(np.float64)
