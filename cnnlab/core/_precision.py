"""Which number type a result has, and that it holds the right numbers.

Integers stay exact: they give int64, computed in float64 where every sum provably stays below 2^53 (there a float64
is exact, and fast) and in int64 above; a sum that could pass the range of int64 is refused. Floats follow NumPy's
result type; float16 is computed in float32 and rounded once.
"""

import math
from dataclasses import dataclass

import numpy as np

from cnnlab.core import checks

EXACT_IN_FLOAT64 = 2**53


@dataclass(frozen=True)
class Precision:
    """The type to compute in and the type of the result."""

    compute: np.dtype
    result: np.dtype

    @property
    def bytes_per_result(self):
        """Memory that one output value takes while it is computed and converted."""
        return self.compute.itemsize + (self.result.itemsize if self.result != self.compute else 0)

    def finish(self, output, parameter="x", **unchecked):
        """`output` in the type of the result; an error names `parameter`.

        `unchecked` are factors not yet known to be finite. NaN and infinity spread: a finite output vouches for every
        input cell that took part in it. Otherwise the factor that holds them is refused, or else the result has passed
        the range of its type.
        """
        if self.result.kind == "f":
            with np.errstate(over="ignore"):
                output = output.astype(self.result, copy=False)
            if not checks.is_finite(output):
                for name, values in unchecked.items():
                    checks.refuse_not_finite(name, values)
                checks.refuse(parameter, "array", f"is too large: the result passes the range of {self.result}")
        return output.astype(self.result, copy=False)


def of_product(x, weight, *added, taps_axis=0, fill=()):
    """The precision of sums of products x · weight (+ added), `weight` summed over all axes but `taps_axis`.

    `fill` holds numbers that padding puts beside those of `x`.
    """
    if any(factor.dtype.kind == "f" for factor in (x, weight, *added, *fill)):
        result = np.result_type(x, weight, *added, *fill)
        compute = np.dtype(np.float32) if result == np.float16 else result
        return Precision(compute, result)
    bound = integer_bound(weight, taps_axis) * max(map(largest, (x, *fill))) + sum(map(largest, added))
    if bound >= 2**63:
        checks.refuse("x", x, "holds whole numbers so large that a sum could pass 64 bits; use float64")
    exact_in_float = bound < EXACT_IN_FLOAT64
    return Precision(np.dtype(np.float64 if exact_in_float else np.int64), np.dtype(np.int64))


def of_sum(x, terms):
    """The precision of sums of up to `terms` elements of `x`."""
    return of_product(x, np.array([[terms]]) if x.dtype.kind in "iu" else x.dtype.type(1))


def integer_bound(weight, taps_axis):
    """The largest sum of magnitudes of one filter; where float64 would round it, a whole number above it."""
    magnitudes = np.abs(np.atleast_1d(weight).astype(np.float64))
    heaviest = np.moveaxis(magnitudes, taps_axis, 0).reshape(magnitudes.shape[taps_axis], -1).sum(axis=1).max()
    return int(heaviest) if heaviest < EXACT_IN_FLOAT64 else math.ceil(heaviest * (1 + 1e-9))


def largest(values):
    """The largest magnitude in an array of whole numbers, as an exact Python int."""
    return max(abs(int(values.max())), abs(int(values.min())))


def filling(padding_mode, value, x):
    """(the number that padding writes, [that number as an array] where it takes part in the result)."""
    value = checks.number("value", value)
    if padding_mode != "constant":
        return 0, []
    in_type_of_x = x.dtype if x.dtype.kind == "f" else None
    with np.errstate(over="ignore"):
        written = np.array(value, in_type_of_x)
    if not checks.is_finite(written):
        checks.refuse("value", value, f"must lie in the range of {written.dtype}")
    return value, [written]
