"""Recorded runs: what is written comes back, and the shipped ones hold what lessons say of them."""

import dataclasses
import importlib.util
import json
import shlex
from pathlib import Path

import pytest

from cnnlab.nets import _train_command, records
from cnnlab.nets.recipe import Recipe
from cnnlab.nets.train import Record, Score

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def runs():
    found = importlib.util.spec_from_file_location("recorded_runs", ROOT / "tools" / "recorded_runs.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def record(step, held_out=None, **values):
    figures = {"loss": 1.0, "accuracy": 0.5, "rate": 0.1, "images_per_second": 100.0, "gradient_norm": 2.0}
    return Record(step, steps=4, epoch=(step + 1) // 2, held_out=held_out, **{**figures, **values})


def test_records_are_summed_up_epoch_by_epoch():
    recorder = records.Recorder(2)
    assert recorder.add(record(1, loss=3.0, gradient_norm=3.0)) is None
    epoch = recorder.add(record(2, Score(0.5, 0.75), loss=1.0, gradient_norm=4.0, images_per_second=300.0))
    assert (epoch.epoch, epoch.step, epoch.loss, epoch.accuracy, epoch.held_out) == (1, 2, 2.0, 0.5, (0.5, 0.75))
    assert epoch.gradient_norm == pytest.approx(12.5**0.5) and epoch.images_per_second == pytest.approx(150)
    recorder.add(record(3))
    recorder.add(record(4))
    assert [e.epoch for e in recorder.epochs] == [1, 2] and recorder.epochs[1].held_out is None


def test_a_run_comes_back_and_is_replayed(tmp_path):
    recorder = records.Recorder(2)
    for step in range(1, 5):
        recorder.add(record(step, Score(1 / 3, 0.5) if step % 2 == 0 else None))
    run = records.Run(
        name="x",
        command="python -m ...",
        model="mlp",
        data="digits",
        images=10,
        held_out_images=2,
        parameters=3,
        recipe=Recipe().as_dict(),
        hardware={"device": "cpu"},
        versions=records.versions(),
        date="2026-01-01",
        seconds=1.0,
        epochs=tuple(recorder.epochs),
        test=Score(0.25, 0.9),
    )
    records.write(run, tmp_path / "x.json")
    back = records.read(tmp_path / "x.json")
    assert dataclasses.replace(back, epochs=()) == dataclasses.replace(run, epochs=())
    assert back.epochs[0].held_out == Score(0.33333, 0.5)
    replayed = list(records.replay(back))
    assert [(r.step, r.steps, r.epoch) for r in replayed] == [(2, 4, 1), (4, 4, 2)]
    assert replayed[1].held_out.accuracy == 0.5


def test_the_name_must_be_one_of_the_recorded():
    with pytest.raises(ValueError, match=r"^name=nothing: must be one of"):
        records.load("nothing")


@pytest.mark.parametrize("name", records.names())
def test_shipped_records_are_whole(name, runs):
    run = records.load(name)
    recipe = Recipe.from_dict(run.recipe)
    assert run.name == name and len(run.epochs) == recipe.epochs
    assert [e.epoch for e in run.epochs] == list(range(1, recipe.epochs + 1))
    assert run.hardware["processor"] and run.versions["torch"] and run.parameters > 0
    assert all(e.loss > 0 and 0 <= e.accuracy <= 1 for e in run.epochs)
    assert all(bool(e.held_out) == bool(run.held_out_images) for e in run.epochs)
    assert not [word for word in shlex.split(run.command) if word.startswith(("/", "~"))], "a folder of one machine"
    # The command that is written down, the one in the list of runs and the recipe that was followed agree.
    for words in (shlex.split(run.command)[3:], runs.command(name)[3:]):
        assert _train_command.recipe_of(_train_command.parser().parse_args(words)) == recipe


def test_every_run_of_the_list_can_be_parsed(runs):
    for name in {**runs.SHIPPED, **runs.RECORDED}:
        chosen = _train_command.parser().parse_args(runs.command(name)[3:])
        assert _train_command.recipe_of(chosen).epochs > 0
        assert all(json.loads(text.partition("=")[2]) is not None for text in chosen.option)
