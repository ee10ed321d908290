"""Which torch `make` installs: never gigabytes of CUDA by accident."""

import importlib.util
from pathlib import Path

import pytest

FILE = Path(__file__).parents[1] / "tools/install.py"


@pytest.fixture
def install(monkeypatch):
    monkeypatch.delenv("CNNLAB_TORCH", raising=False)
    specification = importlib.util.spec_from_file_location("install", FILE)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("platform", "gpu", "cpu_build"),
    [("linux", False, True), ("linux", True, False), ("darwin", False, False), ("win32", False, False)],
)
def test_cpu_build_on_linux_without_a_gpu(install, monkeypatch, platform, gpu, cpu_build):
    monkeypatch.setattr("sys.platform", platform)
    monkeypatch.setattr(install, "has_nvidia_gpu", lambda: gpu)
    *options, wanted = install.torch_arguments()
    assert wanted == f"torch=={install.torch_version()}" + "+cpu" * cpu_build
    assert (f"--index-url={install.CPU_BUILDS}" in options) == cpu_build


def test_the_user_may_choose(install, monkeypatch):
    monkeypatch.setenv("CNNLAB_TORCH", "torch==2.12.0")
    assert install.torch_arguments() == ["torch==2.12.0"]


def test_torch_comes_before_the_rest_and_pinned(install, monkeypatch):
    asked = []
    monkeypatch.setattr(install, "pip", lambda *arguments: asked.append(arguments) or 0)
    with pytest.raises(SystemExit) as ended:
        install.main(["notebooks", "torch", "test"])
    assert ended.value.code == 0
    assert asked == [tuple(install.torch_arguments()), ("-c", "constraints.txt", "-e", ".[notebooks,test,torch]")]


def test_no_torch_is_an_error_that_says_what_to_do(install, monkeypatch):
    monkeypatch.setattr(install, "pip", lambda *arguments: 1)
    with pytest.raises(SystemExit, match="CNNLAB_TORCH"):
        install.main(["torch"])


def test_the_dashboard_needs_torch_when_a_lesson_does(install, monkeypatch):
    asked = []
    monkeypatch.setattr(install, "pip", lambda *arguments: asked.append(arguments) or 0)
    for needed, expected in ((False, ".[notebooks]"), (True, ".[notebooks,torch]")):
        monkeypatch.setattr(install, "lessons_need_torch", lambda needed=needed: needed)
        with pytest.raises(SystemExit):
            install.main(["notebooks"])
        assert asked[-1][-1] == expected
