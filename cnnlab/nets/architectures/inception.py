"""Inception v3: large kernels taken apart into 3x3, or into 1x7 and 7x1.

Szegedy et al., "Rethinking the inception architecture for computer vision", CVPR (2016). Built as torchvision's.
"""

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from torch import nn

from cnnlab.nets.architectures.architecture import Architecture
from cnnlab.nets.architectures.blocks import ConvNorm, as_ported


def pooled(x):
    return F.avg_pool2d(x, 3, 1, 1)


class InceptionA(nn.Module):
    """35x35: 5x5, and the same field from two 3x3."""

    def __init__(self, inputs, after_pool):
        super().__init__()
        self.branch1x1 = ConvNorm(inputs, 64, kernel_size=1)
        self.branch5x5_1 = ConvNorm(inputs, 48, kernel_size=1)
        self.branch5x5_2 = ConvNorm(48, 64, kernel_size=5, padding=2)
        self.branch3x3dbl_1 = ConvNorm(inputs, 64, kernel_size=1)
        self.branch3x3dbl_2 = ConvNorm(64, 96, kernel_size=3, padding=1)
        self.branch3x3dbl_3 = ConvNorm(96, 96, kernel_size=3, padding=1)
        self.branch_pool = ConvNorm(inputs, after_pool, kernel_size=1)

    def forward(self, x):
        fives = self.branch5x5_2(self.branch5x5_1(x))
        threes = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x)))
        return torch.cat([self.branch1x1(x), fives, threes, self.branch_pool(pooled(x))], 1)


class InceptionB(nn.Module):
    """From 35x35 to 17x17: convolution and pooling with stride 2, side by side."""

    def __init__(self, inputs):
        super().__init__()
        self.branch3x3 = ConvNorm(inputs, 384, kernel_size=3, stride=2)
        self.branch3x3dbl_1 = ConvNorm(inputs, 64, kernel_size=1)
        self.branch3x3dbl_2 = ConvNorm(64, 96, kernel_size=3, padding=1)
        self.branch3x3dbl_3 = ConvNorm(96, 96, kernel_size=3, stride=2)

    def forward(self, x):
        threes = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x)))
        return torch.cat([self.branch3x3(x), threes, F.max_pool2d(x, 3, 2)], 1)


ROW, COLUMN = {"kernel_size": (1, 7), "padding": (0, 3)}, {"kernel_size": (7, 1), "padding": (3, 0)}


class InceptionC(nn.Module):
    """17x17: 7x7 as a row of seven and a column of seven."""

    def __init__(self, inputs, between):
        super().__init__()
        self.branch1x1 = ConvNorm(inputs, 192, kernel_size=1)
        self.branch7x7_1 = ConvNorm(inputs, between, kernel_size=1)
        self.branch7x7_2 = ConvNorm(between, between, **ROW)
        self.branch7x7_3 = ConvNorm(between, 192, **COLUMN)
        self.branch7x7dbl_1 = ConvNorm(inputs, between, kernel_size=1)
        self.branch7x7dbl_2 = ConvNorm(between, between, **COLUMN)
        self.branch7x7dbl_3 = ConvNorm(between, between, **ROW)
        self.branch7x7dbl_4 = ConvNorm(between, between, **COLUMN)
        self.branch7x7dbl_5 = ConvNorm(between, 192, **ROW)
        self.branch_pool = ConvNorm(inputs, 192, kernel_size=1)

    def forward(self, x):
        once = self.branch7x7_3(self.branch7x7_2(self.branch7x7_1(x)))
        twice = self.branch7x7dbl_3(self.branch7x7dbl_2(self.branch7x7dbl_1(x)))
        twice = self.branch7x7dbl_5(self.branch7x7dbl_4(twice))
        return torch.cat([self.branch1x1(x), once, twice, self.branch_pool(pooled(x))], 1)


class InceptionD(nn.Module):
    """From 17x17 to 8x8."""

    def __init__(self, inputs):
        super().__init__()
        self.branch3x3_1 = ConvNorm(inputs, 192, kernel_size=1)
        self.branch3x3_2 = ConvNorm(192, 320, kernel_size=3, stride=2)
        self.branch7x7x3_1 = ConvNorm(inputs, 192, kernel_size=1)
        self.branch7x7x3_2 = ConvNorm(192, 192, **ROW)
        self.branch7x7x3_3 = ConvNorm(192, 192, **COLUMN)
        self.branch7x7x3_4 = ConvNorm(192, 192, kernel_size=3, stride=2)

    def forward(self, x):
        threes = self.branch3x3_2(self.branch3x3_1(x))
        sevens = self.branch7x7x3_4(self.branch7x7x3_3(self.branch7x7x3_2(self.branch7x7x3_1(x))))
        return torch.cat([threes, sevens, F.max_pool2d(x, 3, 2)], 1)


class InceptionE(nn.Module):
    """8x8: rows and columns of three beside each other."""

    def __init__(self, inputs):
        super().__init__()
        self.branch1x1 = ConvNorm(inputs, 320, kernel_size=1)
        self.branch3x3_1 = ConvNorm(inputs, 384, kernel_size=1)
        self.branch3x3_2a = ConvNorm(384, 384, kernel_size=(1, 3), padding=(0, 1))
        self.branch3x3_2b = ConvNorm(384, 384, kernel_size=(3, 1), padding=(1, 0))
        self.branch3x3dbl_1 = ConvNorm(inputs, 448, kernel_size=1)
        self.branch3x3dbl_2 = ConvNorm(448, 384, kernel_size=3, padding=1)
        self.branch3x3dbl_3a = ConvNorm(384, 384, kernel_size=(1, 3), padding=(0, 1))
        self.branch3x3dbl_3b = ConvNorm(384, 384, kernel_size=(3, 1), padding=(1, 0))
        self.branch_pool = ConvNorm(inputs, 192, kernel_size=1)

    def forward(self, x):
        once = self.branch3x3_1(x)
        twice = self.branch3x3dbl_2(self.branch3x3dbl_1(x))
        parts = [self.branch1x1(x), self.branch3x3_2a(once), self.branch3x3_2b(once)]
        parts += [self.branch3x3dbl_3a(twice), self.branch3x3dbl_3b(twice), self.branch_pool(pooled(x))]
        return torch.cat(parts, 1)


class Auxiliary(nn.Module):
    """A classifier half way up, for training alone."""

    def __init__(self, inputs, num_classes):
        super().__init__()
        self.conv0 = ConvNorm(inputs, 128, kernel_size=1)
        self.conv1 = ConvNorm(128, 768, kernel_size=5)
        self.fc = nn.Linear(768, num_classes)

    def forward(self, x):
        x = self.conv1(self.conv0(F.avg_pool2d(x, 5, 3)))
        return self.fc(F.adaptive_avg_pool2d(x, 1).flatten(1))


class InceptionV3(nn.Module):
    """In training mode `forward` returns two logits: the last classifier's and the auxiliary one's."""

    def __init__(self, num_classes=1000, in_channels=3, *, aux_logits=True, transform_input=False):
        super().__init__()
        self.transform_input = transform_input  # for the ported weights
        self.Conv2d_1a_3x3 = ConvNorm(in_channels, 32, kernel_size=3, stride=2)
        self.Conv2d_2a_3x3 = ConvNorm(32, 32, kernel_size=3)
        self.Conv2d_2b_3x3 = ConvNorm(32, 64, kernel_size=3, padding=1)
        self.maxpool1 = nn.MaxPool2d(3, 2)
        self.Conv2d_3b_1x1 = ConvNorm(64, 80, kernel_size=1)
        self.Conv2d_4a_3x3 = ConvNorm(80, 192, kernel_size=3)
        self.maxpool2 = nn.MaxPool2d(3, 2)
        self.Mixed_5b = InceptionA(192, 32)
        self.Mixed_5c = InceptionA(256, 64)
        self.Mixed_5d = InceptionA(288, 64)
        self.Mixed_6a = InceptionB(288)
        self.Mixed_6b = InceptionC(768, 128)
        self.Mixed_6c = InceptionC(768, 160)
        self.Mixed_6d = InceptionC(768, 160)
        self.Mixed_6e = InceptionC(768, 192)
        self.AuxLogits = Auxiliary(768, num_classes) if aux_logits else None
        self.Mixed_7a = InceptionD(768)
        self.Mixed_7b = InceptionE(1280)
        self.Mixed_7c = InceptionE(2048)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout()
        self.fc = nn.Linear(2048, num_classes)

    def forward(self, x):
        if self.transform_input:
            x = as_ported(x)
        x = self.maxpool1(self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(x))))
        x = self.maxpool2(self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(x)))
        x = self.Mixed_5d(self.Mixed_5c(self.Mixed_5b(x)))
        x = self.Mixed_6c(self.Mixed_6b(self.Mixed_6a(x)))
        middle = x = self.Mixed_6e(self.Mixed_6d(x))
        x = self.Mixed_7c(self.Mixed_7b(self.Mixed_7a(x)))
        logits = self.fc(self.dropout(self.avgpool(x)).flatten(1))
        if self.training and self.AuxLogits is not None:
            return logits, self.AuxLogits(middle)
        return logits


PAPER = "Szegedy et al., CVPR (2016), as in torchvision"

NETS = (
    Architecture(
        "inception_v3", "Inception v3", "Inception", 2015, PAPER, (3, 299, 299), 1000, 27_161_264, InceptionV3
    ),
)
