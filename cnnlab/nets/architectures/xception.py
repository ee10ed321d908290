"""Xception: depth-wise separable convolutions all the way, with residual shortcuts.

Chollet, "Xception: deep learning with depthwise separable convolutions", CVPR (2017), figure 5.
"""

from itertools import pairwise

import torch
from torch import nn

from cnnlab.nets.architectures.architecture import Architecture
from cnnlab.nets.architectures.blocks import conv_norm, he_initialise


def separable(inputs, outputs):
    """Depth-wise 3x3, point-wise 1x1, batch norm; no activation between the first two."""
    return [
        nn.Conv2d(inputs, inputs, 3, padding=1, groups=inputs, bias=False),
        nn.Conv2d(inputs, outputs, 1, bias=False),
        nn.BatchNorm2d(outputs),
    ]


class Block(nn.Module):
    """Separable convolutions, each after a ReLU unless the block is the first; `stride` 2 ends with max pooling."""

    def __init__(self, channels, *, stride=1, starts_with_relu=True):
        super().__init__()
        layers = []
        for inputs, outputs in pairwise(channels):
            layers += [nn.ReLU(), *separable(inputs, outputs)]
        if stride > 1:
            layers.append(nn.MaxPool2d(3, stride, 1))
        self.layers = nn.Sequential(*(layers if starts_with_relu else layers[1:]))
        ends = channels[0], channels[-1]
        self.shortcut = nn.Sequential(*conv_norm(*ends, 1, stride, activation=None)) if stride > 1 else nn.Identity()

    def forward(self, x):
        return self.layers(x) + self.shortcut(x)


class Xception(nn.Module):
    """Entry flow, eight times the middle flow, exit flow."""

    def __init__(self, num_classes=1000, in_channels=3):
        super().__init__()
        self.entry = nn.Sequential(
            nn.Conv2d(in_channels, 32, 3, 2, bias=False),
            nn.BatchNorm2d(32),
            nn.ReLU(inplace=True),
            nn.Conv2d(32, 64, 3, bias=False),
            nn.BatchNorm2d(64),
            nn.ReLU(inplace=True),
            Block((64, 128, 128), stride=2, starts_with_relu=False),
            Block((128, 256, 256), stride=2),
            Block((256, 728, 728), stride=2),
        )
        self.middle = nn.Sequential(*(Block((728, 728, 728, 728)) for _ in range(8)))
        self.exit = nn.Sequential(
            Block((728, 728, 1024), stride=2),
            *separable(1024, 1536),
            nn.ReLU(inplace=True),
            *separable(1536, 2048),
            nn.ReLU(inplace=True),
        )
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(2048, num_classes)
        he_initialise(self)

    def forward(self, x):
        x = self.exit(self.middle(self.entry(x)))
        return self.fc(torch.flatten(self.avgpool(x), 1))


NETS = (
    # The paper counts 22,855,952 on ImageNet (table 3).
    Architecture(
        "xception", "Xception", "Xception", 2016, "Chollet, CVPR (2017)", (3, 299, 299), 1000, 22_855_952, Xception
    ),
)
