"""Lessons where something is missing: network, GPU, fonts, room on the disk, the right to write."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SAMPLE = ["03_arithmetic", "05_pooling", "07_normalization"]  # each needs something else: tables, pictures, charts

# Runs a notebook's code in one process, its own folder the current one, as a kernel does without saying so.
RUN = """
import json, sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()  # IPython wants one folder of its own, and the dashboard one in /tmp
{before}
for cell in json.load(open(sys.argv[1], encoding="utf-8"))["cells"]:
    if cell["cell_type"] == "code" and "colab" not in cell["metadata"].get("tags", []):
        shell.run_cell("".join(cell["source"])).raise_error()
print("opened")
"""

NO_NETWORK = """
import socket
def refuse(*_):
    raise OSError("no network")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
"""

NO_ROOM = """
import builtins, errno, io, os, sys
opened = builtins.open
def full(file, mode="r", *rest, **more):
    if any(letter in mode for letter in "wax+"):
        raise OSError(errno.{error}, os.strerror(errno.{error}), file)
    return opened(file, mode, *rest, **more)
builtins.open = io.open = full
def no(*_, **__):
    raise OSError(errno.{error}, os.strerror(errno.{error}))
os.mkdir = os.makedirs = no
"""


def run(name, before="", **environment):
    command = [sys.executable, "-c", RUN.format(before=before), f"{name}.ipynb"]
    return subprocess.run(
        command, cwd=ROOT / "notebooks", env={**os.environ, **environment}, capture_output=True, text=True, timeout=120
    )


def check(done):
    assert done.returncode == 0 and done.stdout.rstrip().endswith("opened"), done.stdout[-500:] + done.stderr[-2000:]


@pytest.mark.parametrize("name", SAMPLE)
def test_without_a_network(name):
    check(run(name, NO_NETWORK))


@pytest.mark.parametrize("error", ["ENOSPC", "EROFS"], ids=["disk full", "read only"])
@pytest.mark.parametrize("name", SAMPLE)
def test_where_nothing_can_be_written(name, error, tmp_path):
    check(run(name, NO_ROOM.format(error=error), IPYTHONDIR=str(tmp_path), HOME="/nonexistent"))


@pytest.mark.parametrize("name", SAMPLE)
def test_without_a_gpu(name):
    check(run(name, CUDA_VISIBLE_DEVICES=""))


def test_pages_name_a_font_that_every_system_has():
    """Where the wished-for fonts are missing, the page falls back to the system's own."""
    for sheet in [*(ROOT / "cnnlab").rglob("*.css"), *(ROOT / "cnnlab").rglob("*.html")]:
        for family in re.findall(r"font-family:([^;]+);", sheet.read_text(encoding="utf-8")):
            last = family.split(",")[-1].strip()
            assert last in ("sans-serif", "monospace", "serif", "inherit") or last.startswith("var("), (
                sheet.name,
                last,
            )


@pytest.mark.skipif(not shutil.which("fc-match"), reason="this system has no font configuration")
def test_without_fonts(tmp_path):
    empty = tmp_path / "fonts.conf"
    empty.write_text('<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig></fontconfig>')
    check(run("07_normalization", FONTCONFIG_FILE=str(empty), MPLCONFIGDIR=str(tmp_path)))
