"""What the convolution explorer offers: pictures, kernels by family, and examples that set everything at once."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from cnnlab.core import images
from cnnlab.core.kernels import KERNELS, families
from cnnlab.widgets import payload

SIDE = 112  # pixels: half of ImageNet's 224, as large as a first feature map
PHOTOGRAPHS = (
    "Cat",
    "Astronaut",
    "Photographer",
    "Coffee",
    "Rocket",
    "Pagoda",
    "Flower",
    "Coins",
    "Brick",
    "Handwriting",
)


@dataclass(frozen=True, eq=False)
class MenuPicture:
    """An input the menu offers: its array, the group it stands in, and whom to thank for it."""

    array: np.ndarray
    group: str
    credit: str = ""


@cache
def pictures():
    """The inputs by name, in the order of the menu."""
    return dict(_pictures())


def _pictures():
    for name in PHOTOGRAPHS:
        yield name, MenuPicture(images.picture(name, SIDE), "Photographs", _credit(name))
    for name in images.names():
        if name.startswith("Digit"):
            yield name, MenuPicture(images.picture(name), "Handwritten digits", _credit(name))
    for name, worked in _worked():
        yield name, MenuPicture(worked.image, "Worked examples")
    for size in (4, 5, 6, 7):
        yield f"Numbers {size}×{size}", MenuPicture(_numbers(size), "Small grids")
    yield "One bright cell", MenuPicture(images.impulse(9, value=1), "Small grids")
    yield "Empty 8×8", MenuPicture(np.zeros((8, 8), np.uint8), "Small grids")
    yield "Empty 16×16", MenuPicture(np.zeros((16, 16), np.uint8), "Small grids")
    yield "Series 1×24", MenuPicture(_series(24), "Small grids")
    for name, pattern in _patterns():
        yield name, MenuPicture(pattern, "Patterns")


def _worked():
    """The worked examples of one channel; the two that share the axes share an input."""
    seen = []
    for name, worked in images.WORKED.items():
        if worked.is_layer or any(np.array_equal(worked.image, image) for image in seen):
            continue
        seen.append(worked.image)
        yield _input_name(name), worked


def _input_name(example):
    return f"{example.split(',')[0]} {'×'.join(str(n) for n in images.WORKED[example].image.shape)}"


def _numbers(size):
    """Small whole numbers without a pattern: easy to multiply in the head."""
    return np.random.default_rng(size).integers(0, 6, (size, size))


def _series(length):
    """A sampled signal of one row: a slow wave with a jump in the middle."""
    wave = 4 + 3 * np.sin(np.arange(length) * 2 * np.pi / 12)
    return np.round(wave + 2 * (np.arange(length) >= length // 2))[None].astype(int)


def _patterns():
    yield "Step edge", images.step_edge(32)
    yield "Bars", images.bars(32, period=8)
    yield "Slanted bars", images.bars(48, period=12, angle=45)
    yield "Grating", images.grating(48, wavelength=8, angle=30)
    yield "Checkerboard", images.checkerboard(32, cell=4)
    yield "Disc", images.shape(48, "disc")
    yield "Ramp", images.ramp(32)


def _credit(name):
    about = images.PICTURES[name]
    return f"{about.note}; {about.credit} ({about.licence})"


def picture_payloads():
    """The inputs as they travel to the page."""
    return {
        name: {**payload.encode(entry.array), "group": entry.group, "credit": entry.credit}
        for name, entry in pictures().items()
    }


def kernels():
    """{family: {name: rows}}, in the order of the menu."""
    return {family: {name: KERNELS[name].array.tolist() for name in names} for family, names in families().items()}


def _setting(picture, kernel, **changes):
    plain = {"flip": False, "stride": [1, 1], "dilation": [1, 1], "padding": "valid", "padding_mode": "zeros"}
    rows = KERNELS[kernel].array.tolist() if isinstance(kernel, str) else kernel.tolist()
    return {"input": picture, "kernel": rows, **plain, **changes}


def _examples():
    yield "Photograph: vertical edges", _setting("Cat", "Sobel x", position=[47, 25])
    yield (
        "Photograph: blur, size kept",
        _setting("Coffee", "Gaussian 5", padding="same", padding_mode="reflect", position=[60, 60]),
    )
    yield (
        "Photograph: every second window",
        _setting("Astronaut", "Sharpen", stride=[2, 2], padding=[1, 1], position=[20, 26]),
    )
    for name, worked in images.WORKED.items():
        if not worked.is_layer:
            padding = worked.settings.get("padding", 0)
            changes = {"flip": worked.flipped, "padding": [padding, padding] if padding else "valid"}
            image = next(key for key, other in _worked() if np.array_equal(other.image, worked.image))
            yield name, _setting(image, worked.kernel, **changes)
    ones = np.ones((3, 3), int)
    for worked in images.SIZES.values():
        settings = worked.settings
        if settings["n"] <= 7 and settings["kernel"] == 3:
            n, stride, dilation = settings["n"], settings.get("stride", 1), settings.get("dilation", 1)
            padding = settings.get("padding", 0)
            changes = {
                "stride": [stride] * 2,
                "dilation": [dilation] * 2,
                "padding": [padding] * 2 if padding else "valid",
            }
            yield f"Size: {worked.name}", _setting(f"Numbers {n}×{n}", ones, **changes)
    yield "One bright cell: correlation turns the kernel", _setting("One bright cell", "Emboss", padding="same")
    yield "One bright cell: convolution prints it", _setting("One bright cell", "Emboss", padding="same", flip=True)
    yield "A series: one axis only", _setting("Series 1×24", np.array([[-1, 0, 1]]))


EXAMPLES = dict(_examples())
