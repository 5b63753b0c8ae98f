"""Large and deep texts before the cursor: they are read in linear time, or refused."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest

from schemalm.documents.cut import read_cut
from schemalm.errors import DocumentError


@pytest.mark.parametrize(
    "text",
    ["[" * 1000, "{a: " * 1000, "- " * 1000, "\n".join(" " * depth + "a:" for depth in range(200)), '[{"a":' * 500],
    ids=["lists", "mappings", "dashes", "keys", "json"],
)
def test_deep_nesting_is_refused(text: str) -> None:
    with pytest.raises(DocumentError, match="nested"):
        read_cut(text)


LARGE = 1 << 16
LARGE_TEXTS = {
    "colons": "a: " + ":" * LARGE,
    "words": "a: " + "x " * LARGE,
    "escapes": 'a: "' + "\\n" * LARGE,
    "backslashes": 'a: "' + "\\" * LARGE,
    "quotes": "a: '" + "''" * LARGE,
    "lines": "a: |\n" + "  x y z\n" * LARGE,
    "blank lines": "a: |\n" + "\n" * LARGE,
    "spaces": " " * LARGE,
    "dashes": "-" * LARGE,
    "ampersands": "&" * LARGE,
    "brackets": "a: [" + "[]," * LARGE,
    "JSON": "[" + '{"a":1},' * LARGE,
    "JSON backslashes": '{"a": "' + "\\" * LARGE,
    "JSON spaces": "[" + " " * LARGE,
    "digits": "a: " + "9" * LARGE,
    "marks": "a: [\ue000, \ue000 # c",
    "documents": "---\n" * LARGE,
    "aliases": "".join(f"- &a{i} x\n" for i in range(1000)) + "- *a",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", LARGE_TEXTS)
def test_large_texts_are_read_and_completed(name: str) -> None:
    cut = read_cut(LARGE_TEXTS[name])
    with contextlib.suppress(DocumentError):
        cut.finish({"a": "x"})


@pytest.mark.slow
@pytest.mark.parametrize("part", ["- a\n", "- {a: [b]}\n", "- |\n  x\n", "- &a x\n"])
def test_the_work_is_linear_in_the_text(num_lines: Callable[[Callable[[], object]], int], part: str) -> None:
    one, two = (num_lines(lambda text=part * size + "- b": read_cut(text)) for size in (200, 400))  # type: ignore[misc]
    assert two < 2.2 * one
