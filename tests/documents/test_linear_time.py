"""Reading and locating take work linear in the text, counted in executed lines; patterns do not backtrack far."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest

from schemalm.checking.positions import Positions
from schemalm.documents import DocumentLimits, dump_document, parse_document, parse_documents
from schemalm.documents.checkouts import _origin
from schemalm.documents.json_reader import json_with_comments
from schemalm.documents.splitting import split_documents
from schemalm.documents.yaml_exact import compose
from schemalm.errors import DocumentError

NumLines = Callable[[Callable[[], object]], int]
LIMITS = DocumentLimits(max_bytes=1 << 24, max_nodes=1 << 24)
SIZE = 1000

# Texts with many parts; each part costs some lines, so a growing cost per part is visible.
TEXTS: dict[str, Callable[[int], str]] = {
    "lists": lambda n: "[" + "[1]," * n + "]",
    "mappings": lambda n: "[" + "{a: 1}," * n + "]",
    "pairs": lambda n: "[" + "a: 1," * n + "]",
    "entries": lambda n: "- a\n" * n,
    "nested": lambda n: ("- " * 20 + "a\n") * (n // 20),
    "keys": lambda n: "".join(f"k{i}: v\n" for i in range(n)),
    "explicit keys": lambda n: "".join(f"? k{i}\n: v\n" for i in range(n)),
    "empty values": lambda n: "".join(f"k{i}:\n" for i in range(n)),
    "anchors": lambda n: "".join(f"- &a{i} x\n" for i in range(n)),
    "aliases": lambda n: "- &a {k: v}\n" + "- *a\n" * n,
    "merges": lambda n: "x: &a {k: v}\n" + "".join(f"k{i}: {{<<: *a}}\n" for i in range(n)),
    "literal": lambda n: "k: |\n" + "  x\n" * n,
    "folded": lambda n: "k: >\r\n" + "  x\r\n" * n,
    "blank in literal": lambda n: "k: |\n  x\n" + "\n" * n + "  y\n",
    "literals": lambda n: "- |\n  x\n\n" * n,
    "plain lines": lambda n: "k: a\n" + " b\n" * n,
    "plain lines in lists": lambda n: "[a" + "\nb" * n + "]",
    "escapes": lambda n: 'k: "' + "\\n" * n + '"',
    "breaks in quotes": lambda n: "k: 'a" + " \n" * n + "b'",
    "comments": lambda n: "k: 1\n" + "# c\n" * n,
    "documents": lambda n: "---\na: *b\n" * n,
    "broken documents": lambda n: "---\na: [\n" * n,
}


def attempt(work: Callable[[], object]) -> Callable[[], object]:
    """Return the work, which may refuse the text."""

    def attempted() -> None:
        with contextlib.suppress(DocumentError):
            work()

    return attempted


@pytest.mark.slow
@pytest.mark.parametrize("name", TEXTS)
def test_twice_the_text_takes_at_most_twice_the_lines(num_lines: NumLines, name: str) -> None:
    def lines(size: int) -> int:
        text = TEXTS[name](size)
        works = (
            lambda: parse_documents(text, limits=LIMITS, merge_keys=True),
            lambda: compose(text, LIMITS, merge_keys=True),
            lambda: Positions(text).locate("/k"),
        )
        return sum(num_lines(attempt(work)) for work in works)

    assert lines(2 * SIZE) <= 2.1 * lines(SIZE) + 500


def test_small_lists_cost_few_lines(num_lines: NumLines) -> None:
    text = TEXTS["lists"](SIZE)
    assert num_lines(lambda: compose(text, LIMITS)) <= 200 * SIZE
    assert num_lines(lambda: Positions(text).locate("/0")) <= 200 * SIZE


MANY = 1_000_000


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "k: " + "1" * MANY + "x",
        "k: " + "0" * MANY + "x",
        "k: " + "1." * (MANY // 2) + "x",
        "k: " + "1:0" * (MANY // 3) + "x",
        "k: " + "1_" * (MANY // 2) + "x",
        "k: a" + " " * MANY + "b",
        "k: 'a" + " " * MANY + "b'",
        "k: 'a" + " \n" * (MANY // 2) + "b'",
        "k: '" + "'" * MANY + "'",
        'k: "' + "\\n" * (MANY // 2) + '"',
        'k: "' + "a " * (MANY // 2),
        "k: a #" + "#" * MANY,
        "k: &" + "a" * MANY + " *",
        "? " * (MANY // 2),
        "k: |\n" + "\n" * (MANY // 10) + " x",
        "k: 1\n" + "\r" * MANY,
        "---\n" + "# c\n" * (MANY // 4) + "---\n" + "%a\n" * 1000,
        '["' + "\\\\" * (MANY // 2) + '", NaN]',
        "[" + "/*" * (MANY // 2),
    ],
    ids=lambda text: ascii(text[:14]),
)
def test_no_pattern_backtracks_over_a_long_text(text: str) -> None:
    for work in (
        lambda: parse_documents(text, limits=LIMITS),
        lambda: compose(text, LIMITS),
        lambda: json_with_comments(text, LIMITS),
        lambda: dump_document(text, limits=LIMITS),
    ):
        attempt(work)()
    Positions(text).locate("/k")
    split_documents(text)


def test_a_configuration_of_git_is_read_in_one_pass() -> None:
    assert _origin("[a" + " " * MANY) == ""


def test_errors_of_many_documents_do_not_keep_the_parsers_objects() -> None:
    (broken, *_) = parse_documents("a: [\n---\nb").documents
    assert broken.error is not None
    assert broken.error.__traceback__ is None and broken.error.__context__ is None


def test_long_keys_of_flow_mappings_are_read() -> None:
    assert parse_document("{" + "k" * 2000 + ": 1}") == {"k" * 2000: 1}
