"""The static site: every lesson executed once and written as one page that lives without a kernel or a network.

`python -m cnnlab.serving.site [notebooks [site]]`
"""

import base64
import gzip
import json
import mimetypes
import re
import shutil
import sys
from html import escape
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from pygments.formatters import HtmlFormatter

from cnnlab.serving import gallery, links

STATIC = Path(__file__).parent / "static"
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
LARGEST_MODULE = 300_000  # characters; plotly's FigureWidget, also an anywidget, brings five million


def executed(path):
    """Return the notebook at `path` as a fresh kernel leaves it, without what only a kernel or Colab can use."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = [cell for cell in notebook.cells if "colab" not in cell.metadata.get("tags", [])]
    NotebookClient(
        notebook,
        resources={"metadata": {"path": str(path.parent)}},
        skip_cells_with_tag="needs-kernel",
        store_widget_state=True,
        timeout=300,
    ).execute()
    for cell in notebook.cells:
        if cell.metadata.get("jupyter", {}).get("source_hidden"):  # folded in JupyterLab, left out here
            cell.metadata["transient"] = {"remove_source": True}
    return notebook


def widgets(notebook):
    """Return what the runtime needs: each distinct module and style once, and the state of every anywidget."""
    result = {"modules": [], "styles": [], "models": {}}

    def index(kind, source):
        if source not in result[kind]:
            result[kind].append(source)
        return result[kind].index(source)

    saved = notebook.metadata.get("widgets", {}).get(WIDGET_STATE, {"state": {}})["state"]
    for model_id, model in saved.items():
        state = dict(model["state"])
        module, style = state.pop("_esm", ""), state.pop("_css", "")
        if model["model_name"] != "AnyModel" or len(module) > LARGEST_MODULE:
            continue
        if style:
            index("styles", style)
        result["models"][model_id] = {
            "module": index("modules", module),
            "state": state,
            "buffers": [{"path": buffer["path"], "data": buffer["data"]} for buffer in model.get("buffers", ())],
        }
    return result


def style():
    """Return the page's style sheet, with colours for code in light and dark."""
    light, dark = (HtmlFormatter(style=name).get_style_defs(".highlight") for name in ("xcode", "monokai"))
    sheets = [gallery.STYLE.read_text(encoding="utf-8"), (STATIC / "page.css").read_text(encoding="utf-8")]
    return "\n".join([light, f"@media (prefers-color-scheme: dark) {{\n{dark}\n}}", *sheets])


def where_kernels_are(name):
    """Return one sentence of HTML: how to get a kernel for a lesson."""
    local = "Install cnnlab and type <code>make dashboard</code> or <code>make lab</code>"
    address = links.repository()
    if not links.known(address):
        return f"{local}."
    binder, colab = escape(links.binder(address, name)), escape(links.colab(address, name))
    hosted = f'<a href="{binder}">Open it on Binder</a> or <a href="{colab}">on Colab</a>.'
    return f'{hosted} {local}: <a href="{escape(address)}">how</a>.'


def lesson_page(path):
    """Return a lesson as HTML."""
    notebook = executed(path)
    parts = widgets(notebook)
    if saved := notebook.metadata.get("widgets", {}).get(WIDGET_STATE):
        saved["state"] = {key: {} for key in saved["state"]}  # nbconvert needs the names, and would write all the rest
    exporter = HTMLExporter(template_name="cnnlab-page", extra_template_basedirs=[str(STATIC)])
    exporter.exclude_input_prompt = exporter.exclude_output_prompt = True
    resources = {
        "metadata": {"name": path.stem, "path": str(path.parent)},
        "kernels": where_kernels_are(path.name),
        "models": parts["models"],
        "runtime": (STATIC / "runtime.js").read_text(encoding="utf-8"),
        "style": style(),
        "widgets": base64.b64encode(gzip.compress(json.dumps(parts).encode(), mtime=0)).decode(),
    }
    html, _ = exporter.from_notebook_node(notebook, resources)
    return with_images_inside(html, path.parent)


def with_images_inside(html, folder):
    """Return HTML with pictures from the notebook's folder in place of their names."""

    def replace(match):
        file = folder / match[2]
        if not file.is_file():
            return match[0]
        kind, _ = mimetypes.guess_type(file.name)
        return f"{match[1]}data:{kind};base64,{base64.b64encode(file.read_bytes()).decode()}{match[3]}"

    # Not nbconvert's embed_images: it parses each inline tag by itself, which empties every formula.
    return re.sub(r'(<img\b[^>]*?\bsrc=")(?![a-z]+:)([^"]+)(")', replace, html)


def build(source, target):
    """Write the gallery and every lesson of the folder `source` as pages into the folder `target`."""
    source, target = Path(source), Path(target)
    listed = gallery.lessons(source)
    target.mkdir(parents=True, exist_ok=True)
    for lesson in listed:
        page = target / f"{lesson.name}.html"
        page.write_text(lesson_page(source / lesson.file), encoding="utf-8")
        print(f"{page}: {page.stat().st_size / 1000:.0f} kB", flush=True)
        if lesson.picture:
            (target / "pictures").mkdir(exist_ok=True)
            shutil.copy(source / lesson.picture, target / lesson.picture)
    note = f"<p>These pages compute in the browser. To change the code too: {where_kernels_are('index.ipynb')}</p>"
    (target / "index.html").write_text(gallery.page(listed, "{name}.html", note=note), encoding="utf-8")


if __name__ == "__main__":
    build(*(sys.argv[1:] + ["notebooks", "site"][len(sys.argv) - 1 :]))
