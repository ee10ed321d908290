"""Which pixels count? One method, two classes compared, and the checks that tell a true map from a pretty one."""

from dataclasses import dataclass

import torch
import traitlets

from cnnlab.apps import lens_maps, lens_subjects
from cnnlab.apps.base import KernelApp, Setting
from cnnlab.core import checks
from cnnlab.nets import trust
from cnnlab.plots import paint

RANGES = {"depth": (0, 100), "first": (0, 9), "second": (0, 9), "target": (0, 9), "lost": (0, 30)}


class Lens(KernelApp):
    """What the two explorers of this module share: their validators."""

    @traitlets.validate("picture", "method")
    def _one_of(self, proposal):
        options = lens_subjects.names() if proposal["trait"].name == "picture" else lens_maps.METHODS
        return checks.choice(proposal["trait"].name, proposal["value"], options)

    @traitlets.validate(*RANGES)
    def _in_range(self, proposal):
        name, value = proposal["trait"].name, proposal["value"]
        checks.within(name, value, *RANGES[name])
        return checks.integer(name, value, RANGES[name][0])


def _menus():
    return [
        {"kind": "menu", "name": "picture", "label": "Network and picture", "options": lens_subjects.options()},
        {"kind": "menu", "name": "method", "label": "Method", "options": [[m, m] for m in lens_maps.METHODS]},
        {"kind": "slider", "name": "depth", "label": "Depth %", "min": 0, "max": 100},
    ]


@dataclass(frozen=True, eq=False)
class View:
    """Maps (H, W) of two classes, with what it takes to name them."""

    subject: lens_subjects.Subject
    method: str
    layer: str
    targets: tuple[int, int]
    maps: tuple[torch.Tensor, torch.Tensor]
    probabilities: torch.Tensor


def view(*, picture, method, depth, first, second):
    """The method's maps of two classes."""
    subject = lens_subjects.subject(picture)
    return View(
        subject,
        method,
        lens_maps.layer_at(subject.model, depth) if method in lens_maps.WITH_LAYER else "",
        (first, second),
        tuple(lens_maps.attributed(picture, method, target, depth) for target in (first, second)),
        lens_subjects.probabilities(subject),
    )


class AttributionExplorer(Lens):
    """Two classes side by side: does the map move to what the class is about?"""

    picture = Setting(f"resnet20: {lens_subjects.PAIR}").tag(sync=True, state=True)
    method = Setting("Grad-CAM").tag(sync=True, state=True)
    depth = Setting(100).tag(sync=True, state=True)
    first = Setting(3).tag(sync=True, state=True)
    second = Setting(8).tag(sync=True, state=True)

    label = traitlets.Unicode("Attribution").tag(sync=True)

    @traitlets.default("controls")
    def _controls(self):
        return [
            *_menus(),
            {"kind": "slider", "name": "first", "label": "Class A", "min": 0, "max": 9},
            {"kind": "slider", "name": "second", "label": "Class B", "min": 0, "max": 9},
        ]

    @staticmethod
    def compute(**state):
        return view(**state)

    @staticmethod
    def draw(result):
        subject, classes = result.subject, result.subject.classes
        names = [classes[target] for target in result.targets]
        maps = [lens_maps.overlay(subject.shown, values) for values in result.maps]
        alike = trust.rank_correlation(*result.maps)
        where = f" on the layer {result.layer}" if result.layer else ""
        says = int(result.probabilities.argmax())
        return {
            "pictures": {
                "The picture": paint.png(lens_maps.picture(subject.shown)),
                f"A: {result.method} of “{names[0]}”": paint.png(maps[0]),
                f"B: {result.method} of “{names[1]}”": paint.png(maps[1]),
            },
            "bars": [{"name": name, "value": float(p)} for name, p in zip(classes, result.probabilities, strict=True)],
            "text": (
                f"The network says “{classes[says]}”. {result.method}{where}: the maps of “{names[0]}” and "
                f"“{names[1]}” have a rank correlation of {alike:.2f} (1: the same map, so the class does not matter). "
                f"Each map has its own scale. Orange is for the class, blue against it."
            ),
        }


@dataclass(frozen=True, eq=False)
class Checked:
    """A map (H, W), the map of the network that has lost layers, their rank correlation, and the two curves."""

    subject: lens_subjects.Subject
    method: str
    target: int
    values: torch.Tensor
    without: torch.Tensor
    names: tuple[str, ...]
    correlation: float
    deletion: list[float]
    insertion: list[float]


def checked(*, picture, method, depth, target, lost):
    """Both checks of one map."""
    subject = lens_subjects.subject(picture)
    layers = trust.layers_from_the_top(subject.model)[:lost]
    values = lens_maps.attributed(picture, method, target, depth)
    without = lens_maps.attributed(picture, method, target, depth, len(layers))
    return Checked(
        subject,
        method,
        target,
        values,
        without,
        layers,
        trust.rank_correlation(values, without),
        *lens_maps.curves(picture, values, target),
    )


class TrustExplorer(Lens):
    """Do not trust a pretty map: take the network's knowledge away, take the map's pixels away."""

    picture = Setting("lenet5: Digit 9").tag(sync=True, state=True)
    method = Setting("Guided backprop").tag(sync=True, state=True)
    depth = Setting(100).tag(sync=True, state=True)
    target = Setting(9).tag(sync=True, state=True)
    lost = Setting(2).tag(sync=True, state=True)

    label = traitlets.Unicode("Checks of a map").tag(sync=True)

    @traitlets.default("controls")
    def _controls(self):
        return [
            *_menus(),
            {"kind": "slider", "name": "target", "label": "Class", "min": 0, "max": 9},
            {"kind": "slider", "name": "lost", "label": "Layers lost", "min": 0, "max": 30},
        ]

    @staticmethod
    def compute(**state):
        return checked(**state)

    @staticmethod
    def draw(result):
        shown, name = result.subject.shown, result.subject.classes[result.target]
        lost = f"{len(result.names)} layer{'s' * (len(result.names) != 1)}"
        areas = [sum(curve) / len(curve) for curve in (result.deletion, result.insertion)]
        return {
            "pictures": {
                "The picture": paint.png(lens_maps.picture(shown)),
                f"{result.method} of “{name}”": paint.png(lens_maps.overlay(shown, result.values)),
                f"The same, {lost} made random again": paint.png(lens_maps.overlay(shown, result.without)),
            },
            "charts": [
                _chart("Deletion: best pixels go first", result.deletion, areas[0], "gradient"),
                _chart("Insertion: best pixels come first", result.insertion, areas[1], "output"),
            ],
            "text": (
                f"Random again, from the top: {_listed(result.names)}. The rank correlation of both "
                f"maps is {result.correlation:.2f}: near 1 means that the map does not show what those layers learned. "
                f"Area under the curve of “{name}”: deletion {areas[0]:.2f} (small is good), insertion {areas[1]:.2f} "
                f"(large is good)."
            ),
        }


def _listed(names):
    """A few names, and how many more there are."""
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return ", ".join(names[:4]) + more or "no layer"


def _chart(name, curve, area, role):
    points = [[100 * number / (len(curve) - 1), value] for number, value in enumerate(curve)]
    return {
        "name": name,
        "text": f"Area {area:.2f}.",
        "x": {"range": [0, 100], "name": "% of the pixels"},
        "y": {"range": [0, 1]},
        "lines": [{"points": points, "role": role}],
    }
