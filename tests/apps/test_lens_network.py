"""The whole network: every unit's sum is the network's own number."""

import pytest

from cnnlab.apps.lens_network import MAPS, NetworkExplorer, network

PICTURES = ["lenet5: Digit 2", "resnet20: Cat"]


@pytest.mark.parametrize("picture", PICTURES)
def test_every_weighted_unit_is_the_sum_of_its_terms(picture):
    weighted = 0
    for number, (_, _, _, y) in enumerate(network(picture)):
        for channel, row, column in ((0, 0, 0), (3, 2, 5), (4096, 4096, 4096)):
            state = {"layer": number, "channel": channel, "row": row, "column": column}
            *_, place, unit = NetworkExplorer.compute(picture=picture, **state)
            assert unit.value == pytest.approx(float(y[(0, *place[: y.ndim - 1])]))
            if unit.bias is not None:
                weighted += 1
                total = sum(term.value for term in unit.terms) + unit.bias
                assert total == pytest.approx(unit.value, abs=1e-3)
    assert weighted >= 3 * 5


@pytest.mark.parametrize("place", [(0, 0), (6, 6), (13, 13)])
def test_pooling_is_explained_by_its_window(place):
    """LeNet's first pooling: the largest of 2x2."""
    number = [name for name, *_ in network("lenet5: Digit 2")].index("pool1")
    state = {"picture": "lenet5: Digit 2", "layer": number, "channel": 1, "row": place[0], "column": place[1]}
    *_, unit = NetworkExplorer.compute(**state)
    assert unit.terms[0].window.shape == (2, 2)
    assert unit.terms[0].window.max() == pytest.approx(unit.value)


def test_columns_hold_the_layers_and_links_lead_to_all_channels_read():
    app = NetworkExplorer()
    made = app.network["columns"]
    assert [column["name"] for column in made][:4] == ["input", "conv1", "relu1", "pool1"]
    assert all(len(column["maps"]) == len(column["channels"]) <= MAPS for column in made)
    assert made[-1]["channels"] == list(range(10))
    channels = {column["name"]: column["channels"] for column in made}
    assert channels["conv2"] == channels["relu2"] == channels["pool2"]
    assert app.channel in channels["conv2"]
    assert len(app.answer["focus"]["links"]) == 6
    app.picture = "resnet20: Cat"
    assert app.answer["refusal"] == ""
    assert app.network["columns"][-1]["size"] == "10"
    app.close()


@pytest.mark.parametrize("nonsense", [None, -1, 1e9, float("nan"), "no such thing"])
def test_nonsense_is_refused(nonsense):
    app = NetworkExplorer()
    for name in app.state_names():
        with pytest.raises(ValueError, match=f"^{name}="):
            setattr(app, name, nonsense)
    app.close()
