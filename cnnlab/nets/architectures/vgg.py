"""VGG: nothing but 3x3 convolutions and 2x2 max pooling, then three dense layers.

Simonyan & Zisserman, "Very deep convolutional networks for large-scale image recognition", ICLR (2015), table 1.
"""

from functools import partial

from torch import nn

from cnnlab.nets.architectures.architecture import Architecture

# Columns A, B, D and E of table 1: convolutions a stage; each stage ends with max pooling.
CONVOLUTIONS = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
CHANNELS = (64, 128, 256, 512, 512)


class VGG(nn.Module):
    """depth : layers with weights, 11, 13, 16 or 19; batch_norm : a normalisation after every convolution."""

    def __init__(self, num_classes=1000, in_channels=3, *, depth, batch_norm=False):
        super().__init__()
        layers = []
        for channels, convolutions in zip(CHANNELS, CONVOLUTIONS[depth], strict=True):
            for _ in range(convolutions):
                layers.append(nn.Conv2d(in_channels, channels, 3, padding=1))
                if batch_norm:
                    layers.append(nn.BatchNorm2d(channels))
                layers.append(nn.ReLU(inplace=True))
                in_channels = channels
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(7)
        self.classifier = nn.Sequential(
            nn.Linear(512 * 7 * 7, 4096),
            nn.ReLU(inplace=True),
            nn.Dropout(),
            nn.Linear(4096, 4096),
            nn.ReLU(inplace=True),
            nn.Dropout(),
            nn.Linear(4096, num_classes),
        )

    def forward(self, x):
        return self.classifier(self.avgpool(self.features(x)).flatten(1))


PAPER = "Simonyan & Zisserman, ICLR (2015)"
PARAMETERS = {  # without and with batch norm
    11: (132_863_336, 132_868_840),
    13: (133_047_848, 133_053_736),
    16: (138_357_544, 138_365_992),
    19: (143_667_240, 143_678_248),
}

NETS = tuple(
    Architecture(
        f"vgg{depth}{'_bn' * batch_norm}",
        f"VGG-{depth}{' with batch norm' * batch_norm}",
        "VGG",
        2014,
        PAPER,
        (3, 224, 224),
        1000,
        PARAMETERS[depth][batch_norm],
        partial(VGG, depth=depth, batch_norm=batch_norm),
    )
    for batch_norm in (False, True)
    for depth in CONVOLUTIONS
)
