"""The script for a GPU does all its parts at a tiny size."""

import importlib.util
import json
from pathlib import Path

import pytest
import torch

SCRIPT = Path(__file__).parents[2] / "tools" / "gpu_record.py"


@pytest.fixture
def script(monkeypatch):
    found = importlib.util.spec_from_file_location("gpu_record", SCRIPT)
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    torch.set_num_threads(1)
    return module


def test_every_part_leaves_its_figures(script, tmp_path):
    record = tmp_path / "gpu.json"
    script.main([str(record), "--device", "cpu", "--tiny"])
    found = json.loads(record.read_text())
    assert found["hardware"]["device"] == "cpu" and found["tiny"]
    runs = [*found["fashion"]["quick"], *found["fashion"]["long"], *found["cifar"], *found["degradation"]]
    assert all(0 <= run["test"][1] <= 1 and run["seconds"] > 0 and len(run["epochs"]) == 1 for run in runs)
    assert {run["net"] for run in found["degradation"]} == {"plain20", "resnet20"}
    assert [row["net"] for row in found["throughput"]] == ["alexnet", "resnet50"]
    assert all(row["ours"] > 0 and row["ratio"] > 0 for row in found["throughput"])


def test_a_part_alone(script, tmp_path):
    record = tmp_path / "gpu.json"
    script.main([str(record), "--device", "cpu", "--tiny", "--only", "cifar"])
    assert set(json.loads(record.read_text())) == {"hardware", "versions", "tiny", "cifar"}
