"""A lesson for trials, with every kind of cell that serving must know."""

import shutil
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

PROSE = r"""# A trial

Inline $y = \sum_i x_i\,w_i$, a price of \$5 and `$code$`.

$$\begin{aligned} a &= b_c * d \\ c &= \color{#0072B2}{x} \end{aligned}$$

$$WIDE$$

![a dot](pictures/dot.png)
""".replace("WIDE", " + ".join(f"x_{{{i}}}" for i in range(80)))

# Two sliders that mirror one model, and a log of the model's events.
WIDGET = '''
import anywidget
import traitlets


class Trial(anywidget.AnyWidget):
    value = traitlets.Int(3).tag(sync=True)
    twice = traitlets.Int(6).tag(sync=True)
    plain = traitlets.Int(0).tag(sync=True)
    data = traitlets.Bytes(bytes([7, 8, 9])).tag(sync=True)
    _css = ".trial { border: 3px solid rgb(1, 2, 3); }"
    _esm = """
    function initialize({ model }) {
      model.on("change:value", () => model.set("twice", 2 * model.get("value")));
    }
    function render({ model, el }) {
      el.classList.add("trial");
      const input = document.createElement("input");
      Object.assign(input, { type: "range", min: 0, max: 10, value: model.get("value"), ariaLabel: "value" });
      input.setAttribute("data-lm-suppress-shortcuts", "true");
      const [text, log] = [document.createElement("output"), document.createElement("p")];
      const draw = () => {
        const bytes = model.get("data");
        text.textContent = `${model.get("value")} ${model.get("twice")} ${bytes.getUint8(0)} of ${bytes.byteLength}`;
      };
      input.addEventListener("input", () => {
        model.set("value", Number(input.value));
        model.set("plain", Number(input.value));
        model.save_changes();
      });
      model.on("change:value change:twice", draw);
      model.on("change:value change:twice", () => { log.textContent += "v"; });
      model.on("change", () => { log.textContent += "c"; });
      draw();
      log.className = "log";
      el.append(input, text, log);
    }
    export default { initialize, render };
    """


trial = Trial()
'''


@pytest.fixture(scope="session")
def trial_folder(root, tmp_path_factory):
    """A folder with voila.json and one lesson in notebooks/."""
    folder = tmp_path_factory.mktemp("trial")
    (folder / "notebooks/pictures").mkdir(parents=True)
    shutil.copy(root / "voila.json", folder)
    shutil.copy(root / "notebooks/index.ipynb", folder / "notebooks")
    (folder / "notebooks/secret.txt").write_text("secret")
    nbformat.write(new_notebook(), folder / "notebooks/unlisted.ipynb")
    pytest.importorskip("PIL.Image").new("RGB", (4, 4), "red").save(folder / "notebooks/pictures/dot.png")
    shutil.copy(folder / "notebooks/pictures/dot.png", folder / "notebooks/pictures/01_trial.png")
    notebook = new_notebook(
        cells=[
            new_code_cell("raise SystemExit('on Colab only')", metadata={"tags": ["colab", "lab-only"]}),
            new_markdown_cell(PROSE),
            new_code_cell(WIDGET + "trial"),
            new_code_cell("trial"),
            new_code_cell("print('printed')"),
            new_markdown_cell("Seen in Lab", metadata={"tags": ["lab-only"]}),
            new_code_cell("import ipywidgets\n\nipywidgets.IntSlider(description='needs one')"),
            new_code_cell("print(6 * 7 * 1000)", metadata={"tags": ["needs-kernel"]}),
        ],
        metadata={
            "title": "A trial",
            "cnnlab": {"question": "Does it live?", "minutes": 5, "needs": "torch-free"},
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        },
    )
    nbformat.write(notebook, folder / "notebooks/01_trial.ipynb")
    return folder


@pytest.fixture(scope="session")
def dashboard(server, trial_folder, free_port):
    """A function: `with dashboard(*options) as running` serves the trial lesson."""

    def start(*options, port=None):
        command = [sys.executable, "-m", "cnnlab.serving.dashboard", f"--port={port or free_port()}", *options]
        return server(command, trial_folder)

    return start


@pytest.fixture(scope="module")
def trial(dashboard):
    """The dashboard of the trial lesson, running."""
    with dashboard() as running:
        yield running
