"""A small U-Net: down to a coarse map that knows what, up again to every pixel, with shortcuts that know where.

Ronneberger, Fischer & Brox, "U-Net: convolutional networks for biomedical image segmentation", MICCAI (2015), figure 1;
here with padding, batch norm and a quarter of the channels.
"""

from itertools import pairwise

import torch
from torch import nn

from cnnlab.nets.architectures.architecture import Architecture
from cnnlab.nets.architectures.blocks import conv_norm

CHANNELS = (16, 32, 64, 128)


def twice(inputs, outputs):
    return nn.Sequential(*conv_norm(inputs, outputs), *conv_norm(outputs, outputs))


class UNet(nn.Module):
    """Logits of every pixel, (N, classes, H, W); H and W must be multiples of 8."""

    def __init__(self, num_classes=2, in_channels=1):
        super().__init__()
        sizes = (in_channels, *CHANNELS)
        self.down = nn.ModuleList(twice(a, b) for a, b in pairwise(sizes))
        self.pool = nn.MaxPool2d(2)
        upward = CHANNELS[::-1]
        pairs = list(pairwise(upward))
        self.grow = nn.ModuleList(nn.ConvTranspose2d(a, b, 2, 2) for a, b in pairs)
        self.up = nn.ModuleList(twice(2 * b, b) for _, b in pairs)
        self.head = nn.Conv2d(CHANNELS[0], num_classes, 1)

    def forward(self, x):
        kept = []
        for level, layers in enumerate(self.down):
            x = layers(self.pool(x) if level else x)
            kept.append(x)
        kept.pop()
        for grow, layers in zip(self.grow, self.up, strict=True):
            x = layers(torch.cat([kept.pop(), grow(x)], 1))
        return self.head(x)


NETS = (
    Architecture(
        "unet",
        "Small U-Net",
        "U-Net",
        2015,
        "Ronneberger, Fischer & Brox, MICCAI (2015), a quarter as wide",
        (1, 64, 64),
        2,
        None,
        UNet,
    ),
)
