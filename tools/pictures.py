"""Take pictures on the static pages: each lesson's largest explorer for the gallery, and the README's film."""

import io
import shutil
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from cnnlab.serving import gallery, site

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
SIZE = (640, 360)


def take(page, address):
    """Return the upper part of the page's largest explorer, in the gallery's proportions."""
    page.goto(address)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1000)  # what is drawn on a canvas tells nobody when it is there
    boxes = [widget.bounding_box() for widget in page.locator(".cnnlab-widget").all()]
    if not boxes:
        return None
    box = max(boxes, key=lambda box: box["width"] * box["height"])
    clip = {**box, "height": box["width"] * SIZE[1] / SIZE[0]}
    return Image.open(io.BytesIO(page.screenshot(clip=clip, full_page=True)))


def film(page, address):
    """Return the README's film, [(picture, ms)]: a window slides over numbers, then a kernel over a photograph."""
    page.set_viewport_size({"width": 1280, "height": 3000})  # nothing scrolls
    page.goto(address)
    explorer = page.get_by_role("region", name="Convolution explorer")
    canvas = explorer.locator(".cnn-output canvas")
    frames = []

    def shoot(ms):
        page.wait_for_timeout(100)
        box = explorer.bounding_box()
        # The stage and the calculation below it; the sizes and the code follow on the page.
        shot = page.screenshot(clip={"x": box["x"] - 8, "y": box["y"], "width": box["width"] + 16, "height": 470})
        frames.append((Image.open(io.BytesIO(shot)).convert("RGB").resize((1000, 408), Image.Resampling.LANCZOS), ms))

    explorer.get_by_label("Example", exact=True).select_option("Window by window")
    canvas.focus()
    for key in [None, *["ArrowRight"] * 2, "ArrowDown", *["ArrowLeft"] * 2, "ArrowDown", *["ArrowRight"] * 2]:
        if key:
            page.keyboard.press(key)
        shoot(450)
    explorer.get_by_label("Example", exact=True).select_option("Photograph: vertical edges")
    shoot(900)
    for kernel in ("Sobel y", "45 degree lines", "Sharpen", "Emboss"):
        explorer.get_by_label("Kernel", exact=True).select_option(kernel)
        shoot(700)
    explorer.get_by_label("Stride", exact=True).focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
        shoot(500)
    return frames


def main():
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        site.build(NOTEBOOKS, folder)
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        for lesson in gallery.lessons(NOTEBOOKS):
            picture = take(page, (Path(folder) / f"{lesson.name}.html").as_uri())
            if picture is not None:
                file = NOTEBOOKS / "pictures" / f"{lesson.name}.webp"
                file.parent.mkdir(exist_ok=True)
                picture.convert("RGB").resize(SIZE, Image.Resampling.LANCZOS).save(file, quality=80)
                print(f"{file}: {file.stat().st_size / 1000:.0f} kB")
        pictures, durations = zip(*film(page, (Path(folder) / "02_convolution.html").as_uri()), strict=True)
        file = NOTEBOOKS / "pictures/film.webp"
        options = {
            "append_images": list(pictures[1:]),
            "duration": list(durations),
            "loop": 0,
            "quality": 70,
            "method": 6,
        }
        pictures[0].save(file, save_all=True, **options)
        print(f"{file}: {file.stat().st_size / 1000:.0f} kB")
        browser.close()


if __name__ == "__main__":
    main()
