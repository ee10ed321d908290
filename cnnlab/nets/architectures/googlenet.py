"""GoogLeNet: inception modules look at the same maps through 1x1, 3x3 and 5x5 at once.

Szegedy et al., "Going deeper with convolutions", CVPR (2015), table 1. Built as torchvision's, whose weights were
ported: batch norm after every convolution, and 3x3 where the table says 5x5.
"""

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from torch import nn

from cnnlab.nets.architectures.architecture import Architecture
from cnnlab.nets.architectures.blocks import ConvNorm, as_ported

# Table 1: 1x1; 1x1 before 3x3, 3x3; 1x1 before 5x5, 5x5; 1x1 after pooling.
MODULES = {
    "inception3a": (192, 64, 96, 128, 16, 32, 32),
    "inception3b": (256, 128, 128, 192, 32, 96, 64),
    "inception4a": (480, 192, 96, 208, 16, 48, 64),
    "inception4b": (512, 160, 112, 224, 24, 64, 64),
    "inception4c": (512, 128, 128, 256, 24, 64, 64),
    "inception4d": (512, 112, 144, 288, 32, 64, 64),
    "inception4e": (528, 256, 160, 320, 32, 128, 128),
    "inception5a": (832, 256, 160, 320, 32, 128, 128),
    "inception5b": (832, 384, 192, 384, 48, 128, 128),
}


class Inception(nn.Module):
    """Four branches side by side."""

    def __init__(self, inputs, ones, before3, threes, before5, fives, pooled):
        super().__init__()
        self.branch1 = ConvNorm(inputs, ones, kernel_size=1)
        self.branch2 = nn.Sequential(
            ConvNorm(inputs, before3, kernel_size=1), ConvNorm(before3, threes, kernel_size=3, padding=1)
        )
        self.branch3 = nn.Sequential(
            ConvNorm(inputs, before5, kernel_size=1), ConvNorm(before5, fives, kernel_size=3, padding=1)
        )
        self.branch4 = nn.Sequential(nn.MaxPool2d(3, 1, 1, ceil_mode=True), ConvNorm(inputs, pooled, kernel_size=1))

    def forward(self, x):
        return torch.cat([self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)], 1)


class Auxiliary(nn.Module):
    """A classifier half way up, which brings gradient to the lower layers in training."""

    def __init__(self, inputs, num_classes):
        super().__init__()
        self.conv = ConvNorm(inputs, 128, kernel_size=1)
        self.fc1 = nn.Linear(2048, 1024)
        self.fc2 = nn.Linear(1024, num_classes)
        self.dropout = nn.Dropout(0.7)

    def forward(self, x):
        x = self.conv(F.adaptive_avg_pool2d(x, 4)).flatten(1)
        return self.fc2(self.dropout(self.fc1(x).relu_()))


class GoogLeNet(nn.Module):
    """In training mode `forward` returns three logits: of the last, the upper and the lower auxiliary classifier."""

    def __init__(self, num_classes=1000, in_channels=3, *, aux_logits=True, transform_input=False):
        super().__init__()
        self.transform_input = transform_input  # for the ported weights
        self.conv1 = ConvNorm(in_channels, 64, kernel_size=7, stride=2, padding=3)
        self.maxpool1 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.conv2 = ConvNorm(64, 64, kernel_size=1)
        self.conv3 = ConvNorm(64, 192, kernel_size=3, padding=1)
        self.maxpool2 = nn.MaxPool2d(3, 2, ceil_mode=True)
        for name, channels in MODULES.items():
            if name == "inception4a":
                self.maxpool3 = nn.MaxPool2d(3, 2, ceil_mode=True)
            if name == "inception5a":
                self.maxpool4 = nn.MaxPool2d(2, 2, ceil_mode=True)
            self.add_module(name, Inception(*channels))
        self.aux1 = Auxiliary(512, num_classes) if aux_logits else None
        self.aux2 = Auxiliary(528, num_classes) if aux_logits else None
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(0.2)
        self.fc = nn.Linear(1024, num_classes)

    def forward(self, x):
        if self.transform_input:
            x = as_ported(x)
        x = self.maxpool1(self.conv1(x))
        x = self.maxpool2(self.conv3(self.conv2(x)))
        x = self.maxpool3(self.inception3b(self.inception3a(x)))
        lower = x = self.inception4a(x)
        upper = x = self.inception4d(self.inception4c(self.inception4b(x)))
        x = self.maxpool4(self.inception4e(x))
        x = self.inception5b(self.inception5a(x))
        logits = self.fc(self.dropout(self.avgpool(x).flatten(1)))
        if self.training and self.aux1 is not None:
            return logits, self.aux2(upper), self.aux1(lower)
        return logits


PAPER = "Szegedy et al., CVPR (2015), as in torchvision"

NETS = (
    # torchvision states 6,624,904 for its weights, which come without the auxiliary classifiers' 6.4 million.
    Architecture("googlenet", "GoogLeNet", "Inception", 2014, PAPER, (3, 224, 224), 1000, 13_004_888, GoogLeNet),
)
