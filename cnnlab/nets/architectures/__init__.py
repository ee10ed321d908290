"""Every architecture of the lessons, one module a family, written as its paper's table says."""

from cnnlab.nets.architectures import (
    alexnet,
    alexnet_small,
    convnext,
    densenet,
    efficientnet,
    googlenet,
    inception,
    lenet,
    mnasnet,
    mobilenet,
    resnet,
    resnet_cifar,
    shufflenet,
    small,
    squeezenet,
    unet,
    vgg,
    xception,
)

FAMILIES = (
    lenet,
    alexnet,
    alexnet_small,
    vgg,
    googlenet,
    inception,
    resnet,
    resnet_cifar,
    densenet,
    squeezenet,
    mobilenet,
    shufflenet,
    mnasnet,
    efficientnet,
    xception,
    convnext,
    unet,
    small,
)

ALL = {net.name: net for family in FAMILIES for net in family.NETS}
