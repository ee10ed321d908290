"""JupyterLab in the lessons' folder, with the settings in `jupyter/`.

`python -m cnnlab.serving.lab [options of jupyter lab]`
"""

import os
import sys
from pathlib import Path

from jupyterlab.labapp import LabApp

SETTINGS = Path(__file__).parent / "jupyter"


def main(argv=None):
    path = [str(SETTINGS), os.environ.get("JUPYTER_CONFIG_PATH")]
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, path))
    # -y: Ctrl-C stops at once instead of asking. Root is the only user of many containers.
    options = ["--ServerApp.root_dir=notebooks", "--ServerApp.ip=127.0.0.1", "-y", "--allow-root"]
    LabApp.launch_instance([*options, *(sys.argv[1:] if argv is None else argv)])


if __name__ == "__main__":
    main()
