"""Every notebook runs from top to bottom, twice, in one kernel that ends as it began."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[1] / "notebooks"
WIDGETS = """
from ipywidgets.widgets import widget

print(len(widget._instances if hasattr(widget, "_instances") else widget.Widget.widgets))  # ipywidgets 8, or 7
"""


def printed(cell):
    """The number that a cell printed; a busy kernel sends it and its end of line one by one."""
    return int("".join(output.text for output in cell.outputs if output.output_type == "stream"))


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.ipynb")), ids=lambda path: path.stem)
def test_runs_twice_and_leaves_nothing_behind(path):
    notebook = nbformat.read(path, as_version=4)
    once = [cell.source for cell in notebook.cells if cell.cell_type == "code"] + [WIDGETS]
    both = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in once + once])
    NotebookClient(both, timeout=120, resources={"metadata": {"path": str(FOLDER)}}).execute()
    errors = [output for cell in both.cells for output in cell.get("outputs", []) if output.output_type == "error"]
    assert not errors
    first, second = (printed(both.cells[last]) for last in (len(once) - 1, -1))
    assert first == second, "widgets of the first run are still there"
