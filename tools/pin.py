"""Write constraints.txt from what is installed in the environment that runs this."""

import subprocess
import sys
from pathlib import Path

HEADER = """\
# The exact versions that `make dashboard`, `make lab` and `make test` install. Written by `make constraints`.
# torch has no "+cpu" here: tools/install.py chooses the build.
"""


def main():
    freeze = [sys.executable, "-m", "pip", "freeze", "--exclude-editable"]
    listed = subprocess.run(freeze, check=True, capture_output=True, text=True).stdout.splitlines()
    pins = sorted((line.partition("+")[0] for line in listed if "==" in line), key=str.lower)
    Path(__file__).parents[1].joinpath("constraints.txt").write_text(HEADER + "\n".join(pins) + "\n")


if __name__ == "__main__":
    main()
