"""Networks in torch: build them, count them, train them, look into them.

Importing this loads torch and NumPy, nothing more.
"""

from cnnlab.core import checks
from cnnlab.nets.architectures import ALL
from cnnlab.nets.architectures.architecture import Architecture
from cnnlab.nets.summary import Row, Summary, summary

__all__ = ["Architecture", "Row", "Summary", "build", "info", "names", "summary"]


def names():
    """The names of all architectures."""
    return tuple(ALL)


def info(name):
    """What is known of an architecture: an `Architecture` with title, source, input size, published parameters."""
    return ALL[checks.choice("name", name, names())]


def build(name, num_classes=None, in_channels=None):
    """A new, randomly initialised network by name, in training mode.

    num_classes, in_channels : whole numbers; None stands for the paper's own

    Raises ValueError for an unknown name. Under ``torch.device("meta")`` nothing is allocated, so counting is instant.

    >>> build("lenet5", num_classes=2).fc3
    Linear(in_features=84, out_features=2, bias=True)
    """
    known = info(name)
    classes = known.num_classes if num_classes is None else checks.integer("num_classes", num_classes, 1)
    channels = known.input_size[0] if in_channels is None else checks.integer("in_channels", in_channels, 1)
    return known.make(num_classes=classes, in_channels=channels)
