"""The ResNets for CIFAR-10, their plain twins without shortcuts, and the pre-activation form.

He, Zhang, Ren & Sun, "Deep residual learning for image recognition", CVPR (2016), section 4.2: depth 6n + 2, three
stages of n blocks with 16, 32 and 64 channels on 32x32, 16x16 and 8x8, shortcuts without parameters (option A).
He et al., "Identity mappings in deep residual networks", ECCV (2016), for pre-activation.
"""

from functools import partial

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from torch import nn

from cnnlab.core import checks
from cnnlab.nets.architectures.architecture import Architecture
from cnnlab.nets.architectures.blocks import he_initialise


class Shortcut(nn.Module):
    """The input itself; where the block halves the map, every other pixel, and new channels of zeros."""

    def __init__(self, stride, new_channels):
        super().__init__()
        self.stride, self.new_channels = stride, new_channels

    def forward(self, x):
        if self.stride == 1 and self.new_channels == 0:
            return x
        half = self.new_channels // 2
        return F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, half, self.new_channels - half))


class Block(nn.Module):
    """Two 3x3 convolutions, and a shortcut around them unless `shortcuts` is False."""

    def __init__(self, inputs, outputs, stride, *, shortcuts, norm):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = norm(outputs)
        self.relu = nn.ReLU()
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = norm(outputs)
        self.shortcut = Shortcut(stride, outputs - inputs) if shortcuts else None

    def forward(self, x):
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        if self.shortcut is not None:
            y = y + self.shortcut(x)
        return self.relu(y)


class PreactivationBlock(nn.Module):
    """Normalisation and ReLU come before each convolution, so nothing but additions lies on the shortcuts' way."""

    def __init__(self, inputs, outputs, stride, *, shortcuts, norm):
        super().__init__()
        self.bn1 = norm(inputs)
        self.relu = nn.ReLU()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn2 = norm(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.shortcut = Shortcut(stride, outputs - inputs) if shortcuts else None

    def forward(self, x):
        y = self.conv1(self.relu(self.bn1(x)))
        y = self.conv2(self.relu(self.bn2(y)))
        return y if self.shortcut is None else y + self.shortcut(x)


class ResNetCifar(nn.Module):
    """depth : 6n + 2, as 8, 20, 32, 44, 56 or 110
    width : channels of the first stage; the next have twice and four times as many
    shortcuts : False gives the plain network
    batch_norm : False leaves all normalisation out
    preactivation : normalisation and ReLU before the convolutions

    Raises ValueError for a depth that is not 6n + 2.

    >>> sum(p.numel() for p in ResNetCifar(20).parameters())
    269722
    """

    def __init__(
        self,
        depth,
        *,
        width=16,
        shortcuts=True,
        batch_norm=True,
        preactivation=False,
        num_classes=10,
        in_channels=3,
    ):
        super().__init__()
        depth, width = checks.integer("depth", depth, 8), checks.integer("width", width, 1)
        if depth % 6 != 2:
            checks.refuse("depth", depth, f"must be 6n + 2: {depth - (depth - 2) % 6}, for example")
        norm = nn.BatchNorm2d if batch_norm else nn.Identity
        block = partial(PreactivationBlock if preactivation else Block, shortcuts=shortcuts, norm=norm)
        self.conv1 = nn.Conv2d(in_channels, width, 3, 1, 1, bias=False)
        self.bn1 = norm(4 * width if preactivation else width)
        self.relu = nn.ReLU()
        inputs = width
        for stage in (1, 2, 3):
            outputs, blocks = width * 2 ** (stage - 1), []
            for number in range((depth - 2) // 6):
                stride = 2 if stage > 1 and number == 0 else 1
                blocks.append(block(inputs, outputs, stride))
                inputs = outputs
            self.add_module(f"layer{stage}", nn.Sequential(*blocks))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(inputs, num_classes)
        self.preactivation = preactivation
        he_initialise(self)

    def forward(self, x):
        x = self.conv1(x)
        if not self.preactivation:
            x = self.relu(self.bn1(x))
        x = self.layer3(self.layer2(self.layer1(x)))
        if self.preactivation:
            x = self.relu(self.bn1(x))
        return self.fc(torch.flatten(self.avgpool(x), 1))


PAPER = "He, Zhang, Ren & Sun, CVPR (2016), section 4.2"
IDENTITY = "He, Zhang, Ren & Sun, ECCV (2016)"
# Of He's implementations, which have no parameters on the shortcuts: the plain twins have as many.
PARAMETERS = {20: 269_722, 32: 464_154, 44: 658_586, 56: 853_018, 110: 1_727_962}


def _cifar(name, title, source, parameters, depth, **settings):
    make = partial(ResNetCifar, depth, **settings)
    return Architecture(name, title, "ResNet for CIFAR", 2015, source, (3, 32, 32), 10, parameters, make)


NETS = (
    *(_cifar(f"resnet{d}", f"ResNet-{d}", PAPER, count, d) for d, count in PARAMETERS.items()),
    *(_cifar(f"plain{d}", f"Plain-{d}", PAPER, count, d, shortcuts=False) for d, count in PARAMETERS.items()),
    *(
        _cifar(f"preact_resnet{d}", f"Pre-activation ResNet-{d}", IDENTITY, None, d, preactivation=True)
        for d in PARAMETERS
    ),
)
