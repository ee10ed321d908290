"""Take the gallery's pictures: each lesson's largest explorer on its static page, into notebooks/pictures/."""

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
        browser.close()


if __name__ == "__main__":
    main()
