"""Every architecture: the published number of parameters, torchvision's names of weights, shapes, both modes."""

import subprocess
import sys

import pytest
import torch

from cnnlab import nets
from cnnlab.nets.architectures.resnet_cifar import ResNetCifar

META = torch.device("meta")
# Counts as the papers, torchvision's documentation of its weights, or the fifth lecture's tables give them. GoogLeNet
# and Inception v3 include their auxiliary classifiers, which torchvision counts for Inception v3 alone.
PUBLISHED = {
    "lenet5_1998": 60_000,  # LeCun et al. 1998: "60,000 trainable free parameters"
    "alexnet_2012": 60_965_224,
    "alexnet_227": 62_378_344,
    "alexnet": 61_100_840,
    "vgg16": 138_357_544,
    "vgg19": 143_667_240,
    "vgg16_bn": 138_365_992,
    "inception_v3": 27_161_264,
    "resnet18": 11_689_512,
    "resnet50": 25_557_032,
    "resnet152": 60_192_808,
    "resnext50_32x4d": 25_028_904,
    "wide_resnet50_2": 68_883_240,
    "resnet20": 269_722,
    "resnet110": 1_727_962,
    "densenet121": 7_978_856,
    "densenet161": 28_681_000,
    "squeezenet1_0": 1_248_424,
    "squeezenet1_1": 1_235_496,
    "mobilenet_v2": 3_504_872,
    "shufflenet_v2_x1_0": 2_278_604,
    "mnasnet1_0": 4_383_312,
    "efficientnet_b0": 5_288_548,
    "convnext_tiny": 28_589_128,
    "xception": 22_855_952,  # Chollet 2017, table 3
    "fashion_cnn": 1_677_674,
    "dogs_cats_cnn": 23_214_017,
}
# Some of torchvision's names of weights.
STATE = {
    "alexnet": ["features.0.weight", "features.10.bias", "classifier.6.weight"],
    "vgg16_bn": ["features.41.num_batches_tracked", "classifier.3.weight"],
    "googlenet": ["conv1.conv.weight", "inception4e.branch3.1.bn.running_var", "aux2.fc2.bias"],
    "inception_v3": ["Conv2d_1a_3x3.bn.bias", "Mixed_6e.branch7x7dbl_5.conv.weight", "AuxLogits.conv1.bn.bias"],
    "resnet18": ["layer2.0.downsample.1.running_mean", "layer4.1.conv2.weight", "fc.bias"],
    "resnet50": ["layer1.0.conv3.weight", "layer1.0.downsample.0.weight"],
    "resnext50_32x4d": ["layer4.2.bn3.bias"],
    "wide_resnet50_2": ["layer3.5.conv2.weight"],
    "densenet121": ["features.denseblock3.denselayer24.conv2.weight", "features.transition1.norm.bias"],
    "squeezenet1_1": ["features.12.expand3x3.weight", "classifier.1.bias"],
    "mobilenet_v2": ["features.1.conv.1.weight", "features.17.conv.3.running_var", "classifier.1.bias"],
    "shufflenet_v2_x1_0": ["stage2.0.branch1.2.weight", "stage4.3.branch2.6.bias", "conv5.0.weight"],
    "mnasnet1_0": ["layers.8.0.layers.3.weight", "layers.14.weight", "classifier.1.bias"],
    "efficientnet_b0": ["features.1.0.block.1.fc1.weight", "features.4.2.block.3.0.weight", "features.8.1.bias"],
    "convnext_tiny": ["features.5.8.layer_scale", "features.2.1.weight", "features.7.2.block.5.bias"],
}


def on_meta(name, **options):
    with META:
        return nets.build(name, **options)


def parameters(model):
    return sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize("name", nets.names())
def test_parameters_are_as_the_table_of_the_family_says(name):
    stated = nets.info(name).parameters
    assert stated is None or parameters(on_meta(name)) == stated


@pytest.mark.parametrize(("name", "count"), PUBLISHED.items())
def test_published_parameter_counts(name, count):
    assert parameters(on_meta(name)) == count


def test_keras_counts_the_moving_averages_too():
    model = on_meta("fashion_cnn")
    averages = sum(b.numel() for name, b in model.named_buffers() if "running" in name)
    assert (parameters(model), averages, parameters(model) + averages) == (1_677_674, 1_408, 1_679_082)


def test_googlenet_without_its_auxiliary_classifiers():
    from cnnlab.nets.architectures.googlenet import GoogLeNet

    with META:
        assert parameters(GoogLeNet(aux_logits=False)) == 6_624_904  # torchvision's figure


@pytest.mark.parametrize("name", STATE)
def test_weights_have_torchvisions_names(name):
    assert set(STATE[name]) <= set(on_meta(name).state_dict())


@pytest.mark.parametrize("name", nets.names())
def test_logits_of_two_input_sizes(name):
    known = nets.info(name)
    channels, rows, columns = known.input_size
    model = on_meta(name).eval()
    logits = model(torch.empty(2, channels, rows, columns, device=META))
    assert logits.shape[:2] == (2, known.num_classes)
    fixed = isinstance(model, torch.nn.Sequential) or name in ("alexnet_2012", "alexnet_227")
    other = torch.empty(1, channels, rows + 32, columns + 64, device=META)
    if fixed:  # the size is written into the first dense layer, or into the number of outputs
        with pytest.raises(RuntimeError):
            assert model(other).shape == logits[:1].shape, "not one vector of logits"
            raise RuntimeError
    else:
        assert model(other).shape[1] == known.num_classes


@pytest.mark.parametrize("name", nets.names())
def test_classes_and_channels_can_be_chosen(name):
    known = nets.info(name)
    model = on_meta(name, num_classes=7, in_channels=4).eval()
    assert model(torch.empty(1, 4, *known.input_size[1:], device=META)).shape[1] == 7


# One of every kind, and the side of an image that is large enough for it.
TRAINED = {
    "lenet5_1998": 32,
    "lenet5": 28,
    "alexnet": 63,
    "vgg11_bn": 32,
    "googlenet": 64,
    "inception_v3": 299,
    "resnet18": 32,
    "resnet50": 32,
    "resnext50_32x4d": 32,
    "resnet20": 32,
    "preact_resnet20": 32,
    "densenet121": 64,
    "squeezenet1_0": 64,
    "mobilenet_v1": 64,
    "mobilenet_v2": 64,
    "shufflenet_v2_x1_0": 64,
    "mnasnet1_0": 64,
    "efficientnet_b0": 64,
    "convnext_tiny": 64,
    "xception": 71,
    "unet": 32,
    "fashion_cnn": 28,
    "dogs_cats_cnn": 150,
    "mlp": 28,
}


@pytest.mark.parametrize(("name", "side"), TRAINED.items())
def test_a_step_of_training_reaches_every_weight(name, side):
    torch.manual_seed(0)
    known = nets.info(name)
    model = nets.build(name, num_classes=known.num_classes if name == "dogs_cats_cnn" else 3).train()
    outputs = model(torch.rand(2, known.input_size[0], side, side))
    logits = outputs if isinstance(outputs, tuple) else (outputs,)
    sum(part.square().sum() for part in logits).backward()
    without = [n for n, p in model.named_parameters() if p.grad is None or not torch.isfinite(p.grad).all()]
    assert not without


@pytest.mark.parametrize(("name", "heads"), [("googlenet", 3), ("inception_v3", 2)])
def test_auxiliary_logits_in_training_alone(name, heads):
    model = on_meta(name, num_classes=5)
    images = torch.empty(2, *nets.info(name).input_size, device=META)
    assert [tuple(part.shape) for part in model(images)] == [(2, 5)] * heads
    assert model.eval()(images).shape == (2, 5)


def test_a_state_travels_from_one_copy_to_another():
    torch.manual_seed(0)
    one, other = nets.build("resnet20").eval(), nets.build("resnet20").eval()
    x = torch.rand(2, 3, 32, 32)
    assert not torch.equal(one(x), other(x))
    other.load_state_dict(one.state_dict(), strict=True)
    assert torch.equal(one(x), other(x))


def test_layer_table_of_alexnet_in_the_lectures():
    shapes, model = [], on_meta("alexnet_227").eval()
    x = torch.empty(1, 3, 227, 227, device=META)
    for layer in [*model.features, *model.classifier]:
        x = layer(x)
        if isinstance(layer, (torch.nn.Conv2d, torch.nn.MaxPool2d, torch.nn.Linear)):
            shapes.append("x".join(map(str, (*x.shape[2:], x.shape[1]))))
    convolutions = "55x55x96 27x27x96 27x27x256 13x13x256 13x13x384 13x13x384 13x13x256 6x6x256"
    assert shapes == [*convolutions.split(), "4096", "4096", "1000"]


def test_dogs_and_cats_layer_by_layer():
    shapes, x = [], torch.empty(1, 3, 150, 150, device=META)
    for layer in on_meta("dogs_cats_cnn").eval():
        x = layer(x)
        if isinstance(layer, (torch.nn.Conv2d, torch.nn.MaxPool2d)):
            shapes.append((x.shape[1], x.shape[2]))
    lecture = [(32, 150), (64, 150), (64, 75), (128, 75), (128, 75), (128, 37), (256, 37), (512, 37), (512, 18)]
    assert shapes == [*lecture, (512, 18), (512, 18), (512, 8)]


def test_lenet_of_1998_layer_by_layer():
    counts = {name: parameters(module) for name, module in on_meta("lenet5_1998").named_children()}
    table = {"c1": 156, "s2": 12, "c3": 1_516, "s4": 32, "c5": 48_120, "f6": 10_164}  # section II.B of the paper
    assert {name: count for name, count in counts.items() if count} == table


def test_lenets_squash_maps_one_to_one():
    squash = nets.build("lenet5_1998").squash1
    assert squash(torch.tensor([-1.0, 0.0, 1.0])).tolist() == pytest.approx([-1, 0, 1], abs=1e-4)


def test_plain_networks_are_residual_ones_without_shortcuts():
    torch.manual_seed(0)
    residual, plain = nets.build("resnet20").eval(), nets.build("plain20").eval()
    plain.load_state_dict(residual.state_dict(), strict=True)
    x = torch.rand(1, 3, 32, 32)
    assert not torch.allclose(residual(x), plain(x))
    for model in (residual, plain):
        for name, p in model.named_parameters():
            if "layer" in name and "bn2.weight" in name:
                torch.nn.init.zeros_(p)
    # With nothing added, a residual network passes its input on; a plain one passes nothing.
    assert residual.layer1(x.repeat(1, 6, 1, 1)[:, :16]).equal(x.repeat(1, 6, 1, 1)[:, :16])
    assert not plain.layer1(x.repeat(1, 6, 1, 1)[:, :16]).any()


@pytest.mark.parametrize(
    ("options", "parameter"),
    [({"depth": 21}, "depth=21"), ({"depth": 2}, "depth=2"), ({"depth": 20, "width": 0}, "width")],
)
def test_cifar_depths_are_6n_plus_2(options, parameter):
    with pytest.raises(ValueError, match=parameter):
        ResNetCifar(**options)


@pytest.mark.parametrize(
    ("options", "parameter"),
    [({"name": "resnet19"}, "name=resnet19"), ({"name": "mlp", "num_classes": 0}, "num_classes=0")],
)
def test_refusals_name_the_parameter(options, parameter):
    with pytest.raises(ValueError, match=parameter):
        nets.build(**options)


def test_nets_load_torch_and_numpy_alone():
    heavy = {
        "torchvision",
        "matplotlib",
        "plotly",
        "PIL",
        "sklearn",
        "pooch",
        "safetensors",
        "tqdm",
        "pandas",
        "anywidget",
    }
    code = (
        "import importlib, pkgutil, sys, torch, numpy\n"
        "before = set(sys.modules)\n"  # torch brings tqdm where it finds it
        "import cnnlab.nets\n"
        "for found in pkgutil.walk_packages(cnnlab.nets.__path__, 'cnnlab.nets.'):\n"
        "    importlib.import_module(found.name)\n"
        f"print(*sorted({heavy!r} & (set(sys.modules) - before)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr
