"""What must not come in from outside: pickles, shells, and learners' text run as code; and known holes."""

import ast
import shutil
import socket
import subprocess
import sys
import tomllib
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "cnnlab").rglob("*.py"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CLOSING = {"jupyter_server": "2.21", "voila": "0.5.6", "torch": "2.10", "pillow": "12.3"}  # versions that close holes

FORBIDDEN_MODULES = {"pickle", "cPickle", "dill", "joblib", "marshal", "shelve", "pty"}
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__"}
FORBIDDEN_METHODS = {("os", "system"), ("os", "popen"), ("torch", "save"), ("yaml", "load")}

FORBIDDEN_ATTRIBUTES = {"extractall"}  # archives may name any path


def faults(source):
    """What a piece of Python does that is not done here."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name.split(".")[0] in FORBIDDEN_MODULES]
        elif isinstance(node, ast.ImportFrom):
            found += [node.module] * ((node.module or "").split(".")[0] in FORBIDDEN_MODULES)
        elif isinstance(node, ast.Call):
            found += called(node)
    return found


def called(node):
    function, found = node.func, []
    if isinstance(function, ast.Name) and function.id in FORBIDDEN_CALLS:
        found.append(function.id)
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        name = (function.value.id, function.attr)
        found += [".".join(name)] * (name in FORBIDDEN_METHODS)
    if isinstance(function, ast.Attribute) and function.attr in FORBIDDEN_ATTRIBUTES:
        found.append(function.attr)
    given = {keyword.arg: getattr(keyword.value, "value", None) for keyword in node.keywords}
    if ast.unparse(function) == "torch.load" and given.get("weights_only") is not True:
        found.append("torch.load")
    for keyword in node.keywords:
        if keyword.arg in ("shell", "allow_pickle") and getattr(keyword.value, "value", True):
            found.append(f"{keyword.arg}=True")
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_pickle_no_shell_no_eval(path):
    assert faults(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from joblib import load",
        "eval(text)",
        "os.system(x)",
        "torch.load(f)",
        "torch.load(f, weights_only=False)",
        "archive.extractall(folder)",
        "subprocess.run(x, shell=True)",
        "np.load(f, allow_pickle=True)",
    ],
)
def test_the_scan_sees(source):
    assert faults(source)


def test_pages_never_run_text_as_code():
    for path in [*(ROOT / "cnnlab").rglob("*.js")]:
        text = path.read_text(encoding="utf-8")
        for word in ("eval(", "new Function(", "document.write(", "insertAdjacentHTML"):
            assert word not in text, f"{path.name}: {word}"


def test_minimum_versions_close_known_holes():
    ranges = {
        r.name: r.specifier for r in map(Requirement, chain.from_iterable(PROJECT["optional-dependencies"].values()))
    }
    for name, version in CLOSING.items():
        lowest = next(part.version for part in ranges[name] if part.operator == ">=")
        assert [int(n) for n in lowest.split(".")] >= [int(n) for n in version.split(".")], name


def online():
    try:
        socket.create_connection(("pypi.org", 443), timeout=3).close()
    except OSError:
        return False
    return True


def test_pins_have_no_known_holes():
    """Asks PyPI's list of advisories, where it can be reached."""
    if not online():
        pytest.skip("no network: pip-audit cannot ask for advisories")
    program = shutil.which("pip-audit", path=str(Path(sys.executable).parent))
    assert program, "pip-audit is not installed"
    command = [program, "--no-deps", "--disable-pip", "--progress-spinner=off", "-r", str(ROOT / "constraints.txt")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if "ConnectionError" in done.stderr or "ServiceError" in done.stderr:
        pytest.skip("pip-audit could not reach its list of advisories")
    if "could not be audited: numpy" in done.stdout:
        pytest.skip("the package index here has no list of advisories")
    assert done.returncode == 0, done.stdout + done.stderr
