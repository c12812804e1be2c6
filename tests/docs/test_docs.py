"""What README, docs/ and CONTRIBUTING say is true: code blocks run, links lead somewhere, tables are up to date."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs import tables
from tests.docs.blocks import DRAWN, PAGES, ROOT, missing, read
from tests.sandbox.table import published
from tests.test_architecture import packages
from workbench import search
from workbench.problem import catalog

_LINK = re.compile(r"(?<!`)\[[^\]\n]*\]\(([^)\s]+)\)|(?:srcset|src)=\"([^\"]+)\"")
_HEADING = re.compile(r"(?m)^#{1,6} +(.+?)\s*$")
_LINKING = [*PAGES, "CHANGELOG.md", *sorted(str(p.relative_to(ROOT)) for p in ROOT.glob("problems/*/*/README.md"))]
_CODE = re.compile(r"```.*?```|`[^`\n]*`", re.S)


@pytest.mark.parametrize("page", [p for p in PAGES if any(b.language != DRAWN and b.excuse is None for b in read(ROOT / p))])
def test_code_blocks_run_and_print_what_the_page_shows(page: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.docs.page", page], cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert done.returncode == 0, done.stdout


def test_blocks_that_are_not_run_say_why(capsys: pytest.CaptureFixture[str]) -> None:
    excused = [f"{page}:{block.line}: {block.excuse}" for page in PAGES for block in read(ROOT / page) if block.excuse is not None]
    with capsys.disabled():
        print(f"\n{len(excused)} code blocks are not run:", *excused, sep="\n  ")


def test_a_mark_without_a_reason_and_output_that_differs_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("<!-- not run: -->\n```sh\nexit 1\n```\n")
    with pytest.raises(ValueError, match=r"page.md:2: .* needs a reason"):
        list(read(page))
    assert missing("best ... gap 1.2 %\n...\n", "x\nbest candidate 3:  gap 1.2 %\ny") is None
    assert missing("gap 1.2 %\n", "gap 1.25 %") == "gap 1.2 %"
    assert missing("b\na\n", "a\nb") == "a"


@pytest.mark.parametrize("page", _LINKING)
def test_relative_links_lead_somewhere(page: str) -> None:
    text = _CODE.sub("", (ROOT / page).read_text())
    for found in _LINK.finditer(text):
        link = found[1] or found[2]
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (ROOT / page).parent / name if name else ROOT / page
        assert target.exists(), f"{page}: {link}"
        if anchor:
            assert anchor in {slug(heading) for heading in _HEADING.findall(target.read_text())}, f"{page}: {link}"


def slug(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_tables_made_from_data_are_up_to_date() -> None:
    assert not (pages := tables.stale(write=False)), f"{pages}: python -m tests.docs.tables --write"


@pytest.mark.parametrize(("mean", "shown"), [(0.03, True), (-0.03, False)])
def test_results_name_the_baseline_with_the_smallest_difference(mean: float, shown: bool) -> None:
    made = tables.certificates()[0]
    tested = [c for c in made["certificate"]["comparisons"] if c["split"] == "test"]
    far = [{**c, "mean": -0.02, "high": 0.5} for c in tested[1:]]  # a wide interval is not a close baseline
    made["certificate"]["comparisons"] = [{**tested[0], "mean": mean, "high": mean + 0.001}, *far]
    assert (f"| {100 * mean:+.2f} [" in tables.row(made)) is shown


def test_pages_name_every_strategy_and_package_and_count_every_attack() -> None:
    page = (ROOT / "docs" / "strategies-and-proposers.md").read_text()
    assert [name for name in search.names() if f"| `{name}`" not in page] == []
    architecture = (ROOT / "docs" / "architecture.md").read_text()
    assert [name for name in packages() if f"`{name}`" not in architecture and name != "(ground)"] == []
    assert f"runs {len(published())} attacks and cheats" in (ROOT / "docs" / "trust.md").read_text()


def test_the_readme_is_short_and_counts_the_problems() -> None:
    page = (ROOT / "README.md").read_text()
    assert len(page.splitlines()) < 120
    assert f"| problems | {len(catalog.slugs())}, with data" in page
