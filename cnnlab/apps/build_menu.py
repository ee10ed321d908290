"""What "Build your own" starts from."""


def conv(channels, kernel=3, stride=1, padding=1):
    return {"kind": "conv", "channels": channels, "kernel": kernel, "stride": stride, "padding": padding}


def pool(kernel=2, stride=2, padding=0, kind="maxpool"):
    return {"kind": kind, "kernel": kernel, "stride": stride, "padding": padding}


def linear(features, inputs=0):
    return {"kind": "linear", "features": features, "inputs": inputs}


def depthwise(kernel=3, stride=1, padding=1):
    return {"kind": "depthwise", "kernel": kernel, "stride": stride, "padding": padding}


RELU, NORM, FLATTEN = {"kind": "relu"}, {"kind": "norm"}, {"kind": "flatten"}
DROPOUT, GLOBAL = {"kind": "dropout", "percent": 50}, {"kind": "adaptive", "size": 1}


def _stack(size, channels, classes, layers, selected):
    return {"size": size, "channels": channels, "classes": classes, "layers": layers, "selected": selected}


def _separable(*channels):
    for number, count in enumerate(channels):
        yield from (depthwise(stride=1 + number % 2), NORM, RELU, conv(count, 1, 1, 0), NORM, RELU)


PRESETS = {
    "LeNet-5": _stack(
        28,
        1,
        10,
        [
            *(conv(6, 5, 1, 2), RELU, pool(), conv(16, 5, 1, 0), RELU, pool()),
            *(FLATTEN, linear(120, 400), RELU, linear(84), RELU),
        ],
        4,
    ),
    "VGG style": _stack(
        32,
        3,
        10,
        [
            *(conv(32), RELU, conv(32), RELU, pool(), conv(64), RELU, conv(64), RELU, pool()),
            *(FLATTEN, linear(256), RELU, DROPOUT),
        ],
        9,
    ),
    "AlexNet": _stack(
        227,
        3,
        1000,
        [
            *(conv(96, 11, 4, 0), RELU, pool(3, 2), conv(256, 5, 1, 2), RELU, pool(3, 2)),
            *(conv(384), RELU, conv(384), RELU, conv(256), RELU, pool(3, 2)),
            *(FLATTEN, linear(4096, 9216), RELU, DROPOUT, linear(4096), RELU, DROPOUT),
        ],
        15,
    ),
    "All convolutional, global pooling": _stack(
        32,
        3,
        10,
        [conv(32), NORM, RELU, conv(64, 3, 2), NORM, RELU, conv(128, 3, 2), NORM, RELU, GLOBAL, FLATTEN],
        7,
    ),
    "Depth-wise, as in MobileNet": _stack(
        32, 3, 10, [conv(16, 3, 2), NORM, RELU, *_separable(32, 64, 64), GLOBAL, FLATTEN], 4
    ),
    "MLP": _stack(28, 1, 10, [FLATTEN, linear(256), RELU, linear(128), RELU], 2),
    "Broken: one pooling too many": _stack(
        28, 1, 10, [conv(8), RELU, pool(4, 4), conv(16), RELU, pool(4, 4), pool(2, 2), FLATTEN], 7
    ),
    "Broken: maps into a dense layer": _stack(28, 1, 10, [conv(8), RELU, pool(), linear(64), RELU], 4),
}
