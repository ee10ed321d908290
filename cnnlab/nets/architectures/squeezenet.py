"""SqueezeNet: fire modules squeeze with 1x1 and expand with 1x1 and 3x3; no dense layer at all.

Iandola et al., "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters" (2016), table 1; version 1.1 is the
authors' cheaper one.
"""

from functools import partial

import torch
from torch import nn

from cnnlab.nets.architectures.architecture import Architecture


class Fire(nn.Module):
    """1x1 to `squeezed` channels, then 1x1 and 3x3 side by side to `expanded` channels each."""

    def __init__(self, inputs, squeezed, expanded):
        super().__init__()
        self.squeeze = nn.Conv2d(inputs, squeezed, 1)
        self.squeeze_activation = nn.ReLU(inplace=True)
        self.expand1x1 = nn.Conv2d(squeezed, expanded, 1)
        self.expand1x1_activation = nn.ReLU(inplace=True)
        self.expand3x3 = nn.Conv2d(squeezed, expanded, 3, padding=1)
        self.expand3x3_activation = nn.ReLU(inplace=True)

    def forward(self, x):
        x = self.squeeze_activation(self.squeeze(x))
        ones = self.expand1x1_activation(self.expand1x1(x))
        return torch.cat([ones, self.expand3x3_activation(self.expand3x3(x))], 1)


POOL = "pool"
# Fire modules as (squeezed, expanded channels), in order, with the pooling between them.
VERSIONS = {
    "1_0": (
        (96, 7),
        (POOL, (16, 64), (16, 64), (32, 128), POOL, (32, 128), (48, 192), (48, 192), (64, 256), POOL, (64, 256)),
    ),
    "1_1": (
        (64, 3),
        (POOL, (16, 64), (16, 64), POOL, (32, 128), (32, 128), POOL, (48, 192), (48, 192), (64, 256), (64, 256)),
    ),
}


class SqueezeNet(nn.Module):
    """version : "1_0" or "1_1" """

    def __init__(self, num_classes=1000, in_channels=3, *, version):
        super().__init__()
        (channels, kernel), plan = VERSIONS[version]
        layers = [nn.Conv2d(in_channels, channels, kernel, stride=2), nn.ReLU(inplace=True)]
        for entry in plan:
            if entry == POOL:
                layers.append(nn.MaxPool2d(3, 2, ceil_mode=True))
            else:
                squeezed, expanded = entry
                layers.append(Fire(channels, squeezed, expanded))
                channels = 2 * expanded
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(
            nn.Dropout(0.5), nn.Conv2d(channels, num_classes, 1), nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(1)
        )

    def forward(self, x):
        return torch.flatten(self.classifier(self.features(x)), 1)


PAPER = "Iandola et al. (2016)"
PARAMETERS = {"1_0": 1_248_424, "1_1": 1_235_496}

NETS = tuple(
    Architecture(
        f"squeezenet{version}",
        f"SqueezeNet {version.replace('_', '.')}",
        "SqueezeNet",
        2016,
        PAPER,
        (3, 224, 224),
        1000,
        PARAMETERS[version],
        partial(SqueezeNet, version=version),
    )
    for version in VERSIONS
)
