"""The page about rules: its files are valid, and it names all built-in rules."""

from __future__ import annotations

import re
from pathlib import Path

import jsonschema_rs
import pytest

from schemalm.documents import load_document
from schemalm.rules import read_rules
from schemalm.rules.built_in import built_in_rules

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "rules.md").read_text()
FILES = re.findall(r"^```yaml\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("text", FILES, ids=[re.findall("title: (.*)", text)[0] for text in FILES])
def test_a_rules_file_of_the_page_is_valid(
    text: str, published: jsonschema_rs.Draft202012Validator, tmp_path: Path
) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(text)
    assert read_rules(path).title
    published.validate(load_document(path))


def test_the_page_has_every_built_in_file() -> None:
    section = PAGE.partition("## Built-in rules")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `([\w.-]+)` \|", section, flags=re.MULTILINE) == list(built_in_rules())
