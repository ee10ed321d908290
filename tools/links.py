"""Write what follows from the repository's address and from the lessons' metadata: `make links`.

Into README.md between its markers: badges and the table of lessons. Into every lesson: the first cell, which installs
cnnlab on Colab. `python tools/links.py --check` changes nothing and exits with 1 if anything would change.
"""

import re
import sys
import tomllib
from pathlib import Path

import nbformat

from cnnlab.serving import gallery, links

ROOT = Path(__file__).resolve().parents[1]
COLAB_CELL = """\
import sys

if "google.colab" in sys.modules:  # elsewhere this cell does nothing
    %pip install -q --no-deps "git+{address}"
"""


def address():
    """Return the repository's address from pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"]["Repository"]


def badges():
    """Return the badges: the whole dashboard on Binder, the first lesson on Colab, which has no gallery."""
    first = next((lesson.file for lesson in gallery.lessons(ROOT / "notebooks")), "index.ipynb")
    return (
        f"[![Open on Binder](https://mybinder.org/badge_logo.svg)]({links.binder(address())})\n"
        "[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]"
        f"({links.colab(address(), first)})"
    )


def table():
    """Return the lessons as a Markdown table."""
    rows = ["| lesson | question | minutes | needs | open on |", "| --- | --- | --- | --- | --- |"]
    for lesson in gallery.lessons(ROOT / "notebooks"):
        hosted = f"[Binder]({links.binder(address(), lesson.file)}), [Colab]({links.colab(address(), lesson.file)})"
        name = f"[{lesson.title}](notebooks/{lesson.file})"
        rows.append(f"| {name} | {lesson.question} | {lesson.minutes} | {lesson.needs} | {hosted} |")
    return "\n".join(rows)


def readme():
    """Return README.md as it should be."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for marker, content in (("badges", badges()), ("lessons", table())):
        pattern = rf"(<!-- {marker}: written by make links -->\n).*?(<!-- end of {marker} -->)"
        text, found = re.subn(pattern, lambda m, new=content: f"{m[1]}{new}\n{m[2]}", text, flags=re.DOTALL)
        if not found:
            raise ValueError(f"README.md: the markers of {marker} are missing")
    return text


def lesson(path):
    """Return the lesson at `path` as it should be."""
    text = path.read_text(encoding="utf-8")
    notebook = nbformat.reads(text, as_version=4)
    rest = [cell for cell in notebook.cells if "colab" not in cell.metadata.get("tags", [])]
    first = nbformat.v4.new_code_cell(
        COLAB_CELL.format(address=address()).rstrip("\n"),
        id="colab",
        metadata={"tags": ["colab", "lab-only"]},
    )
    notebook.cells = [first, *rest]
    return nbformat.writes(notebook) + "\n"


def main(arguments):
    wanted = {ROOT / "README.md": readme()}
    for file in [ROOT / "notebooks" / listed.file for listed in gallery.lessons(ROOT / "notebooks")]:
        wanted[file] = lesson(file)
    stale = [path for path, text in wanted.items() if path.read_text(encoding="utf-8") != text]
    for path in stale:
        print(f"{path.relative_to(ROOT)}: {'stale, run `make links`' if '--check' in arguments else 'written'}")
        if "--check" not in arguments:
            path.write_text(wanted[path], encoding="utf-8")
    return int("--check" in arguments and bool(stale))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
