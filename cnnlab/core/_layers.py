"""Whole layers in PyTorch's layout, forward: the arguments stand in `cnnlab.core.convolution`."""

import itertools

import numpy as np

from cnnlab.core import _engine, _precision, _windows, arithmetic, checks


def conv_layer(x, weight, bias=None, *, stride=1, padding=0, dilation=1, groups=1, padding_mode="zeros", value=0):
    """A convolutional layer in PyTorch's layout: every filter spans all input channels of its group.

    Parameters
    ----------
    x : array-like (N, C_in, *spatial) with 1, 2 or 3 spatial axes
    weight : array-like (C_out, C_in / groups, *kernel)
    bias : array-like (C_out,), optional
    groups : int
        splits the channels into that many independent layers; C_in makes the layer depth-wise
    stride, padding, dilation, padding_mode, value
        see the head of `cnnlab.core.convolution`

    Returns an array (N, C_out, *output), the same as torch.nn.functional.conv1d/2d/3d.
    Source: van der Maaten, conv nets part 2; METU DI504.

    >>> conv_layer(np.ones((1, 3, 5, 5)), np.ones((2, 3, 3, 3)), [0, 1], stride=2)[0, :, 0, 0]
    array([27., 28.])
    """
    x = checks.array("x", x, (3, 4, 5), finite=False)  # `finish` looks at the result instead, which is quicker
    weight = checks.array("weight", weight, x.ndim, finite=False)
    bias = _checked_bias(bias, weight.shape[0])
    groups = _checked_groups(groups, x.shape[1], *weight.shape[:2])
    shape = _windows.geometry(x.shape[2:], weight.shape[2:], stride, padding, dilation, named="weight")
    _windows.check_padding_mode(padding_mode, shape)
    if not _windows.reads_every_cell(shape):
        checks.refuse_not_finite("x", x)
    value, fill = _precision.filling(padding_mode, value, x)
    precision = _precision.of_product(x, weight, *bias, fill=fill)
    _engine.check_memory(x, weight, shape, precision, padding_mode)
    weight = weight.astype(precision.compute, copy=False)
    output = _engine.layer(x, weight, shape, padding_mode, value, groups)
    return precision.finish(_plus_bias(output, bias), x=x, weight=weight)


def conv_transpose_layer(x, weight, bias=None, *, stride=1, padding=0, output_padding=0, dilation=1, groups=1):
    """A transposed convolution: every input cell stamps the kernel, times its value, onto a larger output.

    Parameters
    ----------
    x : array-like (N, C_in, *spatial) with 1, 2 or 3 spatial axes
    weight : array-like (C_in, C_out / groups, *kernel)
    bias : array-like (C_out,), optional
    stride, dilation, output_padding : int, or one int an axis
        output_padding gives cells back that the floor of the forward size dropped; less than stride or dilation
    padding : int, one int an axis, or one pair (before, after) an axis
        cells cropped from the result
    groups : int
        splits the channels into that many independent layers

    Returns an array (N, C_out, *output) with `arithmetic.transposed_output_size` cells an axis, the same as
    torch.nn.functional.conv_transpose1d/2d/3d: the gradient of `conv_layer` with respect to its input. Errors and
    number types as in `conv_layer`. Source: Dumoulin & Visin (2016); EE541, unit 8.

    >>> conv_transpose_layer([[[1, 2]]], [[[1, 1, 1]]], stride=2)
    array([[[1, 1, 3, 2, 2]]])
    """
    x = checks.array("x", x, (3, 4, 5))
    weight = checks.array("weight", weight, x.ndim)
    groups = _divisor("groups", groups, x.shape[1], weight.shape[0])
    if weight.shape[0] != x.shape[1]:
        checks.refuse("weight.shape[0]", weight.shape[0], f"must be the number of input channels, {x.shape[1]}")
    filters = weight.shape[1] * groups
    bias = _checked_bias(bias, filters)
    full, crop = _transposed_geometry(x.shape[2:], weight.shape[2:], stride, padding, dilation, output_padding)
    precision = _precision.of_product(x, weight, *bias, taps_axis=1)
    batch = x.shape[0]
    needed = _windows.cells((batch, filters, *full.size), (batch, filters, *full.output), x.shape, weight.shape)
    checks.workspace("x.shape", x.shape, needed * precision.bytes_per_result)

    output = np.zeros((batch, groups, filters // groups, *full.size), precision.compute)
    values = x.astype(precision.compute, copy=False).reshape(batch, groups, x.shape[1] // groups, -1)
    stamps = weight.astype(precision.compute, copy=False).reshape(groups, -1, *weight.shape[1:])
    with np.errstate(over="ignore", invalid="ignore"):
        for tap in itertools.product(*map(range, full.kernel)):
            stamped = np.matmul(stamps[(..., *tap)].swapaxes(1, 2), values)
            target = output[(..., *_windows.tap_slices(full, tap))]
            target += stamped.reshape(target.shape)
    output = output.reshape(batch, filters, *full.size)[(..., *crop)]
    return precision.finish(_plus_bias(output, bias))


def _transposed_geometry(size, kernel, stride, padding, dilation, output_padding):
    """(geometry of the forward layer on the uncropped result, slices that crop it)."""
    axes = len(size)
    stride = checks.per_axis("stride", stride, axes, 1)
    dilation = checks.per_axis("dilation", dilation, axes, 1)
    extra = checks.per_axis("output_padding", output_padding, axes, 0)
    sides = _windows.padding_per_axis(padding, axes)
    final = tuple(map(arithmetic.transposed_output_size, size, kernel, stride, sides, dilation, extra))
    before = [arithmetic.padding_of(n, 1, 1, side)[0] for n, side in zip(size, sides, strict=True)]
    uncropped = tuple(map(arithmetic.transposed_output_size, size, kernel, stride, (0,) * axes, dilation, extra))
    full = _windows.Geometry(uncropped, tuple(kernel), stride, ((0, 0),) * axes, dilation, tuple(size))
    return full, tuple(slice(first, first + length) for first, length in zip(before, final, strict=True))


def _plus_bias(output, bias):
    with np.errstate(over="ignore"):  # the caller looks at the result
        for offsets in bias:
            output += offsets.astype(output.dtype).reshape(-1, *(1,) * (output.ndim - 2))
    return output


def _checked_bias(bias, filters):
    if bias is None:
        return []
    bias = checks.array("bias", bias, 1)
    if bias.size != filters:
        checks.refuse("bias.shape", bias.shape, f"must hold one number for each of the {filters} filters")
    return [bias]


def _checked_groups(groups, in_channels, filters, channels_per_filter):
    groups = _divisor("groups", groups, in_channels, filters)
    if channels_per_filter != in_channels // groups:
        remedy = f"must be {in_channels // groups}: {in_channels} input channels in {groups} group(s)"
        checks.refuse("weight.shape[1]", channels_per_filter, remedy)
    return groups


def _divisor(parameter, groups, in_channels, filters):
    groups = checks.integer(parameter, groups, 1)
    if in_channels % groups or filters % groups:
        checks.refuse(parameter, groups, f"must divide both {in_channels} input channels and {filters} filters")
    return groups
