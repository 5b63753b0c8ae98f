"""The record of what was left out, in words and as plain values."""

from __future__ import annotations

from schemalm.documents import LeftOut, Rejection
from schemalm.documents.corpus_files import DEAD_LINKS as LINKS
from schemalm.documents.left_out import NUM_KEPT, Duplicate, left_out_error
from schemalm.errors import DocumentError, InvalidDocument

PINK = InvalidDocument("not one of red, blue", pointer="/colour", keyword="enum")


def refused(name: str, message: str, line: int = 1) -> Rejection:
    return Rejection.of(name, DocumentError(message, line=line, source=f"in/{name}"))


def test_the_three_commonest_reasons_are_explained_with_an_example_each() -> None:
    rejections = [
        refused("a.yml", "the key 'x' is repeated", 3),
        *(Rejection.of(f"{number}.yml", PINK) for number in range(4)),
        refused("b.yml", "the key 'y' is repeated", 7),
        refused("c.yml", "not UTF-8"),
        refused("d.yml", "empty"),
        refused("e.yml", "empty"),
        refused("f.yml", "too large"),
    ]
    assert LeftOut(rejections).explanation() == [
        "4 rejected: the schema's enum; for example 0.yml: /colour: not one of red, blue (enum)",
        "2 rejected, for example in/a.yml:3:1: the key 'x' is repeated",
        "2 rejected, for example in/d.yml:1:1: empty",
        "2 rejected for 2 other reasons",
    ]


def test_duplicates_links_and_other_files_are_counted_and_named() -> None:
    left_out = LeftOut(duplicates=[Duplicate("b.yml", "a.yml"), Duplicate("c.yml", "a.yml")])
    for number in range(5):
        left_out.pass_over(".txt files", f"{number}.txt")
    left_out.pass_over(LINKS, "link.yml")
    left_out.comments.add("tsconfig.json")
    assert left_out.unread() == [
        "2 exact duplicates left out, for example b.yml, which equals a.yml",
        "passed over: links that cannot be followed (1): link.yml; .txt files (5): 0.txt, 1.txt, 2.txt, …",
        "JSON that was read without its comments or trailing commas (1): tsconfig.json",
    ]


def test_names_of_skipped_files_are_bounded_and_the_count_is_complete() -> None:
    left_out = LeftOut()
    for number in range(1000):
        left_out.pass_over(".png files", f"{number}.png")
        left_out.pass_over(f".{number} files", "data")
    described = left_out.to_dict()["passed_over"]
    assert described[0]["count"] == 1000
    assert len(described[0]["names"]) == 20
    assert left_out.unread()[0].endswith("; 995 other kinds")


def test_a_record_survives_plain_values() -> None:
    left_out = LeftOut([Rejection.of("a.yml", PINK)], [Duplicate("c.yml", "b.yml")])
    left_out.pass_over(LINKS, "link.yml")
    left_out.comments.add("d.json")
    assert LeftOut.from_dict(left_out.to_dict()) == left_out
    assert LeftOut.from_dict(LeftOut().to_dict()) == LeftOut()


def test_a_rejection_is_named_unless_its_reason_names_it() -> None:
    assert str(Rejection.of("colour", PINK)) == "colour: /colour: not one of red, blue (enum)"
    assert str(refused("a.yml", "empty", 3)) == "in/a.yml:3:1: empty"
    assert str(Rejection.of("o/r/a.yml", DocumentError("empty", source="rows.jsonl:7"))) == (
        "o/r/a.yml: rows.jsonl:7:1:1: empty"
    )


def test_the_error_names_the_problem_first() -> None:
    error = left_out_error("no document is left", LeftOut([Rejection.of("a.yml", PINK)]))
    assert str(error).splitlines()[0] == "no document is left"
    assert "1 rejected: the schema's enum; for example a.yml: " in str(error)
    assert str(left_out_error("nothing", LeftOut())) == "nothing"


def test_one_record_is_added_to_another() -> None:
    first, second = LeftOut([refused("a.yml", "empty")]), LeftOut([refused("b.yml", "empty")], [Duplicate("d", "c")])
    for number in range(15):
        first.pass_over(LINKS, f"a{number}")
        second.pass_over(LINKS, f"b{number}")
    second.pass_over(".txt files", "n.txt")
    second.comments.add("c.json")
    first.extend(second)
    assert [rejection.name for rejection in first.rejections] == ["a.yml", "b.yml"]
    assert first.duplicates == [Duplicate("d", "c")]
    assert (first.passed_over[LINKS].count, len(first.passed_over[LINKS].names)) == (30, 20)
    assert (first.passed_over[".txt files"].names, first.comments.names) == (["n.txt"], ["c.json"])


def test_a_record_stays_bounded_and_counts_everything() -> None:
    left_out = LeftOut()
    for number in range(3 * NUM_KEPT):
        left_out.reject(refused(f"{number}.yml", "empty"))
        left_out.drop(Duplicate(f"{number}.yml", "a.yml"))
    left_out.reject(refused("last.yml", "too large"))
    assert (left_out.num_rejected, left_out.num_duplicates) == (3 * NUM_KEPT + 1, 3 * NUM_KEPT)
    assert (len(left_out.rejections), len(left_out.duplicates)) == (NUM_KEPT + 1, NUM_KEPT)
    assert left_out.rejections[-1].name == "last.yml"  # the first of its kind
    assert left_out.count_reasons() == {"empty": 3 * NUM_KEPT, "too large": 1}
    assert LeftOut.from_dict(left_out.to_dict()) == left_out


def test_reasons_and_names_are_bounded_too() -> None:
    left_out = LeftOut()
    for number in range(5000):
        kind = "".join(chr(ord("a") + int(digit)) for digit in str(number))
        left_out.reject(Rejection.of("name" * 3000, DocumentError(kind + "x" * 3000)))
    assert left_out.num_rejected == 5000
    assert len(left_out.count_reasons()) < 2100
    assert max(len(rejection.name) + len(rejection.reason) for rejection in left_out.rejections) <= 2000
    assert "3,000 rejected: other reasons; for example" in left_out.explanation()[0]


def test_merged_records_of_parts_are_the_record_of_the_whole() -> None:
    whole, together = LeftOut(), LeftOut()
    for part in range(5):
        record = LeftOut()
        for number in range(400):
            rejection = refused(f"{part}-{number}.yml", "empty" if number % 7 else f"fault {'x' * (part + 1)}")
            for taking in (whole, record):
                taking.reject(rejection)
                taking.drop(Duplicate(rejection.name, "a.yml"))
                taking.pass_over(f".{number % 3} files", rejection.name)
        together.extend(record)
    assert together == whole
    assert list(together.reasons) == list(whole.reasons)
