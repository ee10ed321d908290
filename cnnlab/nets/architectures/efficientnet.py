"""EfficientNet-B0: inverted residuals with squeeze-and-excitation, found by search; larger ones scale it.

Tan & Le, "EfficientNet: rethinking model scaling for convolutional neural networks", ICML (2019), table 1.
"""

import torch
from torch import nn

from cnnlab.nets.architectures.architecture import Architecture
from cnnlab.nets.architectures.blocks import SqueezeExcitation, StochasticDepth, conv_norm, he_initialise

# expansion, kernel, stride, output channels, repetitions
STAGES = (
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 2),
    (6, 5, 2, 40, 2),
    (6, 3, 2, 80, 3),
    (6, 5, 1, 112, 3),
    (6, 5, 2, 192, 4),
    (6, 3, 1, 320, 1),
)
DROP = 0.2  # of the last block; the first blocks drop less


def conv_silu(*sizes, **options):
    """Convolution, normalisation, SiLU, as one module."""
    return nn.Sequential(*conv_norm(*sizes, activation=nn.SiLU, **options))


class MBConv(nn.Module):
    """1x1 to more channels, depth-wise convolution, squeeze-and-excitation, 1x1 back without activation."""

    def __init__(self, inputs, outputs, kernel_size, stride, expansion, drop):
        super().__init__()
        hidden = inputs * expansion
        layers = [conv_silu(inputs, hidden, 1)] if expansion != 1 else []
        layers += [
            conv_silu(hidden, hidden, kernel_size, stride, groups=hidden),
            SqueezeExcitation(hidden, inputs // 4),
            nn.Sequential(*conv_norm(hidden, outputs, 1, activation=None)),
        ]
        self.block = nn.Sequential(*layers)
        self.stochastic_depth = StochasticDepth(drop)
        self.has_shortcut = stride == 1 and inputs == outputs

    def forward(self, x):
        return x + self.stochastic_depth(self.block(x)) if self.has_shortcut else self.block(x)


class EfficientNetB0(nn.Module):
    """Seven stages of inverted residuals."""

    def __init__(self, num_classes=1000, in_channels=3):
        super().__init__()
        layers, channels, number = [conv_silu(in_channels, 32, 3, 2)], 32, 0
        blocks = sum(stage[-1] for stage in STAGES)
        for expansion, kernel_size, stride, outputs, repetitions in STAGES:
            stage = []
            for position in range(repetitions):
                step = stride if position == 0 else 1
                stage.append(MBConv(channels, outputs, kernel_size, step, expansion, DROP * number / blocks))
                channels, number = outputs, number + 1
            layers.append(nn.Sequential(*stage))
        layers.append(conv_silu(channels, 1280, 1))
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(nn.Dropout(0.2, inplace=True), nn.Linear(1280, num_classes))
        he_initialise(self)

    def forward(self, x):
        return self.classifier(torch.flatten(self.avgpool(self.features(x)), 1))


NETS = (
    Architecture(
        "efficientnet_b0",
        "EfficientNet-B0",
        "EfficientNet",
        2019,
        "Tan & Le, ICML (2019)",
        (3, 224, 224),
        1000,
        5_288_548,
        EfficientNetB0,
    ),
)
