"""The fast path against the written-out loop, torch and SciPy; numbers stay exact; bad input is refused."""

import itertools
import tracemalloc
from functools import partial

import numpy as np
import pytest
import scipy.signal
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch.nn import functional

from cnnlab.core import _banded, _engine, _windows, arithmetic, checks, convolution
from cnnlab.core.convolution import as_matrix, conv_layer, conv_transpose_layer, convolve, correlate, im2col, steps
from cnnlab.core.images import WORKED

some = settings(max_examples=150, deadline=None)
FORWARD = {1: functional.conv1d, 2: functional.conv2d, 3: functional.conv3d}
TRANSPOSED = {1: functional.conv_transpose1d, 2: functional.conv_transpose2d, 3: functional.conv_transpose3d}
NUMPY_MODES = {
    "zeros": "constant",
    "constant": "constant",
    "replicate": "edge",
    "reflect": "reflect",
    "circular": "wrap",
}
LONGEST = {1: 24, 2: 11, 3: 6}
INTEGERS = [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.int64]


@st.composite
def settings_of(draw, axes):
    """(size, kernel, settings) of a sliding kernel that fits, all options, both signs of asymmetry."""
    per_axis = lambda low, high: tuple(draw(st.integers(low, high)) for _ in range(axes))  # noqa: E731
    size, kernel, dilation = per_axis(1, LONGEST[axes]), per_axis(1, 5), per_axis(1, 3)
    mode = draw(st.sampled_from(sorted(NUMPY_MODES)))
    most = {"reflect": -1, "circular": 0}.get(mode, 6)
    pairs = tuple(tuple(draw(st.integers(0, max(0, min(6, n + most)))) for _ in range(2)) for n in size)
    padding = draw(st.sampled_from([pairs, "same", "valid", "full"])) if most == 6 else pairs
    chosen = {"stride": per_axis(1, 4), "padding": padding, "dilation": dilation, "padding_mode": mode}
    if mode == "constant":
        chosen["value"] = draw(st.integers(-5, 5))
    for n, taps, apart, side in zip(size, kernel, dilation, sides(size, kernel, chosen), strict=True):
        assume(n + sum(side) >= arithmetic.span(taps, apart))
    return size, kernel, chosen


def sides(size, kernel, chosen):
    padding = chosen["padding"]
    each = (padding,) * len(size) if isinstance(padding, str) else padding
    return [
        arithmetic.padding_of(n, taps, stride, side, apart)
        for n, taps, stride, side, apart in zip(size, kernel, chosen["stride"], each, chosen["dilation"], strict=True)
    ]


def padded_by_numpy(x, kernel, chosen):
    """The last axes of x padded by np.pad: an oracle apart from torch, which lacks some combinations."""
    pairs = sides(x.shape[-len(kernel) :], kernel, chosen)
    extra = {"constant_values": chosen["value"]} if "value" in chosen else {}
    return np.pad(x, [(0, 0)] * (x.ndim - len(kernel)) + pairs, NUMPY_MODES[chosen["padding_mode"]], **extra)


def layer_by_torch(x, weight, bias, chosen, groups=1):
    tensors = [
        torch.from_numpy(np.ascontiguousarray(array))
        for array in (padded_by_numpy(x, weight.shape[2:], chosen), weight)
    ]
    bias = None if bias is None else torch.from_numpy(bias)
    strides = {"stride": chosen["stride"], "dilation": chosen["dilation"]}
    return FORWARD[x.ndim - 2](*tensors, bias, groups=groups, **strides).numpy()


def assert_close(ours, expected, tolerance):
    assert ours.shape == expected.shape
    scale = max(abs(expected).max(), 1e-30)
    np.testing.assert_allclose(ours, expected, rtol=tolerance, atol=tolerance * scale)


class TestOneChannel:
    @some
    @given(st.data(), st.integers(1, 3))
    def test_equals_the_loops_and_torch(self, data, axes):
        size, kernel_size, chosen = data.draw(settings_of(axes))
        random = np.random.default_rng(data.draw(st.integers(0, 99)))
        x, kernel = random.standard_normal(size), random.standard_normal(kernel_size)
        fast = correlate(x, kernel, **chosen)
        assert_close(fast, convolution.correlate_by_loops(x, kernel, **chosen), 1e-12)
        assert_close(fast, layer_by_torch(x[None, None], kernel[None, None], None, chosen)[0, 0], 1e-12)

    @some
    @given(st.data(), st.integers(1, 3), st.sampled_from(INTEGERS), st.sampled_from(INTEGERS))
    def test_integers_are_exact(self, data, axes, x_type, kernel_type):
        size, kernel_size, chosen = data.draw(settings_of(axes))
        random = np.random.default_rng(data.draw(st.integers(0, 99)))

        def draw(dtype, shape):
            limits = np.iinfo(dtype)
            return random.integers(max(limits.min, -(2**35)), min(limits.max, 2**22), shape, dtype, endpoint=True)

        x, kernel = draw(x_type, size), draw(kernel_type, kernel_size)
        try:
            fast = correlate(x, kernel, **chosen)
        except ValueError as error:
            assert "pass 64 bits" in str(error)
            return
        assert fast.dtype == np.int64
        assert np.array_equal(fast, convolution.correlate_by_loops(x, kernel, **chosen))
        exact = correlate_in_python(padded_by_numpy(x.astype(object), kernel_size, chosen), kernel, chosen)
        assert fast.ravel().tolist() == exact

    @some
    @given(st.data(), st.integers(1, 3))
    def test_convolve_is_scipys(self, data, axes):
        size = tuple(data.draw(st.integers(1, LONGEST[axes])) for _ in range(axes))
        kernel_size = tuple(data.draw(st.integers(1, 5)) for _ in range(axes))
        random = np.random.default_rng(data.draw(st.integers(0, 99)))
        x, kernel = random.integers(-9, 9, size), random.integers(-9, 9, kernel_size)
        expected = scipy.signal.convolve(x, kernel, mode="full", method="direct")
        assert np.array_equal(convolve(x, kernel, padding="full"), expected)
        if all(taps <= n for taps, n in zip(kernel_size, size, strict=True)):
            expected = scipy.signal.convolve(x, kernel, mode="valid", method="direct")
            assert np.array_equal(convolve(x, kernel), expected)
        if all(taps % 2 for taps in kernel_size):
            expected = scipy.signal.convolve(x, kernel, mode="full", method="direct")
            middle = tuple(slice(taps // 2, taps // 2 + n) for taps, n in zip(kernel_size, size, strict=True))
            assert np.array_equal(convolve(x, kernel, padding="same"), expected[middle])

    @some
    @given(st.data(), st.integers(1, 2))
    def test_convolve_is_correlate_with_the_kernel_turned(self, data, axes):
        size, kernel_size, chosen = data.draw(settings_of(axes))
        random = np.random.default_rng(data.draw(st.integers(0, 99)))
        x, kernel = random.integers(-9, 9, size), random.integers(-9, 9, kernel_size)
        expected = correlate(x, convolution.flip(kernel), **chosen)
        assert np.array_equal(convolve(x, kernel, **chosen), expected)
        turned = [step.sum for step in steps(x, kernel, flipped=True, **chosen)]
        assert turned == expected.ravel().tolist()

    def test_even_kernel_with_same_padding_has_the_extra_cell_at_the_end_as_in_torch(self):
        x, kernel = np.arange(25.0).reshape(5, 5), np.arange(8.0).reshape(2, 4)
        tensors = torch.from_numpy(x)[None, None], torch.from_numpy(kernel)[None, None]
        with pytest.warns(UserWarning, match="padding='same'"):
            expected = functional.conv2d(*tensors, padding="same")
        assert_close(correlate(x, kernel, padding="same"), expected[0, 0].numpy(), 1e-12)

    def test_same_with_a_stride_gives_one_output_a_stride(self):
        assert correlate(np.ones((7, 8)), np.ones((3, 3)), stride=(2, 3), padding="same").shape == (4, 3)


def correlate_in_python(padded, kernel, chosen):
    """Sums of products in Python's own whole numbers, which have no limits."""
    taps = list(np.ndindex(kernel.shape))
    places = [
        range(0, n - arithmetic.span(k, d) + 1, s)
        for n, k, d, s in zip(padded.shape, kernel.shape, chosen["dilation"], chosen["stride"], strict=True)
    ]
    return [
        sum(
            int(padded[tuple(p + t * d for p, t, d in zip(place, tap, chosen["dilation"], strict=True))])
            * int(kernel[tap])
            for tap in taps
        )
        for place in itertools.product(*places)
    ]


class TestSteps:
    @some
    @given(st.data(), st.integers(1, 3))
    def test_every_step_holds_what_it_says(self, data, axes):
        size, kernel_size, chosen = data.draw(settings_of(axes))
        random = np.random.default_rng(data.draw(st.integers(0, 99)))
        x, kernel = random.integers(-9, 9, size), random.integers(-9, 9, kernel_size)
        padded, output = padded_by_numpy(x, kernel_size, chosen), correlate(x, kernel, **chosen)
        before = [side[0] for side in sides(size, kernel_size, chosen)]
        every = list(steps(x, kernel, **chosen))
        assert [step.position for step in every] == list(np.ndindex(output.shape))
        for step in every:
            assert np.array_equal(step.products, step.window * kernel)
            assert step.sum == step.products.sum() == output[step.position]
            corner = tuple(start + cells for start, cells in zip(step.start, before, strict=True))
            assert step.window.flat[0] == padded[corner]

    def test_bad_arguments_are_refused_at_the_call(self):
        with pytest.raises(ValueError, match=r"^stride=0"):
            steps([1, 2, 3], [1], stride=0)

    def test_a_step_is_a_copy(self):
        x = np.arange(4)
        first = next(steps(x, [1, 1]))
        first.window[:] = 9
        assert x.tolist() == [0, 1, 2, 3]

    def test_a_step_reads_aloud(self):
        assert str(next(steps([1.5, 2], [2, -1]))) == "output[0] = 3 + (-2) = 1"


class TestWorkedExamples:
    @pytest.mark.parametrize("example", WORKED.values(), ids=WORKED.keys())
    def test_comes_out_exactly(self, example):
        assert np.array_equal(example.compute(), example.output)

    @pytest.mark.parametrize("example", WORKED.values(), ids=WORKED.keys())
    def test_agrees_with_an_outside_library(self, example):
        """Guards the figures themselves: a few are not printed in full by their source."""
        image, kernel = (example.image[None], example.kernel) if example.is_layer else (example.image, example.kernel)
        if example.is_layer:
            bias = torch.from_numpy(example.bias.astype(float))
            tensors = torch.from_numpy(image.astype(float)), torch.from_numpy(kernel.astype(float)), bias
            expected = functional.conv2d(*tensors, **example.settings)[0].numpy()
        else:
            image = np.pad(image, example.settings.get("padding", 0))
            operation = scipy.signal.convolve if example.flipped else scipy.signal.correlate
            expected = operation(image, kernel, mode="valid", method="direct")
        assert np.array_equal(example.output, expected)

    def test_sharpen_begins_with_the_figure_printed(self):
        assert WORKED["Sharpen"].compute()[0, 0] == 114

    def test_window_by_window(self):
        example = WORKED["Window by window"]
        sums = [step.sum for step in steps(example.image, example.kernel)]
        assert sums == [12, 12, 17, 10, 17, 19, 9, 6, 14]

    def test_three_channels_are_a_volume(self):
        """The 3-D dot product per voxel: a filter over all channels is a 3-D correlation."""
        example = WORKED["Two filters on three channels"]
        for image_filter, bias, expected in zip(example.kernel, example.bias, example.output, strict=True):
            volume = correlate(example.image, image_filter, stride=(1, 2, 2), padding=(0, 1, 1))
            assert np.array_equal(volume[0] + bias, expected)


class TestLayer:
    @some
    @given(st.data(), st.integers(1, 3), st.sampled_from([np.float32, np.float64, np.int16]))
    def test_equals_torch(self, data, axes, dtype):
        size, kernel, chosen = data.draw(settings_of(axes))
        batch, groups = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 3))
        inputs, filters = (groups * data.draw(st.integers(1, 3)) for _ in range(2))
        random = np.random.default_rng(data.draw(st.integers(0, 99)))
        x = (9 * random.standard_normal((batch, inputs, *size))).astype(dtype)
        weight = (9 * random.standard_normal((filters, inputs // groups, *kernel))).astype(dtype)
        bias = (9 * random.standard_normal(filters)).astype(dtype) if data.draw(st.booleans()) else None
        ours = conv_layer(x, weight, bias, groups=groups, **chosen)
        in_double = [None if array is None else array.astype(np.float64) for array in (x, weight, bias)]
        expected = layer_by_torch(*in_double, chosen, groups)
        if dtype == np.int16:
            assert ours.dtype == np.int64
            assert np.array_equal(ours, expected)
        else:
            assert ours.dtype == dtype
            assert_close(ours, expected, 1e-5 if dtype == np.float32 else 1e-12)

    @some
    @given(st.data(), st.integers(1, 3), st.integers(1, 400), st.integers(1, 400))
    def test_blocks_of_any_size_give_the_same(self, data, axes, block, chunk):
        size, kernel, chosen = data.draw(settings_of(axes))
        random = np.random.default_rng(0)
        x, weight = random.integers(-9, 9, (3, 4, *size)), random.integers(-9, 9, (6, 2, *kernel))
        whole = conv_layer(x, weight, groups=2, **chosen)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(_engine, "BLOCK_CELLS", block)
            patch.setattr(_engine, "THIN_BLOCK_BYTES", 8 * block)
            patch.setattr(_engine, "CHUNK_CELLS", chunk)
            assert np.array_equal(conv_layer(x, weight, groups=2, **chosen), whole)

    @some
    @given(st.lists(st.integers(1, 6), min_size=1, max_size=4), st.integers(1, 40))
    def test_blocks_cover_everything_once_and_keep_to_their_size(self, sizes, cells):
        covered = np.zeros(sizes, int)
        for box in _windows.boxes(sizes, cells):
            assert covered[box].size <= cells
            assert covered[box].flags.c_contiguous
            covered[box] += 1
        assert (covered == 1).all()

    @some
    @given(st.data(), st.integers(1, 3), st.integers(1, 8), st.integers(1, 3000), st.integers(1, 300))
    def test_bands_give_the_same(self, data, axes, tile, block, product):
        size, kernel, chosen = data.draw(settings_of(axes))
        batch, groups, filters = (data.draw(st.integers(1, 4)) for _ in range(3))
        random = np.random.default_rng(0)
        x = random.standard_normal((batch, groups, *size)).astype("f4")
        weight = random.standard_normal((groups * filters, 1, *kernel)).astype("f4")
        expected = conv_layer(x.astype(float), weight.astype(float), groups=groups, **chosen)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(_banded, "FEWEST_TAPS", 1)
            patch.setattr(_banded, "TILE", tile)
            patch.setattr(_banded, "BLOCK_CELLS", block)
            patch.setattr(_banded, "ONE_PROCESSOR", product)
            assert_close(conv_layer(x, weight, groups=groups, **chosen), expected, 1e-5)

    @pytest.mark.parametrize("chosen", [{"padding": 2}, {"stride": 2}, {"dilation": (1, 2), "padding": "same"}])
    def test_large_depthwise_kernels_equal_torch(self, chosen):
        random = np.random.default_rng(0)
        x = random.standard_normal((3, 20, 37, 41)).astype("f4")
        weight = random.standard_normal((40, 1, 5, 5)).astype("f4")
        tensors = torch.from_numpy(x), torch.from_numpy(weight)
        expected = functional.conv2d(*tensors, groups=20, **chosen).numpy()
        assert_close(conv_layer(x, weight, groups=20, **chosen), expected, 1e-5)

    @pytest.mark.parametrize(
        ("x", "weight", "stride"),
        [
            ((4, 192, 28, 28), (192, 1, 5, 5), 1),
            ((1, 3000, 7, 7), (6000, 1, 7, 7), 1),
            ((2, 40, 60, 90), (160, 1, 3, 9), (5, 1)),
        ],
    )
    def test_bands_keep_to_the_memory_they_announce(self, x, weight, stride):
        x, weight, groups = np.ones(x, "f4"), np.ones(weight, "f4"), x[1]
        shape = _windows.geometry(x.shape[2:], weight.shape[2:], stride, 3)
        assert _banded.suits(weight, weight.dtype, groups, shape)
        padded = np.zeros((*x.shape[:2], *shape.padded), "f4")
        output = np.empty((len(x), groups, len(weight) // groups, *shape.output), "f4")
        tracemalloc.start()
        try:
            _banded.fill(padded, weight.reshape(groups, -1, *shape.kernel), shape, output)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < 4 * _banded.workspace(weight, groups, shape)

    def test_any_memory_layout_and_byte_order(self):
        random = np.random.default_rng(0)
        x, weight = random.standard_normal((2, 4, 9, 8)), random.standard_normal((6, 2, 3, 3))
        expected = conv_layer(x, weight, groups=2, padding=1)
        for change in (np.asfortranarray, lambda a: a.astype(">f8"), lambda a: np.repeat(a, 2, 3)[..., ::2]):
            ours = conv_layer(change(x), change(weight), groups=2, padding=1)
            assert ours.dtype == np.float64
            assert_close(ours, expected, 1e-12)

    def test_the_input_is_left_alone(self):
        x, weight, bias = np.ones((1, 2, 4, 4)), np.ones((2, 2, 1, 1)), np.ones(2)
        for _ in range(2):
            assert conv_layer(x, weight, bias).max() == 3
            correlate(x[0, 0], weight[0, 0])[:] = 7
        assert x.min() == x.max() == weight.max() == bias.max() == 1


class TestNumberTypes:
    @pytest.mark.parametrize(
        ("x", "kernel", "result"),
        [
            ("float32", "float32", "float32"),
            ("float16", "float16", "float16"),
            ("float16", "float32", "float32"),
            ("float64", "float32", "float64"),
            ("uint8", "float32", "float32"),
            ("float32", "int64", "float64"),
            ("uint8", "int8", "int64"),
            ("uint64", "int8", "int64"),  # NumPy alone would make it float64
            ("longdouble", "float32", "longdouble"),
        ],
    )
    def test_result_type(self, x, kernel, result):
        ones = np.ones((3, 3))
        y = correlate(ones.astype(x), ones.astype(kernel))
        assert y.dtype == np.dtype(result)
        assert y.item() == 9

    def test_python_numbers(self):
        assert correlate([1, 2], [1]).dtype == np.int64
        assert correlate([1.0, 2], [1]).dtype == np.float64

    def test_small_types_do_not_overflow(self):
        assert correlate(np.full(9, 255, np.uint8), np.full(9, -128, np.int8)).item() == -9 * 255 * 128

    def test_float16_is_summed_in_float32(self):
        x = np.full(4000, 0.1, np.float16)
        exact = np.float16(4000 * np.float32(np.float16(0.1)))
        assert correlate(x, np.ones(4000, np.float16)).item() == exact

    def test_sums_beyond_float64_stay_exact(self):
        assert correlate([2**60 + 1, 1], [1, 2]).tolist() == [2**60 + 3]
        assert correlate([2**53, 1], [1, 1]).tolist() == [2**53 + 1]
        assert conv_layer([[[2**31]]], [[[2**31]]], [1]).tolist() == [[[2**62 + 1]]]

    def test_sums_that_could_pass_64_bits_are_refused(self):
        for call in (
            lambda: correlate([2**62, 2**62], [1, 1]),
            lambda: correlate(np.array([2**63], np.uint64), [1]),
            lambda: conv_layer([[[2**62]]], [[[1]]], [2**62]),
            lambda: correlate([1], [4], padding=1, padding_mode="constant", value=2**62),
        ):
            with pytest.raises(ValueError, match=r"^x=.*pass 64 bits"):
                call()

    def test_floats_that_pass_their_range_are_refused(self):
        for dtype, large in ((np.float16, 6e4), (np.float32, 3e38), (np.float64, 1e308)):
            x = np.full((1, 1, 4), large, dtype)
            with pytest.raises(ValueError, match=r"^x=.*range"):
                correlate(x[0, 0], np.ones(4, dtype))
            with pytest.raises(ValueError, match=r"^x=.*range"):
                conv_layer(x, np.ones((1, 1, 2), dtype))
            with pytest.raises(ValueError, match=r"^x=.*range"):
                conv_layer(x, np.ones((1, 1, 1), dtype), np.array([large], dtype))
            with pytest.raises(ValueError, match=r"^x=.*range"):
                conv_transpose_layer(x, np.ones((1, 1, 2), dtype))


class TestTransposed:
    @some
    @given(st.data(), st.integers(1, 3), st.sampled_from([np.float32, np.float64, np.int16]))
    def test_equals_torch(self, data, axes, dtype):
        per_axis = lambda low, high: tuple(data.draw(st.integers(low, high)) for _ in range(axes))  # noqa: E731
        size, kernel, stride, dilation = per_axis(1, 5), per_axis(1, 4), per_axis(1, 3), per_axis(1, 3)
        padding, extra = (
            per_axis(0, 3),
            tuple(data.draw(st.integers(0, max(pair) - 1)) for pair in zip(stride, dilation, strict=True)),
        )
        chosen = {"stride": stride, "padding": padding, "dilation": dilation, "output_padding": extra}
        batch, groups = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 3))
        inputs, filters = groups * data.draw(st.integers(1, 3)), data.draw(st.integers(1, 3))
        random = np.random.default_rng(data.draw(st.integers(0, 99)))
        x = (9 * random.standard_normal((batch, inputs, *size))).astype(dtype)
        weight = (9 * random.standard_normal((inputs, filters, *kernel))).astype(dtype)
        bias = (9 * random.standard_normal(filters * groups)).astype(dtype)
        try:
            ours = conv_transpose_layer(x, weight, bias, groups=groups, **chosen)
        except ValueError as error:
            assert "would crop all" in str(error)
            return
        tensors = [torch.from_numpy(array.astype(np.float64)) for array in (x, weight, bias)]
        expected = TRANSPOSED[axes](*tensors, groups=groups, **chosen).numpy()
        if dtype == np.int16:
            assert np.array_equal(ours, expected)
        else:
            assert ours.dtype == dtype
            assert_close(ours, expected, 1e-5 if dtype == np.float32 else 1e-12)

    def test_unequal_cropping(self):
        x, weight = np.arange(1, 5).reshape(1, 1, 4), np.ones((1, 1, 3), int)
        whole = conv_transpose_layer(x, weight)
        assert np.array_equal(conv_transpose_layer(x, weight, padding=((1, 2),)), whole[..., 1:-2])


class TestMatrices:
    @some
    @given(st.data(), st.integers(1, 3))
    def test_the_matrix_times_the_input_is_the_correlation(self, data, axes):
        size, kernel_size, chosen = data.draw(settings_of(axes))
        assume(chosen["padding_mode"] != "constant")
        random = np.random.default_rng(data.draw(st.integers(0, 99)))
        x, kernel = random.integers(-9, 9, size), random.integers(-9, 9, kernel_size)
        matrix, output = as_matrix(kernel, size, **chosen), correlate(x, kernel, **chosen)
        assert matrix.shape == (output.size, x.size)
        assert np.array_equal(matrix @ x.ravel(), output.ravel())

    def test_its_transpose_is_the_transposed_convolution(self):
        random = np.random.default_rng(0)
        kernel, y = random.integers(-9, 9, (3, 2)), random.integers(-9, 9, (3, 2))
        matrix = as_matrix(kernel, (6, 5), stride=2, padding=((1, 0), (0, 0)))
        assert matrix.shape[0] == y.size
        back = conv_transpose_layer(
            y[None, None], kernel[None, None], stride=2, padding=((1, 0), (0, 0)), output_padding=(0, 1)
        )
        assert np.array_equal((matrix.T @ y.ravel()).reshape(6, 5), back[0, 0])

    def test_it_is_a_toeplitz_matrix(self):
        matrix = as_matrix([1, 2, 3], 6)
        for offset in range(-3, 6):
            assert len(set(np.diagonal(matrix, offset))) <= 1

    @some
    @given(st.data(), st.sampled_from([np.uint8, np.float32]))
    def test_im2col_is_torchs_unfold(self, data, dtype):
        size, kernel, chosen = data.draw(settings_of(2))
        x = np.random.default_rng(0).integers(0, 99, (2, 3, *size)).astype(dtype)
        assume(dtype != np.uint8 or chosen.get("value", 0) >= 0)
        ours = im2col(x, kernel, **chosen)
        padded = torch.from_numpy(padded_by_numpy(x, kernel, chosen).astype(np.float64))
        expected = functional.unfold(padded, kernel, chosen["dilation"], 0, chosen["stride"]).numpy()
        assert np.array_equal(ours, expected)
        one = im2col(x[0, 0], kernel, **chosen)
        assert np.array_equal(one, ours[0, : one.shape[0]])

    def test_im2col_makes_a_layer_one_product(self):
        random = np.random.default_rng(0)
        x, weight = random.integers(-9, 9, (2, 3, 6, 5)), random.integers(-9, 9, (4, 3, 3, 2))
        columns = im2col(x, (3, 2), stride=2, padding=1)
        expected = conv_layer(x, weight, stride=2, padding=1)
        assert np.array_equal((weight.reshape(4, -1) @ columns).reshape(expected.shape), expected)


X, K = np.ones((5, 5)), np.ones((3, 3))
XL, WL = np.ones((2, 4, 5, 5)), np.ones((6, 2, 3, 3))
REFUSED = [
    ("stride", lambda: correlate(X, K, stride=0)),
    ("stride", lambda: correlate(X, K, stride=(1, -1))),
    ("stride", lambda: correlate(X, K, stride=(1, 1, 1))),
    ("stride", lambda: correlate(X, K, stride=1.0)),
    ("stride", lambda: correlate(X, K, stride=None)),
    ("padding", lambda: correlate(X, K, padding=-1)),
    ("padding", lambda: correlate(X, K, padding=((0, 1), (0, -1)))),
    ("padding", lambda: correlate(X, K, padding=(1, 2, 3))),
    ("padding", lambda: correlate(X, K, padding="half")),
    ("padding", lambda: correlate(X, K, padding=20_000)),
    ("padding", lambda: correlate(X, K, padding=10**40)),
    ("padding", lambda: correlate(X, K, padding=2**62)),
    ("x", lambda: convolution.correlate_by_loops(np.ones(20_001), [1])),
    ("padding", lambda: correlate(X, K, padding=5, padding_mode="reflect")),
    ("padding", lambda: correlate(X, K, padding=6, padding_mode="circular")),
    ("padding_mode", lambda: correlate(X, K, padding_mode="mirror")),
    ("padding_mode", lambda: as_matrix(K, 5, padding_mode="constant")),
    ("dilation", lambda: correlate(X, K, dilation=0)),
    ("value", lambda: correlate(X, K, padding_mode="constant", value=float("nan"))),
    ("value", lambda: correlate(X.astype("f4"), K, padding_mode="constant", value=1e300)),
    ("value", lambda: correlate(X, K, value="0")),
    ("kernel", lambda: correlate(X, K, dilation=3)),
    ("kernel", lambda: correlate(X, np.ones((6, 1)))),
    ("kernel", lambda: correlate(X, [[1, float("nan")]])),
    ("kernel", lambda: correlate(X, [[1, float("inf")]])),
    ("kernel", lambda: correlate(X, [[1, 2], [3]])),
    ("kernel", lambda: correlate(X, [[True]])),
    ("kernel", lambda: correlate(X, [[1j]])),
    ("kernel", lambda: correlate(X, [])),
    ("kernel", lambda: correlate(X, [1, 2])),
    ("kernel", lambda: convolve(X, None)),
    ("x", lambda: correlate([], [1])),
    ("x", lambda: correlate(np.ones((2, 2, 2, 2)), K)),
    ("x", lambda: correlate([[object()]], K)),
    ("x", lambda: correlate(X * np.nan, K)),
    ("flipped", lambda: steps(X, K, flipped=1)),
    ("groups", lambda: conv_layer(XL, WL, groups=3)),
    ("groups", lambda: conv_layer(XL, WL, groups=0)),
    ("weight", lambda: conv_layer(XL, WL)),
    ("weight", lambda: conv_layer(XL, WL[0], groups=2)),
    ("weight", lambda: conv_layer(XL, np.ones((6, 2, 6, 6)), groups=2)),
    ("weight", lambda: conv_layer(XL, WL * np.nan, groups=2)),
    ("x", lambda: conv_layer(XL * np.inf, WL, groups=2)),
    ("weight", lambda: conv_layer(XL[0], WL, groups=2)),
    ("x", lambda: conv_layer(XL[:0], WL, groups=2)),
    ("bias", lambda: conv_layer(XL, WL, np.ones(5), groups=2)),
    ("bias", lambda: conv_layer(XL, WL, np.full(6, np.nan), groups=2)),
    ("weight", lambda: conv_transpose_layer(XL, WL)),
    ("groups", lambda: conv_transpose_layer(XL, WL[:4], groups=3)),
    ("output_padding", lambda: conv_transpose_layer(XL, WL[:4], output_padding=1)),
    ("padding", lambda: conv_transpose_layer(XL, WL[:4], padding="same")),
    ("padding", lambda: conv_transpose_layer(XL, WL[:4], padding=9)),
    ("kernel_size", lambda: im2col(X, (3, 3, 3))),
    ("kernel_size", lambda: im2col(X, 0)),
    ("kernel_size", lambda: im2col(X, 6)),
    ("size", lambda: as_matrix(K, (5, 5, 5))),
    ("size", lambda: as_matrix(K, 300)),
]


@pytest.mark.parametrize(("parameter", "call"), REFUSED, ids=map(str, range(len(REFUSED))))
def test_refusals(parameter, call):
    with pytest.raises(ValueError, match=rf"^{parameter}(\.shape|\.ndim|\.shape\[\d\])?=[^\n]*: "):
        call()


@pytest.mark.parametrize("where", [(0, 0, 4, 4), (1, 3, 2, 1), (0, 1, 1, 0)])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("chosen", [{}, {"stride": 3}, {"stride": 2, "dilation": 2}, {"stride": 5, "padding": 1}])
def test_one_bad_cell_is_found_wherever_it_is_read_or_not(where, bad, chosen):
    x = XL.copy()
    x[where] = bad
    with pytest.raises(ValueError, match=r"^x="):
        conv_layer(x, WL * 0, groups=2, **chosen)


def test_huge_numbers_that_do_no_harm():
    assert correlate(X, K, stride=2**62).tolist() == [[9]]
    assert correlate(X, [[2]], dilation=2**62).tolist() == (2 * X).tolist()


@pytest.mark.parametrize(
    "prepare",
    [
        lambda: partial(conv_layer, np.ones((16, 8, 300, 300), "f4"), np.ones((8, 8, 3, 3), "f4"), padding=1),
        lambda: partial(conv_layer, np.ones((1, 1, 2500, 2500)), [[[[1.0]]]], padding=40, padding_mode="reflect"),
        lambda: partial(conv_layer, np.ones((2, 3, 700, 700), "u1"), np.ones((5, 3, 4, 4), "i1"), stride=2),
        lambda: partial(conv_transpose_layer, np.ones((1, 8, 300, 300)), np.ones((8, 8, 3, 3)), stride=2),
        lambda: partial(correlate, np.ones(3_000_000), np.ones(100)),
        lambda: partial(im2col, np.ones((600, 600)), 7, padding="same"),
        lambda: partial(as_matrix, np.ones((3, 3)), (64, 64), padding="same"),
    ],
)
def test_large_calls_keep_to_the_limit(prepare):
    """What is let through stays below the limit, result and workspace together."""
    call = prepare()
    tracemalloc.start()
    try:
        call()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert 20_000_000 < peak < checks.WORKSPACE_LIMIT
