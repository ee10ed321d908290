"""The training loop on real handwritten digits: it learns, repeats itself bit for bit, and survives what goes wrong."""

import errno
import itertools
import os
import threading
import time

import pytest
import torch
from torch import nn

from cnnlab.nets import _training_state, checkpoint, data, train
from cnnlab.nets._training_state import decay_groups
from cnnlab.nets.augment import Augment
from cnnlab.nets.recipe import Recipe
from cnnlab.nets.train import Score, evaluate, fit, normalize, predict

QUICK = Recipe(epochs=2, batch=64, rate=0.2, augment=Augment(shift=1), ema=0.9, clip=5.0, precision="float32")


@pytest.fixture(scope="module")
def digits():
    return data.load("digits")


@pytest.fixture(scope="module")
def some(digits):
    """A few batches' worth."""
    return digits.subset(torch.arange(256)), digits.subset(torch.arange(256, 320))


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def net(images, seed=0):
    """A small net with everything that has a state: batch norm and dropout."""
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(images.images.shape[1], 8, 3, padding=1, bias=False),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(4),
        nn.Flatten(),
        nn.Dropout(0.1),
        nn.Linear(128, len(images.classes)),
    )


def dense(images, seed=0):
    """A small net without batch norm and dropout: it treats every image by itself."""
    torch.manual_seed(seed)
    return nn.Sequential(nn.Flatten(), nn.Linear(images.images[0].numel(), 20), nn.ReLU(), nn.Linear(20, 10))


def same(one, other):
    """Whether two models have the same bits."""
    return all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True))


def without_speed(records):
    return [(r.step, r.loss, r.accuracy, r.rate, r.gradient_norm, r.held_out) for r in records]


def test_it_learns_digits(digits):
    """A small CNN reads nearly every digit of the test split after seconds of training."""
    torch.manual_seed(0)
    model = nn.Sequential(
        *(nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.BatchNorm2d(32), nn.MaxPool2d(2)),
        *(nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.BatchNorm2d(64), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Dropout(0.25), nn.Linear(256, 10)),
    )
    test = data.load("digits", "test")
    before = evaluate(model, test)
    recipe = Recipe(epochs=10, batch=32, rate=0.05, augment=Augment(shift=1, scale=0.1), precision="float32", ema=0.95)
    records = list(fit(model, digits, recipe, held_out=test))
    assert before.accuracy < 0.4 and evaluate(model, test).accuracy > 0.97
    assert records[-1].held_out == evaluate(model, test)
    assert records[-1].loss < 0.3 < records[0].loss
    assert [r.step for r in records] == list(range(1, records[-1].steps + 1))
    assert [bool(r.held_out) for r in records].count(True) == 10 == records[-1].epoch
    assert all(r.images_per_second > 0 and r.gradient_norm > 0 for r in records)


def test_a_step_is_the_textbooks(some):
    """One step without extras against loss, gradient and update written out."""
    images, _ = some
    plain = {"schedule": "constant", "momentum": 0.0, "weight_decay": 0.0, "precision": "float32"}
    recipe = Recipe(epochs=1, batch=256, rate=0.1, label_smoothing=0.1, **plain)
    ours, theirs = dense(images), dense(images)
    (record,) = fit(ours, images, recipe)
    mean, std = torch.tensor(images.mean).view(1, -1, 1, 1), torch.tensor(images.std).view(1, -1, 1, 1)
    logits = theirs((images.images / 255 - mean) / std)
    target = 0.9 * nn.functional.one_hot(images.labels, 10) + 0.01
    loss = -(target * logits.log_softmax(1)).sum(1).mean()
    gradients = torch.autograd.grad(loss, list(theirs.parameters()))
    assert record.loss == pytest.approx(loss.item(), rel=1e-5)
    assert record.gradient_norm == pytest.approx(sum(g.square().sum() for g in gradients).sqrt().item(), rel=1e-4)
    assert record.accuracy == pytest.approx((logits.argmax(1) == images.labels).float().mean().item())
    for new, old, gradient in zip(ours.parameters(), theirs.parameters(), gradients, strict=True):
        torch.testing.assert_close(new, old - 0.1 * gradient, atol=1e-6, rtol=1e-5)


def test_the_same_seed_gives_the_same_bits_and_another_one_others(some):
    images, held_out = some
    models = [net(images) for _ in range(3)]
    runs = []
    for number, model in enumerate(models):
        torch.manual_seed(number)  # whatever torch's generator was doing
        runs.append(list(fit(model, images, Recipe(**{**vars(QUICK), "seed": number // 2}), held_out=held_out)))
    assert same(models[0], models[1]) and not same(models[0], models[2])
    assert without_speed(runs[0]) == without_speed(runs[1]) != without_speed(runs[2])


def test_the_generator_outside_goes_on_as_if_nothing_was(some):
    images, _ = some
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    list(itertools.islice(fit(net(images, seed=3), images, QUICK), 3))
    torch.manual_seed(3)
    steps = fit(net(images, 3), images, QUICK)
    torch.manual_seed(3)
    next(steps)
    assert torch.equal(torch.rand(4), expected)


@pytest.mark.parametrize("schedule", ["onecycle", "plateau"])
@pytest.mark.parametrize("after", [1, 4, 6])
def test_resume_is_the_uninterrupted_run(some, tmp_path, schedule, after):
    images, held_out = some
    recipe = Recipe(**{**vars(QUICK), "epochs": 3, "schedule": schedule})
    whole = net(images)
    expected = list(fit(whole, images, recipe, held_out=held_out))
    path = tmp_path / "run.safetensors"
    stop = threading.Event()
    first = []
    for record in fit(net(images), images, recipe, held_out=held_out, checkpoint=path, stop=stop):
        first.append(record)
        if len(first) == after:
            stop.set()
    resumed = net(images, seed=9)
    second = list(fit(resumed, images, recipe, held_out=held_out, checkpoint=path))
    assert same(whole, resumed)
    assert without_speed(first + second) == without_speed(expected)
    assert second[0].notice == f"Going on after step {after} of 12."
    assert list(fit(resumed, images, recipe, checkpoint=path)) == []  # done is done
    assert same(whole, resumed)


def test_stopped_while_scoring_then_resumed(some, tmp_path):
    """The plateau's rate hangs on the held-out score, which comes late then."""
    images, held_out = some
    recipe = Recipe(**{**vars(QUICK), "epochs": 4, "schedule": "plateau"})
    whole = net(images)
    expected = list(fit(whole, images, recipe, held_out=held_out))
    path, asked = tmp_path / "run.safetensors", itertools.count()
    first = list(fit(net(images), images, recipe, held_out=held_out, checkpoint=path, stop=lambda: next(asked) >= 4))
    assert len(first) == 4 and first[-1].held_out is None
    resumed = net(images, seed=9)
    second = list(fit(resumed, images, recipe, held_out=held_out, checkpoint=path))
    assert same(whole, resumed)
    assert without_speed(second) == without_speed(expected[4:])


def test_a_checkpoint_of_something_else_is_refused(some, tmp_path):
    images, _ = some
    path = tmp_path / "run.safetensors"
    list(fit(net(images), images, QUICK, checkpoint=path))
    with pytest.raises(ValueError, match=r"^checkpoint=.*recipe differ"):
        next(fit(net(images), images, Recipe(epochs=1), checkpoint=path))
    with pytest.raises(ValueError, match=r"^checkpoint=.*another net"):
        next(fit(dense(images), images, QUICK, checkpoint=path))


def test_stop_comes_between_two_steps_and_within_scoring(digits):
    stop = threading.Event()
    steps = fit(net(digits), digits, Recipe(epochs=1000, batch=32), stop=stop)
    next(steps)
    stop.set()
    begin = time.perf_counter()
    assert list(steps) == []
    assert time.perf_counter() - begin < 1
    assert evaluate(net(digits), digits, stop=lambda: True) is None
    with pytest.raises(ValueError, match=r"^stop="):
        next(fit(net(digits), digits, stop=5))


def test_a_loss_that_is_not_finite_gives_back_finite_weights_and_advice(digits):
    model = dense(digits)
    recipe = Recipe(epochs=50, batch=64, rate=1e6, schedule="constant", precision="float32", weight_decay=0.9)
    *_, last = fit(model, digits, recipe)
    assert last.step < last.steps
    assert "Try rate=200000." in last.notice or "Try rate=300000." in last.notice
    assert all(value.isfinite().all() for value in model.state_dict().values())
    assert torch.isfinite(torch.tensor(evaluate(model, digits).loss))


def test_memory_that_runs_out_halves_what_is_worked_on(some, monkeypatch):
    """The weights stay those of the whole batch: without batch norm, to rounding."""
    images, _ = some

    class Hungry(nn.Sequential):
        most = 1000

        def forward(self, x):
            if self.training and len(x) > self.most:
                raise torch.OutOfMemoryError("out of memory")
            return super().forward(x)

    def hungry():
        return Hungry(*dense(images))

    expected = hungry()
    whole = list(fit(expected, images, QUICK))
    monkeypatch.setattr(Hungry, "most", 20)
    model = hungry()
    parts = list(fit(model, images, QUICK))
    assert "from now on 16 images at a time" in parts[0].notice and not parts[1].notice
    assert [r.loss for r in parts] == pytest.approx([r.loss for r in whole], rel=1e-4)
    for a, b in zip(model.parameters(), expected.parameters(), strict=True):
        torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-4)
    monkeypatch.setattr(Hungry, "most", 0)
    with pytest.raises(torch.OutOfMemoryError):
        next(fit(hungry(), images, QUICK))


def test_other_errors_of_the_net_come_through(some):
    images, _ = some
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        next(fit(nn.Sequential(nn.Flatten(), nn.Linear(3, 10)), images, QUICK))


def test_a_full_disk_is_told_and_training_goes_on(some, tmp_path, monkeypatch):
    images, _ = some
    path = tmp_path / "run.safetensors"
    steps = fit(net(images), images, Recipe(**{**vars(QUICK), "epochs": 3}), checkpoint=path)
    first = list(itertools.islice(steps, 4))
    before = path.read_bytes()

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    rest = list(steps)
    assert len(first + rest) == 12
    assert rest[3].notice == "Step 8 could not be saved (No space left on device); the checkpoint before it stays."
    assert path.read_bytes() == before
    assert checkpoint.load(path)[1]["step"] == "4"


def test_decay_pulls_on_weights_of_layers_alone():
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.GroupNorm(1, 2), nn.Flatten(), nn.Linear(8, 2))
    decayed, free = decay_groups(model, 0.1)
    assert (decayed["weight_decay"], free["weight_decay"]) == (0.1, 0.0)
    assert {id(p) for p in decayed["params"]} == {id(model[0].weight), id(model[4].weight)}
    assert len(free["params"]) == 6
    model[0].weight.requires_grad_(False)
    assert [id(p) for p in decay_groups(model, 0.1)[0]["params"]] == [id(model[4].weight)]


def test_frozen_layers_stay(some):
    images, _ = some
    model = net(images)
    model[0].weight.requires_grad_(False)
    before = model[0].weight.clone()
    list(fit(model, images, QUICK))
    assert torch.equal(model[0].weight, before)


def test_the_average_is_scored_and_becomes_the_model(some):
    """Against the recurrence written out, of weights after every step."""
    images, held_out = some
    recipe = Recipe(**{**vars(QUICK), "ema": 0.8, "epochs": 1})
    model = net(images)
    average, last = model[6].weight.detach().double().clone(), None
    for record in fit(model, images, recipe, held_out=held_out):
        if record.step < record.steps:
            last = model[6].weight.detach().double().clone()
            decay = min(0.8, (1 + record.step) / (10 + record.step))
            average = decay * average + (1 - decay) * last
    raw = net(images)
    list(fit(raw, images, Recipe(**{**vars(recipe), "ema": 0.0}), held_out=held_out))
    decay = min(0.8, (1 + record.step) / (10 + record.step))
    average = decay * average + (1 - decay) * raw[6].weight.detach()
    torch.testing.assert_close(model[6].weight.detach().double(), average, atol=1e-6, rtol=1e-5)
    assert record.held_out == evaluate(model, held_out)


def test_plateau_divides_the_rate_by_ten(some, monkeypatch):
    images, held_out = some
    monkeypatch.setattr(train, "evaluate", lambda *_, **__: Score(1.0, 0.5))
    recipe = Recipe(**{**vars(QUICK), "epochs": 6, "schedule": "plateau", "ema": 0.0})
    records = list(fit(net(images), images, recipe, held_out=held_out))
    assert [r.rate for r in records[::4]] == pytest.approx([0.2, 0.2, 0.2, 0.2, 0.02, 0.02])


def test_clipping_bounds_the_change_of_a_step(some):
    images, _ = some
    recipe = Recipe(**{**vars(QUICK), "clip": 1e-3, "momentum": 0.0, "weight_decay": 0.0, "ema": 0.0})
    recipe = Recipe(**{**vars(recipe), "schedule": "constant"})
    model = net(images)
    before = nn.utils.parameters_to_vector(model.parameters()).detach()
    next(fit(model, images, recipe))
    after = nn.utils.parameters_to_vector(model.parameters()).detach()
    assert (after - before).norm().item() == pytest.approx(0.2 * 1e-3, rel=1e-2)


def test_normalize_has_mean_zero_and_deviation_one(digits):
    x = normalize(digits.images, digits).double()
    torch.testing.assert_close(x.mean(dim=(0, 2, 3)), torch.zeros(x.shape[1]).double(), atol=1e-3, rtol=0)
    torch.testing.assert_close(x.std(dim=(0, 2, 3)), torch.ones(x.shape[1]).double(), atol=1e-3, rtol=0)


def test_predict_leaves_the_mode_and_takes_tensors_too(some):
    images, _ = some
    model = net(images).train()
    logits = predict(model, images)
    assert model.training and logits.shape == (256, 10)
    assert torch.equal(logits, predict(model, normalize(images.images, images)))
    assert torch.equal(logits, predict(model, images))  # no dropout


def test_bfloat16_trains_too(some):
    images, held_out = some
    records = list(fit(net(images), images, Recipe(**{**vars(QUICK), "precision": "bfloat16"}), held_out=held_out))
    assert records[-1].loss < records[0].loss


def test_the_order_is_new_in_every_epoch_and_misses_no_image(some):
    images, _ = some
    batches = train._Batches(net(images), images, QUICK, torch.device("cpu"))
    first, second = batches.order(0, 256).clone(), batches.order(1, 256).clone()
    assert sorted(first.tolist()) == list(range(256)) and not torch.equal(first, second)
    assert torch.equal(batches.order(0, 256), first)


def test_state_goes_back_to_what_was_kept(some):
    images, _ = some
    model = net(images)
    state = _training_state.State(model, QUICK, 10, "digits")
    before = net(images)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(float("nan"))
    state.restore()
    assert same(model, before)
