"""Trained weights: torchvision's for ImageNet, downloaded and checked, and our own small ones, which come along.

A file is held to its SHA-256 before it is read, and read with `weights_only=True`, so nothing in it can run.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import torch

from cnnlab import nets
from cnnlab.core import checks
from cnnlab.nets import _download, _published, checkpoint

__all__ = ["Shipped", "WeightsError", "load", "names", "shipped", "trained", "trained_names"]

ADDRESS = "https://download.pytorch.org/models/"
FOLDER = Path(__file__).parent / "trained"

# torchvision's files (the first version where there are several); the hexadecimal end is the start of the SHA-256.
FILES = {
    "alexnet": "alexnet-owt-7be5be79.pth",
    "vgg11": "vgg11-8a719046.pth",
    "vgg13": "vgg13-19584684.pth",
    "vgg16": "vgg16-397923af.pth",
    "vgg19": "vgg19-dcbb9e9d.pth",
    "vgg11_bn": "vgg11_bn-6002323d.pth",
    "vgg13_bn": "vgg13_bn-abd245e5.pth",
    "vgg16_bn": "vgg16_bn-6c64b313.pth",
    "vgg19_bn": "vgg19_bn-c79401a0.pth",
    "googlenet": "googlenet-1378be20.pth",
    "inception_v3": "inception_v3_google-0cc3c7bd.pth",
    "resnet18": "resnet18-f37072fd.pth",
    "resnet34": "resnet34-b627a593.pth",
    "resnet50": "resnet50-0676ba61.pth",
    "resnet101": "resnet101-63fe2227.pth",
    "resnet152": "resnet152-394f9c45.pth",
    "resnext50_32x4d": "resnext50_32x4d-7cdf4587.pth",
    "wide_resnet50_2": "wide_resnet50_2-95faca4d.pth",
    "densenet121": "densenet121-a639ec97.pth",
    "densenet161": "densenet161-8d451a50.pth",
    "densenet169": "densenet169-b2777c0a.pth",
    "densenet201": "densenet201-c1103571.pth",
    "squeezenet1_0": "squeezenet1_0-b66bff10.pth",
    "squeezenet1_1": "squeezenet1_1-b8a52dc0.pth",
    "mobilenet_v2": "mobilenet_v2-b0353104.pth",
    "shufflenet_v2_x1_0": "shufflenetv2_x1-5666bf0f80.pth",
    "mnasnet1_0": "mnasnet1.0_top1_73.512-f206786ef8.pth",
    "efficientnet_b0": "efficientnet_b0_rwightman-7f5810bc.pth",
    "convnext_tiny": "convnext_tiny-983f1562.pth",
}

# These were ported from another library, with images from -1 to 1.
PORTED = ("googlenet", "inception_v3")


class WeightsError(Exception):
    """Weights cannot be had or do not fit; the text names the file, the cause, and what to do."""


@dataclass(frozen=True)
class Shipped:
    """What is known of weights that come with the package: `mean` and `std` are of pixels from 0 to 1, a channel each;
    `accuracy` is on the test images, `command` is how they were made."""

    architecture: str
    data: str
    classes: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    accuracy: float
    command: str


def names():
    """The architectures for which `load` has ImageNet weights."""
    return tuple(FILES)


def load(name):
    """A network with torchvision's ImageNet weights, in evaluation mode.

    It reads images of the architecture's input size, normalised by the mean (0.485, 0.456, 0.406) and the deviation
    (0.229, 0.224, 0.225) of pixels from 0 to 1. The file is downloaded once, into CNNLAB_CACHE or the user's cache
    folder; one in the folder of `torch.hub` is used where it lies. Raises WeightsError.
    """
    file = FILES[checks.choice("name", name, names())]
    path = _found(file)
    settings = {"transform_input": True} if name in PORTED else {}
    model = nets.info(name).make(num_classes=1000, in_channels=3, **settings)
    return _filled(model, _renamed(_tensors(path, _sha256(file))), file)


def trained_names():
    """The names of the weights that come with the package."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.safetensors")))


def trained(name):
    """A network with weights that come with the package, in evaluation mode; `shipped(name)` says what it can do."""
    about, tensors = _shipped(name)
    model = nets.build(about.architecture, num_classes=len(about.classes), in_channels=len(about.mean))
    return _filled(model, tensors, f"{name}.safetensors")


def shipped(name):
    """What is known of the weights that `trained(name)` gives."""
    return _shipped(name)[0]


def _shipped(name):
    file = FOLDER / f"{checks.choice('name', name, trained_names())}.safetensors"
    try:
        tensors, metadata = checkpoint.load(file)
        lists = {key: tuple(json.loads(metadata[key])) for key in ("classes", "mean", "std")}
        words = {key: metadata[key] for key in ("architecture", "data", "command")}
        return Shipped(**words, **lists, accuracy=float(metadata["accuracy"])), tensors
    except (OSError, ValueError, KeyError) as problem:
        raise WeightsError(f"{file.name}: cannot be read: {problem}. Install cnnlab again.") from problem


def _sha256(file):
    return re.search(r"-([0-9a-f]+)\.pth$", file)[1]


def _found(file):
    """Where a file lies, after a download if need be."""
    cached = _published.cache_folder() / "weights" / file
    for path in (cached, Path(torch.hub.get_dir()) / "checkpoints" / file):
        if _download.whole(path, _sha256(file)):
            return path
    try:
        _download.fetch(ADDRESS + file, cached, _sha256(file))
    except _download.DownloadError as problem:
        raise WeightsError(
            f"{file}: {problem}. Try again, or download {ADDRESS}{file} elsewhere and put it into {cached.parent}. "
            f"Without a download there are weights.trained(...) for {', '.join(trained_names()) or 'no network'}."
        ) from problem
    return cached


def _tensors(path, sha256):
    """The tensors of a file by name; nothing else is let in."""
    if not _download.whole(path, sha256):
        raise WeightsError(f"{path.name}: its SHA-256 is not the published one. Delete {path} and load again.")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as problem:  # of unreadable files torch raises whatever its parser trips over
        cause = str(problem).partition("\n")[0] or type(problem).__name__
        raise WeightsError(f"{path.name}: holds something else than tensors: {cause}") from problem
    if not isinstance(state, dict) or not all(isinstance(tensor, torch.Tensor) for tensor in state.values()):
        raise WeightsError(f"{path.name}: holds something else than tensors by name.")
    return state


# DenseNets of 2017 were saved when names could hold dots: norm.1 is norm1 now.
DOTTED = re.compile(r"(denselayer\d+\.(?:norm|conv))\.([12]\.)")


def _renamed(state):
    return {DOTTED.sub(r"\1\2", name): tensor for name, tensor in state.items()}


def _filled(model, state, file):
    try:
        model.load_state_dict(state)
    except RuntimeError as problem:
        lines = [line.strip() for line in str(problem).splitlines()[1:3]]
        told = " ".join(lines)
        told = told if len(told) < 300 else told[:297] + "..."
        raise WeightsError(f"{file}: does not fit {type(model).__name__}: {told}") from problem
    return model.eval()
