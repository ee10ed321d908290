"""How fast this device trains: images a second by batch size, and where the time of AlexNet goes, measured live."""

import os
import time
from dataclasses import dataclass, field
from functools import partial

import torch
import traitlets
from torch import nn

from cnnlab import nets
from cnnlab.apps.base import Setting
from cnnlab.apps.live import LiveApp
from cnnlab.apps.recorded import named_apart
from cnnlab.core import checks
from cnnlab.nets.architectures.alexnet_small import AlexNetSmall
from cnnlab.nets.architectures.lenet import LeNet
from cnnlab.nets.architectures.resnet_cifar import ResNetCifar

BATCHES = (1, 2, 4, 8, 16, 32, 64)
NETS = {
    "LeNet, 28×28": (LeNet, (1, 28, 28)),
    "small AlexNet, 32×32": (AlexNetSmall, (3, 32, 32)),
    "ResNet-20, 32×32": (partial(ResNetCifar, 20), (3, 32, 32)),
}
MEASURE = 0.25  # seconds a batch size, after one step to warm up
REPEATS = 3  # forward passes of AlexNet; the quickest counts
GROUPS = {nn.Conv2d: "convolutions", nn.Linear: "dense layers", nn.MaxPool2d: "pooling", nn.LocalResponseNorm: "LRN"}


def devices():
    """The devices that there are: the CPU, and a GPU if one is found."""
    return ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]


def wait_for(device):
    """Work on a GPU goes on in the background; a clock must wait for it."""
    if device == "cuda":
        torch.cuda.synchronize()


@dataclass
class Speeds:
    """Device -> [(batch, images a second)], and MB of GPU memory at each batch size."""

    net: str
    found: dict = field(default_factory=dict)
    memory: list = field(default_factory=list)
    steps: int = 0


class Throughput(LiveApp):
    """Images a second in training against the batch size, on every device of this machine."""

    net = Setting("LeNet, 28×28").tag(sync=True, state=True)

    label = traitlets.Unicode("Images a second").tag(sync=True)
    controls = traitlets.List(
        [{"kind": "menu", "name": "net", "label": "Network", "options": [[name, name] for name in NETS]}]
    ).tag(sync=True)

    @traitlets.validate("net")
    def _one_of(self, proposal):
        return checks.choice("net", proposal["value"], tuple(NETS))

    def work(self, stopped, fresh, *, net):
        if fresh:
            self.speeds = Speeds(net)
        torch.set_num_threads(os.cpu_count() or 1)
        done = {(device, batch) for device, points in self.speeds.found.items() for batch, _ in points}
        for device in devices():
            for batch in BATCHES:
                if stopped():
                    return
                if (device, batch) not in done:
                    self.speeds.found.setdefault(device, []).append((batch, measured(net, device, batch, self.speeds)))
                    yield self.speeds

    def draw(self, speeds):
        lines = [
            {"points": [list(point) for point in points], "role": role, "name": device.upper().replace("CUDA", "GPU")}
            for role, (device, points) in zip(("input", "output"), speeds.found.items(), strict=False)
        ]
        highest = max(speed for points in speeds.found.values() for _, speed in points)
        told = [
            f"{device}: {points[0][1]:,.0f} a second one by one, {points[-1][1]:,.0f} in batches of {points[-1][0]}"
            for device, points in speeds.found.items()
        ]
        chart = {
            "name": f"{speeds.net}: images a second in training",
            "text": "; ".join(told),
            "x": {"range": [0, BATCHES[-1]], "name": "images a batch"},
            "y": {"range": [0, 1.1 * highest]},
            "lines": named_apart(lines, 1.1 * highest),
            "dots": [{"at": point, "role": line["role"], "small": True} for line in lines for point in line["points"]],
        }
        gpu = speeds.found.get("cuda")
        memory = f" GPU memory at most {speeds.memory[-1]:,.0f} MB." if gpu else " No GPU here: not measured."
        share = sum(map(len, speeds.found.values())) / (len(BATCHES) * len(devices()))
        return {"pictures": {}, "charts": [chart], "text": f"{'; '.join(told)}.{memory}", "share": share}


def measured(net, device, batch, speeds):
    """Images a second of forward, backward and update on random images."""
    make, shape = NETS[net]
    model = make().to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    images, labels = torch.randn(batch, *shape, device=device), torch.zeros(batch, dtype=torch.int64, device=device)

    def step():
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(images), labels).backward()
        optimizer.step()

    step()
    wait_for(device)
    begin, count = time.perf_counter(), 0
    while time.perf_counter() - begin < MEASURE:
        step()
        wait_for(device)
        count += 1
    if device == "cuda":
        speeds.memory.append(torch.cuda.max_memory_allocated() / 1e6)
    return batch * count / (time.perf_counter() - begin)


@dataclass
class Layers:
    """Group of layers -> seconds of one forward pass, and what the pass did."""

    seconds: dict
    batch: int
    device: str
    parameters: dict


class WhereTheTimeGoes(LiveApp):
    """One forward pass of the full AlexNet, timed layer by layer on this machine."""

    batch = Setting(4).tag(sync=True, state=True)

    label = traitlets.Unicode("Where the time goes").tag(sync=True)
    controls = traitlets.List(
        [{"kind": "slider", "name": "batch", "label": "Images a batch", "min": 1, "max": 32}]
    ).tag(sync=True)

    @traitlets.validate("batch")
    def _in_range(self, proposal):
        return checks.within("batch", checks.integer("batch", proposal["value"], 1), 1, 32)

    def work(self, stopped, fresh, *, batch):
        torch.set_num_threads(os.cpu_count() or 1)
        device = devices()[-1]
        model = nets.build("alexnet_227").to(device).eval()
        images = torch.randn(batch, 3, 227, 227, device=device)
        best = {}
        with torch.no_grad():
            for _ in range(REPEATS):
                for name, seconds in timed(model, images, device):
                    best[name] = min(seconds, best.get(name, seconds))
                yield Layers(dict(best), batch, device, parameters(model))
                if stopped():
                    return

    def draw(self, layers):
        total = sum(layers.seconds.values())
        weights = sum(layers.parameters.values())
        boxes, told = [], []
        for row, (name, seconds) in enumerate(layers.seconds.items()):
            time_share, weight_share = 100 * seconds / total, 100 * layers.parameters.get(name, 0) / weights
            boxes.append({"x": [row + 0.08, row + 0.48], "y": [0, time_share], "role": "input", "strength": 0.9})
            boxes.append({"x": [row + 0.52, row + 0.92], "y": [0, weight_share], "role": "kernel", "strength": 0.9})
            told.append(
                f"{name}: {1e3 * seconds:.1f} ms, {time_share:.0f} % of the time, {weight_share:.0f} % of the weights"
            )
        chart = {
            "name": "Share of the time (blue, left) and of the weights (orange, right), %",
            "text": "; ".join(told),
            "x": {"range": [0, len(boxes) // 2], "ticks": []},
            "y": {"range": [0, 100]},
            "boxes": boxes,
            "dots": [],
            "lines": [
                {"points": [[row + 0.5, -50]], "name": name, "at": [row + 0.5, 92], "anchor": "middle"}
                for row, name in enumerate(layers.seconds)
            ],
        }
        where = "GPU" if layers.device == "cuda" else "CPU"
        speed = layers.batch / total
        text = f"{'; '.join(told)}. Together {1e3 * total:.0f} ms for {layers.batch} images on this {where}: "
        return {"pictures": {}, "charts": [chart], "text": f"{text}{speed:,.0f} images a second forward.", "share": 1}


def timed(model, images, device):
    """(group, seconds) summed up over the layers of a forward pass, the others under "the rest"."""
    sums = dict.fromkeys([*GROUPS.values(), "the rest"], 0.0)
    x = images
    for layer in [*model.features, *model.classifier]:
        wait_for(device)
        begin = time.perf_counter()
        x = layer(x)
        wait_for(device)
        sums[GROUPS.get(type(layer), "the rest")] += time.perf_counter() - begin
    return sums.items()


def parameters(model):
    """Group -> number of weights."""
    found = {}
    for layer in [*model.features, *model.classifier]:
        group = GROUPS.get(type(layer), "the rest")
        found[group] = found.get(group, 0) + sum(p.numel() for p in layer.parameters())
    return found
