"""All measurements, one after the other: `make bench`, or `python bench explorers` for one of them."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent

wanted = sys.argv[1:] or sorted(path.stem for path in HERE.glob("[a-z]*.py"))
for name in wanted:
    print(f"\n== {name} ==", flush=True)
    subprocess.run([sys.executable, "-m", f"bench.{name}"], cwd=HERE.parent, check=True)
