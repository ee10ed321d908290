"""The convolution explorer as a learner meets it."""

import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

LESSON = "02_convolution"


class Explorer:
    """What a learner sees and does."""

    def __init__(self, page):
        self.page = page
        self.root = page.get_by_role("region", name="Convolution explorer")
        self.root.scroll_into_view_if_needed()
        self.input = self.root.locator(".cnn-input canvas")
        self.output = self.root.locator(".cnn-output canvas")
        self.output_size = self.root.locator(".cnn-output figcaption b")
        self.output.wait_for()

    def settle(self):
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def picture(self, name="output"):
        self.settle()
        return getattr(self, name).evaluate("(canvas) => canvas.toDataURL()")

    def text(self, part):
        self.settle()
        return self.root.locator(f".cnn-{part}").inner_text()

    def sizes(self):
        self.settle()
        return self.output_size.inner_text()

    def control(self, label):
        return self.root.get_by_label(label, exact=True)

    def notice(self, word):
        """The notice, once it holds `word`."""
        expect(self.root.locator(".cnn-notice")).to_contain_text(word)
        return self.text("notice")

    def choose(self, label, option):
        self.control(label).select_option(option)
        self.settle()

    def example(self, name):
        self.choose("Example", name)

    def kernel(self):
        return [float(box.input_value().replace("−", "-")) for box in self.root.locator(".cnn-weights input").all()]

    def point(self, grid, row, col, cell, cells):
        """Move the pointer to a cell of a grid of `cells` (rows, columns), each `cell` px."""
        box = getattr(self, grid).bounding_box()
        x = box["x"] + box["width"] / 2 + (col + 0.5 - cells[1] / 2) * cell
        y = box["y"] + box["height"] / 2 + (row + 0.5 - cells[0] / 2) * cell
        self.page.mouse.move(x, y)
        self.settle()


@pytest.fixture(scope="module")
def page(open_lesson):
    with open_lesson("page", LESSON) as page:
        page.set_default_timeout(5_000)
        yield page


@pytest.fixture
def explorer(page):
    page.reload()
    return Explorer(page)


@pytest.mark.parametrize("place", ["page", "voila", "lab"])
def test_a_slider_moved_by_keyboard_changes_picture_and_text(open_lesson, axe_violations, place):
    with open_lesson(place, LESSON) as page:
        explorer = Explorer(page)
        if place == "lab":  # the notebook's own code sets the stride and then the kernel
            expect(explorer.output_size).to_have_text("55×55", timeout=20_000)
            expect(explorer.control("Weight, row 2, column 2")).to_have_value("1", timeout=20_000)
        explorer.control("Stride").focus()
        page.keyboard.press("Home")
        before = explorer.picture(), explorer.text("summary"), explorer.sizes()
        assert before[2] == "110×110"
        page.keyboard.press("ArrowRight")
        assert explorer.sizes() == "55×55"
        assert explorer.picture() != before[0]
        assert "output 55×55" in explorer.text("summary")
        assert explorer.control("Stride, typed").input_value() == "2"
        page.keyboard.press("ArrowLeft")
        assert (explorer.picture(), explorer.text("summary"), explorer.sizes()) == before
        row, col = map(int, re.findall(r"\d+", explorer.text("sum"))[:2])
        scrolled = page.evaluate("[scrollX, scrollY]")
        explorer.output.focus()
        page.keyboard.press("ArrowDown")
        assert explorer.text("sum").startswith(f"output[{row + 1}, {col}]")
        assert page.evaluate("[scrollX, scrollY]") == scrolled, "arrow keys belong to the grid"
        assert axe_violations(page) == []


def test_the_whole_static_page_is_accessible(page, axe_violations):
    assert axe_violations(page, "body") == []


def test_python_and_page_share_the_state(open_lesson, lab_copy):
    """Python's settings arrive in the page (the notebook sets some), the page's in Python."""
    from jupyter_client import BlockingKernelClient

    with open_lesson("lab", LESSON) as page:
        explorer = Explorer(page)
        expect(explorer.output_size).to_have_text("55×55", timeout=20_000)
        explorer.control("Stride").focus()
        page.keyboard.press("ArrowRight")
        explorer.control("convolution").check()
        assert explorer.sizes() == "37×37"
        files = (lab_copy.path.parent / "jupyter_data_dir/runtime").glob("kernel-*.json")
        client = BlockingKernelClient(connection_file=str(max(files, key=lambda file: file.stat().st_mtime)))
        client.load_connection_file()
        client.start_channels()
        try:
            client.wait_for_ready(20)
            page.wait_for_timeout(500)  # the page tells Python ten times a second
            printed = []
            client.execute_interactive(
                "print(explorer.stride, explorer.flip, explorer.result().output.shape)",
                output_hook=lambda message: printed.append(message["content"].get("text", "")),
                timeout=20,
            )
        finally:
            client.stop_channels()
        assert "[3, 3] True (37, 37)" in "".join(printed)


def test_worked_example_window_by_window(explorer):
    explorer.example("Window by window")
    cells = (3, 3)
    sums = []
    for row in range(3):
        for col in range(3):
            explorer.point("output", row, col, 56, cells)
            sums.append(int(re.search(r"= (\d+)$", explorer.text("sum"))[1]))
    assert sums == [12, 12, 17, 10, 17, 19, 9, 6, 14]
    assert explorer.text("sum").startswith("output[2, 2] = 2·0 + 2·1 + 3·2")


def test_pointing_at_an_input_cell_names_the_outputs_it_feeds(explorer):
    explorer.example("Window by window")
    explorer.point("input", 2, 2, 56, (5, 5))
    assert "Input row 2, column 2 = 2 feeds 9 output cells." in explorer.text("summary")
    explorer.point("input", 0, 0, 56, (5, 5))
    assert "Input row 0, column 0 = 3 feeds 1 output cell." in explorer.text("summary")


def test_dragging_over_the_input_moves_the_window(explorer):
    explorer.example("Window by window")
    explorer.point("input", 1, 1, 56, (5, 5))
    explorer.page.mouse.down()
    explorer.point("input", 3, 2, 56, (5, 5))
    explorer.page.mouse.up()
    assert explorer.text("sum").startswith("output[2, 1]")
    explorer.root.locator(".cnn-sum").hover()
    assert explorer.text("sum").startswith("output[2, 1]"), "a window that was put somewhere stays there"


def test_pointing_at_a_weight_marks_all_it_touches(explorer):
    explorer.example("Window by window")
    before = explorer.picture("input")
    explorer.root.locator(".cnn-weights input").nth(4).hover()
    assert explorer.picture("input") != before


def test_keyboard_moves_the_window_and_the_input_cell(explorer):
    explorer.example("Window by window")
    explorer.output.focus()
    explorer.page.keyboard.press("ArrowRight")
    explorer.page.keyboard.press("ArrowDown")
    assert explorer.text("sum").startswith("output[1, 1]")
    explorer.input.focus()
    explorer.page.keyboard.press("ArrowRight")
    explorer.page.keyboard.press("ArrowRight")
    assert "Input row 0, column 1 = 3 feeds 2 output cells." in explorer.text("summary")


def test_uncovered_cells_are_named(explorer):
    explorer.example("Size: 6 cells, kernel 3, stride 2, padding 1")
    assert "Not covered at the end (hatched): 1 row and 1 column" in explorer.text("summary")
    assert explorer.sizes() == "3×3"


def test_convolution_turns_the_kernel(explorer):
    explorer.example("One bright cell: correlation turns the kernel")
    straight, picture = explorer.kernel(), explorer.picture()
    explorer.control("convolution").check()
    explorer.page.wait_for_timeout(600)
    assert explorer.kernel() == straight[::-1]
    assert explorer.picture() != picture
    assert "turned by 180°" in explorer.root.locator(".cnn-kernel figcaption").inner_text()


def test_a_weight_can_be_typed_and_nonsense_is_refused(explorer):
    explorer.example("Window by window")
    box = explorer.control("Weight, row 1, column 1")
    box.fill("1/2")
    box.press("Enter")
    assert explorer.text("sum").startswith("output[0, 0] = 3·0.5 +")
    box.fill("much")
    box.press("Enter")
    assert "“much” is not a number" in explorer.text("notice")
    assert explorer.kernel()[0] == 0.5


def test_bad_input_is_red_and_the_last_good_picture_stays(explorer):
    explorer.example("Window by window")
    good = explorer.picture(), explorer.sizes()
    explorer.root.get_by_text("Type or paste a kernel").click()
    for text, word in [("1 2; 3", "same count"), ("", "no number"), ("1 x", "“x” is not a number")]:
        explorer.control("Kernel as text").fill(text)
        explorer.root.get_by_role("button", name="Use it").click()
        assert word in explorer.text("notice")
        assert (explorer.picture(), explorer.sizes()) == good
    explorer.control("Kernel as text").fill("[[1, 0], [0, -1]]")
    explorer.root.get_by_role("button", name="Use it").click()
    assert explorer.text("notice") == ""
    assert explorer.sizes() == "4×4"
    kept = explorer.picture("input")
    explorer.control("Kernel size, typed").fill("9")
    explorer.control("Kernel size, typed").press("Enter")
    assert "it reaches over 9 rows, the padded input has 5" in explorer.notice("kernel=9")
    notice = explorer.root.locator(".cnn-notice")
    red, green, blue = map(int, re.findall(r"\d+", notice.evaluate("(e) => getComputedStyle(e).color"))[:3])
    assert red > 2 * max(green, blue)
    assert explorer.picture("input") == kept


def test_a_number_out_of_range_is_clamped_with_a_word(explorer):
    box = explorer.control("Stride, typed")
    box.fill("99")
    box.press("Enter")
    assert "99 is outside 1 to 8; 8 is used" in explorer.text("notice")
    assert box.input_value() == "8"


@pytest.mark.parametrize(
    ("answer", "word"),
    [((2.5, 2.5), "Round down"), ((3, 3), "Round down"), ((1, 1), "+ 1 is missing"), ((4, 4), "stride is missing")],
)
def test_prediction_names_the_slip(explorer, answer, word):
    explorer.example("Window by window")
    explorer.root.get_by_label("State as text", exact=False).fill("input=Numbers_6×6 stride=2 kernel=1,1,1;1,1,1;1,1,1")
    explorer.root.get_by_label("State as text", exact=False).press("Enter")
    explorer.root.get_by_role("button", name="Predict the output size").click()
    assert explorer.sizes() == "?"
    assert "2×2" not in explorer.root.inner_text()
    for field, value in zip(("rows", "columns"), answer, strict=True):
        explorer.control(f"Predicted output {field}").fill(str(value))
    explorer.root.get_by_role("button", name="Check").click()
    assert word in explorer.text("verdict")
    for field in ("rows", "columns"):
        explorer.control(f"Predicted output {field}").fill("2")
    explorer.root.get_by_role("button", name="Check").click()
    assert explorer.text("verdict") == "Right: 2×2."
    assert explorer.sizes() == "2×2"


def test_state_text_goes_there_and_back(explorer):
    state = explorer.root.get_by_label("State as text", exact=False)
    explorer.example("True convolution")
    saved, picture = state.input_value(), explorer.picture()
    explorer.example("Photograph: vertical edges")
    assert explorer.picture() != picture
    state.fill(saved)
    state.press("Enter")
    assert explorer.picture() == picture
    for bad, word in [
        ("stride=0", "stride=0: must be"),
        ("nonsense", "not understood"),
        ("input=own", "choose it again"),
    ]:
        state.fill(bad)
        state.press("Enter")
        assert word in explorer.text("notice")
        assert explorer.picture() == picture


def test_play_pause_and_step(explorer):
    explorer.example("Window by window")
    explorer.root.get_by_role("button", name="Step", exact=True).click()
    assert "window 2 of 9" in explorer.text("where")
    explorer.root.get_by_role("button", name="Step back").click()
    assert "window 1 of 9" in explorer.text("where")
    whole = explorer.picture()
    explorer.root.get_by_role("button", name="Play").click()
    explorer.page.wait_for_timeout(900)
    explorer.root.get_by_role("button", name="Pause").click()
    assert re.match("window [23] of 9", explorer.text("where"))
    paused = explorer.picture()
    assert paused != whole
    explorer.page.wait_for_timeout(900)
    assert explorer.picture() == paused


def test_cells_can_be_painted_by_pointer_and_keyboard(explorer):
    explorer.choose("Input", "Empty 8×8")
    explorer.control("Paint cells with").check()
    explorer.control("Brush value").fill("5")
    explorer.control("Brush value").press("Enter")
    cell = explorer.input.evaluate("(c) => Math.floor(Math.min(c.clientWidth, c.clientHeight, 448) / 8)")
    explorer.point("input", 2, 3, cell, (8, 8))
    explorer.page.mouse.down()
    explorer.page.mouse.up()
    assert "Input row 2, column 3 = 5" in explorer.text("summary")
    explorer.input.focus()
    explorer.page.keyboard.press("ArrowRight")
    explorer.page.keyboard.press("7")
    assert "Input row 2, column 4 = 7" in explorer.text("summary")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "WEBP"])
def test_a_learners_picture(explorer, tmp_path, kind):
    file = tmp_path / f"mine.{kind.lower()}"
    ramp = np.tile(np.arange(200, dtype=np.uint8), (100, 1))
    Image.fromarray(ramp).convert("RGB").save(file)
    explorer.root.get_by_label("Picture file").set_input_files(file)
    assert "200×100, shown in grey at 112×56" in explorer.notice("mine")
    assert explorer.root.locator(".cnn-input figcaption b").inner_text() == "56×112"


def sideways():
    """Taller than wide once its EXIF orientation is applied."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return Image.new("L", (40, 20), 90), "JPEG", {"exif": exif}, "40×20", 90


def see_through():
    return Image.new("RGBA", (20, 20), (10, 10, 10, 0)), "PNG", {}, "20×20", 255


def deep():
    """16 bits a pixel: 25700 of 65535 is 100 of 255."""
    return Image.fromarray(np.full((20, 20), 25700, np.uint16)), "PNG", {}, "20×20", 100


@pytest.mark.parametrize("kind", [sideways, see_through, deep])
def test_odd_pictures_come_out_right(explorer, tmp_path, kind):
    picture, form, options, sizes, value = kind()
    file = tmp_path / f"odd.{form.lower()}"
    picture.save(file, form, **options)
    explorer.root.get_by_label("Picture file").set_input_files(file)
    explorer.notice("odd")
    assert explorer.root.locator(".cnn-input figcaption b").inner_text() == sizes
    explorer.choose("Kernel", "Identity")
    explorer.point("input", 9, 9, 1, (20, 20))
    assert f"= {value} feeds" in explorer.text("summary")


def test_pictures_beyond_the_limits_are_refused_with_a_word(explorer, tmp_path):
    good = explorer.picture()
    wide, fake, cut = tmp_path / "wide.png", tmp_path / "fake.png", tmp_path / "cut.png"
    Image.new("L", (9000, 2)).save(wide)
    fake.write_text("this is no picture, whatever its name says")
    Image.effect_noise((64, 64), 50).save(cut)
    cut.write_bytes(cut.read_bytes()[:200])
    for file, word in [(wide, "9000×2 pixels; choose"), (fake, "not a picture"), (cut, "damaged")]:
        explorer.root.get_by_label("Picture file").set_input_files(file)
        assert word in explorer.notice(file.name)
        assert explorer.picture() == good


def test_an_animation_shows_its_first_picture_and_says_so(explorer, tmp_path):
    file = tmp_path / "moving.gif"
    frames = [Image.new("L", (8, 8), shade) for shade in (200, 20)]
    frames[0].save(file, save_all=True, append_images=frames[1:])
    explorer.root.get_by_label("Picture file").set_input_files(file)
    assert "first picture of an animation" in explorer.notice("moving")
    explorer.choose("Kernel", "Identity")
    explorer.point("input", 4, 4, 1, (8, 8))
    assert "= 200 feeds" in explorer.text("summary")


@pytest.mark.parametrize("width", [390, 1280])
def test_no_sideways_scrolling(open_lesson, width):
    with open_lesson("page", LESSON, viewport={"width": width, "height": 720}) as page:
        explorer = Explorer(page)
        for example in ("Photograph: vertical edges", "Window by window", "Size: 7 cells, kernel 3, dilation 2"):
            explorer.example(example)
            assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_stage_keeps_its_size_while_controls_move(explorer):
    def places():
        return [explorer.root.locator(f".cnn-{name}").bounding_box() for name in ("input", "output", "sum", "facts")]

    before = places()
    for label, end in [("Stride", "End"), ("Dilation", "End"), ("Kernel size", "End"), ("Kernel size", "Home")]:
        explorer.control(label).focus()
        explorer.page.keyboard.press(end)
        explorer.settle()
        assert places() == before, label


def test_the_game_names_the_right_kernel(page):
    page.reload()
    game = page.get_by_role("region", name="Which kernel made this picture?")
    verdict = game.get_by_role("status")
    for click, word in [("Sobel x", "Not Sobel x"), ("Sobel y", "Right: Sobel y"), ("Another one", "then choose")]:
        game.get_by_role("button", name=click, exact=True).click()
        expect(verdict).to_contain_text(word)


def test_exercises_recognise_slips(page):
    page.reload()
    asked = page.get_by_role("region", name="An axis of 7 cells")
    answer, check = asked.get_by_label("Answer"), asked.get_by_role("button", name="Check")
    for value, word in [("2", "+ 1 is missing"), ("5", "stride is missing"), ("3", "Right"), ("x", "not a number")]:
        answer.fill(value)
        check.click()
        assert word in asked.get_by_role("status").inner_text()
    axes = page.get_by_role("region", name="The input has rows")
    for field, value in zip(axes.get_by_label("Answer").all(), ("2", "−2", "-1", "1"), strict=True):
        field.fill(value)
    axes.get_by_role("button", name="Check").click()
    assert "Right" in axes.get_by_role("status").inner_text()
