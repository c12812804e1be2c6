"""Takes the pictures of README and docs/ from a real run: python -m tests.pictures [--runs FOLDER] [--chromium PATH]

Without a folder the demo is run first. Each page is taken in the light and in the dark theme, in headless Chromium.
"""

from __future__ import annotations

import argparse
import io
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.ui.chromium import ARGUMENTS, CHROMIUM
from tests.ui.served import Served, serve
from workbench.store import Store

PLACE = Path(__file__).parent.parent / "docs" / "images"
MOST_BYTES = 200_000
SIZE = {"width": 1280, "height": 820}
CHARTS = "[data-testid=stVegaLiteChart]"
SETTLED = "[data-testid=stApp][data-test-script-state=notRunning]"


def scenes(runs: Path) -> dict[str, tuple[str, str]]:
    """File name -> address, and what is there once the page is whole."""
    with Store(runs, write=False) as store:
        run = store.run("latest")
    return {
        "run": (f"run?run={run.id}", CHARTS),
        "program": (f"program?run={run.id}&n={run.champion}&tab=Diff", "table.diff"),
        "compare": (f"compare?p={run.id}:{run.champion}", CHARTS),
        "problems": (f"problems?problem={run.problem}", "text=Statement"),
    }


def take(browser: Any, served: Served, found: dict[str, tuple[str, str]], theme: str) -> None:
    """Every page in one theme."""
    page = browser.new_page(viewport=SIZE, color_scheme=theme)
    page.set_default_timeout(90_000)
    for name, (path, sign) in found.items():
        page.goto(served.page(path))
        page.locator(sign).first.wait_for()
        page.locator(SETTLED).wait_for()
        page.wait_for_timeout(1_500)  # transitions of charts
        picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB").quantize(128, dither=Image.Dither.NONE)
        file = PLACE / f"{name}-{theme}.png"
        picture.save(file, optimize=True)
        print(f"{file.name}: {file.stat().st_size / 1000:.0f} kB")
        assert file.stat().st_size < MOST_BYTES
    page.close()


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=Path, help="a runs folder whose latest run is shown, instead of a new run of the demo")
    parser.add_argument("--chromium", default=CHROMIUM)
    options = parser.parse_args()
    PLACE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        runs = options.runs or Path(made)
        if options.runs is None:
            subprocess.run([sys.executable, "-m", "workbench.cli", "demo", "--runs", str(runs)], check=True)
        with serve(runs) as served, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=options.chromium, args=ARGUMENTS.split(), headless=True)
            for theme in ("light", "dark"):
                take(browser, served, scenes(runs), theme)
            browser.close()


if __name__ == "__main__":
    main()
