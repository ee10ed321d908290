"""MNASNet: inverted residuals whose kernels and widths a search has chosen for speed on a phone.

Tan et al., "MnasNet: platform-aware neural architecture search for mobile", CVPR (2019), figure 7 (B1, without
squeeze-and-excitation).
"""

import torch
from torch import nn

from cnnlab.nets.architectures.architecture import Architecture
from cnnlab.nets.architectures.blocks import conv_norm

# kernel, stride, expansion, output channels, repetitions
STAGES = (
    (3, 2, 3, 24, 3),
    (5, 2, 3, 40, 3),
    (5, 2, 6, 80, 3),
    (3, 1, 6, 96, 2),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)


def norm(channels):
    return nn.BatchNorm2d(channels, momentum=1 - 0.9997)


class InvertedResidual(nn.Module):
    """1x1 to more channels, depth-wise convolution, 1x1 back to few without activation."""

    def __init__(self, inputs, outputs, kernel_size, stride, expansion):
        super().__init__()
        hidden = inputs * expansion
        self.layers = nn.Sequential(
            *conv_norm(inputs, hidden, 1, norm=norm),
            *conv_norm(hidden, hidden, kernel_size, stride, groups=hidden, norm=norm),
            *conv_norm(hidden, outputs, 1, activation=None, norm=norm),
        )
        self.has_shortcut = stride == 1 and inputs == outputs

    def forward(self, x):
        return x + self.layers(x) if self.has_shortcut else self.layers(x)


class MNASNet(nn.Module):
    """At depth multiplier 1."""

    _version = 2

    def __init__(self, num_classes=1000, in_channels=3):
        super().__init__()
        layers = conv_norm(in_channels, 32, 3, 2, norm=norm)
        layers += conv_norm(32, 32, 3, groups=32, norm=norm)
        layers += conv_norm(32, 16, 1, activation=None, norm=norm)
        channels = 16
        for kernel_size, stride, expansion, outputs, repetitions in STAGES:
            stage = []
            for number in range(repetitions):
                stage.append(InvertedResidual(channels, outputs, kernel_size, stride if number == 0 else 1, expansion))
                channels = outputs
            layers.append(nn.Sequential(*stage))
        layers += conv_norm(channels, 1280, 1, norm=norm)
        self.layers = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(nn.Dropout(0.2, inplace=True), nn.Linear(1280, num_classes))

    def forward(self, x):
        return self.classifier(torch.flatten(self.avgpool(self.layers(x)), 1))


NETS = (
    Architecture(
        "mnasnet1_0", "MNASNet 1.0", "MNASNet", 2018, "Tan et al., CVPR (2019)", (3, 224, 224), 1000, 4_383_312, MNASNet
    ),
)
