"""The lenses on trained networks: every control at both ends, and what they must show."""

import pytest

from cnnlab.apps import lens_attribution, lens_maps, lens_subjects
from cnnlab.apps.lens_attribution import AttributionExplorer, TrustExplorer
from cnnlab.apps.lens_occlusion import OcclusionExplorer
from cnnlab.nets import attribution

EMBEDDED = [name for name in lens_subjects.names() if "Test image" not in name]


@pytest.mark.parametrize("name", EMBEDDED)
def test_every_embedded_picture_is_read(name):
    subject = lens_subjects.subject(name)
    probabilities = lens_subjects.probabilities(subject)
    wanted = {"Cat": "cat", "Rocket": "ship"}.get(subject.title, subject.title[-1])
    if subject.title != lens_subjects.PAIR:
        assert subject.classes[int(probabilities.argmax())] == wanted
        assert probabilities.max() > 0.8


@pytest.mark.parametrize("kind", [OcclusionExplorer, AttributionExplorer, TrustExplorer])
def test_every_control_to_both_ends(kind):
    app = kind()
    assert app.answer["refusal"] == ""
    if "method" in app.state_names():
        app.picture = "lenet5: Digit 3"
    for control in app.controls:
        start = getattr(app, control["name"])
        if control["kind"] == "slider":
            ends = [control["min"], control["max"]]
        elif isinstance(control["options"], dict):
            ends = ["lenet5: Digit 0", "resnet20: Rocket"]
        else:
            ends = [value for value, _ in control["options"] if value != "SmoothGrad"]
        for value in ends:
            setattr(app, control["name"], value)
            assert app.answer["refusal"] == "", (control["name"], value)
            assert all(png.startswith(b"\x89PNG") for png in app.answer["pictures"].values())
            assert "nan" not in app.answer["text"]
        setattr(app, control["name"], start)
    app.close()


@pytest.mark.parametrize("kind", [OcclusionExplorer, AttributionExplorer, TrustExplorer])
def test_nonsense_is_refused(kind):
    app = kind()
    for name, before in app.state.items():
        for nonsense in (None, "no such thing", -1, 1e9, float("nan")):
            with pytest.raises(ValueError, match=f"^{name}="):
                setattr(app, name, nonsense)
        assert getattr(app, name) == before
    app.close()


def test_covering_the_loop_of_a_nine_hurts_more_than_a_corner():
    state = {"picture": "lenet5: Digit 9", "size": 30, "cover": "black", "target": 9}
    fall = {}
    for place, (across, down) in {"loop": (50, 30), "corner": (5, 95)}.items():
        app = OcclusionExplorer(**state, across=across, down=down)
        seen = app.result()
        fall[place] = float(seen.before[9] - seen.after[9])
        app.close()
    assert fall["loop"] > 0.3
    assert abs(fall["corner"]) < 0.05


def test_grad_cam_moves_to_the_other_object():
    subject = lens_subjects.subject(f"resnet20: {lens_subjects.PAIR}")
    cat, ship = attribution.class_map(subject.model, subject.x, [3, 8], layer="layer3.2.conv2")
    half = cat.shape[-1] // 2
    assert cat[..., :half].sum() > 0.8 * cat.sum()
    assert ship[..., half:].sum() > 0.8 * ship.sum()


def test_guided_backprop_fails_the_check_that_others_pass():
    """With the last layer random the pretty map stays; those that depend on the class become others."""
    found = {
        method: lens_attribution.checked(picture="lenet5: Digit 9", method=method, depth=100, target=9, lost=1)
        for method in ("Guided backprop", "Integrated gradients", "Occlusion")
    }
    assert found["Guided backprop"].correlation > 0.8
    assert max(found[name].correlation for name in ("Integrated gradients", "Occlusion")) < 0.2
    assert all(seen.names == ("fc3",) for seen in found.values())


def test_the_map_is_painted_over_the_picture():
    subject = lens_subjects.subject("lenet5: Digit 1")
    values = lens_maps.attributed("lenet5: Digit 1", "Occlusion", 1, 100)
    painted = lens_maps.overlay(subject.shown, values)
    row, column = divmod(int(values.argmax()), 28)
    assert painted[row, column].tolist() == lens_maps.ORANGE.tolist()
