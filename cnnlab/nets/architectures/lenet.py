"""LeNet-5, as published and as it is taught today.

LeCun, Bottou, Bengio & Haffner, "Gradient-based learning applied to document recognition", Proc. IEEE 86 (1998),
section II.B.
"""

import torch
from torch import nn

from cnnlab.nets.architectures.architecture import Architecture

# Table I of the paper: which of S2's six maps each of C3's sixteen maps reads.
C3_READS = (
    *((i, (i + 1) % 6, (i + 2) % 6) for i in range(6)),
    *((i, (i + 1) % 6, (i + 2) % 6, (i + 3) % 6) for i in range(6)),
    *((i, (i + 1) % 6, (i + 3) % 6, (i + 4) % 6) for i in range(3)),
    (0, 1, 2, 3, 4, 5),
)


class Squash(nn.Module):
    """1.7159 tanh(2x/3), which maps 1 to 1 and -1 to -1 (appendix A)."""

    def forward(self, x):
        return 1.7159 * torch.tanh(x * 2 / 3)


class Subsample(nn.Module):
    """The sum of each 2x2 block times a trainable number, plus a trainable bias, one pair a map."""

    def __init__(self, channels):
        super().__init__()
        self.pool = nn.AvgPool2d(2)
        self.weight = nn.Parameter(torch.ones(channels, 1, 1))
        self.bias = nn.Parameter(torch.zeros(channels, 1, 1))

    def forward(self, x):
        return 4 * self.pool(x) * self.weight + self.bias


class PartlyConnected(nn.Module):
    """A convolution whose output maps each read a few of the input's maps."""

    def __init__(self, reads, kernel_size):
        super().__init__()
        self.reads = reads
        self.maps = nn.ModuleList(nn.Conv2d(len(chosen), 1, kernel_size) for chosen in reads)

    def forward(self, x):
        return torch.cat([conv(x[:, chosen]) for conv, chosen in zip(self.maps, self.reads, strict=True)], 1)


class Distances(nn.Module):
    """Logits from the squared distances to one fixed code of +1 and -1 a class: the nearest code wins.

    The paper's codes are drawings of the digits on 7x12 cells; these are the random ones that it names as the
    alternative.
    """

    def __init__(self, features, num_classes):
        super().__init__()
        coin = torch.Generator().manual_seed(1998)
        codes = torch.randint(0, 2, (num_classes, features), generator=coin) * 2.0 - 1.0
        self.register_buffer("codes", codes)

    def forward(self, x):
        return -(x[:, None] - self.codes).pow(2).sum(2)


class LeNet1998(nn.Sequential):
    """The network of the paper's figure 2, on 32x32 images."""

    def __init__(self, num_classes=10, in_channels=1):
        super().__init__()
        self.c1 = nn.Conv2d(in_channels, 6, 5)
        self.squash1 = Squash()
        self.s2 = Subsample(6)
        self.squash2 = Squash()
        self.c3 = PartlyConnected(C3_READS, 5)
        self.squash3 = Squash()
        self.s4 = Subsample(16)
        self.squash4 = Squash()
        self.c5 = nn.Conv2d(16, 120, 5)
        self.squash5 = Squash()
        self.flatten = nn.Flatten()
        self.f6 = nn.Linear(120, 84)
        self.squash6 = Squash()
        self.output = Distances(84, num_classes)


class LeNet(nn.Sequential):
    """The form taught today, on 28x28 images: full connections, ReLU, max pooling, a plain linear output.

    width : factor of the number of channels and units; dropout : share of the last hidden units, 0 for none
    """

    def __init__(self, num_classes=10, in_channels=1, *, width=1.0, dropout=0.0):
        super().__init__()
        first, second, third, fourth = (max(1, round(count * width)) for count in (6, 16, 120, 84))
        self.conv1 = nn.Conv2d(in_channels, first, 5, padding=2)
        self.relu1 = nn.ReLU()
        self.pool1 = nn.MaxPool2d(2)
        self.conv2 = nn.Conv2d(first, second, 5)
        self.relu2 = nn.ReLU()
        self.pool2 = nn.MaxPool2d(2)
        self.flatten = nn.Flatten()
        self.fc1 = nn.Linear(second * 5 * 5, third)
        self.relu3 = nn.ReLU()
        self.fc2 = nn.Linear(third, fourth)
        self.relu4 = nn.ReLU()
        if dropout:
            self.dropout = nn.Dropout(dropout)
        self.fc3 = nn.Linear(fourth, num_classes)


PAPER = "LeCun, Bottou, Bengio & Haffner, Proc. IEEE 86 (1998)"

NETS = (
    Architecture("lenet5_1998", "LeNet-5 of 1998", "LeNet", 1998, PAPER, (1, 32, 32), 10, 60_000, LeNet1998),
    Architecture("lenet5", "LeNet-5 as taught today", "LeNet", 1998, PAPER, (1, 28, 28), 10, 61_706, LeNet),
)
