"""`python -m cnnlab.nets.train`: train a net from a shell, with a progress bar; see `--help`."""

import argparse
import contextlib
import dataclasses
import json
import re
import shlex
import signal
import sys
import threading
import time
from pathlib import Path

import torch

from cnnlab import nets
from cnnlab.core import checks
from cnnlab.nets import _parallel, checkpoint, data, records
from cnnlab.nets.architectures.resnet_cifar import ResNetCifar
from cnnlab.nets.augment import Augment
from cnnlab.nets.recipe import PRECISIONS, SCHEDULES, Recipe
from cnnlab.nets.train import evaluate, fit

CHOICES = {"schedule": SCHEDULES, "precision": PRECISIONS}


def parser():
    """The options: net, data and files, then every field of `Recipe` and of `Augment` under its own name."""
    options = argparse.ArgumentParser(prog="python -m cnnlab.nets.train", description=__doc__)
    options.add_argument("--model", required=True, help="a name of cnnlab.nets.names()")
    options.add_argument("--data", required=True, help="a name of cnnlab.nets.data.names()")
    options.add_argument("--folder", help="where the data are, if they are files of yours")
    options.add_argument("--option", action="append", default=[], metavar="NAME=VALUE", help="of the net, like width=8")
    options.add_argument("--images", type=int, default=0, help="train on so many images only")
    options.add_argument("--held-out", type=int, default=0, help="training images to score every epoch instead")
    options.add_argument("--test", action="store_true", help="score the test set once at the end")
    options.add_argument("--training-score", action="store_true", help="score the training set once at the end")
    options.add_argument("--checkpoint", help="file to save to after every epoch, and to go on from")
    options.add_argument("--weights", help="file for the trained weights")
    options.add_argument("--half", action="store_true", help="weights as 16-bit numbers in that file")
    options.add_argument("--record", help="file for the run's figures")
    options.add_argument("--notes", default="", help="a sentence for that file")
    options.add_argument("--threads", type=int, default=0, help="of the CPU; all where not given")
    for field in [*dataclasses.fields(Recipe), *dataclasses.fields(Augment)]:
        if field.name == "augment":
            continue
        name, kind = f"--{field.name.replace('_', '-')}", type(field.default)
        if kind is bool:
            options.add_argument(name, action=argparse.BooleanOptionalAction, default=field.default)
        else:
            options.add_argument(name, type=kind, default=field.default, choices=CHOICES.get(field.name))
    return options


def recipe_of(chosen):
    """The Recipe that the options describe."""
    values = vars(chosen)
    augment = Augment(**{field.name: values[field.name] for field in dataclasses.fields(Augment)})
    fields = [field.name for field in dataclasses.fields(Recipe) if field.name != "augment"]
    return Recipe(augment=augment, **{name: values[name] for name in fields})


def main(arguments=None):
    """Run the command; a refusal ends it with one sentence."""
    arguments = sys.argv[1:] if arguments is None else arguments
    chosen = parser().parse_args(arguments)
    device = _parallel.start()
    try:
        run(chosen, arguments, device)
    except ValueError as error:
        sys.exit(str(error))
    finally:
        _parallel.end()


def run(chosen, arguments, device=None):
    """Train, score, save, as chosen."""
    if chosen.threads:
        torch.set_num_threads(chosen.threads)
    recipe = recipe_of(chosen)
    if device is not None:
        recipe = dataclasses.replace(recipe, device=device)
    training, held_out = images_of(chosen)
    model = build(chosen, training, recipe)
    described = records.Run(
        name=Path(chosen.record or chosen.model).stem,
        command=shlex.join(["python", "-m", "cnnlab.nets.train", *arguments]),
        model=chosen.model,
        data=training.name,
        images=len(training),
        held_out_images=len(held_out) if held_out else 0,
        parameters=sum(p.numel() for p in model.parameters()),
        recipe=recipe.as_dict(),
        hardware=records.hardware(recipe.where()[0]),
        versions=records.versions(),
        date=time.strftime("%Y-%m-%d", time.gmtime()),
        seconds=0.0,
        epochs=(),
        notes=chosen.notes,
    )
    if _parallel.rank() > 0:
        for _ in fit(model, training, recipe, held_out=held_out, checkpoint=chosen.checkpoint):
            pass
        return
    if training.notice:
        print(training.notice)
    print(
        f"{chosen.model}, {described.parameters:,} parameters, on {len(training):,} images of {training.name} "
        f"({described.hardware['device']})"
    )
    recorder = records.Recorder(recipe.epochs, earlier(chosen))
    with interrupts() as stop:
        for epoch in trained(model, training, recipe, held_out, chosen.checkpoint, stop, recorder):
            described = dataclasses.replace(described, epochs=tuple(recorder.epochs), seconds=epoch.seconds)
            if chosen.record:  # what is done is kept, also where the rest is done another day
                records.write(described, chosen.record)
    if stop.is_set():
        return
    if chosen.half:  # what is scored is what is saved
        model.load_state_dict(rounded(model.state_dict()))
    scores = {
        "training": evaluate(model, training) if chosen.training_score else None,
        "test": evaluate(model, data.load(chosen.data, "test", folder=chosen.folder)) if chosen.test else None,
    }
    for name, score in scores.items():
        if score:
            print(f"{name} set: loss {score.loss:.4f}, accuracy {score.accuracy:.2%}")
    if chosen.weights:
        save_weights(model, training, chosen, described.command, scores["test"])
    if chosen.record:
        records.write(dataclasses.replace(described, epochs=tuple(recorder.epochs), **scores), chosen.record)


def trained(model, training, recipe, held_out, file, stop, recorder):
    """Train under a progress bar; yields every Epoch that is done. A loss that is not finite ends the process."""
    from tqdm import tqdm

    with tqdm(unit="step", dynamic_ncols=True) as bar:
        for record in fit(model, training, recipe, held_out=held_out, checkpoint=file, stop=stop):
            if record.notice:
                bar.write(record.notice, file=sys.stderr)
            if record.images_per_second == 0:
                sys.exit(1)
            bar.total = record.steps
            bar.update(record.step - bar.n)
            bar.set_postfix_str(f"loss {record.loss:.3f}, {record.images_per_second:,.0f} images/s", refresh=False)
            epoch = recorder.add(record)
            if epoch:
                bar.write(line(epoch), file=sys.stdout)
                yield epoch


def earlier(chosen):
    """The epochs in the record so far of a run that goes on from its checkpoint."""
    if chosen.record and chosen.checkpoint and Path(chosen.record).exists() and checkpoint.exists(chosen.checkpoint):
        return records.read(Path(chosen.record)).epochs
    return ()


def images_of(chosen):
    """(training images, held-out images or None) as chosen; the held-out ones are always the same."""
    training, held_out = data.load(chosen.data, "train", folder=chosen.folder), None
    if chosen.held_out:
        training, held_out = training.held_out(chosen.held_out)
    if chosen.images:
        training = training.held_out(chosen.images)[1]
    return training, held_out


def build(chosen, training, recipe):
    """The net for these images, with the first weights that the seed gives."""
    torch.manual_seed(recipe.seed)
    sizes = {"num_classes": len(training.classes), "in_channels": training.images.shape[1]}
    options = {name: json.loads(value) for name, _, value in (text.partition("=") for text in chosen.option)}
    depth = re.fullmatch(r"(plain|resnet|preact_resnet)(\d+)", chosen.model)
    try:
        if depth and chosen.model not in nets.names():  # a depth that no paper has
            options |= {"shortcuts": depth[1] != "plain", "preactivation": depth[1] == "preact_resnet"}
            return ResNetCifar(int(depth[2]), **sizes, **options)
        return nets.info(chosen.model).make(**sizes, **options)
    except TypeError:
        checks.refuse("--option", ", ".join(chosen.option), f"{chosen.model} has no such setting")


@contextlib.contextmanager
def interrupts():
    """An event that Ctrl-C and a polite kill set, instead of ending the process: the run then saves and ends."""
    event, signals = threading.Event(), (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda *_: event.set()) for number in signals]
    try:
        yield event
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)


def line(epoch):
    """An epoch in words."""
    text = f"epoch {epoch.epoch}: loss {epoch.loss:.4f}, accuracy {epoch.accuracy:.2%}"
    if epoch.held_out:
        text += f"; held out: loss {epoch.held_out.loss:.4f}, accuracy {epoch.held_out.accuracy:.2%}"
    return f"{text}; {epoch.seconds:.0f} s"


def rounded(tensors):
    """Floating-point tensors as float16, the others as they are."""
    return {name: value.half() if value.is_floating_point() else value for name, value in tensors.items()}


def save_weights(model, training, chosen, command, test):
    """The trained weights as a file that says what they are."""
    tensors = model.state_dict()
    if chosen.half:
        tensors = rounded(tensors)
    metadata = {
        "architecture": chosen.model,
        "data": training.name,
        "classes": list(training.classes),
        "mean": list(training.mean),
        "std": list(training.std),
        "accuracy": f"{test.accuracy:.4f}" if test else "",
        "command": command,
    }
    checkpoint.save(chosen.weights, tensors, metadata)
