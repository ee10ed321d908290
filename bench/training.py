"""Speed of the training loop: `python -m bench.training`.

LeNet on MNIST (on digits, where MNIST is not at hand) against the loop of the PyTorch tutorials: a Dataset that
transforms one picture at a time and a DataLoader, with the same net, optimizer, schedule, augmentation and epochs; ours
with the batch and the precision that are quick, and the accuracy of both printed. Then augmentation of a batch against
augmentation picture by picture. Everything on two threads.
"""

import math
import random
import time
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from PIL import Image, ImageEnhance
from torch.utils.data import DataLoader, Dataset

from cnnlab import nets
from cnnlab.nets import data
from cnnlab.nets.augment import Augment
from cnnlab.nets.recipe import Recipe
from cnnlab.nets.train import evaluate, fit

THREADS = 2
BATCH = 64
EPOCHS = 1
RATE = 0.05
AUGMENT = Augment(shift=2)


class Pictures(Dataset):
    """As tutorials have it: PIL in, random crop after padding, to a tensor, normalised; one picture at a time."""

    def __init__(self, images, shift=0):
        self.pictures = [Image.fromarray(image.squeeze(0).numpy()) for image in images.images]
        self.labels, self.shift = images.labels.tolist(), shift
        self.mean, self.std = torch.tensor(images.mean).view(-1, 1, 1), torch.tensor(images.std).view(-1, 1, 1)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        picture = self.pictures[index]
        if self.shift:
            picture = cropped(picture, self.shift)
        tensor = torch.from_numpy(np.array(picture)).unsqueeze(0).float().div(255)
        return tensor.sub(self.mean).div(self.std), self.labels[index]


def cropped(picture, shift):
    """A crop of the padded picture, at a random place."""
    width, height = picture.size
    padded = Image.new(picture.mode, (width + 2 * shift, height + 2 * shift))
    padded.paste(picture, (shift, shift))
    left, top = random.randint(0, 2 * shift), random.randint(0, 2 * shift)
    return padded.crop((left, top, left + width, top + height))


def tutorial(model, images, workers):
    """The usual loop."""
    loader = DataLoader(Pictures(images, AUGMENT.shift), batch_size=BATCH, shuffle=True, num_workers=workers)
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE, momentum=0.9, nesterov=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, epochs=EPOCHS, steps_per_epoch=len(loader))
    model.train()
    for _ in range(EPOCHS):
        for inputs, labels in loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(inputs), labels)
            loss.backward()
            optimizer.step()
            schedule.step()


def ours(model, images):
    recipe = Recipe(epochs=EPOCHS, batch=4 * BATCH, rate=2 * RATE, augment=AUGMENT, weight_decay=0.0)
    for _ in fit(model, images, recipe):
        pass


def loops():
    """Images a second and test accuracy of both loops."""
    images, test = data.load("mnist"), data.load("mnist", "test")
    print(f"{images.notice or 'MNIST'}: LeNet, {len(images):,} images, {EPOCHS} epochs")
    speeds = []
    for name, loop in {
        "ours": ours,
        "DataLoader, two workers": partial(tutorial, workers=2),
        "DataLoader, no workers": partial(tutorial, workers=0),
    }.items():
        torch.manual_seed(0)
        model = nets.build("lenet5", num_classes=10, in_channels=1)
        begin = time.perf_counter()
        loop(model, images)
        speeds.append(EPOCHS * len(images) / (time.perf_counter() - begin))
        accuracy = evaluate(model, test).accuracy
        print(f"  {name:26}{speeds[-1]:10,.0f} images/s   test {accuracy:.2%}   ratio {speeds[0] / speeds[-1]:.1f}")


def with_pil(pictures, strength, mean, std):
    """The same transforms as `Augment`'s with PIL, picture by picture, as Datasets have them."""
    results = []
    for picture in pictures:
        if random.random() < strength.flip:
            picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        if strength.shift:
            picture = cropped(picture, strength.shift)
        if strength.scale:
            factor = 1 / random.uniform(1 - strength.scale, 1 + strength.scale)
            width, height = picture.size
            matrix = (factor, 0, (1 - factor) * width / 2, 0, factor, (1 - factor) * height / 2)
            picture = picture.transform(picture.size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)
        if strength.colour:
            for kind in (ImageEnhance.Brightness, ImageEnhance.Color, ImageEnhance.Contrast):
                picture = kind(picture).enhance(random.uniform(1 - strength.colour, 1 + strength.colour))
        tensor = torch.from_numpy(np.array(picture)).permute(2, 0, 1).float().div(255)
        if strength.cutout:
            row, column = random.randrange(picture.size[1]), random.randrange(picture.size[0])
            half = strength.cutout // 2
            tensor[:, max(row - half, 0) : row + half, max(column - half, 0) : column + half] = 0.5
        results.append(tensor.sub_(mean).div_(std))
    return torch.stack(results)


def augmentation(rounds=10):
    """Best times for 256 colour pictures of 32 x 32, normalised at the end: at once, the same functions one picture
    at a time, PIL one picture at a time."""
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(256, (256, 3, 32, 32), generator=generator, dtype=torch.uint8)
    pictures = [Image.fromarray(image.permute(1, 2, 0).numpy()) for image in images]
    mean, std = torch.tensor([0.49, 0.48, 0.45]).view(3, 1, 1), torch.tensor([0.25, 0.24, 0.26]).view(3, 1, 1)
    print(f"{'256 pictures of 32 x 32 in colour':36}  batch, ms  one by one, ms    PIL, ms  ratios")
    for name, strength in {
        "flip and crop": Augment(flip=0.5, shift=4),
        "flip, crop and cutout": Augment(flip=0.5, shift=4, cutout=8),
        "flip, crop, cutout, colour": Augment(flip=0.5, shift=4, cutout=8, colour=0.4),
        "flip, crop, cutout, colour, rescale": Augment(flip=0.5, shift=4, scale=0.2, cutout=8, colour=0.4),
    }.items():
        ways = [
            lambda s=strength: (s(images) - mean) / std,
            lambda s=strength: torch.cat([(s(image.unsqueeze(0)) - mean) / std for image in images]),
            lambda s=strength: with_pil(pictures, s, mean, std),
        ]
        batch, single, pil = take_turns(ways, rounds)
        print(f"  {name:36}{batch:9.2f}{single:16.1f}{pil:11.1f}{single / batch:8.1f}{pil / batch:6.1f}")


def take_turns(ways, rounds):
    """Best time of each in ms; they take turns, so that a busy machine slows all of them alike."""
    best = [math.inf] * len(ways)
    for _ in range(rounds):
        for number, way in enumerate(ways):
            begin = time.perf_counter()
            way()
            best[number] = min(best[number], 1e3 * (time.perf_counter() - begin))
    return best


def main():
    torch.set_num_threads(THREADS)
    augmentation()
    loops()


if __name__ == "__main__":
    main()
