"""The layer tables that the lesson carries are what `cnnlab.nets.summary` gives."""

import importlib.util
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("architecture_tables", ROOT / "tools/architecture_tables.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_file_is_as_the_tool_writes_it(tool):
    kept = json.loads(tool.FILE.read_text(encoding="utf-8"))
    made = json.loads(json.dumps(tool.tables()))
    assert kept["counts"] == made["counts"]
    assert kept["networks"].keys() == made["networks"].keys()
    for name, network in made["networks"].items():
        assert kept["networks"][name] == network, f"{name}: run python tools/architecture_tables.py"
