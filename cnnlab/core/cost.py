"""What a layer costs: parameters, multiply-adds and memory, from whole numbers alone."""

import math
from dataclasses import dataclass

from cnnlab.core import checks


def conv_parameters(in_channels, out_channels, kernel, *, groups=1, bias=True):
    """Weights and biases of a convolutional layer: out · (in / groups) · kernel cells, plus one bias an output.

    `kernel` is an int for a square 2-D kernel or one int an axis, as (3,) for 1-D and (3, 3, 3) for 3-D.

    >>> conv_parameters(3, 2, 3), conv_parameters(3, 96, 11), conv_parameters(16, 32, 3)
    (56, 34944, 4640)
    """
    outputs, weights = _filters(in_channels, out_channels, kernel, groups)
    return outputs * (weights + checks.flag("bias", bias))


def conv_macs(in_channels, out_channels, kernel, output, *, groups=1):
    """Multiply-adds of a convolutional layer for one input: weights of one filter times output cells.

    `output` is the spatial size of the result, one int an axis (one int alone: the same on every axis); biases
    are not counted. Twice this number are the operations that some papers call FLOPs.

    >>> conv_macs(3, 96, 11, 55)
    105415200
    """
    outputs, weights = _filters(in_channels, out_channels, kernel, groups)
    axes = len(kernel) if checks.is_sequence(kernel) else 2
    return outputs * weights * math.prod(checks.per_axis("output", output, axes, 1))


def _filters(in_channels, out_channels, kernel, groups):
    """(number of filters, weights of one filter) of a convolutional layer."""
    inputs = checks.integer("in_channels", in_channels, 1)
    outputs = checks.integer("out_channels", out_channels, 1)
    groups = checks.integer("groups", groups, 1)
    axes = len(kernel) if checks.is_sequence(kernel) else 2
    if axes == 0:
        checks.refuse("kernel", kernel, "must have at least one axis")
    cells = math.prod(checks.per_axis("kernel", kernel, axes, 1))
    if inputs % groups or outputs % groups:
        checks.refuse("groups", groups, f"must divide both {inputs} input and {outputs} output channels")
    return outputs, inputs // groups * cells


def dense_parameters(inputs, outputs, *, bias=True):
    """Weights and biases of a fully connected layer: outputs · (inputs + 1).

    >>> dense_parameters(16 * 64 * 64, 32 * 64 * 64)  # what Conv2d(16, 32, 3, padding=1) on 64x64 spares us
    8590065664
    """
    inputs, outputs = checks.integer("inputs", inputs, 1), checks.integer("outputs", outputs, 1)
    return outputs * (inputs + checks.flag("bias", bias))


def dense_macs(inputs, outputs):
    """Multiply-adds of a fully connected layer: one for each weight.

    >>> dense_macs(9216, 4096)
    37748736
    """
    return dense_parameters(inputs, outputs, bias=False)


@dataclass(frozen=True)
class SeparableCost:
    """Parameters of a depth-wise separable convolution, part by part."""

    depthwise: int
    pointwise: int
    bias: int

    @property
    def total(self):
        return self.depthwise + self.pointwise + self.bias


def separable_parameters(in_channels, out_channels, kernel, *, bias=True):
    """A depth-wise layer (one filter a channel) followed by a 1x1 layer; one bias an output channel.

    Source: EE541, unit 8; Howard et al. (2017), "MobileNets".

    >>> cost = separable_parameters(16, 32, 3)
    >>> cost, cost.total
    (SeparableCost(depthwise=144, pointwise=512, bias=32), 688)
    """
    depthwise = conv_parameters(in_channels, in_channels, kernel, groups=in_channels, bias=False)
    pointwise = conv_parameters(in_channels, out_channels, 1, bias=False)
    return SeparableCost(depthwise, pointwise, out_channels if checks.flag("bias", bias) else 0)


def separable_macs(in_channels, out_channels, kernel, output):
    """Multiply-adds of a depth-wise separable convolution whose result has `output` cells an axis.

    >>> separable_macs(16, 32, 3, 64), conv_macs(16, 32, 3, 64)
    (2686976, 18874368)
    """
    axes = len(kernel) if checks.is_sequence(kernel) else 2
    depthwise = conv_macs(in_channels, in_channels, kernel, output, groups=in_channels)
    return depthwise + conv_macs(in_channels, out_channels, (1,) * axes, output)


def activation_memory(shape, *, bytes_per_value=4):
    """Bytes that a feature map of this shape takes; 4 a value in float32.

    >>> activation_memory((1, 96, 55, 55))
    1161600
    """
    if not checks.is_sequence(shape) or len(shape) == 0:
        checks.refuse("shape", shape, "must hold one whole number an axis")
    cells = math.prod(checks.per_axis("shape", shape, len(shape), 1))
    return cells * checks.integer("bytes_per_value", bytes_per_value, 1)


def branch_macs(in_channels, branch, size):
    """Multiply-adds of same-padded, stride-1 layers in a row on a size x size map.

    `branch` lists its layers as (kernel, output channels); a pooling layer costs no multiply-adds and has output
    channels None.

    >>> branch_macs(256, [(1, 64), (3, 192)], size=28)
    99549184
    """
    if not checks.is_sequence(branch) or not all(checks.is_sequence(layer) and len(layer) == 2 for layer in branch):
        checks.refuse("branch", branch, "must list (kernel, output channels) for each layer")
    total, channels = 0, checks.integer("in_channels", in_channels, 1)
    size = checks.integer("size", size, 1)
    for kernel, out_channels in branch:
        if out_channels is not None:
            total += conv_macs(channels, out_channels, kernel, size)
            channels = out_channels
    return total


# The Inception module on a 28x28x256 input, as (kernel, output channels) of each branch's layers.
# Source: Padova ML 2024/25, lecture 26, after Stanford CS231n; the module is Szegedy et al. (2015).
# Both print 358M for the second one, which is what its layers sum to when the 3x3 layer is counted twice.
INCEPTION_INPUT = {"in_channels": 256, "size": 28}
INCEPTION_NAIVE = {
    "1x1": [(1, 128)],
    "3x3": [(3, 192)],
    "5x5": [(5, 96)],
    "pool": [(3, None)],
}
INCEPTION_BOTTLENECK = {
    "1x1": [(1, 128)],
    "3x3": [(1, 64), (3, 192)],
    "5x5": [(1, 64), (5, 96)],
    "pool": [(3, None), (1, 64)],
}


def module_macs(branches, *, in_channels, size):
    """Multiply-adds of each branch of a module by name, on a size x size map with `in_channels` channels.

    >>> sum(module_macs(INCEPTION_NAIVE, **INCEPTION_INPUT).values())
    854196224
    >>> sum(module_macs(INCEPTION_BOTTLENECK, **INCEPTION_INPUT).values())
    271351808
    """
    if not isinstance(branches, dict):
        checks.refuse("branches", branches, "must map the name of each branch to its layers")
    return {name: branch_macs(in_channels, layers, size) for name, layers in branches.items()}
