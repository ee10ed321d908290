"""The base of every app: state -> compute(**state) -> draw.

An app's state is traits tagged ``state=True``: Python reads, sets and observes them, the page does the same. `compute`
is a pure function of the state. Where it is cheap the page has a twin of it and needs no kernel (`BrowserApp`).
"""

from pathlib import Path

import anywidget

from cnnlab.apps.cells import replace_earlier
from cnnlab.widgets.modules import FOLDER, bundle

CSS = (Path(FOLDER) / "explorer.css").read_text(encoding="utf-8")


class App(anywidget.AnyWidget):
    """State, a pure `compute`, and a page that draws."""

    _css = CSS

    def __init__(self, **state):
        if unknown := set(state) - set(self.state_names()):
            known = ", ".join(self.state_names())
            raise ValueError(f"{', '.join(sorted(unknown))}: no such setting; this app has {known}")
        super().__init__(**state)
        replace_earlier(self)

    @classmethod
    def state_names(cls):
        """The settings that make up the state, by name."""
        return [name for name, trait in cls.class_traits().items() if trait.metadata.get("state")]

    @property
    def state(self):
        """All settings and their values."""
        return {name: getattr(self, name) for name in self.state_names()}

    @staticmethod
    def compute(**state):
        """The result for a state: a pure function."""
        raise NotImplementedError

    def result(self):
        """What the present state gives, computed in Python."""
        return self.compute(**self.state)


class BrowserApp(App):
    """An app that computes in the page: dragging needs no kernel. Its module is `module`, a file in widgets/js."""

    def __init_subclass__(cls, *, module=None, **options):
        if module is not None:  # traitlets makes subclasses of its own, which inherit
            cls._esm = bundle(module)
        super().__init_subclass__(**options)
