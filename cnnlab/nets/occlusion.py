"""Occlusion: cover a part of the image and see how far the score falls. No gradient, no assumption, just the network.

Zeiler & Fergus, "Visualizing and understanding convolutional networks", 2014, section 4.2.
"""

import torch

from cnnlab.core import checks
from cnnlab.nets import inspect


def occluded(x, top, left, size, value=0.0):
    """A copy of images (N, C, H, W) with a patch covered; what of the patch lies outside counts for nothing.

    top, left : its first row and column, negative ones too; size : (rows, columns) or one int for both
    value : what covers it, a number or one a channel; 0 is the mean of normalised images

    >>> occluded(torch.ones(1, 1, 3, 3), 0, 2, 2).sum().item()
    7.0
    """
    rows, columns = checks.per_axis("size", size, 2, 1)
    covered = inspect.pixels(x).clone()
    area = covered[:, :, max(top, 0) : max(top + rows, 0), max(left, 0) : max(left + columns, 0)]
    area[:] = torch.as_tensor(value, dtype=x.dtype, device=x.device).reshape(-1, 1, 1)
    return covered


def occlusion(model, x, target=None, *, size, stride=1, value=0.0, batch=64):
    """How far the score falls when a pixel is covered, (N, H, W): the mean over all patches that cover it.

    size, stride : of the patch in pixels, ints or (rows, columns); the last patch of a row may reach over the edge
    value : what covers it, a number or one a channel; batch : covered images that the network gets at once

    Memory is that of one batch, however many places there are.
    """
    rows, columns = checks.per_axis("size", size, 2, 1)
    down, right = checks.per_axis("stride", stride, 2, 1)
    batch = checks.integer("batch", batch, 1)
    height, width = inspect.pixels(x).shape[2:]
    if rows > height or columns > width or down > rows or right > columns:
        checks.refuse("size", size, f"must fit the image of {height}x{width}, with a stride of at most the size")
    places = [(top, left) for top in _starts(height, rows, down) for left in _starts(width, columns, right)]
    cover = torch.as_tensor(value, dtype=x.dtype, device=x.device).reshape(-1, 1, 1)
    with inspect.evaluating(model), torch.inference_mode():
        whole = inspect.scores(model, x)
        target = whole.argmax(1) if target is None else torch.as_tensor(target, device=x.device).expand(len(x))
        whole = inspect.target_scores(whole, target)
        falls, covers = torch.zeros(len(x), height, width).to(x), torch.zeros(height, width).to(x)
        for number, image in enumerate(x):
            for first in range(0, len(places), batch):
                part = places[first : first + batch]
                copies = image.expand(len(part), -1, -1, -1).clone()
                for copy, (top, left) in zip(copies, part, strict=True):
                    copy[:, top : top + rows, left : left + columns] = cover
                fall = whole[number] - inspect.target_scores(inspect.scores(model, copies), target[number])
                for lost, (top, left) in zip(fall, part, strict=True):
                    falls[number, top : top + rows, left : left + columns] += lost
        for top, left in places:
            covers[top : top + rows, left : left + columns] += 1
    return (falls / covers).clone()


def _starts(length, size, stride):
    """First cells of patches that cover a side entirely."""
    return range(0, -(-(length - size) // stride) * stride + 1, stride)
