"""ConvNeXt: a ResNet modernised step by step until it trains and scores like a vision transformer.

Liu et al., "A ConvNet for the 2020s", CVPR (2022), table 9.
"""

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from torch import nn

from cnnlab.nets.architectures.architecture import Architecture
from cnnlab.nets.architectures.blocks import StochasticDepth

CHANNELS, BLOCKS = (96, 192, 384, 768), (3, 3, 9, 3)
DROP = 0.1  # of the last block; the first blocks drop less


class LayerNorm2d(nn.LayerNorm):
    """Layer norm over the channels of every pixel of an (N, C, H, W) map."""

    def forward(self, x):
        x = x.permute(0, 2, 3, 1)
        return F.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps).permute(0, 3, 1, 2)


class Permute(nn.Module):
    """Another order of the axes."""

    def __init__(self, *axes):
        super().__init__()
        self.axes = axes

    def forward(self, x):
        return x.permute(self.axes)


class Block(nn.Module):
    """Depth-wise 7x7, layer norm, then for every pixel a dense layer to four times the channels, GELU, and back."""

    def __init__(self, channels, drop):
        super().__init__()
        self.layer_scale = nn.Parameter(torch.full((channels, 1, 1), 1e-6))
        self.block = nn.Sequential(
            nn.Conv2d(channels, channels, 7, padding=3, groups=channels),
            Permute(0, 2, 3, 1),
            nn.LayerNorm(channels, eps=1e-6),
            nn.Linear(channels, 4 * channels),
            nn.GELU(),
            nn.Linear(4 * channels, channels),
            Permute(0, 3, 1, 2),
        )
        self.stochastic_depth = StochasticDepth(drop)

    def forward(self, x):
        return x + self.stochastic_depth(self.layer_scale * self.block(x))


class ConvNeXtTiny(nn.Module):
    """A 4x4 stem with stride 4, four stages, each after the first begun by a 2x2 convolution with stride 2."""

    def __init__(self, num_classes=1000, in_channels=3):
        super().__init__()
        layers = [
            nn.Sequential(nn.Conv2d(in_channels, CHANNELS[0], 4, 4), LayerNorm2d(CHANNELS[0], eps=1e-6)),
        ]
        number, inputs = 0, CHANNELS[0]
        for channels, blocks in zip(CHANNELS, BLOCKS, strict=True):
            if channels != inputs:
                layers.append(nn.Sequential(LayerNorm2d(inputs, eps=1e-6), nn.Conv2d(inputs, channels, 2, 2)))
            drops = [DROP * (number + i) / (sum(BLOCKS) - 1) for i in range(blocks)]
            layers.append(nn.Sequential(*(Block(channels, drop) for drop in drops)))
            number, inputs = number + blocks, channels
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(LayerNorm2d(inputs, eps=1e-6), nn.Flatten(), nn.Linear(inputs, num_classes))
        for layer in self.modules():
            if isinstance(layer, (nn.Conv2d, nn.Linear)):
                nn.init.trunc_normal_(layer.weight, std=0.02)
                nn.init.zeros_(layer.bias)

    def forward(self, x):
        return self.classifier(self.avgpool(self.features(x)))


NETS = (
    Architecture(
        "convnext_tiny",
        "ConvNeXt-Tiny",
        "ConvNeXt",
        2022,
        "Liu et al., CVPR (2022)",
        (3, 224, 224),
        1000,
        28_589_128,
        ConvNeXtTiny,
    ),
)
