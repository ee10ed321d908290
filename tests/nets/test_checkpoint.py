"""Checkpoints: whole or absent, whatever happens to the disk or the file."""

import errno
import os
import random

import pytest
import safetensors.torch
import torch

from cnnlab.nets import checkpoint

TENSORS = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.tensor([1, 2]), "c": torch.ones(3, dtype=torch.bfloat16)}


def saved(folder, name="run.safetensors"):
    path = folder / name
    checkpoint.save(path, TENSORS, {"step": 3, "note": "of \"words\" and 'quotes'"})
    return path


def test_what_is_saved_comes_back(tmp_path):
    tensors, metadata = checkpoint.load(saved(tmp_path))
    assert metadata == {"step": "3", "note": "of \"words\" and 'quotes'"}
    assert tensors.keys() == TENSORS.keys()
    for name, tensor in TENSORS.items():
        assert torch.equal(tensors[name], tensor) and tensors[name].dtype == tensor.dtype
    assert [path.name for path in tmp_path.iterdir()] == ["run.safetensors"]


def test_it_is_plain_safetensors(tmp_path):
    assert torch.equal(safetensors.torch.load_file(saved(tmp_path))["a"], TENSORS["a"])


def test_every_flipped_bit_is_noticed(tmp_path):
    path = saved(tmp_path)
    whole = path.read_bytes()
    bits = random.Random(0).sample(range(8 * len(whole)), 300)
    for bit in bits:
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"^checkpoint=run\.safetensors: "):
            checkpoint.load(path)


@pytest.mark.parametrize("content", [b"", b"hello\n", b"PK\x03\x04" + bytes(200), bytes(1000)])
def test_other_files_are_refused_by_name(tmp_path, content):
    path = tmp_path / "run.safetensors"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"^checkpoint=run\.safetensors: must be a whole file"):
        checkpoint.load(path)


def test_a_file_cut_short_is_refused(tmp_path):
    path = saved(tmp_path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match="damaged"):
        checkpoint.load(path)


def test_two_are_kept_and_the_older_one_helps_out(tmp_path):
    path = tmp_path / "run.safetensors"
    assert checkpoint.load_newest(path) is None
    for step in range(3):
        checkpoint.save(path, TENSORS, {"step": step}, keep_previous=True)
    assert len(list(tmp_path.iterdir())) == 2
    assert checkpoint.load_newest(path)[1:] == ({"step": "2"}, "")
    path.write_bytes(path.read_bytes()[:100])
    _, metadata, notice = checkpoint.load_newest(path)
    assert metadata == {"step": "1"} and "run.safetensors" in notice and "before it" in notice
    path.unlink()
    assert checkpoint.load_newest(path)[1:] == ({"step": "1"}, "")
    checkpoint.previous(path).write_bytes(b"")
    with pytest.raises(ValueError, match=r"run\.previous\.safetensors"):
        checkpoint.load_newest(path)


@pytest.mark.parametrize("function", ["fsync", "replace"])
def test_a_full_disk_keeps_the_file_that_was_there(tmp_path, monkeypatch, function):
    path = saved(tmp_path)
    before = path.read_bytes()

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, function, full)
    with pytest.raises(OSError, match="No space"):
        checkpoint.save(path, {"a": torch.zeros(5)}, {}, keep_previous=True)
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["run.safetensors"]
