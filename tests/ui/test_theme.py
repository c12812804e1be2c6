"""Small pieces of HTML."""

from __future__ import annotations

from tests.ui.conftest import NASTY
from ui import theme


def test_cards_and_chips_escape_what_they_are_given() -> None:
    nasty = f"{NASTY}'\""
    for made in (theme.kpi(nasty, nasty, nasty), theme.chip(nasty), theme.text_code(nasty), theme.table([nasty], [["x"]])):
        assert "<script>" not in made
