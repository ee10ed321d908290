"""The core stands on NumPy and the standard library alone."""

import json
import pkgutil
import subprocess
import sys

import pytest

import cnnlab.core

HEAVY = {"torch", "matplotlib", "plotly", "ipywidgets", "anywidget", "IPython", "PIL", "scipy", "skimage", "sklearn"}
MODULES = sorted(module.name for module in pkgutil.iter_modules(cnnlab.core.__path__))


def loaded_by(statement):
    program = (
        f"{statement}; import sys, json; print(json.dumps(sorted({{name.split('.')[0] for name in sys.modules}})))"
    )
    return set(json.loads(subprocess.check_output([sys.executable, "-c", program])))


def test_importing_all_of_the_core_brings_in_nothing_heavy():
    everything = "; ".join(f"import cnnlab.core.{name}" for name in MODULES)
    loaded = loaded_by(everything)
    assert not loaded & HEAVY
    assert loaded - set(sys.stdlib_module_names) <= loaded_by("import numpy") | {"cnnlab"}


def test_importing_the_core_alone_brings_in_not_even_numpy():
    assert "numpy" not in loaded_by("import cnnlab.core")


@pytest.mark.parametrize("name", [name for name in MODULES if not name.startswith("_")])
def test_the_map_in_the_docstring_knows_every_public_module(name):
    hidden_behind = {"cost": "arithmetic", "patterns": "images", "worked": "images", "picture_file": "images"}
    assert f"`{hidden_behind.get(name, name)}`" in cnnlab.core.__doc__
