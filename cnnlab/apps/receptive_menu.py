"""What the receptive-field explorer offers: stacks of layers that everybody meets, and photographs to lay them on."""

import io
from functools import cache

from PIL import Image

from cnnlab.core import images

SIDE = 256  # pixels: the largest input
PHOTOGRAPHS = ("Cat", "Astronaut", "Coffee", "Rocket", "Coins")


def layer(name, kernel, stride=1, padding=0, dilation=1):
    """One layer as the page and the state hold it."""
    return {"name": name, "kernel": kernel, "stride": stride, "padding": padding, "dilation": dilation}


def _stack(size, layers, selected, unit, picture="Cat"):
    return {"picture": picture, "size": size, "layers": layers, "selected": selected, "unit": unit, "pixel": None}


def _vgg16():
    for block, convolutions in enumerate((2, 2, 3, 3, 3), start=1):
        for number in range(1, convolutions + 1):
            yield layer(f"conv{block}_{number}", 3, padding=1)
        yield layer(f"pool{block}", 2, 2)


def _resnet():
    """The main path: shortcuts only add shorter ways to the same units."""
    yield layer("conv1", 7, 2, 3)
    yield layer("pool1", 3, 2, 1)
    for block in (1, 2):
        yield layer(f"conv2_{block}a", 3, padding=1)
        yield layer(f"conv2_{block}b", 3, padding=1)
    yield layer("conv3_1a", 3, 2, 1)
    yield layer("conv3_1b", 3, padding=1)


def _presets():
    lecture = [layer("conv", 7, 2, 3), layer("bn", 1), layer("relu", 1), layer("maxpool", 3, 2, 1)]
    yield "Lecture: conv 7/2, batch norm, ReLU, max pooling", _stack(256, lecture, 2, [1, 1])
    three = [layer(f"conv{i}", 3) for i in (1, 2, 3)]
    yield "Two 3×3 layers see 5×5", _stack(5, three[:2], 2, [0, 0])
    yield "Three 3×3 layers see 7×7", _stack(16, three, 3, [4, 5])
    yield "One 7×7 layer", _stack(16, [layer("conv1", 7)], 1, [4, 5])
    lenet = [layer("C1", 5), layer("S2", 2, 2), layer("C3", 5), layer("S4", 2, 2), layer("C5", 5)]
    yield "LeNet-5", _stack(32, lenet, 3, [4, 4], "Coins")
    alexnet = [
        layer("conv1", 11, 4),
        layer("pool1", 3, 2),
        layer("conv2", 5, padding=2),
        layer("pool2", 3, 2),
        *(layer(f"conv{i}", 3, padding=1) for i in (3, 4, 5)),
        layer("pool5", 3, 2),
    ]
    yield "AlexNet", _stack(227, alexnet, 4, [6, 5], "Astronaut")
    yield "VGG-16", _stack(224, list(_vgg16()), 10, [14, 11])
    yield "ResNet-18, first layers", _stack(224, list(_resnet()), 6, [26, 22])
    dilated = [layer(f"conv{i}", 3, 1, d, d) for i, d in enumerate((1, 2, 4, 8), start=1)]
    yield "Dilated stack: 1, 2, 4, 8", _stack(64, dilated, 4, [30, 26])
    gridding = [layer(f"conv{i}", 3, 1, 2, 2) for i in (1, 2, 3)]
    yield "Dilated stack with holes: 2, 2, 2", _stack(32, gridding, 3, [15, 13])
    yield "Pooling only", _stack(64, [layer(f"pool{i}", 2, 2) for i in range(1, 5)], 3, [3, 3], "Coffee")


PRESETS = dict(_presets())


@cache
def photographs():
    """{name: {"data": JPEG bytes, "credit"}}: in colour and small, so that a page can carry several."""
    found = {}
    for name in PHOTOGRAPHS:
        file = io.BytesIO()
        Image.fromarray(images.picture(name, SIDE, colour=True)).save(file, "JPEG", quality=75)
        about = images.PICTURES[name]
        found[name] = {"data": file.getvalue(), "credit": f"{about.note}; {about.credit} ({about.licence})"}
    return found
