"""What is known of an architecture before it is built."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Architecture:
    """A network of the literature.

    name : what `cnnlab.nets.build` is asked for; torchvision's name where torchvision has the network
    source : the paper or lecture that describes it
    input_size : (channels, rows, columns) of the paper
    parameters : the published number of trainable parameters with the paper's classes and channels; None where the
        source gives a rounded number or a curve alone
    make : builds it, from the keyword arguments num_classes and in_channels
    """

    name: str
    title: str
    family: str
    year: int
    source: str
    input_size: tuple[int, int, int]
    num_classes: int
    parameters: int | None
    make: Callable
