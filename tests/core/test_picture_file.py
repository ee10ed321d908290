"""A learner's own file: every kind of picture as it should look, every broken or hostile file refused in time."""

import io
import os
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cnnlab.core import picture_file
from cnnlab.core.picture_file import load

COLOURS = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)


def encoded(image, kind="PNG", **options):
    buffer = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(buffer, kind, **options)
    return buffer.getvalue()


def png_header(width, height):
    """A PNG that claims a size and holds nothing."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("kind", "options"), [("PNG", {}), ("BMP", {}), ("WEBP", {"lossless": True})])
def test_lossless_formats_come_through_exactly(kind, options):
    picture = load(encoded(COLOURS, kind, **options))
    assert np.array_equal(picture.array, COLOURS)
    assert picture.array.dtype == np.uint8
    assert picture.notes == ()


@pytest.mark.parametrize("kind", ["JPEG", "GIF"])
def test_other_formats(kind):
    flat = np.full((16, 16, 3), [200, 100, 50], np.uint8)
    assert abs(load(encoded(flat, kind)).array.astype(int) - flat).max() <= 4


def test_from_a_path_and_from_bytes_likes(tmp_path):
    path = tmp_path / "picture.bin"
    path.write_bytes(encoded(COLOURS))
    for file in (path, str(path), path.read_bytes(), bytearray(path.read_bytes()), memoryview(path.read_bytes())):
        assert np.array_equal(load(file).array, COLOURS)


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA", "CMYK"])
def test_every_mode_becomes_colour(mode):
    image = Image.fromarray(np.full((4, 4, 3), 255, np.uint8)).convert(mode)
    array = load(encoded(image, "JPEG" if mode == "CMYK" else "PNG")).array
    assert array.shape == (4, 4, 3)
    assert array.min() >= 254


def test_transparent_parts_are_white():
    image = np.zeros((2, 2, 4), np.uint8)
    image[0, 0] = [255, 0, 0, 255]
    image[0, 1] = [0, 0, 0, 128]
    picture = load(encoded(image))
    assert picture.array[0, 0].tolist() == [255, 0, 0]
    assert abs(int(picture.array[0, 1, 0]) - 127) <= 1
    assert picture.array[1].min() == 255
    assert "white" in " ".join(picture.notes)


def test_a_transparent_colour_of_a_palette_is_white():
    image = Image.fromarray(np.array([[0, 1]], np.uint8), "L").convert("P")
    assert load(encoded(image, transparency=0)).array[0, 0].tolist() == [255] * 3


def test_opaque_alpha_needs_no_note():
    assert load(encoded(np.full((2, 2, 4), 255, np.uint8))).notes == ()


def test_sixteen_bits_are_scaled_and_not_clipped():
    wide = np.array([[0, 257, 32768, 65535, 255]], np.uint16)
    picture = load(encoded(wide))
    assert picture.array[0, :, 0].tolist() == [0, 1, 128, 255, 1]
    assert "16 bits" in " ".join(picture.notes)


def test_sixteen_bits_with_a_transparent_value():
    wide = Image.fromarray(np.array([[0, 1000, 65535]], np.uint16))
    assert load(encoded(wide, transparency=1000)).array[0, :, 0].tolist() == [0, 255, 255]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_mark_is_obeyed(orientation):
    turned = {
        1: COLOURS,
        2: COLOURS[:, ::-1],
        3: COLOURS[::-1, ::-1],
        4: COLOURS[::-1],
        5: COLOURS.swapaxes(0, 1),
        6: np.rot90(COLOURS, -1),
        7: COLOURS[::-1, ::-1].swapaxes(0, 1),
        8: np.rot90(COLOURS),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    for kind, options in (("PNG", {}), ("WEBP", {"lossless": True})):
        picture = load(encoded(COLOURS, kind, exif=exif.tobytes(), **options))
        assert np.array_equal(picture.array, turned)
        assert bool(picture.notes) == (orientation != 1)


def test_a_broken_orientation_mark_is_no_reason_to_refuse():
    data = encoded(COLOURS, exif=b"Exif\0\0not a TIFF header")
    assert np.array_equal(load(data).array, COLOURS)


@pytest.mark.parametrize(("kind", "options"), [("GIF", {}), ("WEBP", {"lossless": True}), ("PNG", {})])
def test_an_animation_gives_its_first_frame_and_says_so(kind, options):
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue", "green")]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], **options)
    picture = load(data)
    assert picture.array[0, 0].tolist() == [255, 0, 0]
    assert "first frame" in " ".join(picture.notes)


@pytest.mark.parametrize(
    ("width", "height"), [(8193, 1), (1, 8193), (8192, 1954), (13000, 13000), (2**31 - 1, 2**31 - 1)]
)
def test_sizes_are_refused_from_the_header(width, height):
    with pytest.raises(ValueError, match=r"^file=\d+ bytes: .*(a side|megapixels)"):
        load(png_header(width, height))


def test_the_largest_allowed_size_is_decoded():
    array = load(encoded(Image.new("L", (8192, 1953), 7))).array
    assert array.shape == (1953, 8192, 3)


def test_a_decompression_bomb_costs_no_memory():
    """In a fresh process that may hold little more than NumPy and Pillow."""
    bomb = encoded(Image.new("1", (8192, 8192)))
    assert len(bomb) < 50_000
    program = (
        "import sys, resource; from cnnlab.core.picture_file import load; import PIL.Image\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try: load(sys.stdin.buffer.read())\n"
        "except ValueError as error: assert 'megapixels' in str(error)\n"
        "else: raise SystemExit('not refused')\n"
        "assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 8000\n"
    )
    subprocess.run([sys.executable, "-c", program], input=bomb, check=True, cwd=os.getcwd())


@pytest.mark.parametrize("kind", ["TIFF", "ICO", "PPM", "TGA", "PDF", "EPS", "ICNS"])
def test_other_formats_are_refused(kind):
    image = Image.new("RGB", (16, 16))
    with pytest.raises(ValueError, match=r"^file=.*no readable PNG, JPEG"):
        load(encoded(image, kind))


@pytest.mark.parametrize("file", [b"", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"\xff\xd8\xff", None, 5, 1.5, ["x.png"]])
def test_what_is_no_picture_is_refused(file):
    with pytest.raises(ValueError, match=r"^file="):
        load(file)


def test_what_is_no_file_is_refused(tmp_path):
    for path in (tmp_path, tmp_path / "missing.png", "/dev/zero", "a\0b", ""):
        with pytest.raises(ValueError, match=r"^file="):
            load(path)


def test_a_large_file_is_refused_unread(tmp_path):
    path = tmp_path / "large.png"
    with open(path, "wb") as file:
        file.truncate(picture_file.MAX_FILE_BYTES + 1)
    with pytest.raises(ValueError, match=r"must be at most 64 MB"):
        load(path)


EXAMPLES = [encoded(COLOURS, kind) for kind in ("PNG", "JPEG", "GIF", "BMP", "WEBP")]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(EXAMPLES), st.data())
def test_damaged_files_give_a_picture_or_a_refusal(content, data):
    content = bytearray(content)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    content = content[: data.draw(st.integers(0, len(content)))] if data.draw(st.booleans()) else content
    try:
        picture = load(content)
    except ValueError as error:
        assert str(error).startswith("file=")
    else:
        assert picture.array.ndim == 3
