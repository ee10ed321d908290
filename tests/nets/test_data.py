"""Embedded data sets, a learner's folder, and what `Images` can do."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from cnnlab.nets import data
from cnnlab.nets._statistics import statistics

EMBEDDED = ("digits", "textures", "faces", "shapes")


@pytest.mark.parametrize("name", EMBEDDED)
def test_embedded_data_are_whole_and_their_splits_share_no_image(name):
    train, test = data.load(name), data.load(name, "test")
    for images in (train, test):
        assert images.images.dtype == torch.uint8 and images.labels.dtype == torch.int64
        assert len(images) == len(images.images) == len(images.labels)
        assert set(images.labels.tolist()) == set(range(len(images.classes)))
        assert images.notice == "" and images.name == name
    seen = {image.numpy().tobytes() for image in train.images}
    assert not seen & {image.numpy().tobytes() for image in test.images}
    assert (train.mean, train.std) == (test.mean, test.std)
    pixels = train.images.double().transpose(0, 1).flatten(1) / 255
    np.testing.assert_allclose(train.mean, pixels.mean(1), rtol=1e-12)
    np.testing.assert_allclose(train.std, pixels.std(1, correction=0), rtol=1e-9)


def test_digits_are_scikit_learns():
    from sklearn.datasets import load_digits

    ours = torch.cat([data.load("digits", split).images for split in data.SPLITS])
    theirs = np.rint(load_digits().images * 255 / 16).astype(np.uint8)
    assert sorted(image.numpy().tobytes() for image in ours) == sorted(image.tobytes() for image in theirs)


def test_digits_can_be_learned():
    from sklearn.svm import SVC

    train, test = (data.load("digits", split) for split in data.SPLITS)
    machine = SVC(gamma=0.25).fit(train.images.flatten(1) / 255, train.labels)
    assert machine.score(test.images.flatten(1) / 255, test.labels) > 0.98


def test_faces_are_scikit_images():
    from skimage.data import lfw_subset

    theirs = {np.rint(patch * 255).astype(np.uint8).tobytes(): i < 100 for i, patch in enumerate(lfw_subset())}
    for split in data.SPLITS:
        faces = data.load("faces", split)
        assert [theirs[image.numpy().tobytes()] for image in faces.images] == faces.labels.bool().tolist()


def test_brightness_does_not_tell_textures_apart():
    textures = data.load("textures")
    means = [textures.images[textures.labels == i].float().mean() for i in range(3)]
    assert max(means) - min(means) < 10
    assert textures.classes == ("grass", "brick", "gravel")


@pytest.mark.parametrize("split", data.SPLITS)
def test_concepts_lie_where_the_images_show_them(split):
    images, concepts = data.load("shapes", split), data.concepts(split)
    assert list(concepts) == [
        *("circle", "square", "triangle", "cross", "ring"),
        *("red", "green", "blue", "yellow"),
        *("plain", "striped", "checked"),
    ]
    anywhere = sum(concepts[name].int() for name in images.classes)
    assert anywhere.max() == 1
    for kind in (["red", "green", "blue", "yellow"], ["plain", "striped", "checked"]):
        assert torch.equal(sum(concepts[name].int() for name in kind), anywhere)
    for index, name in enumerate(images.classes):
        assert torch.equal(concepts[name].flatten(1).any(1), images.labels == index)
    red, green, blue = images.images.float().unbind(1)
    assert (red - blue)[concepts["red"]].mean() > 50 < (blue - red)[concepts["blue"]].mean()
    assert (green - red)[concepts["green"]].mean() > 50 < (green - blue)[concepts["yellow"]].mean()
    assert abs(red - blue)[~anywhere.bool()].mean() < 20  # grey and noise


def test_colour_and_pattern_do_not_tell_shapes_apart():
    labels, concepts = data.load("shapes").labels, data.concepts()
    for name in ("red", "green", "blue", "yellow", "plain", "striped", "checked"):
        shown = torch.bincount(labels[concepts[name].flatten(1).any(1)], minlength=5) / 600
        assert shown.max() - shown.min() < 0.12, name


def test_subset_and_held_out():
    digits = data.load("digits")
    assert torch.equal(digits.subset([3, 1]).labels, digits.labels[[3, 1]])
    assert len(digits.subset(digits.labels == 7)) == (digits.labels == 7).sum()
    assert len(digits.subset(slice(10))) == 10
    rest, held_out = digits.held_out(200, seed=3)
    assert (len(rest), len(held_out)) == (len(digits) - 200, 200)
    assert (rest.split, held_out.split, held_out.mean) == ("train", "held out", digits.mean)
    both = torch.cat([rest.images, held_out.images])
    assert torch.equal(both.float().sum((1, 2, 3)).sort().values, digits.images.float().sum((1, 2, 3)).sort().values)
    again = digits.held_out(200, seed=3)[1]
    assert torch.equal(again.images, held_out.images)
    assert not torch.equal(digits.held_out(200, seed=4)[1].images, held_out.images)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: data.load("imagenet"), "name=imagenet: must be one of digits, "),
        (lambda: data.load("digits", "validation"), "split=validation: must be one of train, test"),
        (lambda: data.load("digits").held_out(0), "count=0: must be 1 or more"),
        (lambda: data.load("digits").held_out(10**6), "count=1000000: must be below"),
        (lambda: data.load("folder"), "folder=None: must be a folder with one subfolder"),
        (lambda: data.load("folder", folder="/no/such"), "folder=/no/such: must be a folder"),
        (lambda: data.at_hand("imagenet"), "name=imagenet"),
        (lambda: data.concepts("all"), "split=all"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ValueError, match="^" + message):
        call()


def test_statistics_of_large_sets_are_exact():
    images = torch.randint(0, 256, (5000, 3, 4, 4), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    mean, std = statistics(images)
    pixels = images.double().transpose(0, 1).flatten(1) / 255
    np.testing.assert_allclose(mean, pixels.mean(1), rtol=1e-12)
    np.testing.assert_allclose(std, pixels.std(1, correction=0), rtol=1e-9)


def test_the_import_brings_nothing_but_torch_and_numpy():
    heavy = {"pooch", "filelock", "sklearn", "PIL", "requests", "tqdm", "skimage", "scipy", "pandas"}
    code = (
        "import sys, torch; before = set(sys.modules); import cnnlab.nets.data as d; d.load('shapes');"
        f"print(*sorted({heavy!r} & (set(sys.modules) - before)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.fixture
def pets(tmp_path):
    """A folder of two classes with ten pictures each: cats dark, dogs bright, in different formats and sizes."""
    for name, grey in (("cat", 40), ("dog", 200)):
        (tmp_path / name).mkdir()
        for i in range(10):
            size = (70 + 10 * i, 90)
            picture = Image.new("RGB", size, (grey, grey + i, grey))
            picture.save(tmp_path / name / f"{i}.{'png' if i % 2 else 'JPG'}", "PNG" if i % 2 else "JPEG")
    return tmp_path


def test_a_folder_of_pictures(pets):
    (pets / "notes.txt").write_text("not a class")
    (pets / "cat" / "notes.txt").write_text("not a picture")
    (pets / ".hidden").mkdir()
    train, test = (data.load("folder", split, folder=pets) for split in data.SPLITS)
    assert train.classes == ("cat", "dog") and train.notice == ""
    assert train.images.shape == (16, 3, 64, 64) and test.images.shape == (4, 3, 64, 64)
    assert [image.float().mean() > 128 for image in test.images] == test.labels.bool().tolist()
    assert train.mean == test.mean != statistics(test.images)[0]


def test_a_folder_that_is_split_already(pets):
    for split in data.SPLITS:
        (pets / split).mkdir()
    for name in ("cat", "dog"):
        for split, kept in (("train", range(7)), ("test", range(7, 10))):
            (pets / split / name).mkdir()
            for i in kept:
                found = next((pets / name).glob(f"{i}.*"))
                found.rename(pets / split / name / found.name)
    assert [len(data.load("folder", split, folder=pets)) for split in data.SPLITS] == [14, 6]


def test_pictures_that_cannot_be_read_are_counted(pets):
    (pets / "cat" / "0.JPG").write_bytes(b"no picture")
    (pets / "dog" / "2.JPG").write_bytes((pets / "dog" / "2.JPG").read_bytes()[:100])
    train = data.load("folder", folder=str(pets))
    assert len(train) == 14 and train.notice == "2 of the pictures could not be read and were left out."


def test_folders_that_cannot_be_used(pets, monkeypatch):
    for path in (pets / "dog").iterdir():
        path.write_bytes(b"no picture")
    with pytest.raises(ValueError, match="no picture in dog can be read"):
        data.load("folder", folder=pets)
    with pytest.raises(ValueError, match="needs two subfolders or more"):
        data.load("folder", folder=pets / "cat")
    monkeypatch.setattr("cnnlab.nets._folder.MOST", 19)
    with pytest.raises(ValueError, match="holds 20 pictures; at most 19 fit"):
        data.load("folder", folder=pets)
