"""The base of every app: state -> compute(**state) -> draw.

An app's state is traits tagged ``state=True``: Python reads, sets and observes them, the page does the same. `compute`
is a pure function of the state. Where it is cheap the page has a twin of it and needs no kernel (`BrowserApp`); where
it needs torch the page asks Python (`KernelApp`).
"""

import threading
from pathlib import Path

import anywidget
import traitlets

from cnnlab.apps.cells import replace_earlier
from cnnlab.widgets.modules import FOLDER, bundle

CSS = (Path(FOLDER) / "explorer.css").read_text(encoding="utf-8")


class Setting(traitlets.TraitType):
    """A piece of state that its validator judges, None included (`traitlets.Any` lets that past every validator)."""


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

    def set_state(self, sync_data):
        """Take a message of the page: if any of it is refused, none of it counts, and the page hears what does."""
        before = {name: getattr(self, name) for name in self.state_names() if name in sync_data}
        try:
            super().set_state(sync_data)
        except ValueError:
            for name, value in before.items():  # traitlets itself takes back a TraitError alone
                setattr(self, name, value)
            self.send_state(list(before))
            raise

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


class KernelApp(App):
    """An app that computes in the kernel: for what needs torch.

    The page keeps one question under way. What the learner does meanwhile waits, the newest state replacing the one
    that waited before: nothing queues, in the page or here. Setting a trait in Python answers at once as well.

    A subclass declares its state, `controls` and two pure functions: ``compute(**state)``, and ``draw(result)``, which
    returns {"pictures": {caption: PNG bytes}, "text": the same in words} and, where wanted, "bars" and "charts"
    (widgets/js/panel.js). A ValueError from `compute` becomes the red
    sentence, and the last good picture stays.
    """

    _esm = bundle("explorers/panel.js")

    label = traitlets.Unicode("Explorer").tag(sync=True)
    controls = traitlets.List().tag(
        sync=True
    )  # {"kind": "slider", "name", "label", "min", "max"} or "menu" with "options"
    # {picture number: {"across": setting, "down": setting, "on": "move" or "press"}}: settings in per cent that the
    # pointer changes on that picture
    pointed = traitlets.Dict().tag(sync=True)
    answer = traitlets.Dict().tag(sync=True)

    def __init__(self, **state):
        self._lock = threading.RLock()  # JupyterLab may deliver messages on several threads
        self._from_page = False
        super().__init__(**state)
        self.observe(self._changed_here, self.state_names())
        self._respond()

    @staticmethod
    def draw(result):
        """The pictures and the words for a result."""
        raise NotImplementedError

    def set_state(self, sync_data):
        """Take a message of the page: all its changes at once, one answer."""
        with self._lock:
            self._from_page = True
            try:
                super().set_state(sync_data)
            except ValueError as refusal:
                self._answer(refusal=str(refusal))
                return
            finally:
                self._from_page = False
            if set(sync_data) & set(self.state_names()):
                self._respond()

    def _changed_here(self, change):
        if not self._from_page:
            self._respond()

    def _respond(self):
        with self._lock:
            try:
                drawn = self.draw(self.compute(**self.state))
            except ValueError as refusal:
                self._answer(refusal=str(refusal))
            except Exception:  # a fault of ours: the page must not wait for ever, and the fault must be seen
                self._answer(refusal="This setting cannot be shown; the kernel says why.")
                raise
            else:
                self._answer(refusal="", **drawn)

    def _answer(self, **parts):
        self.answer = {**self.answer, **parts, "number": self.answer.get("number", 0) + 1}
