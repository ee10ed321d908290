"""MobileNets: depth-wise 3x3 and point-wise 1x1 in place of full convolutions.

Howard et al., "MobileNets: efficient convolutional neural networks for mobile vision applications" (2017), table 1;
Sandler et al., "MobileNetV2: inverted residuals and linear bottlenecks", CVPR (2018), table 2.
"""

import torch
from torch import nn

from cnnlab.nets.architectures.architecture import Architecture
from cnnlab.nets.architectures.blocks import conv_norm, he_initialise

# Table 1 of version 1: output channels and stride of each depth-wise separable pair.
PAIRS = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *((512, 1),) * 5, (1024, 2), (1024, 1))
# Table 2 of version 2: expansion, output channels, repetitions, stride of the first.
STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


class MobileNetV1(nn.Module):
    """A full convolution, then thirteen depth-wise separable ones."""

    def __init__(self, num_classes=1000, in_channels=3):
        super().__init__()
        layers, channels = conv_norm(in_channels, 32, stride=2), 32
        for outputs, stride in PAIRS:
            layers += conv_norm(channels, channels, stride=stride, groups=channels)
            layers += conv_norm(channels, outputs, 1)
            channels = outputs
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(channels, num_classes)
        he_initialise(self)

    def forward(self, x):
        return self.classifier(torch.flatten(self.avgpool(self.features(x)), 1))


def conv6(*sizes, **options):
    """Convolution, normalisation, ReLU6, as one module."""
    return nn.Sequential(*conv_norm(*sizes, activation=nn.ReLU6, **options))


class InvertedResidual(nn.Module):
    """1x1 to more channels, depth-wise 3x3, 1x1 back to few without activation; a shortcut between the few."""

    def __init__(self, inputs, outputs, stride, expansion):
        super().__init__()
        hidden = inputs * expansion
        layers = [conv6(inputs, hidden, 1)] if expansion != 1 else []
        layers += [conv6(hidden, hidden, 3, stride, groups=hidden), *conv_norm(hidden, outputs, 1, activation=None)]
        self.conv = nn.Sequential(*layers)
        self.has_shortcut = stride == 1 and inputs == outputs

    def forward(self, x):
        return x + self.conv(x) if self.has_shortcut else self.conv(x)


class MobileNetV2(nn.Module):
    """Inverted residuals: the shortcuts connect the narrow ends."""

    def __init__(self, num_classes=1000, in_channels=3):
        super().__init__()
        layers, channels = [conv6(in_channels, 32, 3, 2)], 32
        for expansion, outputs, repetitions, stride in STAGES:
            for number in range(repetitions):
                layers.append(InvertedResidual(channels, outputs, stride if number == 0 else 1, expansion))
                channels = outputs
        layers.append(conv6(channels, 1280, 1))
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(1280, num_classes))
        he_initialise(self)

    def forward(self, x):
        return self.classifier(torch.flatten(self.avgpool(self.features(x)), 1))


NETS = (
    # The paper rounds to 4.2 million.
    Architecture(
        "mobilenet_v1",
        "MobileNet v1",
        "MobileNet",
        2017,
        "Howard et al. (2017)",
        (3, 224, 224),
        1000,
        4_231_976,
        MobileNetV1,
    ),
    Architecture(
        "mobilenet_v2",
        "MobileNet v2",
        "MobileNet",
        2018,
        "Sandler et al., CVPR (2018)",
        (3, 224, 224),
        1000,
        3_504_872,
        MobileNetV2,
    ),
)
