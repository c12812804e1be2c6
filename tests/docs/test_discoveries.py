"""The pages of the discoveries: their ablations are of the programs that were measured, their pictures are there and small."""

from __future__ import annotations

import ast
from xml.etree import ElementTree

import pytest

from tests.discoveries.ablations import STUDIES, ablated
from tests.discoveries.measure import FOLDER, WHOLE, read
from tests.discoveries.pictures import MOST_BYTES
from workbench.problem.shipped import exhibit, names
from workbench.program.source import text_hash

PAGES = sorted(page.stem for page in FOLDER.glob("*.md") if page.stem in names())


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_finished_and_has_a_picture_that_can_be_read(name: str) -> None:
    assert "TODO" not in (FOLDER / f"{name}.md").read_text()
    picture = FOLDER / "images" / f"{name}.svg"
    ElementTree.parse(picture)
    assert picture.stat().st_size < MOST_BYTES


@pytest.mark.parametrize("name", STUDIES)
def test_what_was_measured_is_what_the_ablation_says(name: str) -> None:
    found, study, shipped = read(name), STUDIES[name], exhibit(names()[name])
    assert found is not None and shipped is not None
    assert [part.words for part in found.parts] == [WHOLE, *study.parts] and found.problem == study.problem
    if text_hash(shipped.source) == found.program:  # otherwise the page says that another program was measured
        for changes in study.parts.values():
            ast.parse(ablated(shipped.source, changes))
            with pytest.raises(ValueError, match="has changed since"):
                ablated("", changes)
