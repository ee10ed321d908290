"""What a training run is made of: everything beside the net and the data, in one frozen value."""

import dataclasses
import math
from dataclasses import dataclass, field

import torch

from cnnlab.core import checks
from cnnlab.nets.augment import Augment

SCHEDULES = ("onecycle", "step", "plateau", "constant")
PRECISIONS = ("auto", "float32", "bfloat16", "float16")


@dataclass(frozen=True)
class Recipe:
    """How to train.

    epochs: passes over the training images, each in a new order.
    batch: images a step; what is left over at the end of an epoch comes in the next one.
    rate: learning rate, of "onecycle" the highest one.
    schedule: "onecycle" (Smith & Topin 2018: up, then down along cosines), "step" (a tenth after 1/2 and 3/4 of all
        steps, as He et al. 2015 did), "plateau" (a tenth when the held-out loss, or else the training loss, has not
        fallen for three epochs), "constant".
    momentum, nesterov: of gradient descent (Sutskever et al. 2013); weight_decay: not on norms and biases.
    label_smoothing: the share of the target that goes evenly to all classes (Szegedy et al. 2015).
    augment: random changes of the training images, see `cnnlab.nets.augment`.
    clip: largest norm of the gradient, 0 for no limit.
    ema: decay a step of the averaged weights that are scored and kept at the end, 0 for none.
    precision: of the layers' arithmetic; weights stay float32. "auto" is bfloat16 or, on older GPUs, float16; on a
        CPU bfloat16 where it has instructions for it, else float32.
    channels_last: the layout in memory that convolutions are quickest in.
    seed: of order, augmentation and dropout; the same seed on the same CPU gives the same bits.
    device: "auto" (a GPU if there is one), "cpu", "cuda", "cuda:1".

    >>> Recipe(epochs=3, rate=-1)
    Traceback (most recent call last):
    ValueError: rate=-1: must be above 0
    """

    epochs: int = 10
    batch: int = 128
    rate: float = 0.1
    schedule: str = "onecycle"
    momentum: float = 0.9
    nesterov: bool = True
    weight_decay: float = 5e-4
    label_smoothing: float = 0.0
    augment: Augment = field(default_factory=Augment)
    clip: float = 0.0
    ema: float = 0.0
    precision: str = "auto"
    channels_last: bool = True
    seed: int = 0
    device: str = "auto"

    def __post_init__(self):
        checks.integer("epochs", self.epochs, minimum=1)
        checks.integer("batch", self.batch, minimum=1)
        checks.positive("rate", self.rate)
        checks.choice("schedule", self.schedule, SCHEDULES)
        checks.within("momentum", self.momentum, 0, 0.9999)
        checks.flag("nesterov", self.nesterov)
        checks.within("weight_decay", self.weight_decay, 0, 1)
        checks.within("label_smoothing", self.label_smoothing, 0, 0.99)
        if not isinstance(self.augment, Augment):
            checks.refuse("augment", self.augment, "must be a cnnlab.nets.augment.Augment")
        checks.within("clip", self.clip, 0, 1e9)
        checks.within("ema", self.ema, 0, 0.999999)
        checks.choice("precision", self.precision, PRECISIONS)
        checks.flag("channels_last", self.channels_last)
        checks.integer("seed", self.seed, minimum=0)
        try:
            torch.device("cpu" if self.device == "auto" else self.device)
        except (RuntimeError, TypeError):
            checks.refuse("device", self.device, "must be auto, cpu, cuda or cuda: and a number")

    def as_dict(self):
        """The recipe as plain values, for JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values):
        """The recipe of `as_dict`."""
        return cls(**{**values, "augment": Augment(**values["augment"])})

    def where(self):
        """(torch.device, notice): the device asked for, or the CPU and a sentence that says so."""
        if self.device == "auto":
            return torch.device("cuda" if torch.cuda.is_available() else "cpu"), ""
        device = torch.device(self.device)
        if device.type == "cuda" and not torch.cuda.is_available():
            return torch.device("cpu"), "No GPU was found: training on the CPU."
        return device, ""

    def dtype(self, device):
        """The type that layers compute in on this device."""
        if self.precision != "auto":
            return getattr(torch, self.precision)
        if device.type == "cuda":
            return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
        return torch.bfloat16 if has_bfloat16_instructions() else torch.float32


def has_bfloat16_instructions():
    """Whether this CPU multiplies bfloat16 numbers by itself (AVX-512 BF16 or AMX)."""
    capabilities = getattr(torch.cpu, "get_capabilities", dict)  # newer than the oldest torch that we take
    return capabilities().get("avx512_bf16", False)


def rate_at(step, steps, recipe):
    """Learning rate of a step (the first is 0) out of `steps`, before a plateau lowers it.

    "onecycle" and "step" agree with torch's OneCycleLR and MultiStepLR.

    >>> [round(rate_at(step, 100, Recipe(rate=1.0)), 3) for step in (0, 29, 99)]
    [0.04, 1.0, 0.0]
    """
    if recipe.schedule == "step":
        return recipe.rate * 0.1 ** ((step >= steps // 2) + (step >= steps * 3 // 4))
    if recipe.schedule != "onecycle":
        return recipe.rate
    first, last = recipe.rate / 25, recipe.rate / 250_000
    top = 0.3 * steps - 1  # the step of the highest rate
    if step <= top:
        return _cosine(first, recipe.rate, step / top)
    return _cosine(recipe.rate, last, (step - top) / (steps - 1 - top))


def _cosine(start, end, share):
    """From start to end along half a cosine."""
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2
