"""The fifth lecture's two networks, and a multilayer perceptron to compare with."""

from torch import nn

from cnnlab.core import checks
from cnnlab.nets.architectures.architecture import Architecture


class FashionCNN(nn.Sequential):
    """The lecture's CNN for Fashion-MNIST: convolution, ReLU, batch norm, twice; pooling; dropout; all that again.

    width : factor of the number of channels and units; dropout : share of the hidden units, half as much after pooling
    """

    def __init__(self, num_classes=10, in_channels=1, *, width=1.0, dropout=0.5):
        super().__init__()
        inputs, units = in_channels, max(1, round(512 * width))
        for number, channels in enumerate((32, 32, 64, 64), start=1):
            channels = max(1, round(channels * width))
            self.add_module(f"conv{number}", nn.Conv2d(inputs, channels, 3, padding=1))
            self.add_module(f"relu{number}", nn.ReLU())
            self.add_module(f"norm{number}", nn.BatchNorm2d(channels))
            if number % 2 == 0:
                self.add_module(f"pool{number // 2}", nn.MaxPool2d(2))
                self.add_module(f"dropout{number // 2}", nn.Dropout(dropout / 2))
            inputs = channels
        self.flatten = nn.Flatten()
        self.fc1 = nn.Linear(inputs * 7 * 7, units)
        self.relu5 = nn.ReLU()
        self.norm5 = nn.BatchNorm1d(units)
        self.dropout3 = nn.Dropout(dropout)
        self.fc2 = nn.Linear(units, num_classes)


class DogsCatsCNN(nn.Sequential):
    """The lecture's CNN for dogs and cats on 150x150: one logit, positive for one of the two."""

    def __init__(self, num_classes=1, in_channels=3):
        super().__init__()
        plan = (32, 64, "pool", 128, 128, "pool", 256, 512, "pool", 512, 512)
        inputs, convolutions, pools = in_channels, 0, 0
        for entry in plan:
            if entry == "pool":
                pools += 1
                self.add_module(f"pool{pools}", nn.MaxPool2d(2))
                continue
            convolutions += 1
            self.add_module(f"conv{convolutions}", nn.Conv2d(inputs, entry, 3, padding=1))
            self.add_module(f"relu{convolutions}", nn.ReLU())
            inputs = entry
        self.pool4 = nn.MaxPool2d(3, 2)  # the lecture's table goes from 18x18 to 8x8
        self.dropout = nn.Dropout2d()
        self.flatten = nn.Flatten()
        self.fc1 = nn.Linear(512 * 8 * 8, 512)
        self.relu9 = nn.ReLU()
        self.fc2 = nn.Linear(512, num_classes)


class MLP(nn.Sequential):
    """Dense layers alone: pixels in any order would do as well.

    size : pixels along each side of the images; hidden : units of the hidden layers, times `width`; dropout : share
    of each hidden layer's units, 0 for none
    """

    def __init__(self, num_classes=10, in_channels=1, *, size=28, hidden=(256, 128, 64), width=1.0, dropout=0.0):
        super().__init__()
        self.flatten = nn.Flatten()
        inputs = in_channels * checks.integer("size", size, 1) ** 2
        for number, units in enumerate(hidden, start=1):
            units = max(1, round(units * width))
            self.add_module(f"fc{number}", nn.Linear(inputs, units))
            self.add_module(f"relu{number}", nn.ReLU())
            if dropout:
                self.add_module(f"dropout{number}", nn.Dropout(dropout))
            inputs = units
        self.add_module(f"fc{len(hidden) + 1}", nn.Linear(inputs, num_classes))


LECTURE = "EE541, unit 8"
ZALANDO = "Xiao, Rasul & Vollgraf, Fashion-MNIST (2017), table of benchmarks: MLP 256-128-64"

NETS = (
    # Keras counts the moving averages of batch norm too: 1,677,674 + 1,408 = 1,679,082.
    Architecture(
        "fashion_cnn", "CNN for Fashion-MNIST", "Small networks", 2020, LECTURE, (1, 28, 28), 10, 1_677_674, FashionCNN
    ),
    Architecture(
        "dogs_cats_cnn",
        "CNN for dogs and cats",
        "Small networks",
        2020,
        LECTURE,
        (3, 150, 150),
        1,
        23_214_017,
        DogsCatsCNN,
    ),
    Architecture("mlp", "Multilayer perceptron", "Small networks", 2017, ZALANDO, (1, 28, 28), 10, 242_762, MLP),
)
