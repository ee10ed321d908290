"""Killed (kill -9) at a random moment of training or saving, a run goes on to the bits of the uninterrupted one.

A few moments here; CNNLAB_KILLS=50 tries fifty.
"""

import os
import random
import signal
import time

import pytest
import torch
from torch import nn

from cnnlab.nets import checkpoint, data
from cnnlab.nets.augment import Augment
from cnnlab.nets.recipe import Recipe
from cnnlab.nets.train import fit

KILLS = int(os.environ.get("CNNLAB_KILLS", "4"))
RECIPE = Recipe(epochs=12, batch=32, rate=0.1, augment=Augment(shift=1), ema=0.9, precision="float32")
STEPS_AN_EPOCH = 4

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


def net():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.Flatten(), nn.Dropout(0.2), nn.LazyLinear(10)
    )


def trained(images, path=None, on_step=lambda record: None):
    model = net()
    model(images.images[:2].float())  # gives the lazy layer its size
    for record in fit(model, images, RECIPE, checkpoint=path):
        on_step(record)
    return model


def in_child(work):
    """Process number of a fork that runs `work` and ends."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    return child


def test_killed_at_random_moments(tmp_path):
    torch.set_num_threads(1)
    images = data.load("digits").subset(torch.arange(32 * STEPS_AN_EPOCH))
    trained(images)  # the first run is slower
    begin = time.perf_counter()
    expected = trained(images, tmp_path / "whole.safetensors").state_dict()
    length = time.perf_counter() - begin
    chance, found = random.Random(0), set()
    for kill in range(KILLS):
        path, progress = tmp_path / f"{kill}.safetensors", tmp_path / f"{kill}.steps"

        def work(path=path, progress=progress):
            with open(progress, "w", buffering=1) as file:
                trained(images, path, lambda record: file.write(f"{record.step}\n"))

        child = in_child(work)
        time.sleep(chance.uniform(0, length))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        done = progress.read_text().split() if progress.exists() else []
        reached = int(done[-1]) if done else 0
        newest = checkpoint.load_newest(path)
        saved = int(newest[1]["step"]) if newest else 0
        assert saved % STEPS_AN_EPOCH == 0 and saved >= reached - STEPS_AN_EPOCH
        found.add(saved)
        resumed = trained(images, path).state_dict()
        assert all(torch.equal(expected[name], resumed[name]) for name in expected)
    assert len(found) > min(KILLS, 10) // 3
