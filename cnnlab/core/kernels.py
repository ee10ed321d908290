"""The gallery of kernels: each with its family, what it answers to, and where it comes from.

`KERNELS` holds them by name, in the order of a menu; families with parameters are functions. All are meant for
`convolution.correlate` (what deep learning calls convolution). Whole-number kernels are int64, the others float64.

Angles follow the line they show, in degrees counter-clockwise from horizontal as one looks at the picture: "45 degree
lines" rise to the right.
"""

import math
from dataclasses import dataclass, field

import numpy as np

from cnnlab.core import checks


@dataclass(frozen=True, eq=False)
class Kernel:
    """A named kernel; `np.asarray(kernel)` and every function of `cnnlab.core` take it as its array."""

    name: str
    array: np.ndarray = field(repr=False)
    family: str
    note: str
    source: str

    def __array__(self, dtype=None, copy=None):
        return np.array(self.array, dtype) if copy or dtype is not None else self.array

    def __getitem__(self, index):
        return self.array[index]

    def __len__(self):
        return len(self.array)

    @property
    def shape(self):
        return self.array.shape

    @property
    def ndim(self):
        return self.array.ndim

    @property
    def dtype(self):
        return self.array.dtype

    def tolist(self):
        return self.array.tolist()


def gaussian(size, sigma):
    """Gaussian blur: exp(-(x² + y²) / 2σ²) on a size x size grid, scaled to sum 1.

    `size` is a whole number of 1 or more, `sigma` the standard deviation in cells.

    >>> gaussian(3, 1.0)[1].round(3)
    array([0.124, 0.204, 0.124])
    """
    sigma = checks.positive("sigma", sigma)
    y, x = _grid(size)
    bell = _bell(x, sigma) * _bell(y, sigma)
    if bell.sum() < np.finfo(np.float64).tiny:
        checks.refuse("sigma", sigma, "is too small: an even kernel has no tap in the middle")
    return bell / bell.sum()


def difference_of_gaussians(size, sigma, ratio=1.6):
    """A narrow Gaussian minus a wide one: answers to spots about sigma in size, and sums to 0.

    `ratio` (above 1) is the wide sigma over the narrow one; 1.6 comes close to the Laplacian of Gaussian. The
    model of a retinal ganglion cell's centre and surround. Source: Marr & Hildreth (1980), "Theory of edge detection".

    >>> bool(abs(difference_of_gaussians(9, 1.0).sum()) < 1e-12)
    True
    """
    ratio = checks.number("ratio", ratio)
    if ratio <= 1:
        checks.refuse("ratio", ratio, "must be above 1: the second Gaussian is the wider one")
    return gaussian(size, sigma) - gaussian(size, checks.positive("sigma", sigma) * ratio)


def laplacian_of_gaussian(size, sigma):
    """The second derivative of a Gaussian, (r² - 2σ²) / σ⁴ · exp(-r² / 2σ²), shifted to sum 0.

    Negative in the middle; changes sign across an edge. Source: Marr & Hildreth (1980).

    >>> laplacian_of_gaussian(5, 1.0)[2].round(2)
    array([ 0.31, -0.57, -1.96, -0.57,  0.31])
    """
    sigma = checks.positive("sigma", sigma)
    y, x = _grid(size)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        sharp = ((x / sigma) ** 2 + (y / sigma) ** 2 - 2) / sigma / sigma * _bell(x, sigma) * _bell(y, sigma)
        return _checked_range("sigma", sigma, sharp - sharp.mean())


def gabor(size, wavelength, orientation=0.0, *, sigma=None, phase=0.0, aspect=1.0):
    """A wave under a Gaussian window: cos(2π x' / wavelength + phase) · exp(-(x'² + aspect² y'²) / 2σ²), summing to 0.

    Parameters
    ----------
    size : int
        cells an axis
    wavelength : float
        cells a period; above 0
    orientation : float
        degrees; the angle of the bars it answers to, 0 horizontal, 45 rising to the right, 90 vertical
    sigma : float, optional
        width of the window in cells; default 0.56 · wavelength, a bandwidth of about one octave
    phase : float
        degrees; 0 answers to a light bar, 180 to a dark one, 90 and -90 to edges
    aspect : float
        window's width over its length; below 1 gives longer bars

    The mean is taken out within the window, so that an even picture gives 0. The model of a simple cell in the
    visual cortex (Hubel & Wiesel 1959). Source: Daugman (1985), "Uncertainty relation for resolution in space,
    spatial frequency, and orientation".

    >>> bars = gabor(11, wavelength=5, orientation=90)
    >>> bars.shape, bool(abs(bars.sum()) < 1e-9), bool(bars[5, 5] > 0 > bars[5, 3])
    ((11, 11), True, True)
    """
    wavelength = checks.positive("wavelength", wavelength)
    sigma = 0.56 * wavelength if sigma is None else checks.positive("sigma", sigma)
    aspect = checks.positive("aspect", aspect)
    y, x = _grid(size)
    angle = math.radians(checks.number("orientation", orientation))
    across, along = x * math.sin(angle) + y * math.cos(angle), x * math.cos(angle) - y * math.sin(angle)
    window = _bell(across, sigma) * _bell(aspect * along, sigma)
    with np.errstate(over="ignore"):
        turns = _checked_range("wavelength", wavelength, across / wavelength)
    wave = np.cos(2 * math.pi * turns + math.radians(checks.number("phase", phase)))
    return (wave - (wave * window).sum() / window.sum()) * window


def box(size):
    """The mean of size x size cells: every tap 1 / size².

    >>> box(2)
    array([[0.25, 0.25],
           [0.25, 0.25]])
    """
    y, x = _grid(size)
    return np.ones_like(x * y) / x.size**2


def motion_blur(size, angle=0.0):
    """The mean along a line of `size` cells at `angle` degrees: what a moving camera leaves.

    >>> motion_blur(3, 90).round(3)
    array([[0.   , 0.333, 0.   ],
           [0.   , 0.333, 0.   ],
           [0.   , 0.333, 0.   ]])
    """
    y, x = _grid(size)
    direction = math.radians(checks.number("angle", angle))
    distance = abs(x * math.sin(direction) + y * math.cos(direction))
    longest = max(abs(math.sin(direction)), abs(math.cos(direction)))
    line = np.clip(1 - distance / longest, 0, 1)
    return line / line.sum()


def unsharp(size, sigma, amount=1.0):
    """Unsharp masking: the picture plus `amount` times what a Gaussian blur takes away; sums to 1.

    >>> unsharp(3, 1.0, amount=0.5)[1].round(3)
    array([-0.062,  1.398, -0.062])
    """
    amount = checks.number("amount", amount)
    unchanged = np.zeros_like(gaussian(size, sigma))
    if size % 2 == 0:
        checks.refuse("size", size, "must be odd: the picture itself needs a middle tap")
    unchanged[size // 2, size // 2] = 1 + amount
    with np.errstate(over="ignore"):
        return _checked_range("amount", amount, unchanged - amount * gaussian(size, sigma))


def _grid(size):
    """Columns of y and rows of x, in cells from the middle of a size x size kernel."""
    size = checks.integer("size", size, 1)
    checks.workspace("size", size, 5 * 8 * size**2)
    offset = np.arange(size) - (size - 1) / 2
    return offset[:, None], offset[None, :]


def _bell(distance, sigma):
    with np.errstate(under="ignore", over="ignore"):
        return np.exp(-0.5 * (distance / sigma) ** 2)


def _checked_range(parameter, value, kernel):
    if not np.isfinite(kernel).all():
        checks.refuse(parameter, value, "gives taps outside the range of float64")
    return kernel


def _gallery():
    """Every named kernel, as (family, name, taps, note, source)."""
    lecture = "Penn-style CNN lecture, “2D convolution filters”"
    padova = "Padova ML 2024/25, lecture 26"
    yield "Identity", "Identity", [[0, 0, 0], [0, 1, 0], [0, 0, 0]], "Gives the picture back", "definition"
    yield "Identity", "Shift left", [[0, 0, 0], [0, 0, 1], [0, 0, 0]], "Moves the picture one cell left", "definition"

    horizontal = np.array([[-1, -1, -1], [2, 2, 2], [-1, -1, -1]])
    rising = [[-1, -1, 2], [-1, 2, -1], [2, -1, -1]]
    yield "Lines", "Horizontal lines", horizontal, "Light lines one cell thick that run across", lecture
    yield "Lines", "Vertical lines", horizontal.T, "Light lines one cell thick that run down", lecture
    yield "Lines", "45 degree lines", rising, "Light lines that rise to the right", lecture
    yield "Lines", "135 degree lines", np.fliplr(rising), "Light lines that fall to the right", lecture
    yield "Lines", "Axes, vertical", horizontal.T / 2, "The vertical one of a pair of axes", lecture
    yield "Lines", "Axes, horizontal", horizontal / 2, "The horizontal one of a pair of axes", lecture

    vertical_edge = np.array([[1, 0, -1]] * 3)
    yield "Edges", "Vertical edge", vertical_edge, "Light on the left, dark on the right", lecture
    yield "Edges", "Horizontal edge", vertical_edge.T, "Light above, dark below", lecture
    edges = [
        ("Prewitt", [1, 1, 1], "Prewitt (1970), “Object enhancement and extraction”"),
        ("Sobel", [1, 2, 1], "Sobel & Feldman (1968), “A 3x3 isotropic gradient operator”"),
        ("Scharr", [3, 10, 3], "Scharr (2000), “Optimale Operatoren in der digitalen Bildverarbeitung”"),
    ]
    for name, smoothing, source in edges:
        across = np.outer(smoothing, [-1, 0, 1])
        yield "Edges", f"{name} x", across, "Brightness that grows to the right: vertical edges", source
        yield "Edges", f"{name} y", across.T, "Brightness that grows downward: horizontal edges", source
    roberts = "Roberts (1963), “Machine perception of three-dimensional solids”"
    yield "Edges", "Roberts falling", [[1, 0], [0, -1]], "Brightness that falls to the lower right; 2x2", roberts
    yield "Edges", "Roberts rising", [[0, 1], [-1, 0]], "Brightness that falls to the lower left; 2x2", roberts

    four = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]])
    eight = np.array([[1, 1, 1], [1, -8, 1], [1, 1, 1]])
    laplace = "Gonzalez & Woods, “Digital image processing”"
    yield "Second derivative", "Laplacian 4", four, "Bends of brightness across and down; 0 on ramps", laplace
    yield "Second derivative", "Laplacian 8", eight, "Bends of brightness in all directions", laplace
    log = laplacian_of_gaussian(7, 1.2)
    marr = "Marr & Hildreth (1980), “Theory of edge detection”"
    yield "Second derivative", "Laplacian of Gaussian", log, "Edges of a smoothed picture: zero crossings", marr
    dog = difference_of_gaussians(9, 1.2)
    yield "Second derivative", "Difference of Gaussians", dog, "Light spots on a dark surround", marr
    yield "Second derivative", "Edge", four, "Outlines, whatever their direction", padova
    yield "Second derivative", "Strong edge", -eight, "Outlines and fine texture", padova

    sharpen = [[0, -1, 0], [-1, 5, -1], [0, -1, 0]]
    yield "Sharpen", "Sharpen", sharpen, "The picture minus its Laplacian", "EE541, unit 8"
    photography = "darkroom technique; Gonzalez & Woods, “Digital image processing”"
    yield "Sharpen", "Unsharp mask", unsharp(5, 1.0), "The picture plus what a blur takes away", photography
    emboss = [[-2, -1, 0], [-1, 1, 1], [0, 1, 2]]
    yield "Sharpen", "Emboss", emboss, "A relief lit from the upper left", "image editors’ classic"

    yield "Blur", "Box 3", box(3), "The mean of 3x3 cells", "definition"
    yield "Blur", "Box 5", box(5), "The mean of 5x5 cells", "definition"
    binomial = np.outer([1, 2, 1], [1, 2, 1]) / 16
    yield "Blur", "Gaussian 3", binomial, "A soft blur, from binomial coefficients", "Burt & Adelson (1983)"
    yield "Blur", "Gaussian 5", gaussian(5, 1.0), "A softer blur, sigma 1 cell", "definition"
    yield "Blur", "Motion blur", motion_blur(7), "Movement from side to side", "definition"
    yield "Blur", "Motion blur, rising", motion_blur(7, 45), "Movement along a rising diagonal", "definition"

    daugman = "Daugman (1985); simple cells: Hubel & Wiesel (1959)"
    for angle in (0, 45, 90, 135):
        taps = gabor(11, wavelength=5, orientation=angle)
        yield "Gabor", f"Gabor {angle}", taps, f"Light bars at {angle} degrees, as a simple cell of the cortex", daugman
    yield "Gabor", "Gabor edge", gabor(11, 8, 90, phase=-90), "A soft vertical edge", daugman


def _make(family, name, taps, note, source):
    array = np.array(taps)
    array = array.astype(np.int64 if array.dtype.kind == "i" else np.float64)
    array.flags.writeable = False
    return Kernel(name, array, family, note, source)


KERNELS = {kernel.name: kernel for kernel in (_make(*entry) for entry in _gallery())}


def named(name):
    """The kernel of that name from `KERNELS`, upper or lower case; an unknown name is refused with the known ones.

    >>> named("sobel x").array
    array([[-1,  0,  1],
           [-2,  0,  2],
           [-1,  0,  1]])
    """
    wanted = name.casefold() if isinstance(name, str) else None
    for known, kernel in KERNELS.items():
        if known.casefold() == wanted:
            return kernel
    checks.refuse("name", name, "must be one of " + ", ".join(KERNELS))


def families():
    """The names of the gallery's kernels by family, in the order of a menu.

    >>> families()["Sharpen"]
    ['Sharpen', 'Unsharp mask', 'Emboss']
    """
    groups = {}
    for kernel in KERNELS.values():
        groups.setdefault(kernel.family, []).append(kernel.name)
    return groups
