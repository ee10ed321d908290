"""AlexNet: as published on two GPUs, without its groups as lectures count it, and torchvision's.

Krizhevsky, Sutskever & Hinton, "ImageNet classification with deep convolutional neural networks", NIPS 25 (2012);
torchvision's follows Krizhevsky, "One weird trick for parallelizing convolutional neural networks" (2014).
"""

from torch import nn

from cnnlab.nets.architectures.architecture import Architecture


class AlexNet2012(nn.Module):
    """The network of 2012 on 227x227 images: overlapping pooling, local response normalisation, dropout.

    groups=2: layers 2, 4 and 5 read the maps of their own GPU only, as published; groups=1: they read all.
    """

    def __init__(self, num_classes=1000, in_channels=3, *, groups=2):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(in_channels, 96, 11, stride=4),
            nn.ReLU(inplace=True),
            nn.LocalResponseNorm(5, alpha=1e-4 * 5, beta=0.75, k=2),  # the paper's alpha is not divided by n
            nn.MaxPool2d(3, 2),
            nn.Conv2d(96, 256, 5, padding=2, groups=groups),
            nn.ReLU(inplace=True),
            nn.LocalResponseNorm(5, alpha=1e-4 * 5, beta=0.75, k=2),
            nn.MaxPool2d(3, 2),
            nn.Conv2d(256, 384, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(384, 384, 3, padding=1, groups=groups),
            nn.ReLU(inplace=True),
            nn.Conv2d(384, 256, 3, padding=1, groups=groups),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, 2),
        )
        self.classifier = nn.Sequential(
            nn.Flatten(),
            nn.Linear(256 * 6 * 6, 4096),
            nn.ReLU(inplace=True),
            nn.Dropout(),
            nn.Linear(4096, 4096),
            nn.ReLU(inplace=True),
            nn.Dropout(),
            nn.Linear(4096, num_classes),
        )

    def forward(self, x):
        return self.classifier(self.features(x))


def ungrouped(num_classes=1000, in_channels=3):
    """The lectures' AlexNet: one GPU, no groups."""
    return AlexNet2012(num_classes, in_channels, groups=1)


class AlexNet(nn.Module):
    """torchvision's AlexNet: fewer filters, no local response normalisation, any input from 63x63 on."""

    def __init__(self, num_classes=1000, in_channels=3):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(in_channels, 64, 11, stride=4, padding=2),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, 2),
            nn.Conv2d(64, 192, 5, padding=2),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, 2),
            nn.Conv2d(192, 384, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(384, 256, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(256, 256, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, 2),
        )
        self.avgpool = nn.AdaptiveAvgPool2d(6)
        self.classifier = nn.Sequential(
            nn.Dropout(),
            nn.Linear(256 * 6 * 6, 4096),
            nn.ReLU(inplace=True),
            nn.Dropout(),
            nn.Linear(4096, 4096),
            nn.ReLU(inplace=True),
            nn.Linear(4096, num_classes),
        )

    def forward(self, x):
        return self.classifier(self.avgpool(self.features(x)).flatten(1))


PAPER = "Krizhevsky, Sutskever & Hinton, NIPS 25 (2012)"
TRICK = "Krizhevsky, One weird trick for parallelizing convolutional neural networks (2014), as in torchvision"

NETS = (
    Architecture(
        "alexnet_2012", "AlexNet on two GPUs", "AlexNet", 2012, PAPER, (3, 227, 227), 1000, 60_965_224, AlexNet2012
    ),
    Architecture(
        "alexnet_227", "AlexNet without groups", "AlexNet", 2012, PAPER, (3, 227, 227), 1000, 62_378_344, ungrouped
    ),
    Architecture("alexnet", "AlexNet in torchvision", "AlexNet", 2014, TRICK, (3, 224, 224), 1000, 61_100_840, AlexNet),
)
