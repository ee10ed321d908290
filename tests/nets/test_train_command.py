"""`python -m cnnlab.nets.train` as it is typed: figures, files, several processes, and being killed."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
import safetensors.torch
import torch

from cnnlab.nets import _train_command, checkpoint, data, records
from cnnlab.nets.train import evaluate

QUICK = ["--model", "resnet8", "--option", "width=4", "--option", "batch_norm=false", "--data", "digits"]
QUICK += ["--batch", "64", "--rate", "0.1", "--precision", "float32"]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


def start(*arguments, program=("-m", "cnnlab.nets.train")):
    command = [sys.executable, *program, *map(str, arguments)]
    return subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process):
    out, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    return out


def weights(path):
    return safetensors.torch.load_file(path)


def test_a_run_is_scored_saved_and_recorded(tmp_path):
    torch.set_num_threads(1)
    file, record = tmp_path / "weights.safetensors", tmp_path / "run.json"
    arguments = [*QUICK, "--option", "batch_norm=true", "--epochs", "3", "--held-out", "200", "--test", "--shift", "1"]
    arguments += ["--half", "--weights", str(file), "--record", str(record)]
    _train_command.main(arguments)
    run = records.read(record)
    assert (run.model, run.data, run.held_out_images, len(run.epochs)) == ("resnet8", "digits", 200, 3)
    assert run.recipe["augment"]["shift"] == 1 and run.command.startswith("python -m cnnlab.nets.train --model resnet8")
    assert run.test.accuracy > 0.5 and run.epochs[-1].held_out.accuracy > 0.5
    assert [r.held_out for r in records.replay(run)] == [e.held_out for e in run.epochs]
    tensors, metadata = checkpoint.load(file)
    assert float(metadata["accuracy"]) == pytest.approx(run.test.accuracy, abs=1e-4)
    assert json.loads(metadata["classes"]) == list(data.load("digits").classes)
    chosen = _train_command.parser().parse_args(arguments)
    model = _train_command.build(chosen, data.load("digits"), _train_command.recipe_of(chosen))
    model.load_state_dict({name: value.float() for name, value in tensors.items()})
    assert evaluate(model, data.load("digits", "test")).accuracy == pytest.approx(run.test.accuracy, abs=0.01)


def test_refusals_are_one_sentence(capsys):
    with pytest.raises(SystemExit) as ended:
        _train_command.main([*QUICK, "--epochs", "0"])
    assert str(ended.value) == "epochs=0: must be 1 or more"
    with pytest.raises(SystemExit) as ended:
        _train_command.main(["--model", "lenet5", "--data", "digits", "--option", "wings=2"])
    assert str(ended.value) == "--option=wings=2: lenet5 has no such setting"


def test_two_processes_equal_one_to_rounding(tmp_path):
    options = [*QUICK, "--epochs", "2", "--shift", "1", "--ema", "0.9", "--images", "512", "--weights"]
    finish(start(*options, tmp_path / "one.safetensors"))
    torchrun = ("-m", "torch.distributed.run", "--nproc-per-node=2", "--standalone", "-m", "cnnlab.nets.train")
    finish(start(*options, tmp_path / "two.safetensors", program=torchrun))
    one, two = weights(tmp_path / "one.safetensors"), weights(tmp_path / "two.safetensors")
    assert one.keys() == two.keys()
    for name in one:
        torch.testing.assert_close(one[name], two[name], atol=1e-4, rtol=1e-3)


def test_ctrl_c_saves_and_the_run_goes_on_with_its_record(tmp_path):
    file, record = tmp_path / "run.safetensors", tmp_path / "run.json"
    options = [*QUICK, "--epochs", "60", "--images", "256", "--test", "--record", record]
    process = start(*options, "--checkpoint", file)
    while not file.exists():
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    finish(process)
    stopped_at = int(checkpoint.load(file)[1]["step"])
    so_far = records.read(record)
    assert 0 < stopped_at < 240 and len(so_far.epochs) == stopped_at // 4 and so_far.test is None
    finish(start(*options, "--checkpoint", file, "--weights", tmp_path / "resumed.safetensors"))
    whole = records.read(record)
    assert [epoch.epoch for epoch in whole.epochs] == list(range(1, 61)) and whole.test
    assert whole.epochs[: len(so_far.epochs)] == so_far.epochs
    seconds = [epoch.seconds for epoch in whole.epochs]
    assert seconds == sorted(seconds)
    # Done already: the same command once more only scores and saves, and gives the same weights.
    finish(start(*options, "--checkpoint", file, "--weights", tmp_path / "again.safetensors"))
    one, two = weights(tmp_path / "resumed.safetensors"), weights(tmp_path / "again.safetensors")
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert records.read(record).epochs == whole.epochs
