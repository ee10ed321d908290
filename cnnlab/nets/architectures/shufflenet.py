"""ShuffleNet v2: half of the channels pass each block untouched, and a shuffle mixes the halves.

Ma, Zhang, Zheng & Sun, "ShuffleNet V2: practical guidelines for efficient CNN architecture design", ECCV (2018),
table 5, at 1x.
"""

import torch
from torch import nn

from cnnlab.nets.architectures.architecture import Architecture
from cnnlab.nets.architectures.blocks import conv_norm

STAGES = ((116, 4), (232, 8), (464, 4))  # channels and blocks of stages 2, 3 and 4


class ChannelShuffle(nn.Module):
    """Deal the channels of two groups out one by one: a1 a2 b1 b2 becomes a1 b1 a2 b2."""

    def forward(self, x):
        batch, channels, rows, columns = x.shape
        return x.view(batch, 2, channels // 2, rows, columns).transpose(1, 2).reshape(x.shape)


class Block(nn.Module):
    """stride 1: half of the channels go through 1x1, depth-wise 3x3, 1x1; stride 2: all go through both branches."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.stride, half = stride, outputs // 2
        read = inputs if stride > 1 else half
        first = conv_norm(inputs, inputs, 3, stride, groups=inputs, activation=None) + conv_norm(inputs, half, 1)
        self.branch1 = nn.Sequential(*(first if stride > 1 else ()))
        self.branch2 = nn.Sequential(
            *conv_norm(read, half, 1),
            *conv_norm(half, half, 3, stride, groups=half, activation=None),
            *conv_norm(half, half, 1),
        )
        self.shuffle = ChannelShuffle()

    def forward(self, x):
        kept, used = x.chunk(2, 1) if self.stride == 1 else (self.branch1(x), x)
        return self.shuffle(torch.cat([kept, self.branch2(used)], 1))


class ShuffleNetV2(nn.Module):
    """At 1x: 24 channels, then 116, 232 and 464, then 1024."""

    def __init__(self, num_classes=1000, in_channels=3):
        super().__init__()
        self.conv1 = nn.Sequential(*conv_norm(in_channels, 24, 3, 2))
        self.maxpool = nn.MaxPool2d(3, 2, padding=1)
        channels = 24
        for number, (outputs, blocks) in enumerate(STAGES, start=2):
            stage = [Block(channels, outputs, 2), *(Block(outputs, outputs, 1) for _ in range(blocks - 1))]
            self.add_module(f"stage{number}", nn.Sequential(*stage))
            channels = outputs
        self.conv5 = nn.Sequential(*conv_norm(channels, 1024, 1))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(1024, num_classes)

    def forward(self, x):
        x = self.maxpool(self.conv1(x))
        x = self.conv5(self.stage4(self.stage3(self.stage2(x))))
        return self.fc(torch.flatten(self.avgpool(x), 1))


NETS = (
    Architecture(
        "shufflenet_v2_x1_0",
        "ShuffleNet v2 1x",
        "ShuffleNet",
        2018,
        "Ma, Zhang, Zheng & Sun, ECCV (2018)",
        (3, 224, 224),
        1000,
        2_278_604,
        ShuffleNetV2,
    ),
)
