"""Install cnnlab, editable and pinned, into the environment that runs this.

`python tools/install.py [--latest] EXTRA...`, where an extra is one of pyproject.toml's: notebooks, torch, test.
--latest leaves the versions open (for `make constraints`).

torch comes first and by itself: on Linux without an NVIDIA GPU as the CPU build (200 MB), which PyPI lacks; PyPI's own
build brings gigabytes of CUDA. CNNLAB_TORCH="torch==2.13.0" overrules the choice.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CPU_BUILDS = "https://download.pytorch.org/whl/cpu"


def pip(*arguments):
    return subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", *arguments], cwd=ROOT).returncode


def torch_version():
    return re.search(r"^torch==(\S+)", (ROOT / "constraints.txt").read_text(), re.MULTILINE)[1]


def has_nvidia_gpu():
    return Path("/proc/driver/nvidia").exists() or shutil.which("nvidia-smi") is not None


def torch_arguments():
    """Return what to ask pip for."""
    plain = os.environ.get("CNNLAB_TORCH") or f"torch=={torch_version()}"
    if "CNNLAB_TORCH" in os.environ or not sys.platform.startswith("linux") or has_nvidia_gpu():
        return [plain]
    # Few tries: where that address cannot be reached, pip goes on with local wheels (find-links), if there are any.
    return ["--no-deps", "--retries=1", "--timeout=15", f"--index-url={CPU_BUILDS}", f"{plain}+cpu"]


def lessons_need_torch():
    sys.path.insert(0, str(ROOT))
    from cnnlab.serving import gallery

    return any(lesson.needs != "torch-free" for lesson in gallery.lessons(ROOT / "notebooks"))


def main(arguments):
    extras = {extra for extra in arguments if not extra.startswith("-")}
    if "notebooks" in extras and lessons_need_torch():
        extras.add("torch")
    print(f"Installing cnnlab with {', '.join(sorted(extras))}; the first time takes a minute or two", flush=True)
    if "torch" in extras and pip(*torch_arguments()) != 0:
        sys.exit(f"no torch: {CPU_BUILDS} is out of reach? CNNLAB_TORCH=torch=={torch_version()} takes PyPI's build")
    pins = [] if "--latest" in arguments else ["-c", "constraints.txt"]
    sys.exit(pip(*pins, "-e", f".[{','.join(sorted(extras))}]"))


if __name__ == "__main__":
    main(sys.argv[1:])
