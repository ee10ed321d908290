"""What must agree within the repository: `make check`."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from cnnlab.serving import gallery

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

# Each part of the package, and the parts it may import.
ARROWS = {
    "core": {"core"},
    "nets": {"nets", "core"},
    "plots": {"plots", "core"},
    "widgets": {"widgets", "core"},
    "apps": {"apps", "plots", "widgets", "nets", "core"},
    "serving": {"serving"},
}
HEAVY = {"torch", "matplotlib", "plotly", "ipywidgets", "anywidget", "PIL", "IPython", "scipy"}


def run(*command):
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def requirements(lines):
    """Name -> version range, of requirement lines."""
    parsed = [Requirement(line) for line in lines]
    return {canonicalize_name(r.name): r.specifier for r in parsed}


def pins(name):
    """Name -> version, of a file of exact versions."""
    lines = [line for line in (ROOT / name).read_text().splitlines() if line and not line.startswith("#")]
    return {canonicalize_name(line.split("==")[0]): line.split("==")[1] for line in lines}


def imported(source):
    """Every module that a piece of Python imports, also within functions."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports name the whole path, so that they can be checked"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def parts(names):
    """The parts of our package among names of modules."""
    return {name.split(".")[1] for name in names if name.startswith("cnnlab.")}


def package_modules():
    return [path for path in sorted((ROOT / "cnnlab").rglob("*.py")) if not path.name.startswith("test_")]


@pytest.mark.parametrize("path", package_modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_arrows_go_down(path):
    where = path.relative_to(ROOT / "cnnlab").parts
    allowed = ARROWS[where[0]] if len(where) > 1 else set()
    names = imported(path.read_text(encoding="utf-8"))
    assert parts(names) <= allowed
    if where[0] == "core":
        # Pillow only where a picture is read; the fresh process below shows that nothing else needs it.
        known = {"numpy", "PIL", "cnnlab", *sys.stdlib_module_names}
        assert {name.split(".")[0] for name in names} <= known


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_notebooks_show_lessons_not_servers(path):
    notebook = nbformat.read(path, as_version=4)
    cells = [c for c in notebook.cells if c.cell_type == "code" and "colab" not in c.metadata.get("tags", [])]
    used = set().union(*(parts(imported(re.sub(r"^%.*$", "", cell.source, flags=re.M))) for cell in cells))
    assert used <= ({"serving"} if path.name == "index.ipynb" else ARROWS["apps"])


def test_core_is_light_in_a_fresh_process():
    code = (
        "import importlib, pkgutil, sys, cnnlab.core\n"
        "for found in pkgutil.walk_packages(cnnlab.core.__path__, 'cnnlab.core.'):\n"
        "    if not found.name.rpartition('.')[2].startswith('test_'): importlib.import_module(found.name)\n"
        f"print(*sorted({HEAVY!r} & set(sys.modules)))"
    )
    done = run(sys.executable, "-c", code)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr


def test_links_tables_and_colab_cells_are_as_written_by_make_links():
    done = run(sys.executable, "tools/links.py", "--check")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_address_of_the_repository_stands_in_pyproject_alone():
    address = PROJECT["urls"]["Repository"]
    tracked = [ROOT / name for name in run("git", "ls-files").stdout.splitlines()]
    holding = {path.name for path in tracked if path.is_file() and address.encode() in path.read_bytes()}
    assert holding - {lesson.file for lesson in gallery.lessons(ROOT / "notebooks")} == {"pyproject.toml"}


def test_notebooks_are_stripped():
    done = run(sys.executable, "-m", "nbstripout", "--verify", "--keep-id", *map(str, NOTEBOOKS))
    assert done.returncode == 0, done.stdout + done.stderr


def test_lessons_say_what_they_are():
    for lesson in gallery.lessons(ROOT / "notebooks"):
        notebook = nbformat.read(ROOT / "notebooks" / lesson.file, as_version=4)
        text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
        assert re.search(r"^# (.+)$", text, re.M)[1].strip() == lesson.title, lesson.file
        if lesson.picture:
            assert (ROOT / "notebooks" / lesson.picture).stat().st_size < 60_000, lesson.picture


@pytest.mark.parametrize("name", ["environment.yml", "binder/environment.yml"])
def test_conda_environments_agree_with_pyproject(name):
    extras = PROJECT["optional-dependencies"]
    wanted = requirements(PROJECT["dependencies"] + extras["notebooks"] + extras["torch"])
    environment = yaml.safe_load((ROOT / name).read_text())
    listed = requirements(entry for entry in environment["dependencies"] if isinstance(entry, str))
    assert str(listed.pop("python")) == PROJECT["requires-python"]
    del listed["pip"]
    listed["torch"] = listed.pop("pytorch-cpu")  # conda-forge's name for the build without CUDA
    assert listed == wanted


def test_constraints_pin_every_dependency_within_its_range():
    pinned = pins("constraints.txt")
    extras = PROJECT["optional-dependencies"].values()
    for name, versions in requirements(sum(extras, PROJECT["dependencies"])).items():
        assert pinned[name] in versions, name


def test_colab_environment_is_within_our_ranges_and_our_pins():
    ours, ranges = pins("constraints.txt"), requirements(PROJECT["optional-dependencies"]["notebooks"])
    for name, version in pins("tests/colab.txt").items():
        if name in ("anywidget", "ipywidgets", "plotly"):
            assert version in ranges[name], name
        elif name not in ("ipython", "ipykernel"):  # Colab's too
            assert version == ours[name], name


def test_no_large_files():
    """Trained weights may be larger, because lessons need them where there is no network; together they stay small."""
    tracked = [ROOT / name for name in run("git", "ls-files").stdout.splitlines()]
    sizes = {path: path.stat().st_size for path in tracked if path.is_file()}
    weights = {path for path in sizes if path.parent == ROOT / "cnnlab/nets/trained"}
    assert {path.name: size for path, size in sizes.items() if size > 2e6 and path not in weights} == {}
    assert sum(sizes[path] for path in weights) < 8e6


def test_configuration_files_are_json():
    for path in [ROOT / "voila.json", *(ROOT / "cnnlab/serving").rglob("*.json")]:
        json.loads(path.read_text(encoding="utf-8"))
