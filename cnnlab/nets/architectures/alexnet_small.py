"""AlexNet cut down to pictures of 28 to 64 pixels, with a switch for each part that its paper argues for."""

from torch import nn

from cnnlab.core import checks
from cnnlab.nets.architectures.architecture import Architecture

ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh}


class AlexNetSmall(nn.Module):
    """Five convolutions and three dense layers in AlexNet's order (Krizhevsky et al. 2012), narrower and with kernels
    for small pictures; 32 x 32 pixels in colour make 578,250 parameters.

    activation: "relu" or "tanh" (their section 3.1).
    lrn: local response normalisation after the first two convolutions (3.3).
    overlapping: pooling windows of 3 every 2 pixels, else of 2 (3.4).
    dropout: before the two hidden dense layers (4.2).

    >>> sum(p.numel() for p in AlexNetSmall().parameters())
    578250
    """

    def __init__(self, num_classes=10, in_channels=3, *, activation="relu", lrn=True, overlapping=True, dropout=0.5):
        super().__init__()
        activate = ACTIVATIONS[checks.choice("activation", activation, tuple(ACTIVATIONS))]
        checks.within("dropout", dropout, 0, 0.99)

        def pool():
            return nn.MaxPool2d(3, 2, padding=1) if checks.flag("overlapping", overlapping) else nn.MaxPool2d(2)

        def normalise():
            return nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=2) if checks.flag("lrn", lrn) else nn.Identity()

        self.features = nn.Sequential(
            nn.Conv2d(in_channels, 32, 5, padding=2), activate(), normalise(), pool(),
            nn.Conv2d(32, 64, 5, padding=2), activate(), normalise(), pool(),
            nn.Conv2d(64, 96, 3, padding=1), activate(),
            nn.Conv2d(96, 96, 3, padding=1), activate(),
            nn.Conv2d(96, 64, 3, padding=1), activate(), pool(),
        )  # fmt: skip
        self.classifier = nn.Sequential(
            nn.AdaptiveAvgPool2d(4), nn.Flatten(),
            nn.Dropout(dropout), nn.Linear(64 * 16, 256), activate(),
            nn.Dropout(dropout), nn.Linear(256, 256), activate(),
            nn.Linear(256, num_classes),
        )  # fmt: skip
        # First weights that keep the size of what flows through (He et al. 2015; Glorot & Bengio 2010 for tanh).
        # Torch's are smaller, and a deep net without batch norm then waits for many epochs before it learns.
        for layer in self.modules():
            if isinstance(layer, (nn.Conv2d, nn.Linear)):
                nn.init.kaiming_normal_(layer.weight, nonlinearity=activation)
                nn.init.zeros_(layer.bias)

    def forward(self, x):
        return self.classifier(self.features(x))


NETS = (
    Architecture(
        "alexnet_small",
        "Small AlexNet",
        "AlexNet",
        2012,
        "Krizhevsky, Sutskever & Hinton, NIPS 25 (2012), narrower",
        (3, 32, 32),
        10,
        None,
        AlexNetSmall,
    ),
)
