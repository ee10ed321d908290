"""Refusals name the parameter, show the value on one short line, and say what would do."""

import warnings

import numpy as np
import pytest

from cnnlab.core import checks


@pytest.mark.parametrize("value", [True, np.True_, 1.0, "3", None, [1], np.array([2]), 1j, object()])
def test_integer_refuses_what_is_no_whole_number(value):
    with pytest.raises(ValueError, match=r"^stride=.*: must be"):
        checks.integer("stride", value, 1)


@pytest.mark.parametrize("value", [3, np.int8(3), np.uint64(3), np.array(3)])
def test_integer_takes_every_kind_of_whole_number(value):
    result = checks.integer("stride", value, 1)
    assert result == 3
    assert type(result) is int


def test_integer_minimum():
    assert checks.integer("padding", 0, 0) == 0
    with pytest.raises(ValueError, match=r"^padding=-1: must be 0 or more$"):
        checks.integer("padding", -1, 0)
    with pytest.raises(ValueError, match=r"^padding=.*: must fit 64 bits$"):
        checks.integer("padding", 10**5000, 0)


@pytest.mark.parametrize(
    "value",
    [
        [],
        [[1, 2], [3]],
        [1, float("nan")],
        [float("inf")],
        np.array([np.nan], np.float16),
        [True, False],
        [1j],
        [None],
        ["a"],
        "text",
        None,
        {1: 2},
        np.zeros((2, 0)),
        [10**30],
        np.ma.masked_array([1, 2], [True, False]),
        np.array(["2020-01-01"], "M8[D]"),
    ],
)
def test_array_refuses(value):
    with pytest.raises(ValueError, match=r"^x(\.shape|\.ndim)?=.*: "):
        checks.array("x", value)


def test_array_refuses_what_cannot_become_an_array():
    class Broken:
        def __array__(self, dtype=None, copy=None):
            raise RuntimeError("no")

    with pytest.raises(ValueError, match=r"^x=.*: must be a regular grid"):
        checks.array("x", Broken())


def test_array_dimensions():
    with pytest.raises(ValueError, match=r"^x\.ndim=1: must be 2 or 3$"):
        checks.array("x", [1, 2], (2, 3))


@pytest.mark.parametrize("dtype", ["float16", "float32", ">f4", "float64", "longdouble"])
def test_finite_values_at_the_end_of_the_range_pass_without_a_warning(dtype):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        largest = np.full(3, np.finfo(dtype).max, dtype)
        assert checks.array("x", largest) is largest
        assert checks.is_finite(largest[::2])


def test_the_value_is_shown_on_one_short_line():
    for value in (np.zeros((50, 50)), "a\nb" * 100, 10**6000, list(range(10**5)), {"a": [1] * 1000}):
        with pytest.raises(ValueError) as error:
            checks.refuse("x", value, "no")
        message = str(error.value)
        assert message.startswith("x=")
        assert message.endswith(": no")
        assert len(message) <= 66
        assert "\n" not in message


def test_per_axis():
    assert checks.per_axis("stride", 2, 3, 1) == (2, 2, 2)
    assert checks.per_axis("stride", np.array([1, 2]), 2, 1) == (1, 2)
    for value in ([1], [1, 2, 3], [1, 0], [1, 2.0], [[1, 2], [3, 4]]):
        with pytest.raises(ValueError, match=r"^stride="):
            checks.per_axis("stride", value, 2, 1)


def test_workspace_limit():
    checks.workspace("x", 1, checks.WORKSPACE_LIMIT)
    with pytest.raises(ValueError, match=r"^x=1: would need 512 MB; the limit is 256 MB$"):
        checks.workspace("x", 1, 2 * checks.WORKSPACE_LIMIT)
    with pytest.raises(ValueError, match=r"^x=1: would need more than"):
        checks.workspace("x", 1, 10**5000)


def test_number_choice_flag():
    assert checks.number("sigma", np.float32(0.5)) == 0.5
    assert checks.choice("mode", "max", ("max", "min")) == "max"
    assert checks.flag("bias", np.True_) is True
    for call in (
        lambda: checks.number("p", [1, 2]),
        lambda: checks.number("p", "1"),
        lambda: checks.number("p", True),
        lambda: checks.positive("p", 0),
        lambda: checks.within("p", 2, 0, 1),
        lambda: checks.choice("p", "median", ("max", "min")),
        lambda: checks.choice("p", ["max"], ("max", "min")),
        lambda: checks.flag("p", 1),
    ):
        with pytest.raises(ValueError, match=r"^p"):
            call()
