"""Recipes: what is refused, and rates against torch's own schedulers."""

import pytest
import torch

from cnnlab.nets.augment import Augment
from cnnlab.nets.recipe import Recipe, rate_at


def torch_rates(scheduler, steps, **settings):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.3)
    schedule = scheduler(optimizer, **settings)
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return rates


@pytest.mark.parametrize("steps", [1, 2, 3, 10, 97, 1000])
def test_one_cycle_is_torchs(steps):
    expected = torch_rates(torch.optim.lr_scheduler.OneCycleLR, steps, max_lr=0.3, total_steps=steps + 1)
    # torch is asked for one step more than are taken, because it refuses the last `schedule.step()` otherwise.
    ours = [rate_at(step, steps + 1, Recipe(rate=0.3)) for step in range(steps)]
    assert ours == pytest.approx(expected, rel=1e-12)


def test_one_cycle_ends_near_zero():
    assert rate_at(99, 100, Recipe(rate=0.5)) == pytest.approx(0.5 / 250_000)


def test_steps_are_torchs():
    expected = torch_rates(torch.optim.lr_scheduler.MultiStepLR, 100, milestones=[50, 75], gamma=0.1)
    assert [rate_at(step, 100, Recipe(rate=0.3, schedule="step")) for step in range(100)] == pytest.approx(expected)


def test_constant_is_constant():
    assert {rate_at(step, 9, Recipe(rate=0.3, schedule="constant")) for step in range(9)} == {0.3}


def test_a_recipe_survives_being_written_down():
    recipe = Recipe(epochs=3, augment=Augment(flip=0.5, shift=2), schedule="step", ema=0.9)
    assert Recipe.from_dict(recipe.as_dict()) == recipe


@pytest.mark.parametrize(
    "field, value",
    [
        ("epochs", 0),
        ("batch", 1.5),
        ("rate", float("nan")),
        ("schedule", "linear"),
        ("momentum", 1),
        ("label_smoothing", 1),
        ("ema", 1.0),
        ("precision", "float8"),
        ("device", "toaster"),
        ("augment", {"flip": 0.5}),
        ("clip", -1),
    ],
)
def test_impossible_values_are_refused(field, value):
    with pytest.raises(ValueError, match=f"^{field}="):
        Recipe(**{field: value})


def test_a_gpu_that_is_not_there_becomes_the_cpu_with_a_sentence(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    device, notice = Recipe(device="cuda:1").where()
    assert device == torch.device("cpu") and "No GPU" in notice
    assert Recipe().where() == (torch.device("cpu"), "")


def test_precision_follows_the_device(monkeypatch):
    cpu, gpu = torch.device("cpu"), torch.device("cuda")
    for able, dtype in ((True, torch.bfloat16), (False, torch.float16)):
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda able=able, **_: able)
        assert Recipe().dtype(gpu) == dtype
    for able, dtype in ((True, torch.bfloat16), (False, torch.float32)):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda able=able: {"avx512_bf16": able})
        assert Recipe().dtype(cpu) == dtype
    assert Recipe(precision="float32").dtype(gpu) == torch.float32
