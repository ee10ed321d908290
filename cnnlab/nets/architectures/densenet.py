"""DenseNets: every layer reads the maps of all layers before it in its block.

Huang, Liu, van der Maaten & Weinberger, "Densely connected convolutional networks", CVPR (2017), table 1.
"""

from functools import partial

import torch
from torch import nn

from cnnlab.nets.architectures.architecture import Architecture
from cnnlab.nets.architectures.blocks import he_initialise


class DenseLayer(nn.Module):
    """BN-ReLU-1x1 to four times the growth, BN-ReLU-3x3 to the growth; the result is put behind what was read."""

    def __init__(self, inputs, growth):
        super().__init__()
        self.norm1 = nn.BatchNorm2d(inputs)
        self.relu1 = nn.ReLU(inplace=True)
        self.conv1 = nn.Conv2d(inputs, 4 * growth, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(4 * growth)
        self.relu2 = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(4 * growth, growth, 3, padding=1, bias=False)

    def forward(self, x):
        new = self.conv1(self.relu1(self.norm1(x)))
        new = self.conv2(self.relu2(self.norm2(new)))
        return torch.cat([x, new], 1)


class Transition(nn.Sequential):
    """Half the channels, half the size."""

    def __init__(self, inputs):
        super().__init__()
        self.norm = nn.BatchNorm2d(inputs)
        self.relu = nn.ReLU(inplace=True)
        self.conv = nn.Conv2d(inputs, inputs // 2, 1, bias=False)
        self.pool = nn.AvgPool2d(2)


class DenseNet(nn.Module):
    """blocks : layers in each dense block; growth : channels that a layer adds; stem : those of the first layer."""

    def __init__(self, num_classes=1000, in_channels=3, *, blocks, growth=32, stem=64):
        super().__init__()
        self.features = nn.Sequential()
        self.features.conv0 = nn.Conv2d(in_channels, stem, 7, stride=2, padding=3, bias=False)
        self.features.norm0 = nn.BatchNorm2d(stem)
        self.features.relu0 = nn.ReLU(inplace=True)
        self.features.pool0 = nn.MaxPool2d(3, 2, padding=1)
        channels = stem
        for number, layers in enumerate(blocks, start=1):
            block = nn.Sequential()
            for position in range(1, layers + 1):
                block.add_module(f"denselayer{position}", DenseLayer(channels, growth))
                channels += growth
            self.features.add_module(f"denseblock{number}", block)
            if number < len(blocks):
                self.features.add_module(f"transition{number}", Transition(channels))
                channels //= 2
        self.features.norm5 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(channels, num_classes)
        he_initialise(self)

    def forward(self, x):
        x = self.avgpool(self.relu(self.features(x)))
        return self.classifier(torch.flatten(x, 1))


PAPER = "Huang, Liu, van der Maaten & Weinberger, CVPR (2017)"
TABLE = {
    121: (7_978_856, {"blocks": (6, 12, 24, 16)}),
    161: (28_681_000, {"blocks": (6, 12, 36, 24), "growth": 48, "stem": 96}),
    169: (14_149_480, {"blocks": (6, 12, 32, 32)}),
    201: (20_013_928, {"blocks": (6, 12, 48, 32)}),
}

NETS = tuple(
    Architecture(
        f"densenet{depth}",
        f"DenseNet-{depth}",
        "DenseNet",
        2016,
        PAPER,
        (3, 224, 224),
        1000,
        parameters,
        partial(DenseNet, **settings),
    )
    for depth, (parameters, settings) in TABLE.items()
)
