"""What the arithmetic explorer offers: examples that set everything at once."""

from cnnlab.core import images


def plain(mode, **changes):
    """All settings of an example, those in `changes` given: an int stands for both axes."""
    settings = {"size": 6, "kernel": 3, "stride": 1, "dilation": 1, "padding": 0, "output_padding": 0} | changes
    channels = settings.pop("channels", [1, 1])
    pairs = {name: [value, value] if isinstance(value, int) else value for name, value in settings.items()}
    return {"mode": mode, **pairs, "channels": channels, "bias": True}


LAYERS = {  # worked sizes that belong to a whole layer: input channels and filters
    "32 cells, kernel 5": ("32×32×3, six filters 5×5×3", [3, 6]),
    "227 cells, kernel 11, stride 4": ("AlexNet, layer 1: 227×227×3, 96 filters 11×11×3", [3, 96]),
}


def worked():
    """(name in the menu, settings, worked example) of each worked size of the lectures."""
    for example in images.SIZES.values():
        settings = dict(example.settings)
        name, channels = LAYERS.get(example.name, (_square(example), [1, 1]))
        yield name, plain("2-D", size=settings.pop("n"), channels=channels, **settings), example


def _square(example):
    n, kernel, *rest = example.name.split(", ")
    n, kernel = n.split()[0], kernel.split()[1]
    return ", ".join([f"{n}×{n}", f"kernel {kernel}×{kernel}", *rest])


def _convolutions():
    for name, settings, _ in worked():
        yield name, settings
    yield "Rows and columns differ", plain("2-D", size=[5, 9], kernel=[3, 5], stride=[1, 2], padding=[0, 1])
    yield "Same size, even kernel: lopsided", plain("2-D", size=6, kernel=4, padding="same")
    yield "Full: every overlap counts", plain("2-D", size=4, kernel=3, padding="full")
    yield "Padding wider than the kernel", plain("2-D", size=3, kernel=2, padding=3)


def _transposed():
    yield "Back from 3×3, stride 2", plain("transposed", size=3, stride=2, padding=1)
    yield "The same, output padding 1", plain("transposed", size=3, stride=2, padding=1, output_padding=1)
    yield "The same, not cropped", plain("transposed", size=3, stride=2)
    yield "Kernel 4, stride 2: even overlap", plain("transposed", size=4, kernel=4, stride=2, padding=1)
    yield "Kernel 2, stride 3: gaps", plain("transposed", size=3, kernel=2, stride=3)


def _series():
    yield "A series, kernel 5", plain("1-D", size=[1, 16], kernel=[1, 5], padding=[0, 2])
    yield "A series, every third window", plain("1-D", size=[1, 18], kernel=[1, 5], stride=[1, 3])
    yield "Causal: nothing from the future", plain("causal", size=[1, 16], kernel=[1, 3])
    yield "Causal, dilation 4", plain("causal", size=[1, 16], kernel=[1, 3], dilation=[1, 4])
    yield "Causal, kernel 2, dilation 8", plain("causal", size=[1, 20], kernel=[1, 2], dilation=[1, 8])


EXAMPLES = {  # group -> name -> settings
    "Convolution": dict(_convolutions()),
    "Transposed convolution": dict(_transposed()),
    "Series": dict(_series()),
}
