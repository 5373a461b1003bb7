"""Tables as Markdown has them."""

from __future__ import annotations

from snnvae.evaluate.markdown import markdown_table


def test_a_table_has_headers_rules_and_rows() -> None:
    rows = [("x", "1"), ("y", "2")]
    assert markdown_table(("a", "b"), rows) == "| a | b |\n|---|---|\n| x | 1 |\n| y | 2 |"
    assert markdown_table(("a", "b"), [], numbers=True) == "| a | b |\n|---|---:|"
