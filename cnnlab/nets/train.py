"""The training loop: stochastic gradient descent on batches of images, one record a step.

    for record in fit(model, data, Recipe(epochs=5, rate=0.1), held_out=few):
        print(record.step, record.loss)

All images are on the device as one tensor of bytes, and what is done to them is done to a batch at a time: that, and
no file or process between the data and the net, is why it is quick. From a shell, on one or several devices:

    python -m cnnlab.nets.train --model lenet5 --data mnist --epochs 5
    torchrun --nproc-per-node=4 -m cnnlab.nets.train --model resnet18 --data cifar-10
"""

import contextlib
import math
import time
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from torch import nn

from cnnlab.core import checks
from cnnlab.nets import _parallel
from cnnlab.nets._training_state import State
from cnnlab.nets.recipe import Recipe

__all__ = ["Record", "Score", "evaluate", "fit", "normalize", "predict"]

SCORED_AT_ONCE = 500  # images


class Score(NamedTuple):
    """Mean cross-entropy and share of right answers, 0 to 1."""

    loss: float
    accuracy: float


@dataclass(frozen=True)
class Record:
    """What happened in one step. `step` counts from 1 to `steps`, `epoch` from 1; `loss` and `accuracy` are of the
    step's augmented batch before the update; `held_out` is a Score at the end of an epoch, otherwise None; `notice`
    is a sentence to show, or empty."""

    step: int
    steps: int
    epoch: int
    loss: float
    accuracy: float
    rate: float
    images_per_second: float
    gradient_norm: float
    held_out: Score | None = None
    notice: str = ""


def fit(model, data, recipe=None, *, held_out=None, checkpoint=None, stop=None):
    """Train `model` in place on `data` (an `Images`), yielding a `Record` a step.

    held_out: Images to score at the end of every epoch.
    checkpoint: a file to save to after every epoch and when stopped; where it exists already, the run goes on from it
        and ends with the same bits as one that was never interrupted.
    stop: a function, or an event with `is_set`; as soon as it says yes the run ends, between two steps.

    A loss that is no finite number ends the run with the last finite weights and a notice that names a rate to try.
    Where memory runs out, each batch is worked on in halves from then on.
    """
    recipe = recipe or Recipe()
    stopped = _as_function(stop)
    device, notice = recipe.where()
    layout = torch.channels_last if recipe.channels_last else torch.contiguous_format
    model.to(device, memory_format=layout).train()
    images, labels = data.images.to(device), data.labels.to(device)
    batch = min(recipe.batch, len(images))
    steps_per_epoch = len(images) // batch
    state = State(model, recipe, recipe.epochs * steps_per_epoch, data.name)
    state.scaler = torch.amp.GradScaler(device.type, enabled=recipe.dtype(device) == torch.float16)
    if checkpoint is not None:
        notice = f"{notice} {state.resume(checkpoint)}".strip()
    batches = _Batches(model, data, recipe, device)

    def score_epoch():
        score = held_out and evaluate(state.best(), held_out, stop=stopped)
        if score or not held_out:  # otherwise stopped on the way, and made up for when the run goes on
            state.end_epoch(score)
        return score

    if state.epoch_images and state.step % steps_per_epoch == 0:
        score_epoch()
    clock = time.perf_counter()

    while state.step < state.steps and not stopped():
        epoch, step_in_epoch = divmod(state.step, steps_per_epoch)
        rate = state.set_rate()
        with repeatable(recipe.seed, state.step, device):
            chosen = batches.order(epoch, len(images))[step_in_epoch * batch :][:batch]
            loss, accuracy = batches.backward(images.index_select(0, chosen), labels[chosen], state.scaler)
        norm = _clip(model, state, recipe.clip)
        loss, accuracy, norm = torch.stack([loss, accuracy, norm]).tolist()
        if not math.isfinite(loss) or not (math.isfinite(norm) or state.scaler.is_enabled()):
            notice = _restored(state, rate)
            yield Record(state.step, state.steps, epoch + 1, loss, accuracy, rate, 0.0, norm, None, notice)
            return
        if state.step % 20 == 0:
            state.keep()
        state.update()
        state.epoch_loss += loss * batch
        state.epoch_images += batch
        notice = f"{notice} {batches.take_notice()}".strip()
        speed = batch / (time.perf_counter() - clock)
        score = None
        if step_in_epoch == steps_per_epoch - 1:
            score = score_epoch()
            if state.step == state.steps:
                state.finish()
            if checkpoint is not None and _parallel.rank() == 0:
                notice = f"{notice} {state.save(checkpoint)}".strip()
        yield Record(state.step, state.steps, epoch + 1, loss, accuracy, rate, speed, norm, score, notice)
        clock, notice = time.perf_counter(), ""
    if checkpoint is not None and state.step < state.steps and _parallel.rank() == 0:
        state.save(checkpoint)


class _Batches:
    """Gradients of a batch: augmentation, forward, backward, in as many parts as memory asks for."""

    def __init__(self, model, data, recipe, device):
        self.model, self.recipe, self.device, self.data = _parallel.wrap(model), recipe, device, data
        self.dtype = recipe.dtype(device)
        self.parts, self.notice = 1, ""
        self.ordered = None, None

    def order(self, epoch, count):
        """The order of the images in an epoch; it follows from the seed and the epoch's number."""
        if self.ordered[0] != epoch:
            generator = torch.Generator().manual_seed(_mixed(self.recipe.seed, -1 - epoch))
            self.ordered = epoch, torch.randperm(count, generator=generator).to(self.device)
        return self.ordered[1]

    def backward(self, images, labels, scaler):
        """Leave the gradients of the mean loss in the model; returns mean loss and accuracy as tensors."""
        augment, (rank, ranks) = self.recipe.augment, (_parallel.rank(), _parallel.size())
        draws = augment.draw(images).share(rank, ranks)  # of the whole batch, whoever works on it
        images, labels = images[rank::ranks], labels[rank::ranks]
        if ranks > 1:
            torch.manual_seed(_mixed(self.recipe.seed, torch.initial_seed() + rank))  # dropout's own
        x = _standardize(augment.apply(images, draws, self.data.mean), self.data)
        if self.recipe.channels_last:
            x = x.contiguous(memory_format=torch.channels_last)
        while True:
            try:
                return _parallel.mean(self.in_parts(x, labels, scaler))
            except (torch.OutOfMemoryError, RuntimeError) as error:
                if not _is_out_of_memory(error) or self.parts * 2 > len(x):
                    raise
            self.model.zero_grad()
            self.parts *= 2
            self.notice = (
                f"Memory ran out: from now on {math.ceil(len(x) / self.parts)} images at a time, "
                f"with the gradients of {self.parts} such parts added up."
            )

    def in_parts(self, x, labels, scaler):
        """The same gradients from smaller parts of the batch, added up (batch norm sees the parts)."""
        loss = right = torch.zeros((), device=self.device)
        for part, answers in zip(x.chunk(self.parts), labels.chunk(self.parts), strict=True):
            with torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32):
                logits = self.model(part)
            logits = logits.float()
            share = len(part) / len(x)
            mean = F.cross_entropy(logits, answers, label_smoothing=self.recipe.label_smoothing) * share
            scaler.scale(mean).backward()
            loss = loss + mean.detach()
            right = right + (logits.argmax(1) == answers).sum()
        return torch.stack([loss, right / len(x)])

    def take_notice(self):
        notice, self.notice = self.notice, ""
        return notice


def normalize(images, data):
    """Bytes (N, C, H, W) as the net sees them: from 0 to 1, less the mean, over the deviation of `data`'s channels."""
    return _standardize(images.float() / 255, data)


def _standardize(images, data):
    mean, std = (torch.tensor(values, device=images.device).view(1, -1, 1, 1) for values in (data.mean, data.std))
    return (images - mean).div_(std)


@torch.no_grad()
def predict(model, images, *, stop=None):
    """Logits (N, classes) on the CPU, with the model in eval mode for as long as it takes.

    images: an `Images`, or a tensor of normalised images. `stop` as for `fit`; then there are fewer rows.
    """
    stopped = _as_function(stop)
    device = next(model.parameters()).device
    was_training = model.training
    model.eval()
    try:
        rows = []
        pixels = images if isinstance(images, torch.Tensor) else images.images
        for part in pixels.split(SCORED_AT_ONCE):
            if stopped():
                break
            x = part.to(device)
            rows.append(model(x if isinstance(images, torch.Tensor) else normalize(x, images)).float().cpu())
        return torch.cat(rows) if rows else torch.empty(0)
    finally:
        model.train(was_training)


def evaluate(model, data, *, stop=None):
    """`Score` of the model on `data`, in float32 without augmentation; None where it was stopped."""
    logits = predict(model, data, stop=stop)
    if len(logits) < len(data):
        return None
    labels = data.labels.cpu()
    accuracy = (logits.argmax(1) == labels).float().mean().item()
    return Score(F.cross_entropy(logits, labels).item(), accuracy)


@contextlib.contextmanager
def repeatable(seed, step, device):
    """Random numbers drawn inside follow from seed and step; torch's generators go on outside as if nothing was."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(_mixed(seed, step))
        yield


def _mixed(seed, number):
    """One seed out of two, different for different pairs."""
    return (seed * 1_000_003 + number) % 2**63


def _clip(model, state, largest):
    """Norm of the whole gradient, which is shortened to `largest` (0 for no limit)."""
    state.scaler.unscale_(state.optimizer)
    return nn.utils.clip_grad_norm_(model.parameters(), largest or math.inf)


def _restored(state, rate):
    """Go back to the last finite weights; returns what to tell the learner."""
    failed = state.step + 1
    state.restore()
    advice = float(f"{rate / 4:.1g}")
    return (
        f"In step {failed} the loss was no finite number any more, at a learning rate of {rate:.3g}. "
        f"The weights are those after step {state.step}, the last finite ones kept. Try rate={advice:g}."
    )


def _is_out_of_memory(error):
    """Whether memory ran out, on a GPU or (where torch has no type of its own for it) on the CPU."""
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)


def _as_function(stop):
    """`stop` as a function that says whether to stop."""
    if stop is None:
        return lambda: False
    if callable(stop):
        return stop
    if not hasattr(stop, "is_set"):
        checks.refuse("stop", stop, "must be a function or an event with is_set")
    return stop.is_set


if __name__ == "__main__":
    from cnnlab.nets import _train_command

    _train_command.main()
