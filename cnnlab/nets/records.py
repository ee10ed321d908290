"""Runs that took longer than a class, recorded while they ran: every epoch's figures, and what is needed to run again.

    run = records.load("resnet20_cifar-10")
    for record in records.replay(run): ...      # as `train.fit` would yield them, one an epoch

Each is a small JSON file that `python -m cnnlab.nets.train ... --record FILE` wrote.
"""

import json
import platform
import time
from dataclasses import asdict, dataclass
from importlib import metadata, resources
from pathlib import Path

import torch

from cnnlab.core import checks
from cnnlab.nets.train import Record, Score

FOLDER = resources.files(__package__) / "records"


@dataclass(frozen=True)
class Epoch:
    """Means over an epoch's steps (loss and accuracy on augmented training images, before each update); rate and
    gradient norm (root mean square, None where it was lost) likewise; the held-out score after it, or None; seconds
    since the run began."""

    epoch: int
    step: int
    loss: float
    accuracy: float
    rate: float
    gradient_norm: float | None
    held_out: Score | None
    images_per_second: float
    seconds: float


@dataclass(frozen=True)
class Run:
    """One recorded run. `test` is the Score on the whole test set, measured once after the last epoch, and
    `training` the Score on the training images without augmentation, or None."""

    name: str
    command: str
    model: str
    data: str
    images: int
    held_out_images: int
    parameters: int
    recipe: dict
    hardware: dict
    versions: dict
    date: str
    seconds: float
    epochs: tuple
    test: Score | None = None
    training: Score | None = None
    notes: str = ""


def names():
    """Names of the recorded runs."""
    return tuple(sorted(path.name.removesuffix(".json") for path in FOLDER.iterdir() if path.name.endswith(".json")))


def load(name):
    """The recorded `Run` of that name."""
    checks.choice("name", name, names())
    return read(FOLDER / f"{name}.json")


def read(path):
    """The Run in a file that `write` wrote."""
    values = json.loads(path.read_text(encoding="utf-8"))
    values["epochs"] = tuple(Epoch(**{**e, "held_out": _score(e["held_out"])}) for e in values["epochs"])
    for part in ("test", "training"):
        values[part] = _score(values[part])
    return Run(**values)


def write(run, path):
    """Write a Run as JSON, figures with five digits."""
    text = json.dumps(asdict(run))
    values = json.loads(text, parse_float=lambda digits: float(f"{float(digits):.5g}"))
    epochs = ",\n".join(f"  {json.dumps(epoch)}" for epoch in values.pop("epochs"))  # one line an epoch
    head = json.dumps(values, indent=1).removesuffix("\n}")
    Path(path).write_text(f'{head},\n "epochs": [\n{epochs}\n ]\n}}\n', encoding="utf-8")


def replay(run):
    """The run's epochs as `Record`s of their last steps, for whatever draws the records of `train.fit`."""
    steps = run.epochs[-1].step
    for e in run.epochs:
        yield Record(
            e.step, steps, e.epoch, e.loss, e.accuracy, e.rate, e.images_per_second, e.gradient_norm, e.held_out
        )


def _score(values):
    return None if values is None else Score(*values)


class Recorder:
    """Sums the records of a run up, epoch by epoch.

    epochs: how many the run has. earlier: those recorded before it was interrupted; of the epoch that it was
    interrupted in, only the steps after that are summed up.
    """

    def __init__(self, epochs, earlier=()):
        self.count, self.earlier, self.epochs, self.steps = epochs, earlier, list(earlier), []
        self.begin = time.perf_counter()

    def add(self, record):
        """Take in a record; returns the Epoch that ends with it, or None."""
        if self.earlier:
            self.epochs = [epoch for epoch in self.earlier if epoch.step < record.step]
            self.begin -= self.epochs[-1].seconds if self.epochs else 0.0
            self.earlier = ()
        self.steps.append(record)
        if record.step % (record.steps // self.count):
            return None
        steps, self.steps = self.steps, []

        def mean(figures):
            return sum(figures) / len(steps)

        self.epochs.append(
            Epoch(
                epoch=record.epoch,
                step=record.step,
                loss=mean(r.loss for r in steps),
                accuracy=mean(r.accuracy for r in steps),
                rate=mean(r.rate for r in steps),
                gradient_norm=mean(r.gradient_norm**2 for r in steps) ** 0.5,
                held_out=record.held_out,
                images_per_second=1 / mean(1 / r.images_per_second for r in steps),
                seconds=time.perf_counter() - self.begin,
            )
        )
        return self.epochs[-1]


def hardware(device):
    """What a run ran on."""
    found = {"device": device.type, "processor": _processor(), "threads": torch.get_num_threads()}
    if device.type == "cuda":
        found["gpu"] = torch.cuda.get_device_name(device)
        found["cuda"] = torch.version.cuda
    return found


def versions():
    """Versions of what a run's figures depend on."""
    return {
        "cnnlab": metadata.version("cnnlab"),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }


def _processor():
    """The processor's name, where the system tells it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine()
