"""ResNets: blocks that add what they learn to what they were given.

He, Zhang, Ren & Sun, "Deep residual learning for image recognition", CVPR (2016), table 1. Xie et al., "Aggregated
residual transformations for deep neural networks", CVPR (2017). Zagoruyko & Komodakis, "Wide residual networks",
BMVC (2016). As in torchvision, a bottleneck's stride stands in its 3x3 convolution, not in its first 1x1.
"""

from functools import partial

import torch
from torch import nn

from cnnlab.nets.architectures.architecture import Architecture
from cnnlab.nets.architectures.blocks import he_initialise


def conv(kernel_size, inputs, outputs, stride=1, groups=1):
    return nn.Conv2d(inputs, outputs, kernel_size, stride, kernel_size // 2, groups=groups, bias=False)


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut."""

    expansion = 1

    def __init__(self, inputs, planes, stride, downsample, width, groups):
        super().__init__()
        self.conv1 = conv(3, inputs, planes, stride)
        self.bn1 = nn.BatchNorm2d(planes)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = conv(3, planes, planes)
        self.bn2 = nn.BatchNorm2d(planes)
        self.downsample = downsample

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.bn2(self.conv2(x))
        return self.relu(x + shortcut)


class Bottleneck(nn.Module):
    """1x1 to fewer channels, 3x3, 1x1 back to four times as many, and a shortcut."""

    expansion = 4

    def __init__(self, inputs, planes, stride, downsample, width, groups):
        super().__init__()
        inner, outputs = planes * width // 64 * groups, planes * self.expansion
        self.conv1 = conv(1, inputs, inner)
        self.bn1 = nn.BatchNorm2d(inner)
        self.conv2 = conv(3, inner, inner, stride, groups)
        self.bn2 = nn.BatchNorm2d(inner)
        self.conv3 = conv(1, inner, outputs)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = downsample

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.relu(self.bn2(self.conv2(x)))
        x = self.bn3(self.conv3(x))
        return self.relu(x + shortcut)


class ResNet(nn.Module):
    """block, blocks : what the four stages are made of, and how many; width, groups : for ResNeXt and wide ResNet."""

    def __init__(self, num_classes=1000, in_channels=3, *, block, blocks, width=64, groups=1):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, padding=1)
        inputs = 64
        for number, (planes, count) in enumerate(zip((64, 128, 256, 512), blocks, strict=True), start=1):
            stage = []
            for position in range(count):
                stride = 2 if number > 1 and position == 0 else 1
                outputs = planes * block.expansion
                downsample = None
                if stride != 1 or inputs != outputs:
                    downsample = nn.Sequential(conv(1, inputs, outputs, stride), nn.BatchNorm2d(outputs))
                stage.append(block(inputs, planes, stride, downsample, width, groups))
                inputs = outputs
            self.add_module(f"layer{number}", nn.Sequential(*stage))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(inputs, num_classes)
        he_initialise(self)

    def forward(self, x):
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(torch.flatten(self.avgpool(x), 1))


HE = "He, Zhang, Ren & Sun, CVPR (2016)"
XIE = "Xie, Girshick, Dollár, Tu & He, CVPR (2017)"
WIDE = "Zagoruyko & Komodakis, BMVC (2016)"
# name: title, year, source, parameters, settings
TABLE = {
    "resnet18": ("ResNet-18", 2015, HE, 11_689_512, {"block": BasicBlock, "blocks": (2, 2, 2, 2)}),
    "resnet34": ("ResNet-34", 2015, HE, 21_797_672, {"block": BasicBlock, "blocks": (3, 4, 6, 3)}),
    "resnet50": ("ResNet-50", 2015, HE, 25_557_032, {"block": Bottleneck, "blocks": (3, 4, 6, 3)}),
    "resnet101": ("ResNet-101", 2015, HE, 44_549_160, {"block": Bottleneck, "blocks": (3, 4, 23, 3)}),
    "resnet152": ("ResNet-152", 2015, HE, 60_192_808, {"block": Bottleneck, "blocks": (3, 8, 36, 3)}),
    "resnext50_32x4d": (
        "ResNeXt-50 32x4d",
        2017,
        XIE,
        25_028_904,
        {"block": Bottleneck, "blocks": (3, 4, 6, 3), "width": 4, "groups": 32},
    ),
    "wide_resnet50_2": (
        "Wide ResNet-50-2",
        2016,
        WIDE,
        68_883_240,
        {"block": Bottleneck, "blocks": (3, 4, 6, 3), "width": 128},
    ),
}

NETS = tuple(
    Architecture(name, title, "ResNet", year, source, (3, 224, 224), 1000, parameters, partial(ResNet, **settings))
    for name, (title, year, source, parameters, settings) in TABLE.items()
)
