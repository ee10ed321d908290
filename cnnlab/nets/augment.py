"""Augmentation: a batch of images changed at random, every image in its own way, in a few operations on the batch.

Each transform comes as a plain function of the images and one parameter an image (`flipped`, `shifted`, `scaled`,
`cut_out`, `coloured`); `Augment` says how strong each may be, draws the parameters and applies them. Only training
images are augmented: new views of the same thing teach the net what does not matter, and a test image is what it is.
Sources: Krizhevsky et al. 2012 (flip, crop, colour); He et al. 2015 (crop after padding); DeVries & Taylor 2017
(cutout).
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name

from cnnlab.core import checks

__all__ = ["Augment", "Draws", "coloured", "cut_out", "flipped", "scaled", "shifted"]


class Draws(NamedTuple):
    """What was drawn for a batch of N images; None for what is off."""

    flip: torch.Tensor | None  # bool (N,)
    shift: torch.Tensor | None  # int (N, 2): pixels down and right
    scale: torch.Tensor | None  # float (N,): factor
    cutout: torch.Tensor | None  # int (N, 2): row and column of the square's centre
    colour: torch.Tensor | None  # float (N, 3): factors of brightness, contrast, saturation

    def share(self, rank, ranks):
        """The draws of every `ranks`-th image from number `rank` on."""
        return Draws(*(None if drawn is None else drawn[rank::ranks] for drawn in self))


@dataclass(frozen=True)
class Augment:
    """How much training images may change.

    flip: probability of a mirror image, left for right.
    shift: largest shift in pixels, down or up and left or right: a crop out of the image padded with zeros.
    scale: largest change of size; 0.2 draws factors from 0.8 to 1.2.
    cutout: side in pixels of the square that is blanked.
    colour: largest change of brightness, contrast and saturation; 0.2 draws three factors from 0.8 to 1.2.

    >>> images = torch.arange(24, dtype=torch.uint8).reshape(2, 1, 3, 4)
    >>> torch.equal(Augment()(images), images / 255)
    True
    """

    flip: float = 0.0
    shift: int = 0
    scale: float = 0.0
    cutout: int = 0
    colour: float = 0.0

    def __post_init__(self):
        checks.within("flip", self.flip, 0, 1)
        checks.integer("shift", self.shift, minimum=0)
        checks.within("scale", self.scale, 0, 0.9)
        checks.integer("cutout", self.cutout, minimum=0)
        checks.within("colour", self.colour, 0, 1)

    def draw(self, images):
        """Random parameters for each of the images (N, C, H, W), from torch's global generator."""
        count, _, height, width = images.shape

        def uniform(*shape):
            return torch.rand(shape, device=images.device)

        def factors(shape, largest_change):
            return 1 + largest_change * (2 * uniform(*shape) - 1)

        size = torch.tensor([height, width], device=images.device)
        return Draws(
            flip=uniform(count) < self.flip if self.flip else None,
            shift=(uniform(count, 2) * (2 * self.shift + 1)).long() - self.shift if self.shift else None,
            scale=factors((count,), self.scale) if self.scale else None,
            cutout=(uniform(count, 2) * size).long() if self.cutout else None,
            colour=factors((count, 3), self.colour) if self.colour else None,
        )

    def apply(self, images, draws, fill=0.5):
        """Images uint8 (N, C, H, W) changed as drawn, as float32 from 0 to 1; `fill` (one value a channel, or one for
        all) is what cutout leaves."""
        if draws.flip is not None:
            images = flipped(images, draws.flip)
        if draws.shift is not None:
            images = shifted(images, draws.shift)
        images = images.float().div_(255)
        if draws.scale is not None:
            images = scaled(images, draws.scale)
        if draws.colour is not None:
            images = coloured(images, *draws.colour.unbind(1))
        if draws.cutout is not None:
            images = cut_out(images, draws.cutout, self.cutout, fill)
        return images

    def __call__(self, images, fill=0.5):
        """Draw and apply at once."""
        return self.apply(images, self.draw(images), fill)


def flipped(images, which):
    """Mirror image, left for right, where `which` (bool, one an image) says so.

    >>> flipped(torch.tensor([[[[1, 2, 3]]]]), torch.tensor([True]))
    tensor([[[[3, 2, 1]]]])
    """
    count = len(images)
    both = torch.cat([images, images.flip(-1)])
    return both.index_select(0, torch.arange(count, device=images.device) + count * which)  # copies whole images


def shifted(images, offsets):
    """Each image moved by its whole numbers of pixels (down, right); zeros come in at the edges.

    >>> shifted(torch.tensor([[[[1, 2, 3]]]]), torch.tensor([[0, 1]]))
    tensor([[[[0, 1, 2]]]])
    """
    count, channels, height, width = images.shape
    room = int(offsets.abs().max())
    padded = F.pad(images, (room, room, room, room))
    # A view of every crop of the padded image: (N, rows to start at, columns to start at, C, H, W). Nothing is copied.
    n, c, h, w = padded.stride()
    crops = padded.as_strided((count, 2 * room + 1, 2 * room + 1, channels, height, width), (n, h, w, c, h, w))
    chosen = (torch.arange(count, device=images.device), *(room - offsets).unbind(1))
    if images.device.type == "cpu":  # NumPy copies crop by crop, six times as fast as torch's number by number
        return torch.from_numpy(crops.numpy()[tuple(index.numpy() for index in chosen)])
    return crops[chosen]


def scaled(images, factors):
    """Each image enlarged (factor above 1) or shrunk about its centre, with bilinear interpolation and zeros around."""
    theta = torch.zeros(len(images), 2, 3, device=images.device)
    theta[:, 0, 0] = theta[:, 1, 1] = 1 / factors
    grid = F.affine_grid(theta, images.shape, align_corners=False)
    return F.grid_sample(images, grid, align_corners=False)


def coloured(images, brightness, contrast, saturation):
    """Images from 0 to 1 with one factor an image each: brightness times every value, contrast times the distance
    from the image's mean grey, saturation times the distance from the pixel's grey (colour images only)."""
    brightness, contrast, saturation = (factor.view(-1, 1, 1, 1) for factor in (brightness, contrast, saturation))
    if images.shape[1] != 3:
        saturation = torch.ones_like(saturation)
    grey = _grey(images)
    mean = grey.mean(dim=(2, 3), keepdim=True)
    # brightness (mean + contrast (grey + saturation (image - grey) - mean)), in one pass over the image
    rest = contrast * (1 - saturation) * grey + (1 - contrast) * mean
    return (images * (brightness * contrast * saturation)).add_(brightness * rest).clamp_(0, 1)


def _grey(images):
    """Luminance (N, 1, H, W), with the weights of ITU-R BT.601 where there are three channels."""
    if images.shape[1] != 3:
        return images.mean(dim=1, keepdim=True)
    red, green, blue = images.split(1, dim=1)
    return 0.299 * red + 0.587 * green + 0.114 * blue


def cut_out(images, centres, side, fill=0.5):
    """A square of `side` pixels about each image's centre (row, column) replaced by `fill`; at the edge only a part."""
    height, width = images.shape[2:]
    across = torch.arange(side, device=images.device) - side // 2
    # What lies outside the image is moved onto its edge, which is in the square too.
    rows = (centres[:, :1] + across).clamp(0, height - 1)[:, :, None]
    columns = (centres[:, 1:] + across).clamp(0, width - 1)[:, None, :]
    result = images.clone()
    number = torch.arange(len(images), device=images.device)[:, None, None]
    result[number, :, rows, columns] = torch.as_tensor(fill, dtype=images.dtype, device=images.device)
    return result
