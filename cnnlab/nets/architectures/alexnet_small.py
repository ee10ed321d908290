"""AlexNet cut down to pictures of 28 to 64 pixels, with a switch for each part that its paper argues for."""

from torch import nn

from cnnlab.core import checks

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

    def forward(self, x):
        return self.classifier(self.features(x))
