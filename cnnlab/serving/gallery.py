"""The gallery: what each lesson says about itself, as cards, as a page and as a table."""

import json
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template

HERE = Path(__file__).parent
STYLE = HERE / "data/voila/templates/cnnlab/static/cnnlab.css"
NEEDS = ("torch-free", "torch", "torch, a GPU helps")


@dataclass(frozen=True)
class Lesson:
    """One notebook, as its own metadata describes it: `title`, and under `cnnlab` question, minutes and needs."""

    file: str
    title: str
    question: str
    minutes: int
    needs: str
    picture: str | None  # path beside the notebook

    @property
    def name(self):
        return self.file.removesuffix(".ipynb")

    @property
    def facts(self):
        return f"{self.minutes} minutes · {self.needs}"


def lessons(folder="."):
    """Return the lessons in a folder, in order: notebooks named NN_topic.ipynb."""
    return [_lesson(path) for path in sorted(Path(folder).glob("[0-9][0-9]_*.ipynb"))]


def _lesson(path):
    metadata = json.loads(path.read_text(encoding="utf-8"))["metadata"]
    try:
        title, own = metadata["title"], metadata["cnnlab"]
        question, minutes, needs = own["question"], int(own["minutes"]), own["needs"]
    except KeyError as missing:
        raise ValueError(f"{path.name}: its metadata lacks {missing}") from None
    if needs not in NEEDS:
        raise ValueError(f"{path.name}: needs={needs!r} must be one of {', '.join(NEEDS)}")
    pictures = [f"pictures/{path.stem}{kind}" for kind in (".webp", ".png")]
    picture = next((name for name in pictures if (path.parent / name).exists()), None)
    return Lesson(path.name, title, question, minutes, needs, picture)


def cards(listed, link="{name}.ipynb", pictures=""):
    """Return the cards as HTML: `link` is the pattern of their addresses, `pictures` goes before a picture's path."""
    items = []
    for lesson in listed:
        image = f'<img src="{pictures}{escape(lesson.picture)}" alt="" loading="lazy">' if lesson.picture else ""
        items.append(
            f'<li><a href="{escape(link.format(name=lesson.name))}">{image}<strong>{escape(lesson.title)}</strong>'
            f"<span>{escape(lesson.question)}</span><small>{escape(lesson.facts)}</small></a></li>"
        )
    return f'<ul class="cnnlab-gallery">{"".join(items)}</ul>'


def page(listed, link, pictures="", note=""):
    """Return the gallery as a whole HTML page that needs no kernel, no script and no other host."""
    template = Template((HERE / "static/gallery.html").read_text(encoding="utf-8"))
    style = STYLE.read_text(encoding="utf-8")
    return template.substitute(style=style, cards=cards(listed, link, pictures), note=note)


def show(folder="."):
    """Return the cards for display in a notebook."""
    from IPython.display import HTML

    return HTML(f"<style>{STYLE.read_text(encoding='utf-8')}</style>{cards(lessons(folder))}")
