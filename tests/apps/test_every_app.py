"""What holds for every app, those of the next lesson included."""

import importlib
import pkgutil

import pytest

from cnnlab import apps
from cnnlab.apps.base import BrowserApp
from cnnlab.apps.question import Question

for module in pkgutil.iter_modules(apps.__path__):
    importlib.import_module(f"cnnlab.apps.{module.name}")
APPS = sorted((app for app in BrowserApp.__subclasses__() if app is not Question), key=lambda app: app.__name__)


def test_the_apps_are_found():
    assert len(APPS) >= 15


@pytest.mark.parametrize("kind", APPS, ids=lambda app: app.__name__)
def test_it_opens_computes_and_tells_its_state(kind):
    app = kind()
    assert app.state_names(), "state that Python can read, set and observe"
    if kind.result is not BrowserApp.result or "compute" in vars(kind):
        assert app.result() is not None
    for name, value in app.state.items():
        setattr(app, name, value)  # what it tells is what it takes
    app.close()


@pytest.mark.parametrize("kind", APPS, ids=lambda app: app.__name__)
@pytest.mark.parametrize(
    "nonsense",
    [None, object(), "no such thing", float("nan"), [[]], -(10**30)],
    ids=["None", "object", "text", "NaN", "empty", "huge"],
)
def test_nonsense_is_refused_by_name_and_changes_nothing(kind, nonsense):
    app = kind()
    for name, before in app.state.items():
        if nonsense is None and before is None:
            continue  # where None means "none chosen"
        with pytest.raises(ValueError, match=rf"^{name}\b.*=.*: \w+"):
            setattr(app, name, nonsense)
        assert getattr(app, name) == before
    app.close()
