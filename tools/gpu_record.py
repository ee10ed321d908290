"""The whole GPU run, in one command, into one record: `python tools/gpu_record.py gpu.json`.

Fashion-MNIST to 93.5 % and to 95 %, CIFAR-10 as far as ResNet-18 takes it, plain and residual nets of 20 to 56 layers
with their training errors, and images a second of AlexNet and ResNet-50 at 224 x 224 against a plain autocast loop.
The file is written after every part, so what is done is kept. `--tiny` tries everything in seconds on any machine;
`--only fashion cifar` does some parts.
"""

import argparse
import importlib.util
import json
import math
import time
from dataclasses import replace
from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name

from cnnlab import nets
from cnnlab.nets import data, records
from cnnlab.nets.augment import Augment
from cnnlab.nets.recipe import Recipe
from cnnlab.nets.train import evaluate, fit

FASHION = Recipe(epochs=8, batch=512, rate=0.1, label_smoothing=0.1, augment=Augment(flip=0.5, shift=2), ema=0.99)
FASHION_LONG = replace(
    FASHION, epochs=60, batch=128, rate=0.05, augment=Augment(flip=0.5, shift=2, cutout=8), ema=0.999
)
CIFAR = Recipe(
    epochs=40, batch=256, rate=0.2, label_smoothing=0.1, augment=Augment(flip=0.5, shift=4, cutout=8), ema=0.999
)
HE = Recipe(  # He et al. 2015, section 4.2, with 164 epochs of 391 steps for the 64k steps
    epochs=164,
    rate=0.1,
    schedule="step",
    nesterov=False,
    weight_decay=1e-4,
    augment=Augment(flip=0.5, shift=4),
)


class Machine:
    """What the parts share: the device, and how much of everything to do."""

    def __init__(self, device, tiny):
        self.device, self.tiny = Recipe(device=device).where()[0], tiny

    def recipe(self, recipe):
        recipe = replace(recipe, device=str(self.device))
        return replace(recipe, epochs=1, batch=16) if self.tiny else recipe

    def images(self, name, split="train"):
        if self.tiny:
            return noise(32, *((32, 3) if name == "cifar-10" else (28, 1)), classes=10)
        return data.load(name, split)

    def net(self, name, images, seed=0):
        torch.manual_seed(seed)
        return nets.build(name, num_classes=len(images.classes), in_channels=images.images.shape[1])

    def trained(self, model, images, recipe):
        """Train; (seconds, figures an epoch). Kernels are compiled and chosen by a first short run, not counted."""
        if self.device.type == "cuda":
            model.compile()
            warm = {name: value.clone() for name, value in model.state_dict().items()}
            for _ in fit(model, images.subset(torch.arange(4 * recipe.batch)), replace(recipe, epochs=1)):
                pass
            model.load_state_dict(warm)
        recorder = records.Recorder(recipe.epochs)
        begin = time.perf_counter()
        for record in fit(model, images, recipe):
            recorder.add(record)
        return time.perf_counter() - begin, [vars(epoch) for epoch in recorder.epochs]

    def run(self, net, name, recipe, seeds=(0,)):
        """Train on a data set and score its whole test set, once a seed."""
        images, test = self.images(name), self.images(name, "test")
        runs = []
        for seed in seeds:
            chosen = replace(self.recipe(recipe), seed=seed)
            model = self.net(net, images, seed)
            seconds, epochs = self.trained(model, images, chosen)
            scores = {"training": evaluate(model, images), "test": evaluate(model, test)}
            runs.append({"net": net, "data": images.name, "recipe": chosen.as_dict(), "seconds": seconds, **scores})
            runs[-1]["epochs"] = epochs
            print(f"  {net} on {images.name}, seed {seed}: test {scores['test'].accuracy:.2%} in {seconds:.1f} s")
        return runs


def fashion(machine):
    """The lecture's net: quickly to 93.5 %, slowly to 95 %."""
    return {
        "quick": machine.run("fashion_cnn", "fashion-mnist", FASHION, seeds=(0, 1, 2)),
        "long": machine.run("resnet18", "fashion-mnist", FASHION_LONG),
    }


def cifar(machine):
    """CIFAR-10 as it is found (the JPEG version is lossy)."""
    return machine.run("resnet18", "cifar-10", CIFAR)


def degradation(machine):
    """Plain and residual nets on CIFAR-10 with the paper's recipe."""
    depths = (20,) if machine.tiny else (20, 32, 44, 56)
    names = [f"{kind}{depth}" for depth in depths for kind in ("plain", "resnet")]
    return [run for name in names for run in machine.run(name, "cifar-10", HE)]


def throughput(machine):
    """Images a second at 224 x 224: our loop against a plain autocast loop on torchvision's net, where installed."""
    side, batch, steps = (64, 4, 2) if machine.tiny else (224, 256, 60)
    found = []
    for name in ("alexnet", "resnet50"):
        images = noise(4 * batch, side)
        recipe = replace(Recipe(epochs=math.ceil(steps / 4), batch=batch), device=str(machine.device))
        model = machine.net(name, images)
        if machine.device.type == "cuda":
            model.compile()
        speeds = sorted(record.images_per_second for record in fit(model, images, recipe))
        plain, source = _plain_loop(name, images, batch, steps, machine.device)
        found.append({"net": name, "ours": speeds[len(speeds) // 2], "plain_loop": plain, "plain_net": source})
        found[-1]["ratio"] = found[-1]["ours"] / plain
        print(f"  {name}: {found[-1]['ours']:,.0f} against {plain:,.0f} images/s ({source})")
    return found


def noise(count, side, channels=3, classes=1000):
    """Random pictures: for speed their content does not matter."""
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(256, (count, channels, side, side), generator=generator, dtype=torch.uint8)
    labels = torch.randint(classes, (count,), generator=generator)
    names = tuple(str(number) for number in range(classes))
    return data.Images("noise", "train", images, labels, names, "", mean=(0.5,) * channels, std=(0.3,) * channels)


def _plain_loop(name, images, batch, steps, device):
    """Median images a second of what one writes first, data on the device already."""
    if importlib.util.find_spec("torchvision"):
        model, source = importlib.import_module("torchvision.models").get_model(name), "torchvision"
    else:
        model, source = nets.build(name), "our net, torchvision is not installed"
    model.to(device).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    x, y = images.images[:batch].to(device).float() / 255, images.labels[:batch].to(device)
    speeds = []
    for _ in range(steps):
        begin = time.perf_counter()
        with torch.autocast(device.type, torch.bfloat16):
            loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss.item()
        speeds.append(batch / (time.perf_counter() - begin))
    return sorted(speeds)[steps // 2], source


PARTS = {part.__name__: part for part in (fashion, cifar, degradation, throughput)}


def main(arguments=None):
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("record", type=Path, help="the JSON file to write")
    options.add_argument("--device", default="cuda")
    options.add_argument("--tiny", action="store_true")
    options.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    chosen = options.parse_args(arguments)
    machine = Machine(chosen.device, chosen.tiny)
    found = {"hardware": records.hardware(machine.device), "versions": records.versions(), "tiny": chosen.tiny}
    for name in chosen.only:
        print(f"{name} on {found['hardware'].get('gpu', 'the CPU')}", flush=True)
        found[name] = PARTS[name](machine)
        chosen.record.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
