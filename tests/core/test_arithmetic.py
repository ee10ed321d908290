"""Sizes against a count of the windows themselves, the lectures' figures, and refusals."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode

from cnnlab.core import arithmetic
from cnnlab.core.images import SIZES

some = settings(max_examples=200, deadline=None)
small = st.integers(1, 9)
paddings = st.one_of(
    st.integers(0, 12), st.tuples(st.integers(0, 9), st.integers(0, 9)), st.sampled_from(arithmetic.NAMED_PADDINGS)
)


def count_windows(padded, kernel, stride, dilation):
    """(number of windows, cells after the last one) by walking along the axis."""
    places = [start for start in range(0, padded, stride) if start + dilation * (kernel - 1) < padded]
    return len(places), (padded - 1 - places[-1] - dilation * (kernel - 1) if places else None)


@some
@given(st.integers(1, 30), small, small, paddings, small)
def test_output_size_counts_the_windows(n, kernel, stride, padding, dilation):
    before, after = arithmetic.padding_of(n, kernel, stride, padding, dilation)
    windows, left = count_windows(n + before + after, kernel, stride, dilation)
    if windows == 0:
        with pytest.raises(ValueError, match=r"^kernel=.*spans"):
            arithmetic.output_size(n, kernel, stride, padding, dilation)
        return
    assert arithmetic.output_size(n, kernel, stride, padding, dilation) == windows
    assert arithmetic.uncovered(n, kernel, stride, padding, dilation) == left


@some
@given(st.integers(1, 60), small, small, small)
def test_same_padding_gives_one_window_a_stride(n, kernel, stride, dilation):
    before, after = arithmetic.same_padding(n, kernel, stride, dilation)
    assert 0 <= after - before <= 1
    assert arithmetic.output_size(n, kernel, stride, "same", dilation) == -(-n // stride)


@some
@given(st.integers(1, 20), small, small)
def test_same_padding_is_torchs_at_stride_1(n, kernel, dilation):
    layer = torch.nn.Conv1d(1, 1, kernel, padding="same", dilation=dilation)
    left, right = layer._reversed_padding_repeated_twice
    assert arithmetic.same_padding(n, kernel, 1, dilation) == (left, right)


@some
@given(st.integers(1, 20), small, small)
def test_full_padding_counts_every_overlap(n, kernel, dilation):
    size = arithmetic.output_size(n, kernel, 1, "full", dilation)
    assert size == n + arithmetic.span(kernel, dilation) - 1


@some
@given(st.integers(1, 12), small, small, st.integers(0, 5), small, st.integers(0, 8))
def test_transposed_output_size_is_torchs(n, kernel, stride, padding, dilation, output_padding):
    settings = {"stride": stride, "padding": padding, "dilation": dilation, "output_padding": output_padding}
    try:
        layer = torch.nn.ConvTranspose1d(1, 1, kernel, **settings)
        size = layer(torch.zeros(1, 1, n)).shape[-1]
    except (RuntimeError, ValueError):
        size = 0
    if size == 0:
        with pytest.raises(ValueError, match=r"^(padding|output_padding)="):
            arithmetic.transposed_output_size(n, kernel, **settings)
    else:
        assert arithmetic.transposed_output_size(n, kernel, **settings) == size


@pytest.mark.parametrize("example", SIZES.values(), ids=SIZES.keys())
def test_worked_sizes(example):
    assert arithmetic.output_size(**example.settings) == example.output
    explanation = arithmetic.explain(**example.settings)
    assert (explanation.result, explanation.uncovered) == (example.output, example.uncovered)


def test_the_uncovered_row_of_the_lecture_is_padding():
    explanation = arithmetic.explain(6, 3, stride=2, padding=1)
    assert (explanation.uncovered, explanation.uncovered_input) == (1, 0)
    assert arithmetic.explain(6, 3, stride=2).uncovered_input == 1


@some
@given(st.integers(1, 30), small, small, paddings, small)
def test_every_line_of_an_explanation_is_true(n, kernel, stride, padding, dilation):
    try:
        explanation = arithmetic.explain(n, kernel, stride, padding, dilation)
    except ValueError:
        return
    for step in explanation.steps:
        python = step.numbers.replace("·", "*").replace("/", "//" if "floor" in step.numbers else "/")
        assert eval(python, {"max": max, "floor": int, "ceil": math.ceil}) == step.value, str(step)
    assert str(explanation).count("\n") == len(explanation.steps) - 1


def test_lecture_counts():
    assert arithmetic.conv_parameters(3, 2, 3) == 56
    assert arithmetic.conv_parameters(3, 4, (5, 7), bias=False) == 3 * 4 * 5 * 7
    assert arithmetic.conv_parameters(3, 96, 11, bias=False) == 34_848
    assert arithmetic.conv_parameters(3, 96, 11) == 34_944
    assert arithmetic.conv_parameters(16, 32, 3, bias=False) == 4_608
    assert arithmetic.conv_parameters(16, 32, 3) == 4_640
    assert 16 * 64 * 64 == 65_536
    assert 32 * 64 * 64 == 131_072
    assert arithmetic.dense_parameters(16 * 64 * 64, 32 * 64 * 64) == 8_590_065_664
    cost = arithmetic.separable_parameters(16, 32, 3)
    assert (cost.depthwise, cost.pointwise, cost.bias, cost.total) == (144, 512, 32, 688)
    assert arithmetic.conv_parameters(3, 3, 7, bias=False) == 3 * 147
    assert 3 * arithmetic.conv_parameters(3, 3, 3, bias=False) == 3 * 81


def test_inception_counts():
    naive = arithmetic.module_macs(arithmetic.INCEPTION_NAIVE, **arithmetic.INCEPTION_INPUT)
    assert sum(naive.values()) // 10**6 == 854
    bottleneck = arithmetic.module_macs(arithmetic.INCEPTION_BOTTLENECK, **arithmetic.INCEPTION_INPUT)
    assert sum(bottleneck.values()) // 10**6 == 271
    # the slides say 358M: the 3x3 layer counted twice
    twice = arithmetic.branch_macs(64, [(3, 192)], 28)
    assert (sum(bottleneck.values()) + twice) // 10**6 == 358


@some
@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 4), st.lists(st.integers(1, 4), min_size=1, max_size=3))
def test_parameters_and_macs_are_torchs(groups, inputs, outputs, kernel):
    axes = len(kernel)
    layer = getattr(torch.nn, f"Conv{axes}d")(inputs * groups, outputs * groups, tuple(kernel), groups=groups)
    count = sum(parameter.numel() for parameter in layer.parameters())
    assert arithmetic.conv_parameters(inputs * groups, outputs * groups, kernel, groups=groups) == count
    size = (5,) * axes
    with FlopCounterMode(display=False) as counter:
        output = layer(torch.zeros(1, inputs * groups, *size))
    macs = arithmetic.conv_macs(inputs * groups, outputs * groups, kernel, output.shape[2:], groups=groups)
    assert 2 * macs == counter.get_total_flops()


@pytest.mark.parametrize(
    ("parameter", "call"),
    [
        ("n", lambda: arithmetic.output_size(0, 3)),
        ("kernel", lambda: arithmetic.output_size(5, 0)),
        ("kernel", lambda: arithmetic.output_size(3, 5)),
        ("stride", lambda: arithmetic.output_size(5, 3, 0)),
        ("stride", lambda: arithmetic.output_size(5, 3, -1)),
        ("stride", lambda: arithmetic.output_size(5, 3, 1.5)),
        ("padding", lambda: arithmetic.output_size(5, 3, 1, -1)),
        ("padding", lambda: arithmetic.output_size(5, 3, 1, (1, 2, 3))),
        ("padding", lambda: arithmetic.output_size(5, 3, 1, "half")),
        ("dilation", lambda: arithmetic.output_size(5, 3, 1, 0, 0)),
        ("padding", lambda: arithmetic.transposed_output_size(5, 3, padding="same")),
        ("output_padding", lambda: arithmetic.transposed_output_size(5, 3, stride=2, output_padding=2)),
        ("groups", lambda: arithmetic.conv_parameters(3, 4, 3, groups=2)),
        ("kernel", lambda: arithmetic.conv_parameters(3, 4, ())),
        ("bias", lambda: arithmetic.conv_parameters(3, 4, 3, bias=1)),
        ("output", lambda: arithmetic.conv_macs(3, 4, 3, (5, 5, 5))),
        ("branch", lambda: arithmetic.branch_macs(3, [3], 5)),
        ("branches", lambda: arithmetic.module_macs([[(3, 3)]], in_channels=3, size=5)),
        ("shape", lambda: arithmetic.activation_memory(())),
    ],
)
def test_refusals(parameter, call):
    with pytest.raises(ValueError, match=rf"^{parameter}="):
        call()
