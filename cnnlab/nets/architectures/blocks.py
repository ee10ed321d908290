"""What several families share."""

import torch
from torch import nn


def conv_norm(inputs, outputs, kernel_size=3, stride=1, *, groups=1, activation=nn.ReLU, norm=nn.BatchNorm2d):
    """[convolution, normalisation, activation], padded so that stride 1 keeps the size; activation=None: none."""
    padding = (kernel_size - 1) // 2
    layers = [
        nn.Conv2d(inputs, outputs, kernel_size, stride, padding, groups=groups, bias=False),
        norm(outputs),
    ]
    if activation is not None:
        layers.append(activation(inplace=True))
    return layers


class ConvNorm(nn.Module):
    """Convolution, batch norm, ReLU, under the names that the Inception papers' implementations use."""

    def __init__(self, inputs, outputs, **options):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, bias=False, **options)
        self.bn = nn.BatchNorm2d(outputs, eps=0.001)

    def forward(self, x):
        return self.bn(self.conv(x)).relu_()


def as_ported(x):
    """Images normalised with ImageNet's means and deviations, as the ported Inception weights want them: -1 to 1."""
    mean = x.new_tensor((0.485, 0.456, 0.406)).view(3, 1, 1)
    std = x.new_tensor((0.229, 0.224, 0.225)).view(3, 1, 1)
    return ((x * std + mean) - 0.5) / 0.5


class SqueezeExcitation(nn.Module):
    """Each map times a number between 0 and 1 that follows from the means of all maps (Hu et al., CVPR 2018)."""

    def __init__(self, channels, squeezed, activation=nn.SiLU):
        super().__init__()
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Conv2d(channels, squeezed, 1)
        self.activation = activation(inplace=True)
        self.fc2 = nn.Conv2d(squeezed, channels, 1)
        self.scale_activation = nn.Sigmoid()

    def forward(self, x):
        scale = self.fc2(self.activation(self.fc1(self.avgpool(x))))
        return x * self.scale_activation(scale)


class StochasticDepth(nn.Module):
    """In training, leaves a residual branch out for a share of the images (Huang et al., ECCV 2016)."""

    def __init__(self, drop):
        super().__init__()
        self.drop = drop

    def forward(self, x):
        if not self.training or self.drop == 0:
            return x
        kept = torch.empty(len(x), 1, 1, 1, device=x.device, dtype=x.dtype).bernoulli_(1 - self.drop)
        return x * kept / (1 - self.drop)


def he_initialise(module):
    """He et al., ICCV 2015: convolutions keep the variance of what flows backward through ReLU."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
