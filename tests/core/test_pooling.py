"""Pooling against torch and against windows picked out one by one; types kept; bad input refused."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch.nn import functional

from cnnlab.core import pooling
from cnnlab.core.images import WORKED
from cnnlab.core.pooling import global_pool, pool, pool_with_positions

some = settings(max_examples=200, deadline=None)
MAX = {1: functional.max_pool1d, 2: functional.max_pool2d, 3: functional.max_pool3d}
AVERAGE = {1: functional.avg_pool1d, 2: functional.avg_pool2d, 3: functional.avg_pool3d}


def draw_case(data, axes, dilations):
    """(x, size, settings) as torch accepts them, small whole numbers so that there are ties."""
    per_axis = lambda low, high: tuple(data.draw(st.integers(low, high)) for _ in range(axes))  # noqa: E731
    shape, size = per_axis(1, {1: 20, 2: 9, 3: 5}[axes]), per_axis(1, 5)
    chosen = {"stride": per_axis(1, 4), "padding": tuple(data.draw(st.integers(0, taps // 2)) for taps in size)}
    chosen["ceil_mode"] = data.draw(st.booleans())
    if dilations:
        chosen["dilation"] = per_axis(1, 3)
    random = np.random.default_rng(data.draw(st.integers(0, 99)))
    return random.integers(-3, 4, (2, 3, *shape)), size, chosen


@some
@given(st.data(), st.integers(1, 3))
def test_max_is_torchs_with_positions(data, axes):
    x, size, chosen = draw_case(data, axes, dilations=True)
    try:
        expected, where = MAX[axes](torch.from_numpy(x.astype(float)), size, return_indices=True, **chosen)
        empty_window = bool(torch.isinf(expected).any())
    except RuntimeError:
        empty_window = True
    try:
        values, positions = pool_with_positions(x, size, **chosen)
    except ValueError as error:
        too_large = str(error).startswith("size=")  # a window larger than the padded input, which ceil mode lets pass
        assert too_large or (empty_window and str(error).startswith("padding="))
        return
    assert values.dtype == x.dtype
    assert np.array_equal(values, expected.numpy())
    assert np.array_equal(positions, where.numpy())
    assert np.array_equal(pool(x, size, **chosen), values)
    lowest, where = pool_with_positions(-x, size, mode="min", **chosen)
    assert np.array_equal(lowest, -values)
    assert np.array_equal(where, positions)
    assert np.array_equal(pool(-x, size, mode="min", **chosen), -values)


@some
@given(st.data(), st.integers(1, 3), st.booleans(), st.sampled_from([np.int8, np.float32, np.float64]))
def test_average_is_torchs(data, axes, count_padding, dtype):
    x, size, chosen = draw_case(data, axes, dilations=False)
    try:
        ours = pool(x.astype(dtype), size, mode="average", count_padding=count_padding, **chosen)
    except ValueError as error:
        assert str(error).startswith(("size=", "padding="))
        return
    tensor = torch.from_numpy(x.astype(float))
    try:
        expected = AVERAGE[axes](tensor, size, count_include_pad=count_padding, **chosen).numpy()
    except RuntimeError:  # in 3-D torch wants the window to fit without padding
        assume(False)
    assert ours.dtype == (np.float64 if dtype == np.int8 else dtype)
    np.testing.assert_allclose(ours, expected, rtol=1e-6, atol=1e-6)


@some
@given(st.data(), st.integers(1, 2))
def test_windows_picked_one_by_one(data, axes):
    """Unequal padding, average with dilation and windows larger than the output, which torch does not offer."""
    per_axis = lambda low, high: [data.draw(st.integers(low, high)) for _ in range(axes)]  # noqa: E731
    shape, size, stride, dilation = per_axis(1, 9), per_axis(1, 9), per_axis(1, 4), per_axis(1, 2)
    sides = [tuple(data.draw(st.integers(0, 4)) for _ in range(2)) for _ in range(axes)]
    x = np.random.default_rng(data.draw(st.integers(0, 99))).integers(-9, 9, shape)
    chosen = {"stride": stride, "padding": sides, "dilation": dilation}
    try:
        ours = pool(x, size, mode="average", count_padding=False, **chosen)
    except ValueError as error:
        assert str(error).startswith(("size=", "padding="))
        return
    for place in np.ndindex(ours.shape):
        taps = [
            [p * s - side[0] + t * d for t in range(k)]
            for p, s, side, d, k in zip(place, stride, sides, dilation, size, strict=True)
        ]
        cells = [
            x[cell]
            for cell in itertools.product(*taps)
            if all(0 <= index < n for index, n in zip(cell, shape, strict=True))
        ]
        assert ours[place] == pytest.approx(np.mean(cells))
        assert pool(x, size, **chosen)[place] == max(cells)


def test_lecture_examples():
    assert pool(np.arange(100).reshape(10, 10), 2).ravel().tolist() == [
        row * 10 + column for row in range(1, 10, 2) for column in range(1, 10, 2)
    ]
    assert pool(WORKED["Axes, vertical"].compute(), 2).item() == 2
    assert pool(WORKED["Axes, horizontal"].compute(), 2).item() == 4


def test_channels_are_kept_apart():
    x = np.arange(24).reshape(2, 3, 2, 2)
    assert np.array_equal(pool(x, 2)[..., 0, 0], x.max((2, 3)))
    assert pool(x, (2,)).shape == (2, 3, 2, 1)
    assert pool(x, (3, 2, 2)).shape == (2, 1, 1, 1)
    assert pool(x[0, 0, 0], 2).tolist() == [1]


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int64", "uint64", "float16", "float32", "float64"])
def test_extremes_keep_the_type_even_at_the_end_of_its_range(dtype):
    limits = np.finfo(dtype) if dtype.startswith("float") else np.iinfo(dtype)
    x = np.array([limits.min, limits.max, limits.min, limits.min], dtype)
    largest, smallest = pool(x, 2, padding=1), pool(x, 2, padding=1, mode="min")
    assert largest.dtype == smallest.dtype == x.dtype
    assert largest.tolist() == [limits.min, limits.max, limits.min]
    assert smallest.tolist() == [limits.min] * 3
    assert pool_with_positions(x, 2, padding=1)[1].tolist() == [0, 1, 3]


def test_averages_do_not_overflow():
    assert pool(np.full((2, 2), 255, np.uint8), 2, mode="average").item() == 255
    assert pool(np.full(2, 2**62 - 1), 2, mode="average").item() == 2.0**62
    assert pool(np.full(2, 2**61, np.uint64), 2, mode="average").item() == 2.0**61
    with pytest.raises(ValueError, match=r"^x=.*pass 64 bits"):
        pool(np.full(4, 2**62), 4, mode="average")
    with pytest.raises(ValueError, match=r"^x=.*range"):
        pool(np.full(4, 1e308), 4, mode="average")


def test_global_pooling():
    x = np.random.default_rng(0).standard_normal((2, 3, 4, 5))
    np.testing.assert_allclose(global_pool(x), x.mean((2, 3)))
    assert np.array_equal(global_pool(x, mode="max"), x.max((2, 3)))
    assert np.array_equal(global_pool(x, mode="min", axes=3), x.min((1, 2, 3)))
    assert global_pool(np.ones((1, 1000, 1000)), axes=2).tolist() == [1]


def test_ceil_mode_drops_a_window_that_starts_in_the_padding_behind():
    assert pooling.output_size(4, 2, 2, padding=1, ceil_mode=True) == 3
    assert pooling.output_size(3, 2, 3, padding=1, ceil_mode=True) == 2
    assert pooling.output_size(5, 2, 2, padding=1, ceil_mode=True) == 3


X = np.ones((2, 3, 6, 6))


@pytest.mark.parametrize(
    ("parameter", "call"),
    [
        ("x", lambda: pool(5, 2)),
        ("x", lambda: pool([[1, np.nan]], 1)),
        ("x", lambda: pool([[True]], 1)),
        ("size", lambda: pool(X, 0)),
        ("size", lambda: pool(X, 7)),
        ("size", lambda: pool(X, ())),
        ("size", lambda: pool(X, (1, 1, 1, 1, 1))),
        ("stride", lambda: pool(X, 2, stride=0)),
        ("stride", lambda: pool(X, 2, stride=(2, 2, 2))),
        ("padding", lambda: pool(X, 2, padding=-1)),
        ("padding", lambda: pool(X, 2, padding=2)),
        ("padding", lambda: pool(X, 2, padding=10**30)),
        ("dilation", lambda: pool(X, 2, dilation=0)),
        ("mode", lambda: pool(X, 2, mode="median")),
        ("mode", lambda: pool_with_positions(X, 2, mode="average")),
        ("ceil_mode", lambda: pool(X, 2, ceil_mode=1)),
        ("count_padding", lambda: pool(X, 2, count_padding="no")),
        ("axes", lambda: global_pool(X, axes=5)),
        ("axes", lambda: global_pool(X, axes=0)),
        ("mode", lambda: global_pool(X, mode="sum")),
    ],
)
def test_refusals(parameter, call):
    with pytest.raises(ValueError, match=rf"^{parameter}(\.ndim|\.shape)?=[^\n]*: "):
        call()
